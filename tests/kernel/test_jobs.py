"""The row is the truth: claims, heartbeats, steps and the sweep, without a queue."""

from datetime import timedelta

import pytest
from django.utils.translation import gettext_lazy as _

from kernel import clock, jobs
from kernel.lifecycle import Refusal
from kernel.models import Job, User


@pytest.fixture
def person(db):
    return User.objects.create_user("ren", "x", name="任一")


@pytest.fixture
def kind(monkeypatch):
    """Registers a handler for this test only; the queue is not asked."""
    monkeypatch.setattr(jobs, "KINDS", {})
    monkeypatch.setattr(jobs, "send", lambda pk: sent.append(pk) or True)
    sent = []

    def make(handler, name="test.kind"):
        jobs.register(name, label="测试")(handler)
        return sent

    return make


def make_job(person, **fields):
    return Job.objects.create(kind="test.kind", requested_by=person, **fields)


def test_enqueue_sends_after_commit_only(person, kind, django_capture_on_commit_callbacks):
    sent = kind(lambda run: None)
    with django_capture_on_commit_callbacks(execute=True):
        job = jobs.enqueue("test.kind", {"a": 1}, actor=person)
        assert sent == []
    assert sent == [job.pk] and job.state == "queued" and job.requested_by == person


def test_an_unknown_kind_is_refused_at_once(person, kind):
    kind(lambda run: None)
    with pytest.raises(KeyError):
        jobs.enqueue("no.such", actor=person)
    assert not Job.objects.exists()


def test_work_runs_the_handler_once_and_keeps_its_result(person, kind):
    calls = []
    kind(lambda run, *, year: calls.append(year) or "/done/")
    job = make_job(person, params={"year": 2026})
    assert jobs.work(job.pk) is True
    assert jobs.work(job.pk) is False  # the same message delivered twice
    job.refresh_from_db()
    assert (calls, job.state, job.progress, job.result_url, job.attempts, job.claim) == ([2026], "done", 100, "/done/", 1, "")


def test_only_one_of_two_claims_wins(person, kind):
    kind(lambda run: None)
    job = make_job(person)
    assert jobs.claim(job.pk) is not None
    assert jobs.claim(job.pk) is None


def test_a_failure_is_kept_and_says_so(person, kind):
    def broken(run):
        raise ValueError("a name that must not show")

    kind(broken)
    job = make_job(person)
    assert jobs.work(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message, job.detail) == ("failed", "job.failed", "ValueError")


def test_a_refusal_reaches_the_person(person, kind):
    def refused(run):
        raise Refusal("no", _("This year is closed."), todo="换一年。")

    kind(refused)
    job = make_job(person)
    jobs.work(job.pk)
    job.refresh_from_db()
    assert job.message == "job.refused" and "换一年" in job.detail


def test_progress_is_reported_and_bounded(person, kind):
    seen = []
    kind(lambda run: (run.progress(140, "test.pages"), seen.append(Job.objects.get(pk=run.job.pk).progress))[0])
    job = make_job(person)
    jobs.work(job.pk)
    assert seen == [100]


def test_a_run_that_lost_its_claim_neither_writes_nor_finishes(person, kind):
    written = []

    def overtaken(run):
        Job.objects.filter(pk=run.job.pk).update(claim="somebody else")
        with run.step():
            written.append(1)

    kind(overtaken)
    job = make_job(person)
    assert jobs.work(job.pk) is False
    job.refresh_from_db()
    assert written == [] and job.state == "running" and job.claim == "somebody else"


def test_a_run_overtaken_at_the_very_end_does_not_finish(person, kind):
    kind(lambda run: Job.objects.filter(pk=run.job.pk).update(claim="somebody else") and None)
    job = make_job(person)
    assert jobs.work(job.pk) is False
    job.refresh_from_db()
    assert job.state == "running"


def ago(seconds):
    return clock.wall() - timedelta(seconds=seconds)


def test_sweep_wakes_the_stale_and_the_never_sent_and_nothing_else(person, kind):
    sent = kind(lambda run: None)
    dead = make_job(person, state="running", claim="a", heartbeat_at=ago(100), sent_at=ago(200), attempts=1)
    alive = make_job(person, state="running", claim="b", heartbeat_at=ago(2), sent_at=ago(200), attempts=1)
    lost = make_job(person, created_at=ago(60))
    fresh = make_job(person, sent_at=ago(5))
    forgotten = make_job(person, sent_at=ago(500))
    done = make_job(person, state="done", heartbeat_at=ago(900))
    assert jobs.sweep() == [dead.pk, lost.pk, forgotten.pk] == sent
    for job, state in ((dead, "queued"), (alive, "running"), (fresh, "queued"), (done, "done")):
        job.refresh_from_db()
        assert job.state == state
    assert dead.claim == ""


def test_sweep_gives_up_after_five_attempts(person, kind):
    sent = kind(lambda run: None)
    job = make_job(person, state="running", claim="a", heartbeat_at=ago(100), attempts=jobs.MAX_ATTEMPTS)
    jobs.sweep()
    job.refresh_from_db()
    assert (job.state, job.message, sent) == ("failed", "job.gave_up", [])


def test_heartbeats_are_wall_time_while_the_demo_clock_travels(person, kind):
    kind(lambda run: None)
    job = make_job(person)
    with clock.travelled(clock.midnight(clock.today()) - timedelta(days=400)):
        jobs.claim(job.pk)
    job.refresh_from_db()
    assert abs((clock.wall() - job.heartbeat_at).total_seconds()) < 30


def test_a_recurring_function_that_fails_does_not_stop_the_next(monkeypatch, caplog):
    monkeypatch.setattr(jobs, "RECURRING", {"nightly": []})
    called = []

    @jobs.recurring("nightly")
    def first():
        raise RuntimeError("broken")

    @jobs.recurring("nightly")
    def second():
        called.append(1)

    assert jobs.run_recurring("nightly") == 1
    assert called == [1] and "broken" in caplog.text


def test_progress_page_belongs_to_the_person_who_asked(person, kind, client):
    kind(lambda run: None)
    jobs.message("test.pages", "正在排版")
    job = make_job(person, state="running", progress=40, message="test.pages", heartbeat_at=clock.wall())
    stranger = User.objects.create_user("mo", "x", name="陌生")
    for address in (f"/jobs/{job.pk}/", f"/jobs/{job.pk}/progress/"):
        assert client.get(address).status_code == 302
        client.force_login(stranger, backend="django.contrib.auth.backends.ModelBackend")
        assert client.get(address).status_code == 404
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        page = client.get(address)
        assert page.status_code == 200
        text = page.content.decode()
        assert "40%" in text and "正在排版" in text and f'hx-get="/jobs/{job.pk}/progress/"' in text
        assert client.post(address).status_code == 405
        client.logout()


def test_the_waiting_page_becomes_its_result(person, kind, client):
    kind(lambda run: None)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    job = make_job(person, state="running", heartbeat_at=clock.wall())
    assert "HX-Redirect" not in client.get(f"/jobs/{job.pk}/progress/").headers
    Job.objects.filter(pk=job.pk).update(state="done", result_url="/desk/")
    assert client.get(f"/jobs/{job.pk}/progress/").headers["HX-Redirect"] == "/desk/"


def test_the_page_reloads_itself_without_javascript_until_the_job_is_over(person, kind, client):
    kind(lambda run: None)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    job = make_job(person, state="running", heartbeat_at=clock.wall())
    assert 'http-equiv="refresh"' in client.get(f"/jobs/{job.pk}/").content.decode()
    Job.objects.filter(pk=job.pk).update(state="done", result_url="/desk/")
    page = client.get(f"/jobs/{job.pk}/").content.decode()
    assert 'http-equiv="refresh"' not in page and 'href="/desk/"' in page and "hx-get" not in page


def test_my_list_shows_my_jobs_only(person, kind, client, django_assert_max_num_queries):
    kind(lambda run: None)
    stranger = User.objects.create_user("mo", "x", name="陌生")
    mine, other = make_job(person), make_job(stranger)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/jobs/").content.decode()
    assert f"/jobs/{mine.pk}/" in page and f"/jobs/{other.pk}/" not in page
