"""The form of a talk: who was there, from when to when, what was said."""

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluation.lifecycle.talks import LONGEST
from kernel.cleaning import CleanForm
from kernel.forms import StepForm

TEXT = forms.Textarea(attrs={"rows": 6})


class TalkForm(CleanForm):
    """`members`: who was to be there; all are ticked until the leader says otherwise."""

    began_at = forms.DateTimeField(label=_("Begun at"))
    ended_at = forms.DateTimeField(label=_("Ended at"))
    present = forms.ModelMultipleChoiceField(None, label=_("Members who were there"), widget=forms.CheckboxSelectMultiple)
    absence = forms.CharField(label=_("Why the others were not"), required=False, max_length=300, help_text=_("All members talk with each supplier together; leave empty when all were there."))
    about = forms.CharField(
        label=_("What was talked about"), max_length=LONGEST, widget=TEXT,
        help_text=_("Needs, technology and service, terms of the contract. If the supplier did not come: when it was asked and how long the panel waited."),
    )  # fmt: skip
    offers = forms.CharField(label=_("What the supplier undertakes or offers differently"), required=False, max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args, members, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["present"].queryset = members
        self.fields["present"].initial = [member.pk for member in members]
        self.fields["present"].label_from_instance = lambda member: str(member.user)


class CorrectTalkForm(TalkForm):
    reason = forms.CharField(label=_("Why the record is corrected"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class ChangeForm(CleanForm):
    """What the talks change, and why; the time to answer is set by who confirms it."""

    requirements = forms.CharField(
        label=_("Changes of technology and service"), required=False, max_length=LONGEST, widget=TEXT,
        help_text=_("Clause by clause: as it stood, as it reads now. Nothing else of the documents may change, the points and the budget least of all."),
    )  # fmt: skip
    contract_terms = forms.CharField(label=_("Changes of the draft contract"), required=False, max_length=LONGEST, widget=TEXT)
    cause = forms.CharField(label=_("Why the terms change"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Read by the purchaser and kept with the report; suppliers do not read it."))


class ConfirmChangeForm(StepForm):
    """To when suppliers hand in anew."""

    until = forms.DateTimeField(label=_("Responses anew until"), help_text=_("By the server's clock. Leave every supplier enough time to change its response, sign and upload it."))
