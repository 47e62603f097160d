"""项目清单: the list of a year's approved projects as a street makes it public, one frozen version after another."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel.models.living import Living
from procurement.permissions import SettingQuerySet


class ProjectListQuerySet(SettingQuerySet):
    """Seen by the purchaser's people and finance of its district; published ones by everybody."""

    def public(self):
        return self.filter(status="published")


class ProjectList(Living):
    """One version of a year's list. `rows` is what was prepared, kept as it is; a correction is a further version."""

    number = models.CharField(_("number"), max_length=30, unique=True, editable=False)
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="project_lists", verbose_name=_("purchaser"))
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    version = models.PositiveSmallIntegerField(_("version"))
    note = models.CharField(_("what is new in this version"), max_length=300, blank=True)
    office = models.CharField(_("purchaser as it was called"), max_length=80, editable=False)
    rows = models.JSONField(default=list, editable=False)
    count = models.PositiveIntegerField(_("projects"), default=0, editable=False)
    published_on = models.DateField(_("published on"), null=True, editable=False)
    published_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("confirmed by"))
    objects = ProjectListQuerySet.as_manager()

    class Meta:
        ordering = ["-fiscal_year", "-version", "-id"]
        verbose_name = _("project list")
        indexes = [models.Index(fields=["status", "-published_on", "-id"], name="project_list_newest")]
        constraints = [
            models.UniqueConstraint(fields=["purchaser", "fiscal_year", "version"], name="project_list_version_once"),
            models.UniqueConstraint(fields=["purchaser", "fiscal_year"], condition=Q(status="draft"), name="project_list_one_draft"),
        ]

    def __str__(self):
        return _("{office} {year}, version {version}").format(office=self.office, year=self.fiscal_year, version=self.version)

    def get_absolute_url(self):
        return reverse("projectlist_detail", args=[self.pk])

    def trail_chain(self):
        return f"purchaser-{self.purchaser_id}"
