"""The structured parts of a response on the page. What is right and wrong is said by procurement.bid_content; these only show it beside the cell.

Every field is plain text and optional: a draft is kept as it was typed, also half done.
"""

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from kernel.cleaning import CleanForm
from procurement import bid_content
from procurement.budget_cells import LineRow
from procurement.forms.budget import LineTable
from procurement.models import PaymentStage


def text(key, limit, **attrs):
    return forms.CharField(label=bid_content.LABELS[key], max_length=limit * 4 + 40, required=False, widget=forms.TextInput(attrs=attrs))


class RowForm(CleanForm):
    """A row of plan, team or payment stages."""

    part = ""

    def raw(self):
        """The row as typed."""
        return {name: (self[name].value() or "") if name != "key" else ("1" if self[name].value() else "") for name in bid_content.COLUMNS[self.part] if name in self.fields}

    def has_changed(self):
        return not bid_content.blank(self.part, self.raw())

    def clean(self):
        row = self.raw()
        if not bid_content.blank(self.part, row):
            for name, sentence in bid_content.check_row(self.part, row).items():
                self.add_error(name, sentence)
        return self.cleaned_data


class PlanRow(RowForm):
    part = "plan"
    order = text("order", 3, inputmode="numeric")
    title = text("title", 80)
    when = text("when", 60)
    sessions = text("sessions", 4, inputmode="numeric")
    headcount = text("headcount", 7, inputmode="numeric")
    by_whom = text("by_whom", 80)


class TeamRow(RowForm):
    part = "team"
    name = text("name", 40)
    role = text("role", 60)
    qualification = text("qualification", 80)
    key = forms.BooleanField(label=_("Key person"), required=False)
    years = text("years", 2, inputmode="numeric")
    projects = text("projects", 120)


class DayInput(forms.TextInput):
    """A day as the browser offers it; kept as typed."""

    input_type = "date"


class StageRow(RowForm):
    part = "stages"
    name = forms.CharField(label=bid_content.LABELS["stage"], max_length=280, required=False)
    percent = text("percent", 6, inputmode="decimal")
    condition = forms.ChoiceField(label=bid_content.LABELS["condition"], choices=[("", "—"), *PaymentStage.CONDITIONS], required=False)
    date = forms.CharField(label=bid_content.LABELS["date"], max_length=80, required=False, widget=DayInput)


class BasePlan(forms.BaseFormSet):
    title = _("When, how often, for how many, by whom")


class BaseTeam(forms.BaseFormSet):
    title = _("Team (the key people may not change without consent)")


class BaseStages(forms.BaseFormSet):
    title = _("Payment stages you propose (together 100 %)")

    def clean(self):
        rows = [form.raw() for form in self.forms if form.has_changed() and not form["DELETE"].value() and not bid_content.blank("stages", form.raw())]
        if not any(self.errors) and rows and bid_content.shares_of(rows) != bid_content.WHOLE_SHARE:
            raise forms.ValidationError(_("The shares of the payment stages must add up to 100 %."), code="sum")


PlanRows = formset_factory(PlanRow, formset=BasePlan, extra=0, can_delete=True, max_num=200)
TeamRows = formset_factory(TeamRow, formset=BaseTeam, extra=2, can_delete=True, max_num=60)
StageRows = formset_factory(StageRow, formset=BaseStages, extra=1, can_delete=True, max_num=12)
SIZES = [("", _("no declaration")), ("micro", _("micro")), ("small", _("small")), ("medium", _("medium"))]


class DeclareForm(CleanForm):
    """Declarations. What this purchase or this bidder can't declare is not asked."""

    letter = forms.BooleanField(label=_("We declare under article 22 of the procurement law: able to bear civil liability, good credit and sound accounts, able to perform, taxes and social security paid, no grave violation in the last three years."), required=False)
    unrelated = forms.BooleanField(label=_("No other bidder of this purchase has the same head, or holds or manages us or is held or managed by us."), required=False)
    validity = text("validity", 4, inputmode="numeric")
    sme = forms.ChoiceField(label=_("Declaration of small and medium enterprises: size"), choices=SIZES, required=False)
    sme_industry = forms.CharField(label=_("Industry"), max_length=200, required=False)
    sme_staff = text("sme_staff", 8, inputmode="numeric")
    sme_revenue = text("sme_revenue", 14, inputmode="decimal")
    sme_assets = text("sme_assets", 14, inputmode="decimal")
    consortium = forms.CharField(label=_("Consortium: members and what each does"), max_length=900, required=False)
    consortium_share = text("consortium_share", 6, inputmode="decimal")
    subcontract = forms.CharField(label=_("Subcontract: which non-core part"), max_length=1300, required=False, help_text=_("Core services are never given away; the whole may not be transferred (条例 第72条)."))
    subcontract_to = forms.CharField(label=_("To whom"), max_length=500, required=False)
    subcontract_share = text("subcontract_share", 6, inputmode="decimal")

    def __init__(self, *args, known, **kwargs):
        self.known = known
        super().__init__(*args, **kwargs)
        gone = [] if known["may_be_small"] else ["sme"]
        gone += [] if known["consortium"] else ["consortium"]
        gone += [] if known["subcontract"] else ["subcontract"]
        for name in [name for name in self.fields if any(name == one or name.startswith(f"{one}_") for one in gone)]:
            del self.fields[name]
        self.fields["validity"].help_text = _("At least {days} days.").format(days=known["least_days"])

    def raw(self):
        """The declarations as typed."""
        return {name: ("1" if self[name].value() else "") if name in ("letter", "unrelated") else (self[name].value() or "") for name in self.fields}

    def clean(self):
        for name, sentence in bid_content.check_declarations(self.raw(), **self.known).items():
            self.add_error(name if name in self.fields else None, sentence)
        return self.cleaned_data


def _stays(row):
    """Rows that hold anything and are not ticked for removal; the titles of offered activities stay."""
    return any(value for name, value in row.raw().items() if name != "order") and not row["DELETE"].value()


class Content:
    """All structured parts of one response on one page: `lines`, `plan`, `team`, `declare`, bound when they were posted."""

    def __init__(self, bid, plain, known, data=None):
        self.bid, self.known = bid, known
        project = bid.lot.project
        activities = list(project.plan.all())
        kept = {key: bid_content.load(key, plain[key]) for key in bid_content.PARTS if key in plain}
        offered = [{"order": str(row.order), "title": row.title} for row in activities]
        bound = data if data is not None and "plan-TOTAL_FORMS" in data else None
        self.posted = bound is not None
        self.plan = PlanRows(bound, initial=kept.get("plan") or offered or [{"order": "1"}], prefix="plan")
        self.team = TeamRows(bound, initial=kept.get("team", []), prefix="team")
        self.stages = StageRows(bound if bound is None or "stages-TOTAL_FORMS" in bound else None, initial=kept.get("stages", []), prefix="stages")
        declared = kept.get("declare") or {"validity": str(known["least_days"])}
        self.declare = DeclareForm(bound, initial=declared, known=known)
        if self.posted:
            self.lines = LineTable.posted(data)
        elif "lines" in kept:
            self.lines = LineTable(bid_content.line_rows(kept["lines"]))
        else:
            orders = {row.pk: row.order for row in activities}
            self.lines = LineTable([
                LineRow(line.kind, orders.get(line.activity_id), {"name": line.name, "unit": line.unit, "quantity": "", "price": "", "note": ""}, line.pk) for line in project.lines.all()
            ])  # fmt: skip

    def typed(self):
        """{key: rows or dict} as typed, for the draft."""
        rows = {key: [row.raw() for row in getattr(self, key).forms if _stays(row)] for key in bid_content.ROWS}
        if all(bid_content.blank("plan", row) for row in rows["plan"]):
            rows["plan"] = []
        lines = [] if all(bid_content.offered_only(row) for row in self.lines.rows) else bid_content.line_cells(self.lines.rows)
        return {"lines": lines, **rows, "declare": self.declare.raw()}

    def numbers(self):
        """Activities a line may name."""
        own = {int(row["order"]) for row in self.typed()["plan"] if row["order"].isdigit()} if self.posted else set()
        return own | {row.order for row in self.bid.lot.project.plan.all()}

    def is_valid(self):
        """Check every cell; returns whether all is well. Rows nobody priced are left alone."""
        faulty = bid_content.check_lines(self.lines.rows, self.numbers())
        return all([not faulty, not self.lines.errors, self.plan.is_valid(), self.team.is_valid(), not self.stages.is_bound or self.stages.is_valid(), self.declare.is_valid()])

    def groups(self):
        """The lines under their activities."""
        plan = [(row["order"], row["title"]) for row in self.typed()["plan"]] if self.posted else [(form["order"].value(), form["title"].value()) for form in self.plan.forms]
        return self.lines.groups([(int(number), title) for number, title in plan if str(number or "").isdigit() and title])
