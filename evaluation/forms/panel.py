"""Forms of panels and score sheets."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluation.models import Expert
from kernel.cleaning import CleanForm, CleanMixin, CleanModelForm
from kernel.forms import StepForm
from kernel.models import User


class DrawForm(CleanForm):
    count = forms.IntegerField(label=_("Experts to draw"), min_value=1, max_value=11, initial=3)
    reserves = forms.IntegerField(label=_("Reserves"), min_value=0, max_value=10, initial=2)


class MemberForm(CleanForm):
    user = forms.ModelChoiceField(User.objects.none(), label=_("Person"))

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people


class DeclareForm(CleanForm):
    conflict = forms.CharField(label=_("What stands between, if anything"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Employment, shares, kinship within three years. Leave empty when there is nothing."))
    sure = forms.BooleanField(label=_("I declare this truthfully."))


class ReasonForm(CleanForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class LowPriceForm(CleanForm):
    accepted = forms.TypedChoiceField(label=_("View of the panel"), coerce=lambda value: value == "yes", choices=[("yes", _("The price is reasonable")), ("no", _("Not proved: the response is invalid"))], widget=forms.RadioSelect)
    note = forms.CharField(label=_("The bidder's explanation and the panel's view"), max_length=300, widget=forms.Textarea(attrs={"rows": 4}))


class ConcludeForm(StepForm):
    """The panel's own words; the figures are computed."""

    report = forms.CharField(label=_("Evaluation report"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6}), help_text=_("How the talks went, who was judged how, dissenting views. Scores and ranks are added by the system."))


class SheetForm(CleanMixin, forms.Form):
    """One member's sheet: a field per response and item; an empty field is no score."""

    def __init__(self, *args, bids, items, given, locked=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.bids, self.items = list(bids), list(items)
        for bid in self.bids:
            for item in self.items:
                self.fields[self.name(bid, item)] = forms.DecimalField(
                    label=f"{bid.organization} · {item.name}", min_value=Decimal(0), max_value=item.points, max_digits=5, decimal_places=2, required=False,
                    initial=given.get((bid.pk, item.pk)), disabled=locked, widget=forms.NumberInput(attrs={"class": "form-control", "step": "0.5", "aria-label": f"{bid.organization} {item.name}"}),
                )  # fmt: skip

    @staticmethod
    def name(bid, item):
        return f"s{bid.pk}-{item.pk}"

    def points(self):
        return {(bid.pk, item.pk): self.cleaned_data.get(self.name(bid, item)) for bid in self.bids for item in self.items}

    def rows(self):
        """(item, [(response, bound field)]) for the table."""
        return [(item, [(bid, self[self.name(bid, item)]) for bid in self.bids]) for item in self.items]


class ExpertForm(CleanModelForm):
    class Meta:
        model = Expert
        fields = ["user", "specialities", "employer", "earlier_employers"]
        widgets = {"earlier_employers": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = User.objects.filter(is_active=True, expert=None, memberships=None).order_by("name")
        self.fields["user"].label = _("Person")
