"""The life of a payment request 付款申请.

draft         entered by the provider (or by the handler from paper) with its invoice; one open request per stage, an invoice counts once
in_approval   submitted: account, route and due date are frozen; each step of the street's route is taken by another person, none by the requester
approved      the route is complete: the cashier pays
paid          voucher number and date are recorded; contract, year portion, fund and stage grow together, once
returned      the bank sent the money back 退汇: the totals go down again; corrected and sent anew under the same request
rejected      refused on the way with a reason; a new request may follow
cancelled     dropped by who entered it

The due date is 30 days from invoice and terms met (财库〔2019〕38号; 国务院令第802号 第9条) and never moves afterwards: neither a late audit nor
the inner process is an excuse (第12条). The submission can be taken back until the first approval.
"""

import re

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, trail
from kernel.lifecycle import Life, Refusal, Step, acting_for, advance, principals_of
from kernel.money import ZERO, yuan
from kernel.rules import carries
from kernel.workdays import deadline
from procurement.lifecycle import stage as stages
from procurement.lifecycle.configuration import payment_steps_for
from procurement.lifecycle.payment_totals import move_back, move_forward
from procurement.models import Contract, CostVoucher, PaymentApproval, PaymentRequest, PaymentStage
from procurement.permissions_contract import at_current_step, either, keeps_accounts, pays, provider_or_handler
from providers.lifecycle.organization import account_of

USUAL_ROUTE = (("section", "科室审核"), ("accountant", "财务审核"), ("leader", "分管领导审批"))
INVOICE = re.compile(r"(?P<digital>[0-9]{20})|(?P<paper>[0-9]{8})")
INVOICE_CODE = re.compile(r"[0-9]{10}|[0-9]{12}")


def invoice_objection(code, number):
    """A fully digital invoice 数电票 has 20 digits; an older one 8 digits and a code of 10 or 12. Returns a Refusal or None."""
    match = INVOICE.fullmatch(number or "")
    if not match:
        return Refusal("invoice_number", _("An invoice number has 20 digits, or 8 digits with a code."), todo=_("Copy it from the invoice."), field="invoice_number")
    if match["digital"] and code:
        return Refusal("invoice_code", _("An invoice of 20 digits has no code."), field="invoice_code")
    if match["paper"] and not INVOICE_CODE.fullmatch(code or ""):
        return Refusal("invoice_code", _("An invoice of 8 digits has a code of 10 or 12 digits."), field="invoice_code")
    return None


def route_for(contract, amount, on=None):
    """The approvals a payment of `amount` yuan needs, from the street's configuration: its fund's own steps first, else the street's, else the usual three."""
    portion = contract.portions.select_related("fund").order_by("fiscal_year", "fund_id").first()
    own = payment_steps_for(contract.purchaser_id, amount, portion and portion.fund, on)
    return [{"role": step.role, "name": step.name} for step in own] or [{"role": role, "name": name} for role, name in USUAL_ROUTE]


def _requestable(request, actor):
    if refusal := stages.objection(request.stage):
        return refusal
    if request.amount > stages.payable(request.stage):
        return Refusal(
            "more_than_payable", _("Only {amount} yuan of this stage can be asked for.").format(amount=f"{stages.payable(request.stage):,.2f}"),
            todo=_("Drop this request and ask for the payable amount."),
        )  # fmt: skip
    if account_of(request.contract.organization) is None:
        return Refusal("no_account", _("The provider has no confirmed bank account."), todo=_("Have the account confirmed with its stamped proof."))
    return _over_cost(request)


def _over_cost(request):
    """Actual cost: the last stage pays no more than the vouchers prove."""
    contract = request.contract
    if contract.settlement != "actual_cost" or not stages.is_last(request.stage):
        return None
    proven = sum(CostVoucher.objects.filter(contract=contract, voided_at=None).values_list("amount", flat=True), ZERO)
    if contract.net_paid + request.amount > proven:
        return Refusal(
            "over_cost", _("Settled by actual cost: vouchers prove {proven} yuan, {paid} yuan are paid already.").format(proven=f"{proven:,.2f}", paid=f"{contract.net_paid:,.2f}"),
            todo=_("Enter the missing vouchers, or ask for less."),
        )  # fmt: skip
    return None


def _not_mine(request, actor):
    """One person, one step; who asks does not approve. Stand-ins count as both."""
    approvals = list(request.approvals.all())
    involved = {row.approved_by_id for row in approvals} | {row.on_behalf_of_id for row in approvals}
    if actor.pk == request.created_by_id:
        return Refusal("requester", _("Whoever asked for the payment does not approve it."), todo=_("Another person with this role approves."))
    if actor.pk in involved:
        return Refusal("one_step_each", _("You have approved this payment already: each person takes one step."), todo=_("Another person takes the next step."))
    return None


def _payer(request, actor):
    approvals = list(request.approvals.all())
    if actor.pk == request.created_by_id or actor.pk in {row.approved_by_id for row in approvals} | {row.on_behalf_of_id for row in approvals}:
        return Refusal("maker_payer", _("Whoever asked for or approved a payment does not pay it."), todo=_("The cashier pays."))
    account = account_of(request.contract.organization)
    if account is None or account.pk != request.account_id:
        return Refusal("account_changed", _("The provider's bank account has changed since."), todo=_("The accountant adopts the confirmed account first."))
    open_amount = request.stage.amount - request.stage.paid - request.stage.held
    if request.amount > open_amount:
        return Refusal(
            "held_since", _("{held} yuan of this stage were questioned since: only {amount} yuan can be paid.").format(held=f"{request.stage.held:,.2f}", amount=f"{max(open_amount, ZERO):,.2f}"),
            article=rules.get("E04", on=clock.today()).article, todo=_("Send the request back; the provider asks for the payable amount at once."),
        )  # fmt: skip
    return None


def _new_account(request, actor):
    account = account_of(request.contract.organization)
    if account is None:
        return Refusal("no_account", _("The provider has no confirmed bank account."), todo=_("Have the account confirmed with its stamped proof."))
    if request.status != "returned" and account.pk == request.account_id:
        return Refusal("same_account", _("This is the account already."))
    return None


SUBMIT = Step(
    "submit", _("Submit"), ("draft",), "in_approval", provider_or_handler, _requestable, withdrawable=True, rules=("E01", "E02", "E04"),
    hint=_("The due date starts with invoice and terms met, and never moves."), waits_for=_("provider"),
)  # fmt: skip
APPROVE = Step("approve", _("Approve"), ("in_approval",), None, at_current_step, _not_mine, tone="success", rules=("E04",), hint=_("Waiting for an audit or a new leader is no reason to delay."))
COMPLETE = Step("complete", _("All approvals given"), ("in_approval",), "approved", at_current_step, waits_for=_("next approver"), by_code=True)
REJECT = Step("reject", _("Send back"), ("in_approval", "approved"), "rejected", either(at_current_step, keeps_accounts), tone="danger", needs_reason=True)
PAY = Step("pay", _("Record the payment"), ("approved",), "paid", pays, _payer, tone="success", rules=("E01",), waits_for=_("cashier"))
RETURN = Step("return_by_bank", _("The bank returned it"), ("paid",), "returned", pays, tone="danger", needs_reason=True, hint=_("The totals go down again; the request stays and is sent anew."))
RESEND = Step("resend", _("Corrected, send again"), ("returned",), "approved", keeps_accounts, _new_account, needs_reason=True, waits_for=_("accountant"))
ADOPT = Step("adopt_account", _("Adopt the new account"), ("in_approval", "approved"), None, keeps_accounts, _new_account, tone="secondary", needs_reason=True)
CANCEL = Step("cancel", _("Drop"), ("draft",), "cancelled", provider_or_handler, tone="secondary")
LIFE = Life(
    "payment",
    PaymentRequest,
    states={
        "draft": _("draft"), "in_approval": _("being approved"), "approved": _("approved, to be paid"), "paid": _("paid"),
        "returned": _("returned by the bank"), "rejected": _("sent back"), "cancelled": _("dropped"),
    },
    steps=(SUBMIT, APPROVE, COMPLETE, PAY, ADOPT, REJECT, RETURN, RESEND, CANCEL),
    root=lambda request: request.stage.contract,
)  # fmt: skip
DRAFT = Step("draft_payment", _("Ask for payment"), (), None, provider_or_handler, rules=("E01",))


@transaction.atomic
def draft_payment(stage, *, actor, invoice_number, invoice_on, invoice_code="", received_on=None, amount=None, settle_reason="", scan=None):
    """Enter a payment request with its invoice. `amount` (yuan) is what is payable; less only on the last stage, with `settle_reason`.

    Raises PermissionDenied or Refusal (fields invoice_number, invoice_code, invoice_on, received_on, amount, settle_reason). Returns the PaymentRequest.
    """
    Contract.objects.select_for_update().get(pk=stage.contract_id)
    stage = PaymentStage.objects.select_for_update().get(pk=stage.pk)
    principal = acting_for(actor, stage, DRAFT)
    if refusal := stages.objection(stage) or invoice_objection(invoice_code, invoice_number):
        raise refusal
    received_on = received_on or clock.today()
    if invoice_on > clock.today() or received_on > clock.today() or received_on < invoice_on:
        raise Refusal("invoice_dates", _("The invoice is dated before it is received, and neither lies in the future."), field="received_on")
    payable = stages.payable(stage)
    value = payable if amount is None else yuan(amount)
    if value <= 0 or value > payable:
        raise Refusal("more_than_payable", _("Only {amount} yuan of this stage can be asked for.").format(amount=f"{payable:,.2f}"), field="amount")
    if value < payable:
        _settle_lower(stage, settle_reason)
    request = PaymentRequest(
        stage=stage, number=f"new-{stage.pk}", amount=value, invoice_code=invoice_code, invoice_number=invoice_number, invoice_on=invoice_on,
        received_on=received_on, status="draft", created_by=actor,
    )  # fmt: skip
    try:
        with transaction.atomic():
            request.save()
    except IntegrityError:
        if PaymentRequest.objects.filter(stage=stage).exclude(status__in=("paid", "cancelled", "rejected")).exists():
            raise Refusal("already_requested", _("A payment of this stage is already on its way."), todo=_("Wait for it, or take it back."))
        raise Refusal("invoice_used", _("This invoice was used before: one invoice, one payment."), todo=_("Check the number."), field="invoice_number")
    PaymentRequest.objects.filter(pk=request.pk).update(number=f"FK{clock.today().year}-{request.pk:06d}")
    request.refresh_from_db()
    if scan is not None:
        from kernel import files

        files.attach(request, scan, "invoice", actor=actor, visibility="parties")
    trail.record(request, "create", actor=actor, on_behalf_of=principal, to_status="draft", params={"amount": str(value), "stage": stage.pk})
    return request


def _settle_lower(stage, reason):
    if not stages.is_last(stage):
        raise Refusal("only_last_settles", _("Only the last stage settles lower."), todo=_("Ask for the whole payable amount of this stage."), field="amount")
    if not (reason or "").strip():
        raise Refusal("settle_reason", _("Say why the last stage settles lower."), field="settle_reason")
    PaymentStage.objects.filter(pk=stage.pk).update(settle_reason=reason.strip()[:300])


@transaction.atomic
def request_payment(stage, *, actor, **fields):
    """Draft and submit in one go; arguments as in `draft_payment`. Returns the PaymentRequest in approval."""
    return submit(draft_payment(stage, actor=actor, **fields), actor=actor)


@carries("E01", "E02", "E04")
@LIFE.verb(SUBMIT)
@transaction.atomic
def submit(request, *, actor, happened_on=None):
    """Freeze route, account and due date; the stage is asked for."""
    contract, stage = request.contract, request.stage
    starts = max(filter(None, (request.received_on, stages.met_on(stage), contract.signed_on)))
    due = request.due_on or deadline(starts, "E01", "pay").date
    account = account_of(contract.organization)
    changes = {"route": route_for(contract, request.amount), "step": 0, "due_on": due, "account": account}
    request = advance(request, SUBMIT, actor=actor, happened_on=happened_on, changes=changes, params={"amount": str(request.amount), "due": str(due)})
    advance(request.stage, stages.REQUEST, actor=actor, changes={"invoice_on": request.invoice_on, "due_on": due})
    return request


def _reopen_stage(request, actor):
    stage = PaymentStage.objects.get(pk=request.stage_id)
    advance(stage, stages.REOPEN_REST if stage.paid else stages.REOPEN, actor=actor)


@LIFE.verb(APPROVE)
@transaction.atomic
def approve(request, *, actor, remark="", happened_on=None):
    """Take the current step of the route; the last one completes it. A record of a person, whatever is configured later."""
    before = request.step
    try:
        request = advance(request, APPROVE, actor=actor, happened_on=happened_on, params={"step": before})
    except PermissionDenied:
        _raise_if_moved(request, before)
        raise
    _raise_if_moved(request, before)
    current = request.route[request.step]
    own = at_current_step(actor, request)
    principal = None if own else next((person for person in principals_of(actor)[1:] if at_current_step(person, request)), None)
    PaymentApproval.objects.create(request=request, order=request.step, role=current["role"], name=current["name"], approved_by=actor, on_behalf_of=principal, remark=remark[:300])
    if request.step + 1 == len(request.route):
        advance(request, COMPLETE, actor=actor)
    PaymentRequest.objects.filter(pk=request.pk).update(step=F("step") + 1)
    request.refresh_from_db()
    return request


def _raise_if_moved(request, before):
    """Two people at one step: the second gets a sentence, not a bare 403."""
    if PaymentRequest.objects.get(pk=request.pk).step != before:
        raise Refusal("lost_race", _("Somebody else has just acted on this."), todo=_("Reload the page to see what they did."))


@LIFE.verb(REJECT)
@transaction.atomic
def reject(request, *, actor, reason="", happened_on=None):
    """Refuse with a reason; the stage may be asked for again."""
    request = advance(request, REJECT, actor=actor, reason=reason, happened_on=happened_on)
    _reopen_stage(request, actor)
    return request


@carries("E01")
@LIFE.verb(PAY)
@transaction.atomic
def pay(request, *, actor, voucher_number, happened_on=None, reason=""):
    """Paid by voucher number and date: contract, portion, fund and stage grow together, guarded by the database. Pressed twice, it counts once."""
    if not voucher_number.strip():
        raise Refusal("voucher_missing", _("Enter the number of the payment voucher."), field="voucher_number")
    day = happened_on or clock.today()
    changes = {"paid_on": day, "voucher_number": voucher_number.strip()}
    request = advance(request, PAY, actor=actor, happened_on=day, reason=reason, changes=changes, params={"amount": str(request.amount), "voucher": voucher_number.strip()})
    move_forward(request, day, actor)
    stage = PaymentStage.objects.get(pk=request.stage_id)
    settled = stage.held <= 0 and (stage.paid == stage.amount or bool(stage.settle_reason))
    advance(stage, stages.PAY if settled else stages.PART_PAY, actor=actor, happened_on=day)
    return request


@LIFE.verb(RETURN)
@transaction.atomic
def return_by_bank(request, *, actor, reason="", happened_on=None):
    """退汇: the totals go down again by what this request had moved; it is counted once when it is paid anew."""
    request = advance(request, RETURN, actor=actor, reason=reason, happened_on=happened_on, changes={"returned_times": request.returned_times + 1})
    move_back(request, actor, happened_on)
    advance(PaymentStage.objects.get(pk=request.stage_id), stages.BOUNCE, actor=actor, reason=reason)
    return request


@LIFE.verb(RESEND)
@transaction.atomic
def resend(request, *, actor, reason="", happened_on=None):
    """After the correction: the same request goes to the cashier again, to the provider's account as it is confirmed now. Due date and approvals stand."""
    account = account_of(request.contract.organization)
    return advance(request, RESEND, actor=actor, reason=reason, happened_on=happened_on, changes={"account": account}, params={"account": account.pk if account else None})


@LIFE.verb(ADOPT)
@transaction.atomic
def adopt_account(request, *, actor, reason="", happened_on=None):
    """The provider's account changed while the request was on its way: pay to the one confirmed now."""
    account = account_of(request.contract.organization)
    return advance(request, ADOPT, actor=actor, reason=reason, happened_on=happened_on, changes={"account": account}, params={"account": account.pk if account else None})


@LIFE.verb(CANCEL)
@transaction.atomic
def cancel(request, *, actor, happened_on=None, reason=""):
    return advance(request, CANCEL, actor=actor, happened_on=happened_on, reason=reason)


def _undo_submit(request, actor):
    """Taking the submission back frees the stage; the due date of the same invoice stays."""
    _reopen_stage(request, actor)


LIFE.undo = {"submit": _undo_submit}
