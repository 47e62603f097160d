"""What bonds ask: terms of the documents, what a bidder states sealed, receipt, refund."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock, filetypes
from kernel.cleaning import CleanForm
from kernel.forms import StepForm
from kernel.money import MoneyField
from kernel.upload import UploadField
from procurement.models.bond import FORMS


class TermsForm(CleanForm):
    amount = MoneyField().formfield(label=_("Bid bond (yuan)"), help_text=_("0: none is asked."))
    accepted = forms.MultipleChoiceField(label=_("Accepted forms"), choices=FORMS, required=False, widget=forms.CheckboxSelectMultiple, initial=[key for key, _label in FORMS], help_text=_("Cash is never taken."))
    account = forms.CharField(label=_("Account a transfer goes to"), max_length=200, required=False, help_text=_("Holder, bank and number. The bidder writes the reference of its response on the transfer, not the name of the purchase."))


class StatementForm(CleanForm):
    """What the bidder says of its bond; sealed with the response."""

    form = forms.ChoiceField(label=_("Form"), choices=FORMS, widget=forms.RadioSelect)
    number = forms.CharField(label=_("Number of the bank receipt or guarantee"), max_length=60)
    amount = MoneyField().formfield(label=_("Amount"))
    paid_on = forms.DateField(label=_("Day on the paper"), initial=clock.today)
    file = UploadField(label=_("Receipt or guarantee, scanned"), required=False, kinds=filetypes.SCANS)

    def __init__(self, *args, terms, **kwargs):
        super().__init__(*args, **kwargs)
        labels = dict(FORMS)
        self.fields["form"].choices = [(key, labels[key]) for key in terms.forms if key in labels]
        self.fields["amount"].initial = terms.amount


class ReceiveForm(StepForm):
    amount = MoneyField().formfield(label=_("Amount"))
    form = forms.ChoiceField(label=_("Form"), choices=FORMS)
    number = forms.CharField(label=_("Number of the bank receipt or guarantee"), max_length=60)
    proof = UploadField(label=_("Bank receipt, scanned"), required=False, kinds=filetypes.SCANS)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["amount"].initial = self.subject.amount
        self.fields["happened_on"].label = _("Received on")
        self.order_fields(["amount", "form", "number", "happened_on", "proof", "reason"])


class ReceiveForBidForm(CleanForm):
    """The same for an opened response, filled in from what its bidder stated."""

    amount = MoneyField().formfield(label=_("Amount"))
    form = forms.ChoiceField(label=_("Form"), choices=FORMS)
    number = forms.CharField(label=_("Number of the bank receipt or guarantee"), max_length=60)
    received_on = forms.DateField(label=_("Received on"), initial=clock.today)
    proof = UploadField(label=_("Bank receipt, scanned"), required=False, kinds=filetypes.SCANS)

    def clean_received_on(self):
        day = self.cleaned_data["received_on"]
        if day > clock.today():
            raise forms.ValidationError(_("The date it happened lies in the future."))
        return day


class RefundForm(StepForm):
    template_name_page = "procurement/bond_refund.html"
    voucher = forms.CharField(label=_("Voucher"), max_length=40)
    proof = UploadField(label=_("Voucher, scanned"), required=False, kinds=filetypes.SCANS)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        from procurement.lifecycle.bond import surcharge_of

        self.fields["happened_on"].label = _("Refunded on")
        self.surcharge = surcharge_of(self.subject, clock.today())
        self.order_fields(["voucher", "happened_on", "proof", "reason"])


class PerformanceForm(CleanForm):
    amount = MoneyField().formfield(label=_("Performance bond (yuan)"))
