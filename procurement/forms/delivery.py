"""Forms of activities and cost vouchers."""

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from kernel import clock, filetypes
from kernel.cleaning import CleanForm, CleanModelForm
from kernel.forms import StepForm
from kernel.money import MoneyField
from kernel.upload import UploadField, UploadsField
from procurement.models import Activity, CostVoucher, SignIn

CAUSES = Activity._meta.get_field("cancel_cause").choices


class ConfirmForm(StepForm):
    planned_on = forms.DateField(label=_("date"))
    location = forms.CharField(label=_("where"), max_length=80)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial |= {"planned_on": self.subject.planned_on, "location": self.subject.location}
        del self.fields["happened_on"]


class ReportForm(StepForm):
    """Who came and what happened; names may be typed, or only the sheet photographed."""

    held_on = forms.DateField(label=_("took place on"))
    headcount = forms.IntegerField(label=_("people who came"), min_value=0, max_value=100_000, help_text=_("Attendances: everybody who came."))
    distinct_people = forms.IntegerField(label=_("distinct people"), min_value=0, max_value=100_000, required=False, help_text=_("Where you can tell them apart."))
    summary = forms.CharField(label=_("what happened"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    photos = UploadsField(label=_("Photos"), kinds=filetypes.IMAGES, required=False)
    sheet = UploadField(label=_("Sign-in sheet (photo or scan)"), kinds=filetypes.SCANS, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("held_on", self.subject.held_on or min(self.subject.planned_on, clock.today()))

    def clean_held_on(self):
        day = self.cleaned_data["held_on"]
        if day > clock.today():
            raise forms.ValidationError(_("An activity that lies in the future cannot be reported."), code="future")
        return day

    def extra_formsets(self):
        return {"sign_ins": SignInFormSet(self.data if self.is_bound else None, prefix="people")}


class SignInForm(CleanForm):
    name = forms.CharField(label=_("person's name"), max_length=40)
    phone = forms.CharField(label=_("telephone"), max_length=20, required=False)
    kind = forms.ChoiceField(label=_("signed by"), choices=SignIn.KINDS, required=False)

    def has_changed(self):
        """A row in which only the kind was chosen is empty."""
        return bool({"name", "phone"} & set(self.changed_data))


SignInFormSet = formset_factory(SignInForm, extra=3, max_num=500)


class AnswerForm(StepForm):
    """The community's word; the big buttons are the choice."""

    answer = forms.ChoiceField(label=_("the community says"), choices=Activity._meta.get_field("community_answer").choices, widget=forms.RadioSelect)
    remark = forms.CharField(label=_("remark"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class PostponeForm(StepForm):
    planned_on = forms.DateField(label=_("new date"))
    cause = forms.ChoiceField(label=_("cause"), choices=CAUSES)


class ReplaceForm(StepForm):
    title = forms.CharField(label=_("activity"), max_length=80)
    planned_on = forms.DateField(label=_("date"))
    location = forms.CharField(label=_("where"), max_length=80)
    planned_headcount = forms.IntegerField(label=_("people expected"), min_value=1, max_value=100_000)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        row = self.subject
        self.initial |= {"title": row.title, "planned_on": row.planned_on, "location": row.location, "planned_headcount": row.planned_headcount}


class CancelForm(StepForm):
    cause = forms.ChoiceField(label=_("cause"), choices=CAUSES)
    proven_cost = MoneyField(_("proven cost that cannot be recovered (yuan)")).formfield(required=False, help_text=_("Only for weather or the purchaser; entered by the handler."))


class VoucherForm(CleanModelForm):
    """One supplier invoice, receipt or labour-fee sheet."""

    scan = UploadField(label=_("Picture or scan"), kinds=filetypes.SCANS, required=False)

    class Meta:
        model = CostVoucher
        fields = ["kind", "number", "supplier", "spent_on", "amount", "purpose", "line", "activity"]

    def __init__(self, *args, contract, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["line"].queryset = contract.project.lines.all()
        self.fields["line"].label_from_instance = lambda line: _("{name} (budget {amount}, spent {spent})").format(name=line.name, amount=f"{line.amount:,.2f}", spent=f"{line.spent:,.2f}")
        self.fields["line"].required = contract.settlement == "actual_cost"
        self.fields["activity"].queryset = contract.activities.exclude(status="cancelled")

    def clean_spent_on(self):
        day = self.cleaned_data["spent_on"]
        if day > clock.today():
            raise forms.ValidationError(_("The voucher is dated in the future."), code="future")
        return day

    def _post_clean(self):
        """The verb saves; the instance stays untouched."""


class VoidForm(CleanForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
