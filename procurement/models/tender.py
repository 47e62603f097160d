"""采购活动: notice, deadline, sealed bids, opening, award; lot by lot."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from kernel.frozen import FrozenField
from kernel.models.living import Living
from kernel.money import MoneyField
from procurement import methods
from procurement.permissions_award import AwardQuerySet
from procurement.permissions_tender import AnnouncementQuerySet, LotQuerySet, TenderQuerySet


class Tender(Living):
    """One purchase. The rules and profile in force are frozen on it when it publishes.

    `document_texts`: chapter key → the handler's own words in place of the template's, not yet part of a published version of the documents.
    """

    METHODS = [
        ("open_tender", _("open tender")),
        ("invited_tender", _("invited tender")),
        ("consultation", _("competitive consultation")),
        ("negotiation", _("competitive negotiation")),
        ("single_source", _("single source")),
        ("framework", _("framework agreement")),
        ("self_run", _("self-run purchase below the limit")),
    ]
    RANKINGS = [("points", _("by points")), ("lowest", _("by the lowest price")), ("negotiated", _("by agreement"))]
    ENTRIES = [("", _("as the method says")), ("notice", _("by public notice")), ("invitation", _("by invitation"))]
    VENUES = [("internal", _("on this platform")), ("external", _("on the provincial platform"))]
    number = models.CharField(_("number"), max_length=24, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=80)
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="tenders", verbose_name=_("purchaser"))
    method = models.CharField(_("method"), max_length=16, choices=METHODS)
    method_case = models.CharField(_("lawful case"), max_length=20, blank=True)
    method_reason = models.CharField(_("why this method"), max_length=300, blank=True)
    ranking = models.CharField(_("how candidates are ranked"), max_length=10, choices=RANKINGS, blank=True)
    follows = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="followed_by", verbose_name=_("purchase that failed before"))
    entry = models.CharField(_("how suppliers come in"), max_length=10, choices=ENTRIES, blank=True, default="")
    plan_number = models.CharField(_("filed plan number"), max_length=40, blank=True)
    venue = models.CharField(_("venue"), max_length=10, choices=VENUES, default="internal")
    external_platform = models.CharField(_("platform"), max_length=80, blank=True)
    external_url = models.URLField(_("address of the announcement"), blank=True)
    agency = models.CharField(_("procurement agency"), max_length=80, blank=True)
    handler = models.ForeignKey("kernel.User", models.PROTECT, related_name="handled_tenders", verbose_name=_("handler"))
    profile = models.ForeignKey("procurement.SelfRunProfile", models.PROTECT, null=True, blank=True, related_name="+")
    frozen = FrozenField(default=dict, editable=False)
    requirements = models.TextField(_("service requirements"), max_length=6000)
    qualification = models.TextField(_("qualification of suppliers"), max_length=2000)
    contract_terms = models.TextField(_("main contract terms"), max_length=4000, blank=True)
    contact = models.CharField(_("contact"), max_length=120)
    price_weight = models.PositiveSmallIntegerField(_("points for price"), default=10)
    max_lots_won = models.PositiveSmallIntegerField(_("lots one supplier may win"), null=True, blank=True)
    published_at = models.DateTimeField(null=True, editable=False)
    documents_until = models.DateField(_("documents available until"), null=True, blank=True)
    deadline = models.DateTimeField(_("deadline for responses"), null=True, blank=True)
    opened_at = models.DateTimeField(null=True, editable=False)
    report_received_on = models.DateField(null=True, editable=False)
    award_due_on = models.DateField(null=True, editable=False)
    seal = models.CharField(max_length=10, default="openers", choices=[("none", _("no seal")), ("platform", _("platform key")), ("openers", _("two openers"))])
    public_key = models.TextField(blank=True, editable=False)
    key_wraps = models.JSONField(default=dict, editable=False)
    allows_consortium = models.BooleanField(_("consortia may respond"), default=False)
    allows_subcontract = models.BooleanField(_("non-core parts may be subcontracted"), default=False)
    validity_days = models.PositiveSmallIntegerField(_("responses bind for at least (days)"), default=90)
    intention_on = models.DateField(_("intention published on"), null=True, blank=True)
    approval_document = models.CharField(_("approval of the finance bureau"), max_length=80, blank=True)
    notice_until = models.DateField(null=True, editable=False)
    opens_at = models.DateTimeField(_("opening"), null=True, editable=False)
    quotes_until = models.DateTimeField(null=True, editable=False)
    opening_record = models.JSONField(default=dict, editable=False)
    document_texts = models.JSONField(default=dict, editable=False)
    objects = TenderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("tender")
        indexes = [models.Index(fields=["status", "deadline"], name="tender_open"), models.Index(fields=["purchaser", "status"], name="tender_of_office")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("tender_detail", args=[self.pk])

    def trail_chain(self):
        return f"tender-{self.pk}"

    @property
    def ceiling(self):
        """Sum of the lots' ceilings in yuan."""
        return sum(lot.ceiling for lot in self.lots.all())

    @property
    def is_statutory(self):
        return self.method != "self_run"

    @property
    def by_invitation(self):
        """Whether only invited suppliers may see and answer it: nothing is announced before the result."""
        return (self.entry or methods.of(self).entry) == "invitation"

    @property
    def collects(self):
        """Stage 1 of a framework: several suppliers are selected, nobody is awarded a contract (财政部令第110号)."""
        return self.method == "framework" and (self.published_at is not None or self.status == "draft")

    @property
    def status_label(self):
        """The state's name; a framework's stage 1 ends with selected suppliers, nobody is awarded a contract."""
        return pgettext_lazy("lot", "suppliers selected") if self.status == "awarded" and self.collects else super().status_label

    @property
    def way(self):
        """The method as data: frozen when it published, the version of today before (procurement.methods)."""
        return methods.of(self)

    @property
    def has_lots(self):
        """Whether the word lot may be shown: a purchase of one lot shows none (practice 4)."""
        return len(self.lots.all()) > 1


class Lot(Living):
    """分包: ceiling (yuan), bids, failure, award and contract of its own."""

    tender = models.ForeignKey(Tender, models.PROTECT, related_name="lots")
    project = models.ForeignKey("procurement.Project", models.PROTECT, related_name="lots", verbose_name=_("project"))
    order = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(_("title"), max_length=80)
    ceiling = MoneyField(_("ceiling"))
    failure = models.CharField(_("why it failed"), max_length=300, blank=True, editable=False)
    objects = LotQuerySet.as_manager()

    class Meta:
        ordering = ["tender_id", "order"]
        verbose_name = _("lot")
        constraints = [
            models.UniqueConstraint(fields=["tender", "order"], name="lot_order_once"),
            models.CheckConstraint(condition=Q(ceiling__gt=0), name="lot_ceiling_positive"),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("tender_detail", args=[self.tender_id])

    @property
    def purchaser_id(self):
        return self.tender.purchaser_id

    def trail_chain(self):
        return f"tender-{self.tender_id}"


class ScoreItem(models.Model):
    """One scoring criterion of a tender. Points of all leaves with the price add up to 100; a group has none of its own (criteria.py)."""

    KINDS = [("objective", _("objective")), ("subjective", _("by judgement")), ("price", _("price")), ("group", _("group"))]
    tender = models.ForeignKey(Tender, models.CASCADE, related_name="score_items")
    order = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    name = models.CharField(_("criterion"), max_length=80)
    standard = models.CharField(_("how points are given"), max_length=400)
    points = models.DecimalField(_("points"), max_digits=5, decimal_places=2)
    legal_basis = models.CharField(_("legal basis"), max_length=200, blank=True)
    number = models.CharField(_("no."), max_length=8, blank=True)
    scale = models.CharField(_("scale"), max_length=300, blank=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, editable=False, related_name="children")

    class Meta:
        ordering = ["order", "id"]

    def __str__(self):
        return self.name


class Announcement(models.Model):
    """公告: what was published, exactly as published; corrected only by a further announcement (`corrects` names the one it corrects).

    `form` is one of the official forms (procurement/notices.py); `fields` what it says in their order: [{key, label, text, rows}]. `place`: whose
    bureau published it, when it belongs to no purchase here.
    """

    KINDS = [
        ("notice", _("tender notice")),
        ("correction", _("correction notice")),
        ("result", _("result notice")),
        ("termination", _("termination notice")),
        ("contract", _("contract notice")),
        ("acceptance", _("acceptance notice")),
        ("complaint", _("decision on a complaint")),
        ("intention", _("purchase intention")),
        ("single", _("single-source publicity")),
        ("selection", _("selected suppliers of a framework")),
        ("summary", _("yearly summary of a framework")),
        ("prequal", _("prequalification notice")),
        ("inspection", _("result of an inspection")),
        ("assessment", _("assessment of a procurement agency")),
    ]
    tender = models.ForeignKey(Tender, models.PROTECT, null=True, related_name="announcements")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, related_name="announcements")
    contract = models.ForeignKey("procurement.Contract", models.PROTECT, null=True, related_name="announcements")
    intention = models.ForeignKey("procurement.Intention", models.PROTECT, null=True, related_name="announcements")
    place = models.ForeignKey("communities.Place", models.PROTECT, null=True, related_name="announcements")
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="corrections")
    kind = models.CharField(_("kind"), max_length=12, choices=KINDS)
    form = models.CharField(pgettext_lazy("notice", "form"), max_length=24, blank=True, default="")
    fields = models.JSONField(default=list)
    number = models.CharField(_("number"), max_length=30, unique=True)
    title = models.CharField(_("title"), max_length=160)
    body = models.TextField()
    published_at = models.DateTimeField(default=clock.now)
    until = models.DateField(_("period ends"), null=True)
    published_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    public = models.BooleanField(default=True)
    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at", "-id"]
        verbose_name = _("announcement")
        indexes = [models.Index(fields=["tender", "kind"], name="announcement_of_tender"), models.Index(fields=["public", "kind", "-published_at", "-id"], name="announcement_of_kind"), models.Index(fields=["public", "-published_at", "-id"], name="announcement_newest"), models.Index(fields=["public", "form", "-published_at", "-id"], name="announcement_of_form")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("announcement", args=[self.number])

    @property
    def form_name(self):
        """The official name of its form, or its kind for one published before forms were kept."""
        from procurement.notices import NAMES

        return NAMES.get(self.form) or str(dict(self.KINDS)[self.kind])


class OpenerKey(models.Model):
    """An opener's key pair: the public half, and the private half under scrypt of the opener's passphrase."""

    user = models.OneToOneField("kernel.User", models.PROTECT, related_name="opener_key")
    public = models.TextField()
    protected_private = models.TextField()
    enrolled_at = models.DateTimeField(default=clock.now)

    def __str__(self):
        return str(self.user)


class TenderOpener(models.Model):
    """One of a tender's openers (three and two alternates); `rehearsed_at` proves the passphrase on a dummy."""

    tender = models.ForeignKey(Tender, models.PROTECT, related_name="openers")
    user = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", verbose_name=_("opener"))
    alternate = models.BooleanField(default=False)
    rehearsed_at = models.DateTimeField(null=True)
    rehearsed_again_at = models.DateTimeField(null=True)
    present_at = models.DateTimeField(null=True)
    partial = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tender", "user"], name="tender_opener_once")]

    def __str__(self):
        return f"{self.tender_id} {self.user}"


class Award(models.Model):
    """成交: one organization per lot. The loser's score and rank are told with the result."""

    lot = models.OneToOneField(Lot, models.PROTECT, related_name="award")
    bid = models.OneToOneField("procurement.Bid", models.PROTECT, null=True, related_name="award")
    organization = models.ForeignKey("providers.Organization", models.PROTECT, related_name="awards")
    amount = MoneyField(_("award amount"))
    decided_on = models.DateField()
    decided_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    letter_number = models.CharField(max_length=30, blank=True)
    letter_on = models.DateField(null=True)
    notice_due_on = models.DateField(null=True)
    challenge_until = models.DateField(null=True)
    sign_due_on = models.DateField(null=True)
    declined_on = models.DateField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    objects = AwardQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("award")
        indexes = [models.Index(fields=["declined_on", "sign_due_on"], name="award_to_sign")]

    def __str__(self):
        return f"{self.lot} → {self.organization}"

    def get_absolute_url(self):
        return reverse("award_detail", args=[self.pk])
