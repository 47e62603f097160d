"""The contract, its people, its years and its payment stages."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.encryption import EncryptedField, EncryptedRow
from kernel.models.living import Living
from kernel.money import ZERO, MoneyField
from procurement.permissions_contract import ContractQuerySet, OfContractQuerySet


class Contract(Living):
    """`amount` is the original (yuan), `addons` what amendments added (≤ 10 %), `paid` and `returned` move by verbs only."""

    SETTLEMENTS = [("lump_sum", _("lump sum")), ("actual_cost", _("actual cost, capped by line")), ("unit_price", _("unit price × verified count"))]
    KINDS = [("service", _("service")), ("space", _("operated space")), ("works", _("works or goods, tracked only"))]
    number = models.CharField(_("contract number"), max_length=30, unique=True)
    project = models.ForeignKey("procurement.Project", models.PROTECT, related_name="contracts", verbose_name=_("project"))
    lot = models.ForeignKey("procurement.Lot", models.PROTECT, null=True, blank=True, related_name="contracts", verbose_name=_("lot"))
    organization = models.ForeignKey("providers.Organization", models.PROTECT, related_name="contracts", verbose_name=_("provider"))
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="contracts", verbose_name=_("purchaser"))
    title = models.CharField(_("title"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS, default="service")
    settlement = models.CharField(_("settlement"), max_length=12, choices=SETTLEMENTS, default="lump_sum")
    amount = MoneyField(_("amount"))
    addons = MoneyField(_("add-ons"), editable=False)
    paid = MoneyField(_("paid"), editable=False)
    returned = MoneyField(_("returned"), editable=False)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    long_term_reason = models.CharField(_("why longer than one year"), max_length=300, blank=True)
    deliverables = models.TextField(_("deliverables"), max_length=4000)
    check_days = models.PositiveSmallIntegerField(_("third-party check, working days"), default=10)
    signed_on = models.DateField(_("signed on"), null=True, blank=True, editable=False)
    sign_due_on = models.DateField(null=True, blank=True, editable=False)
    notice_due_on = models.DateField(null=True, editable=False)
    notice_published_on = models.DateField(null=True, editable=False)
    filing_due_on = models.DateField(null=True, editable=False)
    filed_on = models.DateField(null=True, editable=False)
    terms = models.TextField(_("further terms"), max_length=4000, blank=True)
    departure_reason = models.CharField(_("why it departs from the response"), max_length=500, blank=True)
    ended_on = models.DateField(null=True, editable=False)
    is_backfill = models.BooleanField(_("entered afterwards"), default=False, editable=False)
    objects = ContractQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("contract")
        indexes = [
            models.Index(fields=["purchaser", "status"], name="contract_of_office"), models.Index(fields=["status", "-signed_on", "-id"], name="contract_newest"),
            models.Index(fields=["-signed_on", "-id", "status"], condition=Q(notice_published_on__isnull=False), name="contract_published"),
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0) & Q(addons__gte=0) & Q(paid__gte=0) & Q(returned__gte=0), name="contract_money_sane"),
            models.CheckConstraint(condition=Q(paid__lte=F("amount") + F("addons") + F("returned")), name="contract_paid_within_amount"),
            models.CheckConstraint(condition=Q(amount__gte=F("addons") * 10), name="contract_addons_within_tenth"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="contract_dates_in_order"),
            models.UniqueConstraint(
                fields=["lot"], condition=Q(lot__isnull=False) & ~Q(status__in=["cancelled", "terminated"]), name="contract_one_per_lot"
            ),
        ]

    def __str__(self):
        return self.title

    def trail_chain(self):
        return self.project.trail_chain() if "project" in self._state.fields_cache else f"project-{self.project_id}"

    def get_absolute_url(self):
        return reverse("contract_detail", args=[self.pk])

    @property
    def current_amount(self):
        """The contract with its add-ons (yuan)."""
        return self.amount + self.addons

    @property
    def net_paid(self):
        """Paid and not returned by a bank (yuan)."""
        return self.paid - self.returned

    @property
    def unpaid(self):
        """What is still open of the current amount (yuan)."""
        return self.current_amount - self.net_paid

    @property
    def statutory(self):
        """Bought under the procurement law (the duties D06–D08 hold), not below the limit."""
        return bool(self.lot_id) and self.lot.tender.method != "self_run"


class ContractLine(models.Model):
    """One price line of the contract 分项报价: quantity × unit price (yuan). `line`: the project's budget line it was offered for; `activity`: its number in the plan."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="lines")
    line = models.ForeignKey("procurement.BudgetLine", models.SET_NULL, null=True, related_name="contract_lines")
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=[("activity", _("activity cost")), ("people", pgettext_lazy("cost", "people")), ("running", _("running cost"))])
    activity = models.PositiveSmallIntegerField(null=True)
    name = models.CharField(_("item"), max_length=80)
    unit = models.CharField(_("unit"), max_length=12)
    quantity = models.DecimalField(_("quantity"), max_digits=10, decimal_places=2)
    price = MoneyField(_("unit price"))
    amount = MoneyField(_("amount"), editable=False)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0) & Q(price__gte=0) & Q(amount__gte=0), name="contract_line_sane"),
            models.UniqueConstraint(fields=["contract", "order"], name="contract_line_order"),
        ]

    def __str__(self):
        return self.name

    @property
    def quantity_text(self):
        """2 instead of 2.00, 1.5 instead of 1.50."""
        return format(self.quantity.normalize(), "f")


class KeyPerson(EncryptedRow):
    """A named person of the contract; may not change mid-term without the purchaser's consent."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="key_people")
    name = models.CharField(pgettext_lazy("person", "name"), max_length=40)
    duty = models.CharField(_("duty"), max_length=60)
    qualification = models.CharField(_("qualification"), max_length=80, blank=True)
    phone = EncryptedField(_("telephone"), max_length=20, blank=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return self.name


class YearPortion(models.Model):
    """What one fiscal year and one fund carry of a contract (yuan); portions sum to the contract."""

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="portions")
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    fund = models.ForeignKey("procurement.Fund", models.PROTECT, related_name="portions", verbose_name=_("fund"))
    amount = MoneyField(_("amount"))
    paid = MoneyField(_("paid"), editable=False)

    class Meta:
        ordering = ["fiscal_year", "id"]
        constraints = [
            models.UniqueConstraint(fields=["contract", "fiscal_year", "fund"], name="year_portion_once"),
            models.CheckConstraint(condition=Q(amount__gte=0) & Q(paid__gte=0) & Q(paid__lte=F("amount")), name="year_portion_paid_within"),
        ]

    def __str__(self):
        return f"{self.fiscal_year} {self.amount}"


class Amendment(Living):
    """补充合同: adds at most one tenth of the original in all (政府采购法 第49条); counts once signed by both."""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="amendments")
    number = models.CharField(_("number"), max_length=30)
    delta = MoneyField(_("added amount"))
    subject_matter = models.TextField(_("what changes"), max_length=2000)
    signed_on = models.DateField(_("signed on"), null=True, blank=True, editable=False)
    objects = OfContractQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("amendment")
        constraints = [models.CheckConstraint(condition=Q(delta__gte=0), name="amendment_not_negative")]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("contract_detail", args=[self.contract_id])

    def trail_chain(self):
        return f"project-{self.contract.project_id}"


class PaymentStage(Living):
    """支付节点: percent and amount (yuan) of the contract, and what must be true before it is paid."""

    CONDITIONS = [("signed", _("contract signed")), ("date", _("on a date")), ("progress", _("progress accepted")), ("closing", _("closing accepted"))]
    contract = models.ForeignKey(Contract, models.PROTECT, related_name="stages")
    order = models.PositiveSmallIntegerField(_("no."))
    name = models.CharField(_("stage"), max_length=60)
    percent = models.DecimalField(_("percent"), max_digits=5, decimal_places=2)
    amount = MoneyField(_("amount"))
    condition = models.CharField(_("condition"), max_length=10, choices=CONDITIONS)
    condition_date = models.DateField(_("date"), null=True, blank=True)
    invoice_on = models.DateField(null=True, editable=False)
    due_on = models.DateField(_("due"), null=True, editable=False)
    held = MoneyField(_("withheld"), editable=False)
    paid = MoneyField(_("paid"), editable=False)
    settle_reason = models.CharField(_("why settled lower"), max_length=300, blank=True)
    objects = OfContractQuerySet.as_manager()

    class Meta:
        ordering = ["contract_id", "order"]
        verbose_name = _("payment stage")
        constraints = [
            models.UniqueConstraint(fields=["contract", "order"], name="payment_stage_once"),
            models.CheckConstraint(condition=Q(amount__gte=0) & Q(held__gte=0) & Q(paid__gte=0), name="payment_stage_sane"),
            models.CheckConstraint(condition=Q(paid__lte=F("amount")), name="payment_stage_paid_within"),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("contract_detail", args=[self.contract_id])

    def trail_chain(self):
        return f"project-{self.contract.project_id}"

    @property
    def payable(self):
        """What may be asked for now (yuan): the amount less what was paid and what is held."""
        return max(self.amount - self.paid - self.held, ZERO)


class Clearance(models.Model):
    """What a later stage states about a payment stage: who says so, how much is held (yuan), since when; the payment reads only these."""

    stage = models.ForeignKey(PaymentStage, models.PROTECT, related_name="clearances")
    source = models.CharField(max_length=20, choices=[("community", _("community's confirmation")), ("check", _("third-party check")), ("finding", _("finding")), ("cancelled", _("cancelled activity"))])
    reference = models.CharField(max_length=40)
    held = MoneyField()
    note = models.CharField(max_length=300, blank=True)
    stated_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stage", "source", "reference"], name="clearance_once")]

    def __str__(self):
        return f"{self.source} {self.held}"
