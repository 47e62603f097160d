"""Faults of arithmetic in a quote, in the order of 财政部令第87号 第59条 (C07). Pure; what comes out needs the bidder's confirmation.

1 the opening table counts before the detail · 2 words before figures · 3 the total before a unit price whose decimal point slipped ·
4 the sum of unit prices before the total. Several faults at once are mended in this order.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal

SLIPS = tuple(Decimal(10) ** power for power in (-3, -2, -1, 1, 2, 3))


@dataclass(frozen=True)
class QuoteLine:
    """One line of the detail: quantity × unit price in yuan."""

    name: str
    quantity: Decimal
    unit_price: Decimal

    @property
    def amount(self):
        return self.quantity * self.unit_price


@dataclass(frozen=True)
class Sheet:
    """A quote as its papers state it, in yuan: the opening table's total in figures and in words, the detail's own total, its lines.
    What a paper does not state is None."""

    table: Decimal
    words: Decimal | None = None
    detail_total: Decimal | None = None
    lines: tuple = ()


@dataclass(frozen=True)
class Correction:
    """One fault mended: table | words | slip | sum, the amount before and after in yuan, and the line it concerns."""

    code: str
    before: Decimal
    after: Decimal
    line: str = ""


@dataclass(frozen=True)
class Corrected:
    """The amount that counts once the bidder confirms, how it came about, and the sheet without its faults."""

    amount: Decimal
    corrections: tuple = field(default=())
    sheet: Sheet | None = None


def _sum(lines):
    return sum((line.amount for line in lines), Decimal(0))


def _slipped(lines, total):
    """The one line whose unit price, its point moved, makes the detail add up to the total: (index, right unit price), or None."""
    found = [
        (index, line.unit_price * slip)
        for index, line in enumerate(lines) for slip in SLIPS
        if line.unit_price and _sum(lines) - line.amount + line.amount * slip == total
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def corrected(sheet):
    """Mend a Sheet. Mending it again changes nothing; a sheet that agrees with itself stays as it is."""
    steps, table, detail, lines = [], sheet.table, sheet.detail_total, sheet.lines
    apart = detail is not None and detail != table
    told = table if sheet.words is None else sheet.words
    if apart and detail != told:
        steps.append(Correction("table", detail, table))
    if sheet.words is not None and sheet.words != table:
        steps.append(Correction("words", table, sheet.words))
        table = sheet.words
    total = _sum(lines)
    of_its_own = apart and total == detail  # the detail adds up to its own total: that it differs from the table is settled above
    if lines and total != table and not of_its_own:
        slip = _slipped(lines, table)
        if slip:
            index, unit_price = slip
            steps.append(Correction("slip", lines[index].unit_price, unit_price, lines[index].name))
            lines = (*lines[:index], replace(lines[index], unit_price=unit_price), *lines[index + 1 :])
        else:
            steps.append(Correction("sum", table, total))
            table = total
    kept = () if of_its_own and total != table else lines
    return Corrected(table, tuple(steps), Sheet(table, None if sheet.words is None else table, None if detail is None else table, kept))
