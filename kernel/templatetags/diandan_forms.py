"""Form fields and formset tables (builtins: no load needed)."""

from django import forms, template

register = template.Library()

CHOICES = (forms.CheckboxSelectMultiple, forms.RadioSelect)


def prepare(bound):
    """Give a field's widget our classes and the browser's own pickers; returns the attributes to render with."""
    field, widget, attrs = bound.field, bound.field.widget, {}
    if isinstance(widget, CHOICES):
        return {}
    if isinstance(widget, forms.CheckboxInput):
        return {"class": "form-check-input"}
    if isinstance(field, forms.DateTimeField) and isinstance(widget, forms.DateTimeInput):
        widget.input_type, widget.format = "datetime-local", "%Y-%m-%dT%H:%M"
    elif isinstance(field, forms.DateField) and isinstance(widget, forms.DateInput):
        widget.input_type, widget.format = "date", "%Y-%m-%d"
    elif isinstance(field, forms.TimeField) and isinstance(widget, forms.TimeInput):
        widget.input_type, widget.format = "time", "%H:%M"
    name = "form-select" if isinstance(widget, forms.Select) else "form-control"
    if isinstance(field, forms.DecimalField) and field.decimal_places == 2:
        name += " money"
        attrs["inputmode"] = "decimal"
    attrs["class"] = f"{widget.attrs.get('class', '')} {name}".strip()
    return attrs


def described(bound):
    return {
        "bound": bound,
        "widget": bound.as_widget(attrs=prepare(bound)),
        "is_group": isinstance(bound.field.widget, CHOICES),
        "is_check": isinstance(bound.field.widget, forms.CheckboxInput),
    }


@register.inclusion_tag("kernel/parts/field.html")
def field(bound, plain=False):
    """One field: label, what is required, help, widget and its errors, tied together for screen readers. `plain`: no help, no placeholder."""
    if plain:
        bound.help_text = bound.field.help_text = ""
        bound.field.widget.attrs.pop("placeholder", None)
    return described(bound)


@register.inclusion_tag("kernel/parts/fields.html")
def form_fields(form):
    """All fields of a form with the errors that belong to none of them."""
    return {"form": form, "hidden": form.hidden_fields(), "visible": form.visible_fields()}


@register.inclusion_tag("kernel/parts/formset.html")
def formset_table(formset, product="", title="", total=""):
    """A formset as a table. `product="quantity*unit_price"`: live subtotal per row and total; `total="amount"`: live total of one column."""
    columns = [bound for bound in formset.empty_form.visible_fields() if bound.name != "DELETE"]
    return {
        "formset": formset,
        "title": title,
        "columns": columns,
        "rows": [formset_row(form) for form in formset.forms],
        "blank": formset_row(formset.empty_form),
        "product": product,
        "total": total,
        "summed": bool(product or total),
        "span": len(columns) + (1 if formset.can_delete else 0),
    }


def formset_row(form):
    cells = [described(bound) for bound in form.visible_fields() if bound.name != "DELETE"]
    for cell in cells:
        cell["widget"] = cell["bound"].as_widget(attrs={**prepare(cell["bound"]), "aria-label": cell["bound"].label})
    return {"form": form, "cells": cells, "hidden": form.hidden_fields(), "delete": form["DELETE"] if "DELETE" in form.fields else None}
