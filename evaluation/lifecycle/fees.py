"""评审费发放表: what each drawn expert earns, by the purchaser's rates of the day the evaluation ended; its own staff earn nothing (practice 7)."""

from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from communities.models import Membership
from evaluation.lifecycle import seats
from evaluation.models import ExpertFee
from kernel import clock, trail
from kernel.lifecycle import Refusal
from kernel.money import ZERO, yuan
from procurement.lifecycle.configuration import fee_rate_for


def day_of(panel):
    """The day whose rates count: that of the conclusion, today while it is not over."""
    return panel.concluded_at.astimezone(clock.ZONE).date() if panel.concluded_at else clock.today()


def rate_of(panel):
    return fee_rate_for(panel.tender.purchaser, day_of(panel))


def fee_for(rate, session, days=Decimal(1), overtime=Decimal(0), travel=ZERO):
    """(base, overtime pay, total) in yuan by the rates: half a day, a day, or so many days; overtime by the hour; travel as it was."""
    base = yuan({"half": rate.half_day, "day": rate.day}.get(session, rate.day * days))
    extra = yuan(rate.overtime_hour * overtime)
    return base, extra, base + extra + yuan(travel)


def is_paid(panel, member):
    """Whether a member may be paid at all: experts who sat, never staff of the purchaser. One who left before anything was judged earns nothing."""
    if not member.is_expert:
        return False
    day = clock.today()
    at_home = Membership.objects.filter(user=member.user_id, purchaser=panel.purchaser_id, starts_on__lte=day).exclude(ends_on__lt=day)
    return not at_home.exists()


@transaction.atomic
def set_fee(panel, member, *, actor, session, days=Decimal(1), overtime=Decimal(0), travel=ZERO, note=""):
    """Enter (or correct) what one expert earns. Raises Refusal: no expert, own staff, travel above the rate; PermissionDenied."""
    panel = seats.locked(panel)
    seats.handler_acts(panel, actor)
    if panel.status not in ("checking", "scoring", "concluded"):
        raise Refusal("not_begun", _("Nothing has been judged yet."))
    if not is_paid(panel, member):
        raise Refusal("own_staff", _("Only experts from outside are paid; staff of the purchaser never are."), todo=_("Their work is part of their duty."))
    rate = rate_of(panel)
    if yuan(travel) > rate.travel_most:
        raise Refusal("travel", _("Travel is paid up to {most} yuan.").format(most=rate.travel_most), field="travel")
    if overtime < 0 or days <= 0:
        raise Refusal("negative", _("Time and money are never negative."), field="overtime")
    base, extra, amount = fee_for(rate, session, days, overtime, travel)
    values = {"session": session, "days": days, "overtime": overtime, "travel": yuan(travel), "base": base, "overtime_pay": extra, "amount": amount, "note": note.strip()[:120], "decided_by": actor}
    fee, _made = ExpertFee.objects.update_or_create(member=member, defaults=values)
    trail.record(panel, "fee", actor=actor, params={"member": member.user_id, "amount": str(amount)})
    return fee


def sheet(panel):
    """(rows, total): fees entered so far in the order of the members, and their sum in yuan."""
    rows = list(ExpertFee.objects.filter(member__panel=panel).select_related("member__user__expert").order_by("member"))
    return rows, sum((row.amount for row in rows), ZERO)
