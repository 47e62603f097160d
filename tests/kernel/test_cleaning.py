"""Bad input: beside the field, input kept, nothing lost."""

import pytest
from django import forms

from kernel.cleaning import CleanForm, CleanModelForm, HoneypotMixin
from kernel.models import User


class Form(CleanForm):
    title = forms.CharField()
    text = forms.CharField(widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(choices=[("a", "a")], required=False)
    who = forms.ModelChoiceField(User.objects.none(), required=False)
    count = forms.IntegerField(required=False)
    day = forms.DateField(required=False)

    def clean_title(self):
        return self.cleaned_data["title"].upper()


class Public(HoneypotMixin, CleanForm):
    text = forms.CharField()


def test_good_input_is_trimmed_and_passes():
    form = Form({"title": " 老人\u3000", "text": "一\r\n二", "count": "3", "day": "2026-06-01"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["title"] == "老人"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "a\x00b"),
        ("title", "a\x1bb"),
        ("title", "a\nb"),
        ("title", "gnp\u202egpj"),
        ("title", "长" * 2001),
        ("text", "长" * 5001),
        ("text", "\x00"),
        ("kind", "a\x00"),
        ("who", "\x00"),
        ("who", "9" * 40),
        ("count", "9" * 13),
        ("count", "1\x00"),
        ("day", "0001-01-01"),
        ("day", "9999-12-31"),
        ("day", "2026-02-30"),
    ],
)
@pytest.mark.django_db
def test_bad_input_stands_beside_its_field(field, value):
    form = Form({"title": "ok", field: value})
    assert not form.is_valid() and list(form.errors) == [field] and form.errors[field][0]
    assert list(form.fields) == ["title", "text", "kind", "who", "count", "day"]
    assert form[field].value() == value


def test_every_bad_field_is_named_at_once():
    assert set(Form({"title": "\x00", "count": "9" * 20, "day": "x"}).errors) == {"title", "count", "day"}


def test_text_fields_tell_the_browser_their_limit():
    assert 'maxlength="2000"' in str(Form()["title"]) and 'maxlength="5000"' in str(Form()["text"])


@pytest.mark.django_db
def test_model_forms_too():
    class UserForm(CleanModelForm):
        class Meta:
            model = User
            fields = ["username", "name"]

    assert UserForm({"username": "zhang", "name": "张\x00三"}).errors.keys() == {"name"}
    assert UserForm({"username": "zhang", "name": "张三"}).is_valid()


def test_the_trap_catches_programs_and_no_people():
    assert Public({"text": "路灯坏了", "website": ""}).is_valid() and Public({"text": "路灯坏了"}).is_valid()
    form = Public({"text": "buy", "website": "http://spam"})
    assert not form.is_valid() and form.non_field_errors()
    assert [field.name for field in Public().hidden_fields()] == ["website"] and "hidden" in str(Public()["website"])
