"""The life of an income 收入 of a donation or low-fee fund (S1.7).

recorded   money came in: day, kind of payer, amount, receipt number and its file; it counts as received at once
void       it was entered wrongly: a second person takes it out, with the reason; the row stays
"""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, files, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.money import fen, yuan
from procurement.lifecycle.fund import LIFE as FUND_LIFE
from procurement.lifecycle.fund import RECEIVE
from procurement.models import Fund, FundReceipt
from procurement.permissions import may_keep_funds


def _removable(receipt, actor):
    if receipt.created_by_id == actor.pk:
        return Refusal("same_person", _("Whoever recorded the income does not take it out."), todo=_("Ask a second person."))
    fund = receipt.fund
    if fund.status in ("approved", "closing") and not fund.pledge and fund.received - receipt.amount < fund.amount:
        return Refusal("still_counted", _("“{fund}” stands at {amount} yuan: without this income it would be more than was received.").format(fund=fund, amount=f"{fund.amount:,.2f}"), todo=_("Have the fund lowered by an adjustment first."))
    return None


VOID = Step("void", _("Take it out"), ("recorded",), "void", lambda user, receipt: may_keep_funds(user, receipt.fund), _removable, tone="danger", needs_reason=True)
LIFE = Life(
    "fundreceipt", FundReceipt, states={"recorded": pgettext_lazy("income", "recorded"), "void": pgettext_lazy("income", "taken out")}, steps=(VOID,), initial="recorded",
    root=lambda receipt: receipt.fund,
)  # fmt: skip


@FUND_LIFE.verb(RECEIVE)
@transaction.atomic
def receive(fund, *, actor, received_on, payer, amount, receipt_number, scan):
    """Record that `amount` yuan came in on a day (not in the future), with the receipt's number and file. Raises Refusal. Returns the FundReceipt."""
    amount, number = yuan(amount), receipt_number.strip()
    if amount <= 0:
        raise Refusal("amount", _("Income needs an amount above zero."), field="amount")
    if received_on > clock.today():
        raise Refusal("future", _("The day it was received lies in the future."), field="received_on")
    if not number:
        raise Refusal("receipt_missing", _("Enter the receipt's number."), field="receipt_number")
    fund = advance(fund, RECEIVE, actor=actor, happened_on=received_on, params={"amount": str(amount), "payer": payer, "receipt": number})
    try:
        with transaction.atomic():
            row = FundReceipt.objects.create(fund=fund, received_on=received_on, payer=payer, amount=amount, receipt_number=number[:40], status="recorded", created_by=actor)
    except IntegrityError:
        raise Refusal("receipt_used", _("The receipt {number} is recorded already.").format(number=number), field="receipt_number") from None
    Fund.objects.filter(pk=fund.pk).update(received=F("received") + fen(amount))
    files.attach(row, scan, "proof", actor=actor)
    trail.record(row, "create", actor=actor, to_status="recorded", happened_on=received_on, params={"amount": str(amount)})
    return row


@LIFE.verb(VOID)
@transaction.atomic
def void(receipt, *, actor, reason="", happened_on=None):
    """Take a wrong income out again; the row and its file stay."""
    receipt = advance(receipt, VOID, actor=actor, reason=reason, happened_on=happened_on, params={"amount": str(receipt.amount)})
    Fund.objects.filter(pk=receipt.fund_id).update(received=F("received") - fen(receipt.amount))
    return receipt
