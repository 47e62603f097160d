"""What a project is measured by."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Indicator(models.Model):
    """绩效指标: one measurable result of a project, its target and how it is measured , as 财预〔2020〕10号 groups them."""

    KINDS = [
        ("quantity", pgettext_lazy("indicator", "output: quantity")), ("quality", pgettext_lazy("indicator", "output: quality")), ("timeliness", pgettext_lazy("indicator", "output: timeliness")),
        ("cost", pgettext_lazy("indicator", "output: cost")), ("benefit", pgettext_lazy("indicator", "benefit")), ("satisfaction", pgettext_lazy("indicator", "satisfaction")),
    ]  # fmt: skip
    OUTPUT, OUTCOME = ("quantity", "quality", "timeliness", "cost"), ("benefit", "satisfaction")
    project = models.ForeignKey("procurement.Project", models.CASCADE, related_name="indicators")
    order = models.PositiveSmallIntegerField(_("no."), default=1)
    kind = models.CharField(_("kind"), max_length=12, choices=KINDS)
    name = models.CharField(_("indicator"), max_length=80)
    target = models.DecimalField(_("target"), max_digits=12, decimal_places=2)
    unit = models.CharField(_("unit"), max_length=12)
    how = models.CharField(_("how it is measured"), max_length=120)

    class Meta:
        ordering = ["order", "id"]

    def __str__(self):
        return self.name

    @property
    def target_text(self):
        """90 instead of 90.00."""
        return format(self.target.normalize(), "f")
