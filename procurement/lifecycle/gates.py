"""The review gates 预审 → 联审 → 工委会审议: a list per street and amount band, frozen on the project as GateRuns when it is submitted.

Each gate decides in its order (gates of the same order side by side; the next order waits for all of them): pass, send back with reasons and
remarks on lines, approve but cut to X yuan, or reject. Where a gate asks several people, each decides alone and is kept by name (GateVote):
it passes, or rejects, when as many as it needs have said so; **a send-back or a cut by any one of them counts at once**, because whoever asks
for a change is answered by the applicant and all look again. A gate that sits in
a meeting is decided by the confirmed minutes (meeting.py). Who applied, drafted or belongs to a provider concerned decides nothing; the
engine asks this of a stand-in and of the person stood in for. Passed gates are records of people: later configuration does not touch them.
"""

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, notices, trail, workdays
from kernel.lifecycle import Refusal, Step, advance, principals_of, refusal_of
from kernel.money import yuan
from procurement.models import GateRun, GateVote, Project
from procurement.permissions import holds, organization_ids

DRAFTING = ("create", "edit", "budget", "funding", "submit", "resubmit")


def open_runs(project):
    """The gates that decide now, asked once per project object."""
    if not hasattr(project, "_open_runs"):
        project._open_runs = project.open_runs()
    return project._open_runs


def open_run(project):
    """The first of them, or None."""
    return next(iter(open_runs(project)), None)


def runs_of(user, project):
    """The open gates this person decides by click: with the role; gates in a meeting are decided by its minutes only."""
    return [run for run in open_runs(project) if not run.by_meeting and holds(user, run.role, project)]


def may_decide(user, project):
    """The role of an open gate."""
    return bool(runs_of(user, project))


def said(run):
    """What people have said at a gate of several and not taken back, the earliest first; where one decides, the gate itself says it all."""
    return [] if run.votes_needed < 2 else [vote for vote in run.votes.all() if vote.withdrawn_at is None]


def heard(run, person):
    """Whether this person, or somebody for them, has decided at this gate."""
    return person.pk in run.heard


def open_gate(run, calendar=None):
    """A gate begins to decide now and is expected to within its working days. Writes nothing."""
    run.opened_at, run.due_on = clock.now(), workdays.add_workdays(clock.today(), run.expected_days, calendar).date
    return run


def drafters(project):
    """Ids of everybody who wrote or submitted the application, and of those they acted for."""
    rows = getattr(project, "_trail_rows", None) or trail.rows_of(project)
    return {pk for row in rows if row.verb in DRAFTING for pk in (row.actor_id, row.on_behalf_of_id) if pk} | ({project.created_by_id} - {None})


def conflict(project, person):
    """Why this person has to step aside for this project (applied, drafted, or belongs to a provider concerned), or None."""
    if not hasattr(project, "_drafters"):
        project._drafters = drafters(project)
        project._concerned = {helper.pk for helper in (project._helpers if hasattr(project, "_helpers") else project.drafting_help.all())} | ({project.intended_id} - {None})
    if person.pk in project._drafters:
        return Refusal("applicant", _("{name} wrote or submitted this application and cannot decide on it.").format(name=person), todo=_("Another reviewer decides."))
    if organization_ids(person) & project._concerned:
        return Refusal("concerned", _("{name} belongs to a provider concerned and steps aside.").format(name=person), article="实施条例 第9条", todo=_("Another reviewer decides."))
    return None


def _objection(project, person):
    if refusal := conflict(project, person):
        return refusal
    runs = runs_of(person, project)
    return _heard_already(runs[0]) if runs and all(heard(run, person) for run in runs) else None


def _objection_at(run, project, person):
    return conflict(project, person) or (_heard_already(run) if heard(run, person) else None)


def _heard_already(run):
    missing = run.votes_needed - len([vote for vote in said(run) if vote.result == "passed"])
    return Refusal("voted_already", _("You have decided here; “{gate}” still needs {count} more who agree.").format(gate=run.name, count=max(missing, 0)), todo=_("Take it back if it was wrong, while nobody has acted since."))


PASS_GATE = Step(
    "pass_gate", _("Pass"), ("in_review",), None, may_decide, _objection, tone="success", withdrawable=True, hint=_("The next gate decides then; after the last one the project is approved."),
)  # fmt: skip
APPROVE = Step("approve", _("Approved by all gates"), ("in_review",), "approved", may_decide, _objection, tone="success", withdrawable=True, waits_for=_("review gates"))
CUT = Step("cut", _("Approve, but cut"), ("in_review",), "returned", may_decide, _objection, tone="secondary", hint=_("Only budget lines can be lowered then; passed gates stand."))
SEND_BACK = Step("send_back", _("Send back"), ("in_review",), "returned", may_decide, _objection, tone="warning", needs_reason=True)
REJECT = Step("reject", _("Reject"), ("in_review",), "rejected", may_decide, _objection, tone="danger", needs_reason=True, hint=_("This ends the application."))
STEPS = {"passed": PASS_GATE, "cut": CUT, "returned": SEND_BACK, "rejected": REJECT}

notices.register("project.returned", _("“{title}” was sent back by {gate}"))
notices.register("project.cut", _("“{title}” was approved by {gate}, but cut to {amount} yuan"))
notices.register("project.rejected", _("“{title}” was rejected by {gate}"))
notices.register("project.approved", _("“{title}” passed all gates and is approved"))


@transaction.atomic
def decide_gate(run, result, actor, remark="", *, cut_to=None, line_remarks=None, happened_on=None, meeting=None):
    """Decide one gate: result passed | cut | returned | rejected. Returns the fresh Project.

    `cut_to` (yuan) below the budget for a cut; `remark` is required to send back or reject; `line_remarks`: {line id: text}.
    `meeting`: confirmed minutes that carry the decision; then the actor is who confirmed them and the role is the meeting's.
    At a gate of several people this is one voice (see the head of this page): the gate closes when enough have said the same, at once when
    one sends back or cuts. Raises PermissionDenied or Refusal: not_its_turn, in_meeting, applicant, concerned, voted_already, cut_amount,
    reason_missing.
    """
    project = Project.objects.select_for_update().get(pk=run.project_id)
    if project.status not in PASS_GATE.sources:
        raise refusal_of(project, STEPS[result], actor)  # decided meanwhile: whoever comes second gets a sentence, not a bare 403
    now_open = project.open_runs()
    run = next((row for row in now_open if row.pk == run.pk), None) or run
    if run not in now_open:
        raise Refusal(
            "not_its_turn", _("“{gate}” does not decide “{project}” now.").format(gate=run.name, project=project),
            todo=_("The gate “{open}” comes first.").format(open="、".join(row.name for row in now_open) or "—"),
        )  # fmt: skip
    if run.by_meeting and meeting is None:
        raise Refusal("in_meeting", _("“{gate}” decides in a meeting.").format(gate=run.name), todo=_("Record the meeting and have its minutes confirmed."))
    step = STEPS[result]
    changes = {}
    if result == "cut":
        cut_to = yuan(cut_to or 0)
        if not 0 < cut_to < project.budget_total:
            raise Refusal("cut_amount", _("A cut lies between zero and the budget of {total} yuan.").format(total=f"{project.budget_total:,.2f}"), field="cut_to")
    same = len([vote for vote in said(run) if vote.result == result]) + 1
    closes = meeting is not None or result in ("cut", "returned") or same >= run.votes_needed
    if result == "passed" and closes and not project.gate_runs.filter(result="waiting").exclude(pk=run.pk).exists():
        step, changes = APPROVE, {"ceiling": project.budget_total}
    if meeting is not None:
        step = replace(step, may=lambda user, subject: True, objection=lambda subject, person: None)
    else:
        step = replace(step, may=lambda user, subject: not run.by_meeting and holds(user, run.role, subject), objection=lambda subject, person: _objection_at(run, subject, person), target=step.target if closes else None)
    params = {"gate": run.key, "run": run.pk, "result": result, **({"cut_to": str(cut_to)} if result == "cut" else {}), **({"meeting": meeting.pk} if meeting else {})}
    if run.votes_needed > 1 and meeting is None:
        params |= {"voices": same, "needed": run.votes_needed}
    project = advance(project, step, actor=actor, happened_on=happened_on, reason=remark, changes=changes, params=params)
    line_remarks = {str(key): text for key, text in (line_remarks or {}).items() if text}
    if meeting is None:
        principal = trail.rows_of(project).last().on_behalf_of_id
        GateRun.objects.filter(pk=run.pk).update(heard=sorted({*run.heard, actor.pk, *([principal] if principal else [])}))
        GateVote.objects.create(
            run=run, user=actor, on_behalf_of_id=principal, result=result, cut_to=cut_to if result == "cut" else None, remark=remark, line_remarks=line_remarks, voted_at=clock.now()
        )
    for name in ("_open_runs", "_prefetched_objects_cache"):
        project.__dict__.pop(name, None)
    if not closes:
        return project
    GateRun.objects.filter(pk=run.pk).update(
        result=result, decided_by=actor, decided_at=clock.now(), remark=remark, cut_to=cut_to if result == "cut" else None,
        line_remarks=line_remarks,
    )  # fmt: skip
    if result == "passed":
        for row in project.open_runs():
            if row.opened_at is None:
                open_gate(row).save(update_fields=["opened_at", "due_on"])
    else:
        project.gate_runs.filter(result="waiting").update(result="void")
    _tell_applicant(project, run, result, cut_to)
    return project


def _tell_applicant(project, run, result, cut_to):
    kind = {"returned": "project.returned", "rejected": "project.rejected", "cut": "project.cut"}.get(result) or ("project.approved" if project.status == "approved" else "")
    if kind and project.created_by:
        params = {"title": project.title, "gate": run.name, "amount": f"{cut_to:,.2f}" if cut_to else ""}
        notices.notify(project.created_by, f"{kind}:{project.pk}:{run.pk}", kind, subject=project, url=project.get_absolute_url(), params=params)


def run_for(project, actor):
    """The open gate this person (or somebody they stand in for) decides next: one that has not heard them, else any of theirs, else the first open."""
    theirs = [(person, run) for person in principals_of(actor) for run in runs_of(person, project)]
    return next((run for person, run in theirs if not heard(run, person)), theirs[0][1] if theirs else project.open_run())


def _by_verb(project, result, actor, remark, run=None, **details):
    """Decide the open gate; `run` is the id of the gate the page showed, so that a second click or an old page never decides the next one."""
    if run is not None and (shown := GateRun.objects.filter(pk=run, project=project).first()):
        return decide_gate(shown, result, actor, remark, **details)
    project.__dict__.pop("_open_runs", None)
    run = run_for(project, actor)
    if run is None:
        raise Refusal("no_gate", _("No gate is open for “{project}”.").format(project=project))
    return decide_gate(run, result, actor, remark, **details)


@transaction.atomic
def pass_gate(project, *, actor, happened_on=None, reason="", line_remarks=None, run=None):
    """The open gate passes the project; the last one approves it and sets the ceiling."""
    return _by_verb(project, "passed", actor, reason, run, happened_on=happened_on, line_remarks=line_remarks)


@transaction.atomic
def cut(project, *, actor, cut_to=None, happened_on=None, reason="", line_remarks=None, run=None):
    """The open gate approves, but only up to `cut_to` yuan; the lines go back to be lowered."""
    return _by_verb(project, "cut", actor, reason, run, cut_to=cut_to, happened_on=happened_on, line_remarks=line_remarks)


@transaction.atomic
def send_back(project, *, actor, happened_on=None, reason="", line_remarks=None, run=None):
    """The open gate sends the project back; `reason` says what is wrong, `line_remarks` with which lines."""
    return _by_verb(project, "returned", actor, reason, run, happened_on=happened_on, line_remarks=line_remarks)


@transaction.atomic
def reject(project, *, actor, happened_on=None, reason="", run=None):
    """The open gate ends the application; `reason` is required."""
    return _by_verb(project, "rejected", actor, reason, run, happened_on=happened_on)


def undo_pass(project, actor):
    """撤回 of a pass: the voice is taken back and the gate is open again. Refused when minutes decided it."""
    last = trail.rows_of(project).last()
    run = GateRun.objects.filter(pk=last.params.get("run"), project=project).first()
    if run is None or "meeting" in last.params:
        return Refusal("by_meeting", _("Confirmed minutes are not taken back."), todo=_("Ask for a correction instead."))
    GateVote.objects.filter(run=run, user=actor, withdrawn_at=None).update(withdrawn_at=clock.now())
    project.gate_runs.filter(result="waiting", order__gt=run.order).update(opened_at=None, due_on=None)
    left = sorted({pk for vote in said(run) for pk in (vote.user_id, vote.on_behalf_of_id) if pk})
    GateRun.objects.filter(pk=run.pk).update(heard=left, result="waiting", decided_by=None, decided_at=None, remark="", line_remarks={})
    Project.objects.filter(pk=project.pk).update(ceiling=None)
    return None
