"""axe-core over the main pages in a real Chromium: nothing serious, on a screen and on a phone."""

import pytest
from django.conf import settings

from kernel import seal
from tests.access import world as stage
from tests.access.objects import OBJECTS, add_rest
from tests.browser import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
RUN = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))])"
PAGES = (
    (None, "/", None), (None, "/wish/", None), ("handler", "/desk/", None), ("handler", "/projects/", None), ("handler", "/projects/{}/", "project"),
    ("community", "/projects/{}/edit/", "project_draft"), ("community", "/projects/{}/budget/", "project_draft"), ("handler", "/tenders/{}/", "tender"),
    ("handler", "/contracts/{}/", "contract"), ("community", "/activities/{}/confirm/", "activity_answered"), ("accountant", "/payments/{}/", "payment"),
    ("auditor", "/checks/{}/", "check"), ("leader", "/reports/new/", None),
)  # fmt: skip


def test_nothing_serious_on_the_main_pages(transactional_db, browse, monkeypatch):
    monkeypatch.setattr(seal.enrol, "__defaults__", (2**4,))
    world = add_rest(stage.build())
    found, tabs, source = {}, {}, AXE.read_text(encoding="utf-8")
    for role, path, name in PAGES:
        if name:
            path = path.format(getattr(OBJECTS[name](world), "pk", ""))
        if role not in tabs:
            tabs[role] = browse(world.people.own[role] if role else None)
        tab = tabs[role]
        tab.set_viewport_size(DESKTOP)
        assert tab.goto(path).status == 200, path
        tab.evaluate(source)
        for width in (DESKTOP, PHONE):  # the same page, only narrower: nothing is asked of the server or drawn by script for a phone
            tab.set_viewport_size(width)
            if problems := tab.evaluate(RUN):
                found[path, width["width"]] = problems
    assert sorted({problem[0] for problems in found.values() for problem in problems}) == [], found
