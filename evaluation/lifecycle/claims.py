"""The policy deduction of one bidder (C09, C10): what the panel found of the declaration, and the percent that follows by rule."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from evaluation.arithmetic.prices import ENTERPRISES, SMALL, Claim, deduction
from evaluation.lifecycle import seats
from evaluation.lifecycle.sheets import only_leader
from evaluation.models import PriceClaim
from kernel import clock, rules, trail
from kernel.lifecycle import Refusal
from procurement import methods
from procurement.lifecycle.evaluation_terms import deductions_of


def percent_of(tender, organization, declared, small_share=None):
    """The percent taken off this organization's quote in this purchase (Decimal)."""
    known = methods.law(tender)
    full, partial = deductions_of(tender, known)
    if not full and not partial:
        return full
    return deduction(Claim(organization.kind, organization.size, declared, small_share), known.get("C09"), full=full, partial=partial)


def is_asked(bid, tender):
    """Whether the panel has to look for this bidder's declaration: only an enterprise or an individual business of small or micro size can have one."""
    return any(deductions_of(tender)) and bid.organization is not None and bid.organization.kind in ENTERPRISES and bid.organization.size in SMALL


@rules.carries("C09", "C10")
@transaction.atomic
def decide_claim(panel, bid, *, actor, declared, small_share=None, note=""):
    """Record what the panel found: the signed declaration is there or not, in a consortium or with a subcontract the small share (percent).

    The percent follows by rule and only changes the price under review, never the contract price. Raises Refusal, PermissionDenied.
    """
    panel = seats.locked(panel)
    only_leader(panel, actor, _("Only the panel's leader records this."))
    if panel.status not in ("checking", "scoring") or bid.pk not in {row.pk for row in seats.valid_bids(panel)}:
        raise Refusal("not_judged", _("This response is not under evaluation."))
    if not any(deductions_of(panel.tender)):
        raise Refusal("no_deduction", _("This purchase knows no price deduction."), article=rules.get("C09").article)
    percent = percent_of(panel.tender, bid.organization, declared, small_share)
    values = {"declared": declared, "small_share": small_share, "percent": percent, "note": note.strip()[:200], "decided_by": actor, "decided_at": clock.now()}
    claim, _made = PriceClaim.objects.update_or_create(panel=panel, bid=bid, defaults=values)
    trail.record(panel, "claim", actor=actor, params={"bid": bid.pk, "declared": declared, "small_share": str(small_share or ""), "percent": str(percent)})
    return claim


def undecided(panel):
    """Bids whose declaration the panel has to look at and has not."""
    known = set(panel.claims.values_list("bid", flat=True))
    return [bid for bid in seats.valid_bids(panel) if is_asked(bid, panel.tender) and bid.pk not in known]
