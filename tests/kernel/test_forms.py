"""A form page that ends in a deed: it asks until all is right, does it once, says so, and tells a refusal beside its field."""

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory

from kernel.forms import ask_and_do
from kernel.lifecycle import Refusal

pytestmark = pytest.mark.django_db


class AmountForm(forms.Form):
    amount = forms.IntegerField(label="金额")


def ask(verb, data=None, formsets=(), **page):
    """The answer to a GET, or to a POST of `data`, and what was told."""
    factory = RequestFactory()
    request = factory.get("/") if data is None else factory.post("/", data)
    request.user, request._messages = AnonymousUser(), CookieStorage(request)
    request.csp_nonce = ""
    answer = ask_and_do(request, AmountForm(request.POST or None), verb, formsets=formsets, title="试", **page)
    return answer, [str(message) for message in get_messages(request)]


def never(data):
    raise AssertionError("the verb ran")


def test_it_asks_first_and_again_while_something_is_wrong():
    answer, told = ask(never, to="/there/")
    assert answer.status_code == 200 and 'href="/there/"' in answer.content.decode() and not told
    answer, told = ask(never, {"amount": "many"}, to="/there/", said="好")
    assert answer.status_code == 422 and "many" in answer.content.decode() and not told


def test_a_wrong_formset_keeps_the_verb_from_running():
    rows = forms.formset_factory(AmountForm)({"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "form-0-amount": "x"})
    answer, _told = ask(never, {"amount": "3"}, formsets=[rows], to="/there/")
    assert answer.status_code == 422 and rows.errors[0]


def test_it_runs_once_with_clean_data_and_leads_on():
    seen = []
    answer, told = ask(seen.append, {"amount": "3"}, to="/there/", said="好")
    assert (answer.status_code, answer.url, seen, told) == (302, "/there/", [{"amount": 3}], ["好"])
    answer, told = ask(lambda data: f"/made/{data['amount']}/", {"amount": "3"}, said=lambda made: f"见 {made}")
    assert (answer.url, told) == ("/made/3/", ["见 /made/3/"])


@pytest.mark.parametrize("field", ["amount", None])
def test_a_refusal_stands_beside_its_field_and_the_input_stays(field):
    def refuse(data):
        raise Refusal("much", "超过限额", field=field)

    answer, told = ask(refuse, {"amount": "31415"}, to="/there/", said="好")
    page = answer.content.decode()
    assert answer.status_code == 422 and "超过限额" in page and "31415" in page and not told
