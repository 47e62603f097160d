"""Points of one criterion: from facts, in levels, what an item that does not apply leaves to the others, and what is extreme. Pure."""

from decimal import Decimal

from evaluation.arithmetic.prices import rounded


def counted(count, each, most):
    """So many points for each, at most the item's points ("每份合同5分，最多15分"). A negative count is refused with ValueError."""
    if count < 0:
        raise ValueError("a count is never negative")
    return min(Decimal(count) * Decimal(each), Decimal(most))


def looked_up(value, table, most):
    """Points of a value by a table ("5A 8分、4A 6分"); a value that is not in it has none. Never more than the item's points."""
    return min(Decimal(table.get(value, 0)), Decimal(most))


def level_of(points, levels):
    """The name of the level [{name, low, high}] these points lie in, or ''. Bounds belong to the level; the higher one is asked first."""
    for level in sorted(levels, key=lambda row: -Decimal(row["high"])):
        if Decimal(level["low"]) <= points <= Decimal(level["high"]):
            return level["name"]
    return ""


def on_step(points, least, step):
    """Whether points lie on the steps the item allows (0.5 → 3, 3.5, 4 …); without a step any two decimals do."""
    return not step or (Decimal(points) - Decimal(least)) % Decimal(step) == 0


def in_outer_part(points, least, most, percent):
    """Whether points lie in the outermost so many percent of an item's range, at either end: they need a note (畸高畸低)."""
    band = (Decimal(most) - Decimal(least)) * Decimal(percent) / 100
    return points <= Decimal(least) + band or points >= Decimal(most) - band


def far_off(points, others, most, percent):
    """Whether points lie further from the mean of the other members than so many percent of the item's points."""
    others = list(others)
    if not others:
        return False
    return abs(Decimal(points) - sum(others, Decimal(0)) / len(others)) > Decimal(most) * Decimal(percent) / 100


def stretch(points, waived):
    """How much more the remaining judged items count once some do not apply, as (whole, left): what they earn × whole ÷ left, for all bids alike.

    `points`: {item: points of all judged items}, `waived`: those left out. The price is no part of it: its weight is bounded by law (C01, C02).
    Raises ValueError when nothing remains.
    """
    whole = sum(points.values(), Decimal(0))
    left = sum((value for item, value in points.items() if item not in waived), Decimal(0))
    if whole and not left:
        raise ValueError("nothing is left to judge")
    return whole, left


def judged_sum(given, points, waived, places=2):
    """One member's points for one bid: {item: points given} over the items that apply, stretched to what all items are worth, half up."""
    whole, left = stretch(points, waived)
    total = sum((Decimal(value) for item, value in given.items() if item in points and item not in waived), Decimal(0))
    return rounded(total * whole / left if left else total, places)
