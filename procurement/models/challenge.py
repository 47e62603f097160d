"""质疑、投诉: what a supplier objects to, how the street answers, what the finance bureau decides, and what is ordered because of it."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.models.living import Living
from procurement.permissions_challenge import ChallengeQuerySet, ComplaintQuerySet, ReviewOrderQuerySet

ORDERS = [
    ("reevaluate", _("evaluate again")),
    ("next_candidate", _("take the next candidate")),
    ("void", _("end without result and buy anew")),
]


class Challenge(Living):
    """质疑 of one organization against one step 环节 of a purchase: all its grounds at once (财政部令第94号 第10条)."""

    KINDS = [("documents", _("the purchase documents")), ("process", _("how the purchase was run")), ("result", _("the result"))]
    STEPS = [("opening", _("receiving and opening the responses")), ("evaluation", _("the evaluation"))]
    OUTCOMES = [("rejected", pgettext_lazy("challenge", "not upheld")), ("upheld", pgettext_lazy("challenge", "upheld"))]
    CONSEQUENCES = [("none", _("the result stands")), ("documents", _("the documents are corrected")), *ORDERS]
    number = models.CharField(_("number"), max_length=30, unique=True, editable=False)
    tender = models.ForeignKey("procurement.Tender", models.PROTECT, related_name="challenges", verbose_name=_("purchase"))
    lot = models.ForeignKey("procurement.Lot", models.PROTECT, null=True, blank=True, related_name="challenges", verbose_name=_("lot"))
    organization = models.ForeignKey("providers.Organization", models.PROTECT, related_name="challenges", verbose_name=_("challenger"))
    kind = models.CharField(_("against"), max_length=10, choices=KINDS)
    stage = models.CharField(max_length=30, editable=False)
    facts = models.TextField(_("facts"), max_length=4000)
    request = models.TextField(_("request"), max_length=2000)
    legal_basis = models.CharField(_("legal basis"), max_length=500)
    filed_on = models.DateField(_("received on"), editable=False)
    window_from = models.DateField(editable=False)
    window_until = models.DateField(editable=False)
    answer_due_on = models.DateField(_("answer due"), editable=False)
    complain_until = models.DateField(null=True, editable=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=OUTCOMES, blank=True, editable=False)
    consequence = models.CharField(_("consequence"), max_length=16, choices=CONSEQUENCES, blank=True, editable=False)
    answer = models.TextField(_("answer"), max_length=6000, blank=True, editable=False)
    prepared_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+", editable=False)
    approved_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+", editable=False)
    answered_on = models.DateField(_("answered on"), null=True, editable=False)
    objects = ChallengeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("challenge")
        indexes = [models.Index(fields=["status", "answer_due_on"], name="challenge_open")]
        constraints = [
            models.UniqueConstraint(fields=["organization", "tender", "stage"], condition=~Q(status="withdrawn"), name="challenge_once_per_step"),
        ]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("challenge_detail", args=[self.pk])

    @property
    def purchaser_id(self):
        return self.tender.purchaser_id

    def trail_chain(self):
        return f"tender-{self.tender_id}"


class Complaint(Living):
    """投诉 to the finance bureau of the purchaser's district, by the challenger, on what was challenged."""

    OUTCOMES = [
        ("unproved", _("rejected: not proved")),
        ("false", _("rejected: facts made up or evidence false")),
        ("unfounded", _("rejected: the purchase was lawful")),
        ("upheld", pgettext_lazy("challenge", "upheld")),
    ]
    number = models.CharField(_("number"), max_length=30, unique=True, editable=False)
    challenge = models.OneToOneField(Challenge, models.PROTECT, related_name="complaint", verbose_name=_("challenge"))
    facts = models.TextField(_("facts"), max_length=4000)
    request = models.TextField(_("request"), max_length=2000)
    legal_basis = models.CharField(_("legal basis"), max_length=500)
    filed_on = models.DateField(_("received on"), editable=False)
    checked_on = models.DateField(_("checked on"), null=True, editable=False)
    correction_asked_on = models.DateField(null=True, editable=False)
    corrected_on = models.DateField(null=True, editable=False)
    notified_on = models.DateField(_("parties notified on"), null=True, editable=False)
    reply_due_on = models.DateField(null=True, editable=False)
    replied_on = models.DateField(_("replied on"), null=True, editable=False)
    reply = models.TextField(_("reply of the purchaser"), max_length=6000, blank=True, editable=False)
    suspended_on = models.DateField(_("suspended on"), null=True, editable=False)
    suspended_until = models.DateField(_("suspended until"), null=True, editable=False)
    appraisal_on = models.DateField(null=True, editable=False)
    uncounted = models.PositiveSmallIntegerField(default=0, editable=False)
    decide_due_on = models.DateField(_("decision due"), editable=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=OUTCOMES, blank=True, editable=False)
    order = models.CharField(_("what is ordered"), max_length=16, choices=ORDERS, blank=True, editable=False)
    document = models.CharField(_("document number"), max_length=60, blank=True, editable=False)
    decision = models.TextField(_("decision"), max_length=6000, blank=True, editable=False)
    decided_on = models.DateField(_("decided on"), null=True, editable=False)
    drafted_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+", editable=False)
    decided_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+", editable=False)
    objects = ComplaintQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("complaint")
        indexes = [models.Index(fields=["status", "decide_due_on"], name="complaint_open")]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("complaint_detail", args=[self.pk])

    @property
    def purchaser_id(self):
        return self.challenge.tender.purchaser_id

    def trail_chain(self):
        return f"tender-{self.challenge.tender_id}"


class ReviewOrder(Living):
    """What an upheld challenge or complaint orders for one lot; the signing stays on hold until it is carried out."""

    challenge = models.ForeignKey(Challenge, models.PROTECT, related_name="orders")
    complaint = models.ForeignKey(Complaint, models.PROTECT, null=True, related_name="orders")
    lot = models.ForeignKey("procurement.Lot", models.PROTECT, related_name="review_orders")
    kind = models.CharField(_("what is ordered"), max_length=16, choices=ORDERS)
    answer = models.TextField(_("result of the new evaluation"), max_length=4000, blank=True, editable=False)
    stands = models.BooleanField(null=True, editable=False)
    objects = ReviewOrderQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("review order")
        constraints = [models.UniqueConstraint(fields=["lot"], condition=~Q(status="carried"), name="review_order_one_open")]

    def __str__(self):
        return f"{self.get_kind_display()} · {self.lot}"

    def get_absolute_url(self):
        return reverse("challenge_detail", args=[self.challenge_id])

    @property
    def purchaser_id(self):
        return self.lot.tender.purchaser_id

    def trail_chain(self):
        return self.lot.trail_chain()
