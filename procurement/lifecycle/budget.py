"""The item-level budget: writing plan and lines, sums and shares, snapshots and what changed between two of them."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from kernel.money import ZERO, yuan
from procurement.models import BudgetLine, PlannedActivity

PLAN_FIELDS = ("order", "title", "planned_on", "location", "headcount", "times")
LINE_FIELDS = ("order", "kind", "name", "unit", "quantity", "price", "note")
FACTS = (
    "title", "fiscal_year", "item_id", "code_id", "goal", "target_group", "headcount", "results", "risks", "starts_on", "ends_on", "way", "intended_id",
    "intended_reason", "alternatives",
)  # fmt: skip


def line_amount(quantity, price):
    """quantity × unit price in yuan, half up to the fen."""
    return yuan(Decimal(quantity) * Decimal(price))


def total_of(lines):
    """Sum of the lines' amounts (yuan), exact."""
    return sum((line.amount for line in lines), ZERO)


def shares(lines):
    """Amount and percentage of each kind of cost, in the order of BudgetLine.KINDS: [(key, label, amount, percent)]."""
    sums = defaultdict(lambda: ZERO)
    for line in lines:
        sums[line.kind] += line.amount
    total = sum(sums.values(), ZERO)
    return [(key, label, sums[key], (sums[key] * 100 / total).quantize(Decimal("0.1")) if total else Decimal("0.0")) for key, label in BudgetLine.KINDS]


def replace_budget(project, plan, lines):
    """Write plan and lines as given: rows with a known `id` are kept and changed, missing ones go. Returns the new total (yuan).

    A line's `activity` is the `order` of a planned activity, or empty.
    """
    known = {row.pk: row for row in project.plan.all()}
    by_order, kept = {}, set()
    for number, row in enumerate(plan, 1):
        activity = known.get(row.get("id")) or PlannedActivity(project=project)
        for name in PLAN_FIELDS:
            if name in row:
                setattr(activity, name, row[name])
        activity.order = row.get("order") or number
        activity.save()
        by_order[activity.order] = activity
        kept.add(activity.pk)
    known_lines = {row.pk: row for row in project.lines.all()}
    kept_lines = set()
    for number, row in enumerate(lines, 1):
        line = known_lines.get(row.get("id")) or BudgetLine(project=project)
        for name in LINE_FIELDS:
            if name in row:
                setattr(line, name, row[name])
        line.order = row.get("order") or number
        line.activity = by_order.get(row.get("activity")) if line.kind == "activity" else None
        line.save()
        kept_lines.add(line.pk)
    project.lines.exclude(pk__in=kept_lines).delete()
    project.plan.exclude(pk__in=kept).delete()
    return total_of(project.lines.all())


def snapshot(project):
    """Everything reviewers judge, as JSON: facts, needs, funding, plan and lines."""
    return {
        "facts": {name: _plain(getattr(project, name)) for name in FACTS},
        "needs": sorted(project.needs.values_list("pk", flat=True)),
        "helpers": sorted(project.drafting_help.values_list("pk", flat=True)),
        "funding": {str(row.fund_id): str(row.amount) for row in project.fundings.order_by("fund_id")},
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
    return any(old.get(key) != new.get(key) for key in new if key not in ignored)


def within_cut(old, new, limit):
    """Whether the new snapshot is the old one with lines only lowered or removed, and not above `limit` yuan."""
    return not differs(old, new, beyond_lines=True) and Decimal(new["total"]) <= limit and all(
        change.what in ("same", "removed") or (change.old is not None and change.delta <= 0) for change in line_changes(old, new)
    )
