"""What the project's screens ask."""

from django import forms
from django.db.models import Q
from django.forms import formset_factory
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from communities.models import Need, Place, Purchaser
from communities.permissions import memberships_of
from kernel import clock
from kernel.cleaning import CleanForm, CleanModelForm
from kernel.files import ROLES
from kernel.forms import StepForm
from kernel.lifecycle import principals_of
from kernel.money import LARGEST
from kernel.upload import UploadField
from procurement.lifecycle.gates import run_for
from procurement.models import CatalogueItem, Fund, Indicator, Project
from procurement.revisions import revised
from providers.models import Organization


def applying_for(user):
    """Communities the person applies for, and purchasers they apply to: (places, purchasers)."""
    places, purchasers = Q(pk__in=[]), Q(pk__in=[])
    for person in principals_of(user):
        for row in memberships_of(person):
            if row.role == "community":
                places |= Q(path__startswith=row.place.path)
                above = [int(part) for part in row.place.path.strip("/").split("/")]
                purchasers |= Q(place__in=above)
            elif row.role == "handler":
                places |= Q(path__startswith=row.purchaser.place.path)
                purchasers |= Q(pk=row.purchaser_id)
    return Place.objects.filter(places, kind="community", closed_on=None), Purchaser.objects.filter(purchasers).select_related("place")


def applies(user):
    """Whether the person applies for any community (or stands in for somebody who does)."""
    return any(row.role in ("community", "handler") for person in principals_of(user) for row in memberships_of(person))


def services(kind):
    """Items of the catalogues in force that may be bought as a service, not mere headings."""
    day = clock.today()
    rows = CatalogueItem.objects.filter(catalogue__kind=kind, catalogue__valid_from__lte=day, nature="service", children=None)
    return rows.exclude(catalogue__valid_to__lt=day)


class ProjectForm(CleanModelForm):
    """The application's facts. A draft may be saved incomplete: what is missing for submitting is listed on the project."""

    needs = forms.ModelMultipleChoiceField(label=_("Needs of the community"), queryset=Need.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)

    declared = forms.BooleanField(
        label=_("I declare: no provider helped to draft this, except those named above"), required=False,
        help_text=_("Needed before it is submitted; kept with your name and the time. Whoever helped may not bid (实施条例第18条)."),
    )  # fmt: skip

    class Meta:
        model = Project
        fields = [
            "title", "place", "purchaser", "fiscal_year", "item", "code", "needs", "goal", "target_group", "headcount", "results", "risks", "starts_on", "ends_on",
            "way", "intended", "intended_reason", "alternatives", "price_comparison", "drafting_help",
        ]  # fmt: skip
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in ("goal", "results", "risks", "intended_reason", "alternatives", "price_comparison")} | {
            "drafting_help": forms.SelectMultiple(attrs={"size": 4}),
            "way": forms.RadioSelect,
        }

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        places, purchasers = applying_for(user)
        if self.instance.pk:
            places, purchasers = places | Place.objects.filter(pk=self.instance.place_id), purchasers | Purchaser.objects.filter(pk=self.instance.purchaser_id)
            self.fields["declared"].initial = self.instance.declared_at is not None
            self.fields["needs"].initial = list(self.instance.needs.values_list("pk", flat=True))
        self.fields["place"].queryset, self.fields["purchaser"].queryset = places, purchasers
        for name in ("place", "purchaser"):
            options = list(self.fields[name].queryset[:2])
            if len(options) == 1:
                self.fields[name].initial = options[0].pk
        if nearest := max(self.fields["purchaser"].queryset, key=lambda unit: len(unit.place.path), default=None):
            self.fields["purchaser"].initial = nearest.pk  # the own street, not a department of the district
        self.fields["needs"].queryset = Need.objects.filter(
            Q(status__in=("confirmed", "published"), place__in=places) | Q(pk__in=self.fields["needs"].initial or [])
        ).select_related("place").order_by("place", "-id")
        self.fields["needs"].label_from_instance = lambda need: f"{need.title}（{need.place}，{need.get_method_display()}）"
        self.fields["needs"].help_text = _("Only confirmed needs: residents were asked and their opinion is on file (条例15条).")
        self.fields["item"].queryset = services("guidance").select_related("parent")
        self.fields["item"].label_from_instance = lambda item: f"{item.category}｜{item.name}" if item.category else item.name
        self.fields["code"].queryset = services("items")
        self.fields["code"].label_from_instance = lambda item: f"{item.code} {item.name}"
        verified = Organization.objects.filter(status="verified").order_by("sort_key")
        self.fields["intended"].queryset = self.fields["drafting_help"].queryset = verified
        self.fields["intended"].help_text = _("Only inside the street's direct-choice band; the gates see reason and alternatives.")
        self.fields["drafting_help"].help_text = _("Who helped draft an open project may not bid (条例18条). People of a provider who edit are added by the system.")
        self.fields["fiscal_year"].initial = clock.today().year
        self.fields["way"].choices = Project.WAYS
        for name in ("goal", "results"):
            self.fields[name].required = False

    def clean_fiscal_year(self):
        year = self.cleaned_data["fiscal_year"]
        if not 2000 <= year <= clock.today().year + 3:
            raise forms.ValidationError(_("Check the year."))
        return year

    def clean(self):
        data = super().clean()
        place, purchaser, starts, ends = (data.get(name) for name in ("place", "purchaser", "starts_on", "ends_on"))
        if place and purchaser and not place.path.startswith(purchaser.place.path):
            self.add_error("purchaser", _("This purchaser does not serve the community."))
        if starts and ends and ends < starts:
            self.add_error("ends_on", _("The project ends before it begins."))
        if place and (strangers := [need for need in data.get("needs") or () if need.place_id != place.pk]):
            self.add_error("needs", _("“{need}” belongs to another community.").format(need=strangers[0]))
        if data.get("way") == "intended" and not data.get("intended"):
            self.add_error("intended", _("Name the intended provider, or choose the open way."))
        return data

    def facts(self):
        """The keyword arguments of draft_project and edit_project."""
        return {name: value for name, value in self.cleaned_data.items()}


class IndicatorRowForm(CleanForm):
    """One measurable result."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Indicator.KINDS)
    name = forms.CharField(label=_("Indicator"), max_length=80)
    target = forms.DecimalField(label=_("Target"), min_value=0, max_digits=12, decimal_places=2)
    unit = forms.CharField(label=_("Unit"), max_length=12)
    how = forms.CharField(label=_("How it is measured"), max_length=120)

    def has_changed(self):
        """A row where only the kind was chosen is an empty row."""
        return bool(set(self.changed_data) - {"kind"})


class BaseIndicators(forms.BaseFormSet):
    title = _("Measurable results")

    def clean(self):
        names = [(row.get("kind"), row["name"]) for row in self.rows()]
        if doubled := next((name for kind, name in names if names.count((kind, name)) > 1), None):
            raise forms.ValidationError(_("The indicator “{name}” stands there twice.").format(name=doubled))

    def rows(self):
        """The rows that stay, as replace_indicators takes them."""
        return [form.cleaned_data for form in self.forms if getattr(form, "cleaned_data", None) and form.cleaned_data.get("name") and not form.cleaned_data.get("DELETE")]


IndicatorFormSet = formset_factory(IndicatorRowForm, formset=BaseIndicators, extra=2, can_delete=True, max_num=30, validate_max=True)


class ProjectFileForm(CleanForm):
    file = UploadField(label=_("File"))
    role = forms.ChoiceField(label=_("What it is"), choices=[(key, ROLES[key]) for key in ("proof", "plan", "other")])


class PlanRowForm(CleanForm):
    """One planned activity."""

    id = forms.IntegerField(required=False, widget=forms.HiddenInput)
    order = forms.IntegerField(label=_("No."), min_value=1, max_value=200)
    title = forms.CharField(label=_("Activity"), max_length=80)
    planned_on = forms.DateField(label=_("Planned on"))
    location = forms.CharField(label=_("Where"), max_length=80)
    headcount = forms.IntegerField(label=_("People"), min_value=1, max_value=1000000)
    times = forms.IntegerField(label=_("Times"), min_value=1, max_value=1000, initial=1)
    by_whom = forms.CharField(label=_("By whom"), max_length=80, required=False)

    def has_changed(self):
        """A row that was only numbered is an empty row."""
        return bool(set(self.changed_data) - {"order", "times"})


class BasePlan(forms.BaseFormSet):
    title = _("Activity plan")

    def clean(self):
        numbers = [form.cleaned_data.get("order") for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if doubled := {number for number in numbers if number and numbers.count(number) > 1}:
            raise forms.ValidationError(_("Activity number {number} stands there twice.").format(number=min(doubled)))


PlanFormSet = formset_factory(PlanRowForm, formset=BasePlan, extra=1, can_delete=True, max_num=200, validate_max=True)


class FundingRowForm(CleanForm):
    fund = forms.ModelChoiceField(label=_("Fund"), queryset=Fund.objects.none())
    amount = forms.DecimalField(label=_("Amount (yuan)"), min_value=0, max_value=LARGEST, max_digits=13, decimal_places=2)

    def __init__(self, *args, funds, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["fund"].queryset = funds
        self.fields["fund"].label_from_instance = lambda fund: _("{fund} · free {amount}").format(fund=f"{fund} · {fund.status_label}", amount=f"{fund.free:,.2f}")


class BaseFunding(forms.BaseFormSet):
    title = _("Funds that carry it")
    total = "amount"


FundingFormSet = formset_factory(FundingRowForm, formset=BaseFunding, extra=1, can_delete=True, max_num=20, validate_max=True)


def funds_for(project):
    """Funds a project may plan on: its purchaser's, of its year, for all communities or its own, not closing."""
    rows = Fund.objects.filter(purchaser=project.purchaser_id, fiscal_year=project.fiscal_year, status__in=("expected", "approved"))
    return rows.filter(Q(place=None) | Q(place=project.place_id))


class GateForm(StepForm):
    """A gate's decision: reason, remarks on single lines, for a cut the amount that remains."""

    template_name_page = "procurement/gate.html"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.lines = list(self.subject.lines.select_related("activity"))
        now_open = run_for(self.subject, self.actor)
        self.fields["run"] = forms.IntegerField(required=False, widget=forms.HiddenInput, initial=now_open.pk if now_open else None)
        if self.step.verb == "cut":
            self.fields["cut_to"] = forms.DecimalField(label=_("Approved amount (yuan)"), min_value=0, max_value=LARGEST, max_digits=13, decimal_places=2)
        if self.step.verb != "reject":
            for line in self.lines:
                self.fields[f"line_{line.pk}"] = forms.CharField(
                    label=_("Remark"), required=False, max_length=200, widget=forms.TextInput(attrs={"class": "form-control", "aria-label": _("Remark on {line}").format(line=line.name), "maxlength": 200})
                )
        names = [name for name in ("cut_to", "reason", "happened_on") if name in self.fields]
        self.order_fields(names)

    @property
    def decision_fields(self):
        return [self[name] for name in ("cut_to", "reason", "happened_on") if name in self.fields]

    @property
    def recorded_reasons(self):
        """Why the applicant went on in spite of warnings: the reviewer decides with them in view."""
        return list(self.subject.caution_reasons.select_related("by", "file"))

    @property
    def price_flags(self):
        """Far-off unit prices of the revision under review."""
        from procurement.lifecycle.price_check import flags_of

        return flags_of(self.subject)

    @property
    def rows(self):
        """Each budget line with its remark field and what changed since the last revision, beside what was said about it then."""
        answers = self.revised.by_line if self.revised else {}
        return [(line, self[f"line_{line.pk}"] if f"line_{line.pk}" in self.fields else None, answers.get(line.pk)) for line in self.lines]

    @property
    def removed(self):
        """Lines of the judged revision that are gone, with what was said about them."""
        return [answer for answer in self.revised.lines if answer.what == "removed"] if self.revised else []

    @cached_property
    def revised(self):
        """What changed since the gates judged last (procurement/revisions.py), or None."""
        project = self.subject
        runs = list(project.gate_runs.prefetch_related("votes__user").order_by("id"))
        return revised(project, runs, {row.number: row.snapshot for row in project.revisions.all()}) if project.revision > 1 else None

    def arguments(self):
        data = dict(self.cleaned_data)
        remarks = {name.removeprefix("line_"): data.pop(name) for name in list(data) if name.startswith("line_")}
        return {**data, "line_remarks": {pk: text for pk, text in remarks.items() if text}}
