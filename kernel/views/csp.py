"""Browsers report here what the content security policy stopped. Kept shortly in the cache, so that tests can read it, and logged."""

import json
import logging

from django.core.cache import cache
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

log = logging.getLogger("diandan.csp")
KEY = "csp-reports"
KEPT = 50
LARGEST_BYTES = 16 * 1024


@csrf_exempt
@require_POST
def report(request):
    """204 always; nonsense is dropped. Logged without query strings, which may carry personal data."""
    try:
        size = int(request.headers.get("Content-Length") or 0)
        body = json.loads(request.body) if 0 < size <= LARGEST_BYTES else {}
    except ValueError:
        body = {}
    told = body.get("csp-report") if isinstance(body, dict) else None
    if isinstance(told, dict):
        names = ("document-uri", "violated-directive", "effective-directive", "blocked-uri", "source-file", "line-number")
        short = {name: str(told.get(name, "")).split("?")[0][:200] for name in names}
        log.warning("csp: %s", json.dumps(short, ensure_ascii=True))
        cache.set(KEY, [*cache.get(KEY, []), short][-KEPT:], 3600)
    return HttpResponse(status=204)


def reports():
    """The latest reports, oldest first."""
    return cache.get(KEY, [])
