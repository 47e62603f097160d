"""The life of a budget adjustment 预算调整.

proposed    somebody who keeps the fund says what is raised, lowered or moved, with the document and its file; nothing has moved yet
approved    a second person agreed: the amount moved in the same moment, never below what is committed
refused, dropped   the end: turned down by the second person, or taken back by whoever proposed it

Funds are locked in the order of their ids, like those of a commitment, so that the two never wait for each other in a circle.
"""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import files, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.money import ZERO, fen, yuan
from procurement.lifecycle import ledger
from procurement.lifecycle.fund import ADJUST, beyond_received
from procurement.lifecycle.fund import LIFE as FUND_LIFE
from procurement.models import Fund, FundAdjustment
from procurement.permissions import may_keep_funds


def _keeps(user, adjustment):
    return may_keep_funds(user, adjustment.fund)


def _second_person(adjustment, actor):
    if adjustment.created_by_id == actor.pk:
        return Refusal("same_person", _("Whoever proposed the adjustment does not decide it."), todo=_("Ask a second person: the accountant, the leader or the finance bureau."))
    return None


def _decidable(adjustment, actor):
    return _second_person(adjustment, actor) or impossible(adjustment.fund, adjustment.direction, adjustment.amount, adjustment.target, adjustment.promised)


def _own(adjustment, actor):
    return None if adjustment.created_by_id == actor.pk else Refusal("not_own", _("Only whoever proposed the adjustment takes it back."), todo=_("Turn it down instead."))


APPROVE = Step("approve", _("Approve the adjustment"), ("proposed",), "approved", _keeps, _decidable, tone="success", waits_for=_("a second person"), hint=_("The amount moves at once."))
REFUSE = Step("refuse", _("Turn it down"), ("proposed",), "refused", _keeps, _second_person, tone="danger", needs_reason=True)
DROP = Step("drop", _("Take the proposal back"), ("proposed",), "dropped", _keeps, _own, tone="secondary")
LIFE = Life(
    "fundadjustment", FundAdjustment,
    states={
        "proposed": pgettext_lazy("adjustment", "proposed"), "approved": pgettext_lazy("adjustment", "approved"), "refused": pgettext_lazy("adjustment", "turned down"),
        "dropped": pgettext_lazy("adjustment", "taken back"),
    },
    steps=(APPROVE, REFUSE, DROP), initial="proposed",
)  # fmt: skip


def impossible(fund, direction, amount, target=None, promised=False):
    """Why this much (yuan) cannot be added, taken or moved as the funds stand, or None."""
    for row in (fund, target):
        if row is not None and row.status != "approved":
            return Refusal("fund_not_approved", _("“{fund}” is “{state}”: only approved money is adjusted.").format(fund=row, state=row.status_label))
    if direction != "raise" and fund.free < amount:
        return Refusal(
            "below_committed",
            _("“{fund}” has {free} yuan free; {amount} yuan less would be below what is committed.").format(fund=fund, free=f"{fund.free:,.2f}", amount=f"{amount:,.2f}"),
            todo=_("Lower it by less, or release commitments first."),
            field="amount",
        )
    grown = fund if direction == "raise" else target
    return beyond_received(grown, grown.amount + amount, "promised" if promised else grown.pledge) if grown else None


@FUND_LIFE.verb(ADJUST)
@transaction.atomic
def adjust(fund, *, actor, direction, amount, document, reason, scan, target=None, promised=False):
    """Propose to raise or lower `fund` by `amount` yuan, or to move it to `target` (same purchaser and year); `scan` is the document's file.

    Raises Refusal: amount, document_missing, target, below_committed, not_received. Returns the FundAdjustment.
    """
    amount, document = yuan(amount), document.strip()
    if amount <= 0:
        raise Refusal("amount", _("An adjustment needs an amount above zero."), field="amount")
    if not document or not reason.strip():
        raise Refusal("document_missing", _("An adjustment names its document and its reason."), field="document")
    if (direction == "move") != (target is not None) or target == fund:
        raise Refusal("target", _("Name the fund the money moves to, and only for a move."), field="target")
    if target is not None and (target.purchaser_id, target.fiscal_year) != (fund.purchaser_id, fund.fiscal_year):
        raise Refusal("target", _("Money moves only between funds of the same purchaser and year."), field="target")
    fund = advance(fund, ADJUST, actor=actor, reason=reason, params={"direction": direction, "amount": str(amount), "document": document, **({"target": target.pk} if target else {})})
    if refusal := impossible(fund, direction, amount, target, promised):
        raise refusal
    row = FundAdjustment.objects.create(
        fund=fund, direction=direction, target=target, amount=amount, document=document[:80], reason=reason.strip()[:300], promised=promised, status="proposed", created_by=actor
    )
    files.attach(row, scan, "proof", actor=actor)
    trail.record(row, "create", actor=actor, to_status="proposed", params={"amount": str(amount), "direction": direction})
    return row


@LIFE.verb(APPROVE)
@transaction.atomic
def approve(adjustment, *, actor, happened_on=None, reason=""):
    """The second person agrees: amounts move, the ledger says so. The row CHECK has the last word against a commitment at the same moment."""
    locked = {row.pk: row for row in Fund.objects.select_for_update().filter(pk__in=[adjustment.fund_id, adjustment.target_id]).order_by("id")}
    adjustment = advance(adjustment, APPROVE, actor=actor, happened_on=happened_on, reason=reason, params={"amount": str(adjustment.amount), "document": adjustment.document})
    fund, target, amount = locked[adjustment.fund_id], locked.get(adjustment.target_id), adjustment.amount
    own = amount if adjustment.direction == "raise" else -amount
    try:
        with transaction.atomic():
            _move(fund, own, adjustment)
            if target:
                _move(target, amount, adjustment)
    except IntegrityError:
        fund.refresh_from_db()
        raise impossible(fund, adjustment.direction, amount, target, adjustment.promised) or Refusal("lost_race", _("Somebody else has just used this money."), todo=_("Reload the page.")) from None
    for row, part in ((fund, own), (target, amount)):
        if row is not None:
            ledger.enter(row, "adjusted", actor=actor, amount=part, reference=adjustment.document, happened_on=happened_on)
    return adjustment


def _move(fund, amount, adjustment):
    promise = {"pledge": adjustment.document} if adjustment.promised and fund.has_income and amount > ZERO else {}
    Fund.objects.filter(pk=fund.pk).update(amount=F("amount") + fen(amount), **promise)


@LIFE.verb(REFUSE)
@transaction.atomic
def refuse(adjustment, *, actor, reason="", happened_on=None):
    """Turn it down, with the reason; nothing moves."""
    return advance(adjustment, REFUSE, actor=actor, reason=reason, happened_on=happened_on)


@LIFE.verb(DROP)
@transaction.atomic
def drop(adjustment, *, actor, reason="", happened_on=None):
    """Whoever proposed it takes it back."""
    return advance(adjustment, DROP, actor=actor, reason=reason, happened_on=happened_on)
