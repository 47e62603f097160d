"""The cells of a budget as somebody typed or pasted them: clean values, or a sentence beside the cell that is wrong. No HTTP and no database here;
the editor, the block pasted from Excel and the imported sheet all pass through it."""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from kernel.cleaning import unclean
from kernel.money import LARGEST

CELLS = ("name", "unit", "quantity", "price", "note")
LENGTHS = {"name": 80, "unit": 12, "note": 200}
LABELS = {"name": _("Item"), "unit": _("Unit"), "quantity": _("Quantity"), "price": _("Unit price"), "note": _("Note")}
MOST_QUANTITY = Decimal("99999999.99")
# What people write above these columns. "" is a column that is known and not needed: its number is counted again here.
HEADINGS = {
    "明细": "name", "名称": "name", "品名": "name", "项目": "name", "内容": "name", "物品": "name", "物品名称": "name", "费用名称": "name", "明细名称": "name", "项目名称": "name",
    "单位": "unit", "计量单位": "unit", "数量": "quantity", "单价": "price", "单价(元)": "price", "备注": "note", "说明": "note", "用途": "note",
    "金额": "", "金额(元)": "", "小计": "", "小计(元)": "", "合计": "", "合计(元)": "", "总价": "", "总价(元)": "", "序号": "", "编号": "",
}  # fmt: skip
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")


@dataclass
class LineRow:
    """One line as it stands in the editor. `cells` as typed, `errors` sentence by cell, `clean` the values of the verb; `notes` what others say of it."""

    kind: str
    activity: int | None = None
    cells: dict = field(default_factory=dict)
    pk: int | None = None
    amount: Decimal | None = None
    errors: dict = field(default_factory=dict)
    clean: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)

    @property
    def is_blank(self):
        return not any(self.cells.get(name, "").strip() for name in CELLS)


def number(raw):
    """A typed number as Decimal: full-width digits, thousands separators, ¥ and 元 are understood. Raises ValueError with the sentence."""
    plain = unicodedata.normalize("NFKC", raw).strip().removeprefix("¥").removesuffix("元").replace(",", "").strip()
    if len(plain) > 30 or not NUMBER.fullmatch(plain):
        raise ValueError(_("“{value}” is no number.").format(value=raw.strip()[:20]))
    value = Decimal(plain)
    if value < 0:
        raise ValueError(_("This cannot be below zero."))
    if value != value.quantize(Decimal("0.01")):
        raise ValueError(_("At most two decimal places."))
    return value


def check(row, numbers=None):
    """Fill `errors` and `clean` of a row. `numbers`: the activities of the plan (None: not looked at). Returns whether all is well."""
    row.errors, clean = {}, {}
    for name in CELLS:
        raw = row.cells.get(name, "")
        if unclean(raw, lines=False):
            row.errors[name] = _("This holds signs that can't be stored. Type it again instead of pasting it.")
        elif not raw.strip() and name != "note":
            row.errors[name] = _("Missing.")
        elif name in LENGTHS:
            clean[name] = raw.strip()
            if len(clean[name]) > LENGTHS[name]:
                row.errors[name] = _("At most %(limit)d characters; this has %(count)d.") % {"limit": LENGTHS[name], "count": len(clean[name])}
        else:
            try:
                clean[name] = number(raw)
            except ValueError as error:
                row.errors[name] = error.args[0]
    quantity, price = clean.get("quantity"), clean.get("price")
    if quantity is not None and quantity <= 0:
        row.errors["quantity"] = _("The quantity must be above zero.")
    elif quantity is not None and quantity > MOST_QUANTITY:
        row.errors["quantity"] = _("This number is too large.")
    if price is not None and (price > LARGEST or (quantity and quantity * price > LARGEST)):
        row.errors["price"] = _("The amount is too large.")
    if row.kind not in ("activity", "people", "running"):
        row.errors["activity"] = _("“{value}” is no kind of cost.").format(value=row.kind[:20])
    elif row.kind == "activity" and numbers is not None and row.activity not in numbers:
        row.errors["activity"] = _("The plan has no activity {number}.").format(number=row.activity) if row.activity else _("Which activity is it for?")
    row.clean = {"id": row.pk, "kind": row.kind, "activity": row.activity if row.kind == "activity" else None, **clean}
    return not row.errors


def _heading(cell):
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", cell))


def pasted(text, kind, activity=None):
    """Rows of a block copied from Excel or WPS (columns parted by tabs), checked. Returns (rows, leftovers).

    Columns are name, unit, quantity, price, note, or as a first row of headings says. What found no cell is returned as sentences: nothing is lost silently.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t"))
    except csv.Error:  # an endless cell: take the lines as they stand
        table = [line.split("\t") for line in text.split("\n")]
    table = [row for row in table if any(cell.strip() for cell in row)]
    columns, leftovers, rows = list(CELLS), [], []
    heads = [_heading(cell) for cell in table[0]] if table else []
    if sum(head in HEADINGS for head in heads) >= 2:
        columns = [HEADINGS.get(head) for head in heads]
        columns = [None if name and name in columns[:place] else name for place, name in enumerate(columns)]
        table = table[1:]
    for values in table:
        cells = dict.fromkeys(CELLS, "")
        for place, value in enumerate(values):
            name = columns[place] if place < len(columns) else None
            if name:
                cells[name] = " ".join(value.split()) if name in LENGTHS else value.strip()
            elif name is None and value.strip():
                leftovers.append(_("“{value}” of “{line}” found no column.").format(value=value.strip()[:40], line=cells["name"] or values[0].strip()[:40]))
        row = LineRow(kind, activity, cells)
        if not row.is_blank:
            check(row)
            rows.append(row)
    return rows, leftovers
