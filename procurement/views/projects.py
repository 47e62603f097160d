"""Screens of the project: application form, funding, detail with gates and what was decided."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, prefetch_related_objects
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel import clock, files
from kernel.cleaning import CleanForm
from kernel.detail import know, render_detail, trail_of
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, acting_for, principals_of
from procurement.advice import advice_for
from procurement.forms.project import FundingFormSet, IndicatorFormSet, ProjectFileForm, ProjectForm, applies, funds_for
from procurement.gate_times import Holders, measured, waits
from procurement.lifecycle import splitting
from procurement.lifecycle.budget import groups, shares
from procurement.lifecycle.budget_bounds import with_bounds
from procurement.lifecycle.completeness import lacks, warnings
from procurement.lifecycle.gates import said
from procurement.lifecycle.price_check import evidence, flags_of
from procurement.lifecycle.project import EDIT, FUNDING, draft_project, edit_project, open_cut, set_funding
from procurement.models import GateRun, GateVote, PriceFlag, Project, ProjectFund
from procurement.permissions import may_draft, may_handle
from procurement.revisions import line_remarks, revised


class _Nothing(CleanForm):
    """A form of formsets only; carries the refusal."""


def years(request):
    """Fiscal years to filter by: next year back to nine years ago."""
    now = clock.today().year
    return [(str(year), str(year)) for year in range(now + 1, now - 10, -1)]


def visible(request, pk, *, prefetch=False):
    """The project if this person may see it, else 404."""
    rows = Project.objects.visible_to(request.user).select_related("place", "purchaser__place", "item__parent", "code", "intended", "handler", "created_by", "declared_by")
    if prefetch:
        fundings = Prefetch("fundings", ProjectFund.objects.select_related("fund"))
        runs = Prefetch("gate_runs", GateRun.objects.select_related("decided_by"))
        helped = Exists(Project.drafting_help.through.objects.filter(project=OuterRef("pk")))
        flagged = Exists(PriceFlag.objects.filter(project=OuterRef("pk"), revision=OuterRef("revision")))
        rows = with_bounds(rows).prefetch_related("lines", "plan", "needs", "indicators", fundings).annotate(helped=helped, flagged=flagged)
    project = get_object_or_404(rows, pk=pk)
    if prefetch:
        if project.revision:
            prefetch_related_objects([project], runs)
        else:
            know(project, "gate_runs", ())  # never submitted: no gate has seen it
        project._helpers = list(project.drafting_help.all()) if project.helped else []
    return project


def answer_of(project):
    """What the applicant said when it came again last, from the trail."""
    rows = [row for row in trail_of(project) if row.verb in ("resubmit", "settle")]
    return rows[-1].reason if rows else ""


def may_take(user, project, step):
    """Whether the step's role and state would let this person try."""
    try:
        acting_for(user, project, step)
    except PermissionDenied:
        return False
    return project.status in step.sources


@login_required
def project_detail(request, pk):
    project = visible(request, pk, prefetch=True)
    lines, runs = project.lines.all(), sorted(project.gate_runs.all(), key=lambda run: run.pk)
    plan = {row.pk: row for row in project.plan.all()}
    for line in lines:
        line.activity = plan.get(line.activity_id)
    snapshots = {row.number: row.snapshot for row in project.revisions.all()} if project.revision > 1 else {}
    drafting = project.status in ("draft", "returned")
    decided = [run for run in runs if run.revision == project.revision and run.result in ("returned", "rejected")]
    weighed = project.status in ("draft", "returned", "in_review", "approved")
    counted = splitting.counted(project) if weighed else False
    if drafting:
        project.known_evidence = evidence(project)
    if not project.revision and all(row.verb != "exception" for row in trail_of(project)):
        know(project, "caution_reasons", ())  # never submitted, no exception recorded: no warning has its reason yet
    project.known_lacks = lacks(project, counted) if drafting else []
    project.known_warnings = warnings(project, counted) if weighed else []
    votes = Prefetch("votes", GateVote.objects.select_related("user", "on_behalf_of"))
    prefetch_related_objects([run for run in runs if run.votes_needed > 1], votes)
    for run in runs:
        run.voices = said(run)
    waiting = waits(project, runs, Holders([project.purchaser_id]), measured(project.purchaser), voices=True) if project.status == "in_review" else []
    return render_detail(
        request, project, "procurement/project.html", lines=lines, groups=groups(plan.values(), lines), plan=plan.values(), fundings=project.fundings.all(),
        shares=shares(lines), price_flags=flags_of(project) if drafting or project.flagged else [], needs=project.needs.all(), helpers=project._helpers, runs=runs, cut=open_cut(project),
        remarks=line_remarks(run for run in runs if run.revision == project.revision), waits=waiting, revised=revised(project, runs, snapshots), answer_reason=answer_of(project),
        objected=decided[-1] if decided and project.status in ("returned", "rejected") else None, lacks=project.known_lacks, warnings=project.known_warnings,
        attachable=may_draft(request.user, project) or may_handle(request.user, project), editable=may_take(request.user, project, EDIT), fundable=may_take(request.user, project, FUNDING),
    )  # fmt: skip


@login_required
def project_create(request):
    if not applies(request.user):
        raise PermissionDenied
    form = ProjectForm(request.POST or None, user=request.user, initial={"needs": request.GET.getlist("need")})
    indicators = IndicatorFormSet(request.POST or None, prefix="indicators")
    for row, kind in zip(indicators.forms, () if indicators.is_bound else ("quantity", "satisfaction"), strict=False):
        row.initial["kind"] = kind
    if request.method == "POST" and all([form.is_valid(), indicators.is_valid()]):
        try:
            project = draft_project(request.user, indicators=indicators.rows(), **form.facts())
            return redirect("project_budget", project.pk)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Apply for a project"), intro=_("First the facts, then plan and budget, then the funds. You can save at any time and submit when nothing is missing."),
        rules=["A07", "A11"], submit=_("Save and go on to the budget"), cancel=reverse("project_list"), draft="project-new", template="procurement/project_form.html",
        formsets=[indicators], chosen=item_of(form, request),
        advice=advice_for(nearest) if (nearest := form.fields["purchaser"].queryset.filter(pk=form.fields["purchaser"].initial).first()) else None,
    )  # fmt: skip


@login_required
def project_edit(request, pk):
    project = visible(request, pk)
    acting_for(request.user, project, EDIT)
    form = ProjectForm(request.POST or None, user=request.user, instance=project)
    known = [{name: getattr(row, name) for name in ("kind", "name", "unit", "how")} | {"target": row.target_text} for row in project.indicators.all()]
    indicators = IndicatorFormSet(request.POST or None, prefix="indicators", initial=known)
    if request.method == "POST" and all([form.is_valid(), indicators.is_valid()]):
        try:
            return redirect(edit_project(visible(request, pk), actor=request.user, indicators=indicators.rows(), **form.facts()))
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Edit the application"), rules=["A07"], cancel=project.get_absolute_url(), draft=f"project-{pk}", template="procurement/project_form.html",
        formsets=[indicators], chosen=item_of(form, request), advice=advice_for(project.purchaser, project.budget_total or None),
    )  # fmt: skip


def item_of(form, request):
    """The catalogue item chosen so far, to show what it asks beside the form (`?item=` while choosing); None when none is."""
    value = str(request.GET.get("item") or form["item"].value() or "")
    return form.fields["item"].queryset.filter(pk=value).first() if value.isascii() and value.isdigit() and len(value) < 19 else None


@login_required
def project_funding(request, pk):
    project = visible(request, pk)
    acting_for(request.user, project, FUNDING)
    initial = [{"fund": row.fund_id, "amount": row.amount} for row in project.fundings.all()] or [{"amount": project.budget_total}]
    rows = FundingFormSet(request.POST or None, initial=initial, prefix="funding", form_kwargs={"funds": funds_for(project)})
    form = _Nothing(request.POST or None)
    if request.method == "POST" and form.is_valid() and rows.is_valid():
        try:
            chosen = [row.cleaned_data for row in rows.forms if row.cleaned_data.get("fund") and not row.cleaned_data.get("DELETE")]
            return redirect(set_funding(project, chosen, request.user))
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Funds of {project}").format(project=project),
        intro=_("Together they carry the budget of {total} yuan. Expected money may be planned on; nothing is published or signed before it is approved.").format(total=f"{project.budget_total:,.2f}"),
        rules=["E06"], cancel=project.get_absolute_url(), formsets=[rows],
    )  # fmt: skip


@login_required
def project_attach(request, pk):
    """Add a file to the application: quotations, a site plan, the community's resolution."""
    project = visible(request, pk)
    if not any(may_draft(person, project) or may_handle(person, project) for person in principals_of(request.user)):
        raise PermissionDenied
    form = ProjectFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        files.attach(project, form.cleaned_data["file"], form.cleaned_data["role"], actor=request.user)
        return redirect(project)
    return render_form(request, form, title=_("Add a file to {project}").format(project=project), intro=_("It stays with the project and can't be deleted."), cancel=project.get_absolute_url(), submit=_("Add"))
