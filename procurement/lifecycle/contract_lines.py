"""The price lines of a contract 分项报价: what the winning response priced, carried over when the contract is drafted.

Their sum is the contract's amount, to the fen; nothing is signed before. Where the award is another sum than the response's lines (a final quote,
a confirmed correction) the unit prices are proposed in the same proportion, for the handler to settle with the provider.
"""

from decimal import ROUND_DOWN, Decimal

from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Refusal
from kernel.money import FEN, ZERO, yuan
from procurement import departures
from procurement.bid_content import total_of
from procurement.models import ContractLine

CELLS = ("kind", "activity", "name", "unit", "quantity", "price", "note")


def sum_of(rows):
    """What rows of quantity and unit price come to (yuan), each half up to the fen."""
    return sum((yuan(row["quantity"] * row["price"]) for row in rows), ZERO)


def in_proportion(rows, amount):
    """The rows with unit prices brought in proportion to `amount` (yuan): each rounded down to the fen, what is left goes where the quantity lets it.

    What no quantity takes (a fen for each of 6,000 meals) stands in a line of its own, so that it always adds up.
    """
    rate = amount / before if (before := sum_of(rows)) else Decimal(1)
    found = [{**row, "price": (row["price"] * rate).quantize(FEN, rounding=ROUND_DOWN)} for row in rows]
    priced = [row for row, offer in zip(found, rows, strict=True) if offer["price"] > 0]
    for row in sorted(priced, key=lambda row: -row["quantity"]):
        step, rest = row["quantity"] * FEN, amount - sum_of(found)
        if step == yuan(step) and abs(rest) >= step:
            row["price"] = max(row["price"] + FEN * int(rest / step), ZERO)
    rest = amount - sum_of(found)
    return [*found, {"line": None, "kind": "running", "activity": None, "name": departures.ROUNDING, "unit": "项", "quantity": Decimal(1), "price": rest, "note": ""}] if rest > 0 else found


def proposal(lot, amount):
    """Lines for a contract of `amount` (yuan) from the winning response of a lot; none where it priced no lines, or nothing was sealed here."""
    offered = departures.offered(lot).get("lines", [])
    if not offered:
        return []
    rows = [{**row, "quantity": Decimal(row["quantity"]), "price": Decimal(row["price"])} for row in offered]
    return rows if total_of(offered) == amount else in_proportion(rows, amount)


def untouched(contract, amount):
    """Whether the saved lines are those proposed for `amount` (yuan). What somebody settled by hand is never proposed over: the sum is asked at the signing."""
    rows = departures.rows_of(contract)
    return bool(rows) and rows == [{key: row[key] for key in ("line", *CELLS)} for row in proposal(contract.lot, amount)]


def edited(rows):
    """Clean rows of the editor as lines; its id is the project's line."""
    return [{"line": row["id"], **{key: row[key] for key in CELLS}} for row in rows]


def set_lines(contract, rows):
    """Replace the lines of a draft. A project's line that is gone is forgotten."""
    known = set(contract.project.lines.values_list("pk", flat=True))
    contract.lines.all().delete()
    ContractLine.objects.bulk_create(
        ContractLine(
            contract=contract, order=order, line_id=row["line"] if row["line"] in known else None, amount=yuan(row["quantity"] * row["price"]), **{key: row[key] for key in CELLS}
        )
        for order, row in enumerate(rows, 1)
    )  # fmt: skip


def objection(contract, rows=None):
    """Why these lines (default: the saved ones) can't stand in the contract, or None: another sum, or another substance than the response's."""
    rows = departures.rows_of(contract) if rows is None else rows
    total = sum_of(rows)
    if rows and total != contract.amount:
        return Refusal(
            "lines_sum", _("The price lines add up to {total} yuan, the contract is {amount} yuan.").format(total=f"{total:,.2f}", amount=f"{contract.amount:,.2f}"),
            article=departures.article_of(contract), todo=_("Correct the price lines."),
        )  # fmt: skip
    return departures.objection_to_lines(contract, rows)
