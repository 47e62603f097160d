"""Forms of payments and closings."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock, filetypes
from kernel.cleaning import CleanForm, CleanModelForm
from kernel.forms import StepForm
from kernel.money import MoneyField
from kernel.upload import UploadField
from procurement.lifecycle.payment import invoice_objection
from procurement.models import Closing


class PaymentForm(CleanForm):
    """Ask for a stage with its invoice; a lower amount only on the last stage."""

    invoice_number = forms.CharField(label=_("invoice number"), max_length=20, help_text=_("20 digits; or 8 digits with the code."))
    invoice_code = forms.CharField(label=_("invoice code"), max_length=12, required=False, help_text=_("Only for older invoices of 8 digits: 10 or 12 digits."))
    invoice_on = forms.DateField(label=_("invoice date"), initial=clock.today)
    received_on = forms.DateField(label=_("invoice received on"), initial=clock.today, help_text=_("The payment is due 30 days from here, once the stage's condition is met."))
    scan = UploadField(label=_("Invoice (PDF or picture)"), kinds=filetypes.SCANS, required=False)
    amount = MoneyField(_("amount asked for (yuan)")).formfield()
    settle_reason = forms.CharField(label=_("why settled lower"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, payable, last, by_handler, **kwargs):
        super().__init__(*args, **kwargs)
        self.payable = payable
        self.fields["amount"].initial = payable
        if not last:
            del self.fields["amount"], self.fields["settle_reason"]
        if not by_handler:
            del self.fields["received_on"]

    def clean(self):
        data = super().clean()
        if "invoice_number" in data and "invoice_code" in data:
            refusal = invoice_objection(data["invoice_code"], data["invoice_number"])
            if refusal:
                self.add_error(refusal.field, str(refusal))
        return data


class ApproveForm(StepForm):
    remark = forms.CharField(label=_("Remark"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields.pop("happened_on", None)


class PayForm(StepForm):
    """Voucher number and date."""

    voucher_number = forms.CharField(label=_("payment voucher number"), max_length=40)


class ClosingForm(CleanModelForm):
    class Meta:
        model = Closing
        fields = ["summary", "satisfaction", "recipients_opinion"]
        widgets = {"summary": forms.Textarea(attrs={"rows": 8}), "recipients_opinion": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "satisfaction": _("Percent of the people asked who are satisfied."),
            "recipients_opinion": _("What the people served say (实施条例 第45条)."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False
        self.fields["satisfaction"].widget.attrs |= {"min": 0, "max": 100}

    def clean_satisfaction(self):
        value = self.cleaned_data["satisfaction"]
        if value is not None and not 0 <= value <= 100:
            raise forms.ValidationError(_("Satisfaction is between 0 and 100 %."), code="percent")
        return value

    def _post_clean(self):
        """The verb saves; the instance stays untouched."""


class OpinionForm(StepForm):
    community_opinion = forms.CharField(label=_("community's opinion"), max_length=300, widget=forms.Textarea(attrs={"rows": 4}))


class AcceptForm(StepForm):
    """The signed acceptance paper."""

    acceptors = forms.CharField(label=_("members of the acceptance group"), max_length=200, help_text=_("Everybody who signed; for public services also people served."))
    conclusion = forms.CharField(label=_("conclusion of the acceptance"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    community_opinion = forms.CharField(label=_("community's opinion"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
    scan = UploadField(label=_("Signed acceptance paper (scan)"), kinds=filetypes.SCANS, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("community_opinion", self.subject.community_opinion)
