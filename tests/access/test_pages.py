"""Every page: one heading, a title, its language, no inline script or style, every field with a label; and what happens when a session or a token is gone."""

import pytest
from django.test import Client

from tests.access.answers import address
from tests.access.pages import Page
from tests.access.test_language import PAGES, in_chinese
from tests.access.world import client_of


@pytest.mark.parametrize("row", PAGES, ids=lambda row: f"{row['url']}-{row['object']}")
def test_every_page_is_well_made(world, row):
    response = in_chinese(world, row)
    if response is None or not response.get("Content-Type", "").startswith("text/html") or row["url"] == "job_progress":
        return
    page = Page(response.content.decode())
    assert len(page.headings) == 1 and page.headings[0].strip()
    assert page.title.strip() and page.language == "zh-hans"
    assert page.inline == []
    unlabelled = [field.name for form in page.forms for field in form["fields"] if field.kind not in ("hidden", "submit", "button", "radio") and not field.labelled and field.attributes.get("tabindex") != "-1"]
    assert unlabelled == []


@pytest.mark.parametrize("path", ["/nothing-here/", "/projects/999999/"])
def test_error_pages_are_whole_pages(world, path):
    response = client_of(world.people.own["handler"]).get(path)
    page = Page(response.content.decode())
    assert response.status_code == 404 and len(page.headings) == 1 and page.language == "zh-hans" and page.inline == []


def test_a_form_sent_without_its_token_is_explained_in_chinese(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people.own["handler"], backend="django.contrib.auth.backends.ModelBackend")
    response = client.post("/projects/new/", {"title": "甲"})
    text = response.content.decode()
    assert response.status_code == 403
    assert len(Page(text).headings) == 1 and Page(text).language == "zh-hans"
    assert "重新" in text or "刷新" in text


def test_a_form_sent_after_the_session_ended_leads_back_and_keeps_its_draft(world):
    user, where = world.people.own["handler"], "/projects/new/"
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    saved = client.post("/drafts/project-new/", '{"title": "写了一半的项目"}', content_type="application/json")
    assert saved.status_code == 200
    client.session.flush()
    response = client.post(where, {"title": "写了一半的项目", "_draft": "project-new"}, headers={"referer": f"http://testserver{where}"})
    assert response.status_code == 302 and response["Location"] == "/accounts/login/?next=/projects/new/".replace("/projects/new/", "%2Fprojects%2Fnew%2F")
    assert "草稿" in client.get(response["Location"]).content.decode()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/drafts/project-new/").json()["content"] == {"title": "写了一半的项目"}
    assert 'data-draft="project-new"' in client.get(where).content.decode()


def test_a_double_click_counts_once(world):
    """The same form twice: the second finds the step taken and says so."""
    client = Client()
    client.force_login(world.people.own["community"], backend="django.contrib.auth.backends.ModelBackend")
    where = f"/need/{world.need_draft.pk}/do/confirm/"
    assert [client.post(where, {"csrfmiddlewaretoken": "sent"}).status_code for _press in range(2)] == [302, 302]
    world.need_draft.refresh_from_db()
    assert world.need_draft.status == "confirmed"
    from kernel import trail

    assert [row.verb for row in trail.rows_of(world.need_draft)].count("confirm") == 1


def test_addresses_with_nonsense_in_them(world):
    """A letter, NUL, or a number no database holds instead of an id: not found, never an error."""
    user = world.people.own["handler"]
    for path in (f"/projects/{10**30}/", "/projects/?page=x", "/projects/?sort=%00&q=%00", "/projects/?status=no&year=x&place=y", "/bids/00000000-0000-0000-0000-000000000000/", "/announcements/%00/", "/rules/%00/", "/wish/%00/", "/verify/%00/"):
        assert client_of(user).get(path).status_code in (200, 404), path
    assert address(world, "project_list", "-") == "/projects/"
