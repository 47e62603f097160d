"""What people declare and record beside a purchase: ties, recordings, inquiries."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.cleaning import CleanForm, CleanModelForm
from kernel.forms import StepForm
from procurement.models import Inquiry, Recording


class DeclareForm(CleanForm):
    """Three ticks; what is left open is explained."""

    no_post = forms.BooleanField(label=_("For three years I have had no employment with a supplier of this purchase, no post as its director or supervisor, and no shares in it"), required=False)
    no_kin = forms.BooleanField(label=_("No spouse, relative by blood or near relative by marriage of mine heads or controls a supplier of this purchase"), required=False)
    no_other = forms.BooleanField(label=_("Nothing else stands between me and a supplier of this purchase"), required=False)
    ties = forms.CharField(label=_("If you left one open: what stands between"), max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class RecordingForm(CleanModelForm):
    class Meta:
        model = Recording
        fields = ["stage", "made_on", "place", "sha256", "keeper"]

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["keeper"].queryset = people
        self.fields["made_on"].initial = clock.today

    def clean_made_on(self):
        day = self.cleaned_data["made_on"]
        if day > clock.today():
            raise forms.ValidationError(_("The date it happened lies in the future."))
        return day

    def clean_sha256(self):
        text = self.cleaned_data["sha256"].strip().lower()
        if text and (len(text) != 64 or set(text) - set("0123456789abcdef")):
            raise forms.ValidationError(_("A SHA-256 digest has 64 signs of 0-9 and a-f."))
        return text


class AskForm(CleanModelForm):
    """An inquiry from anybody."""

    class Meta:
        model = Inquiry
        fields = ["asker", "contact", "question"]
        widgets = {"question": forms.Textarea(attrs={"rows": 5})}


class RecordInquiryForm(AskForm):
    """An inquiry asked on paper or by word of mouth, entered by the handler."""

    class Meta(AskForm.Meta):
        fields = ["way", "received_on", "asker", "contact", "question"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["way"].choices = [pair for pair in Inquiry.WAYS if pair[0] != "online"]
        self.fields["received_on"].initial, self.fields["received_on"].label = clock.today, _("Received on")

    def clean_received_on(self):
        day = self.cleaned_data["received_on"]
        if day > clock.today():
            raise forms.ValidationError(_("The date it happened lies in the future."))
        return day


class AnswerInquiryForm(StepForm):
    answer = forms.CharField(label=_("Answer"), max_length=3000, widget=forms.Textarea(attrs={"rows": 6}), help_text=_("Name no other supplier, no business secret and nobody of the panel."))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.order_fields(["answer", "happened_on", "reason"])


class FindInquiryForm(CleanForm):
    code = forms.CharField(label=_("Code of the inquiry"), max_length=20)


