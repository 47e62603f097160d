"""The Celery app: worker and beat. The schedule is in the settings (static: one beat, no table to lose)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("diandan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
