"""Reports: ask, watch, download, verify; and last year's totals."""

import hashlib

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kernel import files
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal
from kernel.listing import ChoiceFilter, Column, render_list
from procurement.models import Project
from reporting.forms.report import AnnualForm, VerifyForm, YearTotalForm
from reporting.lifecycle import report as life
from reporting.models import Report, YearTotal
from reporting.permissions import districts_of, is_finance, may_report


def only_reporters(user):
    if not may_report(user):
        raise PermissionDenied


@login_required
def report_list(request):
    only_reporters(request.user)
    return render_list(
        request,
        Report.objects.visible_to(request.user).select_related("requested_by", "place", "purchaser", "project"),
        title=_("Reports"),
        columns=[
            Column("number", _("Issue number"), kind="link"),
            Column("kind", _("Kind"), value=lambda row: row.get_kind_display()),
            Column("scope", _("Scope"), sort=False),
            Column("year", _("Year"), value=lambda row: row.params.get("year", ""), sort=False),
            Column("requested_by__name", _("Asked by")),
            Column("requested_at", _("Asked at"), kind="datetime"),
            Column("made_at", _("Made at"), kind="datetime"),
        ],
        search=("number",),
        filters=[ChoiceFilter("kind", _("Kind"), choices=Report.KINDS)],
        default_sort="-requested_at",
        links=[(_("New annual report"), reverse("report_create"))],
        export_name=_("reports"),
        empty_text=_("No report yet. Make the annual report of this year."),
    )


@login_required
def report_create(request):
    only_reporters(request.user)
    form = AnnualForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        return redirect(life.ask_for("annual", actor=request.user, **form.arguments()))
    return render_form(
        request,
        form,
        title=_("Annual report of purchases"),
        intro=_("PDF to print and Excel to work with. The worker makes them; you may leave the page meanwhile."),
        submit=_("Make the report"),
        cancel=reverse("report_list"),
    )


@login_required
@require_POST
def ledger_create(request, project):
    project = get_object_or_404(Project.objects.visible_to(request.user), pk=project)
    only_reporters(request.user)
    return redirect(life.ask_for("ledger", actor=request.user, project=project))


@login_required
@require_safe
def report_detail(request, pk):
    row = get_object_or_404(Report.objects.visible_to(request.user).select_related("job", "project", "purchaser", "place", "requested_by"), pk=pk)
    only_reporters(request.user)
    made = files.of(row, user=request.user) if row.made_at else []
    return render(request, "reporting/report.html", {"report": row, "files": made, "job": row.job, "refresh": not row.made_at and row.job and not row.job.over})


def report_verify(request, number):
    """Public: what a printed issue number stands for, and whether a file at hand is that very file."""
    row = Report.objects.filter(number=number, made_at__isnull=False).select_related("purchaser", "place", "project__purchaser").first()
    if row is None:
        raise Http404
    form, verdict = VerifyForm(request.POST or None, request.FILES or None), None
    if request.method == "POST" and form.is_valid():
        digest = hashlib.sha256()
        for piece in form.cleaned_data["file"].chunks():
            digest.update(piece)
        verdict = digest.hexdigest() in row.digests.values()
    return render(request, "reporting/verify.html", {"report": row, "form": form, "verdict": verdict})


@login_required
def year_totals(request):
    if not is_finance(request.user):
        raise PermissionDenied
    rows = YearTotal.objects.filter(place__in=districts_of(request.user)).select_related("place", "entered_by", "confirmed_by").order_by("-year")
    form = YearTotalForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            life.enter_total(actor=request.user, **form.cleaned_data)
            messages.success(request, _("Entered. A second person confirms it before it counts."))
            return redirect("year_totals")
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request,
        form,
        title=_("Totals of years before the platform"),
        intro=_("Needed to compute growth; without them the report prints that there is nothing to compare with."),
        submit=_("Enter"),
        cancel=reverse("report_list"),
        template="reporting/year_totals.html",
        totals=rows,
    )


@login_required
@require_POST
def year_total_confirm(request, pk):
    total = get_object_or_404(YearTotal.objects.filter(place__in=districts_of(request.user)), pk=pk)
    try:
        life.confirm_total(total, actor=request.user)
        messages.success(request, _("Confirmed."))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("year_totals")
