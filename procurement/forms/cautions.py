"""One reason field for each open warning of a step, errors beside the field."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.forms import StepForm
from procurement.lifecycle.cautions import PREFIX
from procurement.lifecycle.project import unanswered


def add_cautions(form, found):
    """Give the form a required reason for each caution (and its legal basis where the law wants one), on top. Returns the cautions."""
    for caution in found:
        form.fields[caution.field] = forms.CharField(
            label=caution.sentence, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
            help_text=_("Say why it is done all the same ({article}). Reviewers see it.").format(article=caution.article) if caution.article else _("Say why it is done all the same. Reviewers see it."),
        )  # fmt: skip
        if caution.needs_basis:
            form.fields[f"{caution.field}_basis"] = forms.CharField(label=_("Policy document this rests on"), max_length=200)
    form.order_fields([name for name in form.fields if name.startswith(PREFIX)])
    return found


def with_answers(arguments):
    """A verb's arguments with the reason fields gathered as `cautions`."""
    cautions, rest = {}, {}
    for name, value in arguments.items():
        if not name.startswith(PREFIX):
            rest[name] = value
            continue
        key = name.removeprefix(PREFIX)
        part = "reason"
        if key.endswith("_basis"):
            key, part = key.removesuffix("_basis"), "basis"
        cautions.setdefault(key, {})[part] = value
    return {**rest, "cautions": cautions}


class CautionForm(StepForm):
    """Submitting: a reason for each open warning. Without any the button takes the step at once."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        add_cautions(self, unanswered(self.subject))

    @classmethod
    def asked(cls, subject):
        return bool(unanswered(subject))

    def arguments(self):
        return with_answers(super().arguments())
