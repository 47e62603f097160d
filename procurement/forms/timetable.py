"""Playing with the dates of a draft: a start, a deadline, or a wish from which the start is counted back."""

import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock, workdays
from kernel.cleaning import CleanForm
from procurement import schedule

AIMS = [("signing", _("contract signed by")), ("service", _("service begins by"))]
FIXED = ("deadline", "opening", "documents_until")


class PlanForm(CleanForm):
    """All fields are optional; what is unlawful stands beside its field with its article, and the timetable then shows the earliest lawful day."""

    start = forms.DateField(label=_("Notice published on"), required=False)
    deadline = forms.DateTimeField(label=_("Deadline for responses"), required=False, help_text=_("Left empty: the earliest lawful day."))
    evaluation = forms.DateField(label=_("Day of the evaluation"), required=False)
    aim = forms.ChoiceField(label=_("Or count backwards"), choices=AIMS, required=False)
    wished = forms.DateField(label=_("Wished date"), required=False)

    def __init__(self, *args, tender, terms, calendar=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.tender, self.terms, self.calendar = tender, terms, calendar or workdays.current()
        self.reachable = True
        self.fields["start"].initial = clock.today()
        self.start, self.choices, self.rows = clock.today(), {}, None

    def clean(self):
        data = super().clean()
        self.start = self._start(data)
        if self.tender.venue == "internal" and self.start < clock.today():
            self.add_error("wished" if data.get("wished") else "start", _("A notice on this platform is published now, not on another day."))
            self.start = clock.today()
        self.choices = {key: data[key] for key in ("deadline", "evaluation") if data.get(key)}
        rows = schedule.by_key(schedule.compute(self.terms, self.start, self.choices, calendar=self.calendar))
        if "deadline" in self.choices and (refusal := schedule.objection_to_deadline(rows["deadline"], self.calendar)):
            self.add_error("deadline", str(refusal))
            del self.choices["deadline"]
        if "evaluation" in self.choices and data["evaluation"] < rows["opening"].date.date:
            self.add_error("evaluation", _("The evaluation can't come before the opening."))
            del self.choices["evaluation"]
        return data

    def _start(self, data):
        """The start given, or the last one from which the wish is reached; an unreachable wish is said and planned from today."""
        wished = data.get("wished")
        if not wished:
            return data.get("start") or clock.today()
        goal = wished - datetime.timedelta(days=1) if data.get("aim") == "service" else wished
        found = schedule.latest_start(self.terms, goal, "signing", self.calendar)
        if found is None or found < clock.today() and self.tender.venue == "internal":
            earliest = schedule.by_key(schedule.compute(self.terms, clock.today(), calendar=self.calendar))["signing"].date
            self.add_error("wished", _("This can't be reached any more: published today, the contract is signed on {day} at the earliest plan.").format(day=earliest))
            self.reachable = False
            return clock.today()
        return found

    @property
    def counted_back(self):
        """The start counted back from a wish, or None."""
        return self.start if self.is_bound and self.is_valid() and self.cleaned_data.get("wished") else None
