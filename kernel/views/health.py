"""Is the process alive, and can it do its work? For the reverse proxy and the compose file; no login, no personal data."""

import logging
import tempfile

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = logging.getLogger("diandan.health")


def _database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _migrations():
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise RuntimeError("migrations wait")


def _queue():
    from celery import current_app

    with current_app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=0, timeout=2)


def _media():
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.MEDIA_ROOT) as probe:
        probe.write(b"probe")


CHECKS = {"database": _database, "migrations": _migrations, "queue": _queue, "media": _media}


@require_safe
@never_cache
def healthz(request):
    """200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request):
    """200 when database, migrations, queue and media folder work, else 503. Says which part, never why: the why is in the log."""
    found = {}
    for name, check in CHECKS.items():
        try:
            check()
            found[name] = "ok"
        except Exception:
            log.exception("not ready: %s", name)
            found[name] = "failed"
    return JsonResponse(found, status=200 if set(found.values()) == {"ok"} else 503)
