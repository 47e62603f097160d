"""A real Chromium for tests marked `browser`: pages of logged-in people, desktop or phone; any script error or CSP report fails the test."""

import os

import pytest

from tooling.environment import chromium as find_chromium

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--renderer-process-limit=1"]  # the last: no process in stock for a tab that may come
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium():
    """The browser, started once per module. Fails (never skips) when there is none."""
    from playwright.sync_api import sync_playwright

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's own loop runs in this thread
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def browse(chromium, live_server):
    """browse(user=None, phone=False, javascript=True) → a page (tab) of its own session, logged in as the user, with the live server as base address."""
    from django.test import Client

    from kernel.views.csp import reports

    contexts, problems = [], []

    def open_tab(user=None, *, phone=False, javascript=True):
        context = chromium.new_context(base_url=live_server.url, viewport=PHONE if phone else DESKTOP, locale="zh-CN", java_script_enabled=javascript)
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        tab = context.new_page()
        tab.set_default_timeout(15000)
        tab.on("pageerror", lambda error: problems.append(str(error)))
        tab.on("console", lambda line: "Content Security Policy" in line.text and problems.append(line.text))
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert problems == []
    assert reports() == []


def settled(tab):
    """Wait until htmx has put in what it asked for and listens to it: a change in the moment before would be heard by nobody."""
    tab.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added").first.wait_for(state="detached")
