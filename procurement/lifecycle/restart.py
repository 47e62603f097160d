"""Buying anew after a failure: the next draft with everything copied, linked both ways, by the same or another lawful method.

After a failed open tender two suppliers may negotiate with approval (法 第30条第1项; 财政部令第74号 第27条). That one bidder came never proves that
there is only one (B19). The openers are named again and prove their passphrase anew: every purchase has its own key.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import rules, trail
from kernel.lifecycle import Refusal
from kernel.rules import carries
from procurement import drafting, methods
from procurement.lifecycle import evaluation_terms, opening
from procurement.lifecycle import framework as frameworks
from procurement.lifecycle import tender as tenders
from procurement.models import FrameworkItem, Lot, Tender

COPIED = ("requirements", "qualification", "contract_terms", "contact", "price_weight", "max_lots_won", "intention_on", "venue", "external_platform", "agency")
TENDERS = ("open_tender", "invited_tender")


@dataclass(frozen=True)
class Way:
    """One method for the next try: whether it may be chosen, its lawful case, what the law says of it, whether the finance bureau approves first."""

    method: str
    label: object
    case: str
    why: object
    article: str
    approval: bool = False


def failed_lots(tender):
    """The lots that ended without a provider."""
    return [lot for lot in tender.lots.all() if lot.status == "failed"]


def successors(tender):
    """Later purchases that follow this one and were not given up."""
    return list(tender.followed_by.exclude(status="cancelled").order_by("pk"))


def objection_to_restart(tender, actor=None):
    """Why this purchase can't be bought anew, or None."""
    lots = failed_lots(tender)
    if tender.status not in ("failed", "awarded") or not lots:
        return Refusal("not_failed", _("Only a purchase or lot that ended without a provider is bought anew."))
    if tender.collects and tender.status == "failed":
        return None if not successors(tender) else Refusal("restarted", _("It is being bought anew already."), todo=_("Open the next purchase."))
    try:
        drafting.check_projects([lot.project for lot in Lot.objects.filter(pk__in=[lot.pk for lot in lots]).select_related("project__purchaser")], tender.method)
    except Refusal as refusal:
        return refusal
    return None


def ways_after(tender):
    """The methods the next try may use, the same one first, each with what the law says. Self-run purchases stay self-run."""
    labels, own = dict(Tender.METHODS), methods.get(tender.method)
    same = Way(tender.method, labels[tender.method], tender.method_case, _("Collect again; look first at what kept suppliers away."), own.article)
    if not tender.is_statutory or tender.method == "framework":
        return [same]
    reached = drafting.open_tender_from(_as(tender, "negotiation")) is not None
    ways, negotiation, consultation = [same], methods.get("negotiation"), methods.get("consultation")
    if tender.method in TENDERS:
        case = negotiation.case("failed_tender")
        why = _("After a tender without qualified bids; with the finance bureau's approval two suppliers suffice.")
        ways.append(Way("negotiation", labels["negotiation"], case.code, why, f"{case.article}；{rules.get('B15').article}", True))
    elif tender.method == "consultation":
        why = _("Only for a complex or urgent need or an unknown total; say which and why.")
        ways.append(Way("negotiation", labels["negotiation"], "", why, negotiation.article, reached))
    if tender.method != "consultation":
        ways.append(Way("consultation", labels["consultation"], "services", _("Government purchase of services is a named case; record the reason."), consultation.article, reached))
    if tender.method != "open_tender":
        ways.append(Way("open_tender", labels["open_tender"], "", _("Always possible."), methods.get("open_tender").article))
    single = methods.get("single_source")
    ways.append(Way("single_source", labels["single_source"], "", _("One bidder having come does not prove that there is only one; the case is argued on its own."), f"{single.article}；{rules.get('B19').article}", reached))
    return ways


def _as(tender, method):
    """The same purchase as if by another method, never saved."""
    other = Tender(pk=tender.pk, method=method, purchaser=tender.purchaser)
    other._prefetched_objects_cache = {"lots": tender.lots.all()}
    return other


@carries("B19")
@transaction.atomic
def restart(tender, *, actor, method="", method_case="", method_reason=""):
    """The next draft for what failed of a purchase: texts, scoring, lots and openers copied, `follows` set. Raises Refusal, PermissionDenied. Returns the Tender."""
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    drafting.check_handler(actor, tender)
    if refusal := objection_to_restart(tender, actor):
        raise refusal
    way = next((row for row in ways_after(tender) if row.method == (method or tender.method)), None)
    if way is None:
        raise Refusal("method", _("The next try can't use this method."), article=methods.get(tender.method).article, field="method")
    if not method_reason.strip():
        raise Refusal("reason_missing", _("Say why this method is used now."), article=way.article, field="method_reason")
    lots = failed_lots(tender)
    kept = {name: getattr(tender, name) for name in COPIED}
    if way.method == tender.method:
        kept["ranking"] = tender.ranking
    items = [{name: getattr(row, name) for name in ("number", "kind", "name", "standard", "points", "scale", "legal_basis")} for row in tender.score_items.all()]
    items = items if "points" in methods.get(way.method).ranking and way.method != "single_source" else []
    case, reason = method_case or way.case, method_reason.strip()[:300]
    if tender.method == "framework":
        made = _collect_again(tender, lots, actor, case, reason, items, kept)
    else:
        rows = [{"project": lot.project, "title": lot.title, "ceiling": lot.ceiling} for lot in Lot.objects.filter(pk__in=[lot.pk for lot in lots]).select_related("project__purchaser__place").order_by("order")]
        made = tenders.create_tender([row["project"] for row in rows], actor=actor, method=way.method, title=tender.title, lots=rows, score_items=items, follows=tender, method_case=case, method_reason=reason, **kept)
    evaluation_terms.copy_terms(tender, made)
    _same_openers(tender, made, actor)
    trail.record(tender, "restart", actor=actor, reason=reason, params={"next": made.pk, "method": way.method, "lots": [lot.pk for lot in lots]})
    return made


def _collect_again(tender, lots, actor, case, reason, items, kept):
    rows, found = [], FrameworkItem.objects.filter(lot__in=lots).select_related("lot", "framework", "refills").order_by("lot__order")
    for item in found:
        rows.append({"name": item.lot.title, "unit": item.unit, "ceiling": item.lot.ceiling, "quality": item.quality, "wanted": item.wanted, "refills": item.refills})
    return frameworks.collect(found[0].framework, rows, actor=actor, follows=tender, method_case=case, method_reason=reason, score_items=items or None, plan_number=tender.plan_number, **kept)


def _same_openers(tender, made, actor):
    """The openers of the purchase before, as far as they may still open this one."""
    rows = list(tender.openers.select_related("user").order_by("pk"))
    main, spare = [row.user for row in rows if not row.alternate], [row.user for row in rows if row.alternate]
    if made.seal != "openers" or made.venue != "internal" or not main:
        return
    try:
        with transaction.atomic():
            opening.appoint_openers(made, main, spare, actor=actor)
    except Refusal:
        return  # somebody left the office or has no key any more: the handler names others on the draft
