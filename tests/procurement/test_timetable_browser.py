"""The timetable in a real browser: dates change as one types, refusals stand beside their field, a phone reads it, nothing serious for axe."""

import datetime
import os

import pytest
from django.conf import settings
from django.urls import reverse

from kernel import clock, holidays
from procurement.lifecycle import tender
from tests.browser import settled
from tests.factories import projects
from tests.factories.tenders import make_draft

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)
AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))])"
SHOTS = os.environ.get("DIANDAN_SHOTS", "")  # a folder for looking at the pages


def shot(tab, name):
    if SHOTS:
        tab.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.fixture
def office(transactional_db):
    clock.set_to(MONDAY)
    holidays.seed()
    return projects.make_office()


def test_playing_with_a_draft_and_with_the_form_that_publishes(office, browse):
    row = make_draft(office)
    tab = browse(office.handler)
    address = reverse("tender_timetable", args=[row.pk])
    tab.goto(address)
    assert "2026-03-12 10:00" in tab.inner_text("#plan")
    tab.fill("#id_start", "2026-03-05")
    tab.locator("#id_start").dispatch_event("change")
    tab.locator("#plan").get_by_text("2026-03-16 10:00").first.wait_for()
    settled(tab)
    tab.fill("#id_deadline", "2026-03-13T10:00")
    tab.locator("#id_deadline").dispatch_event("change")
    tab.wait_for_selector(".dd-field.bad #id_deadline")
    field = tab.locator(".dd-field", has=tab.locator("#id_deadline"))
    assert "2026-03-16" in field.inner_text() and "214号" in field.inner_text()
    shot(tab, "try")
    tab.goto(reverse("act", args=["tender", row.pk, "publish"]))
    tab.locator("#plan-live").get_by_text("2026-03-12 10:00").first.wait_for()
    settled(tab)
    tab.fill("#id_deadline", "2026-03-19T15:00")
    tab.locator("#id_deadline").dispatch_event("change")
    tab.locator("#plan-live").get_by_text("2026-03-19 15:00").first.wait_for()
    settled(tab)
    tab.fill("#id_deadline", "2026-03-14T10:00")
    tab.locator("#id_deadline").dispatch_event("change")
    tab.wait_for_selector("#plan-live .dd-note.bad")
    assert "休息日" in tab.inner_text("#plan-live .dd-note.bad")
    shot(tab, "publish")


@pytest.mark.parametrize("phone", [False, True])
def test_a_running_timetable_is_readable(office, browse, phone):
    clock.set_to(datetime.datetime(2026, 12, 7, 9, tzinfo=clock.ZONE))
    row = tender.publish(make_draft(office), actor=office.handler)
    clock.set_to(datetime.datetime(2026, 12, 16, 9, tzinfo=clock.ZONE))
    row = tender.clarify(row, actor=office.handler, text="增加一场活动。")
    tab = browse(office.handler, phone=phone)
    tab.goto(reverse("tender_timetable", args=[row.pk]))
    assert tab.locator("svg.dd-gantt").is_visible() and "日期变动" in tab.inner_text("main") and "2027" in tab.inner_text("#plan .dd-note.warn")
    shot(tab, f"running-{'phone' if phone else 'screen'}")
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    tab.evaluate(AXE.read_text(encoding="utf-8"))
    assert tab.evaluate(RUN) == []
    tab.goto(reverse("feed_page"))
    tab.evaluate(AXE.read_text(encoding="utf-8"))
    assert tab.evaluate(RUN) == []


def test_without_javascript_the_form_computes_too(office, browse):
    row = make_draft(office)
    tab = browse(office.handler, javascript=False)
    tab.goto(reverse("tender_timetable", args=[row.pk]))
    tab.fill("#id_start", "2026-03-05")
    tab.click(".dd-try button[type=submit]")
    assert "2026-03-16 10:00" in tab.inner_text("#plan")
