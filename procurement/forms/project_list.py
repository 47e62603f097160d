"""What preparing a project list asks."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.cleaning import CleanForm


class ListForm(CleanForm):
    purchaser = forms.ModelChoiceField(None, label=_("Purchaser"), empty_label=None)
    fiscal_year = forms.TypedChoiceField(label=_("Fiscal year"), coerce=int)
    note = forms.CharField(label=_("What is new in this version"), max_length=300, required=False, help_text=_("Required from the second version on: what was corrected or added, and why."))

    def __init__(self, *args, purchasers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["purchaser"].queryset = purchasers
        year = clock.today().year
        self.fields["fiscal_year"].choices = [(one, str(one)) for one in range(year + 1, year - 5, -1)]
        self.fields["fiscal_year"].initial = year
