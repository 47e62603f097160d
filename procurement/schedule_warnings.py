"""What of a lawful timetable is tight: shown while it is chosen, refused nowhere. Each warning names the row it stands beside.

How much is tight is custom, no law: rules/customs.toml.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from kernel import clock, rules, workdays
from procurement import customs
from procurement.schedule import DAY, by_key


@dataclass(frozen=True)
class Tight:
    """One warning: the row's key, what is tight, the article where one stands behind it."""

    key: str
    text: str
    article: str = ""


def days_off_after(day, calendar):
    """How many days in a row after this one are off."""
    count = 0
    while not calendar.works(day + DAY * (count + 1)) and count < 30:
        count += 1
    return count


def warnings(rows, calendar=None, *, cutoffs=(), service_from=None):
    """Everything tight in these rows, in their order. `cutoffs`: (fund, day) of the treasury; `service_from`: the day the service should begin."""
    calendar = calendar or workdays.current()
    found, known = [], by_key(rows)
    for check in (_days_off, _deadline, _little_time, _holiday_between, _service):
        found += check(known, calendar, service_from) if check is _service else check(known, calendar)
    found += _cutoffs(known, cutoffs) + _provisional(rows, calendar)
    order = {row.key: place for place, row in enumerate(rows)}
    return sorted(found, key=lambda one: order.get(one.key, -1))


def _days_off(known, calendar):
    """Work of the office planned on a day off."""
    for key in ("publication", "opening", "evaluation", "signing"):
        row = known.get(key)
        if row and not row.happened and not calendar.works(row.date.date):
            yield Tight(key, _("{what} on {day}: a day off.").format(what=row.label, day=row.date))


def _deadline(known, calendar):
    row = known.get("deadline")
    if row is None or row.happened:
        return
    if row.least and row.slack == 0 and row.date.date >= row.least.date and "clarification" in known:
        text = _("No slack: the deadline is the earliest lawful day, so a clarification after {day} postpones it.").format(day=known["clarification"].date)
        yield Tight("deadline", text, known["clarification"].article)
    off = days_off_after(row.date.date, calendar)
    if off >= customs.figure("long_holiday"):
        yield Tight("deadline", _("{days} days off begin the day after the deadline: opening and evaluation have no second day.").format(days=off))
    elif off and row.moment and row.moment.astimezone(clock.ZONE).time() >= customs.figure("afternoon"):
        yield Tight("deadline", _("The deadline is in the afternoon before days off: who has trouble finds nobody to ask."))


def _little_time(known, calendar):
    start, row = known.get("publication"), known.get("deadline")
    if not (start and row) or row.happened or row.least is None:
        return
    days = workdays.workdays_between(start.day, row.date.date, calendar)
    calendar_days = (row.date.date - start.day).days
    if days < customs.figure("response_time") <= calendar_days:
        yield Tight("deadline", ngettext("Only {count} working day lies between notice and deadline.", "Only {count} working days lie between notice and deadline.", days).format(count=int(days)))


def _holiday_between(known, calendar):
    """Duties whose days run over a long holiday: the people asked are away."""
    for before, after in (("deadline", "evaluation"), ("evaluation", "report"), ("report", "award"), ("award", "result")):
        first, last = known.get(before), known.get(after)
        if not (first and last) or last.happened:
            continue
        day, run = first.day, 0
        while day <= last.date.date:
            run = 0 if calendar.works(day) else run + 1
            if run >= customs.figure("long_holiday"):
                yield Tight(after, _("{what} falls around a holiday of several days.").format(what=last.label))
                break
            day += DAY


def _service(known, calendar, service_from):
    row = known.get("signing")
    if row and service_from and not row.happened and row.date.date > service_from:
        yield Tight("signing", _("The service should begin on {begin}, before the contract is signed.").format(begin=service_from))


def _cutoffs(known, cutoffs):
    row, found = known.get("signing"), []
    if row is None or row.happened:
        return found
    for fund, day in cutoffs:
        if day and row.date.date + DAY * customs.figure("treasury_cutoff") >= day:
            found.append(Tight("signing", _("The treasury closes “{fund}” on {day}: what is signed then can hardly be paid this year.").format(fund=fund, day=day)))
    return found


def unknown_years(rows, calendar=None):
    """The years these dates reach whose holiday list is not loaded."""
    calendar = calendar or workdays.current()
    years = {row.date.date.year for row in rows if row.date.provisional and not calendar.knows(row.date.date)}
    return sorted(years or {row.date.date.year + 1 for row in rows if row.date.provisional})


def _provisional(rows, calendar):
    first = next((row for row in rows if row.date.provisional), None)
    if first is None:
        return []
    years = "、".join(map(str, unknown_years(rows, calendar)))
    return [Tight(first.key, _("The holidays of {years} are not entered yet: dates from here on are provisional.").format(years=years), rules.get("G09").article)]
