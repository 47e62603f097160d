"""The arithmetic of scoring: price score, averages, ranks, abnormal low prices. Decimal, two places, half up; no database.

Price score = lowest valid quote ÷ quote × points (财政部令第87号 第55条); nobody's quote is left out. Members are averaged.
"""

import hashlib
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

HUNDREDTH = Decimal("0.01")


def rounded(value, places=2):
    """Half up to so many places."""
    return Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def price_score(quote, base, points, places=2):
    """C03: base ÷ quote × points."""
    return rounded(Decimal(base) / Decimal(quote) * Decimal(points), places)


@dataclass
class Line:
    """One bid's result: what it earned by judgement and by price, the total, and how it was ranked."""

    bid: object
    quote: Decimal
    judged: Decimal
    price: Decimal
    members: dict = field(default_factory=dict)
    rank: int = 0
    drawn: bool = False

    @property
    def total(self):
        return self.judged + self.price


def average(values, places=2):
    """The mean of the members' sums."""
    values = list(values)
    return rounded(sum(values, Decimal(0)) / len(values), places)


def ranked(lines, seed):
    """Highest total first; equal: lower quote; equal both: a recorded draw by `seed` (C05)."""
    def lot(line):
        return hashlib.sha256(f"{seed}:{line.bid.public_id}".encode()).hexdigest()

    order = sorted(lines, key=lambda line: (-line.total, line.quote, lot(line)))
    for number, line in enumerate(order, 1):
        line.rank = number
    for one, two in zip(order, order[1:], strict=False):
        if (one.total, one.quote) == (two.total, two.quote):
            one.drawn = two.drawn = True
    return order


def low_prices(quotes, ceiling, rule):
    """C08: keys of abnormally low raw quotes with the reason codes mean | second | ceiling. `quotes`: {key: yuan}; strict '<'."""
    found = {}
    if not quotes:
        return found
    mean = sum(quotes.values(), Decimal(0)) / len(quotes)
    ordered = sorted(quotes.values())
    for key, quote in quotes.items():
        reasons = []
        if len(quotes) > 1 and quote < mean * rule.share("mean_share"):
            reasons.append("mean")
        if len(ordered) > 1 and quote == ordered[0] and quote < ordered[1] * rule.share("second_share"):
            reasons.append("second")
        if quote < Decimal(ceiling) * rule.share("ceiling_share"):
            reasons.append("ceiling")
        if reasons:
            found[key] = reasons
    return found
