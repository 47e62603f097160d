"""What supervision asks people for."""

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluation.models import CallBack, Finding
from kernel.cleaning import CleanForm
from kernel.forms import StepForm
from kernel.models import User
from kernel.money import LARGEST
from procurement.models import Activity
from providers.models import Organization

YES_NO = [("", _("not looked at yet")), ("True", _("yes")), ("False", _("no"))]


class AssignForm(CleanForm):
    """Which audit firm and person supervise a contract."""

    firm = forms.ModelChoiceField(queryset=Organization.objects.none(), label=_("Audit firm"))
    auditor = forms.ModelChoiceField(queryset=User.objects.none(), label=_("Auditor"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        firms = Organization.objects.filter(is_auditor=True, status="verified")
        self.fields["firm"].queryset = firms
        self.fields["auditor"].queryset = User.objects.filter(
            organization_memberships__organization__in=firms, organization_memberships__ends_on=None, is_active=True
        ).distinct()


class CompareForm(CleanForm):
    """One activity compared with the plan."""

    counted = forms.IntegerField(label=_("People counted"), min_value=0, max_value=100000)
    vouchers_ok = forms.TypedChoiceField(label=_("Vouchers agree"), choices=YES_NO, coerce=lambda value: value == "True")
    evidence_ok = forms.TypedChoiceField(label=_("Evidence complete"), choices=YES_NO, coerce=lambda value: value == "True")
    remark = forms.CharField(label=_("Remark"), max_length=300, required=False)


class FindingForm(CleanForm):
    """What was found and how much is in doubt."""

    activity = forms.ModelChoiceField(queryset=Activity.objects.none(), label=_("Activity"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=Finding.KINDS)
    text = forms.CharField(label=_("What was found"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    amount = forms.DecimalField(
        label=_("Questioned amount (yuan)"), min_value=0, max_value=LARGEST, decimal_places=2, help_text=_("Only this amount is withheld; the rest is paid on time.")
    )

    def __init__(self, *args, check, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["activity"].queryset = Activity.objects.filter(check_items__check_of=check)


class DrawForm(CleanForm):
    """How many participants to telephone."""

    count = forms.IntegerField(label=_("People to call"), min_value=1, max_value=200, initial=5)


class CallForm(CleanForm):
    """What one call said."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=[("", "---------"), *CallBack._meta.get_field("outcome").choices[1:]])
    remark = forms.CharField(label=_("Remark"), max_length=200, required=False)


class ReportForm(StepForm):
    """The auditor's opinion."""

    opinion = forms.CharField(label=_("Opinion of the check"), max_length=3000, widget=forms.Textarea(attrs={"rows": 6}))


class AnswerForm(StepForm):
    """The provider's rectification."""

    answer = forms.CharField(label=_("What was put right"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))
