"""What happens to a fund's money: each movement as a row of its ledger, adjustments of its amount, income received."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.models.living import Living
from kernel.money import MoneyField
from procurement.permissions import OfFundQuerySet


class FundEntry(models.Model):
    """One movement of a fund (yuan, signed): what it added to the amount, to the committed and to the paid money. Written with the totals, never changed."""

    KINDS = [
        ("expected", pgettext_lazy("ledger", "expected")), ("approved", pgettext_lazy("ledger", "approved")), ("adjusted", pgettext_lazy("ledger", "adjusted")), ("committed", pgettext_lazy("ledger", "committed")),
        ("released", pgettext_lazy("ledger", "released")), ("paid", pgettext_lazy("ledger", "paid")), ("returned", pgettext_lazy("ledger", "returned by the bank")), ("carried", pgettext_lazy("ledger", "carried over")),
        ("opening", pgettext_lazy("ledger", "opening balance")),
    ]  # fmt: skip
    fund = models.ForeignKey("procurement.Fund", models.PROTECT, related_name="entries")
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    amount = MoneyField(_("amount"))
    committed = MoneyField(_("committed"))
    paid = MoneyField(_("paid"))
    project = models.ForeignKey("procurement.Project", models.PROTECT, null=True, related_name="fund_entries", verbose_name=_("project"))
    reference = models.CharField(_("document"), max_length=80, blank=True)
    happened_on = models.DateField(_("happened on"))
    actor = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        ordering = ["happened_on", "id"]
        verbose_name = _("ledger entry")
        indexes = [models.Index(fields=["fund", "happened_on", "id"], name="fund_entry_in_order")]

    def __str__(self):
        return f"{self.fund_id} {self.kind} {self.happened_on}"

    def save(self, *args, **kwargs):
        if self.pk:
            raise TypeError("the ledger is append-only")
        super().save(*args, **kwargs)


class FundAdjustment(Living):
    """预算调整: `amount` (yuan) added to a fund, taken from it, or moved from it to another; counts once a second person approved it."""

    DIRECTIONS = [("raise", _("raise")), ("lower", _("lower")), ("move", _("move to another fund"))]
    fund = models.ForeignKey("procurement.Fund", models.PROTECT, related_name="adjustments", verbose_name=_("fund"))
    direction = models.CharField(_("direction"), max_length=6, choices=DIRECTIONS)
    target = models.ForeignKey("procurement.Fund", models.PROTECT, null=True, blank=True, related_name="adjustments_from", verbose_name=_("to fund"))
    amount = MoneyField(_("amount"))
    document = models.CharField(_("document number"), max_length=80)
    reason = models.CharField(_("reason"), max_length=300)
    promised = models.BooleanField(_("the document promises money still to come"), default=False)
    objects = OfFundQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("budget adjustment")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="fund_adjustment_above_zero"),
            models.CheckConstraint(condition=Q(direction="move", target__isnull=False) & ~Q(target=F("fund")) | ~Q(direction="move") & Q(target=None), name="fund_adjustment_target"),
        ]

    def __str__(self):
        return self.document

    def get_absolute_url(self):
        return reverse("fund_detail", args=[self.fund_id])

    def trail_chain(self):
        return self.fund.trail_chain()


class FundReceipt(Living):
    """Income of a donation or low-fee fund (S1.7). The payer is kept as a kind, never by name."""

    PAYERS = [("person", _("natural persons")), ("company", pgettext_lazy("payer", "company")), ("foundation", _("foundation or charity")), ("users", _("users of the service")), ("other", pgettext_lazy("payer", "other"))]
    fund = models.ForeignKey("procurement.Fund", models.PROTECT, related_name="receipts", verbose_name=_("fund"))
    received_on = models.DateField(_("received on"))
    payer = models.CharField(_("payer"), max_length=12, choices=PAYERS)
    amount = MoneyField(_("amount"))
    receipt_number = models.CharField(_("receipt number"), max_length=40)
    objects = OfFundQuerySet.as_manager()

    class Meta:
        ordering = ["-received_on", "-id"]
        verbose_name = _("income")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="fund_receipt_above_zero"),
            models.UniqueConstraint(fields=["fund", "receipt_number"], condition=~Q(status="void"), name="fund_receipt_number_once"),
        ]

    def __str__(self):
        return self.receipt_number

    def get_absolute_url(self):
        return reverse("fund_detail", args=[self.fund_id])

    def trail_chain(self):
        return self.fund.trail_chain()
