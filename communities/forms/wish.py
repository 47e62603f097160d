"""Forms of wishes and needs."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from communities.lifecycle.wish import ADOPT, ANSWER, LIFE
from communities.models import Need, Place, Wish
from communities.permissions import place_paths
from kernel import clock
from kernel.cleaning import CleanForm, CleanModelForm, HoneypotMixin
from kernel.forms import StepForm


def community_choices():
    """Open communities grouped by their street."""
    groups = {}
    for place in Place.objects.open().filter(kind=Place.COMMUNITY).select_related("parent").order_by("parent__sort_key", "sort_key"):
        groups.setdefault(str(place.parent), []).append((place.pk, place.name))
    return [("", "---------"), *groups.items()]


class WishForm(HoneypotMixin, CleanForm):
    """What a resident writes; only community and text are asked for."""

    place = forms.ModelChoiceField(label=_("your community"), queryset=Place.objects.open().filter(kind=Place.COMMUNITY))
    text = forms.CharField(
        label=_("what is missing"),
        max_length=1000,
        min_length=4,
        error_messages={"min_length": _("Please say a little more: at least 4 characters.")},
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    group = forms.CharField(label=_("for whom"), max_length=60, required=False, help_text=_("For example: elders living alone, children after school."))
    contact = forms.CharField(
        label=_("contact"),
        max_length=60,
        required=False,
        help_text=_("If you want to be called back. Stored encrypted, seen by your community only, deleted whenever you ask."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = community_choices()


class FollowForm(CleanForm):
    number = forms.CharField(
        label=_("number of the wish"), max_length=20, widget=forms.TextInput(attrs={"placeholder": "XY-7K3M-Q9TZ-4HPA", "autocapitalize": "characters"})
    )

    def clean_number(self):
        signs = "".join(sign for sign in self.cleaned_data["number"].upper() if sign.isalnum())
        signs = signs.removeprefix("XY")
        return f"XY-{signs[:4]}-{signs[4:8]}-{signs[8:]}"


class DeleteContactForm(CleanForm):
    contact = forms.CharField(label=_("the contact you left"), max_length=60)


class AnswerForm(StepForm):
    answer = forms.CharField(label=_("answer"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))


class AdoptForm(StepForm):
    """Which need of the community it becomes."""

    need = forms.ModelChoiceField(label=_("need"), queryset=Need.objects.none(), help_text=_("Raise the need first if it is not in the list."))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["need"].queryset = Need.objects.filter(place=self.subject.place_id).exclude(status="retired")


LIFE.form(ANSWER, AnswerForm)
LIFE.form(ADOPT, AdoptForm)


class NeedForm(CleanModelForm):
    """A need and the residents' voice; the voice may follow later, before the need is confirmed."""

    class Meta:
        model = Need
        fields = ("place", "grid", "title", "description", "target_group", "headcount", "method", "asked_on", "asked_count", "opinion", "wishes")
        widgets = {"description": forms.Textarea(attrs={"rows": 4}), "opinion": forms.Textarea(attrs={"rows": 4}), "wishes": forms.CheckboxSelectMultiple}
        help_texts = {"opinion": _("Needs of public services seek the public's opinion first. It is shown with the need.")}

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        places = raisable_places(user)
        self.fields["place"].queryset = places
        self.fields["grid"].queryset = Place.objects.open().filter(kind=Place.GRID, parent__in=places).select_related("parent")
        self.fields["grid"].label_from_instance = lambda grid: f"{grid.parent} · {grid}"
        self.fields["headcount"].min_value = 1
        wishes = Wish.objects.filter(place__in=places, status__in=("new", "answered"))
        if self.instance.pk:
            wishes = Wish.objects.filter(place=self.instance.place_id).filter(Q(status__in=("new", "answered")) | Q(needs=self.instance.pk)).distinct()
        self.fields["wishes"].queryset = wishes.select_related("place")
        self.fields["wishes"].label_from_instance = lambda wish: f"{wish.place}：{wish.text[:40]}"
        self.fields["wishes"].required = False
        if places.count() == 1:
            self.fields["place"].initial = places.first().pk

    def clean_headcount(self):
        count = self.cleaned_data["headcount"]
        if count is not None and not 1 <= count <= 10_000_000:
            raise forms.ValidationError(_("How many people does it concern? At least one."))
        return count

    def clean_asked_count(self):
        count = self.cleaned_data["asked_count"]
        if count is not None and not 1 <= count <= 10_000_000:
            raise forms.ValidationError(_("How many residents were asked? At least one."))
        return count

    def clean_asked_on(self):
        day = self.cleaned_data["asked_on"]
        if day and day > clock.today():
            raise forms.ValidationError(_("The day residents were asked lies in the future."))
        return day

    def clean(self):
        data = super().clean() or self.cleaned_data
        place, grid = data.get("place"), data.get("grid")
        if place and grid and grid.parent_id != place.pk:
            self.add_error("grid", _("This grid belongs to another community."))
        if place and any(wish.place_id != place.pk for wish in data.get("wishes") or ()):
            self.add_error("wishes", _("Choose wishes of the same community only."))
        return data

    def _post_clean(self):
        """The verb writes, not the form."""


def raisable_places(user):
    """Communities for which this person raises needs: their own, or those of their street."""
    from communities.models.place import under
    from communities.permissions import memberships_of

    areas = {row.purchaser.place.path for row in memberships_of(user) if row.purchaser_id and row.role in ("handler", "section")}
    return Place.objects.open().filter(kind=Place.COMMUNITY).filter(under(place_paths(user, "community") | areas, "path"))
