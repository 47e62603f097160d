"""Moving through time: every step of the demo happens on a working day, in order, and never after the real now."""

import datetime

from kernel import clock
from kernel.workdays import YearNotLoaded, is_workday


class TooShort(RuntimeError):
    """A plot needs more days than it was given."""


def office_is_open(day):
    """A working day; in a year whose calendar is not published yet, a weekday."""
    try:
        return is_workday(day)
    except YearNotLoaded:
        return day.weekday() < 5


class Travel:
    """The demo's clock for one plot, from `began` days ago until now."""

    def __init__(self, began, now):
        self.now = now
        self.at = clock.midnight(now.date() - datetime.timedelta(days=began)) + datetime.timedelta(hours=9, minutes=30)
        self.days(0)

    def to(self, moment):
        """Go to a moment, or stay where it is already later. Raises TooShort beyond now."""
        if moment > self.now:
            raise TooShort(f"{moment:%Y-%m-%d %H:%M} lies after {self.now:%Y-%m-%d %H:%M}")
        self.at = max(self.at, moment)
        clock.set_to(self.at)

    def days(self, count):
        """Go on some days, then to the next working day."""
        moment = self.at + datetime.timedelta(days=count)
        while not office_is_open(moment.date()):
            moment += datetime.timedelta(days=1)
        self.to(moment)

    def minutes(self, count):
        self.to(self.at + datetime.timedelta(minutes=count))

    def until(self, day, hour=10):
        """Go to an hour of a date."""
        self.to(clock.midnight(day) + datetime.timedelta(hours=hour))

    def before_now(self, days):
        """Jump close to now, so that what follows is still open today."""
        moment = self.now - datetime.timedelta(days=days)
        while not office_is_open(moment.date()):
            moment -= datetime.timedelta(days=1)
        self.to(moment.replace(hour=9, minute=30, second=0, microsecond=0) if days else self.now)

    def has(self, day):
        """Whether a date is already past."""
        return day < self.now.date()
