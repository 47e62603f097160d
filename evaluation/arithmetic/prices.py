"""Prices under review: policy deduction (C09), price score (C03), abnormally low prices (C08). Pure; the contract price never changes here."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from procurement.judging_bounds import low_shares

ENTERPRISES = ("company", "individual_business")  # C10: only these can be small or micro enterprises, never a social organization
SMALL = ("small", "micro")


def rounded(value, places=2):
    """Half up to so many places."""
    return Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Claim:
    """What a bidder shows for the deduction: its kind and size (registry keys), the signed declaration, and in a consortium or
    with a subcontract the small enterprises' share of the contract in percent."""

    kind: str
    size: str = ""
    declared: bool = False
    small_share: Decimal | None = None


def deduction(claim, rule, *, full, partial):
    """The percent taken off this bidder's quote for review (C09, C10).

    `full` and `partial` are what the tender's documents state for small and micro enterprises, and for a consortium or subcontract that
    gives them at least the rule's share. Without the declaration there is none; a social organization never has one of its own.
    """
    if not claim.declared:
        return Decimal(0)
    if claim.kind in ENTERPRISES and claim.size in SMALL:
        return Decimal(full)
    if claim.small_share is not None and claim.small_share >= rule.value("small_share"):
        return Decimal(partial)
    return Decimal(0)


def review_price(quote, percent, places=2):
    """The price that takes part in the review: quote less the deduction, in yuan to the fen."""
    return rounded(Decimal(quote) * (100 - Decimal(percent)) / 100, places)


def base_price(review_prices):
    """C03: the lowest review price of all valid bids; nobody's is left out. Raises ValueError without any."""
    return min(review_prices)


def price_score(price, base, points, places=2):
    """C03 (财政部令第87号 第55条): base ÷ review price × points of the price, half up."""
    return rounded(Decimal(base) / Decimal(price) * Decimal(points), places)


def low_prices(quotes, ceiling, rule, raised=None):
    """C08 (财库〔2026〕2号): keys of abnormally low raw quotes with their reasons: mean | second | ceiling. Strictly below, before any deduction.

    `quotes`: {key: yuan} of all bids that passed the conformity check; `ceiling`: the highest price in yuan (the budget where there is none).
    The fourth reason, an expert's view, is nobody's arithmetic and is raised by a member.
    """
    shares = {reason: percent / 100 for reason, percent in low_shares(rule, raised).items()}
    if not quotes:
        return {}
    several, ordered = len(quotes) > 1, sorted(quotes.values())
    mean = sum(quotes.values(), Decimal(0)) / len(quotes)
    found = {}
    for key, quote in quotes.items():
        under = {
            "mean": several and quote < mean * shares["mean"],
            "second": several and quote == ordered[0] and quote < ordered[1] * shares["second"],
            "ceiling": quote < Decimal(ceiling) * shares["ceiling"],
        }
        if reasons := [reason for reason, holds in under.items() if holds]:
            found[key] = reasons
    return found
