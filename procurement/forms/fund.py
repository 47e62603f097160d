"""What a fund's screens ask."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from communities.models import Place, Purchaser
from communities.permissions import in_places, memberships_of, place_paths
from kernel import clock
from kernel.cleaning import CleanModelForm
from kernel.forms import StepForm
from kernel.money import LARGEST
from procurement.models import Fund


def keeping(user):
    """Purchasers whose funds this person may enter."""
    own = {row.purchaser_id for row in memberships_of(user) if row.purchaser_id and row.role in ("fund_owner", "accountant", "leader", "handler")}
    return Purchaser.objects.filter(in_places(place_paths(user, "finance")) | Q(pk__in=own)).select_related("place")


class FundForm(CleanModelForm):
    class Meta:
        model = Fund
        fields = [
            "name", "purchaser", "place", "source", "fiscal_year", "amount", "document", "owner_section", "allowed_uses", "forbidden_uses", "procurement_law", "needs_owner_consent", "owner_role",
            "cutoff_on", "unspent",
        ]  # fmt: skip
        widgets = {"allowed_uses": forms.Textarea(attrs={"rows": 2}), "forbidden_uses": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        purchasers = keeping(user)
        self.fields["purchaser"].queryset = purchasers
        self.fields["place"].queryset = Place.objects.filter(in_places({row.place.path for row in purchasers}, "path"), kind="community")
        self.fields["place"].help_text = _("Only for a community's own annual fund.")
        self.fields["forbidden_uses"].help_text = _("Separate them with 、: a project that buys one of them is warned.")
        self.fields["fiscal_year"].initial = clock.today().year
        self.fields["owner_role"].required = False
        if len(purchasers) == 1:
            self.fields["purchaser"].initial = purchasers[0]

    def clean_owner_role(self):
        return self.cleaned_data["owner_role"] or Fund._meta.get_field("owner_role").default

    def clean_fiscal_year(self):
        year = self.cleaned_data["fiscal_year"]
        if not 2000 <= year <= clock.today().year + 3:
            raise forms.ValidationError(_("Check the year."))
        return year


class ApproveFundForm(StepForm):
    document = forms.CharField(label=_("Budget document"), max_length=80, required=False, help_text=_("Number of the budget approval; money counts from it."))
    amount = forms.DecimalField(label=_("Approved amount (yuan)"), min_value=0, max_value=LARGEST, max_digits=13, decimal_places=2)
    pledge = forms.CharField(label=_("Agreement on money still to come"), max_length=80, required=False, help_text=_("Only when more is approved than was received."))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["document"].initial = self.subject.document
        self.fields["amount"].initial = self.subject.amount
        if self.subject.has_income:
            self.fields["amount"].help_text = _("Received so far: {received} yuan.").format(received=f"{self.subject.received:,.2f}")
        else:
            del self.fields["pledge"]


class CloseFundForm(StepForm):
    document = forms.CharField(label=_("Carry-over document"), max_length=80, required=False, help_text=_("Needed when unpaid money carries over."))
