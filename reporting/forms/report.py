"""What a report needs to know."""

from django import forms
from django.utils.translation import gettext_lazy as _

from communities.models import Place, Purchaser
from kernel import clock
from kernel.cleaning import CleanForm
from kernel.money import LARGEST
from kernel.upload import UploadField
from reporting.permissions import districts_of, purchasers_of


class AnnualForm(CleanForm):
    """Year, cut-off date and whose purchases."""

    scope = forms.ChoiceField(label=_("Whose purchases"))
    year = forms.IntegerField(label=_("Year"), min_value=2015, max_value=2100)
    cutoff = forms.DateField(label=_("Cut-off date"), required=False, help_text=_("Empty: today, or 31 December of a past year."))

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["year"].initial = clock.today().year
        districts, own = districts_of(user), purchasers_of(user)
        units = Purchaser.objects.filter(pk__in=own)
        for district in districts:
            units = units | Purchaser.objects.filter(place__path__startswith=district.path)
        choices = [(f"place-{row.pk}", _("Whole district: {name}").format(name=row.name)) for row in districts]
        self.fields["scope"].choices = choices + [(f"purchaser-{row.pk}", row.name) for row in units.distinct()]

    def clean(self):
        data = super().clean()
        year, cutoff = data.get("year"), data.get("cutoff")
        if year and year > clock.today().year:
            self.add_error("year", _("This year has not begun yet."))
        if year and cutoff and (cutoff.year != year or cutoff > clock.today()):
            self.add_error("cutoff", _("The cut-off date lies in the report's year and not in the future."))
        return data

    def arguments(self):
        """Keyword arguments of `ask_for`."""
        kind, pk = self.cleaned_data["scope"].split("-")
        model = {"place": Place, "purchaser": Purchaser}[kind]
        return {"year": self.cleaned_data["year"], "cutoff": self.cleaned_data["cutoff"], kind: model.objects.get(pk=pk)}


class YearTotalForm(CleanForm):
    """Last year's totals with their source."""

    place = forms.ModelChoiceField(label=_("District"), queryset=Place.objects.none())
    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    cutoff = forms.DateField(label=_("Cut-off date"), help_text=_("The same day of the year the report is cut off at."))
    projects = forms.IntegerField(label=_("Projects"), min_value=0, max_value=1000000)
    amount = forms.DecimalField(label=_("Money (yuan)"), min_value=0, max_value=LARGEST, decimal_places=2)
    paid = forms.DecimalField(label=_("Paid (yuan)"), min_value=0, max_value=LARGEST, decimal_places=2)
    source = forms.CharField(label=_("Source"), max_length=200, help_text=_("Document or ledger the figures come from."))

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].queryset = districts_of(user)

    def clean(self):
        data = super().clean()
        if data.get("cutoff") and data.get("year") and data["cutoff"].year != data["year"]:
            self.add_error("cutoff", _("The cut-off date lies in the year of the totals."))
        if data.get("year") and data["year"] >= clock.today().year:
            self.add_error("year", _("Only years before this one are entered by hand."))
        return data


class VerifyForm(CleanForm):
    """A file to compare with the digest kept."""

    file = UploadField(label=_("File to compare"), kinds=("pdf", "xlsx"))
