"""What a backfill asks for: a file, or one row typed in."""

from django import forms
from django.utils.translation import gettext_lazy as _

from communities.models import Purchaser
from communities.permissions import purchaser_ids
from kernel.cleaning import CleanForm
from kernel.upload import UploadField
from procurement.lifecycle.backfill_rows import COLUMNS, NEEDED, STAGES


class OwnPurchaserForm(CleanForm):
    """A form for one of the purchasers where the person handles purchases."""

    purchaser = forms.ModelChoiceField(label=_("Purchaser"), queryset=Purchaser.objects.none())

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        units = Purchaser.objects.filter(pk__in=purchaser_ids(user, "handler", "accountant"))
        self.fields["purchaser"].queryset = units
        if units.count() == 1:
            self.fields["purchaser"].initial = units[0]


class BackfillFileForm(OwnPurchaserForm):
    """An Excel or CSV file made from the template."""

    file = UploadField(label=_("Excel or CSV file"), kinds=("xlsx", "csv"))


class BackfillRowForm(OwnPurchaserForm):
    """One contract typed in; the same columns as the file, checked by the same rules."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for heading, key in COLUMNS.items():
            if key == "stage":
                self.fields[key] = forms.ChoiceField(label=heading, choices=[(name, name) for name in STAGES])
            elif key.endswith("_on"):
                self.fields[key] = forms.DateField(label=heading, required=key in NEEDED)
            else:
                self.fields[key] = forms.CharField(label=heading, required=key in NEEDED, max_length=200 if key == "note" else 80)

    def cells(self):
        """The row as the file would hold it."""
        return {key: str(self.cleaned_data[key] or "") for key in COLUMNS.values()}
