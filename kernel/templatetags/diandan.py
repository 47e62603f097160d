"""Tags and filters of every page (builtins: no load needed)."""

import datetime
from decimal import Decimal, InvalidOperation

from django import template
from django.apps import apps
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from kernel import amounts, clock, detail, registry, workdays
from kernel.lifecycle import LIVES
from kernel.money import yuan as to_yuan

register = template.Library()


@register.filter
def yuan(amount):
    """Decimal yuan as 1,234.50; nothing for None."""
    if amount is None or amount == "":
        return ""
    try:
        return f"{to_yuan(amount):,.2f}"
    except (InvalidOperation, TypeError, ValueError):
        return ""


@register.filter
def wan(amount):
    """Decimal yuan as 万元 with two decimals."""
    return "" if amount is None or amount == "" else f"{to_yuan(Decimal(amount) / 10000):,.2f}"


@register.filter
def in_words(amount):
    """Decimal yuan in capital Chinese numerals 大写; nothing for None."""
    return "" if amount is None or amount == "" else amounts.in_words(amount)


@register.filter
def bj(moment):
    """A moment in Beijing time as 2026-06-01 14:30, a date as 2026-06-01."""
    if not moment:
        return ""
    if isinstance(moment, datetime.datetime):
        return moment.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M")
    if isinstance(moment, datetime.date):
        return moment.isoformat()
    return str(moment)


@register.filter
def legal(moment):
    """A date or moment the law counted, as `bj` shows it; one in a year whose holiday list is not loaded says that it is provisional."""
    shown = bj(moment)
    if not shown or not isinstance(moment, datetime.date):
        return shown
    day = moment.astimezone(clock.ZONE).date() if isinstance(moment, datetime.datetime) else moment
    note = workdays.provisional_note(day)
    return f"{shown}（{note}）" if note else shown


@register.filter
def is_overdue(due):
    """Whether a due moment (or the end of a due day) has passed."""
    if not due:
        return False
    if not isinstance(due, datetime.datetime):
        return due < clock.today()
    return due < clock.now()


@register.filter
def item(mapping, key):
    """mapping[key], empty when missing."""
    try:
        return mapping[key]
    except (KeyError, TypeError, IndexError):
        return ""


class KeepNode(template.Node):
    """Renders its body into a variable, so that one block serves both <title> and <h1>."""

    def __init__(self, name, nodelist):
        self.name, self.nodelist = name, nodelist

    def render(self, context):
        context[self.name] = mark_safe(self.nodelist.render(context).strip())
        return ""


@register.tag
def keep(parser, token):
    """{% keep name %}…{% endkeep %}"""
    _tag, name = token.split_contents()
    nodelist = parser.parse(("endkeep",))
    parser.delete_first_token()
    return KeepNode(name, nodelist)


@register.simple_tag(takes_context=True)
def query(context, **changes):
    """The page's address with some parameters changed; None or "" removes one."""
    params = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None or value == "":
            params.pop(key, None)
        else:
            params[key] = value
    encoded = params.urlencode()
    return f"?{encoded}" if encoded else "?"


@register.simple_tag
def fact(label, value, num=False, url=""):
    """One row of a facts list, linked when it has an address; an empty value shows a dash."""
    shown = "—" if value is None or value == "" else value
    if url:
        shown = format_html('<a href="{}">{}</a>', url, shown)
    return format_html('<div><dt>{}</dt><dd{}>{}</dd></div>', label, mark_safe(' class="num"') if num else "", shown)


@register.simple_tag
def state(subject):
    """The subject's state as a coloured label."""
    return format_html('<span class="dd-state {}">{}</span>', detail.state_tone(subject.status), getattr(subject, "status_label", subject.status))


@register.inclusion_tag("kernel/parts/life.html")
def life(subject):
    """Progress of the subject's life."""
    return {"progress": detail.progress_of(subject) if getattr(subject, "LIFE", None) else None, "subject": subject}


@register.inclusion_tag("kernel/parts/offers.html", takes_context=True)
def offers(context, subject):
    """Buttons with greyed reasons."""
    user = context["request"].user
    noun = getattr(getattr(subject, "LIFE", None), "noun", "")
    return {"offers": detail.offers_for(subject, user), "noun": noun, "subject": subject, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("kernel/parts/timeline.html")
def timeline(subject):
    """Everything that happened to the subject, newest first."""
    rows = [{"row": row, "label": detail.verb_label(subject, row.verb), "late": _recorded_late(row)} for row in reversed(detail.trail_of(subject))]
    return {"rows": rows, "states": getattr(getattr(subject, "LIFE", None), "states", {})}


def _recorded_late(row):
    return row.happened_on != row.effective_at.astimezone(clock.ZONE).date()


@register.simple_tag(takes_context=True)
def panels(context, subject):
    """What later stages show on this page, each in its frame."""
    user = context["request"].user
    noun = getattr(getattr(subject, "LIFE", None), "noun", subject._meta.model_name)
    frame = get_template("kernel/parts/panel.html")
    request = context["request"]
    found = registry.panels_for(noun, subject, user)
    return mark_safe("".join(frame.render({"panel": panel, "subject": subject, **panel.context}, request) for panel in found))


@register.simple_tag
def chart_scripts():
    """The scripts a page with charts needs."""
    from django.templatetags.static import static

    return format_html('<script src="{}" defer></script><script src="{}" defer></script>', static("vendor/echarts/echarts.min.js"), static("js/charts.js"))


def task_group(kind):
    """The heading of a desk group: the noun in words (a life's or a model's name), or the label given."""
    found = LIVES.get(str(kind))
    if found:
        return found.model._meta.verbose_name
    return next((model._meta.verbose_name for model in apps.get_models() if model._meta.model_name == str(kind)), kind)
