"""The list page of every noun: filter in the address, search, sort, pages, Excel and CSV of the same filter, print, bulk selection.

Two queries whatever the number of rows: one capped count, one page of rows (the caller selects the related rows it shows).
"""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponseNotAllowed, QueryDict
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.dateparse import parse_date
from django.utils.functional import cached_property
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.detail import state_tone
from kernel.templatetags.diandan import bj, legal, yuan

PAGE_SIZE = 20
COUNT_CAP = 10_000
PRINT_CAP, SUM_CAP = 1_000, 5_000  # an office with thousands of projects has its sums
FEW = 1_000
RIGHT = {"money", "number", "percent"}


@dataclass(frozen=True)
class Column:
    """One column. `key`: ORM path of what is shown; `value(row)` overrides it; `sort`: ORM field(s), False for none."""

    key: str
    label: object
    value: Callable | None = None
    kind: str = "text"
    sort: object = None
    link: Callable | None = None
    tone: Callable | None = None

    def of(self, row):
        """The raw value of a row; None where the path ends early."""
        if self.value:
            return self.value(row)
        found = row
        for name in self.key.replace("__", ".").split("."):
            found = found.get(name) if isinstance(found, dict) else getattr(found, name, None)
            if found is None:
                return None
        return found() if callable(found) else found

    def sort_fields(self, queryset):
        """ORM fields to sort by, or () when this column cannot be sorted."""
        if self.sort is not None:
            return () if self.sort is False else (self.sort,) if isinstance(self.sort, str) else tuple(self.sort)
        if self.key in queryset.query.annotations:
            return (self.key,)
        model, names = queryset.model, self.key.replace(".", "__").split("__")
        try:
            for name in names:
                field = model._meta.get_field(name)
                if field.many_to_many or field.one_to_many:
                    return ()
                model = field.related_model
        except (FieldDoesNotExist, AttributeError):
            return ()
        return ("__".join(names),)


@dataclass(frozen=True)
class ChoiceFilter:
    """?key=value out of choices (pairs, or a callable of the request). `field`: another lookup; `apply(queryset, value)` instead of a lookup."""

    key: str
    label: object
    choices: object = ()
    field: str = ""
    apply: Callable | None = None

    def pairs(self, request):
        found = self.choices(request) if callable(self.choices) else self.choices
        return [(str(value), label) for value, label in found]

    def narrow(self, request, queryset):
        value = request.GET.get(self.key, "")
        if not value or value not in {known for known, _label in self.pairs(request)}:
            return queryset
        return self.apply(queryset, value) if self.apply else queryset.filter(**{self.field or self.key: value})

    def shown(self, request):
        return {"kind": "choice", "key": self.key, "label": self.label, "value": request.GET.get(self.key, ""), "pairs": self.pairs(request)}


@dataclass(frozen=True)
class DateFilter:
    """?key_from= and ?key_to=, whole days in Beijing time. `moment=True` when the field is a date and time."""

    key: str
    label: object
    field: str = ""
    moment: bool = False

    def narrow(self, request, queryset):
        for end, lookup in (("from", "gte"), ("to", "lt" if self.moment else "lte")):
            try:
                day = parse_date(request.GET.get(f"{self.key}_{end}", ""))
            except ValueError:
                day = None
            if day:
                if self.moment:
                    day = clock.midnight(day + datetime.timedelta(days=1) if end == "to" else day)
                queryset = queryset.filter(**{f"{self.field or self.key}__{lookup}": day})
        return queryset

    def shown(self, request):
        return {
            "kind": "date", "key": self.key, "label": self.label,
            "from": request.GET.get(f"{self.key}_from", ""), "to": request.GET.get(f"{self.key}_to", ""),
        }  # fmt: skip


@dataclass(frozen=True)
class Bulk:
    """A button under the list that posts the selected ids."""

    label: object
    url: str
    confirm: object = ""
    tone: str = "secondary"


def displayed(column, value):
    """A value as people read it."""
    if value is None or value == "":
        return ""
    if column.kind == "money":
        return yuan(value)
    if column.kind == "legal":
        return legal(value)
    if column.kind in ("date", "datetime"):
        return bj(value)
    if column.kind == "bool":
        return _("yes") if value else _("no")
    if column.kind == "percent":
        return f"{value} %"
    return value


def cell(column, row, label, css):
    """One cell for the template; label and classes are those of its whole column."""
    value = column.of(row)
    url = column.link(row) if column.link else row.get_absolute_url() if column.kind == "link" else ""
    made = {"label": label, "css": css, "url": url, "text": displayed(column, value), "state": None}
    if column.kind == "status":
        made["text"] = row.status_label if column.key == "status" and column.value is None else value
        made["state"] = column.tone(row) if column.tone else state_tone(str(row.status if column.key == "status" else ""))
    return made


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


class CappedPaginator(Paginator):
    """Pages of a long public list; counts no further than the cap."""

    @cached_property
    def count(self):
        return min(self.object_list.order_by().values("pk")[: COUNT_CAP + 1].count(), COUNT_CAP)

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
    count = led.order_by().values("pk")[: COUNT_CAP + 1].count()
    capped = count > COUNT_CAP
    size = PRINT_CAP if printing else page_size
    pages = max(1, -(-min(count, COUNT_CAP) // size))
    number = page_number(request, pages)
    few = led if joined is not None and count <= FEW else None
    rows = page_of(queryset, (number - 1) * size, number * size, few, alone=pages == 1) if count else []
    lead = next((column for column in columns if column.kind == "link" or column.link), columns[0])
    facts = [(column, str(column.label), " ".join(["num"] * (column.kind in RIGHT) + ["dd-lead"] * (column is lead))) for column in columns]
    narrowed = bool(text) or any(request.GET.get(name) for name in _filter_names(filters))
    made = {
        "page_heading": title,
        "heads": heads(queryset, columns, asked),
        "rows": [{"row": row, "pk": row.pk, "cells": [cell(column, row, label, css) for column, label, css in facts]} for row in rows],
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
