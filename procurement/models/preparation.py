"""What is recorded before a purchase: reasons for cautions, the needs survey, the published intention, reviews of the documents."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

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
    warned = models.TextField(_("what was warned of"))
    article = models.CharField(_("article"), max_length=120, blank=True)
    reason = models.TextField(_("reason"), max_length=1000)
    basis = models.CharField(_("legal basis"), max_length=200, blank=True)
    document = models.CharField(_("document number"), max_length=80, blank=True)
    file = models.ForeignKey("kernel.Attachment", models.PROTECT, null=True, related_name="+", verbose_name=_("document"))
    revision = models.PositiveSmallIntegerField(default=0)
    by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=clock.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(project__isnull=False) | Q(tender__isnull=False), name="caution_of_something")]

    def __str__(self):
        return self.warned[:80]


class MarketSurvey(models.Model):
    """需求调查 (财库〔2021〕22号): market bodies asked about supply and price, for one or several projects of a purchaser."""

    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="surveys", verbose_name=_("purchaser"))
    projects = models.ManyToManyField("procurement.Project", related_name="surveys", verbose_name=_("projects"))
    item = models.ForeignKey("procurement.CatalogueItem", models.PROTECT, related_name="+", verbose_name=_("catalogue item"))
    title = models.CharField(_("what was asked about"), max_length=120)
    held_on = models.DateField(_("finished on"))
    result = models.TextField(_("what came out: supply, price, risks"), max_length=3000)
    fewer_reason = models.CharField(_("why fewer were asked"), max_length=300, blank=True)
    file = models.ForeignKey("kernel.Attachment", models.PROTECT, null=True, related_name="+", verbose_name=_("record"))
    recorded_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-held_on", "-id"]
        verbose_name = _("needs survey")

    def __str__(self):
        return f"{self.title}（{self.held_on}）"


class SurveyAnswer(models.Model):
    """One market body asked: what it can supply and at what price."""

    survey = models.ForeignKey(MarketSurvey, models.CASCADE, related_name="answers")
    name = models.CharField(_("market body"), max_length=80)
    way = models.CharField(_("how it was asked"), max_length=10, default="written", choices=[("written", _("in writing")), ("talk", _("in a talk")), ("visit", _("on a visit")), ("market", _("from market data"))])
    supply = models.CharField(_("what it can supply"), max_length=300)
    price = MoneyField(_("price named"), null=True, blank=True, default=None)

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return self.name


class Intention(models.Model):
    """采购意向 (财库〔2020〕10号): a project, told before its purchase begins. `urgent_reason`: unforeseeable and urgent, nothing published."""

    project = models.OneToOneField("procurement.Project", models.PROTECT, related_name="intention", verbose_name=_("project"))
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="intentions", verbose_name=_("purchaser"))
    title = models.CharField(_("project name"), max_length=80)
    summary = models.TextField(_("outline of the need"), max_length=1000)
    budget = MoneyField(_("budget"))
    month = models.DateField(_("purchase expected in"), help_text=_("To the month."))
    note = models.CharField(_("note"), max_length=200, blank=True)
    published_on = models.DateField(_("published on"), null=True)
    urgent_reason = models.CharField(_("why it is unforeseeable and urgent"), max_length=600, blank=True)
    recorded_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-published_on", "-id"]
        verbose_name = _("purchase intention")
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
    kind = models.CharField(_("kind"), max_length=8, choices=KINDS)
    agreed = models.BooleanField(_("agreed"), default=True)
    opinion = models.TextField(_("opinion"), max_length=3000)
    risks = models.TextField(_("risks and how they are met"), max_length=2000, blank=True)
    reviewed_on = models.DateField(_("reviewed on"))
    digest = models.CharField(max_length=64)
    file = models.ForeignKey("kernel.Attachment", models.PROTECT, related_name="+", verbose_name=_("signed opinion"))
    recorded_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]
        verbose_name = _("document review")

    def __str__(self):
        return f"{self.tender} {self.get_kind_display()}"


class ReviewPart(models.Model):
    """Who took part in a review, and for which side."""

    PARTS = [("legal", _("legal adviser")), ("procurement", _("procurement")), ("finance", _("finance")), ("business", _("line of business")), ("supervision", _("supervision"))]
    review = models.ForeignKey(DocumentReview, models.CASCADE, related_name="parts")
    user = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    part = models.CharField(max_length=12, choices=PARTS)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "part"], name="review_part_once"), models.UniqueConstraint(fields=["review", "user"], name="review_person_once")]

    def __str__(self):
        return f"{self.user} {self.part}"
