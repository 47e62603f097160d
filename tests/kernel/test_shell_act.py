"""Verbs over HTTP on a real life (the holiday calendar): who may, what is refused and where the sentence stands."""

import datetime

import pytest
from django import forms
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kernel import clock, holidays, lifecycle
from kernel.forms import StepForm
from kernel.models import HolidayCalendar, StandIn, TrailRow, User

pytestmark = pytest.mark.django_db


def person(username, **fields):
    return User.objects.create_user(username, "correct horse 12", name=username, **fields)


@pytest.fixture
def keeper():
    return person("keeper", is_platform_admin=True)


@pytest.fixture
def second():
    return person("second", is_platform_admin=True)


@pytest.fixture
def draft(keeper):
    calendar = HolidayCalendar.objects.create(version=900, document_number="国办发明电〔2026〕1号", created_by=keeper)
    calendar.years.create(year=2027, document_number="国办发明电〔2026〕1号")
    return calendar


def address(calendar, verb="discard"):
    return f"/holidaycalendar/{calendar.pk}/do/{verb}/"


def test_get_asks_and_post_runs(client, keeper, draft):
    client.force_login(keeper)
    page = client.get(address(draft))
    assert page.status_code == 200
    assert page.content.decode().count("<h1") == 1
    answer = client.post(address(draft))
    assert answer.status_code == 302 and answer.url == draft.get_absolute_url()
    draft.refresh_from_db()
    assert draft.status == "discarded"


def test_second_click_gets_a_sentence_and_changes_nothing(client, keeper, draft):
    client.force_login(keeper)
    client.post(address(draft))
    rows = TrailRow.objects.count()
    answer = client.post(address(draft), follow=True)
    assert "不能办理" in answer.content.decode()
    assert TrailRow.objects.count() == rows


def test_weak_role_403_stranger_login_unknown_404(client, draft):
    assert client.get(address(draft)).url.startswith("/accounts/login/")
    client.force_login(person("weak"))
    for method in (client.get, client.post):
        refused = method(address(draft))
        assert refused.status_code == 403
        assert "您的岗位不能在此办理" in refused.content.decode()
    for wrong in ("/nonsense/1/do/discard/", "/holidaycalendar/999999/do/discard/", "/holidaycalendar/x/do/discard/", address(draft, "nonsense")):
        assert client.get(wrong).status_code == 404
        assert client.post(wrong).status_code == 404
    assert client.get(f"/holidaycalendar/{'9' * 40}/do/discard/").status_code == 404


def test_invisible_subject_is_404_even_for_the_strongest(client, keeper, draft, monkeypatch):
    client.force_login(keeper)
    monkeypatch.setattr(type(HolidayCalendar.objects.all()), "visible_to", lambda self, user: self.none())
    assert client.post(address(draft)).status_code == 404
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_step_taken_by_code_has_no_address(client, keeper, draft, monkeypatch):
    from dataclasses import replace

    client.force_login(keeper)
    step = replace(holidays.DISCARD, by_code=True)
    monkeypatch.setattr(holidays.LIFE, "steps", (step,))
    assert client.post(address(draft)).status_code == 404
    assert f"do/{step.verb}/" not in client.get(draft.get_absolute_url()).content.decode()


def test_objection_greys_the_button_and_refuses_the_post(client, keeper, draft):
    client.force_login(keeper)
    page = client.get(draft.get_absolute_url()).content.decode()
    assert 'disabled aria-describedby="why-publish"' in page
    answer = client.post(address(draft, "publish"), follow=True)
    draft.refresh_from_db()
    assert draft.status == "draft"
    assert "dd-messages" in answer.content.decode()


def test_hold_blocks_and_says_why(client, keeper, draft):
    lifecycle.place_hold(draft, verbs=["discard"], code="challenge", actor=keeper, note="正在质疑", article="94号令 第10条")
    client.force_login(keeper)
    answer = client.post(address(draft), follow=True).content.decode()
    assert "正在质疑" in answer and "94号令" in answer


class FieldForm(StepForm):
    number = forms.IntegerField(min_value=1)


def test_form_refusal_stands_beside_its_field_with_input_kept(client, keeper, draft, monkeypatch):
    def refusing(calendar, *, actor, number, reason="", happened_on=None):
        raise lifecycle.Refusal("taken", "这个数已被占用。", field="number", article="条例18条")

    monkeypatch.setitem(holidays.LIFE.functions, "discard", refusing)
    monkeypatch.setitem(holidays.LIFE.forms, "discard", FieldForm)
    client.force_login(keeper)
    bad = client.post(address(draft), {"number": "-3", "reason": "我写的理由"})
    assert bad.status_code == 422
    assert "我写的理由" in bad.content.decode()
    refused = client.post(address(draft), {"number": "7", "reason": "我写的理由"})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert 'id="id_number_error"' in page and "这个数已被占用" in page and 'value="7"' in page and "我写的理由" in page
    assert 'aria-describedby="id_number_error"' in page


def test_verb_that_needs_more_than_the_page_asks_is_404(client, keeper, draft, monkeypatch):
    monkeypatch.setitem(holidays.LIFE.functions, "discard", lambda calendar, *, actor, secret: None)
    client.force_login(keeper)
    assert client.post(address(draft)).status_code == 404


def test_back_dating_needs_a_reason_and_the_future_is_refused(client, keeper, draft):
    client.force_login(keeper)
    yesterday = clock.today() - datetime.timedelta(days=1)
    form = client.post(address(draft), {"happened_on": yesterday.isoformat()})
    assert form.status_code == 422 and "依据的书面材料" in form.content.decode()
    future = client.post(address(draft), {"happened_on": (clock.today() + datetime.timedelta(days=1)).isoformat(), "reason": "x"})
    assert future.status_code == 422
    assert client.post(address(draft), {"happened_on": yesterday.isoformat(), "reason": "纸质材料"}).status_code == 302
    assert TrailRow.objects.get(verb="discard").happened_on == yesterday


def test_nul_and_endless_text_are_refused_beside_the_field(client, keeper, draft):
    client.force_login(keeper)
    for text in ("a\x00b", "长" * 3000):
        answer = client.post(address(draft), {"reason": text})
        assert answer.status_code == 422
        assert 'id="id_reason_error"' in answer.content.decode()
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_stand_in_acts_and_the_timeline_says_for_whom(client, keeper, draft):
    deputy = person("deputy")
    today = clock.today()
    StandIn.objects.create(principal=keeper, deputy=deputy, starts_on=today, ends_on=today, reason="出差", created_by=keeper)
    client.force_login(deputy)
    HolidayCalendar.objects.update(created_by=None)
    assert client.post(address(draft)).status_code == 302
    page = client.get(draft.get_absolute_url()).content.decode()
    assert "deputy（代 keeper）" in page
    assert "您正在代办 keeper" in page


def test_withdraw_is_offered_until_somebody_acts(client, keeper, draft, monkeypatch):
    from dataclasses import replace

    client.force_login(keeper)
    client.post(address(draft))
    assert client.post(address(draft, "withdraw"), follow=True).status_code == 200
    draft.refresh_from_db()
    assert draft.status == "discarded"
    monkeypatch.setattr(holidays.LIFE, "steps", (holidays.PUBLISH, replace(holidays.DISCARD, withdrawable=True)))
    assert "do/withdraw/" in client.get(draft.get_absolute_url()).content.decode()
    client.post(address(draft, "withdraw"))
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_progress_names_states_durations_and_who_is_waited_for(keeper, draft):
    from kernel.detail import progress_of

    progress = progress_of(draft)
    assert [stage.phase for stage in progress.stages] == ["current", "next"]
    assert str(progress.next_label) and str(progress.waits_for)
    holidays.LIFE.functions["discard"](draft, actor=keeper)
    draft = HolidayCalendar.objects.get(pk=draft.pk)
    assert [stage.phase for stage in progress_of(draft).stages] == ["past", "current"]


def test_detail_page_queries_do_not_grow_with_the_trail(client, keeper, draft):
    from kernel import trail

    client.force_login(keeper)
    client.get(draft.get_absolute_url())

    def count():
        with CaptureQueriesContext(connection) as found:
            client.get(draft.get_absolute_url())
        return len(found)

    few = count()
    for number in range(15):
        trail.record(draft, "change", actor=keeper, params={"n": number})
    assert count() == few <= 20
