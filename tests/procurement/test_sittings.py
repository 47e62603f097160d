"""A meeting from its calling to the signed minutes: agenda, members' voices, quorum without those who step aside, papers."""

import datetime
import io

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from pypdf import PdfReader

from kernel import clock, files, jobs
from kernel.lifecycle import Refusal
from kernel.models import Job, Notice
from kernel.money import yuan
from procurement import meeting_papers
from procurement.lifecycle import convening, gates, meeting, project, quorum
from procurement.models import Meeting, MeetingVote
from tests.factories.projects import budget_of, join, make_fund, make_office, make_project, make_user, name_members, scan

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    """The work committee has five members who vote on line; more than half have to be there."""
    office = make_office()
    office.five = [office.leader, office.second_leader, office.section, office.supervisor, office.legal]
    name_members(office, office.five, online_voting=True)
    return office


def waiting(office, count=2, **fields):
    money = make_fund(office, amount=5000000)
    return [make_project(office, "committee", amount=80000, funds=[money], **fields) for _n in range(count)]


def call(office, rows, number="工委会〔2026〕8号", **fields):
    facts = {"title": "工委会会议", "held_on": clock.today(), "location": "三楼会议室", "chair": office.leader, **fields}
    return convening.convene_meeting(office.committee, purchaser=office.purchaser, number=number, runs=[row.open_run() for row in rows], **facts)


def record(office, sitting, items, attendees=None):
    return meeting.record_meeting(sitting, actor=office.committee, held_on=clock.today(), attendees=attendees or office.five, items=items, minutes=scan())


def text_of(pdf):
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.parametrize(
    ("rule", "members", "wanted"), [("", 5, 1), ("half", 4, 3), ("half", 5, 3), ("two_thirds", 5, 4), ("two_thirds", 6, 4), ("two_thirds", 7, 5), ("half", 1, 1)]
)
def test_how_many_have_to_be_there(rule, members, wanted):
    assert quorum.needed(rule, members) == wanted


def test_whoever_steps_aside_is_not_counted_as_there():
    count = quorum.heads({1, 2, 3, 4, 5}, {1, 2, 3, 9}, {3}, "half")
    assert (count.deciding, count.members, count.needed, count.enough) == ({1, 2}, 5, 3, False)
    assert quorum.heads((), {1, 2}, {2}, "half").enough
    for size in range(1, 12):  # stepping aside never helps
        for there in range(size + 1):
            assert not (quorum.heads(range(size), range(there), {0}, "half").enough and not quorum.heads(range(size), range(there), (), "half").enough)


@pytest.mark.parametrize(
    ("result", "voices", "code"),
    [
        ("passed", (None, None, None), None), ("passed", (3, 1, 0), None), ("passed", (2, 1, 1), "not_carried"), ("cut", (2, 2, 0), "not_carried"),
        ("returned", (0, 4, 0), None), ("passed", (3, 2, 0), "too_many_voices"),
    ],
)  # fmt: skip
def test_voices_carry_a_result(result, voices, code):
    refusal = quorum.voices_refusal(result, voices, 4)
    assert (refusal and refusal.code) == code


def test_a_meeting_is_called_held_and_confirmed(office):
    first, second = waiting(office)
    tomorrow = clock.today() + datetime.timedelta(days=1)
    sitting = call(office, [first, second], held_on=tomorrow)
    assert (sitting.status, sitting.members, sitting.quorum) == ("convened", [user.pk for user in office.five], "half")
    assert Notice.objects.filter(kind="meeting.convened").count() == 5
    assert list(meeting.open_runs_for(office.purchaser)) == []
    with pytest.raises(Refusal) as refusal:
        meeting.record_meeting(sitting, actor=office.committee, held_on=tomorrow, attendees=office.five, items=[{"run": first.open_run(), "result": "passed"}])
    assert refusal.value.code == "future"
    clock.set_to(clock.now() + datetime.timedelta(days=1))
    sitting = record(office, sitting, [{"run": first.open_run(), "result": "cut", "cut_to": 70000, "remark": "压缩物料", "votes_for": 4, "votes_against": 0, "abstained": 1}])
    assert (sitting.status, sitting.chair) == ("draft", office.leader)
    meeting.confirm_meeting(sitting, actor=office.leader)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("returned", "in_review")
    assert first.gate_runs.get(result="cut").cut_to == yuan(70000)
    assert [run.project for run in meeting.open_runs_for(office.purchaser)] == [second]


def test_without_quorum_nothing_is_decided(office):
    (row,) = waiting(office, 1)
    join(office.staff, "leader", purchaser=office.purchaser)
    name_members(office, [*office.five[:4], office.staff])
    sitting = call(office, [row])
    items = [{"run": row.open_run(), "result": "passed", "recused": [office.staff]}]
    with pytest.raises(Refusal) as refusal:
        record(office, sitting, items, [office.leader, office.section, office.staff])
    assert refusal.value.code == "no_quorum"
    with pytest.raises(Refusal) as refusal:
        record(office, sitting, [{"run": row.open_run(), "result": "passed"}], [office.leader, office.section, office.supervisor, office.staff])
    assert refusal.value.code == "must_recuse"
    with pytest.raises(Refusal) as refusal:  # the secretary is there, but has no vote
        record(office, sitting, items, [office.leader, office.section, office.committee, office.legal, office.staff])
    assert refusal.value.code == "no_quorum"
    sitting = record(office, sitting, items, [office.leader, office.section, office.supervisor, office.staff])
    assert meeting.confirm_meeting(sitting, actor=office.section).status == "confirmed"


def test_only_what_stands_on_the_agenda_is_recorded_with_it(office):
    first, second = waiting(office)
    sitting = call(office, [first])
    with pytest.raises(Refusal) as refusal:
        record(office, sitting, [{"run": second.open_run(), "result": "passed"}])
    assert refusal.value.code == "not_on_agenda"


@pytest.mark.parametrize(("change", "code"), [({"held_on": "yesterday"}, "past"), ({"runs": []}, "no_items"), ({"number": "taken"}, "number_taken"), ({"by": "handler"}, "role"), ({"runs": "decided"}, "other_gate")])
def test_a_call_that_makes_no_sense_is_refused(office, change, code):
    first, second = waiting(office)
    call(office, [second], number="taken")
    runs = {"decided": [first.gate_runs.get(key="pre_review")]}.get(change.get("runs"), change.get("runs", [first.open_run()])) if "runs" not in change or change["runs"] != [] else []
    day = clock.today() - datetime.timedelta(days=1) if change.get("held_on") else clock.today()
    with pytest.raises(Refusal) as refusal:
        convening.convene_meeting(getattr(office, change.get("by", "committee")), purchaser=office.purchaser, number=change.get("number", "9"), title="x", held_on=day, runs=runs)
    assert refusal.value.code == code


def test_a_number_called_off_is_free_again(office):
    (row,) = waiting(office, 1)
    meeting.cancel(call(office, [row]), actor=office.committee, reason="改期")
    assert call(office, [row]).status == "convened"


def test_members_vote_on_line_and_the_record_begins_with_it(client, office):
    (row,) = waiting(office, 1)
    sitting = call(office, [row])
    item = sitting.items.get()
    client.force_login(office.section)
    address = reverse("act", args=["meeting", sitting.pk, "vote"])
    assert client.get(address).status_code == 200
    client.post(address, {f"choice_{item.pk}": "against"})
    client.post(address, {f"choice_{item.pk}": "for", f"remark_{item.pk}": "支持"})
    assert [(vote.choice, vote.remark) for vote in MeetingVote.objects.exclude(choice="")] == [("for", "支持")]
    assert MeetingVote.objects.count() == 5
    convening.vote(sitting, actor=office.leader, votes={item.pk: ("for", "")})
    with pytest.raises(PermissionDenied):
        convening.vote(sitting, actor=office.committee, votes={item.pk: ("for", "")})
    with pytest.raises(Refusal) as refusal:
        convening.vote(sitting, actor=office.leader, votes={})
    assert refusal.value.code == "nothing_said"
    client.force_login(office.committee)
    page = client.get(reverse("meeting_record", args=[sitting.pk])).content.decode()
    assert f'name="run{item.run_id}-votes_for" value="2"' in page
    data = {"number": sitting.number, "title": "工委会", "held_on": clock.today(), "attendees": [user.pk for user in office.five[:3]], "minutes": scan()}
    prefix = f"run{item.run_id}"
    few = client.post(reverse("meeting_record", args=[sitting.pk]), {**data, "attendees": [office.leader.pk], f"{prefix}-result": "passed"})
    assert few.status_code == 422
    assert "法定" in few.content.decode()
    assert client.post(reverse("meeting_record", args=[sitting.pk]), {**data, "minutes": scan(), f"{prefix}-result": "passed", f"{prefix}-votes_for": 2}).url == sitting.get_absolute_url()
    sitting.refresh_from_db()
    assert (sitting.status, sitting.items.get().votes_for) == ("draft", 2)
    with pytest.raises(Refusal):
        convening.vote(sitting, actor=office.section, votes={item.pk: ("for", "")})


def test_nobody_votes_on_what_concerns_them(office):
    join(office.staff, "leader", purchaser=office.purchaser)
    name_members(office, [*office.five, office.staff], online_voting=True)
    (row,) = waiting(office, 1)
    sitting = call(office, [row])
    with pytest.raises(Refusal) as refusal:
        convening.vote(sitting, actor=office.staff, votes={sitting.items.get().pk: ("for", "")})
    assert refusal.value.code == "applicant"
    assert not MeetingVote.objects.filter(user=office.staff).exists()


def test_the_secretary_calls_it_on_screen(client, office):
    first, second = waiting(office)
    client.force_login(office.committee)
    assert first.title in client.get(reverse("meeting_convene")).content.decode()
    data = {"number": "工委会〔2026〕9号", "title": "工委会", "held_on": clock.today(), "begins_at": "14:30", "location": "三楼", "runs": [first.open_run().pk]}
    assert client.post(reverse("meeting_convene"), {**data, "held_on": clock.today() - datetime.timedelta(days=1)}).status_code == 422
    sitting = Meeting.objects.get(pk=client.post(reverse("meeting_convene"), data).url.rstrip("/").rpartition("/")[2])
    assert [item.run.project for item in sitting.items.all()] == [first]
    page = client.get(sitting.get_absolute_url()).content.decode()
    assert "议题材料" in page
    assert "待签纪要" not in page
    assert second.title in client.get(reverse("meeting_convene")).content.decode()


def test_the_minutes_say_who_what_and_how_much(office):
    join(office.staff, "leader", purchaser=office.purchaser)
    name_members(office, [*office.five[:4], office.staff])
    first, second = waiting(office)
    sitting = call(office, [first, second], begins_at=datetime.time(14, 30))
    items = [
        {"run": first.open_run(), "result": "cut", "cut_to": 70000, "remark": "压缩物料", "recused": [office.staff], "votes_for": 3, "votes_against": 0, "abstained": 0},
        {"run": second.open_run(), "result": "passed", "recused": [office.staff]},
    ]  # fmt: skip
    sitting = record(office, sitting, items, [office.leader, office.section, office.supervisor, office.staff])
    text = text_of(meeting_papers.minutes_pdf(sitting))
    for wanted in (
        "工委会〔2026〕8号", "三楼会议室", "14:30", f"缺席{office.second_leader.name}", f"回避{office.staff.name}", "核减至（元）70,000.00", "柒万元整", "同意3票", "应到5人，须3人", "签字", "审议通过",
    ):  # fmt: skip
        assert wanted in text, text


def test_the_pack_tells_each_project_after_another(office):
    (row,) = waiting(office, 1)
    other = make_project(office, "submitted", amount=60000)
    line = other.lines.first()
    other = gates.send_back(other, actor=office.section, reason="请核价", line_remarks={line.pk: "图书偏贵"})
    other = project.set_budget(other, *budget_of(58000, other.starts_on), office.staff)
    other = gates.pass_gate(gates.pass_gate(project.resubmit(other, actor=office.staff), actor=office.section, reason="已核"), actor=office.leader)
    sitting = call(office, [row, other])
    text = text_of(meeting_papers.pack_pdf(sitting))
    for wanted in ("议题材料", f"议题1：{row.title}", f"议题2：{other.title}", "捌万元整", "人员费用", "预审（第2稿）", "较上一稿的变化", "60,000.00", "58,000.00", "-2,000.00", "图书偏贵"):
        assert wanted in text, text


def test_a_long_pack_is_made_in_the_background(client, office, monkeypatch):
    monkeypatch.setattr(jobs, "send", lambda job_id: True)
    monkeypatch.setattr(meeting_papers, "INLINE_ROWS", 5)
    sitting = call(office, waiting(office, 1))
    client.force_login(office.leader)
    address = reverse("meeting_pack_job", args=[sitting.pk])
    assert client.get(reverse("meeting_pack", args=[sitting.pk])).url == address
    assert client.get(address).status_code == 200
    assert not Job.objects.exists()
    client.post(address)
    assert meeting_papers.make_pack(jobs.claim(Job.objects.get().pk), meeting=sitting.pk) == sitting.get_absolute_url()
    assert [row.role for row in files.of(sitting)] == ["agenda_pack"]


def test_stranger_and_weak_role(client, office):
    (row,) = waiting(office, 1)
    sitting = call(office, [row])
    for user, seen, recorded in ((office.committee, 200, 200), (office.cashier, 200, 403), (make_office("另一街道").committee, 404, 404), (make_user(), 404, 404)):
        client.force_login(user)
        assert client.get(reverse("meeting_pack", args=[sitting.pk])).status_code == seen
        assert client.get(reverse("meeting_record", args=[sitting.pk])).status_code == recorded
