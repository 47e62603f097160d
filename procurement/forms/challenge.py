"""What filing, answering and deciding challenges and complaints ask."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.cleaning import CleanForm
from kernel.forms import StepForm
from kernel.upload import UploadField, UploadsField
from procurement.models import Challenge, Complaint
from procurement.models.challenge import ORDERS


def _text(label, limit, **more):
    return forms.CharField(label=label, max_length=limit, widget=forms.Textarea(attrs={"rows": more.pop("rows", 4)}), **more)


class GroundsForm(CleanForm):
    """Facts, request, legal basis and evidence (财政部令第94号 第12、18条)."""

    facts = _text(_("Facts and grounds"), 4000, help_text=_("What happened and which right of yours it harms. Put all grounds against this step here: a second challenge to it is not taken."))
    request = _text(_("Request"), 2000, rows=2, help_text=_("What you ask for."))
    legal_basis = forms.CharField(label=_("Legal basis"), max_length=500)
    attachments = UploadsField(label=_("Evidence"), required=False, max_files=10)


class FileForm(GroundsForm):
    target = forms.ChoiceField(label=_("Against"), widget=forms.RadioSelect)
    lot = forms.ModelChoiceField(None, label=_("Lot"), required=False, empty_label=_("all lots"))
    organization = forms.ModelChoiceField(None, label=_("Challenger"), empty_label=None)
    field_order = ["organization", "target", "lot", "facts", "request", "legal_basis", "attachments"]

    def __init__(self, *args, tender, organizations, windows, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = windows
        self.fields["organization"].queryset = organizations
        self.fields["lot"].queryset = tender.lots.all()
        if not tender.has_lots:
            del self.fields["lot"]


class ComplainForm(GroundsForm):
    within_challenge = forms.BooleanField(label=_("Everything complained about was challenged before."))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["facts"].help_text = _("Only what you challenged; say what is wrong with the answer.")


class PrepareForm(StepForm):
    outcome = forms.ChoiceField(label=_("Conclusion"), choices=Challenge.OUTCOMES, widget=forms.RadioSelect)
    consequence = forms.ChoiceField(label=_("What follows"), choices=Challenge.CONSEQUENCES, initial="none")
    answer = _text(_("Answer"), 6000, rows=8, help_text=_("Answer each ground with facts and law; name no business secret and no member of the panel before the result."))


class ReviewAnswerForm(StepForm):
    stands = forms.TypedChoiceField(
        label=_("Result of the new evaluation"), choices=[("yes", _("the ranking stands")), ("no", _("the ranking does not stand"))], coerce=lambda value: value == "yes", widget=forms.RadioSelect
    )
    answer = _text(_("Reasons"), 4000)


class CorrectForm(StepForm):
    attachment = UploadField(label=_("What was missing"), required=False)


class ReplyForm(StepForm):
    reply = _text(_("Reply"), 6000, rows=8)
    attachment = UploadField(label=_("Evidence"), required=False)


class DecideForm(StepForm):
    outcome = forms.ChoiceField(label=_("Conclusion"), choices=Complaint.OUTCOMES, widget=forms.RadioSelect)
    order = forms.ChoiceField(label=_("What is ordered"), choices=[("", _("nothing")), *ORDERS], required=False)
    document = forms.CharField(label=_("Document number"), max_length=60, help_text=_("As on the decision, e.g. 青财采决〔2026〕3号."))
    decision = _text(_("Decision and reasons"), 6000, rows=8)
