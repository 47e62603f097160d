"""The end of an evaluation: low prices judged (C08), sheets complete and agreeing, price scores, averages, ranks, report, hand-over."""

import secrets
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from evaluation import scoring
from evaluation.lifecycle import panel as panels
from evaluation.models import Panel, Score
from evaluation.permissions_panel import may_conclude
from kernel import clock, rules, trail
from kernel.lifecycle import Refusal, advance
from kernel.notices import register
from procurement import timetable
from procurement.lifecycle import award, quotes
from procurement.models import Bid, Tender

register("panel_called", _("You are on the panel for “{title}”. Please declare that nothing stands between you and the bidders."))

LOW_REASONS = {"mean": "低于全部合格报价平均值的规定比例", "second": "低于次低报价的规定比例", "ceiling": "低于最高限价的规定比例"}


def mark_low_prices(panel):
    """C08: note each lot's abnormally low raw quotes; each must be explained before the end. Not automatic rejection."""
    rule = timetable.law(panel.tender).rules.get("C08")
    found = {}
    if rule:
        for lot in panel.tender.lots.filter(status="opened"):
            quotes = {str(bid.pk): bid.price for bid in panels.valid_bids(panel) if bid.lot_id == lot.pk}
            found |= {key: {"reasons": why, "accepted": None, "note": ""} for key, why in scoring.low_prices(quotes, lot.ceiling, rule).items()}
    Panel.objects.filter(pk=panel.pk).update(low_prices=found)
    panel.low_prices = found
    return panel


@rules.carries("C08")
@transaction.atomic
def explain_low(panel, bid, *, actor, accepted, note):
    """The panel's word on a low price after the bidder's explanation: accepted, or invalid with the reason. Raises Refusal, PermissionDenied."""
    from django.core.exceptions import PermissionDenied

    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    if not may_conclude(actor, panel):
        raise PermissionDenied(str(_("Only the panel's leader records this.")))
    if panel.status != "scoring" or str(bid.pk) not in panel.low_prices:
        raise Refusal("not_low", _("This price is not under review."))
    if not note.strip():
        raise Refusal("reason_missing", _("Write down the bidder's explanation and the panel's view."), article=rules.get("C08").article, field="note")
    panel.low_prices[str(bid.pk)] |= {"accepted": bool(accepted), "note": note.strip()[:300], "by": actor.pk, "at": clock.now().isoformat()}
    panel.save(update_fields=["low_prices"])
    trail.record(panel, "explain_low", actor=actor, reason=note, params={"bid": bid.pk, "accepted": bool(accepted)})
    return panel


def _disagreeing(panel, members, bids):
    """Objective items on which members differ: [(bid, item)] (64条)."""
    objective = [item for item in panels.judged_items(panel) if item.kind == "objective"]
    rows = Score.objects.filter(member__in=members, item__in=objective).values_list("bid_id", "item_id", "points")
    seen = {}
    for bid_id, item_id, points in rows:
        seen.setdefault((bid_id, item_id), set()).add(points)
    names = {bid.pk: bid for bid in bids}
    items = {item.pk: item for item in objective}
    return [(names[bid_id], items[item_id]) for (bid_id, item_id), points in seen.items() if len(points) > 1 and bid_id in names]


def rejected(panel):
    """Ids of bids whose low price the panel did not accept."""
    return {int(key) for key, row in panel.low_prices.items() if row.get("accepted") is False}


def objection_to_conclusion(panel):
    """Why the evaluation can't end now, or None."""
    members = list(panel.sitting())
    if waiting := [str(member.user) for member in members if member.submitted_at is None]:
        return Refusal("waiting", _("Scores are still missing from: {names}.").format(names="、".join(waiting)), article=rules.get("C04").article)
    if refusal := panels._composition(panel, members=members):
        return refusal
    bids = [bid for bid in panels.valid_bids(panel) if bid.pk not in rejected(panel)]
    for member in members:
        if panels.missing_scores(panel, member):
            return Refusal("incomplete", _("{name}'s sheet is not complete.").format(name=member.user), article=rules.get("C04").article, todo=_("The leader opens it again."))
    if differing := _disagreeing(panel, members, bids):
        bid, item = differing[0]
        return Refusal("objective", _("“{item}” is objective, but the members differ on {bid}.").format(item=item, bid=bid), article=rules.get("C12").article, todo=_("The leader opens the sheets again; members correct them."))
    if open_rows := [key for key, row in panel.low_prices.items() if row["accepted"] is None]:
        bid = Bid.objects.filter(pk=int(open_rows[0])).select_related("organization").first()
        return Refusal("low_price", _("The low price of {bid} is not yet judged.").format(bid=bid), article=rules.get("C08").article, todo=_("Hear the bidder and record the panel's view."))
    tender = panel.tender
    if tender.quotes_until and clock.now() < tender.quotes_until:
        return Refusal("quotes", _("Final quotes are still open."), article=rules.get("B12").article, todo=_("Wait until their time has run out."))
    if refusal := panels.too_few(panel, rejected(panel)):
        return refusal
    if quotes.unread(tender):
        return Refusal("quotes", _("The final quotes are not read yet."), article=rules.get("B12").article, todo=_("The handler reads them on the purchase's page."))
    return None


@panels.LIFE.verb(panels.CONCLUDE)
@rules.carries("C03", "C04", "C05", "D01")
@transaction.atomic
def conclude(panel, *, actor, report="", happened_on=None, reason=""):
    """Compute and freeze the result, write the report, hand it to the purchaser (record_scores). `report`: the panel's own words."""
    panel = advance(panel, panels.CONCLUDE, actor=actor, happened_on=happened_on, reason=reason)
    _invalidate(panel, actor)
    seed, result, rows = secrets.token_hex(16), {"lots": []}, []
    for lot in panel.tender.lots.filter(status="opened").order_by("order"):
        lines = ranked_lines(panel, lot, seed)
        rows += [{"bid": line.bid, "score": line.total, "rank": line.rank} for line in lines]
        result["lots"].append({"lot": lot.pk, "lines": [_as_json(line) for line in lines]})
    names = [{"name": str(member.user), "expert": member.is_expert, "leader": member.is_leader} for member in panel.sitting()]
    panel.report, panel.concluded_at = report, clock.now()
    panel.result = {**result, "seed": seed, "members": names}
    panel.save(update_fields=["report", "concluded_at", "result"])
    tender = Tender.objects.select_for_update().get(pk=panel.tender_id)
    Tender.objects.filter(pk=tender.pk).update(opening_record={**tender.opening_record, "panel": [row["name"] for row in names]})
    tender.refresh_from_db()
    award.record_scores(tender, rows, actor=actor, happened_on=happened_on)
    return panel


def _invalidate(panel, actor):
    """Low prices the panel did not accept make their bids invalid."""
    from procurement.lifecycle import bid as bids

    for bid in Bid.objects.filter(pk__in=rejected(panel)):
        note = f"报价异常低且不能证明其合理性：{panel.low_prices[str(bid.pk)]['note']}"[:300]
        advance(bid, bids.REJECT, actor=actor, reason=note, changes={"invalid_reason": note})


def ranked_lines(panel, lot, seed):
    """The scored and ranked lines of one lot."""
    places = rules.get("C04").value("decimals")
    bids = [bid for bid in panels.valid_bids(panel) if bid.lot_id == lot.pk]
    if not bids:
        return []
    base = min(bid.amount for bid in bids)
    points = next((item.points for item in panel.tender.score_items.all() if item.kind == "price"), Decimal(0))
    sums = {}
    for bid_id, member_id, given in Score.objects.filter(member__in=panel.sitting(), bid__in=bids).values_list("bid_id", "member_id", "points"):
        sums.setdefault(bid_id, {}).setdefault(member_id, Decimal(0))
        sums[bid_id][member_id] += given
    lines = [
        scoring.Line(bid, bid.amount, scoring.average(sums[bid.pk].values(), places), scoring.price_score(bid.amount, base, points, places) if points else Decimal(0), sums[bid.pk])
        for bid in bids
    ]
    return scoring.ranked(lines, seed)


def _as_json(line):
    return {
        "bid": line.bid.pk, "organization": str(line.bid.organization), "quote": str(line.quote), "judged": str(line.judged), "price": str(line.price), "total": str(line.total),
        "rank": line.rank, "drawn": line.drawn, "members": {str(member): str(points) for member, points in line.members.items()},
    }
