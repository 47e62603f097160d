"""The life of a project 项目.

draft        the community (or the street's handler for it) writes needs, plan and item-level budget; with an intended provider that provider
             helps, of an open project no provider sees the draft (practice 3)
in_review    submitted: the street's gates decide in their order (gates.py)
returned     sent back with reasons, or approved but cut: only budget lines may be lowered
approved     all gates passed; the approved amount is the ceiling
sourcing     a tender or a choice is under way;   contracted: signed;   closed: settled and closed
rejected, cancelled   the end
programme    what a framework agreement collects offers for: no budget, no fund, never bought itself (docs/decisions/0014)

A gate that judged an earlier text does not cover a changed one: whoever edits after a gate goes through that gate again.
"""

import uuid

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.money import yuan
from procurement.lifecycle import cautions as warned
from procurement.lifecycle import price_check
from procurement.lifecycle.budget import differs, replace_budget, snapshot, within_cut
from procurement.lifecycle.completeness import lacks, warnings
from procurement.lifecycle.consent import gates_of
from procurement.lifecycle.gates import APPROVE, CUT, PASS_GATE, REJECT, SEND_BACK, cut, drafters, open_gate, pass_gate, reject, send_back, undo_pass
from procurement.lifecycle.indicators import replace_indicators
from procurement.lifecycle.project_handing import HAND_OVER, hand_over
from procurement.models import GateRun, Project, ProjectFund, ProjectRevision
from procurement.permissions import holds, may_apply, may_draft, may_handle, organization_ids

FIELDS = (
    "title", "purchaser", "place", "fiscal_year", "item", "code", "goal", "target_group", "headcount", "results", "risks", "starts_on", "ends_on", "way",
    "intended", "intended_reason", "alternatives", "price_comparison", "handler",
)  # fmt: skip


def open_cut(project):
    """The gate that approved the present text but cut it, while the cut is not settled; or None."""
    if project.status != "returned":
        return None
    return max((run for run in project.gate_runs.all() if run.result == "cut" and run.revision == project.revision), key=lambda run: run.pk, default=None)


def _only_lines(project, actor):
    if cut := open_cut(project):
        return Refusal(
            "only_lines",
            _("“{gate}” approved this but cut it to {amount} yuan: only budget lines can be lowered now.").format(gate=cut.name, amount=f"{cut.cut_to:,.2f}"),
            todo=_("Change the budget, or cancel the project and apply anew."),
        )
    return None


def _incomplete(project, actor):
    found = project.known_lacks if hasattr(project, "known_lacks") else lacks(project)
    if found:
        lack = found[0]
        return Refusal("incomplete", lack.sentence, article=lack.article, todo=_("{count} thing(s) are missing, see the list.").format(count=len(found)))
    return None


EDIT = Step("edit", _("Edit"), ("draft", "returned"), None, may_apply, _only_lines)
BUDGET = Step("budget", _("Change the budget"), ("draft", "returned"), None, may_draft)
FUNDING = Step("funding", _("Change the funding"), ("draft", "returned"), None, may_apply)
SUBMIT = Step(
    "submit", _("Submit"), ("draft",), "in_review", may_apply, _incomplete, withdrawable=True, rules=("A02", "A06", "A07", "E06"), waits_for=_("community"),
    hint=_("The project goes to the first gate; you can take it back until somebody has decided."),
)  # fmt: skip
RESUBMIT = Step("resubmit", _("Submit again"), ("returned",), "in_review", may_apply, _incomplete, rules=("A02", "A06", "A07", "E06"), waits_for=_("community"))
SETTLE = Step("settle", _("Accept the cut"), ("returned",), "approved", may_apply, _incomplete, tone="secondary")
CANCEL = Step("cancel", _("Cancel the project"), ("draft", "returned"), "cancelled", may_apply, tone="danger", needs_reason=True)
TAKE = Step(
    "take", _("Take it on as handler"), ("in_review", "approved"), None, lambda user, project: holds(user, "handler", project),
    lambda project, actor: Refusal("taken", _("{name} is the handler already.").format(name=project.handler)) if project.handler_id else None, tone="secondary",
)  # fmt: skip
SOURCE = Step("source", _("Start sourcing"), ("approved",), "sourcing", may_handle, waits_for=_("handler"))
UNSOURCE = Step("unsource", _("Sourcing failed"), ("sourcing",), "approved", may_handle, tone="secondary")
CONTRACT = Step("contract", _("Contract signed"), ("approved", "sourcing"), "contracted", may_handle, waits_for=_("handler"))
FRAME = Step("frame", _("Make it a framework's programme"), ("draft",), "programme", lambda user, project: holds(user, "handler", project), rules=("B21",), by_code=True)
CLOSE = Step("close", _("Close the project"), ("contracted",), "closed", may_handle, waits_for=_("handler"))

LIFE = Life(
    "project", Project,
    states={
        "draft": pgettext_lazy("project", "draft"), "in_review": pgettext_lazy("project", "in review"), "returned": pgettext_lazy("project", "sent back"), "approved": pgettext_lazy("project", "approved"),
        "sourcing": pgettext_lazy("project", "sourcing"),
        "contracted": pgettext_lazy("project", "under contract"), "closed": pgettext_lazy("project", "closed"), "rejected": pgettext_lazy("project", "rejected"), "cancelled": pgettext_lazy("project", "cancelled"),
        "programme": pgettext_lazy("project", "framework programme"),
    },
    steps=(EDIT, BUDGET, FUNDING, SUBMIT, RESUBMIT, SETTLE, PASS_GATE, APPROVE, CUT, SEND_BACK, REJECT, TAKE, HAND_OVER, SOURCE, UNSOURCE, CONTRACT, CLOSE, CANCEL, FRAME),
)  # fmt: skip
for _step, _function in ((PASS_GATE, pass_gate), (CUT, cut), (SEND_BACK, send_back), (REJECT, reject), (HAND_OVER, hand_over)):
    LIFE.verb(_step)(_function)
LIFE.verb_labels = {"commit": _("money committed"), "release": _("commitment released"), "explain_prices": _("prices explained")}


@transaction.atomic
def draft_project(actor, *, needs=(), drafting_help=(), indicators=(), declared=False, **fields):
    """Start an application. `fields`: see FIELDS (title, purchaser, place, fiscal_year, item, goal, target_group, headcount, results, starts_on,
    ends_on …); `indicators`: rows of replace_indicators; `declared`: who helped to draft it is declared (条例18条). Raises Refusal: role, not_in_area, dates. Returns the draft Project, trailed."""
    project = Project(number=uuid.uuid4().hex[:24], created_by=actor, **fields)
    _check_facts(project)
    if not may_apply(actor, project):
        raise Refusal("role", _("Applications are made by the community, or by the street's handler for it."), todo=_("Ask the community to apply."))
    if project.handler_id is None and holds(actor, "handler", project):
        project.handler = actor
    project.save()
    Project.objects.filter(pk=project.pk).update(number=f"XM{project.fiscal_year}{project.pk:05d}")
    project.refresh_from_db()
    project.needs.set(needs)
    project.drafting_help.set(drafting_help)
    replace_indicators(project, indicators)
    _declare(project, declared, actor)
    trail.record(project, "create", actor=actor, to_status="draft", params={"needs": [need.pk for need in needs], "way": project.way, "declared": declared})
    return project


def _check_facts(project):
    if not project.place.path.startswith(project.purchaser.place.path):
        raise Refusal("not_in_area", _("{place} does not lie in the area of {purchaser}.").format(place=project.place, purchaser=project.purchaser), field="place")
    if project.ends_on < project.starts_on:
        raise Refusal("dates", _("The project ends before it begins."), field="ends_on")
    if project.way == "open":
        project.intended, project.intended_reason, project.alternatives, project.price_comparison = None, "", "", ""


def _declare(project, declared, actor):
    """Keep who declared when that no provider but the named ones helped (practice 3); taken back when it is no longer ticked. Not asked with an intended provider."""
    declared = declared and project.way == "open"
    if declared and project.declared_at:
        return
    project.declared_by, project.declared_at = (actor, clock.now()) if declared else (None, None)
    Project.objects.filter(pk=project.pk).update(declared_by=project.declared_by, declared_at=project.declared_at)


@transaction.atomic
def edit_project(project, *, actor, needs=None, drafting_help=None, indicators=None, declared=None, **fields):
    """Change facts of a draft or returned project (None: as it was). Raises Refusal; after a gate that gate has to judge again.

    Other helpers than those declared need the declaration anew.
    """
    if unknown := set(fields) - set(FIELDS):
        raise TypeError(f"not a fact of a project: {sorted(unknown)}")
    project = advance(project, EDIT, actor=actor, params={"fields": sorted(fields), **({} if declared is None else {"declared": declared})})
    for name, value in fields.items():
        setattr(project, name, value)
    _check_facts(project)
    project.save(update_fields=[*fields, "intended", "intended_reason", "alternatives", "price_comparison"])
    if needs is not None:
        project.needs.set(needs)
    if drafting_help is not None:
        if {helper.pk for helper in drafting_help} != set(project.drafting_help.values_list("pk", flat=True)):
            _declare(project, False, actor)
        project.drafting_help.set(drafting_help)
    if indicators is not None:
        replace_indicators(project, indicators)
    if declared is not None or project.way == "intended":
        _declare(project, bool(declared), actor)
    return project


@transaction.atomic
def set_budget(project, plan, lines, actor, *, origin=None):
    """Write plan and lines (see budget.replace_budget) of a draft or returned project and its total. After a cut lines may only be lowered.
    `origin`: the project the budget was taken over from, for the trail."""
    before = open_cut(project)
    project = advance(project, BUDGET, actor=actor, params={"taken_from": origin.number} if origin else None)
    total = yuan(replace_budget(project, plan, lines))
    Project.objects.filter(pk=project.pk).update(budget_total=total)
    project.refresh_from_db()
    if before and not within_cut(_judged(project), snapshot(project), yuan(_judged(project)["total"])):
        raise Refusal("only_lower", _("After a cut lines can only be lowered or removed."), todo=_("Leave plan and other lines as they were approved."))
    trim_funding(project)
    return project


def trim_funding(project):
    """Let a single fund follow the budget; of several the applicant decides."""
    rows = list(project.fundings.all())
    if len(rows) == 1 and rows[0].amount != project.budget_total:
        ProjectFund.objects.filter(pk=rows[0].pk).update(amount=project.budget_total)


@transaction.atomic
def set_funding(project, rows, actor):
    """Which funds carry how much: rows of {"fund": Fund, "amount": yuan}. Raises Refusal: other_purchaser, fund_closed, twice."""
    project = advance(project, FUNDING, actor=actor)
    if len({row["fund"].pk for row in rows}) != len(rows):
        raise Refusal("twice", _("A fund is named twice."))
    for row in rows:
        if row["fund"].purchaser_id != project.purchaser_id:
            raise Refusal("other_purchaser", _("“{fund}” belongs to another purchaser.").format(fund=row["fund"]))
        if row["fund"].status not in ("expected", "approved"):
            raise Refusal("fund_closed", _("“{fund}” takes no new projects: it is “{state}”.").format(fund=row["fund"], state=row["fund"].status_label))
    project.fundings.all().delete()
    ProjectFund.objects.bulk_create([ProjectFund(project=project, fund=row["fund"], amount=yuan(row["amount"])) for row in rows])
    return project


def _judged(project):
    """The snapshot of the revision the gates judged last."""
    row = project.revisions.filter(number=project.revision).first()
    return row.snapshot if row else None


def _declare_helpers(project):
    """条例18条 by match: organizations whose people wrote the application may not bid, declared or not."""
    from kernel.models import User

    if project.way == "open":
        project.drafting_help.add(*{pk for user in User.objects.filter(pk__in=drafters(project)) for pk in organization_ids(user)})


def _open_runs(project, standing=()):
    """Make the gate runs that are still needed for the present revision; those of the lowest order are open."""
    gates = [gate for gate in gates_of(project) if gate.key not in standing]
    runs = [
        GateRun(
            project=project, key=gate.key, name=gate.name, order=gate.order, role=gate.role, by_meeting=gate.by_meeting, expected_days=gate.expected_days, votes_needed=gate.votes,
            revision=project.revision,
        )
        for gate in gates
    ]  # fmt: skip
    GateRun.objects.bulk_create(open_gate(run) if run.order == runs[0].order else run for run in runs)


def _new_revision(project):
    number = (project.revisions.aggregate(last=Max("number"))["last"] or 0) + 1
    Project.objects.filter(pk=project.pk).update(revision=number)
    project.revision = number
    ProjectRevision.objects.create(project=project, number=number, snapshot=snapshot(project), made_at=clock.now())
    price_check.freeze(project)


@LIFE.verb(SUBMIT)
@transaction.atomic
def submit(project, *, actor, happened_on=None, reason="", cautions=None):
    """Hand the draft to the gates of its amount. Refused while anything is missing (completeness.lacks) or a warning has no reason.

    `cautions`: key of a warning → why it is done all the same (see cautions.py)."""
    open_cautions = unanswered(project)
    project = advance(project, SUBMIT, actor=actor, happened_on=happened_on, reason=reason, params=warned.as_params(open_cautions, cautions))
    _declare_helpers(project)
    _new_revision(project)
    warned.record(open_cautions, cautions, actor=actor, project=project, revision=project.revision)
    _open_runs(project)
    return project


def unanswered(project):
    """The project's warnings that no recorded reason covers yet."""
    found = project.known_warnings if hasattr(project, "known_warnings") else warnings(project)
    return warned.unanswered(found, project.caution_reasons.all()) if found else []


@LIFE.verb(RESUBMIT)
@transaction.atomic
def resubmit(project, *, actor, happened_on=None, reason="", cautions=None):
    """Come again after a send-back or a cut. Unchanged text (say why) and a mere cut keep the passed gates; any other change runs all gates again.

    A cut by the last gate is settled by this: the project is approved at the new total.
    """
    project = Project.objects.select_for_update().get(pk=project.pk)
    if project.status != "returned":
        return advance(project, RESUBMIT, actor=actor)
    limit, old, new = open_cut(project), _judged(project), snapshot(project)
    if limit and not within_cut(old, new, limit.cut_to):
        raise Refusal(
            "above_cut",
            _("“{gate}” cut this to {amount} yuan; the budget stands at {total} yuan.").format(gate=limit.name, amount=f"{limit.cut_to:,.2f}", total=f"{project.budget_total:,.2f}"),
            todo=_("Lower budget lines until the total fits, and leave the rest unchanged."),
        )
    changed = not limit and differs(old, new)
    if not limit and not changed and not reason.strip():
        raise Refusal("unchanged", _("Nothing was changed since it was sent back."), todo=_("Change what was objected to, or say why it stays as it is."), field="reason")
    passed = project.gate_runs.filter(result__in=("passed", "cut"))
    standing = set() if changed else set(passed.values_list("key", flat=True))
    left = [gate for gate in gates_of(project) if gate.key not in standing]
    step, open_cautions = RESUBMIT if left else SETTLE, unanswered(project)
    project = advance(
        project, step, actor=actor, happened_on=happened_on, reason=reason,
        changes={"ceiling": project.budget_total} if step is SETTLE else None, params={"standing": sorted(standing), **warned.as_params(open_cautions, cautions)},
    )  # fmt: skip
    if changed:
        passed.update(result="void")
    _declare_helpers(project)
    _new_revision(project)
    warned.record(open_cautions, cautions, actor=actor, project=project, revision=project.revision)
    if step is RESUBMIT:
        _open_runs(project, standing)
    return project


@LIFE.verb(CANCEL)
@transaction.atomic
def cancel(project, *, actor, happened_on=None, reason=""):
    """Give the application up; `reason` is required."""
    return advance(project, CANCEL, actor=actor, happened_on=happened_on, reason=reason)


@LIFE.verb(TAKE)
@transaction.atomic
def take(project, *, actor):
    """Become the handler of a project that has none."""
    return advance(project, TAKE, actor=actor, changes={"handler": actor})


@transaction.atomic
def mark_sourcing(project, actor, *, happened_on=None):
    """A tender or a choice begins (approved → sourcing). Called by the tender's verbs."""
    return advance(project, SOURCE, actor=actor, happened_on=happened_on)


@transaction.atomic
def mark_unsourced(project, actor, *, happened_on=None, reason=""):
    """All lots failed or the tender was cancelled (sourcing → approved)."""
    return advance(project, UNSOURCE, actor=actor, happened_on=happened_on, reason=reason)


@transaction.atomic
def mark_contracted(project, actor, *, happened_on=None):
    """The first contract is signed (approved or sourcing → contracted)."""
    return advance(project, CONTRACT, actor=actor, happened_on=happened_on)


@transaction.atomic
def mark_closed(project, actor, *, happened_on=None):
    """Closing accepted and settled (contracted → closed)."""
    return advance(project, CLOSE, actor=actor, happened_on=happened_on)


def _undo_submit(project, actor):
    project.gate_runs.filter(result="waiting").update(result="void")


LIFE.undo = {"submit": _undo_submit, "pass_gate": undo_pass, "approve": undo_pass}
