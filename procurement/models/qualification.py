"""资格审查: the credit queries of each bidder after the opening (H06), and what the qualification check decided. Rows are added, never changed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel import clock


class CreditCheck(models.Model):
    """One query of a bidder's credit record: where, when, what it said, and the screenshot. `checked_at` is the moment of the query."""

    CHANNELS = [
        ("credit_china", "信用中国"),
        ("ccgp", "中国政府采购网"),
        ("social_org", "中国社会组织政务服务平台"),
        ("enterprise", "国家企业信用信息公示系统"),
        ("other", "其他渠道"),
    ]
    RESULTS = [("clean", _("no bad record found")), ("noted", _("a record that does not bar it")), ("barred", _("on a list that bars it"))]
    bid = models.ForeignKey("procurement.Bid", models.PROTECT, related_name="credit_checks")
    channel = models.CharField(_("queried at"), max_length=16, choices=CHANNELS)
    checked_at = models.DateTimeField(_("time of the query"))
    result = models.CharField(_("result"), max_length=8, choices=RESULTS)
    detail = models.CharField(_("what was found"), max_length=300, blank=True)
    file = models.ForeignKey("kernel.Attachment", models.PROTECT, related_name="+", verbose_name=_("screenshot"))
    recorded_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]
        verbose_name = _("credit query")

    def __str__(self):
        return f"{self.get_channel_display()} {self.get_result_display()}"


class QualificationVerdict(models.Model):
    """Whether a bidder passed the qualification check, by the purchaser (tenders) or by the panel. The latest row counts.

    `items`: [{"name", "passed", "remark"}] condition by condition; `reason` is told to this bidder alone when it did not pass.
    """

    bid = models.ForeignKey("procurement.Bid", models.PROTECT, related_name="verdicts")
    passed = models.BooleanField()
    reason = models.CharField(max_length=300, blank=True)
    items = models.JSONField(default=list)
    by_panel = models.BooleanField(default=False)
    decided_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]
        verbose_name = _("qualification check")

    def __str__(self):
        return f"{self.bid} {'✓' if self.passed else '✗'}"


class OpeningRemark(models.Model):
    """What a bidder says of the record of a public opening (财政部令第87号 第42条): confirmed, or a question, and the purchaser's answer to it."""

    bid = models.OneToOneField("procurement.Bid", models.PROTECT, related_name="opening_remark")
    agrees = models.BooleanField()
    text = models.CharField(_("question or objection"), max_length=300, blank=True)
    by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    answered_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("remark on the opening record")

    def __str__(self):
        return f"{self.bid} {'✓' if self.agrees else self.text}"
