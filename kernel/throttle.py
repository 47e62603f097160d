"""How often one address or one browser may post to public pages. Counted in the cache, so it needs no row and forgets by itself.

`settings.THROTTLES = {"wish": "20/h"}` changes a scope's rate. With more than one web process the cache must be shared (CACHE_URL).
"""

from functools import wraps

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from kernel import crypto
from kernel.lifecycle import Refusal

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse(rate):
    """'10/h' → (10, 3600). Raises ValueError."""
    count, _slash, unit = rate.partition("/")
    if unit not in SECONDS or int(count) < 1:
        raise ValueError(f"{rate!r} is no rate like 10/h")
    return int(count), SECONDS[unit]


def address(request: HttpRequest):
    """The client's address: the last one our own proxy added, or the connection's."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


def rate_of(scope, rate):
    """(how many, in how many seconds) of a scope as the settings have it, else as the code says."""
    return parse(getattr(settings, "THROTTLES", {}).get(scope, rate))


def over(scope, kind, value, most, seconds):
    """Count one more for this value of a scope; whether that is more than `most` in the time."""
    key = f"throttle:{scope}:{kind}:{crypto.blind_index('throttle', value)}"
    cache.add(key, 0, seconds)
    try:
        now = cache.incr(key)
    except ValueError:  # ran out between the two lines
        cache.set(key, 1, seconds)
        now = 1
    return now > most


def count(request, scope, rate):
    """Count this request; a Refusal once the session is over the rate, or the address over five times of it (a whole office may share one)."""
    limit, seconds = rate_of(scope, rate)
    who = {"address": (address(request), 5 * limit)}
    if session := getattr(getattr(request, "session", None), "session_key", None):
        who["session"] = (session, limit)
    for kind, (value, most) in who.items():
        if over(scope, kind, value, most, seconds):
            minutes = max(seconds // 60, 1)
            wait = _("Please wait up to {minutes} minutes and try again.").format(minutes=minutes)
            return Refusal("throttled", _("Too many messages from here in a short time."), todo=wait)
    return None


def throttle(scope, posts="10/h"):
    """Decorator: POSTs of a view at most so often; beyond it a 429 page that says when to come back."""
    parse(posts)

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if request.method == "POST" and (refusal := count(request, scope, posts)):
                _limit, seconds = rate_of(scope, posts)
                response = render(request, "429.html", {"refusal": refusal}, status=429)
                response["Retry-After"] = str(seconds)
                return response
            return view(request, *args, **kwargs)

        return guarded

    return decorate
