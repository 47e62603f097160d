"""The published project lists, for everybody: page, PDF and Excel of each version, without login and without JavaScript."""

from urllib.parse import quote

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.views.decorators.http import require_safe

from kernel import spreadsheet
from kernel.exporting import TYPES
from kernel.lifecycle import Refusal
from kernel.listing import CappedPaginator
from kernel.pdf import render_pdf
from kernel.spreadsheet import Column
from procurement.lifecycle.project_lists import total_of
from procurement.models import ProjectList
from procurement.views.project_lists import for_people

WAYS = {"open": "公开择优", "intended": "定向委托"}
KEPT = 24 * 3600


def published(number):
    return get_object_or_404(ProjectList.objects.public(), number=number)


def name_of(row):
    return f"{row.office}{row.fiscal_year}年政府购买服务项目清单（第{row.version}版）"


@require_safe
def public_lists(request):
    rows = ProjectList.objects.public().defer("rows").order_by("-published_on", "-id")
    return render(request, "public/project_lists.html", {"page": CappedPaginator(rows, 20).get_page(request.GET.get("page"))})


@require_safe
def public_list(request, number):
    row = published(number)
    versions = list(ProjectList.objects.public().defer("rows").filter(purchaser=row.purchaser_id, fiscal_year=row.fiscal_year).order_by("-version"))
    return render(request, "public/project_list.html", {"row": row, "rows": for_people(row.rows), "total": total_of(row), "versions": versions, "newest": versions[0]})


@require_safe
def public_list_xlsx(request, number):
    row = published(number)
    heads = [Column("序号", "number"), Column("项目编号"), Column("项目名称", width=36), Column("社区"), Column("目录事项", width=28), Column("核定预算（元）", "money"), Column("承接方式"), Column("预计开始"), Column("预计结束")]
    with translation.override("zh-hans"):
        rows = [[place, one["number"], one["title"], one["place"], one["item"], one["amount"], one["way"], one["starts_on"], one["ends_on"]] for place, one in enumerate(_worded(row), 1)]
    return _file(spreadsheet.write_xlsx("项目清单", heads, rows), TYPES["xlsx"], f"{name_of(row)}.xlsx")


@require_safe
def public_list_pdf(request, number):
    """Made once a day at most: the rows never change, and nobody's clicking keeps the machine busy."""
    row = published(number)
    key = f"project-list-{row.pk}"
    body = cache.get(key)
    if body is None:
        try:
            body = render_pdf("documents/project_list.html", {"row": row, "name": name_of(row), "rows": _worded(row), "total": total_of(row)})
        except Refusal as refusal:
            return render(request, "public/project_list.html", {"row": row, "rows": for_people(row.rows), "total": total_of(row), "versions": [row], "newest": row, "refusal": refusal}, status=503)
        cache.set(key, body, KEPT)
    return _file(body, "application/pdf", f"{name_of(row)}.pdf")


def _worded(row):
    return [{**one, "way": WAYS.get(raw["way"], "")} for one, raw in zip(for_people(row.rows), row.rows, strict=True)]


def _file(body, kind, name):
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename=\"project-list.{name.rpartition('.')[2]}\"; filename*=UTF-8''{quote(name)}"
    return response
