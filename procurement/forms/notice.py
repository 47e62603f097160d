"""Forms of announcements: one of the official forms filled in by hand, made of its own field list."""

from django import forms
from django.utils.translation import pgettext_lazy

from kernel.cleaning import CleanForm


class HandForm(CleanForm):
    """The fields of an official form in their order; which unit publishes it. Labels are the official Chinese ones."""

    def __init__(self, *args, form, units, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"] = forms.ModelChoiceField(units, label=pgettext_lazy("notice", "Published by"), initial=units.first(), empty_label=None)
        for row in form.fields:
            widget = forms.Textarea(attrs={"rows": 4}) if row.many else forms.TextInput()
            self.fields[row.key] = forms.CharField(label=row.label, required=row.needed, max_length=5000 if row.many else 300, widget=widget)
        self.keys = [row.key for row in form.fields]

    def said(self):
        return {key: self.cleaned_data.get(key, "") for key in self.keys}
