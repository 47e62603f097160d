"""A real worker on a real queue, killed as the out-of-memory killer would."""

import os

import pytest

from kernel import jobs
from kernel.models import Notice, User
from tests.infra import jobs_for_tests  # noqa: F401  (registers the kinds here too)
from tests.processes import wait_for

MODULE = "tests.infra.jobs_for_tests"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def person():
    return User.objects.create_user("gong", "x", name="龚师傅")


def state(job):
    job.refresh_from_db()
    return job.state


def test_a_worker_carries_out_what_was_asked_after_commit(queue, child_env, person):
    worker = queue.worker(MODULE)
    try:
        job = jobs.enqueue("test.quick", {"username": "gong"}, actor=person)
        wait_for(lambda: state(job) == "done", what="the worker", seconds=40)
    finally:
        queue.kill(worker)
    assert Notice.objects.filter(user=person).count() == 1 and job.attempts == 1


def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(queue, child_env, person, tmp_path):
    started = tmp_path / "started"
    job = jobs.enqueue("test.slow", {"username": "gong", "started": str(started), "seconds": 2}, actor=person)
    first = queue.worker(MODULE)
    try:
        wait_for(started.exists, what="the first attempt", seconds=40)
        wait_for(lambda: state(job) == "running" and job.progress > 0, what="progress")
    finally:
        queue.kill(first)
    assert not Notice.objects.exists() and state(job) == "running"
    assert jobs.sweep() == []  # not stale yet: it may be alive
    second = queue.worker(MODULE)
    try:
        wait_for(lambda: jobs.sweep(stale_seconds=1) == [job.pk], what="the sweep to find it")
        wait_for(lambda: state(job) == "done", what="the second attempt", seconds=40)
        jobs.send(job.pk)  # the broker delivers once more
        other = jobs.enqueue("test.quick", {"username": "gong"}, actor=person)
        wait_for(lambda: state(other) == "done", what="the queue to drain", seconds=40)
    finally:
        queue.kill(second)
    assert job.attempts == 2 and state(job) == "done"
    assert os.path.getsize(started) == 2  # started twice …
    assert list(Notice.objects.values_list("key", flat=True).order_by("id")) == [f"effect-{job.pk}-2", f"effect-{other.pk}-1"]  # … took effect once


def test_a_dead_queue_is_no_error_for_the_person(person, monkeypatch):
    """The row waits; the sweep sends it when the queue is back."""
    from celery import current_app

    monkeypatch.setattr(current_app, "send_task", None)
    from kernel.tasks import run_job

    def refuse(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr(run_job, "apply_async", refuse)
    job = jobs.enqueue("test.quick", {"username": "gong"}, actor=person)
    assert state(job) == "queued" and job.sent_at is None
