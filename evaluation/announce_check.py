"""What supervision tells earlier pages: desk, navigation, panels on contracts, deadlines, access to files."""

from functools import cache

from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, memberships_of, people
from evaluation.forms.check import AnswerForm, ReportForm
from evaluation.lifecycle import call_back, check, finding  # noqa: F401
from evaluation.models import Assignment, Check, Finding
from evaluation.permissions import SUPERVISORS, judging_hats, supervises
from kernel import clock, registry
from kernel.lifecycle import Refusal
from kernel.registry import NavItem, Panel, Reminder, Task, Waiting
from procurement.lifecycle.closing import before_closing
from procurement.permissions_contract import grants_contracts
from providers.lifecycle.organization import organizations_of

check.LIFE.form(check.REPORT, ReportForm)
finding.LIFE.form(finding.ANSWER, AnswerForm)
check.LIFE.verb_labels = {
    "open": _("Evidence complete, check begins"),
    "compare": _("Activity compared"),
    "call": _("Telephone call made"),
    "draw_call_backs": _("People drawn for calls"),
}
finding.LIFE.verb_labels = {"state": _("Finding stated")}


def sees_checks(user):
    return has_role(user, *SUPERVISORS, "leader", "finance") or judging_hats(user)[1]


registry.nav(NavItem("judging", _("Third-party checks"), "check_list", may=sees_checks, order=60))


@registry.desk
def desk(user):
    """Checks for their auditor, lapsed checks for the street, findings for the provider, answers for the street."""
    yield Waiting(Check.objects.filter(assignment__auditor=user, assignment__ended_at=None, status="open").select_related("assignment__contract", "stage"), lambda row: Task("check", str(row), _("Compare the activities with the plan"), row.get_absolute_url(), row.created_at, clock.end_of_day(row.due_on)))
    units = {row.purchaser_id for row in memberships_of(user) if row.role in SUPERVISORS}
    if units:
        ran_out = Check.objects.filter(assignment__contract__purchaser__in=units, status="open", due_on__lt=clock.today())
        yield Waiting(ran_out.select_related("assignment__contract", "stage"), lambda row: Task("check", str(row), _("The auditor is late: decide yourself"), row.get_absolute_url(), row.created_at, clock.end_of_day(row.due_on)))
        answered = Finding.objects.filter(check_of__assignment__contract__purchaser__in=units, status="answered")
        yield Waiting(answered.select_related("check_of__assignment__contract"), lambda row: Task("finding", row.check_of.assignment.contract.title, _("Decide on the answered finding"), row.get_absolute_url(), row.created_at))
    mine = [organization.pk for organization in organizations_of(user)]
    if mine:
        def to_answer(row):
            title = row.check_of.assignment.contract.title
            yield Task("finding", title, _("Answer the finding"), row.get_absolute_url(), row.created_at, clock.end_of_day(row.due_on))

        yield Waiting(Finding.objects.filter(check_of__assignment__contract__organization__in=mine, status="open").select_related("check_of__assignment__contract"), to_answer)


def contract_panel(contract, user):
    """On the contract's page: who supervises it, its checks and findings."""
    checks = list(Check.objects.visible_to(user).filter(assignment__contract=contract).select_related("stage", "assignment__contract", "assignment__firm", "assignment__auditor"))
    assignment = next((row.assignment for row in checks if row.assignment.ended_at is None), None)
    assignment = assignment or Assignment.objects.filter(contract=contract, ended_at=None).select_related("firm", "auditor").first()
    may = supervises(user, contract)
    if not (assignment or may):
        return None
    findings = Finding.objects.visible_to(user).filter(check_of__assignment__contract=contract) if checks or organizations_of(user) else ()
    checked = {row.stage_id for row in checks}
    waiting = [stage for stage in contract.stages.all() if stage.pk not in checked and stage.status != "paid" and stage.activities.all()] if may and assignment and contract.status == "performing" else []
    context = {"contract": contract, "assignment": assignment, "checks": checks, "findings": findings, "may": may, "stages": waiting}
    return Panel(_("Third-party supervision"), "evaluation/contract_panel.html", context, order=60)


registry.panel("contract", contract_panel)


@grants_contracts
def audited(person):
    """Ids of the contracts this person audits. Of the reader of a page it is asked once whether they audit any; an auditor acts for a firm."""
    if getattr(person, "_keeps_principals", False) and not (organizations_of(person) and judging_hats(person)[1]):
        return ()
    return Assignment.objects.filter(auditor=person, ended_at=None).values_list("contract", flat=True)


def open_findings(contract):
    """A contract is closed only once every check is over and every finding settled."""
    if Check.objects.filter(assignment__contract=contract, status="open").exists():
        return Refusal("check_open", _("A third-party check is still open."), todo=_("Wait for its report, or decide once its time has run out."))
    if Finding.objects.filter(check_of__assignment__contract=contract, status__in=["open", "answered"]).exists():
        return Refusal("finding_open", _("A finding is not settled yet."), todo=_("Clear or uphold it first."))
    return None


before_closing(open_findings)


@registry.reminder
def check_deadlines(now):
    """The auditor three days before the check is due; the street when it has lapsed."""
    street = cache(lambda purchaser: tuple(people("supervisor", "handler", purchaser=purchaser)))
    for row in Check.objects.filter(status="open").select_related("assignment__contract__purchaser", "assignment__auditor", "stage"):
        due = clock.end_of_day(row.due_on)
        if due < now:
            yield Reminder(
                "check", row, street(row.assignment.contract.purchaser_id), due, "after", str(row), row.get_absolute_url()
            )
        elif (due - now).days <= 3:
            yield Reminder("check", row, (row.assignment.auditor,), due, "before", str(row), row.get_absolute_url())
