"""What is asked before a purchase: survey, intention, reviews, the approval to leave the open tender, the document behind an exception."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock, filetypes
from kernel.cleaning import CleanForm
from kernel.money import LARGEST
from kernel.upload import UploadField
from procurement.lifecycle.review import NEEDED, people_for
from procurement.models import DocumentReview, MarketSurvey, ReviewPart, SurveyAnswer


class PastDayMixin:
    """Days on paper lie not in the future."""

    past = ()

    def clean(self):
        data = super().clean()
        for name in self.past:
            if (day := data.get(name)) and day > clock.today():
                self.add_error(name, _("The date it happened lies in the future."))
        return data


class SurveyForm(PastDayMixin, CleanForm):
    past = ("held_on",)
    title = forms.CharField(label=_("What was asked about"), max_length=120)
    held_on = forms.DateField(label=_("Finished on"), initial=clock.today)
    result = forms.CharField(label=_("What came out: supply, price, risks"), max_length=3000, widget=forms.Textarea(attrs={"rows": 4}))
    fewer_reason = forms.CharField(label=_("Why fewer were asked"), max_length=300, required=False, help_text=_("Only when fewer than the rule's number were asked."))
    file = UploadField(label=_("Record of the survey"), required=False)


class AnswerForm(CleanForm):
    name = forms.CharField(label=_("Market body"), max_length=80)
    way = forms.ChoiceField(label=_("How it was asked"), choices=SurveyAnswer._meta.get_field("way").choices, initial="written")
    supply = forms.CharField(label=_("What it can supply"), max_length=300)
    price = forms.DecimalField(label=_("Price named (yuan)"), min_value=0, max_value=LARGEST, max_digits=13, decimal_places=2, required=False)

    def has_changed(self):
        return bool(set(self.changed_data) - {"way"})


def answer_formset(data=None, count=3):
    made = forms.formset_factory(AnswerForm, extra=count, max_num=30, validate_max=True)
    made.title = _("Market bodies asked")
    return made(data, prefix="answers")


class ReuseForm(CleanForm):
    """A survey of the last year for the same item."""

    survey = forms.ModelChoiceField(MarketSurvey.objects.none(), label=_("Survey of the last year"), empty_label=None, widget=forms.RadioSelect)

    def __init__(self, *args, rows, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["survey"].queryset = MarketSurvey.objects.filter(pk__in=[row.pk for row in rows])


class IntentionForm(PastDayMixin, CleanForm):
    past = ("published_on",)
    title = forms.CharField(label=_("Project name"), max_length=80)
    summary = forms.CharField(label=_("Outline of the need"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    budget = forms.DecimalField(label=_("Budget (yuan)"), min_value=0, max_value=LARGEST, max_digits=13, decimal_places=2)
    month = forms.DateField(label=_("Purchase expected in"), help_text=_("Any day of the month; it is published to the month."))
    note = forms.CharField(label=_("Note"), max_length=200, required=False)
    published_on = forms.DateField(label=_("Published on"), required=False, help_text=_("Today, or the earlier day it was published elsewhere."))
    urgent_reason = forms.CharField(
        label=_("Unforeseeable and urgent, because"), max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Filled in, nothing is published and this reason stays on file.")
    )


class IntentionCorrectionForm(CleanForm):
    """The right values, filled with what was published."""

    title, summary, budget, month, note = (IntentionForm.base_fields[name] for name in ("title", "summary", "budget", "month", "note"))
    reason = forms.CharField(label=_("Why it is corrected"), max_length=600, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("It is published with the correction."))


class ReviewForm(PastDayMixin, CleanForm):
    past = ("reviewed_on",)
    kind = forms.ChoiceField(label=_("Kind of review"), choices=DocumentReview.KINDS, widget=forms.RadioSelect)
    reviewed_on = forms.DateField(label=_("Reviewed on"), initial=clock.today)
    agreed = forms.TypedChoiceField(label=_("Result"), choices=[("1", _("agreed")), ("0", _("not agreed"))], coerce=lambda value: value == "1", initial="1")
    opinion = forms.CharField(label=_("Opinion"), max_length=3000, widget=forms.Textarea(attrs={"rows": 3}))
    risks = forms.CharField(label=_("Risks and how they are met"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("For the key review."))
    outside_name = forms.CharField(label=_("Lawyer from outside"), max_length=60, required=False)
    outside_firm = forms.CharField(label=_("Law firm"), max_length=80, required=False)
    outside_licence = forms.CharField(label=_("Licence number of the lawyer"), max_length=40, required=False)
    file = UploadField(label=_("Signed opinion, scanned"), kinds=filetypes.SCANS)

    def __init__(self, *args, tender, **kwargs):
        super().__init__(*args, **kwargs)
        for part, label in ReviewPart.PARTS:
            self.fields[f"part_{part}"] = forms.ModelChoiceField(people_for(part, tender).order_by("name", "pk"), label=label, required=False, empty_label="—")
            self.fields[f"part_{part}"].label_from_instance = lambda user: user.name
        self.fields["part_legal"].help_text = _("For the legal review. Without a legal adviser in the house, name the lawyer from outside below and add the signed opinion.")
        self.order_fields(["kind", "part_legal", "outside_name", "outside_firm", "outside_licence", *(f"part_{part}" for part, _label in ReviewPart.PARTS)])

    def clean(self):
        data = super().clean()
        for part in NEEDED.get(data.get("kind"), ()):
            if part == "legal" and data.get("outside_name"):
                continue
            if not data.get(f"part_{part}") and f"part_{part}" not in self.errors:
                self.add_error(f"part_{part}", _("Somebody of each side takes part."))
        return data

    def arguments(self):
        data = dict(self.cleaned_data)
        parts = {part: data.pop(f"part_{part}") for part, _label in ReviewPart.PARTS}
        outside = {name: data.pop(f"outside_{name}") for name in ("name", "firm", "licence")}
        return {**data, "parts": {part: user for part, user in parts.items() if user}, "outside": outside}


class ApprovalForm(CleanForm):
    number = forms.CharField(label=_("Number of the approval"), max_length=80)
    file = UploadField(label=_("The approval, scanned"), kinds=filetypes.SCANS)


class ExceptionForm(CleanForm):
    document = forms.CharField(label=_("Document number"), max_length=80, help_text=_("Adjustment of the budget, or approval of another method."))
    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    file = UploadField(label=_("The document, scanned"), kinds=filetypes.SCANS)
