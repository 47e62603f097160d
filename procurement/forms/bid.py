"""Forms of responses and of the opening. Passphrases are never kept, shown again or put into a draft."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kernel import clock, filetypes
from kernel.cleaning import CleanForm
from kernel.models import User
from kernel.money import MoneyField
from kernel.upload import UploadField
from procurement.forms.tender import verified_organizations
from procurement.models import Lot
from procurement.responses import FILE_KINDS


class PartsForm(CleanForm):
    """The parts of a response as its bidder writes them; each is encrypted as it is saved."""

    qualification = forms.CharField(label=_("Qualification documents (statement)"), max_length=8000, required=False, widget=forms.Textarea(attrs={"rows": 5}))
    technical = forms.CharField(label=_("Service plan"), max_length=20000, required=False, widget=forms.Textarea(attrs={"rows": 10}))
    price = MoneyField().formfield(label=_("Price (yuan)"), required=False)
    file_kind = forms.ChoiceField(label=_("Kind of the file"), required=False, choices=[("", _("choose")), *FILE_KINDS.items()])
    file = UploadField(label=_("Add a file"), required=False, help_text=_("Licence, plan, references; encrypted as it arrives."))


class PaperForm(CleanForm):
    lot = forms.ModelChoiceField(Lot.objects.none(), label=_("Lot"))
    organization = forms.ModelChoiceField(None, label=_("Bidder"))
    received_at = forms.DateTimeField(label=_("Received at"), initial=clock.now)
    witness = forms.ModelChoiceField(User.objects.none(), label=_("Witness"))
    price = MoneyField().formfield(label=_("Price on the paper (yuan)"))
    envelope = UploadField(label=_("Photo of the closed envelope with its seal"), kinds=filetypes.IMAGES)
    note = forms.CharField(label=_("Envelope, seal, content"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args, tender, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = verified_organizations()
        self.fields["witness"].queryset = people
        self.fields["lot"].queryset = tender.lots.all()
        self.fields["lot"].initial = tender.lots.first()


class ScanForm(CleanForm):
    file = UploadField(label=_("Scan of the paper response"), kinds=filetypes.SCANS)


def passphrase_field(label, name="off"):
    return forms.CharField(label=label, strip=False, max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": name}))


class EnrolForm(CleanForm):
    passphrase = passphrase_field(_("Passphrase"), "new-password")
    again = passphrase_field(_("The same once more"), "new-password")

    def clean(self):
        data = super().clean()
        if data.get("passphrase") and data.get("again") and data["passphrase"] != data["again"]:
            self.add_error("again", _("The two are not the same."))
        return data


class PassphraseForm(CleanForm):
    passphrase = passphrase_field(_("Your passphrase"))


class OpeningForm(CleanForm):
    """One opener alone (the other follows), or both at one desk."""

    passphrase = passphrase_field(_("Your passphrase"))
    second = forms.ModelChoiceField(User.objects.none(), label=_("Second opener at this desk"), required=False, help_text=_("Leave empty when the second opener signs in separately."))
    second_passphrase = forms.CharField(label=_("The second opener's passphrase"), strip=False, required=False, max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args, openers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["second"].queryset = openers


class WitnessForm(CleanForm):
    witness = forms.ModelChoiceField(User.objects.none(), label=_("Witness"), help_text=_("A second person who is present."))

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["witness"].queryset = people


class OpenersForm(CleanForm):
    openers = forms.ModelMultipleChoiceField(User.objects.none(), label=_("Three openers"), widget=forms.CheckboxSelectMultiple)
    alternates = forms.ModelMultipleChoiceField(User.objects.none(), label=_("Two alternates"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("openers", "alternates"):
            self.fields[name].queryset = people
            self.fields[name].label_from_instance = lambda user: (_("{person} · has a key") if user.has_key else _("{person} · no key yet")).format(person=user)


class FinalPriceForm(CleanForm):
    price = MoneyField().formfield(label=_("Final quote (yuan)"))


class ReplaceForm(CleanForm):
    """Two present openers hand the part of one who leaves to somebody with a key."""

    leaving = forms.ModelChoiceField(User.objects.none(), label=_("Opener who leaves"))
    replacement = forms.ModelChoiceField(User.objects.none(), label=_("Who takes over"), help_text=_("Somebody of the purchaser with an opener's key."))
    passphrase = passphrase_field(_("Your passphrase"))
    second = forms.ModelChoiceField(User.objects.none(), label=_("Second opener at this desk"))
    second_passphrase = passphrase_field(_("The second opener's passphrase"))

    def __init__(self, *args, openers, free, actor, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["leaving"].queryset, self.fields["replacement"].queryset = openers, free
        self.fields["second"].queryset = openers.exclude(pk=actor.pk)


class RemarkForm(CleanForm):
    agrees = forms.ChoiceField(label=_("The record of the opening"), choices=[("yes", _("we confirm it")), ("no", _("we have a question or object"))], widget=forms.RadioSelect)
    text = forms.CharField(label=_("Question or objection"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class AnswerForm(CleanForm):
    text = forms.CharField(label=_("Answer"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
