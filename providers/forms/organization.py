"""Forms around an organization: registration, editing, names, grade, exclusions, people."""

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.models import Place
from kernel import clock, filetypes
from kernel.cleaning import CleanForm, CleanModelForm, HoneypotMixin
from kernel.models import User
from kernel.upload import UploadField
from providers.kinds import WITHOUT_CODE
from providers.models import Exclusion, MemberInvitation, Organization

FACTS = (
    "kind",
    "name",
    "credit_code",
    "place",
    "legal_representative",
    "address",
    "founded_on",
    "business_scope",
    "fields_of_work",
    "size",
    "licence_until",
    "controllers",
    "is_auditor",
    "contact_name",
    "contact_phone",
)


def areas():
    """Streets and districts an organization may name as its area, with the district in front."""
    places = Place.objects.open().filter(kind__in=("district", "street")).select_related("parent").order_by("path")
    return [("", "---------"), *((place.pk, f"{place.parent} · {place}" if place.parent else str(place)) for place in places)]


class OrganizationForm(CleanModelForm):
    """What the registry keeps. Code, identity card and supporter are checked by the verb; the law of each kind is there."""

    id_number = forms.CharField(label=_("identity card number"), max_length=18, required=False, help_text=_("Natural persons only. Encrypted; shown masked."))
    representative_id = forms.CharField(
        label=_("legal representative's identity card number"),
        max_length=18,
        required=False,
        help_text=_("So that the same head of two bidders is found although the name is spelled otherwise. Encrypted, compared, never shown."),
    )
    supporter_code = forms.CharField(
        label=_("credit code of the supporting organization"),
        max_length=18,
        required=False,
        help_text=_("Community groups only: who signs, receives the money and answers for the group."),
    )
    licence = UploadField(label=_("licence"), kinds=filetypes.SCANS, required=False)

    class Meta:
        model = Organization
        fields = FACTS
        widgets = {"business_scope": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "credit_code": _("18 signs, as on the licence. Persons and community groups leave it empty."),
            "fields_of_work": _("For example: elder care, children, volunteers."),
            "is_auditor": _("Tick this if the organization checks the work of others."),
        }

    field_order = ("kind", "name", "credit_code", "id_number", "supporter_code", "place")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].choices = areas()
        self.fields["place"].required = True
        if self.instance.pk:
            self.fields["supporter_code"].initial = getattr(self.instance.supporter, "credit_code", "")
            self.fields["id_number"].help_text = _("Leave it empty to keep the one on file.")
            self.fields["representative_id"].help_text = _("Leave it empty to keep the one on file.")

    def _get_validation_exclusions(self):
        return super()._get_validation_exclusions() | {"credit_code"}  # the verb answers with a sentence that says what to do

    def _post_clean(self):
        """The verb writes, not the form."""

    def clean_founded_on(self):
        day = self.cleaned_data["founded_on"]
        if day and day > clock.today():
            raise ValidationError(_("This day lies in the future. Enter the date on the paper."))
        return day

    def clean(self):
        data = super().clean() or self.cleaned_data
        kind, code = data.get("kind"), (data.get("credit_code") or "").strip()
        if kind and kind not in WITHOUT_CODE and not code:
            self.add_error("credit_code", _("Enter the unified social credit code as on the licence."))
        if kind == "person" and not data.get("id_number") and not getattr(self.instance, "id_number", ""):
            self.add_error("id_number", _("A natural person is registered with the identity card number."))
        data["supporter"] = self.supporter(kind, data.pop("supporter_code", ""))
        return data

    def supporter(self, kind, code):
        if kind != "community_group":
            return None
        found = Organization.objects.verified().filter(credit_code=(code or "").strip().upper()).first() if code else None
        if found is None:
            self.add_error("supporter_code", _("Enter the credit code of a verified organization that supports the group."))
        return found

    def facts(self):
        """Keyword arguments for the verb; an empty identity number keeps the one on file."""
        data = {name: self.cleaned_data[name] for name in (*FACTS, "supporter", "id_number", "representative_id") if name in self.cleaned_data}
        return self.kept(data)

    def kept(self, data):
        """Without the numbers left empty, where one is on file already."""
        gone = [name for name in ("id_number", "representative_id") if self.instance.pk and not data.get(name)]
        return {name: value for name, value in data.items() if name not in gone}


class ContactForm(OrganizationForm):
    """What may change after verification without a new one."""

    id_number = supporter_code = licence = None

    class Meta(OrganizationForm.Meta):
        fields = ("address", "contact_name", "contact_phone", "fields_of_work", "business_scope", "size", "licence_until", "controllers")

    def __init__(self, *args, **kwargs):
        forms.ModelForm.__init__(self, *args, **kwargs)
        self.fields["representative_id"].help_text = _("Leave it empty to keep the one on file.")

    def clean(self):
        return self.cleaned_data

    def facts(self):
        return self.kept(dict(self.cleaned_data))


class LoginFields(CleanForm):
    """A new login: name, password twice."""

    username = forms.CharField(
        label=_("login name"), max_length=40, validators=User._meta.get_field("username").validators, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
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
        data = super().clean()
        data = self.cleaned_data if data is None else data
        first, second = data.get("password1"), data.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords differ."))
        elif first:
            try:
                validate_password(first, User(username=data.get("username", "")))
            except ValidationError as error:
                self.add_error("password1", error)
        return data


class RegistrationForm(HoneypotMixin, LoginFields, OrganizationForm):
    """The public page: the organization, its licence and the manager's login in one go."""

    manager_name = forms.CharField(label=_("your name"), max_length=60)
    email = forms.EmailField(label=_("email"), required=False)

    field_order = (*OrganizationForm.field_order, *FACTS[4:], "licence", "manager_name", "email", "username", "password1", "password2")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["licence"].required = True


class JoinForm(LoginFields, CleanForm):
    """Follow a manager's invitation with a new login."""


class MemberForm(CleanForm):
    """Invite a person to the organization."""

    name = forms.CharField(label=pgettext_lazy("person", "name"), max_length=60)
    role = forms.ChoiceField(label=_("role"), choices=MemberInvitation._meta.get_field("role").choices)


class RenameForm(CleanForm):
    name = forms.CharField(label=_("new registered name"), max_length=80)
    since = forms.DateField(label=_("valid from"))
    document = forms.CharField(label=_("document number"), max_length=80)
    proof = UploadField(label=_("licence with the new name"), kinds=filetypes.SCANS)


class GradeForm(CleanForm):
    grade = forms.ChoiceField(label=_("grade"), choices=Organization._meta.get_field("grade").choices)
    notice_on = forms.DateField(label=_("day of the result notice"), help_text=_("The last valid day is computed from it."))
    document = forms.CharField(label=_("document number"), max_length=80)


class ExclusionForm(CleanForm):
    kind = forms.ChoiceField(label=_("kind"), choices=Exclusion.KINDS)
    document = forms.CharField(label=_("document number"), max_length=80)
    starts_on = forms.DateField(label=_("from"))
    ends_on = forms.DateField(label=_("to"), required=False, help_text=_("A debarment always ends; a listing may stay open."))
    proof = UploadField(label=_("the document"), kinds=filetypes.SCANS, required=False)


class LiftForm(CleanForm):
    ends_on = forms.DateField(label=_("last day"))
    document = forms.CharField(label=_("document number"), max_length=80)


class AccountForm(CleanForm):
    """The number counts only once the street's accountant has confirmed it."""

    holder = forms.CharField(label=_("account holder"), max_length=80, help_text=_("The registered name, letter by letter."))
    bank = forms.CharField(label=_("bank"), max_length=80)
    number = forms.CharField(label=_("account number"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}))
    proof = UploadField(label=_("stamped proof"), kinds=filetypes.SCANS)


class RefuseAccountForm(CleanForm):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
