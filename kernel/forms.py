"""Forms of steps and pages: errors beside the field, input kept, drafts saved while typing."""

import inspect

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules
from kernel.cleaning import CleanForm
from kernel.lifecycle import Refusal


class StepForm(CleanForm):
    """Asks what a step's verb needs. `self.subject`, `self.actor` and `self.step` are known to the form.

    `happened_on` and `reason` are added when the verb takes them: the date is what the paper says, never in the future,
    and an earlier day than today needs a reason (practice: paper first, click later).
    """

    template_name_page = "kernel/act.html"
    back_dating_needs_reason = True

    def __init__(self, *args, subject, actor, step, **kwargs):
        self.subject, self.actor, self.step = subject, actor, step
        super().__init__(*args, **kwargs)
        function = subject.LIFE.functions.get(step.verb)
        accepted = accepted_by(function) if function else {"reason"}
        if "happened_on" in accepted and "happened_on" not in self.fields:
            self.fields["happened_on"] = forms.DateField(
                label=_("Date it happened"), initial=clock.today, required=False, help_text=_("What the paper says; today if you leave it empty.")
            )
        if "reason" in accepted and "reason" not in self.fields:
            self.fields["reason"] = forms.CharField(
                label=_("Reason") if step.needs_reason else _("Remark"), required=step.needs_reason, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
            )
        self._formsets = None

    @property
    def formsets(self):
        """The formsets inside this step, made once."""
        if self._formsets is None:
            self._formsets = self.extra_formsets()
        return self._formsets

    def extra_formsets(self):
        """Formsets that belong to the step: name -> formset, bound when the form is bound."""
        return {}

    @classmethod
    def asked(cls, subject):
        """Whether the button leads to the form; False: there is nothing to ask of this subject now, the button takes the step at once."""
        return True

    def redirect_to(self, result):
        """Where to go afterwards; None: the subject's page."""
        return None

    def clean_happened_on(self):
        day = self.cleaned_data.get("happened_on")
        if day and day > clock.today():
            raise forms.ValidationError(_("This day lies in the future. Enter the date on the paper."), code="future")
        return day or clock.today()

    def clean(self):
        data = super().clean()
        day, reason = self.cleaned_data.get("happened_on"), (self.cleaned_data.get("reason") or "").strip()
        if self.back_dating_needs_reason and "happened_on" in self.fields and "reason" in self.fields and day and day < clock.today() and not reason:
            self.add_error("reason", _("A day before today needs a reason: say which paper proves it."))
        return data

    def is_valid(self):
        return all([super().is_valid(), *(formset.is_valid() for formset in self.formsets.values())])

    def arguments(self):
        """The verb's keyword arguments: clean data and the rows of the formsets (empty and deleted rows left out)."""
        rows = {
            name: [row.cleaned_data for row in formset.forms if row.cleaned_data and row.has_changed() and not row.cleaned_data.get("DELETE")]
            for name, formset in self.formsets.items()
        }
        return {**self.cleaned_data, **rows}


class PurposeForm(CleanForm):
    """What somebody needs personal data for, before it is shown."""

    purpose = forms.CharField(label=_("What you need it for"), max_length=200, help_text=_("Written to the access log with your name."))


def accepted_by(function):
    """Names of the keyword arguments a verb takes."""
    return set(inspect.signature(function).parameters)


def takes_anything(function):
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


def refused(form, refusal):
    """Put a refusal beside its field, or on top of the form."""
    field = refusal.field if refusal.field in form.fields else None
    form.add_error(field, str(refusal))


def rule_chips(ids):
    """Rules that stand behind a page, as (id, article) pairs; ids not in force are left out."""
    found = []
    for rule_id in ids:
        try:
            found.append((rule_id, rules.get(rule_id, on=clock.today()).article))
        except LookupError:
            continue
    return found


def render_form(
    request, form, *, title, intro="", rules=(), submit=None, cancel="", draft="", formsets=(), template="kernel/form_page.html", tone="primary", **context
):
    """A form page; 422 when what came was not accepted, with the input kept. `formsets`: formsets shown as tables below the fields."""
    faulty = form.is_bound and (bool(form.errors) or any(formset.total_error_count() for formset in formsets if formset.is_bound))
    return render(
        request,
        template,
        {
            "form": form,
            "page_heading": title,
            "intro": intro,
            "rule_chips": rule_chips(rules),
            "submit_label": submit or _("Save"),
            "cancel_url": cancel,
            "draft_key": draft,
            "formsets": list(formsets),
            "tone": tone,
            **context,
        },
        status=422 if faulty else 200,
    )


def ask_and_do(request, form, verb, *, to=None, said="", cancel="", formsets=(), **page):
    """A form page that ends in a deed: it asks until form and formsets are right, then runs `verb(data)` with the form's clean data.

    Afterwards the browser goes to `to` (what `redirect` takes), or to what the verb gave back; `said` is what the person is told, or makes that of what
    the verb gave back. A refusal stands beside its field, the input kept. `cancel` is `to` unless given; `page`: as for render_form.
    """
    if request.method == "POST" and all([form.is_valid(), *(formset.is_valid() for formset in formsets)]):
        try:
            made = verb(dict(form.cleaned_data))
        except Refusal as refusal:
            refused(form, refusal)
        else:
            if said:
                messages.success(request, said(made) if callable(said) else said)
            return redirect(made if to is None else to)
    return render_form(request, form, cancel=cancel or (resolve_url(to) if to else ""), formsets=formsets, **page)
