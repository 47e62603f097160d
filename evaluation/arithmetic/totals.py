"""Totals and ranks: points (C04, C05), lowest evaluated price (C06), negotiation (B16). Pure and replayable from the recorded seed."""

from dataclasses import dataclass, field
from decimal import Decimal

from evaluation.arithmetic.prices import rounded
from kernel import draws

TIES = ("draw", "technical")  # what the tender's documents may say about equal score and quote: draw lots, or the better judged one


@dataclass
class Line:
    """One bid's result: raw quote and review price in yuan, what it earned by judgement and by price, and how it was ranked."""

    bid: object
    quote: Decimal
    judged: Decimal
    price: Decimal
    members: dict = field(default_factory=dict)
    rank: int = 0
    drawn: bool = False
    review: Decimal | None = None
    key: str = ""

    @property
    def total(self):
        """C04: points by judgement and points for the price."""
        return self.judged + self.price

    @property
    def name(self):
        """What the draw knows it by."""
        return self.key or str(self.bid.public_id)


def average(values, places=2):
    """The mean of the members' sums, half up. Raises ZeroDivisionError without members."""
    values = list(values)
    return rounded(sum(values, Decimal(0)) / len(values), places)


def _numbered(order, same):
    for number, line in enumerate(order, 1):
        line.rank, line.drawn = number, False
    for one, two in zip(order, order[1:], strict=False):
        if same(one) == same(two):
            one.drawn = two.drawn = True
    return order


def ranked(lines, seed, tie="draw"):
    """Highest total first; equal: lower quote; equal both: as the documents say (`tie`), else a recorded draw by `seed` (C05 财政部令第87号 第57条)."""
    def better(line):
        return -line.judged if tie == "technical" else Decimal(0)

    order = sorted(lines, key=lambda line: (-line.total, line.quote, better(line), draws.ticket(seed, line.name)))
    return _numbered(order, lambda line: (line.total, line.quote, better(line)))


def ranked_by_price(lines, seed):
    """Lowest review price first, equal ones by a recorded draw: lowest evaluated price (C06 第56条) and negotiation (B16 财政部令第74号 第36条).

    Only bids that meet every substantive need may stand in `lines`.
    """
    order = sorted(lines, key=lambda line: (_review(line), draws.ticket(seed, line.name)))
    return _numbered(order, _review)


def _review(line):
    return line.quote if line.review is None else line.review
