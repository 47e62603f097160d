"""What frameworks ask: beginning one, selecting, signing, removing, and choosing a supplier for a project."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock, filetypes
from kernel.cleaning import CleanForm
from kernel.forms import StepForm
from kernel.money import MoneyField
from kernel.upload import UploadField
from procurement import methods
from procurement.models import CallOff, CatalogueItem, Framework, FrameworkAgreement, Tender


def _text(label, limit=2000, rows=3, **more):
    return forms.CharField(label=label, max_length=limit, widget=forms.Textarea(attrs={"rows": rows}), **more)


class FrameworkForm(CleanForm):
    """The programme and its stage 1; the draft of the tender can be edited further."""

    title = forms.CharField(label=_("Title"), max_length=80)
    item = forms.ModelChoiceField(CatalogueItem.objects.none(), label=_("Catalogue item"))
    users = forms.CharField(label=_("Who may buy and who is served"), max_length=300, help_text=_("For example: all streets of the district; elders living alone."))
    headcount = forms.IntegerField(label=_("People served"), min_value=1, max_value=10_000_000)
    goal = _text(_("What is needed"), 2000, 4)
    method_case = forms.ChoiceField(label=_("Lawful case"), widget=forms.RadioSelect)
    method_reason = _text(_("Why a framework"), 300, 2)
    plan_number = forms.CharField(label=_("Filed plan number"), max_length=40, help_text=_("The plan of the framework is filed with the finance bureau before."))
    term_months = forms.IntegerField(label=_("Term in months"), min_value=1, max_value=60, initial=24)
    term_reason = forms.CharField(label=_("Why this term"), max_length=300, required=False)
    ceiling = MoneyField().formfield(label=_("Most that may be bought in all"))
    ways = forms.MultipleChoiceField(label=_("How stage 2 chooses"), choices=Framework.WAYS, widget=forms.CheckboxSelectMultiple, initial=["direct"], help_text=_("Direct choice is the usual one; the others only where the documents say so."))
    ranking = forms.ChoiceField(label=_("How suppliers are ranked"), choices=[row for row in Tender.RANKINGS if row[0] in ("lowest", "points")], initial="lowest", widget=forms.RadioSelect)
    quality_basis = forms.CharField(label=_("Why quality comes first"), max_length=300, required=False, help_text=_("Only when ranked by points: price set by government, or the thing asks for it."))
    qualification = _text(_("Qualification of suppliers"), 2000, 2)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["item"].queryset = CatalogueItem.objects.filter(nature="service", catalogue__kind="guidance").order_by("code")
        self.fields["method_case"].choices = [(case.code, f"{case.label}（{case.article}）") for case in methods.get("framework").cases]


class ItemRowForm(CleanForm):
    name = forms.CharField(label=_("Service item"), max_length=80)
    unit = forms.CharField(label=_("Unit"), max_length=12)
    ceiling = MoneyField().formfield(label=_("Highest unit price"))
    quality = forms.CharField(label=_("Quality required"), max_length=600, widget=forms.Textarea(attrs={"rows": 2}))
    wanted = forms.IntegerField(label=_("Suppliers wanted"), min_value=1, max_value=200, initial=3)

    def has_changed(self):
        return bool(set(self.changed_data) - {"wanted"})


def item_rows(data=None):
    made = forms.formset_factory(ItemRowForm, extra=2, max_num=20, min_num=1, validate_min=True)
    made.title = _("Service items")
    return made(data, prefix="items")


class SelectForm(StepForm):
    """How many of each item; never more than the law lets."""

    back_dating_needs_reason = False

    def __init__(self, *args, **kwargs):
        from procurement.lifecycle.award import candidates
        from procurement.lifecycle.framework_selection import most_of

        super().__init__(*args, **kwargs)
        for lot in self.subject.lots.filter(status="evaluated").select_related("framework_item"):
            most, count = most_of(lot), candidates(lot).count()
            self.fields[f"count_{lot.pk}"] = forms.IntegerField(
                label=_("{lot}: suppliers selected").format(lot=lot.title), min_value=1, initial=min(most, lot.framework_item.wanted),
                help_text=_("{count} valid responses; at most {most} may be selected, {wanted} are wanted.").format(count=count, most=most, wanted=lot.framework_item.wanted),
            )  # fmt: skip

    def arguments(self):
        data = super().arguments()
        counts = {int(name.removeprefix("count_")): data.pop(name) for name in list(data) if name.startswith("count_")}
        return {**data, "counts": counts}


class SignAgreementForm(StepForm):
    starts_on = forms.DateField(label=_("In force from"), required=False, help_text=_("The day of signing if you leave it empty."))
    file = UploadField(label=_("Signed agreement, scanned"), kinds=filetypes.SCANS)
    back_dating_needs_reason = False


class RemoveForm(StepForm):
    cause = forms.ChoiceField(label=_("Cause"), choices=FrameworkAgreement.CAUSES, widget=forms.RadioSelect)
    file = UploadField(label=_("Decision or record, scanned"), kinds=filetypes.SCANS, required=False)
    back_dating_needs_reason = False


class RefillForm(CleanForm):
    wanted = forms.IntegerField(label=_("Suppliers wanted"), min_value=1, max_value=200, initial=1)
    reason = _text(_("How the missing suppliers affect it"), 300, 3)


class CallOffForm(CleanForm):
    """Which supplier of which item, how chosen, how much."""

    agreement = forms.ModelChoiceField(FrameworkAgreement.objects.none(), label=_("Supplier"), widget=forms.RadioSelect, empty_label=None)
    way = forms.ChoiceField(label=_("How it was chosen"), widget=forms.RadioSelect)
    chosen_by = forms.ChoiceField(label=_("Chosen by"), choices=CallOff.CHOOSERS, widget=forms.RadioSelect, initial="purchaser")
    quantity = forms.DecimalField(label=_("Quantity"), min_value=0, max_digits=10, decimal_places=2, help_text=_("Quantity times unit price stays within what is approved for the project and what the framework has left."))
    price = MoneyField().formfield(label=_("Unit price (yuan)"), required=False, help_text=_("Empty: the framework's unit price. It is never higher."))
    reason = _text(_("Reason"), 500, 3)
    happened_on = forms.DateField(label=_("Decided on"), initial=clock.today)
    declared = forms.BooleanField(label=_("No post, kinship or other tie stands between me and the supplier (条例 第9条)."))

    def __init__(self, *args, framework, agreements, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["agreement"].queryset = FrameworkAgreement.objects.filter(pk__in=[row.pk for row in agreements]).select_related("organization", "item__lot")
        self.fields["agreement"].label_from_instance = lambda row: f"{row.item.lot.title} · {row.organization} · {row.price:,.2f}/{row.item.unit}"
        self.fields["way"].choices = [row for row in Framework.WAYS if row[0] in framework.ways]
        self.fields["way"].initial = framework.ways[0]

    def clean_quantity(self):
        if not self.cleaned_data["quantity"]:
            raise forms.ValidationError(_("Enter a quantity above zero."))
        return self.cleaned_data["quantity"]

    def clean_happened_on(self):
        if (day := self.cleaned_data["happened_on"]) > clock.today():
            raise forms.ValidationError(_("The date it happened lies in the future."))
        return day


class QuoteOfForm(CleanForm):
    agreement = forms.ModelChoiceField(FrameworkAgreement.objects.none(), label=_("Supplier"))
    price = MoneyField().formfield(label=_("Unit price quoted"))

    def __init__(self, *args, agreements=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["agreement"].queryset = FrameworkAgreement.objects.filter(pk__in=[row.pk for row in agreements]).select_related("organization", "item__lot")
        self.fields["agreement"].label_from_instance = lambda row: f"{row.organization} · {row.item.lot.title}"


def second_quotes(data=None, agreements=()):
    made = forms.formset_factory(QuoteOfForm, extra=3, max_num=30)
    made.title = _("Quotes of a second competition")
    return made(data, prefix="quotes", form_kwargs={"agreements": agreements})
