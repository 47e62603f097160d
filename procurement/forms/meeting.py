"""What recording a meeting asks."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock, filetypes
from kernel.cleaning import CleanForm
from kernel.forms import StepForm
from kernel.models import User
from kernel.money import LARGEST
from kernel.upload import UploadField
from procurement.models import MeetingItem


class MeetingForm(CleanForm):
    number = forms.CharField(label=_("Meeting number"), max_length=40, help_text=_("As on the minutes, e.g. 工委会〔2026〕8号."))
    title = forms.CharField(label=_("Title"), max_length=80)
    held_on = forms.DateField(label=_("Held on"))
    attendees = forms.ModelMultipleChoiceField(label=_("Present"), queryset=User.objects.none(), widget=forms.CheckboxSelectMultiple)
    others_present = forms.CharField(label=_("Others present"), max_length=200, required=False, help_text=_("People without an account, e.g. the discipline observer."))
    minutes = UploadField(label=_("Signed minutes"), kinds=filetypes.SCANS, required=False)

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["attendees"].queryset = people
        self.fields["attendees"].label_from_instance = lambda user: f"{user.name} {user.title}".strip()
        self.fields["held_on"].initial = clock.today()

    def clean_held_on(self):
        day = self.cleaned_data["held_on"]
        if day > clock.today():
            raise forms.ValidationError(_("The meeting lies in the future."))
        return day


class ItemForm(CleanForm):
    """One project waiting for the meeting; left at "not taken" it stays waiting."""

    result = forms.ChoiceField(label=_("Result"), choices=[("", _("not taken in this meeting")), *MeetingItem._meta.get_field("result").choices], required=False)
    cut_to = forms.DecimalField(label=_("Cut to (yuan)"), required=False, min_value=0, max_value=LARGEST, max_digits=13, decimal_places=2)
    remark = forms.CharField(label=_("Remark"), required=False, max_length=300)
    recused = forms.ModelMultipleChoiceField(label=_("Stepped aside"), queryset=User.objects.none(), required=False, widget=forms.SelectMultiple(attrs={"size": 3}))

    def __init__(self, *args, run, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.run = run
        self.fields["recused"].queryset = people

    def clean(self):
        data = super().clean()
        result, amount = data.get("result"), data.get("cut_to")
        if result == "cut" and not (amount and 0 < amount < self.run.project.budget_total):
            self.add_error("cut_to", _("Between zero and the budget of {total} yuan.").format(total=f"{self.run.project.budget_total:,.2f}"))
        if result in ("returned", "rejected") and not data.get("remark"):
            self.add_error("remark", _("Please say why."))
        return data

    def item(self):
        """The row for hold_meeting, or None when the project was not taken."""
        return {"run": self.run, **self.cleaned_data} if self.cleaned_data.get("result") else None


class MinutesForm(StepForm):
    file = UploadField(label=_("Signed minutes"), kinds=filetypes.SCANS)
