"""What every test gets: a running clock (or the day of DIANDAN_TEST_TODAY), an empty cache, Chinese as language, and on demand a real queue and worker."""

import datetime
import functools
import gc
import hashlib
import inspect
import os
import re
import shutil

import django.test.client
import pytest
from django.conf import settings
from django.test import TransactionTestCase

from kernel import seal
from tests.browser import browse, chromium  # noqa: F401  (fixtures)
from tests.database import wipe
from tests.memory import memory
from tests.processes import ROOT, Queue, child_environment

TODAY = os.environ.get("DIANDAN_TEST_TODAY")
seal.enrol.__defaults__ = (2**4,)  # the same scrypt with less work; tests/kernel/test_seal.py enrols one opener at the real cost


# What a test says that asks how many days lie between two dates, which day it is, or whether people work then.
COUNTS_DAYS = re.compile(
    r"\b(workdays?|add_days|add_workdays|holidays?|calendar|timedelta|days|hours|travel|travelled|midnight|end_of_day|deadline|due|overdue|remind\w*|reminders?|timetable|expire\w*|lapse\w*|cut_?off|fiscal_year|YEAR|clock\.now|set_to)\b"
)
# Files about what the law or a contract puts on a date are run again whole; of the others those tests that count.
ABOUT_DATES = re.compile(r"test_(payments|contract|contract_statutory|gates|notices|holidays|workdays|schedule|methods|activities|award|after_award|checks|challenge|complaint|bonds|figures)\.py")
# Asked of a second database nothing new could come out: who may do what, the words of the pages and how often they ask, whether a verb's writes stand in
# one block, what a page does in a browser. What the database itself answers (races, kills, bad input, every noun's own tests) is asked of both.
SAID_ONCE = {"test_access.py", "test_verbs_access.py", "test_language.py", "test_pages.py", "test_queries.py", "test_verbs.py", "test_beginnings.py"}
TURNS, SHARE = 6, 19  # the byte of its hash that says a file's turn: this one happens to share the work evenly
IN_PROCESSES = {"infra", "lives"}  # their children ask the database, whatever the test itself says
TIMELESS = {"access", "lives", "infra", "architecture", "bench", "accessibility"}  # the same questions on any day, or none of days


def pytest_addoption(parser):
    parser.addoption("--turn", type=int, help=f"beside what commits, races or runs in processes, only the files whose turn it is: any number, {TURNS} in a row ask them all")


def pytest_collection_modifyitems(config, items):
    """Tests that count days are run a second time as of another day: marker `clock`. Those that ask no database, or would hear the same from
    any, are marked `once`: CI leaves them out on its second database. Of the rest it asks that one all that commit, race or run in processes of
    their own, and of the others those files whose turn it is."""
    turn, kept, later = config.getoption("--turn"), [], []
    for item in items:
        function = getattr(item, "function", None)
        marker, parts = item.get_closest_marker("django_db"), item.path.relative_to(ROOT).parts
        asks, commits = marker or {"db", "transactional_db", "live_server"} & set(item.fixturenames), {"transactional_db", "live_server"} & set(item.fixturenames)
        waits = not commits and not (marker and marker.kwargs.get("transaction")) and not IN_PROCESSES & set(parts)
        (later if turn is not None and waits and _turn("/".join(parts)) != turn % TURNS else kept).append(item)
        said = item.path.name in SAID_ONCE and item.path.parent.name in ("access", "lives")
        if said or item.get_closest_marker("browser") or not asks and not IN_PROCESSES & set(parts):
            item.add_marker(pytest.mark.once)
        if function and not item.get_closest_marker("browser") and not TIMELESS & set(parts) and not _stands(item):
            if ABOUT_DATES.fullmatch(item.path.name) or COUNTS_DAYS.search(inspect.getsource(function)):
                item.add_marker(pytest.mark.clock)
    if later:
        config.hook.pytest_deselected(items=later)
        items[:] = kept


@functools.cache
def _turn(path):
    """In which run of CI a file is asked of the second database."""
    return hashlib.sha256(path.encode()).digest()[SHARE] % TURNS


def _stands(item):
    """Whether a fixture puts the clock at a moment of its own: that test is the same on any day."""
    info = getattr(item, "_fixtureinfo", None)
    return any("set_to(" in _source(fixture[-1].func) for name, fixture in (info.name2fixturedefs.items() if info else ()) if name != "_clean_slate")


@functools.cache
def _source(function):
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def pytest_collection_finish(session):
    """What stands now (Django, all tests) stays to the end: the collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_unconfigure(config):
    if os.environ.get("DIANDAN_TEST_RUN") == str(os.getpid()):
        shutil.rmtree(os.environ["DIANDAN_TEST_VAR"], ignore_errors=True)


_store = django.test.client.store_rendered_templates
# A response keeps the context of its page, not copies of those of all that the page includes.
django.test.client.store_rendered_templates = lambda store, *args, **kwargs: None if "context" in store else _store(store, *args, **kwargs)
TransactionTestCase._fixture_teardown = lambda self: wipe()  # the same emptiness as a flush, without making everything anew


@pytest.fixture(autouse=True)
def _clean_slate(request):
    from django.core.cache import cache
    from django.utils import translation

    from kernel import clock

    cache.clear()
    translation.activate(settings.LANGUAGE_CODE)
    day = datetime.date.fromisoformat(TODAY) if TODAY else None
    clock.set_to(clock.midnight(day) + datetime.timedelta(hours=9) if day else None)
    memory.begin(request.node)
    yield
    clock.set_to(None)


@pytest.fixture(scope="session")
def queue():
    """A real broker (CELERY_BROKER_URL, or an embedded Valkey on the settings' socket) for the test process and its workers."""
    broker = Queue()
    yield broker
    broker.stop()


@pytest.fixture
def child_env(transactional_db):
    """Environment for a separate process that shares this test's database and folder; the test must commit (transactional)."""
    return child_environment()
