"""框架协议 (财政部令第110号): the framework, its service items, who was selected, and what was bought under it (docs/decisions/0014)."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.models.living import Living
from kernel.money import MoneyField
from procurement.permissions_framework import AgreementQuerySet, FrameworkQuerySet


class Framework(Living):
    """A closed framework of one purchaser. `ceiling`: the most that may be bought under it (yuan); `ways`: how stage 2 may choose."""

    WAYS = [("direct", _("direct choice")), ("rotation", _("in turn")), ("second", _("second competition"))]
    title = models.CharField(_("title"), max_length=80)
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="frameworks", verbose_name=_("collected by"))
    project = models.OneToOneField("procurement.Project", models.PROTECT, related_name="framework", verbose_name=_("programme"))
    users = models.CharField(_("who may buy and who is served"), max_length=300)
    term_months = models.PositiveSmallIntegerField(_("term in months"))
    term_reason = models.CharField(_("why this term"), max_length=300, blank=True)
    ways = models.JSONField(_("how stage 2 chooses"), default=list)
    ceiling = MoneyField(_("most that may be bought"))
    quality_basis = models.CharField(_("why quality comes first"), max_length=300, blank=True)
    starts_on = models.DateField(null=True, editable=False)
    ends_on = models.DateField(null=True, editable=False)
    objects = FrameworkQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("framework agreement")
        constraints = [models.CheckConstraint(condition=Q(ceiling__gt=0) & Q(term_months__gt=0), name="framework_sane")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("framework_detail", args=[self.pk])

    def trail_chain(self):
        return f"framework-{self.pk}"

    @property
    def ways_text(self):
        labels = dict(self.WAYS)
        return "、".join(str(labels[way]) for way in self.ways)


class FrameworkItem(models.Model):
    """One service item in one stage-1 lot: the lot's ceiling is the highest unit price. A later collection for the same item `refills` the first."""

    framework = models.ForeignKey(Framework, models.PROTECT, related_name="items")
    lot = models.OneToOneField("procurement.Lot", models.PROTECT, related_name="framework_item")
    refills = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="refilled_by")
    unit = models.CharField(_("unit"), max_length=12)
    quality = models.TextField(_("quality required"), max_length=2000)
    wanted = models.PositiveSmallIntegerField(_("suppliers to be selected"))

    class Meta:
        ordering = ["lot__order", "id"]

    def __str__(self):
        return f"{self.lot.title}（{self.unit}）"


class FrameworkAgreement(Living):
    """One selected supplier of one item: its unit price (yuan), the agreement signed with it, and what became of it."""

    CAUSES = [
        ("collusion", _("collusion")),
        ("false", _("false material")),
        ("refused", _("refuses an order without good reason")),
        ("breach", _("does not perform as agreed, also after being asked to")),
        ("barred", _("barred from government procurement")),
        ("agreed", _("another case the agreement names")),
    ]
    item = models.ForeignKey(FrameworkItem, models.PROTECT, related_name="agreements")
    organization = models.ForeignKey("providers.Organization", models.PROTECT, related_name="framework_agreements", verbose_name=_("supplier"))
    bid = models.OneToOneField("procurement.Bid", models.PROTECT, null=True, related_name="framework_agreement")
    number = models.CharField(_("number"), max_length=40, unique=True)
    rank = models.PositiveSmallIntegerField(_("rank"), default=1)
    price = MoneyField(_("unit price"))
    letter_on = models.DateField(_("told on"), null=True, editable=False)
    sign_due_on = models.DateField(null=True, editable=False)
    signed_on = models.DateField(_("signed on"), null=True, editable=False)
    starts_on = models.DateField(_("from"), null=True, editable=False)
    ends_on = models.DateField(_("to"), null=True, editable=False)
    filing_due_on = models.DateField(null=True, editable=False)
    filed_on = models.DateField(_("copy filed on"), null=True, editable=False)
    telling_due_on = models.DateField(null=True, editable=False)
    told_on = models.DateField(_("users told on"), null=True, editable=False)
    cause = models.CharField(_("cause"), max_length=12, choices=CAUSES, blank=True, editable=False)
    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["item_id", "rank", "id"]
        verbose_name = _("agreement")
        constraints = [
            models.CheckConstraint(condition=Q(price__gt=0), name="agreement_price_positive"),
            models.CheckConstraint(condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")), name="agreement_dates_in_order"),
            models.UniqueConstraint(fields=["item", "organization"], name="agreement_once"),
        ]

    def __str__(self):
        return f"{self.organization} · {self.item}"

    def get_absolute_url(self):
        return reverse("framework_agreement", args=[self.pk])

    @property
    def purchaser_id(self):
        return self.item.framework.purchaser_id

    def trail_chain(self):
        return f"framework-{self.item.framework_id}"

    @property
    def lasts(self):
        """Whether today lies in its term."""
        return bool(self.starts_on and self.starts_on <= clock.today() <= self.ends_on)


class CallOff(models.Model):
    """第二阶段成交: what one project bought from one selected supplier. Its tender was settled at once; award, contract and money hang there."""

    CHOOSERS = [("purchaser", _("the purchaser")), ("recipients", _("the people served"))]
    agreement = models.ForeignKey(FrameworkAgreement, models.PROTECT, related_name="call_offs")
    tender = models.OneToOneField("procurement.Tender", models.PROTECT, related_name="call_off")
    way = models.CharField(_("how it was chosen"), max_length=10, choices=Framework.WAYS)
    chosen_by = models.CharField(_("chosen by"), max_length=12, choices=CHOOSERS, default="purchaser")
    quantity = models.DecimalField(_("quantity"), max_digits=10, decimal_places=2)
    price = MoneyField(_("unit price"))
    amount = MoneyField(_("amount"))
    reason = models.CharField(_("reason"), max_length=500)
    quotes = models.JSONField(default=list)
    decided_on = models.DateField(_("decided on"))

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0) & Q(quantity__gt=0) & Q(price__gt=0), name="call_off_positive")]

    def __str__(self):
        return str(self.tender)


class FrameworkSummary(models.Model):
    """年度成交汇总: what was bought under a framework in a year, as announced."""

    framework = models.ForeignKey(Framework, models.PROTECT, related_name="summaries")
    year = models.PositiveSmallIntegerField(_("year"))
    announcement = models.OneToOneField("procurement.Announcement", models.PROTECT, related_name="+")
    made_on = models.DateField(default=clock.today)

    class Meta:
        ordering = ["year"]
        constraints = [models.UniqueConstraint(fields=["framework", "year"], name="framework_summary_once")]

    def __str__(self):
        return f"{self.framework} {self.year}"
