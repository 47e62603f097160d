"""Two to six projects side by side, on the screen, on paper and as Excel."""

from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from kernel import clock, spreadsheet
from kernel.exporting import TYPES
from kernel.lifecycle import Refusal
from kernel.listing import back_to
from kernel.pdf import render_pdf
from procurement import comparing, portfolio
from procurement.models import GateRun, Project


def chosen(request):
    """The projects of ?ids=1-2-3 this person may see, in that order."""
    ids = [int(part) for part in request.GET.get("ids", "").split("-") if part.isdecimal() and len(part) < 12][: comparing.MOST + 1]
    rows = portfolio.with_facts(Project.objects.visible_to(request.user).filter(pk__in=ids)).select_related("place", "item", "handler", "purchaser")
    rows = rows.prefetch_related("lines", "plan", Prefetch("gate_runs", GateRun.objects.order_by("revision", "order")))
    return sorted(rows, key=lambda row: ids.index(row.pk))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def project_compare(request):
    if request.method == "POST":
        ids = [raw for raw in dict.fromkeys(request.POST.getlist("ids")) if raw.isdecimal()]
        if not comparing.FEWEST <= len(ids) <= comparing.MOST:
            messages.error(request, _("Tick two to six projects to compare; you ticked {count}.").format(count=len(ids)))
            return redirect(back_to(request, "project_list"))
        return redirect(f"{reverse('project_compare')}?ids={'-'.join(ids)}")
    rows = chosen(request)
    if not comparing.FEWEST <= len(rows) <= comparing.MOST:
        return render(request, "procurement/compare.html", {"projects": []})
    form = request.GET.get("export", "")
    if form == "xlsx":
        return _file(workbook(rows), "xlsx")
    if form == "pdf":
        try:
            return _file(paper(rows), "pdf")
        except Refusal as refusal:
            messages.error(request, str(refusal))
    return render(request, "procurement/compare.html", {"projects": rows, "facts": comparing.facts(rows), "prices": comparing.prices(rows), "ids": request.GET["ids"]})


def paper(rows):
    with translation.override("zh-hans"):
        context = {"projects": rows, "facts": comparing.facts(rows), "prices": comparing.prices(rows), "printed": clock.now()}
        return render_pdf("documents/comparison.html", context)


def workbook(rows):
    """One sheet: facts, then unit prices; the highest and lowest say so in words."""
    words = {"high": "（最高）", "low": "（最低）", "": ""}
    with translation.override("zh-hans"):
        sheet = [[str(line.label), *(_plain(cell, line.kind, words) for cell in line.cells)] for line in comparing.facts(rows)]
        sheet += [[""] * (len(rows) + 1), ["预算明细单价（元）× 数量", *([""] * len(rows))]]
        sheet += [[str(line.label), *(f"{cell.text}{words[cell.mark]}" if cell.text else "" for cell in line.cells)] for line in comparing.prices(rows)]
    heads = [spreadsheet.Column("比较内容", width=28), *(spreadsheet.Column(f"{row.title}（{row.number}）", width=34) for row in rows)]
    return spreadsheet.write_xlsx("项目比较", heads, sheet)


def _plain(cell, kind, words):
    if kind in ("text", "long"):
        return str(cell.text)
    if cell.value is None:
        return ""
    if cell.mark or kind == "percent":
        return f"{cell.value:,.2f}{words[cell.mark]}" if kind == "money" else f"{cell.value}{'%' if kind == 'percent' else ''}{words[cell.mark]}"
    return cell.value


def _file(body, form):
    kind = "application/pdf" if form == "pdf" else TYPES["xlsx"]
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename=\"comparison.{form}\"; filename*=UTF-8''{quote(f'项目比较-{clock.today():%Y%m%d}.{form}')}"
    return response
