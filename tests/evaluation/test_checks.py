"""The third party's check: conflicts, its clock, what it withholds, and what happens when it is late."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from evaluation.lifecycle import call_back, check, finding
from evaluation.models import Check, Finding
from kernel import clock
from kernel.lifecycle import Refusal
from kernel.models import AccessLog, Notice, TrailRow, User
from kernel.workdays import add_workdays
from procurement.lifecycle import payment
from procurement.lifecycle.stage import payable
from procurement.models import PaymentStage
from tests.factories.checks import make_assignment, make_check, make_firm
from tests.factories.contracts import invoice, make_contract, make_request
from tests.factories.providers import make_provider

pytestmark = pytest.mark.django_db


def stage_of(scene):
    return PaymentStage.objects.get(pk=scene.stage.pk)


def test_the_audited_never_audits_itself():
    scene = make_contract(state="performing")
    with pytest.raises(Refusal) as refusal:
        check.assign(scene.contract, firm=scene.provider.organization, auditor=scene.provider.user, actor=scene.office.handler)
    assert refusal.value.field == "firm"


def test_an_auditor_who_belongs_to_the_provider_is_refused():
    scene = make_contract(state="performing")
    firm = make_firm(scene.office)
    scene.provider.organization.members.create(user=firm.user, role="staff")
    with pytest.raises(Refusal) as refusal:
        check.assign(scene.contract, firm=firm.organization, auditor=User.objects.get(pk=firm.user.pk), actor=scene.office.handler)
    assert refusal.value.code == "auditor_tied" and "第9条" in refusal.value.article


def test_assigning_anew_revokes_the_earlier_grant():
    scene = make_assignment()
    other = make_firm(scene.office)
    check.assign(scene.contract, firm=other.organization, auditor=other.user, actor=scene.office.handler)
    assert not scene.auditor.has_perm("evaluation.audit_contract", scene.assignment)
    assert not Check.objects.visible_to(scene.auditor).exists()


@pytest.mark.rule("E04", mutate="audit_limit")
def test_the_limit_is_the_contracts_working_days():
    scene = make_check()
    assert scene.contract.check_days == 10
    assert scene.check.due_on == add_workdays(scene.check.evidence_complete_on, 10).date
    assert Notice.objects.filter(user=scene.auditor, kind="check.opened").exists()


def test_no_check_before_everything_is_reported():
    scene = make_assignment()
    with pytest.raises(Refusal) as refusal:
        check.open_check(scene.contract.stages.get(condition="progress"), actor=scene.office.handler)
    assert refusal.value.code == "evidence_incomplete"


def test_a_second_check_of_the_same_stage_is_refused():
    scene = make_check()
    with pytest.raises(Refusal) as refusal:
        check.open_check(scene.stage, actor=scene.office.handler)
    assert refusal.value.code == "check_exists" and Check.objects.count() == 1


def test_a_report_needs_every_activity_compared():
    scene = make_check()
    with pytest.raises(Refusal) as refusal:
        check.report(scene.check, actor=scene.auditor, opinion="与计划相符。")
    assert refusal.value.code == "items_open"


def test_only_the_assigned_auditor_compares_and_reports():
    scene = make_check("compared")
    stranger = make_provider(office=scene.office).user
    for person in (scene.office.handler, scene.provider.user, stranger):
        with pytest.raises(PermissionDenied):
            check.report(scene.check, actor=person, opinion="x")
        with pytest.raises(PermissionDenied):
            check.compare(scene.check.items.first(), actor=person, counted=1, vouchers_ok=True, evidence_ok=True)


def test_a_finding_withholds_only_the_questioned_amount_and_moves_no_due_date():
    scene = make_check("compared")
    row = finding.state_finding(scene.check, actor=scene.auditor, kind="headcount", text="少于签到人数", amount=Decimal("500.50"))
    stage = stage_of(scene)
    assert stage.held == Decimal("500.50") and payable(stage) == stage.amount - Decimal("500.50")
    check.report(scene.check, actor=scene.auditor, opinion="除一项外相符。")
    request = payment.draft_payment(stage, actor=scene.provider.user, invoice_number=invoice(), invoice_on=clock.today())
    request = payment.submit(request, actor=scene.provider.user)
    assert request.amount == stage.amount - Decimal("500.50")
    due = request.due_on
    finding.answer(row, actor=scene.provider.user, answer="已补充签到表")
    finding.uphold(Finding.objects.get(pk=row.pk), actor=scene.office.supervisor, reason="差额属实")
    request.refresh_from_db()
    assert request.due_on == due and stage_of(scene).held == Decimal("500.50")


def test_a_cleared_finding_frees_its_amount():
    scene = make_check("compared")
    row = finding.state_finding(scene.check, actor=scene.auditor, kind="voucher", text="发票抬头不符", amount=Decimal("300"))
    row = finding.answer(row, actor=scene.provider.user, answer="已换开发票")
    row = finding.clear(row, actor=scene.auditor, reason="已核实")
    assert row.status == "cleared" and stage_of(scene).held == 0


def test_findings_never_question_more_than_the_stage():
    scene = make_check("compared")
    finding.state_finding(scene.check, actor=scene.auditor, kind="other", text="x", amount=scene.stage.amount)
    with pytest.raises(Refusal) as refusal:
        finding.state_finding(scene.check, actor=scene.auditor, kind="other", text="y", amount=Decimal("0.01"))
    assert refusal.value.field == "amount" and Finding.objects.count() == 1


@pytest.mark.rule("E04")
def test_a_late_auditor_delays_nothing():
    scene = make_check()
    with pytest.raises(Refusal) as refusal:
        check.lapse(scene.check, actor=scene.office.supervisor, reason="逾期")
    assert refusal.value.code == "not_lapsed"
    with clock.travelled(clock.end_of_day(scene.check.due_on + datetime.timedelta(days=1))):
        row = check.lapse(scene.check, actor=scene.office.supervisor, reason="第三方逾期未报，街道抽查三场后认可")
        assert row.status == "lapsed" and stage_of(scene).held == 0
        assert make_request(scene, scene.stage.order).amount == scene.stage.amount


def test_payment_may_be_asked_for_while_the_check_is_open():
    scene = make_check()
    for row in scene.stage.activities.all():
        from procurement.lifecycle import activity

        activity.answer(row, actor=scene.office.staff, answer="held")
    assert make_request(scene, scene.stage.order).status == "in_approval"


def test_the_provider_sees_its_findings_but_no_open_check():
    scene = make_check("compared")
    row = finding.state_finding(scene.check, actor=scene.auditor, kind="other", text="x", amount=1)
    assert not Check.objects.visible_to(scene.provider.user).exists()
    assert list(Finding.objects.visible_to(scene.provider.user)) == [row]
    stranger = make_provider(office=scene.office).user
    assert not Finding.objects.visible_to(stranger).exists()


def test_the_draw_of_calls_can_be_repeated_from_its_seed():
    scene = make_check()
    call_back.draw_call_backs(scene.check, actor=scene.auditor, count=3)
    drawn = sorted(scene.check.call_backs.values_list("sign_in_id", flat=True))
    seed = TrailRow.objects.get(verb="draw_call_backs").params["seed"]
    from procurement.models import SignIn

    everybody = SignIn.objects.filter(activity__stage=scene.stage, phone__isnull=False).values_list("pk", flat=True)
    assert call_back.draw(everybody, 3, seed) == drawn
    assert call_back.draw(list(everybody)[::-1], 3, seed) == drawn


def test_looking_at_a_number_is_logged(client):
    scene = make_check()
    call_back.draw_call_backs(scene.check, actor=scene.auditor, count=1)
    call = scene.check.call_backs.get()
    client.force_login(scene.auditor)
    page = client.get(f"/checks/{scene.check.pk}/calls/{call.pk}/")
    assert "1390000" in page.content.decode()
    assert set(AccessLog.objects.filter(who=scene.auditor).values_list("field", flat=True)) == {"name", "phone"}
    client.force_login(scene.office.handler)
    assert client.get(f"/checks/{scene.check.pk}/calls/{call.pk}/").status_code == 403


def test_a_contract_with_an_open_finding_is_not_closed():
    from procurement.lifecycle.closing import findings_objection

    scene = make_check("compared")
    finding.state_finding(scene.check, actor=scene.auditor, kind="other", text="x", amount=1)
    assert findings_objection(scene.contract).code == "check_open"
    check.report(scene.check, actor=scene.auditor, opinion="x")
    assert findings_objection(scene.contract).code == "finding_open"
    finding.clear(Finding.objects.get(), actor=scene.auditor, reason="已核实")
    assert findings_objection(scene.contract) is None


def test_the_whole_check_over_http(client):
    scene = make_check()
    client.force_login(scene.auditor)
    for item in scene.check.items.all():
        answer = client.post(f"/checks/{scene.check.pk}/items/{item.pk}/", {"counted": 29, "vouchers_ok": "True", "evidence_ok": "False", "remark": "缺照片"})
        assert answer.status_code == 302
    answer = client.post(f"/checks/{scene.check.pk}/findings/new/", {"kind": "evidence", "text": "缺照片", "amount": "-3"})
    assert answer.status_code == 422 and "缺照片" in answer.content.decode() and not Finding.objects.exists()
    client.post(f"/checks/{scene.check.pk}/findings/new/", {"kind": "evidence", "text": "缺照片", "amount": "120"})
    client.post(f"/check/{scene.check.pk}/do/report/", {"opinion": "基本相符"})
    scene.check.refresh_from_db()
    assert scene.check.status == "reported" and Finding.objects.get().amount == 120
    assert client.get(f"/checks/{scene.check.pk}/").status_code == 200
    assert client.get("/checks/").status_code == 200
