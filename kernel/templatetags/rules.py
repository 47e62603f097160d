"""{% load rules %}{% rule "B09" %}: a small chip that names a rule and leads to its page."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from kernel import rules

register = template.Library()

UNIT_WORDS = {
    "day": lambda: _("days"),
    "working_day": lambda: _("working days"),
    "percent": lambda: "%",
    "count": lambda: "",
    "yuan": lambda: _("yuan"),
    "year": lambda: _("years"),
    "month": lambda: _("months"),
    "minute": lambda: _("minutes"),
    "text": lambda: "",
}
CHOICES = {"notice": lambda: _("from the notice on"), "next_january": lambda: _("from 1 January after the notice on")}


@register.simple_tag
def rule(rule_id, text=""):
    """The chip; the article is its tooltip. An unknown id shows nothing rather than breaking the page."""
    found = rules.RULES.versions.get(rule_id)
    if not found:
        return ""
    shown = rules.find(rule_id) or max(found, key=lambda row: row.valid_from)
    return format_html('<a class="dd-chip" href="{}" title="{}">{} {}</a>', reverse("rule_detail", args=[rule_id]), shown.article, rule_id, text or shown.title)


@register.filter
def figure(param):
    """A parameter as "10 working days", "30 %", "10,000,000 yuan"; a word of ours for the program is shown as what it means."""
    if param.unit == "text" and param.value in CHOICES:
        return CHOICES[param.value]()
    value = f"{param.value:,}" if param.unit == "yuan" else str(param.value)
    return f"{value} {UNIT_WORDS[param.unit]()}".strip()


@register.filter
def severity_label(rule_row):
    return {"block": _("refuses"), "warn": _("warns"), "duty": _("sets a task"), "info": _("informs")}[rule_row.severity]


@register.filter
def certainty_label(value):
    return {"P": _("primary text read"), "S": _("secondary source"), "K": _("unconfirmed")}[value]


@register.filter
def scope_label(rule_row):
    return {"statutory": _("statutory purchases"), "self_run": _("self-run purchases"), "all": _("all purchases")}[rule_row.scope]


@register.filter
def method_label(key):
    return {
        "open_tender": _("open tender"),
        "invited_tender": _("invited tender"),
        "competitive_consultation": _("competitive consultation"),
        "competitive_negotiation": _("competitive negotiation"),
        "inquiry": _("price inquiry"),
        "single_source": _("single source"),
        "framework_agreement": _("framework agreement"),
        "self_run": _("self-run purchase"),
    }[key]
