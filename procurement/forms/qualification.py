"""Forms of the qualification check: the credit queries of one bidder at once, and the verdict condition by condition."""

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from kernel import clock, filetypes
from kernel.cleaning import CleanForm
from kernel.upload import UploadField
from procurement.models import CreditCheck


class CreditRow(CleanForm):
    channel = forms.ChoiceField(label=_("Queried at"), choices=CreditCheck.CHANNELS)
    checked_at = forms.DateTimeField(label=_("Time of the query"), initial=clock.now)
    result = forms.ChoiceField(label=_("Result"), choices=CreditCheck.RESULTS)
    detail = forms.CharField(label=_("What was found"), max_length=300, required=False)
    file = UploadField(label=_("Screenshot"), kinds=filetypes.SCANS)


CreditRows = formset_factory(CreditRow, extra=0, max_num=8, validate_max=True, min_num=1, validate_min=True)


class VerdictForm(CleanForm):
    """Tick what was looked at and holds. All ticked: passed; else a reason, told to this bidder alone."""

    reason = forms.CharField(label=_("Why it does not pass"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Only where a condition is not ticked; this bidder alone reads it."))

    def __init__(self, *args, names, **kwargs):
        super().__init__(*args, **kwargs)
        self.names = names
        for number, name in enumerate(names):
            self.fields[f"item{number}"] = forms.BooleanField(label=name, required=False)
        self.order_fields([*(f"item{number}" for number in range(len(names))), "reason"])

    @property
    def items(self):
        """Rows for the verb."""
        return [{"name": name, "passed": self.cleaned_data[f"item{number}"]} for number, name in enumerate(self.names)]

    def clean(self):
        data = super().clean()
        if not all(data.get(f"item{number}") for number in range(len(self.names))) and not (data.get("reason") or "").strip():
            self.add_error("reason", _("A condition is not ticked: say why, or tick it."))
        return data
