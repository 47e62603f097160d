"""The district of the demo's cast, with nothing in it yet: people, places, organizations, money, catalogue."""

import datetime

import pytest
from django.core.management import call_command

from config.demo.cast import Cast, script
from kernel import clock, jobs
from kernel.models import Job
from tests.e2e.people import People

BEGINS = datetime.datetime(2026, 3, 2, 9, 30, tzinfo=clock.ZONE)


@pytest.fixture
def cast(transactional_db):
    """Everybody is there and nothing has happened; openers have no key yet. The clock stands at BEGINS and moves only when told."""
    told = script("cast") | {"openers": []}
    clock.set_to(BEGINS)
    call_command("load_calendar", verbosity=0)
    call_command("load_catalogue", verbosity=0)
    return Cast(told, [BEGINS.year]).build()


@pytest.fixture
def people(cast, browse):
    """Everybody by login name. Nobody's browser may have complained: no console error, no report of the content policy."""
    everybody = People(browse, cast.told["password"])
    yield everybody
    assert everybody.complaints == []


@pytest.fixture
def worker(monkeypatch):
    """work(kind): does the jobs of a kind that wait, as the real worker would, but at the test's time."""
    monkeypatch.setattr(jobs, "send", lambda job_id: True)

    def work(kind):
        waiting = Job.objects.filter(state="queued", kind=kind).order_by("pk")
        assert waiting, kind
        for job in waiting:
            assert jobs.work(job.pk), job.kind
            job.refresh_from_db()
            assert job.state == "done", (job.message, job.detail)

    return work
