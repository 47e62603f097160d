"""Where the money comes from."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.models.membership import ROLES
from kernel.models.living import Living
from kernel.money import MoneyField
from procurement.permissions import FundQuerySet

OWNER_ROLES = ("fund_owner", "section", "department", "leader", "accountant")
INCOME = ("donation", "low_fee")


class Fund(Living):
    """A fund of one fiscal year. `committed`, `paid` and `received` (yuan) are moved only by verbs; the database refuses more than the amount.

    `owner_section` keeps it, `owner_person` answers for it; with `needs_owner_consent` whoever holds `owner_role` decides each project planned on it
    before the street's last gate. `received` counts the income of a donation or low-fee fund.
    """

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
    received = MoneyField(_("received"), editable=False)
    pledge = models.CharField(_("agreement on money still to come"), max_length=80, blank=True, default="", editable=False)
    owner_section = models.CharField(_("owner section"), max_length=40, blank=True, default="")
    owner_person = models.ForeignKey("kernel.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("responsible person"))
    needs_owner_consent = models.BooleanField(_("projects need the owner's consent"), default=False)
    owner_role = models.CharField(_("who consents"), max_length=16, choices=[(key, ROLES[key]) for key in OWNER_ROLES], default="fund_owner")
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
            models.CheckConstraint(condition=Q(amount__gte=0) & Q(committed__gte=0) & Q(paid__gte=0) & Q(received__gte=0), name="fund_not_negative"),
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
    def has_income(self):
        """Donations and low fees are received, not allotted (S1.7)."""
        return self.source in INCOME

    @property
    def unpaid(self):
        """Committed and not paid yet (yuan)."""
        return self.committed - self.paid
