"""Job kinds of the worker tests; imported by the test process and, with --include, by the worker."""

import time

from kernel.jobs import register
from kernel.models import Notice, User


@register("test.slow", label="慢任务")
def slow(run, *, username, started, seconds):
    """Tells it has started, takes its time, then has its one effect inside a step."""
    open(started, "a").write("x")
    for tick in range(int(seconds * 10)):
        time.sleep(0.1)
        run.progress(min(90, tick))
    with run.step():
        Notice.objects.create(user=User.objects.get(username=username), key=f"effect-{run.job.pk}-{run.job.attempts}", kind="test.effect", mail_state="off")
    return "/jobs/"


@register("test.quick", label="快任务")
def quick(run, *, username):
    with run.step():
        Notice.objects.create(user=User.objects.get(username=username), key=f"effect-{run.job.pk}-{run.job.attempts}", kind="test.effect", mail_state="off")
