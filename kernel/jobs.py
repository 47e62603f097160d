"""Background work that survives a killed worker.

    @register("reporting.annual", label=_("Annual report"))
    def annual(run, *, year):          # run: Run; keyword arguments are the job's params
        run.progress(40, "reporting.pages")
        with run.step():               # an atomic block that holds only while this run still owns the job
            ...
        return attachment              # or None; or a url (str) the person goes to afterwards

    job = enqueue("reporting.annual", {"year": 2026}, actor=request.user)

Handlers are idempotent: after a kill the whole handler runs again. What must happen once belongs into `run.step()`.
"""

import logging
import threading
import uuid
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from kernel import clock
from kernel.models.job import DONE, FAILED, QUEUED, RUNNING, Job

log = logging.getLogger("diandan.jobs")

HEARTBEAT_SECONDS = 5
STALE_SECONDS = 45  # nine missed heartbeats: dead, not slow
RESEND_SECONDS = 120  # the queue may have lost the wake-up; a second one is harmless
MAX_ATTEMPTS = 5

KINDS: dict[str, tuple] = {}
MESSAGES: dict[str, object] = {}


class LostClaim(Exception):
    """Another worker took this job over; this run must stop without a trace."""


def register(kind, *, label=None):
    """Make a function the handler of a job kind. `label` is what the person waiting reads."""

    def keep(handler):
        KINDS[kind] = (handler, label or kind)
        return handler

    return keep


def message(code, text):
    """Give a progress code its (lazily translated) sentence."""
    MESSAGES[code] = text


def enqueue(kind, params=None, *, actor):
    """Record a job and wake a worker up after commit. Returns the Job. Raises KeyError for an unknown kind."""
    KINDS[kind]
    job = Job.objects.create(kind=kind, params=params or {}, requested_by=actor)
    transaction.on_commit(lambda: send(job.pk))
    return job


def send(job_id):
    """Put the wake-up into the queue. A dead broker is no error here: the sweep sends again."""
    from kernel.tasks import run_job

    try:
        run_job.apply_async((job_id,), retry=False)
    except Exception as error:  # kombu raises whatever its transport raises
        log.warning("job %s waits for the sweep, the queue does not answer: %s", job_id, error)
        return False
    Job.objects.filter(pk=job_id, state=QUEUED).update(sent_at=clock.wall())
    return True


class Run:
    """One attempt of one worker at one job."""

    def __init__(self, job):
        self.job, self.stopped = job, threading.Event()

    @property
    def _owned(self):
        return Job.objects.filter(pk=self.job.pk, state=RUNNING, claim=self.job.claim)

    def progress(self, percent, code=""):
        """Report 0..100 and a message code. Raises LostClaim when another worker has taken over."""
        changes = {"progress": max(0, min(100, int(percent))), "heartbeat_at": clock.wall()}
        if not self._owned.update(**changes, **({"message": code} if code else {})):
            raise LostClaim(self.job.pk)

    @contextmanager
    def step(self):
        """An atomic block that commits only while this run owns the job. Raises LostClaim."""
        with transaction.atomic():
            if not self._owned.update(heartbeat_at=clock.wall()):
                raise LostClaim(self.job.pk)
            yield

    def finish(self, state, **changes):
        """Move the job to its end, once. Raises LostClaim."""
        if not self._owned.update(state=state, claim="", finished_at=clock.wall(), heartbeat_at=clock.wall(), **changes):
            raise LostClaim(self.job.pk)

    def beat(self):
        """Heartbeat from a thread of its own, so that one long computation does not look like death."""
        try:
            while not self.stopped.wait(HEARTBEAT_SECONDS):
                try:
                    self._owned.update(heartbeat_at=clock.wall())
                except Exception:
                    log.warning("job %s: a heartbeat was not written", self.job.pk, exc_info=True)
        finally:
            connection.close()


def claim(job_id):
    """Take a queued job by compare-and-set. Returns its Run, or None when somebody else has it or it is over."""
    token = uuid.uuid4().hex
    taken = Job.objects.filter(pk=job_id, state=QUEUED).update(
        state=RUNNING, claim=token, heartbeat_at=clock.wall(), attempts=F("attempts") + 1, progress=0, message=""
    )
    return Run(Job.objects.get(pk=job_id)) if taken else None


def work(job_id):
    """Claim and carry out one job in this process. Returns True when this call finished it."""
    run = claim(job_id)
    if run is None:
        return False
    from kernel.lifecycle import Refusal

    heart = threading.Thread(target=run.beat, name=f"heartbeat-{job_id}", daemon=True)
    heart.start()
    try:
        handler, _label = KINDS[run.job.kind]
        outcome = handler(run, **run.job.params)
        result = {"result_url": outcome} if isinstance(outcome, str) else {"result": outcome}
        run.finish(DONE, progress=100, message="", **result)
        return True
    except LostClaim:
        log.warning("job %s went to another worker", job_id)
        return False
    except Refusal as refusal:
        return _fail(run, "job.refused", str(refusal))
    except Exception as error:
        log.exception("job %s (%s) failed", job_id, run.job.kind)
        return _fail(run, "job.failed", type(error).__name__)
    finally:
        run.stopped.set()
        heart.join(timeout=10)


def _fail(run, code, detail):
    try:
        run.finish(FAILED, message=code, detail=detail)
        return True
    except LostClaim:
        return False


def sweep(stale_seconds=STALE_SECONDS, resend_seconds=RESEND_SECONDS):
    """Re-queue what a killed worker left and what the queue never got. Returns the ids sent again."""
    now = clock.wall()
    stale = Job.objects.filter(state=RUNNING, heartbeat_at__lt=now - timedelta(seconds=stale_seconds))
    stale.filter(attempts__gte=MAX_ATTEMPTS).update(state=FAILED, claim="", message="job.gave_up", finished_at=now)
    stale.update(state=QUEUED, claim="", sent_at=None)
    unsent = Job.objects.filter(state=QUEUED).filter(
        Q(sent_at=None, created_at__lt=now - timedelta(seconds=5))  # younger ones are just being sent
        | Q(sent_at=None, attempts__gt=0)
        | Q(sent_at__lt=now - timedelta(seconds=resend_seconds))
    )
    return [pk for pk in unsent.order_by("id").values_list("pk", flat=True)[:500] if send(pk)]


RECURRING: dict[str, list] = {"mail": [], "remind": [], "seal": [], "compare": [], "hourly": [], "nightly": []}


def recurring(occasion):
    """Have a function of no arguments called by beat: mail, remind, seal, compare, hourly, nightly. Raises KeyError for another occasion."""

    def keep(function):
        RECURRING[occasion].append(function)
        return function

    return keep


def run_recurring(occasion):
    """Call all functions of an occasion; one that fails is logged and does not keep the others from running. Returns how many failed."""
    failed = 0
    for function in RECURRING[occasion]:
        try:
            function()
        except Exception:
            failed += 1
            log.exception("%s: %s.%s failed", occasion, function.__module__, function.__qualname__)
    return failed
