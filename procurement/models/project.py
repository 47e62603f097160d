"""The project: what a community asks a street to buy, its activity plan and item-level budget, its way through the gates."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from kernel.models.living import Living
from kernel.money import MoneyField, yuan
from procurement.models.configuration import Gate
from procurement.permissions import MeetingQuerySet, ProjectQuerySet


class Project(Living):
    """An application that becomes a purchase. Totals in yuan; `ceiling` is what the gates approved."""

    WAYS = [("open", _("open: providers compete")), ("intended", _("with an intended provider"))]
    number = models.CharField(_("number"), max_length=24, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=80)
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="projects", verbose_name=_("purchaser"))
    place = models.ForeignKey("communities.Place", models.PROTECT, related_name="projects", verbose_name=_("community"))
    fiscal_year = models.PositiveSmallIntegerField(_("fiscal year"))
    item = models.ForeignKey("procurement.CatalogueItem", models.PROTECT, related_name="projects", verbose_name=_("catalogue item"))
    code = models.ForeignKey(
        "procurement.CatalogueItem", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("procurement item code")
    )
    needs = models.ManyToManyField("communities.Need", related_name="projects", verbose_name=_("needs"))
    goal = models.TextField(_("goal"), max_length=2000)
    target_group = models.CharField(_("target group"), max_length=80)
    headcount = models.PositiveIntegerField(_("people served"))
    results = models.TextField(_("expected results"), max_length=2000, help_text=_("Measurable: output, benefit, satisfaction."))
    risks = models.TextField(_("risks and answers"), max_length=2000, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    way = models.CharField(_("way to a provider"), max_length=10, choices=WAYS, default="open")
    intended = models.ForeignKey(
        "providers.Organization", models.PROTECT, null=True, blank=True, related_name="intended_projects", verbose_name=_("intended provider")
    )
    intended_reason = models.TextField(_("why this provider"), max_length=1000, blank=True)
    alternatives = models.TextField(_("alternatives considered"), max_length=1000, blank=True)
    drafting_help = models.ManyToManyField(
        "providers.Organization", blank=True, related_name="drafted_projects", verbose_name=_("who helped draft it"), help_text=_("They may not bid (条例18条).")
    )
    price_comparison = models.TextField(_("price comparison"), max_length=1000, blank=True, default="", help_text=_("Who asks how much for the same, and where that is from."))
    declared_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, blank=True, editable=False, related_name="+", verbose_name=_("declared by"))
    declared_at = models.DateTimeField(_("declared at"), null=True, editable=False)
    handler = models.ForeignKey("kernel.User", models.PROTECT, null=True, blank=True, related_name="handled_projects", verbose_name=_("handler"))
    budget_total = MoneyField(_("budget"), editable=False)
    ceiling = MoneyField(_("approved amount"), null=True, default=None, editable=False)
    revision = models.PositiveSmallIntegerField(default=0, editable=False)
    is_backfill = models.BooleanField(_("entered afterwards"), default=False, editable=False)
    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("project")
        indexes = [
            models.Index(fields=["purchaser", "status"], name="project_of_office"), models.Index(fields=["handler", "status"], name="project_of_handler"),
            models.Index(fields=["purchaser", "fiscal_year", "status", "stage_since"], name="project_of_year"), models.Index(fields=["purchaser", "handler"], name="project_handled"),
            models.Index(fields=["purchaser", "fiscal_year", "-id"], name="project_newest"), models.Index(fields=["purchaser", "fiscal_year", "budget_total", "id"], name="project_by_budget"),
            models.Index(fields=["place", "fiscal_year", "-id"], name="project_of_place"),
            models.Index(fields=["purchaser", "fiscal_year", "stage_since", "-id"], name="project_by_age"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=models.F("starts_on")), name="project_dates_in_order"),
            models.CheckConstraint(condition=Q(budget_total__gte=0), name="project_budget_not_negative"),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("project_detail", args=[self.pk])

    def trail_chain(self):
        return f"project-{self.pk}"

    def waiting_on(self):
        """Who has to act next, in words: the open gate, or the applicant."""
        if self.status == "in_review":
            runs = [run for run in self.open_runs() if run.opened_at]
            return "；".join(str(_("{gate}, since {day}").format(gate=run.name, day=run.opened_at.astimezone(clock.ZONE).date())) for run in runs)
        if self.status in ("draft", "returned"):
            return str(self.place)
        return str(self.handler or self.purchaser) if self.status in ("approved", "sourcing", "contracted") else ""

    def open_runs(self):
        """The gates that decide now: those waiting with the lowest order, side by side."""
        waiting = sorted((run for run in self.gate_runs.all() if run.result == "waiting"), key=lambda run: (run.order, run.pk))
        return [run for run in waiting if run.order == waiting[0].order]

    def open_run(self):
        """The first of the gates that decide now, or None."""
        return next(iter(self.open_runs()), None)


class ProjectFund(models.Model):
    """How much of a project one fund carries (yuan)."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="fundings")
    fund = models.ForeignKey("procurement.Fund", models.PROTECT, related_name="fundings", verbose_name=_("fund"))
    amount = MoneyField(_("amount"))
    committed = MoneyField(_("committed"), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "fund"], name="project_fund_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="project_fund_not_negative"),
        ]

    def __str__(self):
        return f"{self.fund} {self.amount}"


class PlannedActivity(models.Model):
    """One activity of the plan: what, when, where, for how many, how often, by whom."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="plan")
    order = models.PositiveSmallIntegerField(_("no."), default=1)
    title = models.CharField(_("activity"), max_length=80)
    planned_on = models.DateField(_("planned on"))
    location = models.CharField(_("where"), max_length=80)
    headcount = models.PositiveIntegerField(_("people expected"))
    times = models.PositiveSmallIntegerField(_("times"), default=1)
    by_whom = models.CharField(_("responsible"), max_length=80, blank=True, default="")

    class Meta:
        ordering = ["order", "id"]

    def __str__(self):
        return self.title


class BudgetLine(models.Model):
    """Even one pen for two yuan: unit, quantity, unit price (yuan). Lines without activity are people or running cost."""

    KINDS = [("activity", _("activity cost")), ("people", pgettext_lazy("cost", "people")), ("running", _("running cost"))]
    project = models.ForeignKey(Project, models.CASCADE, related_name="lines")
    activity = models.ForeignKey(PlannedActivity, models.CASCADE, null=True, blank=True, related_name="lines", verbose_name=_("activity"))
    order = models.PositiveSmallIntegerField(_("no."), default=1)
    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    name = models.CharField(_("item"), max_length=80)
    unit = models.CharField(_("unit"), max_length=12)
    quantity = models.DecimalField(_("quantity"), max_digits=10, decimal_places=2)
    price = MoneyField(_("unit price"))
    amount = MoneyField(_("amount"), editable=False)
    spent = MoneyField(_("spent"), editable=False)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering = ["order", "id"]
        constraints = [models.CheckConstraint(condition=Q(quantity__gt=0) & Q(price__gte=0) & Q(amount__gte=0), name="budget_line_sane")]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.amount = yuan(Decimal(self.quantity) * Decimal(self.price))
        super().save(*args, **kwargs)

    @property
    def quantity_text(self):
        """2 instead of 2.00, 1.5 instead of 1.50."""
        return format(Decimal(self.quantity).normalize(), "f")


class ProjectRevision(models.Model):
    """What was submitted each time, so that reviewers see what changed line by line."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    snapshot = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="project_revision_once")]

    def __str__(self):
        return f"{self.project_id}/{self.number}"


class GateRun(models.Model):
    """One gate of one project: the gate's settings as they were, and what was decided by whom. Independent of later configuration.

    `due_on`: until when it was expected to decide when it opened; `heard`: ids of those whose voice it has (GateVote), kept here for lists.
    """

    RESULTS = [("waiting", pgettext_lazy("gate", "waiting")), ("passed", pgettext_lazy("gate", "passed")), ("cut", _("passed, but cut")), ("returned", pgettext_lazy("gate", "sent back")), ("rejected", pgettext_lazy("gate", "rejected")), ("void", pgettext_lazy("gate", "void"))]
    project = models.ForeignKey(Project, models.PROTECT, related_name="gate_runs")
    key = models.CharField(max_length=20)
    name = models.CharField(_("gate"), max_length=40)
    order = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=16)
    by_meeting = models.BooleanField(default=False)
    votes_needed = models.PositiveSmallIntegerField(default=1)
    expected_days = models.PositiveSmallIntegerField(default=5)
    revision = models.PositiveSmallIntegerField()
    result = models.CharField(_("result"), max_length=10, choices=RESULTS, default="waiting")
    opened_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    heard = models.JSONField(default=list, editable=False)
    decided_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    remark = models.TextField(blank=True)
    cut_to = MoneyField(null=True, default=None)
    line_remarks = models.JSONField(default=dict)

    class Meta:
        ordering = ["project_id", "revision", "order"]
        indexes = [models.Index(fields=["result", "opened_at"], name="gate_run_waiting"), models.Index(fields=["-decided_at"], name="gate_run_newest")]

    def __str__(self):
        return f"{self.project} · {self.name}"


class Meeting(Living):
    """A sitting that takes many projects: number, attendance, result per item, signed minutes, confirmed by one who was there.

    `members` (ids of people) and `quorum` are those of its gate on the day it was convened or recorded; `held_on` is the planned day until then.
    """

    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="meetings", verbose_name=_("purchaser"))
    gate_key = models.CharField(max_length=20)
    number = models.CharField(_("meeting number"), max_length=40)
    title = models.CharField(_("title"), max_length=80)
    held_on = models.DateField(_("held on"))
    begins_at = models.TimeField(_("begins at"), null=True, blank=True)
    location = models.CharField(pgettext_lazy("meeting", "where"), max_length=80, blank=True, default="")
    chair = models.ForeignKey("kernel.User", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("chaired by"))
    members = models.JSONField(default=list, editable=False)
    quorum = models.CharField(max_length=12, choices=Gate.QUORUMS, blank=True, default="", editable=False)
    online_voting = models.BooleanField(default=False, editable=False)
    attendees = models.ManyToManyField("kernel.User", related_name="+", verbose_name=_("present"))
    others_present = models.CharField(_("others present"), max_length=200, blank=True)
    confirmed_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, editable=False, related_name="+")
    confirmed_at = models.DateTimeField(null=True, editable=False)
    objects = MeetingQuerySet.as_manager()

    class Meta:
        ordering = ["-held_on", "-id"]
        verbose_name = _("meeting")
        constraints = [models.UniqueConstraint(fields=["purchaser", "number"], condition=~Q(status="cancelled"), name="meeting_number_once")]

    def __str__(self):
        return f"{self.title} {self.number}"

    def get_absolute_url(self):
        return reverse("meeting_detail", args=[self.pk])

    def trail_chain(self):
        return f"purchaser-{self.purchaser_id}"


class MeetingItem(models.Model):
    """One project in one sitting: result (empty: on the agenda, not decided), cut, who stepped aside, voices where they were counted."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="items")
    run = models.ForeignKey(GateRun, models.PROTECT, related_name="items", verbose_name=_("project"))
    result = models.CharField(_("result"), max_length=10, choices=[r for r in GateRun.RESULTS if r[0] in ("passed", "cut", "returned", "rejected")], blank=True, default="")
    cut_to = MoneyField(_("cut to"), null=True, blank=True, default=None)
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    recused = models.ManyToManyField("kernel.User", blank=True, related_name="+", verbose_name=_("stepped aside"))
    votes_for = models.PositiveSmallIntegerField(pgettext_lazy("vote", "for"), null=True, blank=True)
    votes_against = models.PositiveSmallIntegerField(pgettext_lazy("vote", "against"), null=True, blank=True)
    abstained = models.PositiveSmallIntegerField(pgettext_lazy("vote", "abstained"), null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting", "run"], name="meeting_item_once")]

    def __str__(self):
        return f"{self.meeting_id} {self.run_id}"
