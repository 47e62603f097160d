"""Meetings take many projects; results count once somebody else who was there has confirmed the signed minutes."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, files
from kernel.lifecycle import Refusal
from kernel.money import yuan
from procurement.lifecycle import meeting
from procurement.models import Meeting
from tests.factories.projects import join, make_fund, make_meeting, make_office, make_project, make_user, scan

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return make_office()


def waiting(office, count=2):
    money = make_fund(office, amount=5000000)
    return [make_project(office, "committee", amount=80000, funds=[money]) for _n in range(count)]


def test_one_sitting_decides_many_projects_at_once(office):
    first, second, third, fourth = waiting(office, 4)
    items = [
        {"run": first.open_run(), "result": "passed"}, {"run": second.open_run(), "result": "cut", "cut_to": 70000},
        {"run": third.open_run(), "result": "returned", "remark": "补充材料"}, {"run": fourth.open_run(), "result": "rejected", "remark": "重复"},
    ]  # fmt: skip
    sitting = meeting.hold_meeting(
        office.committee, purchaser=office.purchaser, number="工委会〔2026〕1号", title="第1次会议", held_on=clock.today(),
        attendees=[office.committee, office.leader, office.second_leader], items=items, minutes=scan(),
    )  # fmt: skip
    for row in (first, second, third, fourth):
        row.refresh_from_db()
        assert row.status == "in_review"
    sitting = meeting.confirm_meeting(sitting, actor=office.second_leader)
    assert (sitting.status, sitting.confirmed_by) == ("confirmed", office.second_leader)
    states = []
    for row in (first, second, third, fourth):
        row.refresh_from_db()
        states.append(row.status)
    assert states == ["approved", "returned", "returned", "rejected"]
    assert second.gate_runs.get(result="cut").cut_to == yuan(70000)


def test_the_minutes_need_a_scan_and_another_person_who_was_there(office):
    (row,) = waiting(office, 1)
    sitting = make_meeting(office, [row], minutes=False)
    with pytest.raises(Refusal) as refusal:
        meeting.confirm_meeting(sitting, actor=office.second_leader)
    assert refusal.value.code == "minutes_missing"
    meeting.upload_minutes(sitting, actor=office.committee, file=scan())
    with pytest.raises(Refusal) as refusal:
        meeting.confirm_meeting(sitting, actor=office.committee)
    assert refusal.value.code == "same_person"
    with pytest.raises(PermissionDenied):
        meeting.confirm_meeting(sitting, actor=office.section)
    meeting.confirm_meeting(sitting, actor=office.leader)
    row.refresh_from_db()
    assert row.status == "approved"


def test_whoever_is_concerned_must_have_stepped_aside(office):
    (row,) = waiting(office, 1)
    join(office.staff, "leader", purchaser=office.purchaser)
    people = [office.committee, office.leader, office.staff]
    facts = {"purchaser": office.purchaser, "title": "会议", "held_on": clock.today(), "attendees": people}
    with pytest.raises(Refusal) as refusal:
        meeting.hold_meeting(office.committee, number="1", items=[{"run": row.open_run(), "result": "passed"}], minutes=scan(), **facts)
    assert refusal.value.code == "must_recuse"
    assert str(office.staff) in str(refusal.value)
    sitting = meeting.hold_meeting(office.committee, number="2", items=[{"run": row.open_run(), "result": "passed", "recused": [office.staff]}], minutes=scan(), **facts)
    with pytest.raises(Refusal) as refusal:
        meeting.confirm_meeting(sitting, actor=office.staff)
    assert refusal.value.code == "recused"
    meeting.confirm_meeting(sitting, actor=office.leader)
    row.refresh_from_db()
    assert row.status == "approved"


def test_somebody_must_be_left_to_decide(office):
    (row,) = waiting(office, 1)
    with pytest.raises(Refusal) as refusal:
        meeting.hold_meeting(
            office.committee, purchaser=office.purchaser, number="3", title="会议", held_on=clock.today(), attendees=[office.leader, office.second_leader],
            items=[{"run": row.open_run(), "result": "passed", "recused": [office.leader, office.second_leader]}], minutes=scan(),
        )  # fmt: skip
    assert refusal.value.code == "nobody_left"
    assert not Meeting.objects.exists()


def test_all_or_none_of_the_results_are_applied(office):
    first, second = waiting(office)
    early, late = make_meeting(office, [first]), make_meeting(office, [first, second])
    meeting.confirm_meeting(early, actor=office.leader)
    with pytest.raises(Refusal) as refusal:
        meeting.confirm_meeting(late, actor=office.leader)
    assert refusal.value.code == "not_its_turn"
    second.refresh_from_db()
    late.refresh_from_db()
    assert (second.status, late.status) == ("in_review", "draft")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"items": []}, "no_items"), ({"held_on": "tomorrow"}, "future"), ({"result": "cut"}, "cut_amount"), ({"result": "cut", "cut_to": 80000}, "cut_amount"),
        ({"result": "returned"}, "reason_missing"), ({"recused": True}, "not_present"),
    ],
)  # fmt: skip
def test_a_record_that_says_nonsense_is_refused(office, change, code):
    import datetime

    (row,) = waiting(office, 1)
    item = {"run": row.open_run(), "result": "passed", **{key: value for key, value in change.items() if key in ("result", "cut_to")}}
    if change.get("recused"):
        item["recused"] = [office.legal]
    facts = {"purchaser": office.purchaser, "number": "9", "title": "会议", "held_on": clock.today(), "attendees": [office.leader], "items": change.get("items", [item])}
    if change.get("held_on"):
        facts["held_on"] = clock.today() + datetime.timedelta(days=1)
    with pytest.raises(Refusal) as refusal:
        meeting.hold_meeting(office.committee, **facts)
    assert refusal.value.code == code
    assert not Meeting.objects.exists()


def test_a_meeting_number_is_used_once(office):
    first, second = waiting(office)
    sitting = make_meeting(office, [first])
    with pytest.raises(Refusal) as refusal:
        meeting.hold_meeting(office.committee, purchaser=office.purchaser, number=sitting.number, title="x", held_on=clock.today(), attendees=[], items=[{"run": second.open_run(), "result": "passed"}])
    assert refusal.value.code == "number_taken"


def test_the_secretary_records_and_a_leader_confirms_on_screen(client, office):
    first, second = waiting(office)
    client.force_login(office.committee)
    page = client.get(reverse("meeting_create")).content.decode()
    assert first.title in page
    data = {"number": "工委会〔2026〕5号", "title": "工委会", "held_on": clock.today(), "attendees": [office.committee.pk, office.leader.pk]}
    prefix = f"run{first.open_run().pk}"
    bad = client.post(reverse("meeting_create"), {**data, f"{prefix}-result": "cut", f"{prefix}-cut_to": "900000"})
    assert bad.status_code == 422
    assert "工委会〔2026〕5号" in bad.content.decode()
    answer = client.post(reverse("meeting_create"), {**data, f"{prefix}-result": "passed", "minutes": scan()})
    sitting = Meeting.objects.get()
    assert answer.url == sitting.get_absolute_url()
    assert [row.role for row in files.of(sitting)] == ["minutes"]
    client.force_login(office.leader)
    client.post(reverse("act", args=["meeting", sitting.pk, "confirm"]))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("approved", "in_review")


def test_owner_member_and_stranger(client, office):
    sitting = make_meeting(office, waiting(office, 1))
    elsewhere = make_office("另一街道")
    for user, status in ((office.committee, 200), (office.finance, 200), (office.staff, 404), (elsewhere.committee, 404), (make_user(), 404)):
        client.force_login(user)
        assert client.get(sitting.get_absolute_url()).status_code == status, user
    client.force_login(elsewhere.committee)
    assert client.post(reverse("act", args=["meeting", sitting.pk, "confirm"])).status_code == 404
    client.force_login(office.cashier)
    assert client.post(reverse("act", args=["meeting", sitting.pk, "confirm"])).status_code == 403
    assert client.get(reverse("meeting_create")).status_code == 403
