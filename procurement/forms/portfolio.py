"""What handing over asks."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.cleaning import CleanForm
from kernel.forms import StepForm
from procurement.lifecycle.project_handing import successors


class HandOverForm(StepForm):
    """One project: who takes it on, and why."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        rows = successors([self.subject.purchaser_id]).exclude(pk=self.subject.handler_id)
        self.fields["successor"] = forms.ModelChoiceField(rows, label=_("New handler"), empty_label=_("choose"))
        self.order_fields(["successor", "reason"])


class HandOverAllForm(CleanForm):
    """Many projects of one office: who takes them on, and why."""

    successor = forms.ModelChoiceField(None, label=_("New handler"), empty_label=_("choose"))
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Transfer, leave, division of work: it stands in the trail of each project."))

    def __init__(self, *args, purchasers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["successor"].queryset = successors(purchasers)
