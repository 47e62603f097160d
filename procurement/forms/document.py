"""Forms of purchase documents: a chapter, a street's own template, a question and its answer."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from kernel.cleaning import CleanForm
from kernel.forms import StepForm
from procurement import placeholders, tender_papers
from procurement.tender_facts import READ, TABLES
from providers.models import Organization


def text_field(label, **more):
    return forms.CharField(label=label, max_length=tender_papers.LONGEST, widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false"}), **more)


def check_names(text):
    """Raises ValidationError for a text that names something unknown."""
    if refusal := placeholders.objection(text, READ, TABLES):
        raise forms.ValidationError(str(refusal))
    return text


class ChapterForm(CleanForm):
    """One chapter of a purchase's documents as it is edited, with its {{names}}."""

    text = text_field(_("Text of the chapter"), help_text=_("One paragraph a line. A line that begins with “# ” is a heading, one that begins with “|” a row of a table. Names in double braces are filled from the purchase."))
    seen = forms.CharField(widget=forms.HiddenInput(), max_length=64, required=False)

    def clean_text(self):
        return check_names(self.cleaned_data["text"])


class TemplateForm(CleanForm):
    """A street's own text for one method, chapter by chapter."""

    valid_from = forms.DateField(label=_("valid from"), initial=clock.today, help_text=_("What is already under way keeps the settings it started with."))

    def __init__(self, *args, chapters, **kwargs):
        super().__init__(*args, **kwargs)
        self.chapters = chapters
        for row in chapters:
            self.fields[f"title_{row['key']}"] = forms.CharField(label=_("Heading of the chapter"), max_length=60, initial=row["title"])
            self.fields[row["key"]] = text_field(row["title"], initial=row["text"])

    def clean(self):
        data = super().clean()
        for row in self.chapters:
            if row["key"] in data:
                try:
                    check_names(data[row["key"]])
                except forms.ValidationError as error:
                    self.add_error(row["key"], error)
        return data

    def clean_valid_from(self):
        day = self.cleaned_data["valid_from"]
        if day < clock.today():
            raise forms.ValidationError(_("A new version cannot count from a day that has passed."))
        return day

    def written(self):
        """The chapters as they were typed."""
        return [{"key": row["key"], "title": self.cleaned_data[f"title_{row['key']}"], "text": self.cleaned_data[row["key"]].replace("\r\n", "\n").strip()} for row in self.chapters]


class QuestionForm(CleanForm):
    """What a supplier wants to know. Nothing here names it."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=pgettext_lazy("question", "Asked by"), empty_label=None, help_text=_("Only our server knows it, as a code it can't turn back; the purchaser never sees who asks."))
    chapter = forms.ChoiceField(label=_("About"), required=False)
    text = forms.CharField(label=_("Your question"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}), help_text=_("Do not write who you are: question and answer are published to everybody."))

    def __init__(self, *args, organizations, chapters, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations
        self.fields["organization"].initial = organizations.first()
        if organizations.count() == 1:
            self.fields["organization"].widget = forms.HiddenInput()
        self.fields["chapter"].choices = [("", _("the purchase as a whole")), *((row["key"], row["title"]) for row in chapters)]


class AnswerForm(StepForm):
    """The answer, what everybody reads of the question, and whether it can affect responses."""

    back_dating_needs_reason = False
    published_text = forms.CharField(label=_("Question as everybody reads it"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}), help_text=_("Take out names and whatever shows who asked. The question as it was asked stays on file."))
    answer = forms.CharField(label=_("Answer"), max_length=3000, widget=forms.Textarea(attrs={"rows": 6}))
    affects = forms.TypedChoiceField(
        label=_("Can it affect how responses are written?"), choices=[("1", _("yes: it is published as a correction, and the deadline moves where the law wants it")), ("0", _("no: question and answer are published, the deadline stays"))],
        coerce=lambda value: value == "1", widget=forms.RadioSelect,
    )  # fmt: skip
    publish_now = forms.BooleanField(label=_("Publish at once"), required=False, initial=True)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields.pop("happened_on", None)
        self.fields["published_text"].initial = self.subject.published_text or self.subject.text
        self.fields["answer"].initial = self.subject.answer
        if self.subject.affects is not None:
            self.fields["affects"].initial = "1" if self.subject.affects else "0"
