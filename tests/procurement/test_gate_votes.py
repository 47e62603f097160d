"""Gates of several people and gates side by side: each decides alone, one result, whoever comes first."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from kernel import clock, lifecycle, seal
from kernel.lifecycle import Refusal
from kernel.models import StandIn
from procurement import gate_times
from procurement.lifecycle import configuration, gates, project
from procurement.models import Gate, GateRun, GateVote
from tests.factories.projects import budget_of, join, make_office, make_project, make_user
from tests.lives.racing import Racers
from tests.processes import child_environment

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    """Three sit in the section; two of them have to agree."""
    return of_several()


def of_several(votes=2):
    office = make_office()
    office.others = [join(make_user(f"科室{name}"), "section", purchaser=office.purchaser) for name in "乙丙"]
    Gate.objects.filter(purchaser=office.purchaser, key="pre_review").update(votes=votes)
    return office


def voices(row):
    return [(vote.user, vote.result) for vote in GateVote.objects.filter(run__project=row, withdrawn_at=None).order_by("id")]


def test_it_passes_when_enough_agree_and_keeps_everybody_by_name(office):
    row = make_project(office, "submitted")
    line = row.lines.first()
    row = gates.pass_gate(row, actor=office.section, reason="可行", line_remarks={line.pk: "请附询价"})
    run = row.open_run()
    assert (run.key, run.result, run.heard) == ("pre_review", "waiting", [office.section.pk])
    with pytest.raises(Refusal) as refusal:
        gates.pass_gate(row, actor=office.section)
    assert refusal.value.code == "voted_already"
    row = gates.pass_gate(row, actor=office.others[0], reason="同意")
    assert row.open_run().key == "joint_review"
    assert voices(row) == [(office.section, "passed"), (office.others[0], "passed")]
    assert GateVote.objects.get(user=office.section).line_remarks == {str(line.pk): "请附询价"}
    with transaction.atomic(), pytest.raises(IntegrityError):
        GateVote.objects.create(run=run, user=office.section, result="passed")


@pytest.mark.parametrize(("verb", "extra", "status"), [("send_back", {"reason": "请核价"}, "returned"), ("cut", {"cut_to": 30000}, "returned")])
def test_one_who_sends_back_or_cuts_is_enough(office, verb, extra, status):
    row = gates.pass_gate(make_project(office, "submitted"), actor=office.section)
    row = getattr(gates, verb)(row, actor=office.others[0], **extra)
    assert row.status == status
    assert len(voices(row)) == 2


def test_nobody_rejects_alone(office):
    row = gates.reject(make_project(office, "submitted"), actor=office.section, reason="重复申报")
    assert (row.status, row.open_run().result) == ("in_review", "waiting")
    row = gates.reject(row, actor=office.others[1], reason="同意否决")
    assert row.status == "rejected"
    assert row.gate_runs.get(key="pre_review").result == "rejected"


def test_mixed_voices_wait_for_as_many_as_are_needed(office):
    row = gates.reject(make_project(office, "submitted"), actor=office.section, reason="重复申报")
    row = gates.pass_gate(row, actor=office.others[0])
    assert row.open_run().key == "pre_review"
    row = gates.pass_gate(row, actor=office.others[1])
    assert row.open_run().key == "joint_review"


def test_a_voice_is_taken_back_while_nobody_has_acted(office):
    row = gates.pass_gate(make_project(office, "submitted"), actor=office.section)
    lifecycle.withdraw(row, actor=office.section)
    row = type(row).objects.get(pk=row.pk)
    assert (voices(row), row.open_run().heard, GateVote.objects.count()) == ([], [], 1)
    row = gates.pass_gate(gates.pass_gate(row, actor=office.section), actor=office.others[0])
    with pytest.raises(Refusal):
        lifecycle.withdraw(row, actor=office.section)
    lifecycle.withdraw(row, actor=office.others[0])
    run = type(row).objects.get(pk=row.pk).open_run()
    assert (run.key, run.heard) == ("pre_review", [office.section.pk])
    assert row.gate_runs.get(key="joint_review").opened_at is None


def test_one_voice_for_a_person_and_their_stand_in(office):
    day = clock.today()
    deputy = make_user("代办")
    StandIn.objects.create(principal=office.section, deputy=deputy, starts_on=day, ends_on=day, reason="休假", created_by=office.leader)
    row = gates.pass_gate(make_project(office, "submitted"), actor=deputy)
    assert GateVote.objects.get().on_behalf_of == office.section
    with pytest.raises(Refusal) as refusal:
        gates.pass_gate(row, actor=office.section)
    assert refusal.value.code == "voted_already"


def test_voices_do_not_follow_later_configuration(office):
    row = gates.pass_gate(make_project(office, "submitted"), actor=office.section)
    Gate.objects.filter(purchaser=office.purchaser).delete()
    row = gates.pass_gate(row, actor=office.others[0])
    assert row.gate_runs.get(key="pre_review").result == "passed"


def side_by_side(office):
    Gate.objects.filter(purchaser=office.purchaser, key="joint_review").update(order=1)
    Gate.objects.filter(purchaser=office.purchaser, key="work_committee").update(order=2)


def test_gates_of_one_order_decide_side_by_side_and_the_next_waits_for_all(office):
    Gate.objects.filter(purchaser=office.purchaser).update(votes=1)
    side_by_side(office)
    row = make_project(office, "submitted", amount=60000)
    assert [run.key for run in row.open_runs()] == ["pre_review", "joint_review"]
    assert all(run.opened_at for run in row.open_runs())
    row = gates.pass_gate(row, actor=office.leader)
    assert [run.key for run in row.open_runs()] == ["pre_review"]
    assert row.gate_runs.get(key="work_committee").opened_at is None
    row = gates.pass_gate(row, actor=office.section)
    assert [run.key for run in row.open_runs()] == ["work_committee"]
    assert row.open_run().opened_at


def test_a_send_back_of_one_stops_those_beside_it(office):
    side_by_side(office)
    row = gates.send_back(make_project(office, "submitted"), actor=office.leader, reason="补充材料")
    assert row.status == "returned"
    assert sorted(row.gate_runs.values_list("key", "result")) == [("joint_review", "returned"), ("pre_review", "void")]


def test_a_changed_text_goes_through_all_voices_again(office):
    row = gates.pass_gate(gates.pass_gate(make_project(office, "submitted"), actor=office.section), actor=office.others[0])
    row = gates.send_back(row, actor=office.leader, reason="预算偏高")
    row = project.set_budget(row, *budget_of(38000, row.starts_on), office.staff)
    row = project.resubmit(row, actor=office.staff)
    assert [(run.key, run.heard) for run in row.open_runs()] == [("pre_review", [])]
    assert row.gate_runs.get(key="pre_review", revision=1).result == "void"


def test_a_gate_that_could_never_pass_is_not_proposed(office):
    old = Gate.in_force().get(purchaser=office.purchaser, key="joint_review")
    fields = {"key": "joint_review", "name": "联审", "order": 2, "role": "leader"}
    with pytest.raises(Refusal) as refusal:
        configuration.propose(Gate, office.section, purchaser=office.purchaser, replaces=old, votes=3, **fields)
    assert (refusal.value.code, refusal.value.field) == ("votes", "votes")
    with pytest.raises(Refusal) as refusal:
        configuration.propose(Gate, office.section, purchaser=office.purchaser, replaces=old, by_meeting=True, quorum="half", **fields)
    assert refusal.value.code == "no_members"
    assert configuration.propose(Gate, office.section, purchaser=office.purchaser, replaces=old, votes=2, **fields).votes == 2


def test_the_roster_is_proposed_on_the_settings_screen(client, office):
    client.force_login(office.section)
    old = Gate.in_force().get(purchaser=office.purchaser, key="work_committee")
    address = f"{reverse('setting_propose', args=['gate'])}?replaces={old.pk}"
    data = {"name": "工委会审议", "order": 3, "role": "committee", "by_meeting": "on", "quorum": "half", "amount_from": 50000, "expected_days": 15, "valid_from": clock.today()}
    assert client.post(address, data).status_code == 422
    assert client.post(address, {**data, "members": [office.leader.pk, office.committee.pk]}).status_code == 302
    row = Gate.objects.get(confirmed_at=None)
    assert sorted(row.members) == sorted([office.leader.pk, office.committee.pk])
    configuration.confirm(row, office.leader)
    assert "成员2人" in client.get(reverse("configuration")).content.decode()


def test_who_it_waits_for_is_said_by_name_or_loudly_by_role(client, office):
    row = gates.pass_gate(make_project(office, "submitted"), actor=office.section)
    client.force_login(office.handler)
    page = client.get(row.get_absolute_url()).content.decode()
    assert "科室乙、科室丙" in page
    assert "须2人同意，已有1人作出审核" in page
    listed = client.get(reverse("project_list")).content.decode()
    assert "预审：科室乙、科室丙" in listed
    row = gates.pass_gate(row, actor=office.others[0])
    for membership in office.purchaser.memberships.filter(role="leader"):
        type(membership).objects.filter(pk=membership.pk).update(ends_on=clock.today() - datetime.timedelta(days=1))
    assert "无人担任“分管领导”" in client.get(row.get_absolute_url()).content.decode()
    assert "无人担任“分管领导”" in client.get(reverse("project_list")).content.decode()


def test_expected_time_is_measured(office, django_assert_num_queries):
    """The median of working days from opening to decision, the newest decisions only."""
    clock.set_to(datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE))
    row = make_project(office, "submitted")
    GateRun.objects.all().delete()
    opened = clock.now()
    for days in (1, 2, 9, 30, 30):
        decided = opened + datetime.timedelta(days=days)
        GateRun.objects.create(project=row, key="pre_review", name="预审", order=1, role="section", revision=1, result="passed", opened_at=opened, decided_at=decided)
    GateRun.objects.create(project=row, key="joint_review", name="联审", order=2, role="leader", revision=1, opened_at=opened)
    with django_assert_num_queries(2):  # the runs, and the calendar
        found = gate_times.measured(office.purchaser)
    assert found == {"pre_review": gate_times.Measured(7.0, 5)}
    assert gate_times.measured(office.purchaser, last=1) == {"pre_review": gate_times.Measured(22.0, 1)}
    assert gate_times.measured(make_office("另一街道").purchaser) == {}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_instant_make_one_result(transactional_db, monkeypatch):
    """Of two needed the two decide at once: both voices are kept, the gate closes once, the next opens once."""
    monkeypatch.setattr(seal.enrol, "__defaults__", (2**4,))
    racers = Racers(child_environment())
    try:
        for _round in range(4):
            office = of_several()
            row = make_project(office, "submitted")
            answers = racers.run("project", "pass_gate", row, (office.section, office.others[0]), {"reason": "同意"}, clock.now())
            assert [answer["won"] for answer in answers] == [True, True], answers
            runs = {run.key: run for run in row.gate_runs.all()}
            assert (runs["pre_review"].result, sorted(runs["pre_review"].heard)) == ("passed", sorted([office.section.pk, office.others[0].pk]))
            assert (runs["joint_review"].result, runs["joint_review"].opened_at is not None) == ("waiting", True)
            assert len(voices(row)) == 2
            third = make_project(office, "submitted")
            answers = racers.run("project", "pass_gate", third, office.section, {}, clock.now())
            assert sorted(answer.get("code", "") for answer in answers) == ["", "voted_already"], answers
            assert third.gate_runs.get(key="pre_review").heard == [office.section.pk]
    finally:
        racers.stop()
