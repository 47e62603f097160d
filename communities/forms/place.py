"""Forms of places and purchasers."""

from django import forms
from django.utils.translation import gettext_lazy as _

from communities.models import Place, Purchaser
from kernel import clock, filetypes
from kernel.cleaning import CleanForm, CleanModelForm
from kernel.upload import UploadField


class PlaceForm(CleanForm):
    """A place below another."""

    name = forms.CharField(label=_("name"), max_length=60)
    code = forms.CharField(label=_("division code"), max_length=12, required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    population = forms.IntegerField(label=_("residents"), min_value=0, max_value=99_999_999, required=False)
    pinyin = forms.CharField(
        label=_("pinyin"),
        max_length=120,
        required=False,
        help_text=_("Decides the order in lists. Leave it empty and it is computed; correct it where a character has several readings."),
    )


class PlaceDetailsForm(PlaceForm):
    """What is no name."""

    name = None


class RenamePlaceForm(CleanForm):
    name = forms.CharField(label=_("new name"), max_length=60)
    since = forms.DateField(label=_("valid from"), initial=clock.today)
    document = forms.CharField(label=_("document"), max_length=120, help_text=_("Number of the approval."))
    pinyin = forms.CharField(label=_("pinyin"), max_length=120, required=False)


class ClosePlaceForm(CleanForm):
    successors = forms.ModelMultipleChoiceField(label=_("who takes over"), queryset=Place.objects.none(), help_text=_("One for a merger, several for a split."))
    since = forms.DateField(label=_("closed on"), initial=clock.today)
    document = forms.CharField(label=_("document"), max_length=120, help_text=_("Number of the approval."))

    def __init__(self, *args, place, **kwargs):
        super().__init__(*args, **kwargs)
        others = Place.objects.open().filter(kind=place.kind, path__startswith=f"/{place.path.split('/')[1]}/").exclude(pk=place.pk)
        self.fields["successors"].queryset = others.select_related("parent")


class PlaceImportForm(CleanForm):
    file = UploadField(label=_("table"), kinds=(*filetypes.TABLES,))


class PurchaserForm(CleanModelForm):
    """A government unit that buys."""

    class Meta:
        model = Purchaser
        fields = ("kind", "name", "place", "credit_code", "address", "phone", "community_weight")
        help_texts = {"community_weight": _("How much of acceptance and evaluation the community's opinion counts, in percent.")}

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = Place.objects.visible_to(user).open().filter(kind__in=("district", "street"))
        self.fields["community_weight"].max_value = 100
        if self.instance.pk:
            for name in ("kind", "name", "place"):
                del self.fields[name]

    def clean_community_weight(self):
        weight = self.cleaned_data["community_weight"]
        if weight is not None and weight > 100:
            raise forms.ValidationError(_("At most 100 percent."))
        return weight

    def clean_credit_code(self):
        from stdnum.cn import uscc
        from stdnum.exceptions import ValidationError as BadNumber

        code = self.cleaned_data["credit_code"].strip().upper()
        try:
            return uscc.validate(code) if code else ""
        except BadNumber as error:
            raise forms.ValidationError(_("This is no valid unified social credit code: a sign is wrong or missing.")) from error

    def _post_clean(self):
        """The verb writes, not the form."""
