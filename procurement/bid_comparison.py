"""The opened responses of one lot side by side: bidders as columns, budget lines as rows, beside the project's budget and the price library.

Every figure is the sealed one: the lines of a column add up to its price to the fen. A line is recognised by the project's line it was offered
for, else by name and unit (procurement.pricing.key_of). Who may look is said by READERS of the purchaser and by what a later stage registers
(`reader`): panel members, though not while they judge without names.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from communities.permissions import place_paths, purchaser_ids
from kernel.lifecycle import principals_of
from kernel.money import ZERO
from procurement import responses
from procurement.bid_content import total_of
from procurement.lifecycle.configuration import price_rule_for
from procurement.lifecycle.price_check import evidence
from procurement.models import Bid
from procurement.permissions_tender import READERS
from procurement.pricing import key_of

_readers = []


def reader(rule):
    """`rule(user, tender)` says whether this person is a reader by it; raises PermissionDenied where nothing else may make one. In ready()."""
    _readers.append(rule)
    return rule


def reads_responses(user, tender):
    """Readers of the purchaser and the finance bureau above it: they see the responses themselves too."""
    people = principals_of(user)
    if any(tender.purchaser_id in purchaser_ids(person, *READERS) for person in people):
        return True
    return any(tender.purchaser.place.path.startswith(path) for person in people for path in place_paths(person, "finance"))


def may_compare(user, tender):
    """Whether this person reads the comparison; raises PermissionDenied with the reason for one who is kept from it for a time."""
    return any(rule(person, tender) for person in principals_of(user) for rule in _readers) or reads_responses(user, tender)


@dataclass
class Column:
    """One bidder. `content`: its structured parts; `stated`: what the opening read (yuan); `total`: what its lines add up to."""

    bid: Bid
    content: dict
    total: Decimal = ZERO

    @property
    def label(self):
        return str(self.bid)

    @property
    def stated(self):
        return self.bid.price

    @property
    def has_lines(self):
        return bool(self.content.get("lines"))

    @property
    def sessions(self):
        """How many sessions its plan offers in all."""
        return sum(row.get("sessions") or 0 for row in self.content.get("plan", []))

    @property
    def agrees(self):
        """Whether its lines add up to the opened price."""
        return self.has_lines and self.total == self.stated


@dataclass
class Cell:
    """What one bidder offers for one row (yuan); `side`: "high" or "low" beside the project's unit price or the library, "" otherwise."""

    quantity: str = ""
    price: Decimal | None = None
    amount: Decimal | None = None
    side: str = ""
    why: str = ""  # "project" | "library"
    note: str = ""


@dataclass
class Row:
    """One budget line of the project, or (line None) something only bidders name."""

    name: str
    unit: str
    line: object = None
    library: object = None
    cells: list = field(default_factory=list)


@dataclass
class Group:
    title: str
    kind: str
    rows: list
    totals: list = field(default_factory=list)
    budget: Decimal = ZERO


@dataclass
class Comparison:
    lot: object
    columns: list
    groups: list
    budget: Decimal

    @property
    def lowest(self):
        """The lowest opened price among valid bids."""
        return min((column.stated for column in self.columns if column.bid.status == "opened" and column.stated), default=None)


def compare(lot):
    """The Comparison of a lot's opened responses."""
    bids = list(Bid.objects.filter(lot=lot, status__in=("opened", "invalid")).select_related("organization", "lot__tender").prefetch_related("parts"))
    bids.sort(key=lambda bid: (bid.status != "opened", bid.rank or 999, str(bid.public_id)))
    columns = [Column(bid, responses.content_of(bid)) for bid in bids]
    for column in columns:
        column.total = total_of(column.content.get("lines", []))
    project = lot.project
    rule = price_rule_for(project.purchaser)
    lines = list(project.lines.select_related("activity"))
    known = {row.line.pk: row.found for row in evidence(project, lines)}
    rows = [Row(line.name, line.unit, line, known.get(line.pk)) for line in lines]
    own = _place(rows, columns, rule)
    groups = _groups(rows, project)
    if own:
        groups.append(Group("", "own", own))
    for group in groups:
        group.budget = sum((row.line.amount for row in group.rows if row.line), ZERO)
        group.totals = [sum((row.cells[place].amount or ZERO for row in group.rows), ZERO) for place in range(len(columns))]
    return Comparison(lot, columns, groups, project.budget_total)


def _place(rows, columns, rule):
    """Fill the cells of the project's rows; returns the rows only bidders name. Every offered line stands somewhere exactly once."""
    by_line = {row.line.pk: row for row in rows}
    by_key = {}
    for row in rows:
        by_key.setdefault(key_of(row.name, row.unit), row)
    own = {}
    for row in rows:
        row.cells = [Cell() for _column in columns]
    for place, column in enumerate(columns):
        taken = set()
        for offer in column.content.get("lines", []):
            key = key_of(offer["name"], offer["unit"])
            row = by_line.get(offer.get("line"))
            if row is None or id(row) in taken:
                row = by_key.get(key)
            if row is None or id(row) in taken:
                number = 0
                while (key, number) in own and own[key, number].cells[place].amount is not None:
                    number += 1
                row = own.setdefault((key, number), Row(offer["name"], offer["unit"], None, None, [Cell() for _column in columns]))
            taken.add(id(row))
            row.cells[place] = _cell(offer, row, rule)
    return list(own.values())


def _cell(offer, row, rule):
    price = Decimal(offer["price"])
    side, why = "", ""
    if row.line is not None and row.line.price:
        side, why = ("high" if price >= row.line.price * rule.high else "low" if price <= row.line.price * rule.low else ""), "project"
    if not side and row.library and row.library.count >= rule.minimum and row.library.median:
        side, why = ("high" if price >= row.library.median * rule.high else "low" if price <= row.library.median * rule.low else ""), "library"
    note = offer["note"]
    if row.line is not None and offer["unit"] != row.line.unit:
        note = f"{offer['unit']} {note}".strip()
    return Cell(offer["quantity"], price, Decimal(offer["amount"]), side, why if side else "", note)


def _groups(rows, project):
    found = {}
    for row in rows:
        key = (row.line.kind, row.line.activity_id)
        title = f"{row.line.activity.order}. {row.line.activity}" if row.line.activity_id else ""
        found.setdefault(key, Group(title, row.line.kind, [])).rows.append(row)
    return list(found.values())


def table(comparison):
    """(headers with kinds, rows) of the comparison for a spreadsheet, in Chinese: one line per row, two sums at the end."""
    headers = [("分组", "text"), ("明细", "text"), ("单位", "text"), ("预算数量", "text"), ("预算单价", "money"), ("预算金额", "money"), ("价格库中位数", "money")]
    for column in comparison.columns:
        headers += [(f"{column.label} 数量", "text"), (f"{column.label} 单价", "money"), (f"{column.label} 金额", "money"), (f"{column.label} 偏离", "text")]
    kinds = {"people": "人员", "running": "运行", "own": "供应商自列"}
    words = {("high", "project"): "高于预算", ("low", "project"): "低于预算", ("high", "library"): "高于价格库", ("low", "library"): "低于价格库"}
    body = []
    for group in comparison.groups:
        for row in group.rows:
            line = row.line
            values = [group.title or kinds.get(group.kind, ""), row.name, row.unit, line.quantity_text if line else "", line.price if line else None, line.amount if line else None, row.library.median if row.library else None]
            for cell in row.cells:
                values += [cell.quantity, cell.price, cell.amount, words.get((cell.side, cell.why), "")]
            body.append(values)
    for name, budget, amounts in (("明细合计", comparison.budget, [column.total if column.has_lines else None for column in comparison.columns]), ("开启报价", None, [column.stated for column in comparison.columns])):
        values = ["", name, "", "", None, budget, None]
        for amount in amounts:
            values += ["", None, amount, ""]
        body.append(values)
    return headers, body
