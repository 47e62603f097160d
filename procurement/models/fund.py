"""Where the money comes from."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel.models.living import Living
from kernel.money import MoneyField
from procurement.permissions import FundQuerySet


class Fund(Living):
    """A fund of one fiscal year. `committed` and `paid` (yuan) are moved only by verbs; the database refuses more than the amount."""

    SOURCES = [
        ("fiscal", _("fiscal budget")),
        ("community", _("community fund")),
        ("party_service", _("party-service fund")),
        ("subsidy", _("superior subsidy")),
        ("donation", _("social donation")),
        ("low_fee", _("low fee from users")),
    ]
    name = models.CharField(_("name"), max_length=80)
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="funds", verbose_name=_("owner"))
    place = models.ForeignKey("communities.Place", models.PROTECT, null=True, blank=True, related_name="funds", verbose_name=_("for community"))
    source = models.CharField(_("source"), max_length=16, choices=SOURCES)
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    document = models.CharField(_("budget document"), max_length=80, blank=True)
    amount = MoneyField(_("amount"))
    committed = MoneyField(_("committed"), editable=False)
    paid = MoneyField(_("paid"), editable=False)
    allowed_uses = models.CharField(_("allowed uses"), max_length=300, blank=True)
    forbidden_uses = models.CharField(_("forbidden uses"), max_length=300, blank=True)
    procurement_law = models.BooleanField(_("procurement law applies"), default=True)
    cutoff_on = models.DateField(_("treasury cut-off"), null=True, blank=True)
    UNSPENT = [("lapse", _("lapses")), ("carry", _("carries over with a document"))]
    unspent = models.CharField(_("unspent money at closing"), max_length=8, choices=UNSPENT, default="lapse")
    predecessor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, editable=False, related_name="successors", verbose_name=_("carried over from"))
    objects = FundQuerySet.as_manager()

    class Meta:
        ordering = ["-fiscal_year", "id"]
        verbose_name = _("fund")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0) & Q(committed__gte=0) & Q(paid__gte=0), name="fund_not_negative"),
            models.CheckConstraint(condition=Q(committed__lte=F("amount")), name="fund_committed_within_amount"),
            models.CheckConstraint(condition=Q(paid__lte=F("committed")), name="fund_paid_within_committed"),
        ]

    def __str__(self):
        return f"{self.name}（{self.fiscal_year}）"

    def get_absolute_url(self):
        return reverse("fund_detail", args=[self.pk])

    def trail_chain(self):
        return f"purchaser-{self.purchaser_id}"

    @property
    def free(self):
        """What is not committed yet (yuan)."""
        return self.amount - self.committed

    @property
    def unpaid(self):
        """Committed and not paid yet (yuan)."""
        return self.committed - self.paid
