"""单一来源采购: the one supplier, why nobody else, what the public said, and what was agreed."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel.models.living import Living
from kernel.money import MoneyField
from procurement.permissions_tender import OfTenderQuerySet


class SingleSource(Living):
    """The path of one single-source purchase beside its tender, which stays a draft until the supplier is settled.

    `experts` rows {name, post, employer}; `staff` rows {name, experience}; `comparable` rows {name, unit, price, median, count} as the price library said.
    """

    tender = models.OneToOneField("procurement.Tender", models.PROTECT, related_name="single_source")
    organization = models.ForeignKey("providers.Organization", models.PROTECT, related_name="single_sources", verbose_name=_("supplier"))
    earlier = models.ForeignKey("procurement.Contract", models.PROTECT, null=True, blank=True, related_name="additions", verbose_name=_("original contract"))
    amount = MoneyField(_("expected amount"))
    argument = models.TextField(_("expert argument"), max_length=3000, blank=True, editable=False)
    experts = models.JSONField(default=list, editable=False)
    argued_on = models.DateField(null=True, editable=False)
    publicity_from = models.DateField(null=True, editable=False)
    publicity_until = models.DateField(null=True, editable=False)
    reargue_due_on = models.DateField(null=True, editable=False)
    reargued_on = models.DateField(null=True, editable=False)
    approved_on = models.DateField(null=True, editable=False)
    negotiated_on = models.DateField(null=True, editable=False)
    place = models.CharField(_("where"), max_length=80, blank=True, editable=False)
    staff = models.JSONField(default=list, editable=False)
    matters = models.TextField(_("matters negotiated"), max_length=3000, blank=True, editable=False)
    cost = models.TextField(_("how the price is made up"), max_length=2000, blank=True, editable=False)
    evidence = models.TextField(_("comparable prices"), max_length=2000, blank=True, editable=False)
    comparable = models.JSONField(default=list, editable=False)
    terms = models.TextField(_("agreed terms"), max_length=3000, blank=True, editable=False)
    price = MoneyField(_("agreed price"), null=True, default=None, editable=False)
    objects = OfTenderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("single source")
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="single_source_amount_positive")]

    def __str__(self):
        return self.tender.title

    def get_absolute_url(self):
        return reverse("single_source", args=[self.tender_id])

    @property
    def purchaser_id(self):
        return self.tender.purchaser_id

    @property
    def profile_id(self):
        return None

    def trail_chain(self):
        return f"tender-{self.tender_id}"


class SourceObjection(models.Model):
    """An objection to the publicity, and the conclusion told to whoever raised it (实施条例 第38条, 财政部令第74号 第40条)."""

    single = models.ForeignKey(SingleSource, models.PROTECT, related_name="objections")
    raised_by = models.CharField(_("raised by"), max_length=80)
    received_on = models.DateField(_("received on"))
    text = models.TextField(_("objection"), max_length=2000)
    conclusion = models.TextField(_("conclusion"), max_length=2000, blank=True)
    upheld = models.BooleanField(_("upheld"), null=True)
    told_on = models.DateField(_("told on"), null=True)
    recorded_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return self.raised_by
