"""The list page of every noun: filter in the address, search, sort, pages, Excel and CSV of the same filter, print, bulk selection.

Two queries whatever the number of rows: one capped count (long lists remember that they are long), one page of rows (the caller selects the related rows it shows).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet, ValidationError
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import Q
from django.http import HttpResponseNotAllowed, QueryDict
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from kernel.columns import RIGHT, ChoiceFilter, Column, DateFilter, Drawn

__all__ = ["Bulk", "CappedPaginator", "ChoiceFilter", "Column", "DateFilter", "back_to", "page_of", "render_list", "selected", "with_selection"]

PAGE_SIZE = 20
COUNT_CAP, COUNT_SECONDS = 10_000, 300
PRINT_CAP, SUM_CAP = 1_000, 5_000  # an office with thousands of projects has its sums
FEW = 1_000


@dataclass(frozen=True)
class Bulk:
    """A button under the list that posts the selected ids."""

    label: object
    url: str
    confirm: object = ""
    tone: str = "secondary"


def searched(queryset, fields, text):
    """Every word must occur in one of the fields."""
    for word in text.replace("\x00", "").split()[:6]:
        queryset = queryset.filter(reduce(or_, (Q(**{f"{name}__icontains": word}) for name in fields)))
    return queryset


def ordered(queryset, columns, asked, default):
    """The queryset in the asked order (a column key, `-` first for descending), with the key last so that pages never overlap."""
    descending, key = asked.startswith("-"), asked.lstrip("-")
    fields = next((column.sort_fields(queryset) for column in columns if column.key == key), ())
    if not fields:
        fields, descending = ((default,) if isinstance(default, str) else tuple(default)), False
    turned = [(name[1:] if name.startswith("-") else f"-{name}") if descending else name for name in fields]
    return queryset.order_by(*turned, "-pk")


def heads(queryset, columns, asked):
    """Column heads with the address parameter that sorts by them."""
    found = []
    for column in columns:
        sortable = bool(column.sort_fields(queryset))
        current = "asc" if asked == column.key else "desc" if asked == f"-{column.key}" else ""
        aria = {"asc": "ascending", "desc": "descending"}.get(current, "")
        found.append(
            {"label": column.label, "right": column.kind in RIGHT, "sortable": sortable, "aria": aria, "next": f"-{column.key}" if current == "asc" else column.key}
        )
    return found


def page_of(queryset, start, end, led=None, alone=False):
    """Some rows of a long list: their keys are found first, without the related rows, which are then joined to these few only. One query.

    `led`: the same rows, asked for another way, to find the keys with. `alone`: it is the only page, so that no order is needed to find
    its keys (PostgreSQL would look for these few through the whole table in their order).
    """
    if queryset.query.distinct or queryset.query.combinator or not queryset.query.select_related:
        return list(queryset[start:end])
    found, rows = queryset if led is None else led, queryset.all()
    keys = (found.order_by() if alone else found).select_related(None).prefetch_related(None).values("pk")[start:end]
    if not _may_double(rows.query):
        rows.query.where = type(rows.query.where)()  # the keys have passed every filter: asked again, it would lead the database past them
    return list(rows.filter(pk__in=keys))


def _may_double(query):
    """Whether a filter joined rows of which one row has several: without its condition each of them would show that row again."""
    joins = (getattr(join, "join_field", None) for alias, join in query.alias_map.items() if query.alias_refcount.get(alias))
    return any(field is not None and (field.one_to_many or field.many_to_many) for field in joins)


def capped_count(rows):
    """How many rows there are, counted to one more than the cap.

    That there are more is remembered for some minutes, by what was asked of the database: such a list counts long, and a count of 9,990
    would say little else than "10,000+". A shorter list is counted anew each time.
    """
    wanted, place = rows.order_by().values("pk")[: COUNT_CAP + 1], connections[rows.db]
    try:
        sql, params = wanted.query.get_compiler(connection=place).as_sql()
    except EmptyResultSet:
        return 0
    key = f"count-{COUNT_CAP}-{hashlib.sha256(repr((rows.db, place.settings_dict['NAME'], sql, params)).encode()).hexdigest()}"
    if cache.get(key):
        return COUNT_CAP + 1
    with place.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({sql}) counted", params)
        (count,) = cursor.fetchone()
    if count > COUNT_CAP:
        cache.set(key, True, COUNT_SECONDS)
    return count


class CappedPaginator(Paginator):
    """Pages of a long public list; counts no further than the cap."""

    @cached_property
    def count(self):
        return min(capped_count(self.object_list), COUNT_CAP)

    def page(self, number):
        number = self.validate_number(number)
        rows = page_of(self.object_list, (number - 1) * self.per_page, number * self.per_page, alone=self.num_pages == 1)
        return self._get_page(rows, number, self)


def page_number(request, pages):
    try:
        asked = int(request.GET.get("page", "1"))
    except ValueError:
        asked = 1
    return min(max(1, asked), max(1, pages))


def render_list(
    request, queryset, *, title, columns, search: Sequence = (), filters: Sequence = (), default_sort="-pk", links=(), bulk=(),
    export_name="list", empty_text="", context=None, template="kernel/list.html", body="kernel/parts/list_body.html", page_size=PAGE_SIZE, totals=None, joined=None,
):  # fmt: skip
    """The list page, its fragment, its export or its print view, whichever the request asks for. It only shows: 405 for a POST.

    `search`: ORM fields, or search(queryset, text) -> queryset. `totals(rows)`: sums of everything filtered, up to five thousand rows;
    it gets the list of rows where one page shows them all, else the queryset.
    `joined`: the same rows, found from what makes them visible instead of one by one in their order: quicker to count, and to read where they are few.
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    text = request.GET.get("q", "").strip()[:100]
    asked = request.GET.get("sort", "")

    def asked_for(rows):
        for one in filters:
            rows = one.narrow(request, rows)
        if text and search:
            rows = search(rows, text) if callable(search) else searched(rows, search, text)
        return ordered(rows, columns, asked, default_sort)

    queryset = asked_for(queryset)
    if request.GET.get("export") in ("xlsx", "csv"):
        from kernel.exporting import export

        return export(request, queryset, columns, export_name, request.GET["export"])
    printing = bool(request.GET.get("print"))
    led = queryset if joined is None else asked_for(joined)
    count = capped_count(led)
    capped = count > COUNT_CAP
    size = PRINT_CAP if printing else page_size
    pages = max(1, -(-min(count, COUNT_CAP) // size))
    number = page_number(request, pages)
    few = led if joined is not None and count <= FEW else None
    rows = page_of(queryset, (number - 1) * size, number * size, few, alone=pages == 1) if count else []
    drawn = Drawn(columns)
    narrowed = bool(text) or any(request.GET.get(name) for name in _filter_names(filters))
    made = {
        "page_heading": title,
        "heads": heads(queryset, columns, asked),
        "rows": [{"row": row, "pk": row.pk, "name": drawn.name(row) if bulk else "", "cells": drawn.texts(row) if printing else drawn.cells(row)} for row in rows],
        "count_text": f"{COUNT_CAP:,}+" if capped else f"{count:,}",
        "count": count,
        "number": number,
        "pages": pages,
        "previous": number - 1 if number > 1 else None,
        "next": number + 1 if number < pages else None,
        "query_text": text,
        "searchable": bool(search),
        "filters": [one.shown(request) for one in filters],
        "sort": asked,
        "links": links,
        "bulk": [] if printing else list(bulk),
        "narrowed": narrowed,
        "empty_text": empty_text or _("There is nothing here yet."),
        "list_path": request.get_full_path(),
        "body": body,
        "totals": totals(rows if pages == 1 else queryset) if totals and 0 < count <= SUM_CAP else None,
        "unsummed": f"{SUM_CAP:,}" if totals and count > SUM_CAP else "",
        "selection": {int(part) for part in request.GET.get("sel", "").split("-")[:200] if part.isdecimal() and len(part) < 12},
        **(context or {}),
    }
    fragment = getattr(request, "htmx", False) and request.htmx.target == "list"
    chosen = "kernel/list_print.html" if printing else body if fragment else template
    response = render(request, chosen, made)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _filter_names(filters):
    for one in filters:
        yield from (one.key,) if isinstance(one, ChoiceFilter) else (f"{one.key}_from", f"{one.key}_to")


def selected(request, queryset):
    """The rows ticked in a bulk form, out of those the person may see; ids that mean nothing are left out."""
    field, good = queryset.model._meta.pk, []
    for raw in request.POST.getlist("ids")[:1000]:
        try:
            good.append(field.to_python(raw))
        except ValidationError:
            continue
    return queryset.filter(pk__in=good)


def back_to(request, fallback, *args, **kwargs):
    """Where a bulk form came from, filter and page kept; else the fallback (a url name)."""
    address = request.POST.get("_back", "")
    if url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        return address
    return resolve_url(fallback, *args, **kwargs)


def with_selection(address, ids):
    """The address of a list with these rows ticked again."""
    path, _mark, query = address.partition("?")
    rest = QueryDict(query, mutable=True)
    rest["sel"] = "-".join(str(pk) for pk in ids)
    return f"{path}?{rest.urlencode()}"
