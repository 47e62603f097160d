"""What catalogue, funds, projects, meetings and settings announce: forms of steps, navigation, desk, search, deadlines, files, totals."""

from datetime import timedelta
from functools import cache

from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.permissions import memberships_of, people, place_paths, purchaser_ids
from kernel import clock, files, registry, workdays
from kernel.money import ZERO
from kernel.registry import Hit, NavItem, Panel, Reminder, Task, Waiting
from procurement import customs
from procurement.forms.fund import ApproveFundForm, CloseFundForm
from procurement.forms.meeting import MinutesForm, VoteForm
from procurement.forms.project import GateForm, applies
from procurement.gate_times import due_of
from procurement.lifecycle import catalogue, configuration, convening, fund, gates, meeting, project  # noqa: F401 (catalogue registers its job)
from procurement.models import CatalogueItem, Fund, GateRun, Lot, Meeting, MeetingItem, MeetingVote, Project, ProjectFund
from procurement.permissions import SETTING_ROLES, organization_ids

fund.LIFE.form(fund.APPROVE, ApproveFundForm)
fund.LIFE.form(fund.CLOSE, CloseFundForm)
for _step in (gates.PASS_GATE, gates.CUT, gates.SEND_BACK, gates.REJECT):
    project.LIFE.form(_step, GateForm)
meeting.LIFE.form(meeting.MINUTES, MinutesForm)
meeting.LIFE.form(meeting.VOTE, VoteForm)


for _model in (Fund, Project, Meeting):
    files.register_access(_model, files.by_sight(_model))


def _government(user):
    return user.is_authenticated and bool(memberships_of(user))


registry.nav(
    NavItem("buying", _("Catalogue"), "catalogue_list", order=10),
    NavItem("buying", _("Projects"), "project_list", order=20),
    NavItem("buying", _("Meetings"), "meeting_list", lambda user: user.is_authenticated and bool(purchaser_ids(user) or place_paths(user, "finance")), order=25),
    NavItem("money", _("Funds"), "fund_list", _government, order=10),
    NavItem("settings", _("Settings of the street"), "configuration", lambda user: user.is_authenticated and bool(purchaser_ids(user) or place_paths(user, "finance")), order=20),
)


@registry.desk
def gates_waiting(user):
    """Gates this person decides: with their role at the purchaser, in their turn, and nothing they applied for themselves."""
    rows = memberships_of(user)
    ids = {row.purchaser_id for row in rows if row.purchaser_id}
    if not ids:
        return
    convened = MeetingItem.objects.filter(meeting__status="convened").values("run")
    open_runs = GateRun.objects.filter(result="waiting", opened_at__isnull=False, project__status="in_review", project__purchaser__in=ids, role__in={row.role for row in rows}).exclude(pk__in=convened)
    held = {(row.purchaser_id, row.role) for row in rows}
    def to_review(run):
        if (run.project.purchaser_id, run.role) not in held or run.project.created_by_id == user.pk or gates.heard(run, user):
            return
        action, url = (_("Record the meeting"), reverse("meeting_create")) if run.by_meeting else (_("Review it"), run.project.get_absolute_url())
        yield Task("project", f"{run.project}（{run.name}）", action, url, since=run.opened_at, due=due_of(run), detail=str(run.project.place))

    yield Waiting(open_runs.select_related("project__place").order_by("opened_at")[:200], to_review)


@registry.desk
def applications_waiting(user):
    """Drafts and returned projects of the applicant; approved ones of the handler."""
    paths = place_paths(user, "community")
    rows = Project.objects.select_related("place")
    if paths:
        def to_complete(row):
            action = _("Complete and submit it") if row.status == "draft" else _("Work in the remarks and submit again")
            yield Task("project", str(row), action, row.get_absolute_url(), since=row.created_at, detail=str(row.status_label))

        yield Waiting(rows.filter(created_by=user, status__in=("draft", "returned")).order_by("created_at")[:50], to_complete)
    if organizations := organization_ids(user):
        drafts = rows.filter(way="intended", intended__in=organizations, status__in=("draft", "returned"))
        yield Waiting(drafts[:50], lambda row: Task("project", str(row), _("Draft plan and budget"), reverse("project_budget", args=[row.pk]), since=row.created_at, detail=str(row.place)))
    ids = purchaser_ids(user, "handler")
    if ids:
        last_gate = GateRun.objects.filter(project=OuterRef("pk"), decided_at__isnull=False).order_by("-decided_at").values("decided_at")[:1]
        rows = rows.annotate(approved_at=Subquery(last_gate)).order_by("approved_at")
        yield Waiting(rows.filter(purchaser__in=ids, status="approved").filter(handler=None)[:50], lambda row: Task("project", str(row), _("Take it on"), row.get_absolute_url(), since=row.approved_at, detail=str(row.place)))
        bought = Lot.objects.exclude(status="failed").exclude(tender__status="cancelled").values("project")
        yield Waiting(rows.filter(handler=user, status="approved").exclude(contracts__status__in=("draft", "performing")).exclude(pk__in=bought)[:50], lambda row: Task("project", str(row), _("Draft the contract") if row.way == "intended" else _("Start sourcing"), row.get_absolute_url(), since=row.approved_at, detail=str(row.place)))


@registry.desk
def meetings_waiting(user):
    """Meetings: a member has not voted on line yet, the secretary records a convened one once its day has come, somebody present confirms the minutes."""
    recording = purchaser_ids(user, "committee")
    asked = MeetingVote.objects.filter(user=user, choice="").values("item__meeting")
    convened = Q(status="convened") & (Q(pk__in=asked) | Q(purchaser__in=recording, held_on__lte=clock.today()))
    present = Meeting.attendees.through.objects.filter(user=user).values("meeting")

    def to_do(row):
        if row.status == "draft":
            return Task("meeting", str(row), _("Confirm the minutes"), row.get_absolute_url(), since=row.created_at)
        records = row.purchaser_id in recording and row.held_on <= clock.today()
        return Task("meeting", str(row), _("Record the meeting") if records else _("Vote on line"), row.get_absolute_url(), since=row.created_at, due=row.held_on)

    yield Waiting(Meeting.objects.filter(convened | Q(status="draft", pk__in=present) & ~Q(created_by=user)).order_by("created_at")[:50], to_do)


@registry.desk
def proposals_waiting(user):
    """Settings proposed by somebody else that this person may confirm."""
    if ids := purchaser_ids(user, *SETTING_ROLES):
        for model in configuration.KINDS.values():
            yield Waiting(model.objects.filter(purchaser__in=ids, confirmed_at=None, refused_at=None).exclude(proposed_by=user)[:20], lambda row: Task(_("Settings of the street"), str(row), _("Confirm or turn down"), f"{reverse('configuration')}?purchaser={row.purchaser_id}"))


def projects_of_need(need, user):
    """On the need's page: the projects it led to, and the way to a new one."""
    rows = list(Project.objects.visible_to(user).filter(needs=need).order_by("-id")[:20])
    may = need.status in ("confirmed", "published") and applies(user)
    return Panel(_("Projects from this need"), "procurement/need_projects.html", {"projects": rows, "may_apply": may}, order=30) if rows or may else None


registry.panel("need", projects_of_need)


@registry.search
def find(user, text):
    for row in Project.objects.visible_to(user).filter(title__icontains=text).select_related("place")[:6]:
        yield Hit(pgettext_lazy("search", "project"), row.title, row.get_absolute_url(), f"{row.number} · {row.place} · {row.status_label}")
    for row in Project.objects.visible_to(user).filter(number__iexact=text)[:1]:
        yield Hit(pgettext_lazy("search", "project"), row.title, row.get_absolute_url(), row.number)
    for row in Fund.objects.visible_to(user).filter(name__icontains=text)[:3]:
        yield Hit(pgettext_lazy("search", "fund"), str(row), row.get_absolute_url(), str(row.status_label))
    for row in CatalogueItem.objects.filter(name__icontains=text)[:4]:
        yield Hit(pgettext_lazy("search", "catalogue item"), str(row), row.get_absolute_url())


@registry.reminder
def cutoffs(now):
    """The treasury's cut-off warns ahead (practice 4) and stops no clock: funds with committed, unpaid money."""
    today = now.astimezone(clock.ZONE).date()
    keepers = cache(lambda purchaser: tuple(people("accountant", "fund_owner", purchaser=purchaser)))
    rows = Fund.objects.filter(status__in=("approved", "closing"), cutoff_on__lte=today + timedelta(days=customs.figure("treasury_cutoff")), committed__gt=F("paid")).select_related("purchaser")
    for row in rows:
        phase = "before" if row.cutoff_on >= today else "after"
        users = keepers(row.purchaser_id)
        yield Reminder("fund_cutoff", row, users, clock.end_of_day(row.cutoff_on), phase, str(row), row.get_absolute_url())


@registry.reminder
def late_gates(now):
    """A gate that has waited longer than its expected working days."""
    asked, calendar = cache(lambda role, purchaser: tuple(people(role, purchaser=purchaser))), workdays.current()
    for run in GateRun.objects.filter(result="waiting", opened_at__isnull=False, project__status="in_review").select_related("project__purchaser", "project__place"):
        due = due_of(run, calendar)
        if due < now:
            users = asked(run.role, run.project.purchaser_id)
            yield Reminder(f"gate_{run.pk}", run.project, users, due, "after", f"{run.project}：{run.name}", run.project.get_absolute_url())


@registry.totals
def committed_totals():
    """Committed money of each fund against its projects; each project's budget against its lines."""
    counted = dict(ProjectFund.objects.values_list("fund").annotate(total=Sum("committed")))
    for row in Fund.objects.all():
        if row.committed != (counted.get(row.pk) or ZERO):
            yield f"fund {row.pk} committed", row.committed, counted.get(row.pk) or ZERO
    for row in Project.objects.annotate(counted=Sum("lines__amount")).exclude(budget_total=F("counted")):
        if row.budget_total != (row.counted or ZERO) and not row.is_backfill:
            yield f"project {row.pk} budget", row.budget_total, row.counted or ZERO


