"""What the steps of a fund's money ask: its owner, an adjustment, income."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, filetypes
from kernel.forms import StepForm
from kernel.models import User
from kernel.money import LARGEST
from kernel.upload import UploadField
from procurement.models import Fund, FundAdjustment, FundReceipt


def members_of(purchaser):
    """People who belong to a purchaser today."""
    from communities.models import Membership

    return User.objects.filter(is_active=True, pk__in=Membership.objects.in_force().filter(purchaser=purchaser).values("user")).order_by("name")


class AssignFundForm(StepForm):
    owner_section = forms.CharField(label=_("Owner section"), max_length=40, required=False, help_text=_("The section that keeps this fund, as your office calls it."))
    owner_person = forms.ModelChoiceField(label=_("Responsible person"), queryset=User.objects.none(), required=False)
    needs_owner_consent = forms.BooleanField(label=_("Projects on this fund need the owner's consent"), required=False, help_text=_("Decided as a gate of its own, before the street's last gate."))
    owner_role = forms.ChoiceField(label=_("Who consents"), choices=Fund._meta.get_field("owner_role").choices)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["owner_person"].queryset = members_of(self.subject.purchaser)
        for name in ("owner_section", "owner_person", "needs_owner_consent", "owner_role"):
            self.fields[name].initial = getattr(self.subject, name)


class AdjustFundForm(StepForm):
    direction = forms.ChoiceField(label=_("What is adjusted"), choices=FundAdjustment.DIRECTIONS)
    target = forms.ModelChoiceField(label=_("To fund"), queryset=Fund.objects.none(), required=False, help_text=_("Only when money moves to another fund."))
    amount = forms.DecimalField(label=_("Amount (yuan)"), min_value=0, max_value=LARGEST, max_digits=13, decimal_places=2)
    document = forms.CharField(label=_("Document number"), max_length=80)
    scan = UploadField(label=_("The document"), kinds=filetypes.SCANS)
    promised = forms.BooleanField(label=_("The document promises money still to come"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        fund = self.subject
        others = Fund.objects.filter(purchaser=fund.purchaser_id, fiscal_year=fund.fiscal_year, status="approved").exclude(pk=fund.pk)
        self.fields["target"].queryset = others
        self.fields["target"].label_from_instance = lambda row: _("{fund} · free {amount}").format(fund=row, amount=f"{row.free:,.2f}")
        self.fields["amount"].help_text = _("Free now: {free} yuan.").format(free=f"{fund.free:,.2f}")
        if not (fund.has_income or any(row.has_income for row in others)):
            del self.fields["promised"]


class ReceiptForm(StepForm):
    received_on = forms.DateField(label=pgettext_lazy("money", "Received on"), initial=clock.today)
    payer = forms.ChoiceField(label=_("Kind of payer"), choices=FundReceipt.PAYERS, help_text=_("Names stay on the receipt; here only the kind is kept."))
    amount = forms.DecimalField(label=_("Amount (yuan)"), min_value=0, max_value=LARGEST, max_digits=13, decimal_places=2)
    receipt_number = forms.CharField(label=_("Receipt number"), max_length=40)
    scan = UploadField(label=_("The receipt"), kinds=filetypes.SCANS)
