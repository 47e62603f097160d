"""Forms of the contract: draft with stages, portions and key people, signing, change of people, termination, amendment."""

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from kernel import filetypes
from kernel.cleaning import CleanForm, CleanModelForm
from kernel.forms import StepForm
from kernel.money import ZERO, MoneyField
from kernel.upload import UploadField
from procurement.models import Contract, Fund, KeyPerson, PaymentStage


class ContractForm(CleanModelForm):
    """The draft. Amount and dates are proposed from the award or project."""

    class Meta:
        model = Contract
        fields = ["title", "number", "amount", "starts_on", "ends_on", "long_term_reason", "kind", "settlement", "check_days", "deliverables", "terms", "departure_reason"]
        widgets = {"deliverables": forms.Textarea(attrs={"rows": 6}), "terms": forms.Textarea(attrs={"rows": 4}), "departure_reason": forms.Textarea(attrs={"rows": 2})}
        help_texts = {
            "number": _("Leave it empty for a number of this platform."),
            "long_term_reason": _("Only for a term of more than one year: fixed content, steady money, little change in price (102号令 第24条)."),
            "check_days": _("How long the third party has for its check, from complete evidence; the payment's due date never moves."),
            "departure_reason": _("Only where people, stages or lines are other than offered: which cause, and why nothing of substance changes."),
        }

    def __init__(self, *args, most=None, offered=True, **kwargs):
        super().__init__(*args, **kwargs)
        if not offered:
            del self.fields["departure_reason"]
        self.most = most
        self.fields["number"].required = False
        self.fields["number"].max_length = 24
        if most is not None:
            self.fields["amount"].help_text = _("At most {amount} yuan.").format(amount=f"{most:,.2f}")

    def clean_amount(self):
        amount = self.cleaned_data["amount"]
        if amount <= 0:
            raise forms.ValidationError(_("A contract needs an amount above zero."), code="zero")
        if self.most is not None and amount > self.most:
            raise forms.ValidationError(_("The contract may not be higher than {amount} yuan, the amount awarded.").format(amount=f"{self.most:,.2f}"), code="over_award")
        return amount

    def clean(self):
        data = super().clean()
        start, end = data.get("starts_on"), data.get("ends_on")
        if start and end and end < start:
            self.add_error("ends_on", _("The contract ends before it begins."))
        return data

    def _post_clean(self):
        """What the draft says is checked by its verbs; the instance is not touched here."""


class StageForm(CleanForm):
    name = forms.CharField(label=_("stage"), max_length=60)
    percent = forms.DecimalField(label=_("percent"), min_value=0, max_value=100, max_digits=5, decimal_places=2)
    condition = forms.ChoiceField(label=_("condition"), choices=PaymentStage.CONDITIONS)
    condition_date = forms.DateField(label=_("date"), required=False)

    def clean(self):
        data = super().clean()
        if data.get("condition") == "date" and not data.get("condition_date"):
            self.add_error("condition_date", _("Enter the date."))
        return data


class BaseStageFormSet(forms.BaseFormSet):
    def clean(self):
        if any(self.errors):
            return
        rows = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        total = sum((row["percent"] for row in rows), ZERO)
        if total != 100:
            raise forms.ValidationError(_("The shares add up to {total} %; they must be 100 %.").format(total=total.normalize() if total else 0), code="sum")


class PortionForm(CleanForm):
    fund = forms.ModelChoiceField(Fund.objects.none(), label=_("fund"))
    amount = MoneyField(_("amount")).formfield()

    def __init__(self, *args, funds=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["fund"].queryset = funds if funds is not None else Fund.objects.none()


class KeyPersonForm(CleanForm):
    name = forms.CharField(label=_("person's name"), max_length=40)
    duty = forms.CharField(label=_("duty"), max_length=60)
    qualification = forms.CharField(label=_("qualification"), max_length=80, required=False)
    phone = forms.CharField(label=_("telephone"), max_length=20, required=False)


StageFormSet = formset_factory(StageForm, formset=BaseStageFormSet, extra=0, min_num=1, max_num=12, validate_min=True, can_delete=True)
PortionFormSet = formset_factory(PortionForm, extra=0, min_num=1, max_num=12, can_delete=True)
KeyPersonFormSet = formset_factory(KeyPersonForm, extra=1, max_num=20, can_delete=True)


class SignForm(StepForm):
    """The paper's date and its scan."""

    scan = UploadField(label=_("Signed contract (scan)"), kinds=filetypes.SCANS, required=False)


class ReplacePersonForm(StepForm):
    person = forms.ModelChoiceField(KeyPerson.objects.none(), label=_("who leaves"))
    name = forms.CharField(label=_("successor"), max_length=40)
    qualification = forms.CharField(label=_("qualification"), max_length=80, required=False)
    phone = forms.CharField(label=_("telephone"), max_length=20, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = self.subject.key_people.filter(left_on=None)


class TerminateForm(StepForm):
    owed = MoneyField(_("still owed for proven work (yuan)")).formfield(required=False, help_text=_("Goes to the open stages in turn; the rest of the money is free again."))


class AmendmentForm(CleanForm):
    """What changes and what it adds."""

    subject_matter = forms.CharField(label=_("what changes"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    delta = MoneyField(_("added amount")).formfield(required=False, initial=ZERO)
