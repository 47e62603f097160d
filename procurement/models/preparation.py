"""What is recorded before a purchase: reasons for cautions, the needs survey, the published intention, reviews of the documents."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from kernel.money import MoneyField


class CautionReason(models.Model):
    """Why somebody went on in spite of a warning, of a project (`revision`) or of its purchase (`tender`).

    It covers exactly what was warned of: `key` and `figures` (numbers, ids or words). Other figures ask again. `warned` is the sentence
    as it was shown. Never changed and never deleted.
    """

    project = models.ForeignKey("procurement.Project", models.PROTECT, null=True, related_name="caution_reasons")
    tender = models.ForeignKey("procurement.Tender", models.PROTECT, null=True, related_name="caution_reasons")
    key = models.CharField(max_length=60)
    figures = models.JSONField(default=list)
    warned = models.TextField()
    article = models.CharField(max_length=120, blank=True)
    reason = models.TextField(max_length=1000)
    basis = models.CharField(max_length=200, blank=True)
    document = models.CharField(max_length=80, blank=True)
    file = models.ForeignKey("kernel.Attachment", models.PROTECT, null=True, related_name="+")
    revision = models.PositiveSmallIntegerField(default=0)
    by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(project__isnull=False) | Q(tender__isnull=False), name="caution_of_something")]

    def __str__(self):
        return self.warned[:80]


class MarketSurvey(models.Model):
    """需求调查 (财库〔2021〕22号): market bodies asked about supply and price, for one or several projects of a purchaser."""

    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="surveys")
    projects = models.ManyToManyField("procurement.Project", related_name="surveys")
    item = models.ForeignKey("procurement.CatalogueItem", models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    held_on = models.DateField()
    result = models.TextField(max_length=3000)
    fewer_reason = models.CharField(max_length=300, blank=True)
    file = models.ForeignKey("kernel.Attachment", models.PROTECT, null=True, related_name="+")
    recorded_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-held_on", "-id"]

    def __str__(self):
        return f"{self.title}（{self.held_on}）"


class SurveyAnswer(models.Model):
    """One market body asked: what it can supply and at what price."""

    survey = models.ForeignKey(MarketSurvey, models.CASCADE, related_name="answers")
    name = models.CharField(max_length=80)
    way = models.CharField(max_length=10, default="written", choices=[("written", _("in writing")), ("talk", _("in a talk")), ("visit", _("on a visit")), ("market", _("from market data"))])
    supply = models.CharField(max_length=300)
    price = MoneyField(null=True, blank=True, default=None)

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return self.name


class Intention(models.Model):
    """采购意向 (财库〔2020〕10号): a project, told before its purchase begins. `urgent_reason`: unforeseeable and urgent, nothing published."""

    project = models.OneToOneField("procurement.Project", models.PROTECT, related_name="intention")
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="intentions")
    title = models.CharField(max_length=80)
    summary = models.TextField(max_length=1000)
    budget = MoneyField()
    month = models.DateField()
    note = models.CharField(max_length=200, blank=True)
    published_on = models.DateField(null=True)
    urgent_reason = models.CharField(max_length=600, blank=True)
    recorded_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-published_on", "-id"]
        constraints = [models.CheckConstraint(condition=Q(published_on__isnull=False) | ~Q(urgent_reason=""), name="intention_published_or_urgent")]

    def __str__(self):
        return self.title

    @property
    def in_ten_thousands(self):
        """The budget as the published table gives it: 万元, without empty decimals."""
        return format((self.budget / 10000).normalize(), "f")


class DocumentReview(models.Model):
    """审查 (财库〔2021〕22号 第23、32条): legal review of the contract text, or key review of the needs; of the text with this `digest`."""

    KINDS = [("legal", _("legal review of the contract text")), ("key", _("key review of needs and plan"))]
    tender = models.ForeignKey("procurement.Tender", models.PROTECT, related_name="reviews")
    kind = models.CharField(max_length=8, choices=KINDS)
    agreed = models.BooleanField(default=True)
    opinion = models.TextField(max_length=3000)
    risks = models.TextField(max_length=2000, blank=True)
    reviewed_on = models.DateField()
    digest = models.CharField(max_length=64)
    file = models.ForeignKey("kernel.Attachment", models.PROTECT, related_name="+")
    recorded_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return f"{self.tender} {self.get_kind_display()}"


class ReviewPart(models.Model):
    """Who took part in a review, and for which side: somebody of the purchaser, or a lawyer from outside with licence and firm."""

    PARTS = [
        ("legal", pgettext_lazy("review side", "legal adviser")), ("procurement", pgettext_lazy("review side", "procurement")), ("finance", pgettext_lazy("review side", "finance")),
        ("business", pgettext_lazy("review side", "line of business")), ("supervision", pgettext_lazy("review side", "supervision")),
    ]  # fmt: skip
    review = models.ForeignKey(DocumentReview, models.CASCADE, related_name="parts")
    user = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    part = models.CharField(max_length=12, choices=PARTS)
    outside_name = models.CharField(max_length=60, blank=True)
    outside_licence = models.CharField(max_length=40, blank=True)
    outside_firm = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "part"], name="review_part_once"),
            models.UniqueConstraint(fields=["review", "user"], name="review_person_once"),
            models.CheckConstraint(condition=Q(user__isnull=False) | ~Q(outside_name="") & ~Q(outside_licence=""), name="review_part_by_somebody"),
        ]

    def __str__(self):
        return f"{self.who} {self.part}"

    @property
    def who(self):
        """The person's name; of an outside lawyer with firm and licence."""
        return self.user.name if self.user_id else f"{self.outside_name}（{self.outside_firm} {self.outside_licence}）"
