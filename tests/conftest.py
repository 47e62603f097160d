"""What every test gets: a running clock (or the day of DIANDAN_TEST_TODAY), an empty cache, Chinese as language, and on demand a real queue and worker."""

import datetime
import gc
import os
import re
import shutil

import pytest
from django.conf import settings
from django.test import TransactionTestCase

from tests.browser import browse, chromium  # noqa: F401  (fixtures)
from tests.database import wipe
from tests.memory import memory
from tests.processes import Queue, child_environment

TODAY = os.environ.get("DIANDAN_TEST_TODAY")


ASKS_THE_DATE = re.compile(r"\b(clock|workdays|today|deadline)\b")


def pytest_collection_modifyitems(items):
    """Every test in a file that speaks of the date is run a second time as of another day: marker `clock`."""
    speaks = {}
    for item in items:
        path = item.path
        if path not in speaks:
            speaks[path] = bool(ASKS_THE_DATE.search(path.read_text(encoding="utf-8"))) and "infra" not in path.parts and "architecture" not in path.parts
        if speaks[path] and not item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.clock)


def pytest_collection_finish(session):
    """What stands now (Django, all tests) stays to the end: the collector need not walk it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_unconfigure(config):
    if os.environ.get("DIANDAN_TEST_RUN") == str(os.getpid()):
        shutil.rmtree(os.environ["DIANDAN_TEST_VAR"], ignore_errors=True)


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
