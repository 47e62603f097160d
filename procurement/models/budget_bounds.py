"""How large a share of a budget people and running cost should be, as each street decides it."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from procurement.models.configuration import StreetSetting


class BudgetBounds(StreetSetting):
    """预算结构控制范围: shares in per cent of the whole budget; an empty end is not watched. Outside them a budget is only warned about."""

    SHARES = ("people", "running")
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="budget_bounds")
    people_min = models.PositiveSmallIntegerField(_("people, at least (%)"), null=True, blank=True, validators=[MaxValueValidator(100)])
    people_max = models.PositiveSmallIntegerField(_("people, at most (%)"), null=True, blank=True, validators=[MaxValueValidator(100)])
    running_min = models.PositiveSmallIntegerField(_("running cost, at least (%)"), null=True, blank=True, validators=[MaxValueValidator(100)])
    running_max = models.PositiveSmallIntegerField(_("running cost, at most (%)"), null=True, blank=True, validators=[MaxValueValidator(100)])

    class Meta:
        ordering = ["purchaser_id", "-valid_from", "-id"]
        verbose_name = _("bounds of a budget's shares")
        constraints = [
            models.CheckConstraint(
                condition=(Q(people_min=None) | Q(people_max=None) | Q(people_max__gte=models.F("people_min")))
                & (Q(running_min=None) | Q(running_max=None) | Q(running_max__gte=models.F("running_min"))),
                name="budget_bounds_in_order",
            )
        ]

    def __str__(self):
        return str(self._meta.verbose_name)

    def of(self, kind):
        """(least, most) per cent of a kind of cost; None where nothing is watched."""
        return getattr(self, f"{kind}_min", None), getattr(self, f"{kind}_max", None)

    def shown(self, kind):
        """The range as papers and pages print it."""
        least, most = self.of(kind)
        if least is None and most is None:
            return ""
        return f"≥ {least}%" if most is None else f"≤ {most}%" if least is None else f"{least}%–{most}%"

    @property
    def people_range(self):
        return self.shown("people")

    @property
    def running_range(self):
        return self.shown("running")
