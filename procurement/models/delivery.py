"""Activities and their evidence."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from kernel.encryption import BlindIndexField, EncryptedField, EncryptedRow
from kernel.models.living import Living
from kernel.money import MoneyField
from procurement.permissions_contract import OfContractQuerySet


class Activity(Living):
    """planned → confirmed → held → reported → confirmed by the community → checked; or postponed, replaced, cancelled."""

    contract = models.ForeignKey("procurement.Contract", models.PROTECT, related_name="activities")
    stage = models.ForeignKey("procurement.PaymentStage", models.PROTECT, null=True, blank=True, related_name="activities", verbose_name=_("payment stage"))
    plan = models.ForeignKey("procurement.PlannedActivity", models.PROTECT, null=True, blank=True, related_name="activities")
    title = models.CharField(_("activity"), max_length=80)
    planned_on = models.DateField(_("planned on"))
    location = models.CharField(_("where"), max_length=80)
    planned_headcount = models.PositiveIntegerField(_("people expected"))
    held_on = models.DateField(_("took place on"), null=True, blank=True)
    headcount = models.PositiveIntegerField(_("people who came"), null=True, blank=True)
    distinct_people = models.PositiveIntegerField(_("distinct people"), null=True, blank=True)
    summary = models.TextField(_("what happened"), max_length=2000, blank=True)
    reported_at = models.DateTimeField(null=True, editable=False)
    community_answer = models.CharField(
        _("the community says"), max_length=10, blank=True, choices=[("held", _("held")), ("deviation", _("held with deviation")), ("not_held", _("not held"))]
    )
    community_remark = models.CharField(_("remark"), max_length=300, blank=True)
    community_at = models.DateTimeField(null=True, editable=False)
    cancel_cause = models.CharField(
        _("cause"), max_length=10, blank=True, choices=[("weather", _("weather")), ("purchaser", _("purchaser")), ("provider", _("provider"))]
    )
    objects = OfContractQuerySet.as_manager()

    class Meta:
        ordering = ["planned_on", "id"]
        verbose_name = _("activity")
        indexes = [models.Index(fields=["planned_on", "-id"], name="activity_by_day"), models.Index(fields=["status", "reported_at"], name="activity_unanswered")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("activity_detail", args=[self.pk])

    def trail_chain(self):
        return f"project-{self.contract.project_id}"


class SignIn(EncryptedRow):
    """One person on the sign-in sheet; name and telephone encrypted."""

    KINDS = [("self", _("in person")), ("guardian", _("guardian")), ("family", _("family")), ("signed_for", _("signed for")), ("no_phone", _("no telephone"))]
    activity = models.ForeignKey(Activity, models.CASCADE, related_name="sign_ins")
    kind = models.CharField(_("signed by"), max_length=12, choices=KINDS, default="self")
    name = EncryptedField(pgettext_lazy("person", "name"), max_length=40)
    phone = EncryptedField(_("telephone"), max_length=20, blank=True)
    phone_key = BlindIndexField(of="phone", domain="phone")
    signed_at = models.DateTimeField(default=clock.now)

    def __str__(self):
        return f"{self.activity_id}/{self.pk}"


class CostVoucher(models.Model):
    """The provider's own spending (supplier invoice, receipt, labour-fee sheet), tied to a budget line and an activity. Yuan."""

    KINDS = [("invoice", _("supplier invoice")), ("receipt", _("receipt")), ("labour", _("signed labour-fee sheet"))]
    contract = models.ForeignKey("procurement.Contract", models.PROTECT, related_name="vouchers")
    activity = models.ForeignKey(Activity, models.PROTECT, null=True, blank=True, related_name="vouchers", verbose_name=_("activity"))
    line = models.ForeignKey("procurement.BudgetLine", models.PROTECT, null=True, blank=True, related_name="vouchers", verbose_name=_("budget line"))
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    number = models.CharField(_("number"), max_length=40)
    supplier = models.CharField(_("supplier or person"), max_length=80)
    spent_on = models.DateField(_("date"))
    amount = MoneyField(_("amount"))
    purpose = models.CharField(_("purpose"), max_length=120)
    entered_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(default=clock.now)
    voided_at = models.DateTimeField(null=True, editable=False)
    void_reason = models.CharField(_("why void"), max_length=300, blank=True, editable=False)
    objects = OfContractQuerySet.as_manager()

    class Meta:
        ordering = ["spent_on", "id"]
        verbose_name = _("cost voucher")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="cost_voucher_positive"),
            models.UniqueConstraint(fields=["contract", "number"], condition=Q(voided_at__isnull=True), name="cost_voucher_number_once"),
        ]

    def __str__(self):
        return f"{self.number} {self.amount}"

    def trail_chain(self):
        return f"project-{self.contract.project_id}"
