"""Price evidence as pure functions: the key by which names of things are compared, the statistic of comparable prices, how far off a price is.

No database here: what these say can be checked by hand.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from kernel.money import yuan

KEY_LENGTH = 160
_SIGNS = re.compile(r"[\s\W_]+")
_COUNTS = re.compile(r"[(\[【〔《][\s约共每]*\d+[\s]*[名人位个]?[)\]】〕》]")
SUFFIXES = ("费用", "费")


def key_of(name, unit):
    """The key of a thing: "展板（ 大 ）", "块" and "展板(大)", "块" are the same. Full and half width, case, spaces, brackets and other signs do
    not count, nor a headcount in brackets ("社工人工（1名）") nor a final 费 or 费用; the unit always counts."""
    return f"{_plain(name)}/{_plain_unit(unit)}"[:KEY_LENGTH]


def _plain(text):
    text = unicodedata.normalize("NFKC", str(text)).casefold()
    plain = _SIGNS.sub("", _COUNTS.sub("", text)) or _SIGNS.sub("", text) or text.strip()
    for suffix in SUFFIXES:
        if plain.endswith(suffix) and len(plain) > len(suffix):
            return plain.removesuffix(suffix)
    return plain


def _plain_unit(text):
    plain = _SIGNS.sub("", unicodedata.normalize("NFKC", str(text)).casefold())
    return plain[1:] if plain.startswith(("元", "每")) and len(plain) > 1 else plain


@dataclass(frozen=True)
class Statistic:
    """Comparable prices in yuan: how many, lowest, first quartile, median, third quartile, highest."""

    count: int
    low: Decimal
    first: Decimal
    median: Decimal
    third: Decimal
    high: Decimal


def statistic(prices):
    """The Statistic of some prices (Decimal yuan), or None when there are none. Quartiles lie between neighbours in proportion to their
    distance (the method Excel calls QUARTILE.INC); every figure is rounded half up to the fen."""
    rows = sorted(Decimal(price) for price in prices)
    if not rows:
        return None
    return Statistic(len(rows), yuan(rows[0]), _quantile(rows, 1), _quantile(rows, 2), _quantile(rows, 3), yuan(rows[-1]))


def _quantile(rows, quarters):
    place, rest = divmod((len(rows) - 1) * quarters, 4)
    below, above = rows[place], rows[min(place + 1, len(rows) - 1)]
    return yuan(below + (above - below) * rest / 4)


def times_median(price, median):
    """How many times the median a price is, to two places half up; None when the median is nought."""
    return (Decimal(price) / Decimal(median)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP) if median else None


def far_off(price, found, *, minimum, high, low):
    """"high" when the price is at or above `high` × median, "low" when at or below `low` × median, "" otherwise or when fewer than `minimum`
    prices stand behind the median. Compared exactly, not by the rounded factor."""
    if found is None or found.count < minimum or not found.median:
        return ""
    price = Decimal(price)
    if price >= found.median * Decimal(high):
        return "high"
    return "low" if price <= found.median * Decimal(low) else ""
