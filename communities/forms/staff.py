"""Forms of staff: invite, accept, end, stand in."""

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.models import Membership, Place, Purchaser
from communities.models.membership import PLACE_ROLES, PURCHASER_ROLES, ROLES
from communities.permissions import may_staff
from kernel import clock
from kernel.cleaning import CleanForm
from kernel.models import User


class InviteForm(CleanForm):
    """One person, one role, one unit the inviter staffs."""

    name = forms.CharField(label=pgettext_lazy("person", "name"), max_length=60)
    email = forms.EmailField(label=_("email"), required=False, help_text=_("For notices. The link is not mailed: hand it over yourself."))
    unit = forms.ChoiceField(label=_("unit"))
    role = forms.ChoiceField(label=_("role"), choices=())

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.units = {}
        purchasers = [row for row in Purchaser.objects.visible_to(user).select_related("place") if may_staff(user, purchaser=row)]
        places = Place.objects.visible_to(user).open().exclude(kind="street").select_related("parent").order_by("path")
        options = [("", "---------")]
        for kind, rows in (("purchaser", purchasers), ("place", [row for row in places if may_staff(user, place=row)])):
            for row in rows:
                self.units[f"{kind}-{row.pk}"] = {kind: row}
                label = f"{row.parent} · {row}" if kind == "place" and row.parent_id else str(row)
                options.append((f"{kind}-{row.pk}", label))
        self.fields["unit"].choices = options
        self.fields["role"].choices = [
            ("", "---------"),
            (_("at a purchaser"), [(key, ROLES[key]) for key in PURCHASER_ROLES]),
            (_("at a place"), [(key, ROLES[key]) for key in PLACE_ROLES]),
        ]

    def arguments(self):
        """Keyword arguments for `invite`."""
        data = self.cleaned_data
        return {"name": data["name"], "email": data["email"], "role": data["role"], **self.units[data["unit"]]}


class LoginForm(CleanForm):
    """A login of one's own: name, password twice."""

    username = forms.CharField(
        label=_("login name"), max_length=40, validators=User._meta.get_field("username").validators, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    title = forms.CharField(label=_("job title"), max_length=60, required=False)
    password1 = forms.CharField(
        label=_("password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 10 characters, not only digits."),
    )
    password2 = forms.CharField(label=_("password again"), max_length=128, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def clean_username(self):
        name = User.normalize_username(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=name).exists():
            raise ValidationError(_("This login name is taken."))
        return name

    def clean(self):
        data = super().clean() or self.cleaned_data
        first, second = data.get("password1"), data.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords differ."))
        elif first:
            try:
                validate_password(first, User(username=data.get("username", "")))
            except ValidationError as error:
                self.add_error("password1", error)
        return data


class EndForm(CleanForm):
    """End a role: last day, why, and who takes over what is held by name."""

    ends_on = forms.DateField(label=_("last day"), initial=clock.today)
    successor = forms.ModelChoiceField(
        label=_("who takes over"), queryset=User.objects.none(), required=False, help_text=_("Somebody with the same role at the same unit.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args, membership, **kwargs):
        super().__init__(*args, **kwargs)
        same = (
            Membership.objects.in_force()
            .filter(role=membership.role, purchaser=membership.purchaser_id, place=membership.place_id)
            .exclude(user=membership.user_id)
        )
        self.fields["successor"].queryset = User.objects.filter(pk__in=same.values("user"), is_active=True)

    def clean_ends_on(self):
        day = self.cleaned_data["ends_on"]
        if day < clock.today():
            raise ValidationError(_("A role ends today or later, not in the past."))
        return day


class ReasonForm(CleanForm):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class StandInForm(CleanForm):
    """Who acts for whom, from when to when."""

    principal = forms.ModelChoiceField(label=_("principal"), queryset=User.objects.none())
    deputy = forms.ModelChoiceField(label=_("stand-in"), queryset=User.objects.none())
    starts_on = forms.DateField(label=_("from"), initial=clock.today)
    ends_on = forms.DateField(label=_("to"))
    scope = forms.ChoiceField(label=_("role covered"), required=False, choices=[("", _("all roles")), *ROLES.items()])
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        visible = Membership.objects.visible_to(user).in_force().select_related("purchaser__place", "place", "user")
        colleagues = {row.user_id for row in visible}
        principals = {row.user_id for row in visible if may_staff(user, purchaser=row.purchaser, place=row.place)} | {user.pk}
        self.fields["principal"].queryset = User.objects.filter(pk__in=principals, is_active=True).order_by("name")
        self.fields["deputy"].queryset = User.objects.filter(pk__in=colleagues, is_active=True).order_by("name")
        self.fields["principal"].initial = user.pk
