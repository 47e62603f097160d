"""The calendar feed of one person: a secret address, its dates by the rules of what they may see, ids and sequence numbers that last.

Whoever knows the address reads titles and dates, nothing else: so only its hash is kept, it can be renewed or stopped at any time, and it
stands in the query of the address, which the access log leaves out.
"""

import datetime
import hashlib
import secrets

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from kernel import clock, ical, registry, trail
from kernel.lifecycle import principals_of
from kernel.models.feed import CalendarFeed

BACK = datetime.timedelta(days=30)  # what is overdue stays that long
REMEMBERED = 1000  # ids whose sequence is kept


def digest_of(token):
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def make(user):
    """A new address for this person; an earlier one ends. Returns (CalendarFeed, token): the token is shown once."""
    token = secrets.token_urlsafe(32)
    feed, _made = CalendarFeed.objects.update_or_create(user=user, defaults={"token_hash": digest_of(token), "made_at": clock.now(), "read_at": None})
    trail.record(user, "feed", actor=user, params={"made": True})
    return feed, token


@transaction.atomic
def stop(user):
    """End the address; nothing answers under it any more."""
    if CalendarFeed.objects.filter(user=user, token_hash__isnull=False).update(token_hash=None):
        trail.record(user, "feed", actor=user, params={"made": False})


def find(token):
    """The feed of a token, or None: unknown, stopped, or its person may no longer sign in."""
    if not token or len(token) > 100:
        return None
    return CalendarFeed.objects.filter(token_hash=digest_of(token), user__is_active=True).select_related("user").first()


def entries(user):
    """Everything dated of this person and of those they stand in for today: announced dates, and what waits on the desk with a due date."""
    since, found = clock.today() - BACK, {}
    for person in principals_of(user):
        prefix = "" if person.pk == user.pk else _("standing in: ")
        dated = registry.agenda_for(person, since)
        told = {(entry.url, entry.day) for entry in dated}
        for task in registry.tasks_for(person):
            entry = task.due and _of_task(task)
            if entry and entry.day >= since and (entry.url, entry.day) not in told:
                dated.append(entry)
        for entry in dated:
            if prefix:
                entry = registry.Dated(entry.uid, f"{prefix}{entry.title}", entry.due, entry.url, entry.article, entry.detail, entry.provisional)
            found.setdefault(entry.uid, entry)
    return sorted(found.values(), key=lambda entry: (entry.day, entry.uid))


def _of_task(task):
    """A desk task as a date: its id is made of what it is and where it leads, never of when it is due."""
    with translation.override("en"):
        name = f"{task.kind} {task.url} {task.action}"
    due = task.due
    if isinstance(due, datetime.datetime) and due == clock.end_of_day(due.astimezone(clock.ZONE).date()):
        due = due.astimezone(clock.ZONE).date()  # until midnight: the whole day
    return registry.Dated(f"task-{hashlib.sha256(name.encode()).hexdigest()[:20]}", f"{task.title}：{task.action}", due, task.url)


def render(feed):
    """The feed as bytes in its person's language; a date that changed since the last time has a higher sequence."""
    with translation.override(feed.user.language):
        dated = entries(feed.user)
        events = [ical.Event.of(entry, *_counted(feed, entry)) for entry in dated]
        body = ical.calendar(events, name=_("Diandan: my dates"))
    kept = sorted(feed.seen.items(), key=lambda item: item[1][2], reverse=True)[:REMEMBERED]
    CalendarFeed.objects.filter(pk=feed.pk).update(read_at=clock.now(), seen=dict(kept))
    return body


def _counted(feed, entry):
    """(sequence, stamp) of an entry, remembered on the feed."""
    print_ = hashlib.sha256(f"{entry.title}|{entry.due.isoformat()}|{entry.url}|{entry.article}|{entry.provisional}".encode()).hexdigest()[:16]
    known = feed.seen.get(entry.uid)
    if known is None:
        known = [print_, 0, clock.now().isoformat()]
    elif known[0] != print_:
        known = [print_, known[1] + 1, clock.now().isoformat()]
    feed.seen[entry.uid] = known
    return known[1], datetime.datetime.fromisoformat(known[2])
