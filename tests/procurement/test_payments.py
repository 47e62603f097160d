"""Payments: one invoice, one stage, many people, and every yuan counted once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from kernel import clock, lifecycle, trail
from kernel.lifecycle import Refusal
from kernel.models import StandIn
from procurement.contract_totals import differing_totals
from procurement.lifecycle import configuration, payment
from procurement.lifecycle import stage as stages
from procurement.lifecycle.clearance import clear, state_clearance
from procurement.lifecycle.stage import payable
from procurement.models import Contract, Fund, PaymentRequest, PaymentStep, YearPortion
from providers.lifecycle.account import ask_account, confirm_account
from tests.factories.contracts import answered, days, fresh, invoice, make_contract, make_request, make_user, pay_stage
from tests.factories.providers import picture
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene():
    return make_contract()


def stage(scene, order):
    return scene.contract.stages.get(order=order)


@pytest.mark.parametrize(
    ("code", "number", "field"),
    [("", "1" * 20, None), ("1" * 10, "1" * 8, None), ("1" * 12, "1" * 8, None), ("", "1" * 8, "invoice_code"), ("1" * 11, "1" * 8, "invoice_code"),
     ("1" * 10, "1" * 20, "invoice_code"), ("", "1" * 19, "invoice_number"), ("", "1" * 19 + "x", "invoice_number"), ("", "", "invoice_number"), ("", "1" * 20 + "\n", "invoice_number")],
)  # fmt: skip
def test_invoice_numbers_have_20_digits_or_8_with_a_code(code, number, field):
    refusal = payment.invoice_objection(code, number)
    assert (refusal.field if refusal else None) == field


def test_the_whole_way_to_paid_moves_every_total_once(scene):
    request = make_request(scene, 1, "in_approval")
    assert [step["role"] for step in request.route] == ["section", "accountant", "leader"]
    assert stage(scene, 1).status == "requested"
    request = payment.approve(request, actor=scene.office.section, remark="资料齐全")
    request = payment.approve(request, actor=scene.office.accountant)
    assert request.status == "in_approval"
    request = payment.approve(request, actor=scene.office.leader)
    assert request.status == "approved"
    request = payment.pay(request, actor=scene.office.cashier, voucher_number="记-17")
    amount = stage(scene, 1).amount
    fund = scene.project.fundings.get().fund
    assert request.status == "paid" and request.amount == amount == Decimal("5400.00")
    assert Contract.objects.get(pk=scene.contract.pk).paid == amount == YearPortion.objects.get(contract=scene.contract).paid == Fund.objects.get(pk=fund.pk).paid
    assert stage(scene, 1).status == "paid" and stage(scene, 1).paid == amount
    refused("wrong_state", payment.pay, request, actor=scene.office.cashier, voucher_number="记-17")
    refused("stage_paid", payment.draft_payment, stage(scene, 1), actor=scene.provider.user, invoice_number=invoice(), invoice_on=clock.today())
    assert list(differing_totals()) == []


def test_the_page_names_who_paid(client):
    scene = make_contract(state="paid")
    row = PaymentRequest.objects.filter(status="paid").first()
    client.force_login(scene.office.handler, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(row.get_absolute_url()).content.decode()
    assert page.partition("<h2>审批</h2>")[2].partition("</table>")[0].count(scene.office.cashier.name) == 1


def test_paying_is_all_or_nothing(scene, monkeypatch):
    request = make_request(scene, 1, "approved")
    monkeypatch.setattr(payment.stages, "PAY", None)
    with pytest.raises(AttributeError):
        payment.pay(request, actor=scene.office.cashier, voucher_number="记-1")
    request.refresh_from_db()
    assert request.status == "approved" and request.paid_on is None
    assert fresh(scene).contract.paid == 0 == YearPortion.objects.get(contract=scene.contract).paid == stage(scene, 1).paid
    assert "pay" not in [row.verb for row in trail.rows_of(request)]


def test_the_database_refuses_more_than_the_contract(scene):
    request = make_request(scene, 1, "approved")
    PaymentRequest.objects.filter(pk=request.pk).update(amount=scene.contract.amount + 1)
    type(stage(scene, 1)).objects.filter(pk=stage(scene, 1).pk).update(amount=scene.contract.amount + 5)
    YearPortion.objects.filter(contract=scene.contract).update(amount=scene.contract.amount + 5)
    refused("over_limit", payment.pay, PaymentRequest.objects.get(pk=request.pk), actor=scene.office.cashier, voucher_number="记-1")
    assert fresh(scene).contract.paid == 0 and PaymentRequest.objects.get(pk=request.pk).status == "approved"


def test_conditions_open_stages_one_after_another(scene):
    refused("activities_open", make_request, scene, 2)
    refused("closing_open", make_request, scene, 3)
    for row in scene.contract.activities.filter(stage=stage(scene, 2)):
        answered(scene, row)
    assert stages.met_on(stage(scene, 2)) == clock.today()
    make_request(scene, 2, "paid")
    assert stage(scene, 2).status == "paid"


@pytest.mark.rule("E04")
def test_only_the_questioned_amount_is_withheld(scene):
    state_clearance(stage(scene, 1), "finding", "finding-1", held="400", note="发票不符")
    request = make_request(scene, 1, "paid")
    row = stage(scene, 1)
    assert request.amount == row.amount - 400 and row.status == "part_paid" and payable(row) == 0
    refused("nothing_payable", make_request, scene, 1)
    clear(row, "finding", "finding-1")
    rest = make_request(scene, 1, "paid")
    assert rest.amount == 400 and stage(scene, 1).status == "paid"
    assert list(differing_totals()) == []


def test_what_is_questioned_after_the_request_is_not_paid(scene):
    request = make_request(scene, 1, "approved")
    state_clearance(stage(scene, 1), "finding", "finding-1", held=1, note="")
    refused("held_since", payment.pay, request, actor=scene.office.cashier, voucher_number="记-1")
    payment.reject(request, actor=scene.office.accountant, reason="金额有变")
    assert make_request(scene, 1, "paid").amount == stage(scene, 1).amount - 1


@pytest.mark.rule("E01")
@pytest.mark.clock
def test_the_due_date_is_thirty_days_from_invoice_and_terms_and_never_moves(scene):
    start = clock.today()
    request = make_request(scene, 1, "in_approval")
    assert request.due_on == start + timedelta(days=30) == stage(scene, 1).due_on
    with clock.travelled(start + days(10)):
        request = lifecycle.withdraw(request, actor=scene.provider.user)
        assert request.status == "draft" and stage(scene, 1).status == "waiting"
        request = payment.submit(request, actor=scene.provider.user)
        for person in (scene.office.section, scene.office.accountant, scene.office.leader):
            request = payment.approve(request, actor=person)
        request = payment.pay(request, actor=scene.office.cashier, voucher_number="记-1")
        request = payment.return_by_bank(request, actor=scene.office.cashier, reason="账号错误")
        request = payment.resend(request, actor=scene.office.accountant, reason="与机构核对无误")
        assert request.due_on == start + timedelta(days=30)


def test_submission_is_taken_back_only_before_the_first_approval(scene):
    request = make_request(scene, 1, "in_approval")
    payment.approve(request, actor=scene.office.section)
    with pytest.raises(Refusal) as caught:
        lifecycle.withdraw(PaymentRequest.objects.get(pk=request.pk), actor=scene.provider.user)
    assert caught.value.code == "not_withdrawable"


def test_an_invoice_is_used_once(scene):
    number = invoice()
    make_request(scene, 1, "paid", invoice_number=number)
    other = make_contract()
    assert refused("invoice_used", make_request, other, 1, invoice_number=number).field == "invoice_number"
    assert refused("invoice_dates", make_request, other, 1, invoice_on=clock.today() + days(1)).field == "received_on"


def test_one_open_request_per_stage(scene):
    make_request(scene, 1, "draft")
    refused("already_requested", make_request, scene, 1)


def test_requester_approver_and_payer_are_different_people(scene):
    stage_one = stage(scene, 1)
    request = payment.request_payment(stage_one, actor=scene.office.handler, invoice_number=invoice(), invoice_on=clock.today())
    for role in ("section", "accountant", "cashier"):
        join_too(scene.office.handler, role, scene)
    join_too(scene.office.section, "accountant", scene)
    join_too(scene.office.leader, "cashier", scene)
    refused("requester", payment.approve, request, actor=scene.office.handler)
    request = payment.approve(request, actor=scene.office.section)
    refused("one_step_each", payment.approve, request, actor=scene.office.section)
    with pytest.raises(PermissionDenied):
        payment.approve(request, actor=scene.office.leader)
    request = payment.approve(request, actor=scene.office.accountant)
    request = payment.approve(request, actor=scene.office.leader)
    refused("maker_payer", payment.pay, request, actor=scene.office.leader, voucher_number="1")
    refused("maker_payer", payment.pay, request, actor=scene.office.handler, voucher_number="1")
    with pytest.raises(PermissionDenied):
        payment.pay(request, actor=scene.provider.user, voucher_number="1")
    assert payment.pay(request, actor=scene.office.cashier, voucher_number="1").status == "paid"


def join_too(user, role, scene):
    from tests.factories.projects import join

    return join(user, role, purchaser=scene.office.purchaser)


def test_a_stand_in_may_not_approve_twice_for_two_people(scene):
    deputy = scene.office.section
    StandIn.objects.create(principal=scene.office.accountant, deputy=deputy, starts_on=clock.today(), ends_on=clock.today(), reason="休假", created_by=deputy)
    request = payment.approve(make_request(scene, 1), actor=deputy)
    refused("one_step_each", payment.approve, request, actor=deputy)


def test_a_late_click_on_a_taken_step_gets_a_sentence(scene):
    request = make_request(scene, 1)
    second = join_too(make_user("另一审核"), "section", scene)
    stale = PaymentRequest.objects.get(pk=request.pk)
    payment.approve(request, actor=scene.office.section)
    refused("lost_race", payment.approve, stale, actor=second)
    assert request.approvals.count() == 1


def test_a_bank_return_is_sent_again_and_counted_once(scene):
    request = make_request(scene, 1, "paid")
    with pytest.raises(PermissionDenied):
        payment.return_by_bank(request, actor=scene.office.accountant, reason="退汇")
    request = payment.return_by_bank(request, actor=scene.office.cashier, reason="账号已销户")
    contract = fresh(scene).contract
    assert contract.net_paid == 0 and contract.paid == contract.returned == request.amount
    assert YearPortion.objects.get(contract=contract).paid == 0 == stage(scene, 1).paid == scene.project.fundings.get().fund.paid
    assert list(differing_totals()) == []
    account = ask_account(scene.provider.organization, actor=scene.provider.user, bank="建设银行", number="6217000011112222333", proof=picture((9, 9, 9)))
    refused("held", payment.resend, request, actor=scene.office.accountant, reason="已更正账号")
    account = confirm_account(account, actor=scene.office.accountant)
    request = payment.resend(PaymentRequest.objects.get(pk=request.pk), actor=scene.office.accountant, reason="已更正账号")
    assert request.account_id == account.pk and request.status == "approved"
    request = payment.pay(request, actor=scene.office.cashier, voucher_number="记-99")
    contract = fresh(scene).contract
    assert contract.net_paid == request.amount == stage(scene, 1).paid and PaymentRequest.objects.count() == 1
    assert list(differing_totals()) == []


def test_a_changed_account_stops_the_payment_until_adopted(scene):
    request = make_request(scene, 1, "approved")
    account = ask_account(scene.provider.organization, actor=scene.provider.user, bank="建设银行", number="6217000011112222444", proof=picture((8, 9, 9)))
    refused("held", payment.pay, request, actor=scene.office.cashier, voucher_number="1")
    confirm_account(account, actor=scene.office.accountant)
    refused("account_changed", payment.pay, request, actor=scene.office.cashier, voucher_number="1")
    payment.adopt_account(request, actor=scene.office.accountant, reason="已核对盖章证明")
    assert payment.pay(request, actor=scene.office.cashier, voucher_number="1").status == "paid"


def test_the_route_is_the_streets_and_frozen_at_submission(scene):
    request = make_request(scene, 1)
    for row in PaymentStep.in_force().filter(purchaser=scene.office.purchaser, role="leader"):
        configuration.confirm(configuration.propose(PaymentStep, scene.office.section, purchaser=scene.office.purchaser, replaces=row, withdraws=True, order=row.order, name=row.name, role=row.role), scene.office.leader)
    with clock.travelled(clock.today() + days(1)):
        assert [step["role"] for step in payment.route_for(scene.contract, request.amount)] == ["section", "accountant"]
        assert [step["role"] for step in PaymentRequest.objects.get(pk=request.pk).route] == ["section", "accountant", "leader"]


def test_only_the_last_stage_settles_lower_and_with_a_reason(scene):
    refused("only_last_settles", make_request, scene, 1, amount=10)
    scene = make_contract(state="accepted")
    refused("settle_reason", make_request, scene, 3, amount=10)
    assert refused("more_than_payable", make_request, scene, 3, amount=scene.contract.amount).field == "amount"
    make_request(scene, 3, "paid", amount=10, settle_reason="据实结算")
    assert stage(scene, 3).status == "paid" and stage(scene, 3).paid == 10


def test_a_payment_never_uses_next_years_portion(scene):
    request = make_request(scene, 1, "approved")
    YearPortion.objects.filter(contract=scene.contract).update(fiscal_year=clock.today().year + 1)
    refused("portion_short", payment.pay, request, actor=scene.office.cashier, voucher_number="1")


def test_requests_are_scoped(scene):
    request, other = pay_stage(scene, 1), make_contract()
    for user in (scene.office.cashier, scene.office.staff, scene.provider.user, scene.office.finance):
        assert request in PaymentRequest.objects.visible_to(user)
    assert request not in PaymentRequest.objects.visible_to(other.provider.user)
    assert request not in PaymentRequest.objects.visible_to(other.office.cashier)


def test_a_second_click_on_ones_own_approval_gets_a_sentence(client):
    scene = make_contract(state="performing")
    request = make_request(scene, 1)
    client.force_login(scene.office.section)
    address = f"/payment/{request.pk}/do/approve/"
    assert client.post(address, {"remark": "同意"}).status_code == 302
    again = client.post(address, {"remark": "同意"}, follow=True)
    assert "您已办理过这一步" in again.content.decode() and request.approvals.count() == 1
