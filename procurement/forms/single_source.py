"""What each step of a single-source purchase asks."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock, filetypes
from kernel.cleaning import CleanForm
from kernel.forms import StepForm
from kernel.money import MoneyField
from kernel.upload import UploadField
from procurement.forms.tender import verified_organizations
from procurement.models import Contract
from providers.models import Organization


def _text(label, limit=2000, rows=3, **more):
    return forms.CharField(label=label, max_length=limit, widget=forms.Textarea(attrs={"rows": rows}), **more)


class SupplierForm(CleanForm):
    """The one supplier, and of an addition the original contract."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Supplier"))
    amount = MoneyField().formfield(label=_("Expected amount"))
    earlier = forms.ModelChoiceField(Contract.objects.none(), label=_("Original contract"), required=False, help_text=_("All additions to it together stay within a tenth."))

    def __init__(self, *args, tender, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = verified_organizations()
        if tender.method_case != "addition":
            del self.fields["earlier"]
        else:
            self.fields["earlier"].queryset = Contract.objects.filter(purchaser=tender.purchaser_id, signed_on__isnull=False).exclude(status="cancelled").select_related("organization")
            self.fields["earlier"].label_from_instance = lambda row: f"{row.number} {row.title} · {row.organization} · {row.amount:,.2f}"


class ExpertRowForm(CleanForm):
    name = forms.CharField(label=_("Name of the expert"), max_length=40)
    employer = forms.CharField(label=_("Employer"), max_length=80)
    post = forms.CharField(label=_("Post"), max_length=60)


class ArgueForm(StepForm):
    argument = _text(_("Why only this supplier can do it"), 3000, 5, help_text=_("The experts' common opinion; it is made public with the names."))
    file = UploadField(label=_("Signed opinions, scanned"), kinds=filetypes.SCANS)
    back_dating_needs_reason = False

    def extra_formsets(self):
        made = forms.formset_factory(ExpertRowForm, extra=3, max_num=9)
        made.title = _("Professionals who argue")
        return {"experts": made(self.data if self.is_bound else None, prefix="experts")}


class ObjectionForm(StepForm):
    raised_by = forms.CharField(label=_("Raised by"), max_length=80)
    text = _text(_("Objection"))
    back_dating_needs_reason = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["happened_on"].label = _("Received on")


class ReargueForm(StepForm):
    """One conclusion for each open objection."""

    told_on = forms.DateField(label=_("Conclusion told on"), initial=clock.today)
    file = UploadField(label=_("Supplementary argument, scanned"), kinds=filetypes.SCANS, required=False)
    back_dating_needs_reason = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.rows = [row for row in self.subject.objections.all() if row.upheld is None]
        for row in self.rows:
            choices = [("no", _("does not hold: there is no other supplier")), ("yes", _("is right: others can do it"))]
            self.fields[f"upheld_{row.pk}"] = forms.ChoiceField(label=_("The objection of {name}").format(name=row.raised_by), choices=choices, widget=forms.RadioSelect, help_text=row.text[:200])
            self.fields[f"conclusion_{row.pk}"] = _text(_("Conclusion for {name}").format(name=row.raised_by))

    def arguments(self):
        data = super().arguments()
        rows = [{"objection": row, "upheld": data.pop(f"upheld_{row.pk}") == "yes", "conclusion": data.pop(f"conclusion_{row.pk}")} for row in self.rows]
        return {**data, "conclusions": rows}


class ApproveForm(StepForm):
    number = forms.CharField(label=_("Number of the approval"), max_length=80)
    file = UploadField(label=_("The approval, scanned"), kinds=filetypes.SCANS)
    back_dating_needs_reason = False


class AskForm(StepForm):
    """Until when the supplier answers, sealed."""

    deadline = forms.DateTimeField(label=_("Response until"), help_text=_("The law sets no least time here; leave the supplier enough to price its lines. The talks begin with the opening."))


class StaffRowForm(CleanForm):
    name = forms.CharField(label=_("Name of the negotiator"), max_length=40)
    experience = forms.CharField(label=_("Experience for it"), max_length=120)


class NegotiateForm(StepForm):
    """协商情况记录; what the price library says stands above the price."""

    place = forms.CharField(label=_("Where"), max_length=80)
    matters = _text(_("Matters negotiated"), 3000, 4)
    price = MoneyField().formfield(label=_("Agreed price"))
    cost = _text(_("How the price is made up"), help_text=_("The supplier's explanation of its cost."))
    evidence = _text(_("Comparable prices"), help_text=_("What the same cost elsewhere: contracts, quotes, price list."))
    terms = _text(_("Agreed terms"), 3000, 4)
    back_dating_needs_reason = False

    def __init__(self, *args, **kwargs):
        from procurement.lifecycle.single_source import comparable_of, response_of

        super().__init__(*args, **kwargs)
        found = comparable_of(self.subject)
        if found and not self.is_bound:
            self.fields["evidence"].initial = "\n".join(f"{row['name']}：预算 {row['price']} 元/{row['unit']}，价格库 {row['count']} 条，中位数 {row['median']} 元" for row in found)[:2000]
        response = response_of(self.subject)
        self.fields["price"].initial = response.price if response else self.subject.amount

    def extra_formsets(self):
        made = forms.formset_factory(StaffRowForm, extra=2, max_num=9)
        made.title = _("Who negotiated for the purchaser")
        return {"staff": made(self.data if self.is_bound else None, prefix="staff")}


class SettleForm(StepForm):
    file = UploadField(label=_("Signed record of the negotiation, scanned"), kinds=filetypes.SCANS)
    back_dating_needs_reason = False
