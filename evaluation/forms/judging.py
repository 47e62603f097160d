"""Forms of judging: the check, the score sheet of one response, questions, low prices, deductions, changes of a result, fees."""

import datetime
from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluation.lifecycle.results import FALLS
from evaluation.models import BidQuestion, ExpertFee
from kernel import clock
from kernel.cleaning import CleanForm, CleanMixin, CleanModelForm
from kernel.money import MoneyField
from kernel.upload import UploadField, UploadsField
from procurement import criteria

YES_NO = [("yes", _("meets it")), ("no", _("does not meet it"))]


class CheckForm(CleanMixin, forms.Form):
    """One member's findings on one response: a line per requirement; a no needs its reason."""

    def __init__(self, *args, names, given, locked=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.names = names
        for index, name in enumerate(names):
            meets, reason = given.get(index, (None, ""))
            initial = None if meets is None else "yes" if meets else "no"
            self.fields[f"r{index}"] = forms.ChoiceField(label=name, choices=YES_NO, initial=initial, required=False, disabled=locked, widget=forms.RadioSelect)
            self.fields[f"why{index}"] = forms.CharField(label=_("Reason"), max_length=300, initial=reason, required=False, disabled=locked, widget=forms.TextInput(attrs={"class": "form-control", "aria-label": _("Reason: {name}").format(name=name), "placeholder": _("Reason, if it does not meet it")}))

    def rows(self):
        """(requirement, choice, reason) for the page."""
        return [(name, self[f"r{index}"], self[f"why{index}"]) for index, name in enumerate(self.names)]

    def findings(self):
        """What was found so far: {index: (meets, reason)}."""
        data = self.cleaned_data
        return {index: (data[f"r{index}"] == "yes", data.get(f"why{index}", "")) for index in range(len(self.names)) if data.get(f"r{index}")}


class BidSheetForm(CleanMixin, forms.Form):
    """One member's sheet for one response. A field per item that is scored now; an empty field is no score."""

    def __init__(self, *args, items, editable, given, grade="", locked=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.tree, self.editable, self.given, self.scales = criteria.tree(items), {item.pk for item in editable}, given, {}
        for item in self.tree:
            if item.kind in ("group", "price"):
                continue
            scale = self.scales[item.pk] = criteria.read_scale(item.scale)
            shut = locked or item.pk not in self.editable
            row = given.get(item.pk)
            if scale.way == "points":
                step = str(scale.step or "0.1")
                self.fields[f"i{item.pk}"] = forms.DecimalField(
                    label=item.name, min_value=scale.least, max_value=item.points, max_digits=5, decimal_places=2, required=False, disabled=shut, initial=row and row.points,
                    widget=forms.NumberInput(attrs={"class": "form-control", "step": step, "inputmode": "decimal"}),
                )  # fmt: skip
            elif scale.way == "count":
                self.fields[f"f{item.pk}"] = forms.IntegerField(label=item.name, min_value=0, max_value=999, required=False, disabled=shut, initial=row.fact if row else None, widget=forms.NumberInput(attrs={"class": "form-control"}))
            elif not scale.by_grade:
                choices = [("", "—"), *((value, f"{value}（{points}）") for value, points in scale.table.items())]
                self.fields[f"f{item.pk}"] = forms.ChoiceField(label=item.name, choices=choices, required=False, disabled=shut, initial=row.fact if row else "", widget=forms.Select(attrs={"class": "form-select"}))
            if item.kind == "subjective":
                self.fields[f"n{item.pk}"] = forms.CharField(label=_("Note"), max_length=300, required=False, disabled=locked, initial=row.remark if row else "", widget=forms.TextInput(attrs={"class": "form-control", "placeholder": _("Note"), "aria-label": _("Note on {item}").format(item=item)}))
        self.grade = grade

    def rows(self):
        """Rows of the page: {item, field, note, scale, points, subtotal, level}. Groups carry their leaves' sum."""
        found, open_groups = [], []
        for item in self.tree:
            open_groups = [row for row in open_groups if row["item"].depth < item.depth]
            row = {"item": item, "scale": self.scales.get(item.pk), "points": self.given[item.pk].points if item.pk in self.given else None}
            if item.kind == "group":
                row["subtotal"] = Decimal(0)
                open_groups.append(row)
            elif item.kind != "price":
                name = next((name for name in (f"i{item.pk}", f"f{item.pk}") if name in self.fields), None)
                row["field"], row["note"] = self[name] if name else None, self[f"n{item.pk}"] if f"n{item.pk}" in self.fields else None
                row["by_grade"] = row["scale"].by_grade
                for group in open_groups:
                    group["subtotal"] += row["points"] or 0
            found.append(row)
        return found

    def _values(self, letter, name_of):
        return {(name_of, int(name[1:])): value for name, value in self.cleaned_data.items() if name[0] == letter and not self.fields[name].disabled}

    def cells(self, bid):
        """What score() wants of this response: points, facts, remarks."""
        facts = {cell: "" if value is None else str(value) for cell, value in self._values("f", bid.pk).items()}
        return {"points": self._values("i", bid.pk), "facts": facts, "remarks": {cell: value or "" for cell, value in self._values("n", bid.pk).items()}}


class WaiveForm(CleanForm):
    reason = forms.CharField(label=_("Why it does not apply"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
    agreed = forms.ModelMultipleChoiceField(None, label=_("Members who agree"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args, members, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["agreed"].queryset = members
        self.fields["agreed"].label_from_instance = lambda member: str(member.user)


class AskForm(CleanForm):
    """A question to one bidder in a window; the time is proposed by the law's least minutes."""

    kind = forms.ChoiceField(label=_("What for"), choices=[row for row in BidQuestion.KINDS if row[0] != "correction"])
    text = forms.CharField(label=_("Question"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))
    until = forms.DateTimeField(label=_("Answer until"))

    def __init__(self, *args, minutes=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = clock.now() + datetime.timedelta(minutes=(minutes or 30) + 5)
        if minutes:
            self.fields["until"].help_text = _("To explain a low price a bidder has at least {minutes} minutes.").format(minutes=minutes)


class CorrectForm(CleanForm):
    """What the papers of one quote state besides the opening table."""

    words = MoneyField().formfield(label=_("Amount in words (as a figure)"), required=False)
    detail_total = MoneyField().formfield(label=_("Total of the detail"), required=False)
    lines = forms.CharField(label=_("Lines of the detail"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 6}), help_text=_("One a line: name, quantity, unit price, parted by commas."))
    until = forms.DateTimeField(label=_("Confirm until"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["until"].initial = clock.now() + datetime.timedelta(minutes=30)

    def clean_lines(self):
        found = []
        for number, line in enumerate((self.cleaned_data.get("lines") or "").splitlines(), 1):
            if not line.strip():
                continue
            cells = [cell.strip() for cell in line.replace("，", ",").split(",")]
            try:
                name, quantity, price = cells
                found.append({"name": name, "quantity": Decimal(quantity), "unit_price": Decimal(price)})
            except (ValueError, ArithmeticError):
                raise forms.ValidationError(_("Line %(number)d: write name, quantity, unit price."), params={"number": number}) from None
            if not (found[-1]["quantity"].is_finite() and found[-1]["unit_price"].is_finite() and 0 <= found[-1]["unit_price"] < 10**11 and 0 < found[-1]["quantity"] < 10**9):
                raise forms.ValidationError(_("Line %(number)d: write name, quantity, unit price."), params={"number": number})
        return found


class AnswerQuestionForm(CleanForm):
    """The bidder's one answer."""

    confirmed = forms.TypedChoiceField(label=_("The corrected price"), required=False, empty_value=None, coerce=lambda value: value == "yes", choices=[("yes", _("I confirm it")), ("no", _("I do not confirm it"))], widget=forms.RadioSelect)
    answer = forms.CharField(label=_("Answer"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 6}))
    attachments = UploadsField(label=_("Proof"), required=False)

    def __init__(self, *args, kind, **kwargs):
        super().__init__(*args, **kwargs)
        if kind != "correction":
            del self.fields["confirmed"]
            self.fields["answer"].required = True
        if kind == "change":
            self.fields["answer"].label = _("What your response says anew")
            self.fields["attachments"].label, self.fields["attachments"].required = _("The response as it is now, signed or sealed"), True


class LowPriceForm(CleanForm):
    accepted = forms.TypedChoiceField(label=_("View of the panel"), coerce=lambda value: value == "yes", choices=[("yes", _("The price is reasonable")), ("no", _("Not proved: the response is invalid"))], widget=forms.RadioSelect)
    note = forms.CharField(label=_("The bidder's explanation and the panel's view"), max_length=300, widget=forms.Textarea(attrs={"rows": 4}))


class NoteForm(CleanForm):
    note = forms.CharField(label=_("Why the price is too low"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class ClaimForm(CleanForm):
    declared = forms.BooleanField(label=_("The signed declaration of the enterprise's size is there"), required=False)
    small_share = forms.DecimalField(label=_("Small enterprises' share in a consortium or by subcontract (%)"), required=False, min_value=0, max_value=100, max_digits=5, decimal_places=2)
    note = forms.CharField(label=_("Remark"), required=False, max_length=200)


class SignForm(CleanForm):
    dissent = forms.CharField(label=_("Another view, with reasons"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 4}), help_text=_("Leave empty to sign the report as it is."))


class ReviseForm(CleanForm):
    """One change of a result for one of the law's reasons."""

    WHAT = [("score", _("a score")), ("price", _("a price")), ("out", _("the response falls"))]
    kind = forms.ChoiceField(label=_("Lawful reason"))
    what = forms.ChoiceField(label=_("What is changed"), choices=WHAT, help_text=_("For a score name member, criterion and new points; for a price only the new price; when the response falls, neither."))
    bid = forms.ModelChoiceField(None, label=_("Response"))
    member = forms.ModelChoiceField(None, label=_("Member"), required=False)
    item = forms.ModelChoiceField(None, label=_("Criterion"), required=False)
    value = forms.DecimalField(label=_("New points or price (yuan)"), required=False, min_value=0, max_digits=13, decimal_places=2)
    reason = forms.CharField(label=_("What was wrong and how it was found"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args, reasons, bids, members, items, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = list(reasons.items())
        self.fields["bid"].queryset, self.fields["member"].queryset, self.fields["item"].queryset = bids, members, items
        self.fields["member"].label_from_instance = lambda member: str(member.user)

    def clean(self):
        data = super().clean()
        wanted = {"score": ("member", "item", "value"), "price": ("value",)}.get(data.get("what"), ())
        for name in wanted:
            if data.get(name) is None:
                self.add_error(name, _("Fill this in for the change you chose."))
        return data

    def changes(self):
        """The keyword arguments of revise()."""
        data = self.cleaned_data
        found = {"kind": data["kind"], "reason": data["reason"]}
        if data["what"] == "score":
            return found | {"scores": {(data["member"].pk, data["bid"].pk, data["item"].pk): data["value"]}}
        if data["what"] == "price":
            return found | {"prices": {data["bid"].pk: data["value"]}}
        return found | {"out": [data["bid"].pk]}


class DropForm(CleanForm):
    kind = forms.ChoiceField(label=_("Why it falls"), choices=list(FALLS.items()))
    document = forms.CharField(label=_("Answer or decision (number)"), max_length=120, required=False)
    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class ChangeReportForm(CleanForm):
    number = forms.CharField(label=_("Number of the report"), max_length=60)
    reported_on = forms.DateField(label=_("Sent on"), initial=clock.today)
    file = UploadField(label=_("Signed report, scanned"))


class FeeForm(CleanModelForm):
    class Meta:
        model = ExpertFee
        fields = ["session", "days", "overtime", "travel", "note"]
