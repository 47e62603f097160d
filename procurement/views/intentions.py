"""采购意向, for everybody: the list of a purchaser's intentions, as a page, PDF and Excel, with the fields of 财库〔2020〕10号."""

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from communities.models import Purchaser
from kernel import clock, spreadsheet
from kernel.lifecycle import Refusal
from kernel.listing import CappedPaginator
from kernel.pdf import render_pdf
from kernel.spreadsheet import Column
from procurement.models import Announcement, Intention

PAGE, MOST = 20, 2000
HEADINGS = (("序号", "number"), ("采购单位", "text"), ("采购项目名称", "text"), ("采购需求概况", "text"), ("预算金额（万元）", "money"), ("预计采购时间", "text"), ("备注", "text"), ("公开时间", "date"))


def chosen(request):
    """(rows, purchaser or None): published intentions, newest first; ?purchaser= narrows them to one."""
    rows = Intention.objects.filter(published_on__isnull=False).select_related("purchaser").order_by("-published_on", "-pk")
    asked = request.GET.get("purchaser", "")
    unit = Purchaser.objects.filter(pk=int(asked)).first() if asked.isdecimal() and len(asked) < 10 else None
    return (rows.filter(purchaser=unit) if unit else rows), unit


@require_safe
def intentions(request):
    rows, unit = chosen(request)
    units = Purchaser.objects.filter(pk__in=Intention.objects.filter(published_on__isnull=False).values("purchaser")).order_by("name")[:200]
    told = Prefetch("announcements", Announcement.objects.public().only("pk", "intention", "kind", "number", "published_at").order_by("published_at", "pk"), to_attr="told")
    page = CappedPaginator(rows.prefetch_related(told), PAGE).get_page(request.GET.get("page"))
    return render(request, "public/intentions.html", {"page": page, "unit": unit, "units": units, "query": f"?purchaser={unit.pk}" if unit else ""})


def _file(content, kind, name):
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename={name}"
    return response


@require_safe
def intentions_xlsx(request):
    rows, _unit = chosen(request)
    cells = [
        (number, row.purchaser.name, row.title, row.summary, row.budget / 10000, f"{row.month:%Y年%m月}", row.note, row.published_on) for number, row in enumerate(rows[:MOST], 1)
    ]
    content = spreadsheet.write_xlsx("采购意向", [Column(*heading) for heading in HEADINGS], cells)
    return _file(content, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", f"intentions-{clock.today():%Y%m%d}.xlsx")


@require_safe
def intentions_pdf(request):
    rows, unit = chosen(request)
    try:
        content = render_pdf("documents/intentions.html", {"rows": rows[:MOST], "unit": unit, "printed": clock.now()})
    except Refusal as refusal:
        return HttpResponse(str(refusal), status=503, content_type="text/plain; charset=utf-8")
    return _file(content, "application/pdf", f"intentions-{clock.today():%Y%m%d}.pdf")
