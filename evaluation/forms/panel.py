"""Forms of forming a panel: pool, draw, members, declaration, experts."""

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluation.models import Expert
from kernel.cleaning import CleanForm, CleanModelForm
from kernel.forms import StepForm
from kernel.models import User
from kernel.upload import UploadField


class PoolForm(CleanForm):
    """Which experts may be drawn, and how many; the pool is frozen with it."""

    count = forms.IntegerField(label=_("Experts to draw"), min_value=1, max_value=15, initial=3)
    reserves = forms.IntegerField(label=_("Reserves"), min_value=0, max_value=10, initial=2)
    legal_only = forms.BooleanField(label=_("Only experts in law"), required=False)


class DrawForm(CleanForm):
    word = forms.CharField(label=_("A word said by somebody present"), max_length=60, required=False, help_text=_("For example a number the supervising section names now. The seed follows from it and from the secret of the frozen pool."))


class ChooseExpertForm(CleanForm):
    """An expert named without a draw, by the superior unit's document."""

    expert = forms.ModelChoiceField(Expert.objects.none(), label=_("Expert"))
    document = forms.CharField(label=_("Consent of the superior unit (number)"), max_length=80)
    reason = forms.CharField(label=_("Reason"), max_length=120)
    file = UploadField(label=_("Scan of the consent"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["expert"].queryset = Expert.objects.filter(active=True, user__is_active=True).select_related("user").order_by("user__name")


class MemberForm(CleanForm):
    user = forms.ModelChoiceField(User.objects.none(), label=_("Person"))

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people


class DeclareForm(CleanForm):
    conflict = forms.CharField(label=_("What stands between, if anything"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Employment, shares, kinship within three years. Leave empty when there is nothing."))
    sure = forms.BooleanField(label=_("I declare this truthfully."))


class ReasonForm(CleanForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class PurposeForm(CleanForm):
    purpose = forms.CharField(label=_("What do you need the names for?"), max_length=200)


class ConcludeForm(StepForm):
    """The panel's own words; the figures are computed."""

    report = forms.CharField(label=_("Evaluation report"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6}), help_text=_("Who was judged how, dissenting views. Talks, scores and ranks are added by the system."))


class ExpertForm(CleanModelForm):
    class Meta:
        model = Expert
        fields = ["user", "specialities", "legal", "employer", "earlier_employers", "ties"]
        widgets = {"earlier_employers": forms.Textarea(attrs={"rows": 3}), "ties": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = User.objects.filter(is_active=True, expert=None, memberships=None).order_by("name")
        self.fields["user"].label = _("Person")
