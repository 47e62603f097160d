"""The third-party check of one payment stage's activities against the plan.

*Open*: the evidence of the stage is complete; the audit firm has the contract's number of working days (default 10).
*Reported*: the auditor compared every activity (people, vouchers, evidence) and gave an opinion.
*Lapsed*: the time ran out; the street decides itself, because waiting for an audit is no excuse for paying late
(保障中小企业款项支付条例 第12、14条; 财库〔2019〕38号). A finding withholds only the questioned amount; the due date never moves.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from guardian.shortcuts import assign_perm, remove_perm

from evaluation.models import Assignment, Check, CheckItem
from evaluation.permissions import is_assigned_auditor, supervises
from kernel import clock, trail
from kernel.lifecycle import Life, Refusal, Step, acting_for, advance
from kernel.notices import notify, register
from kernel.rules import carries
from kernel.workdays import add_workdays
from procurement.lifecycle import activity as activities
from procurement.lifecycle import clearance
from procurement.models import Contract, PaymentStage
from providers.lifecycle.organization import objection_to_provider, organizations_of

register("check.opened", _("A check waits for you: {title} (until {due})"))
register("check.reported", _("The third-party check of “{title}” is reported"))


def unanswered(check, actor):
    """A report needs every activity compared and an opinion."""
    open_items = check.items.filter(counted=None).count() or check.items.filter(vouchers_ok=None).count() or check.items.filter(evidence_ok=None).count()
    if open_items:
        return Refusal("items_open", _("Not every activity has been compared with the plan."), todo=_("Fill in the remaining rows of the check."))
    return None


def not_yet_lapsed(check, actor):
    if clock.today() <= check.due_on:
        return Refusal(
            "not_lapsed",
            _("The auditor still has time until {due}.").format(due=check.due_on),
            todo=_("The street may decide itself from the day after."),
        )
    return None


REPORT = Step("report", _("Report the check"), ("open",), "reported", lambda user, check: is_assigned_auditor(user, check.assignment), unanswered, rules=("E04",), waits_for=_("third-party supervisor"))
LAPSE = Step(
    "lapse",
    _("Decide without the auditor"),
    ("open",),
    "lapsed",
    lambda user, check: supervises(user, check.assignment.contract),
    not_yet_lapsed,
    tone="danger",
    needs_reason=True,
    rules=("E04",),
    hint=_("The time of the check has run out. The street takes the decision itself; the due date of the payment stays."),
)
STATES = {"open": _("being checked"), "reported": _("reported"), "lapsed": _("time ran out, street decides")}
LIFE = Life("check", Check, STATES, (REPORT, LAPSE), initial="open", root=lambda check: check.assignment.contract)


def objection_to_auditor(contract, firm, auditor):
    """Why this firm and person may not supervise the contract, or None (政府采购法实施条例 第9条; practice: never paid by the audited)."""
    if not firm.is_auditor:
        return Refusal("no_auditor", _("This organization does not offer third-party supervision."), field="firm")
    if firm.pk == contract.organization_id or firm.supporter_id == contract.organization_id or contract.organization.supporter_id == firm.pk:
        return Refusal("self_audit", _("The audit firm is tied to the provider it would check."), article="政府采购法实施条例 第9条", field="firm")
    if refusal := objection_to_provider(firm, "contract"):
        return refusal
    own = {organization.pk for organization in organizations_of(auditor)}
    if firm.pk not in own:
        return Refusal("not_of_firm", _("This person does not belong to the audit firm."), field="auditor")
    if contract.organization_id in own:
        return Refusal("auditor_tied", _("This person belongs to the provider, too."), article="政府采购法实施条例 第9条", field="auditor")
    return None


@carries("H01")
@transaction.atomic
def assign(contract, *, firm, auditor, actor):
    """Have an audit firm's person supervise a contract, in place of whoever did before. Raises Refusal. Returns the Assignment."""
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    if refusal := objection_to_auditor(contract, firm, auditor):
        raise refusal
    for earlier in Assignment.objects.filter(contract=contract, ended_at=None):
        Assignment.objects.filter(pk=earlier.pk).update(ended_at=clock.now())
        remove_perm("evaluation.audit_contract", earlier.auditor, earlier)
    assignment = Assignment.objects.create(contract=contract, firm=firm, auditor=auditor, assigned_by=actor)
    assign_perm("evaluation.audit_contract", auditor, assignment)
    trail.record(contract, "assign_auditor", actor=actor, params={"assignment": assignment.pk, "firm": firm.pk, "auditor": auditor.pk})
    return assignment


@carries("E04")
@transaction.atomic
def open_check(stage, *, actor):
    """The evidence of a stage is complete: start the auditor's clock. Raises Refusal. Returns the Check.

    The limit counts working days from today and comes from the contract; it never moves the due date of the payment.
    """
    contract = Contract.objects.select_for_update().get(pk=stage.contract_id)
    stage = PaymentStage.objects.get(pk=stage.pk)
    assignment = Assignment.objects.filter(contract=contract, ended_at=None).first()
    if assignment is None:
        raise Refusal("no_auditor", _("No audit firm is assigned to this contract."), todo=_("Assign one on the contract's page."))
    if Check.objects.filter(stage=stage).exists():
        raise Refusal("check_exists", _("This stage is already being checked."))
    held = list(stage.activities.filter(status__in=["reported", "answered"]))
    if not held or stage.activities.filter(status__in=["planned", "confirmed", "held"]).exists():
        raise Refusal("evidence_incomplete", _("Not every activity of this stage is reported."), todo=_("Report, postpone or cancel the remaining activities first."))
    check = Check.objects.create(
        assignment=assignment,
        stage=stage,
        status="open",
        evidence_complete_on=clock.today(),
        due_on=add_workdays(clock.today(), contract.check_days).date,
        created_by=actor,
    )
    CheckItem.objects.bulk_create(CheckItem(check_of=check, activity=activity) for activity in held)
    clearance.state_clearance(stage, "check", f"check-{check.pk}", held=0, note="")
    trail.record(check, "open", actor=actor, to_status="open", params={"stage": stage.pk, "due": str(check.due_on)})
    notify(
        assignment.auditor,
        f"check-{check.pk}",
        "check.opened",
        subject=check,
        url=check.get_absolute_url(),
        params={"title": f"{contract.title} · {stage.name}", "due": str(check.due_on)},
    )
    return check


@transaction.atomic
def compare(item, *, actor, counted, vouchers_ok, evidence_ok, remark=""):
    """Record how one activity compares with the plan; only while the check is open. Raises Refusal or PermissionDenied."""
    check = Check.objects.select_for_update().get(pk=item.check_of_id)
    principal = acting_for(actor, check, REPORT)
    if check.status != "open":
        raise Refusal("wrong_state", _("This check is closed."))
    CheckItem.objects.filter(pk=item.pk).update(counted=counted, vouchers_ok=vouchers_ok, evidence_ok=evidence_ok, remark=remark)
    trail.record(
        check, "compare", actor=actor, on_behalf_of=principal, params={"item": item.pk, "counted": counted, "vouchers": vouchers_ok, "evidence": evidence_ok}
    )


def settle_activities(check, actor):
    """Everything compared moves on to *checked* and the stage's check row is cleared."""
    for item in check.items.select_related("activity").order_by("activity_id"):
        if item.activity.status in ("reported", "answered"):
            activities.check(item.activity, actor=actor)
    clearance.clear(check.stage, "check", f"check-{check.pk}")


@LIFE.verb(REPORT)
@transaction.atomic
def report(check, *, actor, opinion="", happened_on=None):
    """The auditor hands in the check with an opinion."""
    check = advance(check, REPORT, actor=actor, happened_on=happened_on, changes={"opinion": opinion, "reported_on": clock.today()})
    settle_activities(check, actor)
    contract = check.assignment.contract
    if contract.project.handler:
        notify(contract.project.handler, f"check-{check.pk}-reported", "check.reported", subject=check, url=check.get_absolute_url(), params={"title": contract.title})
    return check


@carries("E04")
@LIFE.verb(LAPSE)
@transaction.atomic
def lapse(check, *, actor, reason=""):
    """The auditor is late: the street decides, with a reason. Nothing is withheld for the lateness."""
    check = advance(check, LAPSE, actor=actor, reason=reason)
    settle_activities(check, actor)
    return check
