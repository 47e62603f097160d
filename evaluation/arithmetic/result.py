"""A result from its stored inputs, and nothing else: recomputing always gives the stored result, on any machine, at any time.

Inputs (JSON): {"ranking", "tie", "seed", "places", "lots": [{"lot", "price_points", "items": {id: points}, "waived": [ids],
"bids": [{"bid", "key", "organization", "quote", "deduction", "scores": {member: {item: points}}}]}]}. Amounts are yuan, all numbers text.
"""

from decimal import Decimal

from evaluation.arithmetic import totals
from evaluation.arithmetic.criteria import judged_sum
from evaluation.arithmetic.prices import base_price, price_score, review_price


def computed(inputs):
    """{"lots": [{"lot", "base", "lines": [...]}]}: every line with its sums per member, average, price score, total and rank (C03–C06, B16)."""
    return {"lots": [{"lot": lot["lot"], **_lot(lot, inputs)} for lot in inputs["lots"]]}


def _lot(lot, inputs):
    if not lot["bids"]:
        return {"base": "", "lines": []}
    lines = [_line(row, lot, inputs) for row in lot["bids"]]
    base, points = base_price(line.review for line in lines), Decimal(lot["price_points"])
    scored = inputs["ranking"] == "points"
    for line in lines:
        line.price = price_score(line.review, base, points, inputs["places"]) if scored and points else Decimal(0)
    order = totals.ranked(lines, inputs["seed"], inputs["tie"]) if scored else totals.ranked_by_price(lines, inputs["seed"])
    return {"base": str(base), "lines": [_as_json(line, scored) for line in order]}


def _line(row, lot, inputs):
    points = {item: Decimal(value) for item, value in lot["items"].items()}
    sums = {member: judged_sum(given, points, set(lot["waived"]), inputs["places"]) for member, given in row["scores"].items()}
    judged = totals.average(sums.values(), inputs["places"]) if sums and inputs["ranking"] == "points" else Decimal(0)
    quote = Decimal(row["quote"])
    return totals.Line(row, quote, judged, Decimal(0), sums, review=review_price(quote, row["deduction"]), key=row["key"])


def _as_json(line, scored):
    row = line.bid
    made = {
        "bid": row["bid"], "organization": row["organization"], "quote": str(line.quote), "deduction": row["deduction"], "review": str(line.review),
        "rank": line.rank, "drawn": line.drawn,
    }
    if scored:
        made |= {"judged": str(line.judged), "price": str(line.price), "total": str(line.total), "members": {member: str(value) for member, value in line.members.items()}}
    else:
        made |= {"judged": "", "price": "", "total": "", "members": {}}
    return made
