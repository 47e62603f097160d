"""What was printed, and last year's totals where they cannot be computed."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.money import MoneyField


class ReportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Reports this person may see (see reporting.permissions)."""
        from reporting.permissions import report_scope

        return self.filter(report_scope(user))


class Report(models.Model):
    """A report made by the worker, kept and verifiable: the QR on each page leads to the page that verifies its digest."""

    KINDS = [("annual", _("annual report of purchases")), ("ledger", _("project ledger"))]
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    number = models.CharField(_("issue number"), max_length=30, unique=True)
    params = models.JSONField(default=dict)
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, null=True, blank=True, related_name="+")
    place = models.ForeignKey("communities.Place", models.PROTECT, null=True, blank=True, related_name="+")
    project = models.ForeignKey("procurement.Project", models.PROTECT, null=True, blank=True, related_name="reports")
    job = models.ForeignKey("kernel.Job", models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="reports")
    requested_at = models.DateTimeField(default=clock.now)
    digests = models.JSONField(default=dict)
    made_at = models.DateTimeField(null=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at"]
        verbose_name = _("report")

    def __str__(self):
        return f"{self.get_kind_display()} {self.number}"

    @property
    def scope(self):
        """What it is about: the project, the purchaser or the district."""
        return self.project or self.purchaser or self.place

    def get_absolute_url(self):
        return reverse("report_detail", args=[self.pk])


class YearTotal(models.Model):
    """Totals of a year before the platform, with source, so that growth can be computed; confirmed by a second person."""

    place = models.ForeignKey("communities.Place", models.PROTECT, related_name="year_totals", verbose_name=_("district"))
    year = models.PositiveSmallIntegerField(_("year"))
    cutoff = models.DateField(_("cut-off date"))
    projects = models.PositiveIntegerField(_("projects"))
    amount = MoneyField(_("money"))
    paid = MoneyField(_("paid"))
    source = models.CharField(_("source"), max_length=200)
    entered_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["place", "year", "cutoff"], name="year_total_once")]

    def __str__(self):
        return f"{self.place} {self.year}"
