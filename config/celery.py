"""The Celery app: worker and beat. The schedule is in the settings (static: one beat, no table to lose)."""

import os

from celery import Celery
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("diandan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@beat_init.connect
@worker_init.connect
def _refuse_unsafe(**kwargs):
    from kernel.checks import refuse_unsafe

    refuse_unsafe()
