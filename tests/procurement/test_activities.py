"""Activities: from the plan to the community's answer; silence is no consent; vouchers count once."""

import pytest
from django.core.exceptions import PermissionDenied

from kernel import access, clock, lifecycle, trail
from kernel.lifecycle import Refusal
from kernel.workdays import add_workdays
from procurement.contract_totals import differing_totals
from procurement.lifecycle import activity as activities
from procurement.lifecycle import stage as stages
from procurement.lifecycle.voucher import record_voucher, void_voucher
from procurement.models import Activity, BudgetLine, Clearance, CostVoucher, SignIn
from procurement.permissions_contract import grants_contracts
from tests.factories.contracts import answered, days, fresh, make_contract, make_user, pay_stage, reported
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene():
    return make_contract()


def first(scene):
    return scene.contract.activities.first()


def test_the_life_from_plan_to_answer(scene):
    row = answered(scene, first(scene))
    assert row.status == "answered" and row.community_answer == "held" and row.held_on == clock.today()
    row = activities.check(row, actor=scene.office.supervisor)
    assert [entry.verb for entry in trail.rows_of(row)] == ["confirm", "hold", "report", "answer", "check"]
    for verb in (activities.confirm, activities.hold):
        refused("wrong_state", verb, row, actor=scene.provider.user)
    refused("wrong_state", activities.cancel, row, actor=scene.provider.user, cause="weather", reason="下雨")


def test_nothing_begins_before_the_contract_is_signed():
    scene = make_contract(state="draft")
    refused("contract_not_running", activities.confirm, first(scene), actor=scene.provider.user)


def test_each_step_belongs_to_its_person(scene):
    row = first(scene)
    for person in (scene.office.handler, scene.office.staff, make_contract().provider.user):
        with pytest.raises(PermissionDenied):
            activities.confirm(row, actor=person)
    row = reported(scene, row)
    for person in (scene.provider.user, scene.office.handler, scene.office.leader):
        with pytest.raises(PermissionDenied):
            activities.answer(row, actor=person, answer="held")
    with pytest.raises(PermissionDenied):
        activities.check(row, actor=scene.provider.user)


def test_a_granted_auditor_checks(scene):
    auditor = make_user("审计员")
    row = answered(scene, first(scene))
    with pytest.raises(PermissionDenied):
        activities.check(row, actor=auditor)
    grant = grants_contracts(lambda person: [scene.contract.pk] if person.pk == auditor.pk else [])
    try:
        assert row in Activity.objects.visible_to(auditor)
        assert activities.check(row, actor=auditor).status == "checked"
    finally:
        from procurement import permissions_contract

        permissions_contract._granted.remove(grant)


def test_a_report_counts_people_and_keeps_their_telephone_unreadable(scene):
    row = activities.hold(activities.confirm(first(scene), actor=scene.provider.user), actor=scene.provider.user)
    sheet = [{"name": "李奶奶", "phone": "13811112222"}, {"name": "王大爷", "phone": "", "kind": "no_phone"}]
    assert refused("headcount", activities.report, row, actor=scene.provider.user, headcount=1, sign_ins=sheet).field == "headcount"
    assert refused("distinct", activities.report, row, actor=scene.provider.user, headcount=2, distinct_people=3).field == "distinct_people"
    assert refused("future", activities.report, row, actor=scene.provider.user, headcount=2, held_on=clock.today() + days(1)).field == "held_on"
    row = activities.report(row, actor=scene.provider.user, headcount=30, distinct_people=28, sign_ins=sheet)
    person = row.sign_ins.get(kind="self")
    assert person.name == "李奶奶" and person.phone_key and SignIn.objects.filter(phone_key=person.phone_key).count() == 1
    stored = bytes(SignIn.objects.filter(pk=person.pk).values_list("name", flat=True).get().token)
    assert "李奶奶".encode() not in stored and b"13811112222" not in stored
    assert "13811112222" not in str([entry.params for entry in trail.rows_of(row)])


def test_a_report_is_all_or_nothing(scene, monkeypatch):
    row = activities.hold(activities.confirm(first(scene), actor=scene.provider.user), actor=scene.provider.user)
    monkeypatch.setattr(activities.SignIn.objects, "create", lambda **fields: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        activities.report(row, actor=scene.provider.user, headcount=3, sign_ins=[{"name": "李奶奶"}])
    row.refresh_from_db()
    assert row.status == "held" and row.headcount is None


def test_not_held_withholds_the_share_and_only_that(scene):
    row = first(scene)
    share = activities.share_of(row)
    assert share > 0
    refused("remark", activities.answer, reported(scene, row), actor=scene.office.staff, answer="not_held")
    row = activities.answer(Activity.objects.get(pk=row.pk), actor=scene.office.staff, answer="not_held", remark="当天无人到场")
    stage = row.stage
    stage.refresh_from_db()
    assert stage.held == share and stages.payable(stage) == stage.amount - share
    assert Clearance.objects.get(stage=stage).source == "community"
    assert list(differing_totals()) == []
    lifecycle.withdraw(row, actor=scene.office.staff)
    stage.refresh_from_db()
    row.refresh_from_db()
    assert stage.held == 0 and row.community_answer == "" and row.status == "reported"


def test_the_shares_of_all_activities_stay_within_the_activity_budget(scene):
    rows = list(scene.contract.activities.all())
    lines = sum(line.amount for line in BudgetLine.objects.filter(project=scene.project, kind="activity"))
    assert abs(sum(activities.share_of(row) for row in rows) - lines) < 1


@pytest.mark.clock
def test_silence_is_shown_and_is_no_consent(scene):
    row = reported(scene, first(scene))
    due = add_workdays(row.reported_at, activities.ANSWER_WORKDAYS).date
    refused("community_asked", activities.verify, row, actor=scene.office.supervisor, reason="现场照片核对")
    with clock.travelled(due):
        assert not activities.is_silent(row)
    with clock.travelled(due + days(1)):
        assert activities.is_silent(row)
        refused("reason_missing", activities.verify, row, actor=scene.office.supervisor)
        row = activities.verify(row, actor=scene.office.supervisor, reason="现场照片与签到表核对一致")
        assert row.status == "checked" and row.community_answer == ""
        row = activities.answer_late(row, actor=scene.office.staff, answer="held")
        refused("answered_already", activities.answer_late, row, actor=scene.office.staff, answer="held")
        assert row.status == "checked" and row.community_answer == "held"


def test_postpone_replace_and_cancel_name_a_cause(scene):
    row = first(scene)
    refused("reason_missing", activities.postpone, row, actor=scene.provider.user, planned_on=row.planned_on + days(3))
    refused("outside_term", activities.postpone, row, actor=scene.provider.user, planned_on=scene.contract.ends_on + days(1), reason="雨")
    row = activities.postpone(row, actor=scene.provider.user, planned_on=row.planned_on + days(3), cause="weather", reason="暴雨预警")
    assert row.status == "planned"
    row = activities.replace(row, actor=scene.office.handler, title="线上读书会", planned_on=row.planned_on, location="社区直播间", planned_headcount=50, reason="场地维修")
    assert row.title == "线上读书会"
    share = activities.share_of(row)
    refused("cost_above_share", activities.cancel, row, actor=scene.office.handler, cause="weather", proven_cost=share + 1, reason="台风")
    refused("no_cost", activities.cancel, row, actor=scene.office.handler, cause="provider", proven_cost=1, reason="人手不足")
    refused("cost_by_handler", activities.cancel, row, actor=scene.provider.user, cause="weather", proven_cost=1, reason="台风")
    row = activities.cancel(row, actor=scene.office.handler, cause="weather", proven_cost=100, reason="台风")
    row.stage.refresh_from_db()
    assert row.status == "cancelled" and row.stage.held == share - 100


def test_vouchers_count_once_and_stay_when_void(scene):
    line = scene.project.lines.filter(kind="activity").first()
    values = {"kind": "invoice", "number": "0012", "supplier": "新华书店", "spent_on": clock.today(), "amount": 100, "purpose": "绘本", "line": line, "activity": first(scene)}
    voucher = record_voucher(scene.contract, actor=scene.provider.user, **values)
    assert refused("voucher_used", record_voucher, scene.contract, actor=scene.provider.user, **values).field == "number"
    line.refresh_from_db()
    assert line.spent == 100 and CostVoucher.objects.count() == 1
    with pytest.raises(PermissionDenied):
        record_voucher(scene.contract, actor=scene.office.staff, **values | {"number": "0013"})
    refused("foreign_line", record_voucher, scene.contract, actor=scene.provider.user, **values | {"number": "9", "line": make_contract().project.lines.first()})
    void_voucher(voucher, actor=scene.provider.user, reason="重复录入")
    line.refresh_from_db()
    assert line.spent == 0 and CostVoucher.objects.get().void_reason == "重复录入"
    record_voucher(scene.contract, actor=scene.provider.user, **values)
    assert list(differing_totals()) == []


def test_by_actual_cost_no_line_is_overspent():
    scene = make_contract(settlement="actual_cost")
    line = scene.project.lines.filter(kind="activity").first()
    values = {"kind": "invoice", "supplier": "书店", "spent_on": clock.today(), "purpose": "绘本", "actor": scene.provider.user}
    refused("line_missing", record_voucher, scene.contract, number="1", amount=1, **values)
    record_voucher(scene.contract, number="1", amount=line.amount - 1, line=line, **values)
    assert refused("line_overspent", record_voucher, scene.contract, number="2", amount="1.01", line=line, **values).field == "amount"
    record_voucher(scene.contract, number="2", amount=1, line=line, **values)


def test_telephone_numbers_are_closed_after_the_contract():
    scene = make_contract(state="performing")
    row = reported(scene, first(scene), sign_ins=[{"name": "李奶奶", "phone": "13811112222"}])
    person = row.sign_ins.get()
    assert access.reveal(person, "phone", scene.office.supervisor, "电话回访") == "13811112222"
    pay_stage(scene, 1)
    type(scene.contract).objects.filter(pk=scene.contract.pk).update(ended_on=clock.today() - days(60))
    with pytest.raises(Refusal) as caught:
        access.reveal(SignIn.objects.get(pk=person.pk), "phone", scene.office.supervisor, "电话回访")
    assert caught.value.code == "evidence_closed" and caught.value.article
    assert fresh(scene).contract.ended_on
