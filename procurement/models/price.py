"""Price evidence: what things cost in a district, where each figure comes from, and what stood out in a submitted budget."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.models.living import Living
from kernel.money import MoneyField
from procurement.permissions_price import PriceQuerySet
from procurement.pricing import KEY_LENGTH


class PriceItem(models.Model):
    """One thing with one unit in one district; `key` is its normalised name and unit (pricing.key_of)."""

    district = models.ForeignKey("communities.Place", models.PROTECT, related_name="price_items", verbose_name=_("district"))
    name = models.CharField(_("item"), max_length=80)
    unit = models.CharField(_("unit"), max_length=12)
    key = models.CharField(max_length=KEY_LENGTH, editable=False)

    class Meta:
        verbose_name = _("price item")
        constraints = [models.UniqueConstraint(fields=["district", "key"], name="price_item_once")]

    def __str__(self):
        return f"{self.name}（{self.unit}）"

    def trail_chain(self):
        return f"prices-{self.district_id}"


class PriceAlias(models.Model):
    """Every key that leads to an item: its own (`learned_by` empty) and those people taught. A line is matched by one look at this index."""

    district = models.ForeignKey("communities.Place", models.PROTECT, related_name="+")
    key = models.CharField(max_length=KEY_LENGTH)
    item = models.ForeignKey(PriceItem, models.PROTECT, related_name="aliases")
    name = models.CharField(_("item"), max_length=80)
    unit = models.CharField(_("unit"), max_length=12)
    learned_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    learned_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["district", "key"], name="price_alias_once")]

    def __str__(self):
        return f"{self.name}（{self.unit}）"


class PriceEntry(Living):
    """One price that was asked, paid or decreed (yuan for one unit). Never edited: a wrong one is withdrawn with a reason."""

    SOURCES = [("survey", _("market survey")), ("contract", _("earlier contract")), ("standard", _("official standard"))]
    district = models.ForeignKey("communities.Place", models.PROTECT, related_name="+", editable=False)
    item = models.ForeignKey(PriceItem, models.PROTECT, related_name="entries", verbose_name=_("item"))
    place = models.ForeignKey("communities.Place", models.PROTECT, related_name="prices", verbose_name=_("region"))
    price = MoneyField(_("unit price"))
    priced_on = models.DateField(_("price of"))
    source = models.CharField(_("source"), max_length=10, choices=SOURCES)
    note = models.CharField(_("source in words"), max_length=200, blank=True)
    contract = models.ForeignKey("procurement.Contract", models.PROTECT, null=True, blank=True, related_name="prices", verbose_name=_("contract"))
    line = models.ForeignKey("procurement.BudgetLine", models.SET_NULL, null=True, blank=True, related_name="+")
    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("price")
        indexes = [
            models.Index(fields=["item", "status", "priced_on"], name="price_comparable"),
            models.Index(fields=["district", "-priced_on", "-id"], name="price_of_district"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(price__gt=0), name="price_positive"),
            models.UniqueConstraint(fields=["contract", "line"], condition=Q(contract__isnull=False), name="price_of_contract_line_once"),
        ]

    def __str__(self):
        return f"{self.item} {self.price:,.2f}"

    def get_absolute_url(self):
        return reverse("price_detail", args=[self.pk])

    def trail_chain(self):
        return f"prices-{self.district_id}"


class PriceExplanation(models.Model):
    """Why a far-off price is right. It covers the price it was written for and no other."""

    project = models.ForeignKey("procurement.Project", models.PROTECT, related_name="price_explanations")
    line = models.ForeignKey("procurement.BudgetLine", models.CASCADE, related_name="price_explanations")
    revision = models.PositiveSmallIntegerField()
    price = MoneyField(_("unit price"))
    text = models.CharField(_("explanation"), max_length=500)
    written_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return self.text


class PriceFlag(models.Model):
    """A far-off line as it stood when a revision was submitted: later prices do not change what a gate judged."""

    SIDES = [("high", _("high")), ("low", _("low"))]
    project = models.ForeignKey("procurement.Project", models.PROTECT, related_name="price_flags")
    revision = models.PositiveSmallIntegerField()
    line_number = models.PositiveBigIntegerField()
    item = models.ForeignKey(PriceItem, models.PROTECT, related_name="+")
    name = models.CharField(_("item"), max_length=80)
    unit = models.CharField(_("unit"), max_length=12)
    price = MoneyField(_("unit price"))
    side = models.CharField(max_length=4, choices=SIDES)
    times = models.DecimalField(_("times the median"), max_digits=12, decimal_places=2)
    count = models.PositiveIntegerField(_("prices"))
    first = MoneyField()
    median = MoneyField(_("median"))
    third = MoneyField()
    narrow = models.BooleanField(default=False)
    sources = models.JSONField(default=list)
    explanation = models.CharField(_("explanation"), max_length=500, blank=True)
    explained_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["project", "revision", "line_number"], name="price_flag_once")]

    def __str__(self):
        return f"{self.name} {self.times}"
