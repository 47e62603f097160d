"""What a list shows of its rows and what narrows them: columns, their cells drawn, and the filters in the address."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import FieldDoesNotExist
from django.utils.dateparse import parse_date
from django.utils.formats import localize
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.detail import state_tone
from kernel.templatetags.diandan import bj, legal, yuan

RIGHT = {"money", "number", "percent"}
SELECTED = mark_safe(" selected")


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

    def value(self, request):
        """What is chosen; nothing narrows nothing."""
        return request.GET.get(self.key, "")

    def narrow(self, request, queryset):
        value = self.value(request)
        if not value or value not in {known for known, _label in self.pairs(request)}:
            return queryset
        return self.apply(queryset, value) if self.apply else queryset.filter(**{self.field or self.key: value})

    def shown(self, request):
        chosen = self.value(request)
        options = format_html_join("", '<option value="{}"{}>{}</option>', ((value, SELECTED if value == chosen else "", label) for value, label in self.pairs(request)))
        return {"kind": "choice", "key": self.key, "label": self.label, "value": chosen, "options": options}


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


class Drawn:
    """The columns of one table, each with its opening tag made once, ready to draw the cells of its rows."""

    def __init__(self, columns):
        self.lead = next((column for column in columns if column.kind == "link" or column.link), columns[0])
        self.openings = [(column, self.css(column), format_html('<td data-label="{}" class="{}">', column.label, self.css(column))) for column in columns]

    def css(self, column):
        return " ".join(["num"] * (column.kind in RIGHT) + ["dd-lead"] * (column is self.lead))

    def name(self, row):
        """What the first cell says: a row's name where only its tick is heard."""
        return text_of(self.openings[0][0], row, self.openings[0][0].of(row))

    def cells(self, row):
        """All cells of a row for the screen."""
        return mark_safe("".join(f"{opening}{inside(column, row)}</td>" for column, _css, opening in self.openings))

    def texts(self, row):
        """The same for paper: words without links and tones."""
        return format_html_join("", '<td class="{}">{}</td>', ((css, text_of(column, row, column.of(row))) for column, css, _opening in self.openings))


def text_of(column, row, value):
    """What one cell says."""
    if column.kind == "status" and column.key == "status" and column.value is None:
        return row.status_label
    return localize(displayed(column, value))


def inside(column, row):
    """What one cell says, escaped, with its link or the tone of its state."""
    value = column.of(row)
    text = text_of(column, row, value)
    if column.kind == "status":
        return format_html('<span class="dd-state {}">{}</span>', column.tone(row) if column.tone else state_tone(str(row.status if column.key == "status" else "")), text)
    url = column.link(row) if column.link else row.get_absolute_url() if column.kind == "link" else ""
    return format_html('<a href="{}">{}</a>', url, text) if url else conditional_escape(text)
