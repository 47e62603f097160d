"""The review gates: order, separation of duties, send-back, cut, frozen settings, and two people at once."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, lifecycle
from kernel.lifecycle import Refusal
from kernel.models import Notice, StandIn
from kernel.money import yuan
from procurement.lifecycle import configuration, gates, project
from procurement.models import Gate, GateRun, PaymentStep, SelfRunProfile
from providers.models import Organization, OrganizationMember
from tests.factories.projects import budget_of, join, make_office, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return make_office()


def test_gates_decide_in_their_order_only(office):
    row = make_project(office, "submitted")
    first, second = row.gate_runs.order_by("order")
    with pytest.raises(Refusal) as refusal:
        gates.decide_gate(second, "passed", office.leader)
    assert refusal.value.code == "not_its_turn"
    with pytest.raises(PermissionDenied):
        gates.decide_gate(first, "passed", office.leader)
    row = gates.decide_gate(first, "passed", office.section, "可行")
    assert row.status == "in_review"
    with pytest.raises(Refusal):
        gates.decide_gate(first, "passed", office.section)
    row = gates.decide_gate(second, "passed", office.leader)
    assert (row.status, row.ceiling) == ("approved", yuan(40000))
    first.refresh_from_db()
    assert (first.decided_by, first.remark) == (office.section, "可行")


def test_a_gate_in_a_meeting_is_not_clicked(office):
    row = make_project(office, "committee", amount=80000)
    with pytest.raises(Refusal) as refusal:
        gates.pass_gate(row, actor=office.committee)
    assert refusal.value.code == "in_meeting"


def test_who_applied_or_drafted_decides_nothing(office):
    """实施条例 and practice 8: requester is never approver."""
    join(office.handler, "section", purchaser=office.purchaser)
    row = make_project(office, "submitted", actor=office.handler)
    with pytest.raises(Refusal) as refusal:
        gates.pass_gate(row, actor=office.handler)
    assert refusal.value.code == "applicant"
    other = make_project(office, "ready")
    project.set_budget(other, *budget_of(40000, other.starts_on), office.handler)
    other = project.submit(other, actor=office.staff)
    with pytest.raises(Refusal) as refusal:
        gates.pass_gate(other, actor=office.handler)
    assert refusal.value.code == "applicant"


def test_a_stand_in_is_tested_together_with_the_person_stood_in_for(office):
    day = clock.today()
    row = make_project(office, "submitted")
    StandIn.objects.create(principal=office.section, deputy=office.staff, starts_on=day, ends_on=day, reason="休假", created_by=office.leader)
    with pytest.raises(Refusal) as refusal:
        gates.pass_gate(row, actor=office.staff)
    assert refusal.value.code == "applicant"
    provider = Organization.objects.create(kind="company", name="某公司", contact_name="甲", contact_phone="1", status="verified")
    row = make_project(office, "ready")
    row = project.edit_project(row, actor=office.staff, drafting_help=[provider], declared=True)
    row = project.submit(row, actor=office.staff)
    deputy = make_user("代办")
    StandIn.objects.create(principal=office.section, deputy=deputy, starts_on=day, ends_on=day, reason="休假", created_by=office.leader)
    OrganizationMember.objects.create(organization=provider, user=office.section, role="staff", starts_on=datetime.date(2020, 1, 1))
    with pytest.raises(Refusal) as refusal:
        gates.pass_gate(row, actor=deputy)
    assert refusal.value.code == "concerned"


def test_sending_back_needs_a_reason_and_keeps_remarks_on_lines(office):
    row = make_project(office, "submitted")
    with pytest.raises(Refusal) as refusal:
        gates.send_back(row, actor=office.section)
    assert refusal.value.code == "reason_missing"
    line = row.lines.first()
    row = gates.send_back(row, actor=office.section, reason="请核价", line_remarks={line.pk: "市场价一半", 999: ""})
    assert row.status == "returned"
    run = row.gate_runs.get(result="returned")
    assert run.line_remarks == {str(line.pk): "市场价一半"}
    assert not row.gate_runs.filter(result="waiting").exists()
    assert Notice.objects.get(user=office.staff).kind == "project.returned"


def test_a_cut_sends_only_the_lines_back_and_passed_gates_stand(office):
    row = gates.pass_gate(make_project(office, "submitted", amount=40000), actor=office.section)
    for wrong in (None, 0, 40000, 50000):
        with pytest.raises(Refusal) as refusal:
            gates.cut(row, actor=office.leader, cut_to=wrong)
        assert refusal.value.code == "cut_amount"
    row = gates.cut(row, actor=office.leader, cut_to=36000)
    with pytest.raises(Refusal) as refusal:
        project.edit_project(row, actor=office.staff, title="改名")
    assert refusal.value.code == "only_lines"
    with pytest.raises(Refusal) as refusal:
        project.resubmit(row, actor=office.staff)
    assert refusal.value.code == "above_cut"
    plan = [{"id": a.pk, "order": a.order} for a in row.plan.all()]
    lines = [{"id": line.pk, "order": line.order, "activity": line.activity.order if line.activity else None, "price": line.price} for line in row.lines.select_related("activity")]
    raised = [dict(line) for line in lines]
    raised[0]["price"] += 1
    with pytest.raises(Refusal) as refusal:
        project.set_budget(row, plan, raised, office.staff)
    assert refusal.value.code == "only_lower"
    lines[1]["price"] -= 4000
    row = project.set_budget(row, plan, lines, office.staff)
    row = project.resubmit(row, actor=office.staff)
    assert (row.status, row.ceiling) == ("approved", yuan(36000))
    assert [run.result for run in row.gate_runs.order_by("id")] == ["passed", "cut"]


def test_a_cut_before_the_last_gate_goes_on_with_the_next(office):
    row = make_project(office, "submitted", amount=80000)
    row = gates.cut(row, actor=office.section, cut_to=75000)
    plan = [{"id": a.pk, "order": a.order} for a in row.plan.all()]
    lines = [{"id": line.pk, "order": line.order, "activity": line.activity.order if line.activity else None, "price": line.price} for line in row.lines.select_related("activity")]
    lines[1]["price"] -= 5000
    project.set_budget(row, plan, lines, office.staff)
    row = project.resubmit(row, actor=office.staff)
    assert row.status == "in_review"
    assert row.open_run().key == "joint_review"


def test_a_rejection_ends_the_application(office):
    row = gates.reject(make_project(office, "submitted"), actor=office.section, reason="不属于政府职责")
    assert row.status == "rejected"
    assert lifecycle.offers(row, office.staff) == []


def test_a_pass_can_be_taken_back_until_the_next_gate_decides(office):
    row = gates.pass_gate(make_project(office, "submitted"), actor=office.section)
    row = lifecycle.withdraw(row, actor=office.section)
    assert row.open_run().key == "pre_review"
    row = gates.pass_gate(row, actor=office.section)
    row = gates.pass_gate(row, actor=office.leader)
    row = lifecycle.withdraw(row, actor=office.leader)
    row.refresh_from_db()
    assert (row.status, row.ceiling, row.open_run().key) == ("in_review", None, "joint_review")


def test_decisions_do_not_depend_on_later_settings(office):
    row = gates.pass_gate(make_project(office, "submitted"), actor=office.section)
    Gate.objects.filter(purchaser=office.purchaser).update(valid_to=clock.today() - datetime.timedelta(days=1))
    assert row.gate_runs.filter(result="passed", decided_by=office.section).exists()
    row = gates.pass_gate(row, actor=office.leader)
    assert row.status == "approved"


def test_all_or_nothing_when_the_last_write_fails(office, monkeypatch):
    row = make_project(office, "submitted")
    monkeypatch.setattr(gates, "_tell_applicant", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        gates.send_back(row, actor=office.section, reason="原因")
    row.refresh_from_db()
    assert row.status == "in_review"
    assert GateRun.objects.filter(project=row, result="waiting").count() == 2


def test_the_decision_screen_keeps_what_was_typed(client, office):
    row = make_project(office, "submitted")
    line = row.lines.first()
    client.force_login(office.section)
    address = reverse("act", args=["project", row.pk, "send_back"])
    assert f'name="line_{line.pk}"' in client.get(address).content.decode()
    answer = client.post(address, {f"line_{line.pk}": "偏高"})
    assert answer.status_code == 422
    assert "偏高" in answer.content.decode()
    assert client.post(address, {f"line_{line.pk}": "偏高", "reason": "请核价"}).status_code == 302
    assert "偏高" in client.get(row.get_absolute_url()).content.decode()
    answer = client.post(reverse("act", args=["project", make_project(office, "submitted").pk, "cut"]), {"cut_to": "99999999"})
    assert answer.status_code == 422


def test_settings_count_only_after_a_second_person(office):
    old = Gate.in_force().get(purchaser=office.purchaser, key="joint_review")
    tomorrow = clock.today() + datetime.timedelta(days=1)
    fields = {"key": old.key, "name": "联席会审", "order": 2, "role": "leader", "amount_from": 10000}
    row = configuration.propose(Gate, office.section, purchaser=office.purchaser, replaces=old, valid_from=tomorrow, **fields)
    assert len(configuration.gates_for(office.purchaser, 20000, tomorrow)) == 2
    with pytest.raises(Refusal) as refusal:
        configuration.confirm(row, office.section)
    assert refusal.value.code == "same_person"
    day = clock.today()
    StandIn.objects.create(principal=office.section, deputy=office.accountant, starts_on=day, ends_on=day, reason="休假", created_by=office.leader)
    with pytest.raises(Refusal):
        configuration.confirm(row, office.accountant)
    row = configuration.confirm(row, office.leader)
    assert [gate.name for gate in configuration.gates_for(office.purchaser, 20000)] == ["预审", "联审"]
    assert [gate.name for gate in configuration.gates_for(office.purchaser, 20000, tomorrow)] == ["预审", "联席会审"]
    assert [gate.name for gate in configuration.gates_for(office.purchaser, 5000, tomorrow)] == ["预审"]
    end = configuration.propose(Gate, office.leader, purchaser=office.purchaser, replaces=row, withdraws=True, valid_from=tomorrow + datetime.timedelta(days=5), **fields)
    configuration.confirm(end, office.section)
    assert [gate.name for gate in configuration.gates_for(office.purchaser, 20000, tomorrow + datetime.timedelta(days=5))] == ["预审"]


def test_profiles_do_not_overlap_and_defaults_are_made_once(office):
    assert configuration.defaults_for(office.purchaser, office.section, office.leader) == []
    assert [configuration.profile_for(office.purchaser, amount).channel for amount in (100, 20000, 49999, 50000)] == ["direct", "quotes", "quotes", "open"]
    fields = {"name": "重复", "amount_from": 10000, "amount_to": 30000, "channel": "quotes", "seal": "none", "scoring": "lowest", "min_days": 3, "min_count": 3}
    row = configuration.propose(SelfRunProfile, office.section, purchaser=office.purchaser, **fields)
    with pytest.raises(Refusal) as refusal:
        configuration.confirm(row, office.leader)
    assert refusal.value.code == "overlap"
    assert [step.role for step in configuration.payment_steps_for(office.purchaser, 1000)] == ["section", "accountant", "leader"]
    assert PaymentStep.objects.filter(purchaser=office.purchaser).count() == 3


def test_the_settings_screen_by_its_people(client, office):
    client.force_login(office.section)
    page = client.get(reverse("configuration")).content.decode()
    assert "工委会审议" in page
    old = Gate.in_force().get(purchaser=office.purchaser, key="pre_review")
    address = f"{reverse('setting_propose', args=['gate'])}?replaces={old.pk}"
    data = {"name": "初审", "order": 1, "role": "section", "amount_from": 0, "expected_days": 3, "valid_from": clock.today()}
    assert client.post(address, {**data, "valid_from": clock.today() - datetime.timedelta(days=1)}).status_code == 422
    assert client.post(address, data).status_code == 302
    row = Gate.objects.get(name="初审")
    decide = reverse("setting_decide", args=["gate", row.pk])
    client.post(decide, {"do": "confirm"})
    row.refresh_from_db()
    assert row.confirmed_at is None
    client.force_login(office.cashier)
    assert client.post(decide, {"do": "confirm"}).status_code == 403
    client.force_login(make_office("另一街道").leader)
    assert client.post(decide, {"do": "confirm"}).status_code == 404
    client.force_login(office.leader)
    client.post(decide, {"do": "confirm"})
    assert [gate.name for gate in configuration.gates_for(office.purchaser, 100)][0] == "初审"


def test_an_old_page_or_a_second_click_never_decides_the_next_gate(client, office):
    join(office.section, "leader", purchaser=office.purchaser)
    row = make_project(office, "submitted")
    client.force_login(office.section)
    address = reverse("act", args=["project", row.pk, "pass_gate"])
    shown = {"run": row.open_run().pk}
    assert client.post(address, shown).status_code == 302
    assert client.post(address, shown).status_code == 422
    row.refresh_from_db()
    assert row.status == "in_review"
    assert [run.result for run in row.gate_runs.order_by("order")] == ["passed", "waiting"]
