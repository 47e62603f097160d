"""The lines of the budget editor: a table of many hundred rows, so it is read and shown as plain cells and not as a form per row.

Every column comes as a list in the order of the page (line_name, line_unit …); the group a row stands in tells its kind and activity.
"""

from django.utils.translation import gettext_lazy as _

from kernel.money import ZERO
from procurement.budget_cells import CELLS, LineRow, check, pasted
from procurement.lifecycle.budget import MOST_LINES, line_amount, percent
from procurement.lifecycle.budget_bounds import SENTENCES
from procurement.models import BudgetLine

# What the script says while typing, as the server would. {n}: a number or a text.
WORDS = {
    "number": _("This is no number."), "places": _("At most two decimal places."), "zero": _("The quantity must be above zero."), "negative": _("This cannot be below zero."),
    "missing": _("Missing."), "large": _("The amount is too large."), "long": _("Too long: at most {n} characters."), "pasted": _("{n} row(s) pasted."),
    "look": _("{n} cell(s) need a look."), "left": _("“{n}” found no column."), "removed": _("The row was removed."), "full": _("A budget holds at most {n} lines."),
    "unplanned": _("(not in the plan)"), **{f"{kind}-{side}": sentence for (kind, side), sentence in SENTENCES.items()},
}  # fmt: skip
COLUMNS = ("id", "kind", "activity", *CELLS)
SPARE = 2


def _whole(text):
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


class EditorGroup:
    """Rows that stand together on the page. `number`: the activity's number in the plan, or None."""

    def __init__(self, kind, number, title, known=True):
        self.kind, self.number, self.title, self.known = kind, number, title, known
        self.rows, self.total, self.share = [], ZERO, ZERO

    @property
    def key(self):
        return f"activity:{self.number}" if self.kind == "activity" else self.kind

    @property
    def spare(self):
        """Empty rows to write in, for browsers without script."""
        return range(SPARE)


class LineTable:
    """All lines as typed or as saved."""

    def __init__(self, rows, errors=()):
        self.rows, self.errors = rows, list(errors)

    @classmethod
    def saved(cls, project):
        """The lines of the database."""
        orders = dict(project.plan.values_list("pk", "order"))
        return cls([
            LineRow(
                line.kind, orders.get(line.activity_id), pk=line.pk, amount=line.amount,
                cells={"name": line.name, "unit": line.unit, "quantity": line.quantity_text, "price": str(line.price), "note": line.note},
            )
            for line in project.lines.all()
        ])  # fmt: skip

    @classmethod
    def agreed(cls, rows):
        """Price lines of a contract; the row's id is the project's line."""
        return cls([
            LineRow(row["kind"], row["activity"], pk=row["line"], cells={"name": row["name"], "unit": row["unit"], "quantity": f"{row['quantity'].normalize():f}", "price": str(row["price"]), "note": row["note"]})
            for row in rows
        ])  # fmt: skip

    @classmethod
    def posted(cls, data):
        """What the browser sent. Rows without any cell filled are left out, as are saved rows ticked for removal."""
        columns = {name: data.getlist(f"line_{name}") for name in COLUMNS}
        if len({len(values) for values in columns.values()}) > 1 or not columns["id"]:
            return cls([], [_("The table did not arrive whole. Nothing was saved; please send it again.")])
        gone, rows = set(data.getlist("line_gone")), []
        for values in zip(*columns.values(), strict=True):
            record = dict(zip(COLUMNS, values, strict=True))
            row = LineRow(record["kind"], _whole(record["activity"]), {name: record[name] for name in CELLS}, _whole(record["id"]))
            if not row.is_blank and not (record["id"] and record["id"] in gone):
                rows.append(row)
        return cls(rows)

    def paste(self, data):
        """Take the block of the textarea into the group it is meant for. Returns (how many rows, what found no column)."""
        kind, _sign, number = data.get("paste_into", "").partition(":")
        rows, leftovers = pasted(data.get("paste", ""), kind, _whole(number))
        self.rows += rows
        return len(rows), leftovers

    def is_valid(self, numbers):
        """Check every row; `numbers` are the activities of the plan. All errors are found, not only the first."""
        good = [check(row, numbers) for row in self.rows]
        if len(self.rows) > MOST_LINES:
            self.errors.append(_("A budget holds at most {lines} lines for {activities} activities.").format(lines=MOST_LINES, activities=200))
        return all(good) and not self.errors

    @property
    def faulty(self):
        return sum(bool(row.errors) for row in self.rows)

    def clean(self):
        """The rows for set_budget, group after group."""
        return [row.clean for row in self.rows]

    def groups(self, plan):
        """The rows in their groups: the activities of `plan` [(number, title)], activities nobody planned, people, running cost."""
        labels, found = dict(BudgetLine.KINDS), {}
        for number, title in plan:
            if number:
                found[f"activity:{number}"] = EditorGroup("activity", number, title)
        rest = [EditorGroup("people", None, labels["people"]), EditorGroup("running", None, labels["running"])]
        own = {group.key: group for group in rest}
        for row in self.rows:
            key = row.kind if row.kind in own else f"activity:{row.activity}"
            group = own.get(key) or found.setdefault(key, EditorGroup("activity", row.activity, "", known=False))
            group.rows.append(row)
            if row.amount is None and {"quantity", "price"} <= row.clean.keys():
                row.amount = line_amount(row.clean["quantity"], row.clean["price"])
            group.total += row.amount or ZERO
        everything = [*found.values(), *rest]
        whole = sum((group.total for group in everything), ZERO)
        for group in everything:
            group.share = percent(group.total, whole)
        return everything
