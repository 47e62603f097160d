"""The progress page in a browser: it moves on by itself, with and without JavaScript."""

import pytest

from kernel import clock, jobs
from kernel.models import Job, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def running(monkeypatch):
    monkeypatch.setitem(jobs.KINDS, "test.report", (lambda run: None, "年度报告"))
    monkeypatch.setitem(jobs.MESSAGES, "test.pages", "正在排版")
    person = User.objects.create_user("deng", "x", name="邓等")
    return Job.objects.create(kind="test.report", requested_by=person, state="running", progress=35, message="test.pages", heartbeat_at=clock.wall())


@pytest.mark.parametrize("javascript", [True, False])
def test_it_moves_on_by_itself(browse, running, javascript):
    tab = browse(running.requested_by, javascript=javascript)
    tab.goto(f"/jobs/{running.pk}/")
    assert "35%" in tab.inner_text("main") and "正在排版" in tab.inner_text("main")
    Job.objects.filter(pk=running.pk).update(state="done", progress=100, result_url="/desk/")
    if javascript:  # the waiting page becomes the result by itself
        tab.wait_for_url("**/desk/", timeout=10000)
        return
    tab.locator("main a[href='/desk/']").wait_for(timeout=10000)
    assert "已完成" in tab.inner_text("main")


def test_on_a_phone_nothing_sticks_out(browse, running):
    tab = browse(running.requested_by, phone=True)
    tab.goto(f"/jobs/{running.pk}/")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.goto("/jobs/")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
