"""Several projects side by side: facts, money per head, cost kinds, plan, results, gates' remarks, and what the same thing costs in each."""

import re
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from kernel.money import ZERO, yuan
from procurement.lifecycle.budget import shares
from procurement.models import BudgetLine

FEWEST, MOST = 2, 6


@dataclass(frozen=True)
class Cell:
    """What one project says: text and, for figures, the value; `mark` is high or low where a comparison means something."""

    text: object = ""
    value: object = None
    mark: str = ""


@dataclass(frozen=True)
class Line:
    """One line of the comparison. `kind`: text, money, number, percent, long."""

    label: object
    cells: tuple
    kind: str = "text"


def marked(values):
    """high and low of the figures given (None: says nothing); no mark where all are the same."""
    known = [value for value in values if value is not None]
    if len(known) < 2 or min(known) == max(known):
        return [""] * len(values)
    return ["high" if value == max(known) else "low" if value == min(known) else "" for value in values]


def per_head(amount, heads):
    """Yuan for each person served; None where it cannot be said."""
    return yuan(Decimal(amount) / heads) if amount is not None and heads else None


def same_thing(name, unit):
    """The key under which budget lines of different projects count as the same thing."""
    return re.sub(r"[\s（）()\-·]", "", name).casefold(), re.sub(r"\s", "", unit).casefold()


def figures(label, values, kind="money", *, marks=False):
    return Line(label, tuple(Cell("", value, mark) for value, mark in zip(values, marked(values) if marks else [""] * len(values), strict=True)), kind)


def facts(projects):
    """The lines above the budget. `projects` with place, item, handler, lines, plan, gate_runs and the facts of portfolio.with_facts read."""
    kinds = [{key: (amount, percent) for key, _label, amount, percent in shares(project.lines.all())} for project in projects]
    text = lambda label, values, kind="text": Line(label, tuple(Cell(value) for value in values), kind)  # noqa: E731
    found = [
        text(pgettext("project", "Stage"), [project.status_label for project in projects]),
        text(_("Where"), [project.place.name for project in projects]),
        text(_("Catalogue item"), [project.item.name for project in projects]),
        text(_("Way"), [project.get_way_display() for project in projects]),
        text(_("Expected time"), [f"{project.starts_on} – {project.ends_on}" for project in projects]),
        text(_("Target group"), [project.target_group for project in projects]),
        figures(_("People served"), [project.headcount for project in projects], "number"),
        figures(_("Budget"), [project.budget_total for project in projects]),
        figures(_("Approved"), [project.ceiling for project in projects]),
        figures(_("Under contract"), [project.contract_sum or None for project in projects]),
        figures(_("Budget for each person served"), [per_head(project.budget_total, project.headcount) for project in projects], marks=True),
    ]
    for key, label in BudgetLine.KINDS:
        found.append(figures(label, [kind[key][0] if key in kind else ZERO for kind in kinds]))
        found.append(figures(_("{kind}, share").format(kind=label), [kind[key][1] if key in kind else 0 for kind in kinds], "percent", marks=True))
    plans = [list(project.plan.all()) for project in projects]
    found += [
        figures(_("Planned activities"), [len(plan) for plan in plans], "number"),
        figures(_("Times in all"), [sum(row.times for row in plan) for plan in plans], "number"),
        figures(_("Attendances planned"), [sum(row.headcount * row.times for row in plan) for plan in plans], "number"),
        text(_("Expected results"), [project.results for project in projects], "long"),
        text(_("Remarks of the gates"), ["\n".join(f"{run.name}：{run.remark}" for run in project.gate_runs.all() if run.remark) or "—" for project in projects], "long"),
    ]
    return found


def prices(projects):
    """Budget lines of the same name and unit beside each other by unit price, those that several projects have first."""
    groups = {}
    for place, project in enumerate(projects):
        for line in project.lines.all():
            groups.setdefault(same_thing(line.name, line.unit), {}).setdefault(place, []).append(line)
    found = []
    for rows in groups.values():
        first = next(iter(rows.values()))[0]
        dearest = [max((line.price for line in rows[place]), default=None) if place in rows else None for place in range(len(projects))]
        cells = [
            Cell("；".join(f"{line.price:,.2f} × {line.quantity_text}" for line in rows[place]) if place in rows else "", dearest[place], mark)
            for place, mark in enumerate(marked(dearest))
        ]
        found.append(Line(f"{first.name}（{first.unit}）", tuple(cells), "price"))
    return sorted(found, key=lambda line: (-sum(cell.value is not None for cell in line.cells), str(line.label)))
