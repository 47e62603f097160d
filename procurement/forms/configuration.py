"""What proposing a street's own settings asks."""

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.cleaning import CleanModelForm
from procurement.lifecycle.meeting import people_of
from procurement.models import BudgetBounds, FeeRate, Fund, Gate, PaymentStep, PriceRule, SelfRunProfile


class SettingForm(CleanModelForm):
    """Any version: from which day it counts, and the facts of its kind."""

    def __init__(self, *args, purchaser, replacing=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.purchaser, self.replacing = purchaser, replacing
        self.fields["valid_from"].initial = clock.today()
        self.fields["valid_from"].help_text = _("What is already under way keeps the settings it started with.")
        if "fund" in self.fields:
            self.fields["fund"].queryset = Fund.objects.filter(purchaser=purchaser)
            self.fields["fund"].required = False
        if replacing and "key" in self.fields:
            self.fields["key"].disabled = True

    def clean_valid_from(self):
        day = self.cleaned_data["valid_from"]
        if day < clock.today():
            raise forms.ValidationError(_("A new version cannot count from a day that has passed."))
        return day

    def clean(self):
        data = super().clean()
        low, high = data.get("amount_from"), data.get("amount_to")
        if low is not None and high is not None and high <= low:
            self.add_error("amount_to", _("The amount band ends before it begins."))
        return data


class GateForm(SettingForm):
    members = forms.TypedMultipleChoiceField(
        label=_("Members of the meeting"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple, help_text=_("Only for a gate in a meeting: who votes. Nobody named: everybody present counts."),
    )  # fmt: skip

    class Meta:
        model = Gate
        fields = ["key", "name", "order", "role", "votes", "by_meeting", "members", "quorum", "online_voting", "amount_from", "amount_to", "expected_days", "valid_from"]
        help_texts = {
            "key": _("A short word in Latin letters that stays the same when the name changes."), "order": _("Gates of the same order decide side by side; the next order waits for all of them."),
            "votes": _("Of the people with this role, each deciding alone. One who sends back or cuts is enough for that."), "quorum": _("Whoever steps aside for a project does not count as there for it."),
        }  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["members"].choices = [(user.pk, f"{user.name} {user.title}".strip()) for user in people_of(self.purchaser)]
        self.fields["votes"].required = False

    def clean_votes(self):
        return self.cleaned_data.get("votes") or 1

    def clean_key(self):
        key = self.cleaned_data["key"]
        taken = Gate.in_force().filter(purchaser=self.purchaser, key=key)
        if not self.replacing and taken.exists():
            raise forms.ValidationError(_("There is already a gate of this key: propose a new version of it."))
        return key


class ProfileForm(SettingForm):
    class Meta:
        model = SelfRunProfile
        fields = [
            "name", "amount_from", "amount_to", "channel", "seal", "names_visible", "scoring", "paper_allowed", "min_days", "min_count", "approver_role", "publish", "valid_from",
        ]  # fmt: skip


class PaymentStepForm(SettingForm):
    class Meta:
        model = PaymentStep
        fields = ["order", "name", "role", "fund", "amount_from", "amount_to", "valid_from"]


class BudgetBoundsForm(SettingForm):
    class Meta:
        model = BudgetBounds
        fields = ["people_min", "people_max", "running_min", "running_max", "valid_from"]
        help_texts = {"people_min": _("Shares of the whole budget in per cent. Leave empty what is not watched; a budget outside is warned about, never blocked.")}

    def clean(self):
        data = super().clean()
        for kind in BudgetBounds.SHARES:
            least, most = data.get(f"{kind}_min"), data.get(f"{kind}_max")
            if least is not None and most is not None and most < least:
                self.add_error(f"{kind}_max", _("The upper bound lies below the lower one."))
        if not self.errors and all(data.get(f"{kind}_{end}") is None for kind in BudgetBounds.SHARES for end in ("min", "max")):
            self.add_error("people_min", _("Enter at least one bound."))
        if not self.replacing and BudgetBounds.in_force().filter(purchaser=self.purchaser).exists():
            raise forms.ValidationError(_("The street has bounds already: propose a change of them."))
        return data


class PriceRuleForm(SettingForm):
    class Meta:
        model = PriceRule
        fields = ["months_back", "minimum", "high", "low", "valid_from"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, least, most in (("months_back", 1, 120), ("minimum", 1, 100)):
            self.fields[name].validators += [MinValueValidator(least), MaxValueValidator(most)]

    def clean_high(self):
        if self.cleaned_data["high"] <= 1:
            raise forms.ValidationError(_("This multiple lies above 1."))
        return self.cleaned_data["high"]

    def clean_low(self):
        if not 0 <= self.cleaned_data["low"] < 1:
            raise forms.ValidationError(_("This multiple lies between 0 and 1."))
        return self.cleaned_data["low"]


class FeeRateForm(SettingForm):
    class Meta:
        model = FeeRate
        fields = ["half_day", "day", "overtime_hour", "travel_most", "tax_note", "valid_from"]

    def clean(self):
        data = super().clean()
        if not self.replacing and FeeRate.in_force().filter(purchaser=self.purchaser).exists():
            raise forms.ValidationError(_("There are rates already: propose a change of them."))
        return data


FORMS = {"gate": GateForm, "profile": ProfileForm, "payment_step": PaymentStepForm, "budget_bounds": BudgetBoundsForm, "price_rule": PriceRuleForm, "fee_rate": FeeRateForm}
