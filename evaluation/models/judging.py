"""What a panel finds, asks and decides on its way to a result."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from evaluation.permissions_panel import QuestionQuerySet
from kernel import clock
from kernel.money import MoneyField


class ConformityVote(models.Model):
    """One member's finding whether one response meets one substantive requirement (符合性审查); a no has its reason."""

    member = models.ForeignKey("evaluation.PanelMember", models.PROTECT, related_name="conformity_votes")
    bid = models.ForeignKey("procurement.Bid", models.PROTECT, related_name="+")
    requirement = models.PositiveSmallIntegerField()
    meets = models.BooleanField()
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "bid", "requirement"], name="conformity_vote_once")]

    def __str__(self):
        return f"{self.member_id}/{self.bid_id}/{self.requirement} {self.meets}"


class ItemWaiver(models.Model):
    """不适用: an item the panel found not to apply, for all bids of the purchase alike; the others count for its points."""

    panel = models.ForeignKey("evaluation.Panel", models.PROTECT, related_name="waivers")
    item = models.ForeignKey("procurement.ScoreItem", models.PROTECT, related_name="+")
    reason = models.CharField(_("why it does not apply"), max_length=300)
    agreed = models.JSONField(default=list)
    decided_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "item"], name="item_waived_once")]

    def __str__(self):
        return f"{self.panel_id} {self.item}"


class BidQuestion(models.Model):
    """What the panel asks one bidder in a timed window (财政部令第87号 第51条): to explain a low price (C08), to confirm a correction of its
    arithmetic (C07), to make something clear, or to hand its response in anew after the terms changed. Every question and answer is kept."""

    KINDS = [("low_price", _("explain a low price")), ("correction", _("confirm a correction of the price")), ("clarify", _("make something clear")), ("change", _("hand in the response anew after the terms changed"))]
    panel = models.ForeignKey("evaluation.Panel", models.PROTECT, related_name="questions")
    bid = models.ForeignKey("procurement.Bid", models.PROTECT, related_name="panel_questions")
    kind = models.CharField(_("what for"), max_length=12, choices=KINDS)
    change = models.ForeignKey("evaluation.TermsChange", models.PROTECT, null=True, related_name="questions", editable=False)
    text = models.CharField(_("question"), max_length=1000)
    figures = models.JSONField(default=dict, editable=False)
    asked_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(_("answer until"))
    answer = models.TextField(_("answer"), max_length=4000, blank=True)
    confirmed = models.BooleanField(null=True)
    answered_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("question of the panel")
        indexes = [models.Index(fields=["bid", "answered_at"], name="question_of_bid")]
        constraints = [
            models.UniqueConstraint(fields=["change", "bid"], name="question_of_change_once"),
            models.CheckConstraint(condition=models.Q(kind="change", change__isnull=False) | ~models.Q(kind="change") & models.Q(change__isnull=True), name="question_change_named"),
        ]

    def __str__(self):
        return self.get_kind_display()

    def get_absolute_url(self):
        return reverse("bid_question", args=[self.pk])

    def trail_chain(self):
        return self.panel.trail_chain()

    @property
    def is_open(self):
        """Whether the bidder may still answer."""
        return self.answered_at is None and self.closed_at is None and clock.now() < self.until


class PriceClaim(models.Model):
    """What the panel found of a bidder's claim to the policy deduction (C09): the declaration seen, and the percent that follows."""

    panel = models.ForeignKey("evaluation.Panel", models.PROTECT, related_name="claims")
    bid = models.ForeignKey("procurement.Bid", models.PROTECT, related_name="+")
    declared = models.BooleanField(_("the signed declaration of the enterprise's size is there"), default=False)
    small_share = models.DecimalField(_("small enterprises' share of the contract (%)"), max_digits=5, decimal_places=2, null=True, blank=True)
    percent = models.DecimalField(max_digits=4, decimal_places=2, default=0)
    note = models.CharField(_("remark"), max_length=200, blank=True)
    decided_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "bid"], name="price_claim_once")]

    def __str__(self):
        return f"{self.bid_id} {self.percent}%"


class ResultVersion(models.Model):
    """A result as it was computed, with everything it was computed from. The first is the panel's; a later one stands beside it with its reason."""

    panel = models.ForeignKey("evaluation.Panel", models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=16)
    reason = models.CharField(_("reason"), max_length=1000, blank=True)
    document = models.CharField(_("document"), max_length=120, blank=True)
    inputs = models.JSONField()
    result = models.JSONField()
    made_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=clock.now)
    needs_report = models.BooleanField(default=False)
    reported_on = models.DateField(_("reported to the finance bureau on"), null=True)
    report_number = models.CharField(_("number of the report"), max_length=60, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["panel", "number"], name="result_version_once")]

    def __str__(self):
        return f"{self.panel_id} {self.number}"

    def trail_chain(self):
        return self.panel.trail_chain()


class ExpertFee(models.Model):
    """评审费: what one expert earns for one panel, by the purchaser's rates of that day (yuan). Staff of the purchaser earn nothing."""

    SESSIONS = [("half", _("half a day")), ("day", _("a day")), ("days", _("more than a day"))]
    member = models.OneToOneField("evaluation.PanelMember", models.PROTECT, related_name="fee")
    session = models.CharField(_("time"), max_length=6, choices=SESSIONS)
    days = models.DecimalField(_("days"), max_digits=3, decimal_places=1, default=1)
    overtime = models.DecimalField(_("hours past the usual time"), max_digits=4, decimal_places=1, default=0)
    travel = MoneyField(_("travel"), default=0)
    base = MoneyField(default=0)
    overtime_pay = MoneyField(default=0)
    amount = MoneyField(default=0)
    note = models.CharField(_("remark"), max_length=120, blank=True)
    decided_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(amount__gte=0), name="fee_not_negative")]

    def __str__(self):
        return f"{self.member_id} {self.amount}"
