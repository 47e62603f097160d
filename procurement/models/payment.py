"""Payment requests, their invoice and their way to *paid*; and the closing."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.models.living import Living
from kernel.money import MoneyField
from procurement.permissions_contract import OfContractQuerySet, OfStageQuerySet


class PaymentRequest(Living):
    """付款申请: one per stage that is open at a time. The route of approvals is frozen on it when submitted. Yuan."""

    stage = models.ForeignKey("procurement.PaymentStage", models.PROTECT, related_name="requests")
    number = models.CharField(_("number"), max_length=30, unique=True, editable=False)
    amount = MoneyField(_("amount"))
    invoice_code = models.CharField(_("invoice code"), max_length=12, blank=True)
    invoice_number = models.CharField(_("invoice number"), max_length=20)
    invoice_on = models.DateField(_("invoice date"))
    received_on = models.DateField(_("invoice received on"))
    due_on = models.DateField(_("due"), null=True, editable=False)
    account = models.ForeignKey("providers.BankAccount", models.PROTECT, null=True, related_name="+", verbose_name=_("account"))
    route = models.JSONField(default=list, editable=False)
    step = models.PositiveSmallIntegerField(default=0, editable=False)
    paid_on = models.DateField(_("paid on"), null=True, editable=False)
    voucher_number = models.CharField(_("payment voucher number"), max_length=40, blank=True, editable=False)
    returned_times = models.PositiveSmallIntegerField(default=0, editable=False)
    parts = models.JSONField(default=list, editable=False)
    objects = OfStageQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("payment request")
        indexes = [models.Index(fields=["status", "due_on"], name="payment_request_late")]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_request_positive"),
            models.UniqueConstraint(
                fields=["stage"], condition=~Q(status__in=["paid", "cancelled", "rejected"]), name="payment_request_one_open_per_stage"
            ),
            models.UniqueConstraint(
                fields=["invoice_code", "invoice_number"], condition=~Q(status__in=["cancelled", "rejected"]), name="invoice_used_once"
            ),
        ]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("payment_detail", args=[self.pk])

    def trail_chain(self):
        return f"project-{self.stage.contract.project_id}"

    @property
    def contract(self):
        return self.stage.contract

    def waiting_on(self):
        """Whose turn it is: the step of the route, the cashier, the accountant."""
        if self.status == "in_approval" and self.step < len(self.route):
            return self.route[self.step]["name"]
        return {"draft": _("provider"), "approved": _("cashier"), "returned": _("accountant")}.get(self.status, "")

    @property
    def round(self):
        """Which sending this is: the first, or after how many returns by the bank."""
        return self.returned_times + 1


class PaymentApproval(models.Model):
    """One approval on the route: a record of a person, independent of later configuration."""

    request = models.ForeignKey(PaymentRequest, models.PROTECT, related_name="approvals")
    order = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=16)
    name = models.CharField(max_length=40)
    approved_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(default=clock.now)
    round = models.PositiveSmallIntegerField(default=1)
    remark = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["request_id", "round", "order"]
        constraints = [models.UniqueConstraint(fields=["request", "round", "order"], name="payment_approval_once")]

    def __str__(self):
        return f"{self.request_id}/{self.order}"


class Closing(Living):
    """结项: the checklist of one contract's closing and its acceptance."""

    contract = models.OneToOneField("procurement.Contract", models.PROTECT, related_name="closing")
    summary = models.TextField(_("results"), max_length=3000)
    satisfaction = models.DecimalField(_("satisfaction (%)"), max_digits=5, decimal_places=2, null=True, blank=True)
    community_opinion = models.CharField(_("community's opinion"), max_length=300, blank=True)
    recipients_opinion = models.CharField(_("recipients' opinion"), max_length=300, blank=True)
    acceptors = models.CharField(_("members of the acceptance group"), max_length=200, blank=True, editable=False)
    conclusion = models.TextField(_("conclusion of the acceptance"), max_length=2000, blank=True, editable=False)
    accepted_on = models.DateField(_("accepted on"), null=True, editable=False)
    objects = OfContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("closing")

    def __str__(self):
        return str(self.contract)

    def get_absolute_url(self):
        return reverse("closing_detail", args=[self.pk])

    def trail_chain(self):
        return f"project-{self.contract.project_id}"


class ChecklistRow(models.Model):
    """One row of the closing checklist: what must be there, whether it is, who said so."""

    closing = models.ForeignKey(Closing, models.CASCADE, related_name="rows")
    key = models.CharField(max_length=20)
    done = models.BooleanField(null=True)
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    said_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["closing", "key"], name="checklist_row_once")]

    def __str__(self):
        return self.key
