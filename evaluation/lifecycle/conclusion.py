"""The end of an evaluation: everything settled, sheets complete and agreeing, the result computed from stored inputs, the report handed over."""

import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from evaluation.lifecycle import claims, low_prices, names, questions, results, seats, sheets
from evaluation.lifecycle import panel as panels
from evaluation.lifecycle.low_prices import LOW_REASONS, explain_low, mark_low_prices, raise_low, rejected
from kernel import clock, rules
from kernel.lifecycle import Refusal, advance
from kernel.notices import register
from procurement import methods
from procurement.lifecycle import award, quotes
from procurement.models import Bid, Tender

__all__ = ["LOW_REASONS", "conclude", "explain_low", "mark_low_prices", "objection_to_conclusion", "raise_low", "rejected"]
register("panel_called", _("You are on the panel for “{title}”. Please declare that nothing stands between you and the bidders."))


def _sheets_objection(panel, members, bids, actor):
    article = rules.get("C04").article
    for member in members:
        if sheets.missing_scores(panel, member):
            return Refusal("incomplete", _("{name}'s sheet is not complete.").format(name=names.told(panel, [member], actor)), article=article, todo=_("The leader opens it again."))
    if differing := sheets.disagreeing(panel, members, bids):
        bid, item = differing[0]
        return Refusal("objective", _("“{item}” is objective, but the members differ on {bid}.").format(item=item, bid=bid), article=rules.get("C12").article, todo=_("The leader opens the sheets again; members correct them."))
    if rows := sheets.unexplained(panel):
        row = rows[0]
        sentence = _("{name}'s score of {bid} on “{item}” lies far from the others' and has no note.").format(name=names.told(panel, [row.member], actor), bid=row.bid, item=row.item)
        return Refusal("extreme", sentence, article=rules.get("C12").article, todo=_("The leader opens the sheet again; the member explains or corrects it."))
    return None


def objection_to_conclusion(panel, actor=None):
    """Why the evaluation can't end now, or None; members are named to the panel alone."""
    members, tender = panel.seated(), panel.tender
    waiting = [member for member in members if member.submitted_at is None] if methods.ranking_of(tender) == "points" else []
    if waiting:
        return Refusal("waiting", _("Scores are still missing from: {names}.").format(names=names.told(panel, waiting, actor)), article=rules.get("C04").article)
    fallen = rejected(panel)
    bids = [bid for bid in seats.valid_bids(panel) if bid.pk not in fallen]
    if methods.ranking_of(tender) == "points" and (refusal := _sheets_objection(panel, members, bids, actor)):
        return refusal
    if refusal := seats.composition(panel, members=members, with_leader=True):
        return refusal
    if rows := questions.unsettled(panel):
        return Refusal("correction", _("{bid} has not confirmed the correction of its price.").format(bid=rows[0].bid), article=rules.get("C07").article, todo=_("Wait for its answer, or record that it is invalid."))
    if unread := quotes.objection_to_ranking(tender, bids):
        return unread
    if waiting := low_prices.unjudged(panel):
        bid = Bid.objects.filter(pk=waiting[0]).select_related("organization").first()
        return Refusal("low_price", _("The low price of {bid} is not yet judged.").format(bid=bid), article=rules.get("C08").article, todo=_("Hear the bidder and record the panel's view."))
    if open_ := [bid for bid in claims.undecided(panel) if bid.pk not in fallen]:
        return Refusal("claim", _("Say whether {bid} has shown the declaration for the price deduction.").format(bid=open_[0]), article=rules.get("C09").article, todo=_("The leader records it on the panel's page."))
    return seats.too_few(panel, fallen) or _few_candidates(tender, bids)


def _few_candidates(tender, bids):
    figure = methods.figure(tender, "candidates") if tender.is_statutory else None
    if figure is None:
        return None
    least = methods.least(tender, "candidates")
    for lot in tender.lots.filter(status="opened"):
        if sum(bid.lot_id == lot.pk for bid in bids) < least:
            return Refusal("few_candidates", _("At least {least} candidates are to be named for “{lot}”.").format(least=least, lot=lot), article=figure.article, todo=_("Stop it with a termination notice."))
    return None


@panels.LIFE.verb(panels.CONCLUDE)
@rules.carries("C03", "C04", "C05", "C06", "B16", "D01")
@transaction.atomic
def conclude(panel, *, actor, report="", happened_on=None, reason=""):
    """Compute and freeze the result with its inputs, write the report, hand it to the purchaser (record_scores). `report`: the panel's own words."""
    panel = advance(panel, panels.CONCLUDE, actor=actor, happened_on=happened_on, reason=reason)
    panel.low_prices = low_prices.low_found(panel)
    panel.save(update_fields=["low_prices"])
    low_prices.invalidate(panel, actor)
    seated = [{"id": member.pk, "name": str(member.user), "expert": member.is_expert, "leader": member.is_leader} for member in panel.sitting()]
    panel.report, panel.concluded_at = report, clock.now()
    panel.result = {"members": seated}
    panel.save(update_fields=["report", "concluded_at", "result"])
    version = results.keep_version(panel, results.inputs_of(panel, secrets.token_hex(16)), actor=actor)
    tender = results.refresh_tender(panel)
    Tender.objects.filter(pk=tender.pk).update(opening_record={**tender.opening_record, "panel": [row["name"] for row in seated]})
    tender.refresh_from_db()
    award.record_scores(tender, results.ranks_of(version.result), actor=actor, happened_on=happened_on)
    return panel
