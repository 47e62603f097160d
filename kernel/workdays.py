"""The law's counting of days (财政部令第87号 第85条): the first day is not counted; a minimum period ending on a day off
ends on the next working day, a duty does not move; make-up Saturdays are working days.

A year whose list is not loaded gives a provisional date (weekends only), never a silent guess.
Each call without `calendar` reads the version in force with one query: in loops pass `calendar=current()`.
"""

import calendar as months
import datetime
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from kernel import clock, rules

DAY = datetime.timedelta(days=1)


class YearNotLoaded(LookupError):
    """Whether a day is a working day cannot be said: the list of its year is not loaded."""


@dataclass(frozen=True)
class Calendar:
    """One published version in memory."""

    version: int = 0
    years: frozenset = frozenset()
    off: frozenset = field(default_factory=frozenset, repr=False)
    work: frozenset = field(default_factory=frozenset, repr=False)

    def works(self, day):
        """Working day by the list; by the week alone where the year is not loaded."""
        return day in self.work or (day.weekday() < 5 and day not in self.off)

    def knows(self, day):
        return day.year in self.years


@dataclass(frozen=True)
class LegalDate:
    """A date that can say where it comes from. `provisional`: it reached into a year whose holiday list is not loaded."""

    date: datetime.date
    provisional: bool = False
    calendar_version: int = 0
    article: str = ""

    def __str__(self):
        return self.date.isoformat()

    @property
    def end(self):
        """The last second of the day in Asia/Shanghai, aware."""
        return clock.end_of_day(self.date)


class WorkdayCount(int):
    """A number of working days; `provisional` as in LegalDate."""

    provisional = False


_by_digest: dict[str, Calendar] = {}
_kept: ContextVar = ContextVar("calendars of this request", default=None)


@contextmanager
def remembering():
    """Ask for each date's version once inside the block: for a request that only reads."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def current(on=None):
    """The published version in force on a date (default: today); an empty one (everything provisional) before the first is loaded."""
    day, kept = on or clock.today(), _kept.get()
    if kept is None:
        return _in_force(day)
    if day not in kept:
        kept[day] = _in_force(day)
    return kept[day]


def _in_force(day):
    from kernel.models.calendar import HolidayCalendar

    row = HolidayCalendar.objects.filter(status="published", valid_from__lte=day).order_by("-version").only("pk", "version", "digest").first()
    return of_version(row) if row else Calendar()


def of_version(row):
    """A HolidayCalendar row as a Calendar. Published ones are kept in memory under the digest of their days: they never change."""
    from kernel.models.calendar import Holiday

    if row.digest and row.digest in _by_digest:
        return _by_digest[row.digest]
    days = Holiday.objects.filter(year__calendar=row).values_list("date", "kind")
    loaded = Calendar(
        row.version,
        frozenset(row.years.values_list("year", flat=True)),
        frozenset(date for date, kind in days if kind == Holiday.OFF),
        frozenset(date for date, kind in days if kind == Holiday.WORK),
    )
    if row.digest:
        _by_digest[row.digest] = loaded
    return loaded


def _date(value):
    """A date; a moment counts on its day in Asia/Shanghai."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(clock.ZONE).date()
    return value


def is_loaded(year, calendar=None):
    return year in (calendar or current()).years


YEARS_KEY, YEARS_SECONDS = "holiday-years", 300


def known_years():
    """The years whose list is loaded, for remarks beside dates: kept in the cache for minutes, forgotten when a version is published."""
    from django.core.cache import cache

    years = cache.get(YEARS_KEY)
    if years is None:
        years = current().years
        cache.set(YEARS_KEY, years, YEARS_SECONDS)
    return years


def forget_years():
    from django.core.cache import cache

    cache.delete(YEARS_KEY)


def provisional_note(day):
    """What must stand beside a counted date of a year whose list is not loaded, or ""."""
    day = _date(day)
    if day.year in known_years():
        return ""
    return str(_("provisional: the holidays of {year} are not entered yet")).format(year=day.year)


def is_workday(day, calendar=None):
    """Raises YearNotLoaded where only the week could answer."""
    day, calendar = _date(day), calendar or current()
    if not calendar.knows(day):
        raise YearNotLoaded(f"The holiday list of {day.year} is not loaded")
    return calendar.works(day)


def add_workdays(start, days, calendar=None, article=""):
    """The `days`-th working day after `start` (before it, when negative). The start day is not counted."""
    day, calendar = _date(start), calendar or current()
    step, left, provisional = (DAY if days >= 0 else -DAY), abs(days), False
    while left:
        day += step
        provisional = provisional or not calendar.knows(day)
        left -= calendar.works(day)
    return LegalDate(day, provisional, calendar.version, article)


def add_days(start, days, roll=True, calendar=None, article=""):
    """`days` calendar days after `start`. A minimum period (`roll`) that ends on a day off ends on the next working day."""
    day = _date(start) + datetime.timedelta(days=days)
    return _rolled(day, roll, calendar or current(), article)


def _rolled(day, roll, calendar, article):
    provisional = False
    if roll:
        provisional = not calendar.knows(day)
        while not calendar.works(day):
            day += DAY
            provisional = provisional or not calendar.knows(day)
    return LegalDate(day, provisional, calendar.version, article)


def workdays_between(start, end, calendar=None):
    """Working days after `start` up to and including `end`; negative when `end` lies before."""
    start, end, calendar = _date(start), _date(end), calendar or current()
    if end < start:
        back = workdays_between(end, start, calendar)
        count = WorkdayCount(-back)
        count.provisional = back.provisional
        return count
    span = [start + DAY * n for n in range(1, (end - start).days + 1)]
    count = WorkdayCount(sum(calendar.works(day) for day in span))
    count.provisional = any(not calendar.knows(day) for day in span)
    return count


def add_months(start, count):
    """The same day `count` months later, or the month's last day."""
    day = _date(start)
    month = day.year * 12 + day.month - 1 + count
    year, month = divmod(month, 12)
    return datetime.date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


@rules.carries("G09")
def deadline(start, rule, param, calendar=None, on=None):
    """The LegalDate a rule's period ends on, with its article. `rule`: a Rule, or an id asked as of `on` (default: the start day).
    Raises NoRule when the parameter counts something else than days, months or years."""
    if isinstance(rule, str):
        rule = rules.get(rule, on=on or _date(start))
    figure = rule.param(param)
    if figure.unit == "working_day":
        return add_workdays(start, figure.value, calendar, rule.article)
    if figure.unit in ("month", "year"):
        return _rolled(add_months(start, figure.value * (12 if figure.unit == "year" else 1)), False, calendar or current(), rule.article)
    period = rule.duration(param)
    return add_days(start, period.days, period.roll, calendar, rule.article)


@dataclass(frozen=True)
class Moved:
    """An open deadline that a new calendar version moved. `kind`: a key of the labels its function was registered with."""

    kind: str
    subject: str
    before: datetime.date
    after: datetime.date
    url: str = ""


_recompute: list = []
MOVED_LABELS: dict[str, object] = {}


def register_recompute(labels):
    """Decorator for `function(calendar, actor) -> iterable of Moved`: recompute the open deadlines of one app under a new version.
    Called inside the publishing transaction. `labels`: kind -> lazy label of what moved."""

    def register(function):
        _recompute.append(function)
        MOVED_LABELS.update(labels)
        return function

    return register


def recompute(calendar, actor):
    """Ask every registered app; the list of what moved."""
    return [moved for function in _recompute for moved in function(calendar, actor)]
