"""A project's unit prices beside the library: the comparison with explanations, its Excel for the meeting, what a line really is."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from kernel import spreadsheet
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal
from kernel.spreadsheet import Column
from procurement.forms.price import ExplainForm, MatchForm
from procurement.lifecycle.price import learn
from procurement.lifecycle.price_check import DRAFTING, EXPLAIN, evidence, explain, flags_of
from procurement.models import PriceEntry, PriceItem
from procurement.permissions_price import district_of, districts_of, enters_in
from procurement.views.projects import may_take, visible

SHOWN_SOURCES = 20
HEADINGS = [
    Column("明细"), Column("单位"), Column("申报单价", "money"), Column("中位数", "money"), Column("下四分位", "money"), Column("上四分位", "money"), Column("可比价格条数", "number"),
    Column("为中位数的倍数"), Column("偏高或偏低"), Column("可比范围"), Column("说明", width=60), Column("说明人"),
]  # fmt: skip


@login_required
def project_prices(request, pk):
    """Every line beside the library. While it is drafted, far-off ones are explained here; afterwards what was submitted stands above."""
    project = visible(request, pk)
    rows, may_explain = evidence(project), may_take(request.user, project, EXPLAIN)
    if request.method == "POST" and not may_explain:
        raise PermissionDenied
    form = ExplainForm(request.POST or None, rows=[row for row in rows if row.side] if may_explain else [])
    if request.method == "POST" and form.is_valid():
        try:
            count = explain(project, form.texts(), actor=request.user)
            messages.success(request, _("{count} explanation(s) saved.").format(count=count))
            return redirect("project_prices", pk)
        except Refusal as refusal:
            refused(form, refusal)
    reads = request.user.is_platform_admin or district_of(project.place) in districts_of(request.user)
    sources = _sources(rows) if reads else {}
    for row in rows:
        row.shown = [sources[one] for one in sorted(row.sources, reverse=True)[:SHOWN_SOURCES] if one in sources]
        row.more = len(row.sources) - len(row.shown)
        row.field = form[f"line_{row.line.pk}"] if row.side and may_explain else None
    return render_form(
        request, form, title=_("Unit prices of {project}").format(project=project), cancel=project.get_absolute_url(), submit=_("Save the explanations"), template="procurement/project_prices.html",
        subject=project, rows=rows, reads=reads, corrects=reads and district_of(project.place) in enters_in(request.user), frozen=[] if project.status in DRAFTING else flags_of(project),
        may_explain=may_explain and any(row.side for row in rows), drafting=project.status in DRAFTING,
    )  # fmt: skip


def _sources(rows):
    """The prices shown behind the lines, in one query."""
    wanted = {one for row in rows for one in sorted(row.sources, reverse=True)[:SHOWN_SOURCES]}
    return {row.pk: row for row in PriceEntry.objects.filter(pk__in=wanted).select_related("place")} if wanted else {}


@login_required
@require_GET
def project_prices_xlsx(request, pk):
    """The far-off lines as a sheet for the meeting."""
    project = visible(request, pk)
    rows = [
        (
            row.name, row.unit, row.price, row.median, row.first, row.third, row.count, f"{row.times:.2f}", "偏高" if row.side == "high" else "偏低",
            "本街道" if row.narrow else "本区", row.explanation, str(row.explained_by or ""),
        )
        for row in flags_of(project)
    ]  # fmt: skip
    response = HttpResponse(spreadsheet.write_xlsx(f"单价比对 {project.title}", HEADINGS, rows), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = f"attachment; filename=prices-{project.number}.xlsx"
    return response


@login_required
def price_match(request, pk, line):
    """Teach the library what a line really is; used for all later lines of that name and unit in the district."""
    project = visible(request, pk)
    row, district = get_object_or_404(project.lines, pk=line), district_of(project.place)
    if district not in enters_in(request.user):
        raise PermissionDenied
    form = MatchForm(request.POST or None, district=district, initial={"unit": row.unit})
    if request.method == "POST" and form.is_valid():
        try:
            learn(district, row.name, row.unit, form.cleaned_data["item"], actor=request.user)
            messages.success(request, _("Learned: “{name}” is {item}.").format(name=row.name, item=form.cleaned_data["item"]))
            return redirect("project_prices", pk)
        except Refusal as refusal:
            refused(form, refusal)
    near = PriceItem.objects.filter(district=district, name__icontains=row.name[:2]).order_by("name")[:12]
    return render_form(
        request, form, title=_("What is “{name}” ({unit}) really?").format(name=row.name, unit=row.unit),
        intro=(_("Items that sound alike: {items}.").format(items="、".join(map(str, near))) if near else _("Name the item and unit under which the library knows it.")),
        submit=_("Learn it"), cancel=reverse("project_prices", args=[pk]),
    )  # fmt: skip
