"""The item-level budget: writing plan and lines, sums and shares, snapshots and what changed between two of them."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Refusal
from kernel.money import LARGEST, ZERO, yuan
from procurement.models import BudgetLine, PlannedActivity

MOST_LINES, MOST_ACTIVITIES = 1000, 200

PLAN_FIELDS = ("order", "title", "planned_on", "location", "headcount", "times", "by_whom")
INDICATOR_FIELDS = ("order", "kind", "name", "target", "unit", "how")
LINE_FIELDS = ("order", "kind", "name", "unit", "quantity", "price", "note")
FACTS = (
    "title", "fiscal_year", "item_id", "code_id", "goal", "target_group", "headcount", "results", "risks", "starts_on", "ends_on", "way", "intended_id",
    "intended_reason", "alternatives", "price_comparison",
)  # fmt: skip


def line_amount(quantity, price):
    """quantity × unit price in yuan, half up to the fen."""
    return yuan(Decimal(quantity) * Decimal(price))


def total_of(lines):
    """Sum of the lines' amounts (yuan), exact."""
    return sum((line.amount for line in lines), ZERO)


def percent(part, total):
    """Share of a total in per cent with one place, half up; the editor's script rounds the same way."""
    return (part * 100 / total).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP) if total else Decimal("0.0")


def shares(lines):
    """Amount and percentage of each kind of cost, in the order of BudgetLine.KINDS: [(key, label, amount, percent)]."""
    sums = defaultdict(lambda: ZERO)
    for line in lines:
        sums[line.kind] += line.amount
    total = sum(sums.values(), ZERO)
    return [(key, label, sums[key], percent(sums[key], total)) for key, label in BudgetLine.KINDS]


@dataclass(frozen=True)
class Group:
    """The lines that stand together: those of one activity, people, or running cost. `total` in yuan, `share` in per cent of the whole budget."""

    kind: str
    activity: object
    lines: list
    total: Decimal
    share: Decimal


def groups(plan, lines, *, empty=False):
    """Lines in the order in which they stand: activity by activity of the plan, then people, then running cost. `empty`: also groups without lines.

    A line finds its activity by `activity_id`. Lines of an activity that is not in `plan` come last among the activities, under None.
    """
    plan, together = list(plan), defaultdict(list)
    known = {row.pk for row in plan}
    for line in lines:
        together[line.kind, line.activity_id if line.kind == "activity" and line.activity_id in known else None].append(line)
    whole = sum((total_of(part) for part in together.values()), ZERO)
    slots = [("activity", row) for row in plan] + [("activity", None), ("people", None), ("running", None)]
    found = []
    for kind, activity in slots:
        part = together[kind, activity.pk if activity else None]
        if part or (empty and (activity or kind != "activity")):
            found.append(Group(kind, activity, part, total_of(part), percent(total_of(part), whole)))
    return found


def replace_budget(project, plan, lines):
    """Write plan and lines as given: rows with a known `id` are kept and changed, missing ones go. Returns the new total (yuan).

    A line's `activity` is the `order` of a planned activity, or empty. However many lines, the number of queries stays the same (SQLite takes
    about ninety rows at once); what did not change is not written. Raises Refusal: too_many_lines, too_much.
    """
    if len(lines) > MOST_LINES or len(plan) > MOST_ACTIVITIES:
        raise Refusal(
            "too_many_lines", _("A budget holds at most {lines} lines for {activities} activities.").format(lines=MOST_LINES, activities=MOST_ACTIVITIES),
            todo=_("Put small things of one kind together, or apply for two projects."),
        )  # fmt: skip
    known, rows = {row.pk: row for row in project.plan.all()}, []
    for number, row in enumerate(plan, 1):
        activity = known.pop(row.get("id"), None) or PlannedActivity(project=project)
        rows.append((activity, {name: row[name] for name in PLAN_FIELDS if name in row} | {"order": row.get("order") or number}))
    _write(PlannedActivity, rows, PLAN_FIELDS)
    by_order, leaving = {activity.order: activity for activity, _values in rows}, list(known)
    known, rows = {row.pk: row for row in project.lines.all()}, []
    for number, row in enumerate(lines, 1):
        line = known.pop(row.get("id"), None) or BudgetLine(project=project)
        values = {name: row[name] for name in LINE_FIELDS if name in row} | {"order": row.get("order") or number}
        kind = values.get("kind", line.kind)
        activity = by_order.get(row.get("activity")) if kind == "activity" else None
        amount = line_amount(values.get("quantity", line.quantity), values.get("price", line.price))
        rows.append((line, values | {"activity_id": activity.pk if activity else None, "amount": amount}))
    total = sum((values["amount"] for _line, values in rows), ZERO)
    if total > LARGEST:
        raise Refusal("too_much", _("The amount is too large."))
    _write(BudgetLine, rows, (*LINE_FIELDS, "activity", "amount"))
    if known:
        BudgetLine.objects.filter(pk__in=list(known)).delete()
    if leaving:
        PlannedActivity.objects.filter(pk__in=leaving).delete()
    return total


def _write(model, rows, fields):
    """Give each object its values; new ones are inserted, changed ones written over in one statement, the rest left alone."""
    new, changed = [], []
    for row, values in rows:
        same = row.pk and all(getattr(row, name) == value for name, value in values.items())
        for name, value in values.items():
            setattr(row, name, value)
        if not same:
            (changed if row.pk else new).append(row)
    model.objects.bulk_create(new)
    model.objects.bulk_create(changed, update_conflicts=True, unique_fields=["id"], update_fields=list(fields))


def snapshot(project):
    """Everything reviewers judge, as JSON: facts, needs, indicators, funding, plan and lines."""
    return {
        "facts": {name: _plain(getattr(project, name)) for name in FACTS},
        "needs": sorted(project.needs.values_list("pk", flat=True)),
        "helpers": sorted(project.drafting_help.values_list("pk", flat=True)),
        "funding": {str(row.fund_id): str(row.amount) for row in project.fundings.order_by("fund_id")},
        "indicators": [{name: _plain(getattr(row, name)) for name in INDICATOR_FIELDS} for row in project.indicators.all()],
        "plan": [{"id": row.pk, **{name: _plain(getattr(row, name)) for name in PLAN_FIELDS}} for row in project.plan.all()],
        "lines": [
            {"id": row.pk, "activity": row.activity_id, **{name: _plain(getattr(row, name)) for name in LINE_FIELDS}, "amount": str(row.amount)}
            for row in project.lines.all()
        ],
        "total": str(project.budget_total),
    }


def _plain(value):
    """As JSON keeps it, written so that equal values compare equal (2 and 2.00)."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    return value if value is None or isinstance(value, int | str) else str(value)


@dataclass(frozen=True)
class LineChange:
    """One line between two revisions: `old` and `new` are the snapshot's rows or None; `what` is same, changed, added or removed."""

    old: dict | None
    new: dict | None

    @property
    def what(self):
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        return "same" if self.old == self.new else "changed"

    @property
    def row(self):
        return self.new or self.old

    @property
    def delta(self):
        """Change of the amount in yuan."""
        return Decimal(self.new["amount"] if self.new else 0) - Decimal(self.old["amount"] if self.old else 0)


def line_changes(old, new):
    """Line by line what changed between two snapshots, in the new one's order, removed lines at the end."""
    before = {row["id"]: row for row in (old or {}).get("lines", [])}
    changes = [LineChange(before.pop(row["id"], None), row) for row in new["lines"]]
    return changes + [LineChange(row, None) for row in before.values()]


def differs(old, new, *, beyond_lines=False):
    """Whether two snapshots differ; with `beyond_lines` only outside the lines, the total and the funding that follows it."""
    ignored = {"lines", "total", "funding"} if beyond_lines else set()
    return any((old.get(key) or None) != (new.get(key) or None) for key in new if key not in ignored)


def within_cut(old, new, limit):
    """Whether the new snapshot is the old one with lines only lowered or removed, and not above `limit` yuan."""
    return not differs(old, new, beyond_lines=True) and Decimal(new["total"]) <= limit and all(
        change.what in ("same", "removed") or (change.old is not None and change.delta <= 0) for change in line_changes(old, new)
    )
