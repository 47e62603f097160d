"""The policy deduction of one bidder (C09, C10): what the panel found of the declaration, and the percent that follows by rule."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from evaluation.arithmetic.prices import ENTERPRISES, SMALL, Claim, deduction
from evaluation.lifecycle import seats
from evaluation.lifecycle.sheets import only_leader
from evaluation.models import PriceClaim
from kernel import clock, rules, trail
from kernel.lifecycle import Refusal
from procurement import methods, responses
from procurement.lifecycle.evaluation_terms import deductions_of


def percent_of(tender, organization, declared, small_share=None, size=""):
    """The percent taken off this organization's quote in this purchase (Decimal). `size`: as it declares itself, else as registered."""
    known = methods.law(tender)
    full, partial = deductions_of(tender, known)
    if not full and not partial:
        return full
    return deduction(Claim(organization.kind, size or organization.size, declared, small_share), known.get("C09"), full=full, partial=partial)


def is_asked(bid, declared):
    """Whether the panel has to look for this bidder's declaration: an enterprise or individual business of small or micro size, by the registry
    or by its own word, or a response that names a small share."""
    enterprise = bid.organization is not None and bid.organization.kind in ENTERPRISES
    return enterprise and (bid.organization.size in SMALL or declared.size in SMALL) or bool(declared.small_share)


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
    percent = percent_of(panel.tender, bid.organization, declared, small_share, responses.declared(bid).size)
    values = {"declared": declared, "small_share": small_share, "percent": percent, "note": note.strip()[:200], "decided_by": actor, "decided_at": clock.now()}
    claim, _made = PriceClaim.objects.update_or_create(panel=panel, bid=bid, defaults=values)
    trail.record(panel, "claim", actor=actor, params={"bid": bid.pk, "declared": declared, "small_share": str(small_share or ""), "percent": str(percent)})
    return claim


def undecided(panel):
    """Bids whose declaration the panel has to look at and has not."""
    if not any(deductions_of(panel.tender)):
        return []
    known, bids = set(panel.claims.values_list("bid", flat=True)), list(seats.valid_bids(panel))
    said = responses.all_declared(bids)
    return [bid for bid in bids if bid.pk not in known and is_asked(bid, said[bid.pk])]
