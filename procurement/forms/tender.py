"""Forms of purchases: draft, scoring items, publication, clarification, award, outside facts, direct choice."""

import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.cleaning import CleanForm, CleanMixin, CleanModelForm
from kernel.forms import StepForm
from kernel.lifecycle import Refusal
from kernel.money import MoneyField, yuan
from kernel.upload import UploadField
from procurement import drafting, methods
from procurement.criteria import read_scale
from procurement.forms.cautions import add_cautions, with_answers
from procurement.models import Lot, Project, ScoreItem, Tender
from providers.models import Organization


def verified_organizations():
    return Organization.objects.filter(status="verified").order_by("sort_key")


class TenderForm(CleanModelForm):
    """The draft of a purchase. Projects and method are asked only when it begins."""

    projects = forms.ModelMultipleChoiceField(Project.objects.none(), label=_("Approved projects"), widget=forms.CheckboxSelectMultiple, help_text=_("Several projects become lots of one purchase."))

    class Meta:
        model = Tender
        fields = [
            "title", "method", "method_case", "method_reason", "ranking", "plan_number", "intention_on", "venue", "external_platform", "external_url", "agency", "requirements",
            "qualification", "contract_terms", "contact", "price_weight", "max_lots_won", "validity_days", "allows_consortium", "allows_subcontract",
        ]  # fmt: skip
        widgets = {
            "requirements": forms.Textarea(attrs={"rows": 8}), "qualification": forms.Textarea(attrs={"rows": 4}), "contract_terms": forms.Textarea(attrs={"rows": 4}),
            "method_reason": forms.Textarea(attrs={"rows": 2}),
        }  # fmt: skip

    def __init__(self, *args, projects=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["requirements"].required = False
        self.fields["contact"].required = False
        self.fields["title"].required = False
        self.fields["method_case"] = forms.ChoiceField(label=_("Lawful case"), required=False, choices=case_choices(self.instance if projects is None else None), widget=forms.Select(attrs={"data-groups-by": "method"}))
        self.fields["ranking"].choices = [("", _("as the method usually does")), *Tender.RANKINGS]
        self.fields["ranking"].required = False
        if projects is None:
            del self.fields["projects"], self.fields["method"]
            method = methods.get(self.instance.method)
            if len(method.ranking) < 2 or not self.instance.is_statutory:
                del self.fields["ranking"]
            else:
                self.fields["ranking"].choices = [(key, label) for key, label in Tender.RANKINGS if key in method.ranking]
                self.initial["ranking"] = self.initial.get("ranking") or method.ranking[0]
            if not method.cases:
                del self.fields["method_case"]
            if not self.instance.has_lots:
                del self.fields["max_lots_won"]
            if not self.instance.is_statutory:
                for name in ("plan_number", "intention_on", "validity_days", "allows_consortium", "allows_subcontract"):
                    del self.fields[name]
        else:
            self.fields["projects"].queryset = projects
            del self.fields["ranking"]
            self.order_fields(["projects", "method", "method_case", "method_reason", "plan_number", "intention_on"])
            self.fields["method"].initial = "consultation"
            for name in ("title", "requirements"):
                self.fields[name].help_text = _("Left empty, it is taken from the project.")
            for name in ("max_lots_won", "external_platform", "external_url", "agency", "venue", "contract_terms", "price_weight", "validity_days", "allows_consortium", "allows_subcontract"):
                del self.fields[name]


def case_choices(tender=None):
    """The lawful cases of a purchase's method, or of all methods, each under its method's name."""
    labels = dict(Tender.METHODS)
    rows = [methods.get(tender.method)] if tender else [methods.get(code) for code in labels]
    groups = [(labels[method.code], [(case.code, f"{case.label}（{case.article}）") for case in method.cases]) for method in rows if method.cases]
    return [("", "—"), *(groups[0][1] if tender and groups else groups)]


ITEM_FIELDS = ("number", "kind", "name", "standard", "points", "scale", "legal_basis")


class ScoreItemForm(CleanMixin, forms.ModelForm):
    class Meta:
        model = ScoreItem
        fields = ITEM_FIELDS
        widgets = {
            "standard": forms.Textarea(attrs={"rows": 2}), "number": forms.TextInput(attrs={"placeholder": "2.1"}),
            "scale": forms.TextInput(attrs={"placeholder": "优 31-40；良 21-30"}),
        }  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["standard"].required = self.fields["points"].required = False
        self.fields["points"].label = _("Points")

    def clean(self):
        data = super().clean()
        if data.get("name") and data.get("kind") != "group" and data.get("points") is None:
            self.add_error("points", _("Say how many points it is worth; only a group has none of its own."))
        try:
            read_scale(data.get("scale"))
        except Refusal as refusal:
            self.add_error("scale", str(refusal))
        return data


class ItemFormSet(forms.BaseFormSet):
    title = _("Scoring items (100 points in all)")
    total = "points"

    def rows(self):
        """Clean rows for create_tender and edit."""
        return [form.cleaned_data for form in self.forms if form.cleaned_data.get("name") and not form.cleaned_data.get("DELETE")]


STANDARD_ITEMS = (
    {"kind": "price", "name": "报价", "standard": "评审基准价÷评审价×价格分值", "points": 20},
    {"kind": "subjective", "name": "服务方案", "standard": "方案完整、针对性强、可操作的得满分，其余酌情给分", "points": 45},
    {"kind": "subjective", "name": "人员安排", "standard": "项目负责人和服务人员配备合理", "points": 20},
    {"kind": "objective", "name": "同类项目经验", "standard": "近三年每提供一份同类服务合同得5分，满分15分", "points": 15},
)


def item_formset(data=None, initial=None):
    """The scoring items as a table; a new purchase starts from the usual four."""
    made = forms.formset_factory(ScoreItemForm, formset=ItemFormSet, extra=0 if initial else 1, can_delete=True, max_num=40)
    return made(data, initial=initial, prefix="items")


class PublishForm(StepForm):
    """Deadline and document supply, proposed as early as the law allows."""

    template_name_page = "procurement/publish.html"
    deadline = forms.DateTimeField(label=_("Deadline for responses"))
    documents_until = forms.DateField(label=_("Documents available until"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        from procurement.timetable import timetable

        self.plan = timetable(self.subject)
        self.warnings = add_cautions(self, drafting.unanswered(self.subject))
        self.fields["deadline"].initial = self.plan.moment
        self.fields["documents_until"].initial = self.plan.documents_until.date
        self.fields["deadline"].help_text = _("Earliest lawful day: {day} ({article})").format(day=self.plan.deadline, article=self.plan.deadline.article)
        if self.subject.venue == "internal":
            del self.fields["happened_on"]

    def arguments(self):
        return with_answers(super().arguments())


class ClarifyForm(StepForm):
    back_dating_needs_reason = False
    text = forms.CharField(label=_("Text of the clarification"), widget=forms.Textarea(attrs={"rows": 5}), max_length=3000)
    affects_bids = forms.BooleanField(label=_("It can affect how responses are written"), required=False, initial=True)
    deadline = forms.DateTimeField(label=_("New deadline, if later"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields.pop("happened_on", None)


class PostponeForm(StepForm):
    opens_at = forms.DateTimeField(label=_("New time of the opening"))


class CandidateForm(CleanForm):
    lot = forms.ModelChoiceField(Lot.objects.none(), label=_("Lot"))
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Candidate"))
    price = MoneyField().formfield(label=_("Price"))
    score = forms.DecimalField(label=_("Score"), max_digits=6, decimal_places=2, min_value=0, required=False)
    rank = forms.IntegerField(label=_("Rank"), min_value=1, required=False)

    def __init__(self, *args, tender, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = verified_organizations()
        self.fields["lot"].queryset = tender.lots.all()
        self.fields["lot"].initial = tender.lots.first()
        if not tender.has_lots:
            del self.fields["lot"]


class ExternalForm(StepForm):
    """Facts of the other platform; the report's date starts the next clocks."""

    opened_on = forms.DateField(label=_("Opened on"))
    back_dating_needs_reason = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["happened_on"].label = _("Date of the evaluation report")

    def extra_formsets(self):
        made = forms.formset_factory(CandidateForm, extra=3, max_num=20)
        made.title = _("Candidates")
        return {"candidates": made(self.data if self.is_bound else None, prefix="candidates", form_kwargs={"tender": self.subject})}


class AwardForm(StepForm):
    """Which candidate; the first one unless a reason is written."""

    bid = forms.ModelChoiceField(None, label=_("Candidate"), widget=forms.RadioSelect, empty_label=None)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        from procurement.lifecycle.award import candidates

        found = candidates(self.subject)
        self.fields["bid"].queryset = found
        self.fields["bid"].initial = found.first()
        self.fields["bid"].label_from_instance = lambda bid: f"{bid.rank}. {bid.organization} · {bid.amount:,.2f}" + (f" · {bid.score}" if bid.score is not None else "")


class HoldForm(CleanForm):
    note = forms.CharField(label=_("What the challenge says"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class QuoteRowForm(CleanForm):
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Provider asked"))
    price = MoneyField().formfield(label=_("Quote"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = verified_organizations()


def quote_formset(data=None, count=3):
    made = forms.formset_factory(QuoteRowForm, extra=count, max_num=12)
    made.title = _("Quotes, the chosen one included")
    return made(data, prefix="quotes")


class ChooseForm(CleanForm):
    """One form from the approved project to its provider."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Provider"))
    amount = MoneyField().formfield(label=_("Agreed amount"))
    reason = forms.CharField(label=_("Why this provider"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    happened_on = forms.DateField(label=_("Decided on"), initial=clock.today)
    proof = UploadField(label=_("Quotes or minutes, scanned"), required=False)
    no_tie = forms.BooleanField(
        label=_("I have no tie to this provider: no employment, post or shares within three years, no relative who heads it"),
        error_messages={"required": _("With a tie to the provider a colleague makes the choice (实施条例 第9条).")},
    )

    def __init__(self, *args, project, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = verified_organizations()
        self.fields["amount"].initial = yuan(project.ceiling or project.budget_total)
        if project.way == "intended" and project.intended_id:
            self.fields["organization"].queryset = Organization.objects.filter(pk=project.intended_id)
            self.fields["organization"].initial = project.intended
            self.fields["reason"].initial = project.intended_reason

    def clean_happened_on(self):
        day = self.cleaned_data["happened_on"]
        if day > clock.today():
            raise forms.ValidationError(_("The date it happened lies in the future."))
        return day


class QuotesWindowForm(CleanForm):
    """The window of one round; whether it is the last is asked only where the documents allow several."""

    until = forms.DateTimeField(label=_("Final quotes until"))
    last = forms.BooleanField(label=_("This is the last round"), required=False)

    def __init__(self, *args, rounds=1, **kwargs):
        super().__init__(*args, **kwargs)
        if rounds < 2:
            del self.fields["last"]
        self.fields["until"].initial = clock.now() + datetime.timedelta(hours=2)


