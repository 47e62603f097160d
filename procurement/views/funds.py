"""Screens of the funds."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel.detail import render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal
from kernel.listing import ChoiceFilter, Column, render_list
from procurement.forms.fund import FundForm, keeping
from procurement.lifecycle.fund import create_fund
from procurement.models import Fund, Project
from procurement.views.projects import years


@login_required
def fund_list(request):
    rows = Fund.objects.visible_to(request.user).select_related("purchaser", "place").annotate(left=F("amount") - F("committed"))
    return render_list(
        request, rows, title=_("Funds"),
        columns=[
            Column("name", _("Name"), kind="link"), Column("fiscal_year", _("Year"), value=lambda row: str(row.fiscal_year)), Column("purchaser__name", _("Owner")),
            Column("source", _("Source"), value=lambda row: row.get_source_display()), Column("amount", _("Amount"), kind="money"),
            Column("committed", _("Committed"), kind="money"), Column("paid", _("Paid"), kind="money"),
            Column("left", _("Free"), value=lambda row: row.free, kind="money"), Column("status", _("Status"), kind="status"),
        ],
        search=("name", "document"),
        filters=[
            ChoiceFilter("status", _("Status"), choices=list(Fund.LIFE.states.items())),
            ChoiceFilter("source", _("Source"), choices=Fund.SOURCES),
            ChoiceFilter("year", _("Year"), choices=years, field="fiscal_year"),
        ],
        default_sort=("-fiscal_year", "name"), links=[(_("Enter a fund"), reverse("fund_create"))] if keeping(request.user).exists() else [],
        export_name="资金", empty_text=_("No fund yet."),
    )  # fmt: skip


@login_required
def fund_detail(request, pk):
    fund = get_object_or_404(Fund.objects.visible_to(request.user).select_related("purchaser__place", "place", "predecessor"), pk=pk)
    seen = set(Project.objects.visible_to(request.user).filter(fundings__fund=fund).values_list("pk", flat=True))
    rows = list(fund.fundings.select_related("project__place").order_by("-project_id")[:200])
    for row in rows:
        row.visible = row.project_id in seen
    planned = sum(row.amount - row.committed for row in rows if row.project.status in ("in_review", "returned", "approved", "sourcing", "contracted"))
    return render_detail(request, fund, "procurement/fund.html", rows=rows, planned=planned)


@login_required
def fund_create(request):
    if not keeping(request.user).exists():
        raise PermissionDenied
    form = FundForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(create_fund(request.user, **form.cleaned_data))
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Enter a fund"), intro=_("It starts as expected money: projects may plan on it, nothing may be published or signed before it is approved."),
        rules=["E06"], cancel=reverse("fund_list"), draft="fund-new",
    )  # fmt: skip
