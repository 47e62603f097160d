"""How long what is kept: the archive's period (I01), and the nightly job that forgets what has had its time. See docs/retention.md."""

import calendar
import datetime

from django.contrib.sessions.models import Session

from kernel import clock, rules
from kernel.jobs import recurring
from kernel.models import Attachment, Draft

DRAFT_DAYS = 180  # nobody came back to the form for half a year
_forgetting: dict[str, object] = {}


@rules.carries("I01")
def archive_until(ended_on):
    """Last day the papers of a purchase that ended on this day must be kept (政府采购法 第42条)."""
    year = ended_on.year + int(rules.get("I01", on=ended_on).value("retention"))
    return ended_on.replace(year=year, day=min(ended_on.day, calendar.monthrange(year, ended_on.month)[1]))


def start_archive(subjects, ended_on):
    """The purchase these subjects belong to has ended: their files get the last day they must be kept. Never shortens. Returns how many."""
    until, changed = archive_until(ended_on), 0
    for subject in subjects:
        rows = Attachment.objects.of(subject)
        changed += rows.filter(kept_until=None).update(kept_until=until) + rows.filter(kept_until__lt=until).update(kept_until=until)
    return changed


def forgets(name):
    """Decorator: a function(today) -> count that destroys one class of data after its period, called every night. Safe to call again."""

    def register(function):
        _forgetting[name] = function
        return function

    return register


@recurring("nightly")
def forget():
    """All classes in turn. Returns {class: how many}."""
    today = clock.today()
    return {name: function(today) for name, function in _forgetting.items()}


@forgets("drafts")
def _drafts(today):
    return Draft.objects.filter(saved_at__lt=clock.midnight(today - datetime.timedelta(days=DRAFT_DAYS))).delete()[0]


@forgets("sessions")
def _sessions(today):
    return Session.objects.filter(expire_date__lt=clock.wall()).delete()[0]
