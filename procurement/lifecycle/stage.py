"""The life of a payment stage 支付节点, and the arithmetic of the stage plan.

waiting      its condition is not met, or nobody has asked for the money yet
requested    a payment request is on its way
part_paid    what was not questioned is paid; what is withheld may be asked for once it is cleared
paid         nothing more will come

A stage moves only together with its payment request. What is withheld (`held`) is the sum of its clearance rows.
"""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.lifecycle import Life, Refusal, Step
from kernel.money import ZERO, share, yuan
from procurement.models import PaymentStage

# The common plan of street contracts (rules.md 3.2: 30/50/20 at Fenghuang street); a proposal the drafter edits.
USUAL_PLAN = (("signed", Decimal(30)), ("progress", Decimal(50)), ("closing", Decimal(20)))
USUAL_NAMES = {"signed": "首付款", "date": "定期款", "progress": "进度款", "closing": "尾款"}
SETTLED_ACTIVITY = ("answered", "checked", "cancelled")


def anyone(user, stage):
    """Stages are moved by the verbs of payment requests, which ask who may."""
    return True


REQUEST = Step("request", _("Payment asked for"), ("waiting", "part_paid"), "requested", anyone, waits_for=_("provider"), by_code=True)
REOPEN = Step("reopen", _("Payment request taken back"), ("requested",), "waiting", anyone, tone="secondary", by_code=True)
REOPEN_REST = Step("reopen_rest", _("Payment request taken back"), ("requested",), "part_paid", anyone, tone="secondary", by_code=True)
PART_PAY = Step("part_pay", _("Paid in part"), ("requested",), "part_paid", anyone, tone="secondary", by_code=True)
PAY = Step("pay", _("Paid"), ("requested",), "paid", anyone, by_code=True)
BOUNCE = Step("bounce", _("Returned by the bank"), ("paid", "part_paid"), "requested", anyone, tone="secondary", by_code=True)
LIFE = Life(
    "stage",
    PaymentStage,
    states={"waiting": _("waiting for its condition"), "requested": _("asked for"), "part_paid": _("paid in part"), "paid": _("paid")},
    steps=(REQUEST, PAY, PART_PAY, REOPEN, REOPEN_REST, BOUNCE),
    initial="waiting",
    root=lambda stage: stage.contract,
)


def split(amount, percents):
    """A contract amount (yuan) over percents: each half up to the fen, the last takes the rest. Never negative, always sums to the amount."""
    rest, parts = yuan(amount), []
    for percent in percents[:-1]:
        part = min(share(amount, percent), rest)
        parts.append(part)
        rest -= part
    return [*parts, rest] if percents else []


def payable(stage):
    """What may be asked for on a stage now (yuan): its amount, less what was paid, less what is held."""
    return max(stage.amount - stage.paid - stage.held, ZERO)


def is_last(stage):
    """Whether no later stage follows: only the last settles downward."""
    return not PaymentStage.objects.filter(contract=stage.contract_id, order__gt=stage.order).exists()


def met_on(stage):
    """The day the stage's condition was met, or None while it is not."""
    contract = stage.contract
    if stage.condition == "signed":
        return contract.signed_on
    if stage.condition == "date":
        return stage.condition_date if stage.condition_date and stage.condition_date <= clock.today() else None
    if stage.condition == "closing":
        closing = getattr(contract, "closing", None)
        return closing.accepted_on if closing and closing.status == "accepted" else None
    rows = [row for row in stage.activities.all() if row.status != "cancelled"]
    if any(row.status not in SETTLED_ACTIVITY for row in rows):
        return None
    days = [row.reported_at.astimezone(clock.ZONE).date() for row in rows if row.reported_at]
    days += [row.community_at.astimezone(clock.ZONE).date() for row in rows if row.community_at]
    return max(days, default=contract.signed_on)


def objection(stage):
    """Why nothing can be asked for on this stage now, or None. An unfinished third-party check is no objection: only what it questions is held (E04)."""
    contract = stage.contract
    if contract.status not in ("performing", "terminated"):
        return Refusal("contract_not_running", _("The contract is “{state}”: nothing can be asked for.").format(state=contract.status_label))
    if stage.status == "requested":
        return Refusal("already_requested", _("A payment of this stage is already on its way."), todo=_("Wait for it, or take it back."))
    if stage.status == "paid":
        return Refusal("stage_paid", _("This stage is paid."))
    if contract.status == "performing" and met_on(stage) is None:
        return _unmet(stage)
    if payable(stage) <= 0:
        return Refusal(
            "nothing_payable",
            _("Nothing of this stage can be asked for: {held} yuan are withheld.").format(held=f"{stage.held:,.2f}"),
            todo=_("Answer the findings first."),
        )
    return None


def _unmet(stage):
    if stage.condition == "date":
        return Refusal("not_yet", _("This stage is due from {day} on.").format(day=stage.condition_date or "—"))
    if stage.condition == "closing":
        return Refusal("closing_open", _("The closing has not been accepted yet."), todo=_("Submit the closing; the balance follows its acceptance."))
    if stage.condition == "progress":
        open_rows = [row.title for row in stage.activities.all() if row.status not in SETTLED_ACTIVITY]
        names = "、".join(open_rows[:3])
        return Refusal(
            "activities_open",
            _("{count} activities of this stage are not confirmed yet: {names}.").format(count=len(open_rows), names=names),
            todo=_("Report them; the community confirms. If it stays silent, the street verifies."),
        )
    return Refusal("not_signed", _("The contract is not signed yet."))
