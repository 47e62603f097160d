"""Whether people and running cost of a budget are squeezed or bloated, by the bounds the street has settled for itself. It warns and never blocks."""

from dataclasses import dataclass
from decimal import Decimal

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
    """What the bounds in force say of a project's budget: [ShareWarning]. One query beside the lines."""
    found = shares(project.lines.all())
    return outside(found, bounds_of(project.purchaser_id)) if project.budget_total else []
