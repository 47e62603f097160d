"""What each street decides for itself: gates, self-run profiles, payment routes. Versioned, confirmed by a second person."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from communities.models.membership import ROLES
from kernel.models.living import Versioned
from kernel.money import MoneyField
from procurement.permissions import SettingQuerySet

ROLE_CHOICES = list(ROLES.items())


class StreetSetting(Versioned):
    """A version of one setting. `replaces` is the row it ends when confirmed; `withdraws` ends that row and puts nothing in its place."""

    replaces = models.ForeignKey("self", models.PROTECT, null=True, blank=True, editable=False, related_name="replaced_by")
    withdraws = models.BooleanField(default=False, editable=False)
    refused_at = models.DateTimeField(null=True, editable=False)
    objects = SettingQuerySet.as_manager()

    class Meta:
        abstract = True

    def trail_chain(self):
        return f"purchaser-{self.purchaser_id}"


class Gate(StreetSetting):
    """One review gate of a street: who decides, how many of them, in which order, for which amounts (yuan).

    Gates of the same `order` decide side by side. A gate in a meeting may name its `members` (ids of people) and the `quorum` of them.
    """

    QUORUMS = [("", _("none set")), ("half", _("more than half of the members")), ("two_thirds", _("at least two thirds of the members"))]

    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="gates")
    key = models.CharField(_("key"), max_length=20)
    name = models.CharField(_("name"), max_length=40)
    order = models.PositiveSmallIntegerField(_("order"))
    by_meeting = models.BooleanField(_("decided in a meeting"), default=False)
    role = models.CharField(_("role"), max_length=16, choices=ROLE_CHOICES)
    votes = models.PositiveSmallIntegerField(_("how many must agree"), default=1)
    members = models.JSONField(_("members of the meeting"), default=list, blank=True)
    quorum = models.CharField(_("quorum"), max_length=12, choices=QUORUMS, blank=True, default="")
    online_voting = models.BooleanField(_("members may vote on line before the meeting"), default=False)
    amount_from = MoneyField(_("from amount"), default=0)
    amount_to = MoneyField(_("to amount"), null=True, blank=True, default=None)
    expected_days = models.PositiveSmallIntegerField(_("expected working days"), default=5)

    class Meta:
        ordering = ["purchaser_id", "order"]

    def __str__(self):
        return self.name


class SelfRunProfile(StreetSetting):
    """限额以下自行采购: how a street buys in one amount band (practice 1)."""

    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="profiles")
    name = models.CharField(_("name"), max_length=60)
    amount_from = MoneyField(_("from amount"), default=0)
    amount_to = MoneyField(_("to amount"))
    channel = models.CharField(
        _("channel"), max_length=16, choices=[("direct", _("direct choice")), ("quotes", _("three quotes")), ("open", _("open comparison"))]
    )
    seal = models.CharField(
        _("seal"), max_length=10, choices=[("none", _("no seal")), ("platform", _("platform key")), ("openers", _("two openers"))]
    )
    names_visible = models.BooleanField(_("handler may see names before the deadline"), default=False)
    scoring = models.CharField(
        _("scoring"), max_length=10, choices=[("lowest", _("lowest price")), ("staff", _("three staff")), ("points", _("points"))]
    )
    paper_allowed = models.BooleanField(_("paper responses allowed"), default=True)
    min_days = models.PositiveSmallIntegerField(_("minimum days for responses"))
    min_count = models.PositiveSmallIntegerField(_("minimum number of responses"))
    approver_role = models.CharField(_("approved by"), max_length=16, choices=ROLE_CHOICES, default="leader")
    publish = models.BooleanField(_("published"), default=True)

    class Meta:
        ordering = ["purchaser_id", "amount_from"]

    def __str__(self):
        return self.name


class PaymentStep(StreetSetting):
    """One step of a payment on its way to *paid*: default section → accountant → leader, then paid by the cashier."""

    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="payment_steps")
    order = models.PositiveSmallIntegerField(_("order"))
    name = models.CharField(_("name"), max_length=40)
    role = models.CharField(_("role"), max_length=16, choices=ROLE_CHOICES)
    fund = models.ForeignKey("procurement.Fund", models.PROTECT, null=True, blank=True, related_name="+")
    amount_from = MoneyField(_("from amount"), default=0)
    amount_to = MoneyField(_("to amount"), null=True, blank=True, default=None)

    class Meta:
        ordering = ["purchaser_id", "order"]

    def __str__(self):
        return self.name


class PriceRule(StreetSetting):
    """When a budget's unit price stands out: how far back prices count, how many are needed, from which multiple of their median on."""

    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="price_rules")
    months_back = models.PositiveSmallIntegerField(_("months that count"), default=24)
    minimum = models.PositiveSmallIntegerField(_("prices needed"), default=3)
    high = models.DecimalField(_("too high from (times the median)"), max_digits=4, decimal_places=2, default=Decimal("1.50"))
    low = models.DecimalField(_("too low up to (times the median)"), max_digits=4, decimal_places=2, default=Decimal("0.50"))

    class Meta:
        ordering = ["purchaser_id", "valid_from"]
        constraints = [models.CheckConstraint(condition=models.Q(high__gt=1) & models.Q(low__lt=1) & models.Q(low__gte=0) & models.Q(minimum__gte=1) & models.Q(months_back__gte=1), name="price_rule_sane")]

    def __str__(self):
        return str(_("{low} to {high} times the median").format(low=self.low, high=self.high))


class FeeRate(StreetSetting):
    """What an expert earns for sitting on a panel of this purchaser (yuan): practice 7; figures are local (K)."""

    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="fee_rates")
    half_day = MoneyField(_("half a day"), default=Decimal("300.00"))
    day = MoneyField(_("a day"), default=Decimal("500.00"))
    overtime_hour = MoneyField(_("an hour past the usual time"), default=Decimal("50.00"))
    travel_most = MoneyField(_("travel, at most"), default=Decimal("200.00"))
    tax_note = models.CharField(_("note on tax"), max_length=200, blank=True, default="评审费按劳务报酬所得由支付单位依法代扣代缴个人所得税。")

    class Meta:
        ordering = ["purchaser_id", "valid_from"]

    def __str__(self):
        return str(_("{half} for half a day, {day} for a day").format(half=self.half_day, day=self.day))
