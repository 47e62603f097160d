"""Screens of the project: list, application form, funding, detail with gates and what was decided."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Prefetch, Subquery
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.models import Place
from communities.permissions import area_scope
from kernel import clock, files
from kernel.cleaning import CleanForm
from kernel.detail import render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, acting_for, principals_of
from kernel.listing import ChoiceFilter, Column, render_list
from procurement.forms.project import FundingFormSet, ProjectFileForm, ProjectForm, applies, funds_for
from procurement.lifecycle.budget import groups, line_changes, shares
from procurement.lifecycle.budget_bounds import with_bounds
from procurement.lifecycle.completeness import lacks, warnings
from procurement.lifecycle.project import EDIT, FUNDING, draft_project, edit_project, open_cut, set_funding
from procurement.models import GateRun, Project, ProjectFund
from procurement.permissions import may_draft, may_handle


class _Nothing(CleanForm):
    """A form of formsets only; carries the refusal."""


def communities_of(request):
    """The communities in the reader's area; asked of the place tree, not of the projects, which may be many."""
    rows = Place.objects.filter(area_scope(request.user, "path"), kind=Place.COMMUNITY)
    return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]


def years(request):
    """Fiscal years to filter by: next year back to nine years ago."""
    now = clock.today().year
    return [(str(year), str(year)) for year in range(now + 1, now - 10, -1)]


@login_required
def project_list(request):
    gate = GateRun.objects.filter(project=OuterRef("pk"), result="waiting").order_by("order", "id").values("name")[:1]
    rows = Project.objects.visible_to(request.user).select_related("place", "purchaser", "item").annotate(open_gate=Subquery(gate))
    return render_list(
        request, rows, title=_("Projects"),
        columns=[
            Column("number", _("Number")), Column("title", _("Project"), kind="link"), Column("place__name", _("Where")), Column("item__name", _("Catalogue item")),
            Column("fiscal_year", _("Year"), value=lambda row: str(row.fiscal_year)), Column("way", _("Way"), value=lambda row: row.get_way_display()),
            Column("budget_total", _("Budget"), kind="money"), Column("ceiling", _("Approved"), kind="money"), Column("status", _("Status"), kind="status"), Column("open_gate", _("Waiting on"), sort=False),
        ],
        search=("title", "number", "place__name", "item__name"),
        filters=[
            ChoiceFilter("status", _("Status"), choices=list(Project.LIFE.states.items())),
            ChoiceFilter("place", _("Where"), choices=communities_of, field="place_id"),
            ChoiceFilter("year", _("Year"), choices=years, field="fiscal_year"),
            ChoiceFilter("way", _("Way"), choices=Project.WAYS),
        ],
        default_sort="-id", links=[(_("Apply for a project"), reverse("project_create"))] if applies(request.user) else [], export_name="项目清单", empty_text=_("No project yet."),
    )  # fmt: skip


def visible(request, pk, *, prefetch=False):
    """The project if this person may see it, else 404."""
    rows = Project.objects.visible_to(request.user).select_related("place", "purchaser__place", "item", "code", "intended", "handler", "created_by")
    if prefetch:
        fundings = Prefetch("fundings", ProjectFund.objects.select_related("fund"))
        runs = Prefetch("gate_runs", GateRun.objects.select_related("decided_by"))
        rows = with_bounds(rows).prefetch_related("lines", "plan", "needs", "drafting_help", fundings, runs)
    return get_object_or_404(rows, pk=pk)


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
    before, now = snapshots.get(project.revision - 1), snapshots.get(project.revision)
    drafting = project.status in ("draft", "returned")
    decided = [run for run in runs if run.revision == project.revision and run.result in ("returned", "rejected")]
    project.known_lacks = lacks(project) if drafting else []
    remarks = {}
    for run in runs:
        if run.revision == project.revision:
            for key, text in run.line_remarks.items():
                remarks.setdefault(int(key), []).append((run.name, text))
    return render_detail(
        request, project, "procurement/project.html", lines=lines, groups=groups(plan.values(), lines), plan=plan.values(), fundings=project.fundings.all(),
        shares=shares(lines), needs=project.needs.all(), helpers=project.drafting_help.all(), runs=runs, remarks=remarks, cut=open_cut(project),
        objected=decided[-1] if decided and project.status in ("returned", "rejected") else None, lacks=project.known_lacks, warnings=warnings(project) if project.status in ("draft", "returned", "in_review", "approved") else [],
        changes=[change for change in line_changes(before, now) if change.what != "same"] if before and now else [],
        attachable=may_draft(request.user, project) or may_handle(request.user, project), editable=may_take(request.user, project, EDIT), fundable=may_take(request.user, project, FUNDING),
    )  # fmt: skip


@login_required
def project_create(request):
    if not applies(request.user):
        raise PermissionDenied
    form = ProjectForm(request.POST or None, user=request.user, initial={"needs": request.GET.getlist("need")})
    if request.method == "POST" and form.is_valid():
        try:
            project = draft_project(request.user, **form.facts())
            return redirect("project_budget", project.pk)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Apply for a project"), intro=_("First the facts, then plan and budget, then the funds. You can save at any time and submit when nothing is missing."),
        rules=["A07", "A11"], submit=_("Save and go on to the budget"), cancel=reverse("project_list"), draft="project-new", template="procurement/project_form.html",
    )  # fmt: skip


@login_required
def project_edit(request, pk):
    project = visible(request, pk)
    acting_for(request.user, project, EDIT)
    form = ProjectForm(request.POST or None, user=request.user, instance=project)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(edit_project(visible(request, pk), actor=request.user, **form.facts()))
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(request, form, title=_("Edit the application"), rules=["A07"], cancel=project.get_absolute_url(), draft=f"project-{pk}", template="procurement/project_form.html")


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
