"""What recording a meeting asks."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, filetypes
from kernel.cleaning import CleanForm
from kernel.forms import StepForm
from kernel.models import User
from kernel.money import LARGEST
from kernel.upload import UploadField
from procurement.lifecycle.convening import open_to
from procurement.models import GateRun, MeetingItem, MeetingVote


class _Sitting(CleanForm):
    """What calling and recording a meeting both ask."""

    number = forms.CharField(label=_("Meeting number"), max_length=40, help_text=_("As on the minutes, e.g. 工委会〔2026〕8号."))
    title = forms.CharField(label=_("Title"), max_length=80)
    held_on = forms.DateField(label=_("Held on"))
    begins_at = forms.TimeField(label=_("Begins at"), required=False)
    location = forms.CharField(label=pgettext_lazy("meeting", "Where"), max_length=80, required=False)
    chair = forms.ModelChoiceField(label=_("Chaired by"), queryset=User.objects.none(), required=False)

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["chair"].queryset = people
        self.fields["chair"].label_from_instance = named


def named(user):
    return f"{user.name} {user.title}".strip()


class ConveneForm(_Sitting):
    runs = forms.ModelMultipleChoiceField(label=_("Agenda"), queryset=GateRun.objects.none(), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args, runs, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["held_on"].label = _("Planned on")
        self.fields["runs"].queryset = runs
        self.fields["runs"].label_from_instance = lambda run: f"{run.project} · {run.project.place} · {run.project.budget_total:,.2f}"

    def clean_held_on(self):
        day = self.cleaned_data["held_on"]
        if day < clock.today():
            raise forms.ValidationError(_("This day has passed. Record the meeting instead: it was held already."))
        return day


class MeetingForm(_Sitting):
    attendees = forms.ModelMultipleChoiceField(label=_("Present"), queryset=User.objects.none(), widget=forms.CheckboxSelectMultiple)
    others_present = forms.CharField(label=_("Others present"), max_length=200, required=False, help_text=_("People without an account, e.g. the discipline observer."))
    minutes = UploadField(label=_("Signed minutes"), kinds=filetypes.SCANS, required=False)

    def __init__(self, *args, people, members=(), **kwargs):
        super().__init__(*args, people=people, **kwargs)
        self.fields["attendees"].queryset = people
        self.fields["attendees"].label_from_instance = lambda user: str(_("{name} (member)")).format(name=named(user)) if user.pk in members else named(user)
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
    recused = forms.ModelMultipleChoiceField(label=_("Stepped aside"), queryset=User.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)
    votes_for = forms.IntegerField(label=_("Votes for"), required=False, min_value=0, max_value=200)
    votes_against = forms.IntegerField(label=_("Votes against"), required=False, min_value=0, max_value=200)
    abstained = forms.IntegerField(label=_("Abstained"), required=False, min_value=0, max_value=200)

    def __init__(self, *args, run, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.run = run
        self.fields["recused"].queryset = people
        self.fields["recused"].label_from_instance = named

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


class VoteForm(StepForm):
    """A member's voice to each item of the agenda; items the member is concerned with are shown, not asked."""

    template_name_page = "procurement/meeting_vote.html"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.agenda = open_to(self.subject, self.actor)
        said = {vote.item_id: vote for vote in MeetingVote.objects.filter(item__meeting=self.subject, user=self.actor)}
        for item, why in self.agenda:
            if why is None:
                before = said.get(item.pk)
                self.fields[f"choice_{item.pk}"] = forms.ChoiceField(label=_("Vote"), choices=MeetingVote.CHOICES, required=False, widget=forms.RadioSelect, initial=before.choice if before else None)
                self.fields[f"remark_{item.pk}"] = forms.CharField(label=_("Remark"), max_length=300, required=False, initial=before.remark if before else "")

    @property
    def rows(self):
        """(item, why not or None, choice field, remark field) of the agenda."""
        return [(item, why, None, None) if why else (item, None, self[f"choice_{item.pk}"], self[f"remark_{item.pk}"]) for item, why in self.agenda]

    def arguments(self):
        data = self.cleaned_data
        return {"votes": {item.pk: (data.get(f"choice_{item.pk}"), data.get(f"remark_{item.pk}", "")) for item, why in self.agenda if why is None}}
