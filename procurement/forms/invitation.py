"""What inviting suppliers asks: the list, the draw, a recommendation; and what buying anew asks."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel.cleaning import CleanForm
from kernel.models import User
from procurement.forms.tender import verified_organizations
from procurement.models import InvitationPool, TenderInvitation
from providers.models import Organization


class PoolForm(CleanForm):
    """The list to be drawn from."""

    source = forms.ChoiceField(label=_("Where the list comes from"), choices=InvitationPool.SOURCES, widget=forms.RadioSelect, initial="library")
    organizations = forms.ModelMultipleChoiceField(Organization.objects.none(), label=_("Suppliers on the list"), widget=forms.CheckboxSelectMultiple, help_text=_("Only verified organizations; at least twice as many as will be drawn."))
    reason = forms.CharField(label=_("Why these suppliers are recommended"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("For a written recommendation only; published with the result."))

    def __init__(self, *args, tender, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["organizations"].queryset = verified_organizations()
        if tender.method != "invited_tender":
            self.fields["source"].choices = [row for row in InvitationPool.SOURCES if row[0] != "recommended"]
            del self.fields["reason"]


class DrawForm(CleanForm):
    """How many, and who watches."""

    count = forms.IntegerField(label=_("How many are drawn"), min_value=1, max_value=50, initial=3)
    watchers = forms.ModelMultipleChoiceField(User.objects.none(), label=_("Who watches the draw"), widget=forms.CheckboxSelectMultiple, help_text=_("At least two people of the purchaser, beside you."))

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["watchers"].queryset = people
        self.fields["watchers"].label_from_instance = lambda person: person.name


class RecommendForm(CleanForm):
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Supplier"))
    how = forms.ChoiceField(label=_("Recommended by"), choices=[row for row in TenderInvitation.WAYS if row[0] != "drawn"], widget=forms.RadioSelect, initial="recommended_by_expert")
    reason = forms.CharField(label=_("Reason of the recommendation"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Published with the result, with the supplier's name."))

    def __init__(self, *args, tender, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = verified_organizations().exclude(tender_invitations__tender=tender)


class RestartForm(CleanForm):
    """By which method it is bought anew, in which lawful case, and why."""

    method = forms.ChoiceField(label=_("Method of the next try"), widget=forms.RadioSelect)
    method_case = forms.ChoiceField(label=_("Lawful case"), required=False, help_text=_("Where the method asks for one."))
    method_reason = forms.CharField(label=_("Why this method now"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args, ways, **kwargs):
        from procurement import methods

        super().__init__(*args, **kwargs)
        self.fields["method"].choices = [(way.method, way.label) for way in ways]
        self.fields["method"].initial = ways[0].method
        groups = [(way.label, [(case.code, f"{case.label}（{case.article}）") for case in methods.get(way.method).cases]) for way in ways]
        self.fields["method_case"].choices = [("", "—"), *((label, cases) for label, cases in groups if cases)]
        self.fields["method_case"].initial = ways[0].case
