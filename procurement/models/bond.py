"""保证金: what a purchase asks of each bidder, what a contract asks of its provider, what came in and went back."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.models.living import Living
from kernel.money import MoneyField
from procurement.permissions_award import BondQuerySet

FORMS = [
    ("transfer", pgettext_lazy("bond", "bank transfer")), ("cheque", pgettext_lazy("bond", "cheque")), ("draft", pgettext_lazy("bond", "bank draft")),
    ("note", pgettext_lazy("bond", "promissory note")), ("guarantee", pgettext_lazy("bond", "letter of guarantee")),
]  # fmt: skip


class BondTerms(models.Model):
    """The bid bond of one lot as its documents ask it (yuan, non-cash forms, account). `most`: what the rule allowed when it was set."""

    lot = models.OneToOneField("procurement.Lot", models.PROTECT, related_name="bond_terms")
    amount = MoneyField(_("bid bond"))
    most = MoneyField()
    forms = models.JSONField(_("accepted forms"), default=list)
    account = models.CharField(_("account it is paid to"), max_length=200, blank=True)
    set_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0) & Q(amount__lte=F("most")), name="bond_terms_within")]

    def __str__(self):
        return f"{self.lot} {self.amount}"

    @property
    def form_labels(self):
        labels = dict(FORMS)
        return [labels[key] for key in self.forms if key in labels]


class Bond(Living):
    """One bond of one organization: for a lot (bid) or a contract (performance). A refund names its voucher, a late one its surcharge."""

    KINDS = [("bid", pgettext_lazy("bond", "bid bond")), ("performance", pgettext_lazy("bond", "performance bond"))]
    CAUSES = [
        ("not_chosen", pgettext_lazy("bond", "not chosen: award letter issued")), ("signed", pgettext_lazy("bond", "contract signed")), ("ended", pgettext_lazy("bond", "purchase ended without result")),
        ("fallen", pgettext_lazy("bond", "award fell without the provider's fault")), ("accepted", pgettext_lazy("bond", "contract accepted")),
        ("agreed", pgettext_lazy("bond", "framework agreement signed")),
    ]  # fmt: skip
    kind = models.CharField(_("kind"), max_length=12, choices=KINDS)
    lot = models.ForeignKey("procurement.Lot", models.PROTECT, null=True, related_name="bonds")
    contract = models.ForeignKey("procurement.Contract", models.PROTECT, null=True, related_name="bonds")
    organization = models.ForeignKey("providers.Organization", models.PROTECT, related_name="bonds", verbose_name=_("provider"))
    amount = MoneyField(_("amount"))
    most = MoneyField(null=True, default=None)
    form = models.CharField(_("form"), max_length=10, choices=FORMS, blank=True)
    number = models.CharField(_("receipt or guarantee number"), max_length=60, blank=True)
    received_on = models.DateField(_("received on"), null=True)
    received_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    due_since = models.DateField(null=True)
    cause = models.CharField(_("goes back because"), max_length=12, choices=CAUSES, blank=True)
    refund_due_on = models.DateField(_("refund due"), null=True)
    refunded_on = models.DateField(_("refunded on"), null=True)
    voucher = models.CharField(_("voucher"), max_length=40, blank=True)
    surcharge = MoneyField(_("surcharge for lateness"), null=True, default=None)
    objects = BondQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("bond")
        indexes = [models.Index(fields=["status", "refund_due_on"], name="bond_to_refund")]
        constraints = [
            models.CheckConstraint(condition=Q(kind="bid", lot__isnull=False, contract__isnull=True) | Q(kind="performance", lot__isnull=True, contract__isnull=False), name="bond_of_lot_or_contract"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="bond_positive"),
            models.CheckConstraint(condition=Q(kind="bid") | Q(most__isnull=False, amount__lte=F("most")), name="performance_bond_within"),
            models.CheckConstraint(condition=Q(refunded_on__isnull=True) | ~Q(voucher=""), name="bond_refund_has_voucher"),
            models.UniqueConstraint(fields=["lot", "organization"], condition=Q(kind="bid"), name="bid_bond_once"),
            models.UniqueConstraint(fields=["contract"], condition=Q(kind="performance") & ~Q(status="dropped"), name="performance_bond_once"),
        ]

    def __str__(self):
        return f"{self.organization} {self.amount:,.2f}"

    def get_absolute_url(self):
        return reverse("bond_detail", args=[self.pk])

    @property
    def subject(self):
        """The lot or contract it stands for."""
        return self.lot or self.contract

    @property
    def purchaser_id(self):
        return self.lot.tender.purchaser_id if self.lot_id else self.contract.purchaser_id

    def trail_chain(self):
        return self.lot.trail_chain() if self.lot_id else self.contract.trail_chain()
