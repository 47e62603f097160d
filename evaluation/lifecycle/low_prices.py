"""异常低价审查 (财库〔2026〕2号, C08): found by arithmetic or by a member's view, explained by the bidder, judged by the panel. Never automatic.

Figures are the raw quotes of all responses that passed the check, before any deduction. A judgement counts for the quote it was made on: after
another round of quotes it is made anew; what was said before stays in the row's history.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from evaluation import scoring
from evaluation.lifecycle import seats
from evaluation.lifecycle.sheets import only_leader
from evaluation.models import Panel
from kernel import clock, rules, trail
from kernel.lifecycle import Refusal, advance
from procurement import methods
from procurement.lifecycle.evaluation_terms import terms_of
from procurement.models import Bid

LOW_REASONS = {"mean": "低于全部合格报价平均值的规定比例", "second": "低于次低报价的规定比例", "ceiling": "低于最高限价的规定比例", "expert": "评审成员认为报价明显过低，有可能影响质量或者不能诚信履约"}


def low_found(panel, bids=None):
    """{bid id as text: row} of abnormally low prices as they stand now: reasons, quote, accepted (None: not judged), note, history."""
    rule = methods.law(panel.tender).find("C08")
    bids = list(seats.valid_bids(panel)) if bids is None else bids
    found = {}
    if rule:
        for lot in {bid.lot_id: bid.lot for bid in bids if bid.lot.status == "opened"}.values():
            quotes = {str(bid.pk): bid.amount for bid in bids if bid.lot_id == lot.pk}
            found |= scoring.low_prices(quotes, lot.ceiling, rule, terms_of(panel.tender).raised)
    rows, amounts = {}, {str(bid.pk): str(bid.amount) for bid in bids}
    for key, stored in panel.low_prices.items():
        if key not in amounts or stored["quote"] == amounts[key]:
            rows[key] = stored
        elif key in found or "expert" in stored["reasons"]:
            rows[key] = {**stored, "quote": amounts[key], "accepted": None, "note": "", "history": [*stored.get("history", []), {name: stored.get(name) for name in ("quote", "accepted", "note", "at")}]}
    for key, reasons in found.items():
        row = rows.setdefault(key, {"accepted": None, "note": "", "quote": amounts[key], "history": []})
        row["reasons"] = [*reasons, *(reason for reason in row.get("reasons", []) if reason == "expert")]
    return rows


def mark_low_prices(panel):
    """Keep what is found now on the panel."""
    panel.low_prices = low_found(panel)
    Panel.objects.filter(pk=panel.pk).update(low_prices=panel.low_prices)
    return panel


def _scoring(panel):
    if panel.status != "scoring":
        raise Refusal("not_low", _("This price is not under review."))


@rules.carries("C08")
@transaction.atomic
def raise_low(panel, bid, *, actor, note):
    """A member finds a price so low that quality or honest performance is in doubt: the fourth reason. Raises Refusal, PermissionDenied."""
    panel = seats.locked(panel)
    seats.judging_member(panel, actor)
    _scoring(panel)
    if "C08" not in methods.law(panel.tender):
        raise Refusal("no_rule", _("No review of low prices is prescribed for this purchase."))
    if bid.pk not in {row.pk for row in seats.valid_bids(panel)}:
        raise Refusal("strange", _("This response or item does not belong to the panel."))
    if not note.strip():
        raise Refusal("reason_missing", _("Please say why."), field="note")
    rows = low_found(panel)
    row = rows.setdefault(str(bid.pk), {"reasons": [], "accepted": None, "note": "", "quote": str(bid.amount), "history": []})
    if row["accepted"] is not None:
        raise Refusal("judged", _("This price is judged already."))
    row["reasons"] = [*dict.fromkeys([*row["reasons"], "expert"])]
    row["view"] = note.strip()[:300]
    panel.low_prices = rows
    panel.save(update_fields=["low_prices"])
    trail.record(panel, "raise_low", actor=actor, reason=note, params={"bid": bid.pk})
    return panel


@rules.carries("C08")
@transaction.atomic
def explain_low(panel, bid, *, actor, accepted, note):
    """The panel's word on a low price after the bidder's explanation, or after its window: accepted, or invalid with the reason.

    Raises Refusal: nobody asked the bidder, its time is not over, no reason; PermissionDenied.
    """
    panel = seats.locked(panel)
    only_leader(panel, actor, _("Only the panel's leader records this."))
    _scoring(panel)
    rows = low_found(panel)
    row = rows.get(str(bid.pk))
    if row is None:
        raise Refusal("not_low", _("This price is not under review."))
    article = rules.get("C08").article
    asked = panel.questions.filter(bid=bid, kind="low_price").order_by("-id").first()
    if asked is None:
        raise Refusal("not_asked", _("The bidder must first have the chance to explain its price."), article=article, todo=_("Ask the bidder."))
    if asked.is_open:
        raise Refusal("explaining", _("The bidder may still explain its price."), article=article, todo=_("Wait for the answer or the end of the window."))
    if not note.strip():
        raise Refusal("reason_missing", _("Write down the bidder's explanation and the panel's view."), article=article, field="note")
    row |= {"accepted": bool(accepted), "note": note.strip()[:300], "by": actor.pk, "at": clock.now().isoformat()}
    panel.low_prices = rows
    panel.save(update_fields=["low_prices"])
    trail.record(panel, "explain_low", actor=actor, reason=note, params={"bid": bid.pk, "accepted": bool(accepted)})
    return panel


def rejected(panel):
    """Ids of bids whose low price the panel did not accept."""
    return {int(key) for key, row in low_found(panel).items() if row.get("accepted") is False}


def unjudged(panel):
    """Ids of bids whose low price nobody has judged yet."""
    return [int(key) for key, row in low_found(panel).items() if row["accepted"] is None]


def invalidate(panel, actor):
    """Low prices the panel did not accept make their bids invalid."""
    from procurement.lifecycle import bid as bids

    rows = low_found(panel)
    for bid in Bid.objects.filter(pk__in=rejected(panel), status="opened"):
        note = f"报价异常低且不能证明其合理性：{rows[str(bid.pk)]['note']}"[:300]
        advance(bid, bids.REJECT, actor=actor, reason=note, changes={"invalid_reason": note})
