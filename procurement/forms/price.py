"""What entering, importing, comparing and correcting prices asks."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock, filetypes
from kernel.cleaning import CleanForm, CleanModelForm
from kernel.upload import UploadField
from procurement.models import PriceEntry, PriceItem
from procurement.price_import import places_of
from procurement.pricing import key_of


class PriceForm(CleanModelForm):
    """One price with where it comes from."""

    name = forms.CharField(label=_("Item"), max_length=80, help_text=_("As it stands in budgets, for example 展板."))
    unit = forms.CharField(label=_("Unit"), max_length=12, help_text=_("For example 块, 车次, 人月."))
    proof = UploadField(label=_("Paper of the survey"), required=False, kinds=filetypes.ALL)
    field_order = ("name", "unit", "place", "price", "priced_on", "source", "note", "proof")

    class Meta:
        model = PriceEntry
        fields = ["place", "price", "priced_on", "source", "note"]
        help_texts = {"price": _("Yuan for one unit."), "note": _("Who was asked, or number and name of the contract or standard.")}

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = places_of(user)
        self.fields["priced_on"].initial = clock.today()


class PriceImportForm(CleanForm):
    file = UploadField(label=_("Excel or CSV"), kinds=filetypes.TABLES)


class ExplainForm(CleanForm):
    """One explanation field for each far-off line."""

    def __init__(self, *args, rows, **kwargs):
        super().__init__(*args, **kwargs)
        for row in rows:
            self.fields[f"line_{row.line.pk}"] = forms.CharField(
                label=_("Explanation for {line}").format(line=row.line.name), required=False, max_length=500, initial=row.explanation.text if row.explanation else "",
                widget=forms.Textarea(attrs={"rows": 2, "maxlength": "500", "class": "form-control"}),
            )  # fmt: skip

    def texts(self):
        return {int(name.removeprefix("line_")): text for name, text in self.cleaned_data.items()}


class MatchForm(CleanForm):
    """Which item of the library a budget line really is."""

    name = forms.CharField(label=_("Item in the price library"), max_length=80)
    unit = forms.CharField(label=_("Unit"), max_length=12)

    def __init__(self, *args, district, **kwargs):
        super().__init__(*args, **kwargs)
        self.district = district

    def clean(self):
        data = super().clean()
        if data.get("name") and data.get("unit"):
            data["item"] = PriceItem.objects.filter(district=self.district, key=key_of(data["name"], data["unit"])).first()
            if data["item"] is None:
                self.add_error("name", _("The price library of this district has no such item. Look it up in the list of prices."))
        return data
