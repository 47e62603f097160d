"""What the script adds, in a real browser: drafts that come back, one submission per click, a question before, totals in whole fen. No CSP report."""

import pytest
from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import path

from config.urls import urlpatterns as real_patterns
from kernel.cleaning import CleanForm
from kernel.forms import render_form
from kernel.models import Draft, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]
PASSWORD = "correct horse 12"
SUBMITTED = []


class SampleForm(CleanForm):
    title = forms.CharField()
    kind = forms.ChoiceField(choices=[("a", "甲"), ("b", "乙")], widget=forms.RadioSelect)
    agreed = forms.BooleanField(required=False)


class LineForm(CleanForm):
    name = forms.CharField()
    quantity = forms.DecimalField(decimal_places=2, max_digits=9)
    unit_price = forms.DecimalField(decimal_places=2, max_digits=9)


LineSet = forms.formset_factory(LineForm, extra=1, can_delete=True)


def sample(request):
    form = SampleForm(request.POST or None)
    lines = LineSet(request.POST or None, prefix="lines")
    lines.product = "quantity*unit_price"
    if request.method == "POST" and form.is_valid() and lines.is_valid():
        SUBMITTED.append(form.cleaned_data["title"])
        messages.success(request, "收到")
        return redirect("/sample/")
    return render_form(request, form, title="样例", draft="sample", formsets=[lines], cancel="/desk/")


urlpatterns = [path("sample/", sample), *real_patterns]


@pytest.fixture
def page(browse):
    SUBMITTED.clear()
    return browse(User.objects.create_user("alice", PASSWORD, name="王芳"), phone=True)


def test_draft_comes_back_with_its_rows_and_goes_when_sent(page):
    page.goto("/sample/")
    page.fill("#id_title", "助老服务")
    page.check("[name=kind][value=b]")
    page.fill("#id_lines-0-name", "横幅")
    page.click("[data-add-row]")
    page.fill("#id_lines-1-name", "签字笔")
    page.fill("#id_lines-1-quantity", "3")
    page.fill("#id_lines-1-unit_price", "2.15")
    page.locator(".dd-draft-note", has_text="草稿已保存").wait_for()
    page.goto("/sample/")
    page.locator(".dd-draft-note", has_text="已恢复").wait_for()
    assert page.input_value("#id_title") == "助老服务"
    assert page.is_checked("[name=kind][value=b]")
    assert page.input_value("#id_lines-1-name") == "签字笔"
    assert page.inner_text("[data-sum]") == "6.45"
    page.fill("#id_lines-0-quantity", "0.1")
    page.fill("#id_lines-0-unit_price", "0.20")
    assert page.inner_text("[data-sum]") == "6.47"
    page.click("main button[type=submit]")
    page.wait_for_selector(".dd-messages")
    assert SUBMITTED == ["助老服务"]
    assert not Draft.objects.exists()
    assert page.input_value("#id_title") == ""


def test_double_click_sends_once_and_errors_keep_input(page):
    page.goto("/sample/")
    page.fill("#id_title", "一次")
    page.check("[name=kind][value=a]")
    page.dblclick("main button[type=submit]")
    page.wait_for_selector(".dd-messages, .errors")
    assert len(SUBMITTED) <= 1
    page.goto("/sample/")
    page.fill("#id_title", "只填标题")
    page.click("main button[type=submit]")
    page.wait_for_selector("#id_kind_error")
    assert page.input_value("#id_title") == "只填标题"


def test_question_before_a_step_can_be_answered_no(page):
    page.goto("/sample/")
    page.evaluate("document.querySelector('main button[type=submit]').dataset.confirm = '确定提交吗？'")
    page.fill("#id_title", "问一下")
    page.check("[name=kind][value=a]")
    page.click("main button[type=submit]")
    assert page.inner_text("#dd-confirm-text") == "确定提交吗？"
    page.click("#dd-confirm button[value=no]")
    assert SUBMITTED == []
    page.click("main button[type=submit]")
    page.click("#dd-confirm button[value=yes]")
    page.wait_for_selector(".dd-messages, .errors")
    assert SUBMITTED == ["问一下"]


def test_everything_works_with_the_keyboard_and_no_page_is_wider_than_the_phone(page):
    for address in ("/desk/", "/notices/", "/preferences/", "/sample/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
    page.goto("/desk/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
