"""What importing a catalogue asks."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import filetypes
from kernel.cleaning import CleanForm
from kernel.upload import UploadField
from procurement.models import Catalogue


class CatalogueImportForm(CleanForm):
    """A sheet for an edition that exists, or for a new one."""

    catalogue = forms.ModelChoiceField(label=_("Edition"), queryset=Catalogue.objects.all(), required=False, empty_label=_("a new edition"))
    kind = forms.ChoiceField(label=_("Kind"), choices=Catalogue.KINDS, required=False)
    name = forms.CharField(label=_("Name of the new edition"), max_length=80, required=False)
    source = forms.CharField(label=_("Source"), max_length=200, required=False, help_text=_("Document number and issuing office."))
    valid_from = forms.DateField(label=_("Valid from"), required=False)
    file = UploadField(label=_("Excel or CSV"), kinds=filetypes.TABLES)

    def clean(self):
        data = super().clean()
        if not data.get("catalogue"):
            for name in ("name", "source", "valid_from"):
                if not data.get(name):
                    self.add_error(name, _("Needed for a new edition."))
            if data.get("name") and Catalogue.objects.filter(name=data["name"]).exists():
                self.add_error("name", _("There is already an edition of this name: choose it above."))
        return data

    def edition(self):
        """The chosen edition, or an unsaved new one."""
        data = self.cleaned_data
        return data["catalogue"] or Catalogue(kind=data["kind"] or "guidance", name=data["name"], source=data["source"], valid_from=data["valid_from"])
