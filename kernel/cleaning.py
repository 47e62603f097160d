"""What every form refuses before it looks at meaning: signs no database or paper takes, endless text, absurd figures and years."""

import datetime
import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LINE = 2_000
TEXT = 5_000
LARGEST = 10**12
FIRST_DAY, LAST_DAY = datetime.date(1900, 1, 1), datetime.date(2199, 12, 31)


# Control signs but tab and line ends, halves of surrogate pairs, and what turns the direction of writing.
UNCLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
LINE_ENDS = re.compile("[\r\n]")


def unclean(text, *, lines=True):
    """Whether a text holds NUL, another control sign, half a surrogate pair or a direction override; line ends too, unless `lines`."""
    return bool(UNCLEAN.search(text) or (not lines and LINE_ENDS.search(text)))


class CleanMixin:
    """For any form: errors stand beside the field that caused them, what was typed stays."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.CharField) and field.max_length is None:
                field.max_length = TEXT if isinstance(field.widget, forms.Textarea) else LINE
                field.widget.attrs.setdefault("maxlength", str(field.max_length))

    def _clean_fields(self):
        unusable = [name for name in self.fields if name not in self._errors and self._unusable(name)]
        fields = dict(self.fields)
        for name in unusable:
            del self.fields[name]
        try:
            super()._clean_fields()
        finally:
            self.fields.clear()
            self.fields.update(fields)
        for name in unusable:
            self.add_error(name, ValidationError(_("This holds signs that can't be stored. Type it again instead of pasting it."), code="unclean"))
        for name in fields:
            if name in self.cleaned_data and (error := self._absurd(name, self.cleaned_data[name])):
                self.add_error(name, error)

    def _unusable(self, name):
        field = self.fields[name]
        if isinstance(field, forms.FileField):
            return False
        raw = field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        values = raw if isinstance(raw, (list, tuple)) else [raw]
        return any(isinstance(value, str) and unclean(value, lines=isinstance(field.widget, forms.Textarea)) for value in values)

    def _absurd(self, name, value):
        field = self.fields[name]
        if isinstance(field, forms.CharField):
            if isinstance(value, str) and field.max_length and len(value) > field.max_length:
                return ValidationError(
                    _("At most %(limit)d characters; this has %(count)d."), code="max_length", params={"limit": field.max_length, "count": len(value)}
                )
        elif isinstance(field, forms.IntegerField) and value is not None and abs(value) > LARGEST:
            return ValidationError(_("This number is too large."), code="max_value")
        elif isinstance(field, (forms.DateField, forms.DateTimeField)) and value:
            day = value.date() if isinstance(value, datetime.datetime) else value
            if not FIRST_DAY <= day <= LAST_DAY:
                return ValidationError(_("Check the year."), code="year")
        return None


class CleanForm(CleanMixin, forms.Form):
    """Base of forms."""


class CleanModelForm(CleanMixin, forms.ModelForm):
    """Base of model forms."""


class _Trap(forms.TextInput):
    is_hidden = True


class HoneypotMixin:
    """For public forms: a field nobody sees. Programs that fill everything in are refused, people are asked no riddle."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        attrs = {"hidden": True, "autocomplete": "off", "tabindex": "-1", "aria-hidden": "true"}
        self.fields["website"] = forms.CharField(required=False, label="", widget=_Trap(attrs=attrs))

    def clean(self):
        data = super().clean()
        data = self.cleaned_data if data is None else data
        if data.pop("website", ""):
            raise ValidationError(_("This looks like an automatic message. Leave the hidden field empty and send again."), code="honeypot")
        return data
