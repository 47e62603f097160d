"""Screens of the project list a street makes public: versions, preparing, what a second person confirms."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.models import Purchaser
from communities.permissions import purchaser_ids
from kernel import clock
from kernel.detail import render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, principals_of
from kernel.listing import ChoiceFilter, Column, render_list
from kernel.money import yuan
from procurement.forms.project_list import ListForm
from procurement.lifecycle.project_lists import ROLES, changes, prepare_list, rows_for, total_of
from procurement.models import Project, ProjectList
from procurement.views.projects import years


def publishing_for(user):
    """Purchasers whose lists this person prepares."""
    return Purchaser.objects.filter(pk__in={pk for person in principals_of(user) for pk in purchaser_ids(person, *ROLES)})


def for_people(rows):
    """The frozen rows with their money as money and the way in the reader's words."""
    ways = dict(Project.WAYS)
    return [{**row, "amount": yuan(row["amount"]), "way": ways.get(row["way"], row["way"])} for row in rows]


@login_required
def projectlist_list(request):
    rows = ProjectList.objects.visible_to(request.user).select_related("purchaser").defer("rows")
    return render_list(
        request, rows, title=_("Published project lists"),
        columns=[
            Column("number", _("Number"), kind="link"), Column("purchaser__name", _("Purchaser")), Column("fiscal_year", _("Year"), value=lambda row: str(row.fiscal_year)), Column("version", _("Version"), kind="number"),
            Column("count", _("Projects"), kind="number"), Column("published_on", _("Published on"), kind="date"), Column("note", _("What is new in this version"), sort=False), Column("status", _("Status"), kind="status"),
        ],
        search=("number", "purchaser__name"), filters=[ChoiceFilter("status", _("Status"), choices=list(ProjectList.LIFE.states.items())), ChoiceFilter("year", _("Year"), choices=years, field="fiscal_year")],
        default_sort="-id", links=[(_("Prepare a list"), reverse("projectlist_create"))] if publishing_for(request.user).exists() else [],
        export_name="项目清单公开", empty_text=_("No list yet."),
    )  # fmt: skip


@login_required
def projectlist_create(request):
    purchasers = publishing_for(request.user)
    if not purchasers.exists():
        raise PermissionDenied
    form = ListForm(request.POST or None, purchasers=purchasers)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(prepare_list(request.user, **form.cleaned_data))
        except Refusal as refusal:
            refused(form, refusal)
    counts = [(one, len(rows_for(one, clock.today().year))) for one in purchasers[:5]]
    return render_form(
        request, form, title=_("Prepare a project list"), submit=_("Prepare"), cancel=reverse("projectlist_list"),
        intro=_("All projects of the year that the gates have approved are listed as they stand now: {counts}. A second person confirms the list before it is public.").format(counts="；".join(f"{one} {count}" for one, count in counts)),
    )  # fmt: skip


@login_required
def projectlist_detail(request, pk):
    row = get_object_or_404(ProjectList.objects.visible_to(request.user).select_related("purchaser__place", "created_by", "published_by"), pk=pk)
    before = ProjectList.objects.filter(purchaser=row.purchaser_id, fiscal_year=row.fiscal_year, status="published", version__lt=row.version).order_by("version").last()
    return render_detail(request, row, "procurement/project_list.html", rows=for_people(row.rows), total=total_of(row), before=before, differs=changes(before.rows, row.rows) if before else None)
