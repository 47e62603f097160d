"""The only source of time. Demo and tests travel with it; production refuses to."""

import datetime
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.conf import settings

ZONE = ZoneInfo("Asia/Shanghai")
_offset = datetime.timedelta(0)
_frozen = None


def wall():
    """The machine's own time (aware, UTC); the trail keeps it beside `now()`."""
    return datetime.datetime.now(datetime.UTC)


def now():
    """The effective time (aware, Asia/Shanghai): wall time, or the demo clock's."""
    return (_frozen or wall() + _offset).astimezone(ZONE)


def today():
    """The effective date in Asia/Shanghai."""
    return now().date()


def midnight(day):
    """The start of a date, aware, in Asia/Shanghai."""
    return datetime.datetime.combine(day, datetime.time(), tzinfo=ZONE)


def end_of_day(day):
    """The last second of a date, aware, in Asia/Shanghai: an office's deadline when only a day is named."""
    return datetime.datetime.combine(day, datetime.time(23, 59, 59), tzinfo=ZONE)


def set_to(moment):
    """Freeze the clock at an aware moment; None lets it run again. Raises RuntimeError outside demo mode."""
    global _frozen
    if not settings.DEMO:
        raise RuntimeError("The clock travels only in demo mode")
    _frozen = moment


@contextmanager
def travelled(moment):
    """Freeze the clock at an aware moment (or the start of a date) inside the block."""
    before = _frozen
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime.combine(moment, datetime.time(9), tzinfo=ZONE)
    set_to(moment)
    try:
        yield moment
    finally:
        set_to(before)
