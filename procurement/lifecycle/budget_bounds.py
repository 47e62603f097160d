"""Whether people and running cost of a budget are squeezed or bloated, by the bounds the street has settled for itself. It warns and never blocks."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from procurement.lifecycle.budget import shares
from procurement.models import BudgetBounds

SENTENCES = {
    ("people", "low"): _("People cost only {percent}% of the budget, below the street's {bound}%: who will do the work for that?"),
    ("people", "high"): _("People cost {percent}% of the budget, above the street's {bound}%: is enough left for the activities?"),
    ("running", "low"): _("Running cost is only {percent}% of the budget, below the street's {bound}%: nobody can keep books and insure people for that."),
    ("running", "high"): _("Running cost is {percent}% of the budget, above the street's {bound}%."),
}


@dataclass(frozen=True)
class ShareWarning:
    """One share outside its bounds. `kind` people | running, `side` low | high."""

    kind: str
    side: str
    percent: Decimal
    bound: int

    @property
    def sentence(self):
        return SENTENCES[self.kind, self.side].format(percent=self.percent, bound=self.bound)


def bounds_of(purchaser_id, on=None):
    """The purchaser's bounds in force, the newest, or None: the street has settled none."""
    return BudgetBounds.in_force(on).filter(purchaser=purchaser_id).order_by("-valid_from", "-id").first()


ENDS = ("people_min", "people_max", "running_min", "running_max")


def with_bounds(projects):
    """Projects that bring the bounds of their purchaser along (bounds_pk, bounds_people_min …), without a query of its own."""
    rows = BudgetBounds.in_force().filter(purchaser=OuterRef("purchaser")).order_by("-valid_from", "-id")
    return projects.annotate(**{f"bounds_{name}": Subquery(rows.values(name)[:1]) for name in ("pk", *ENDS)})


def outside(found, bounds):
    """Of shares (key, label, amount, percent) those outside the bounds, as ShareWarnings. Nothing for an empty budget or without bounds."""
    if bounds is None or not any(amount for _key, _label, amount, _percent in found):
        return []
    warnings = []
    for kind, _label, _amount, percent in found:
        least, most = bounds.of(kind)
        if least is not None and percent < least:
            warnings.append(ShareWarning(kind, "low", percent, least))
        if most is not None and percent > most:
            warnings.append(ShareWarning(kind, "high", percent, most))
    return warnings


def share_warnings(project):
    """What the bounds in force say of a project's budget: [ShareWarning]."""
    if not project.budget_total:
        return []
    if hasattr(project, "bounds_pk"):
        bounds = BudgetBounds(**{name: getattr(project, f"bounds_{name}") for name in ENDS}) if project.bounds_pk else None
    else:
        bounds = bounds_of(project.purchaser_id)
    return outside(shares(project.lines.all()), bounds)
