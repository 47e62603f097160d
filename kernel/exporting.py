"""A list's rows as Excel or CSV: the same filter, the same columns, cells that never run as formulas, and a trail row of who took them."""

from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from kernel import clock, spreadsheet, trail, workdays
from kernel.templatetags.diandan import legal

LARGEST = 20_000
TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8"}
KINDS = {"money", "number", "date", "datetime"}


def value_of(column, row):
    """A cell as the sheet gets it: figures stay figures, states and yes/no become words."""
    if column.kind == "status" and column.key == "status" and column.value is None:
        return str(row.status_label)
    value = column.of(row)
    if value is None:
        return ""
    if column.kind == "bool":
        return _("yes") if value else _("no")
    if column.kind == "percent":
        return f"{value} %"
    if column.kind == "legal":  # a day of a year without a holiday list goes out with its remark, as text
        return legal(value) if workdays.provisional_note(value) else value
    return value if column.kind in KINDS else str(value)


def export(request, queryset, columns, name, form):
    """The file; more than 20,000 rows are refused with a sentence. Only ids and counts go to the trail, never what was searched for."""
    count = queryset.order_by().values("pk")[: LARGEST + 1].count()
    if count > LARGEST:
        messages.error(request, _("More than {limit} rows: narrow the filter before you download.").format(limit=f"{LARGEST:,}"))
        rest = request.GET.copy()
        rest.pop("export", None)
        return redirect(f"{request.path}?{rest.urlencode()}")
    heads = [spreadsheet.Column(column.label, "datetime" if column.kind == "legal" else column.kind if column.kind in KINDS else "text") for column in columns]
    rows = ([value_of(column, row) for column in columns] for row in queryset.iterator(chunk_size=1000))
    body = spreadsheet.write_xlsx(str(name), heads, rows) if form == "xlsx" else spreadsheet.write_csv(heads, rows)
    if request.user.is_authenticated:
        trail.record(request.user, "export", actor=request.user, params={"list": request.path, "format": form, "rows": count})
    response = HttpResponse(body, content_type=TYPES[form])
    filename = f"{name}-{clock.today():%Y%m%d}.{form}"
    response["Content-Disposition"] = f"attachment; filename=\"export.{form}\"; filename*=UTF-8''{quote(filename)}"
    return response
