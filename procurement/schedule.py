"""The whole timetable of a purchase from one chosen day, forwards or backwards; every date with its kind and its article.

    terms = schedule_facts.terms_of(tender)
    rows = schedule.compute(terms, start)                       # [Row]: what is due when, counted from what, by which article
    rows = schedule.compute(terms, start, {"deadline": moment}, happened={"award": day})
    schedule.latest_start(terms, wished, "signing")             # the last day to publish so that this can be reached

Pure: nothing is read but what is given (the calendar: `workdays.current()` unless given). What already happened replaces its plan, and
everything after is counted from it. Dates that reach a year without a holiday list are provisional, never silently guessed.
"""

import datetime
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, workdays
from kernel.lifecycle import Refusal
from procurement.schedule_points import KINDS, LABELS, Point, ordered, points_of

DAY = datetime.timedelta(days=1)
HOUR = datetime.time(10)
FURTHEST = 400  # days a wish is followed back
INSTEAD = {"notice_until": "publication", "result_until": "result", "challenge_until": "result"}  # where a purchase knows no such period
UNITS = {"day": _("days"), "working_day": _("working days"), "month": _("months"), "year": _("years")}


@dataclass(frozen=True)
class Terms:
    """What decides a timetable: the method, its rules as frozen on the purchase, and of a self-run one its street's days.

    `figures`: name → (rule id, param). `marks`: what holds here of `openers`, `bonds`, `publicity`, `no_publicity`. `self_days`: least calendar days
    of a self-run profile, None for a statutory purchase; `announced`: whether it is published, so that it may be challenged.
    """

    method: object
    law: object
    figures: dict
    marks: frozenset = frozenset()
    self_days: int | None = None
    self_article: str = ""
    announced: bool = True

    @property
    def words(self):
        """The method's own words, and what is signed in the end."""
        return {**self.method.words, "contract": "框架协议" if self.method.law == "framework_agreement" else "合同"}

    def rule_for(self, point):
        """(rule, param) by which the point is counted, or None where no rule holds."""
        places = (self.figures[point.figure],) if point.figure in self.figures else point.rules
        for rule_id, param in places:
            rule = self.law.find(rule_id)
            if rule is None or param not in rule.params:
                continue
            return rule, param
        return None


@dataclass(frozen=True)
class Row:
    """One date of a purchase.

    `date`: the LegalDate that holds now. `least`: the earliest lawful one where a later was chosen. `happened`: the day it was done.
    `planned`: the day the plan frozen at publication named. `value`, `unit`: the period. `base`: the key it is counted from.
    """

    point: Point
    label: str
    date: workdays.LegalDate
    base_label: str = ""
    value: int | None = None
    unit: str = ""
    rule_id: str = ""
    least: workdays.LegalDate | None = None
    moment: datetime.datetime | None = None
    happened: datetime.date | None = None
    planned: datetime.date | None = None

    @property
    def key(self):
        return self.point.key

    @property
    def kind(self):
        return self.point.kind

    @property
    def kind_label(self):
        return KINDS[self.kind]

    @property
    def article(self):
        return self.date.article

    @property
    def day(self):
        """The day that counts: done, or due."""
        return self.happened or self.date.date

    @property
    def period(self):
        """The period in words, such as “5 working days”."""
        return "" if self.value is None else f"{abs(self.value)} {UNITS[self.unit]}"

    @property
    def slack(self):
        """Calendar days between the earliest lawful day and the one chosen."""
        return (self.date.date - self.least.date).days if self.least else 0

    @property
    def moved(self):
        """Whether the day that holds is no longer the one planned."""
        return self.planned is not None and self.planned != self.date.date

    def phase(self, today):
        """done | over (a period that ran out) | overdue | today | ahead."""
        if self.happened:
            return "done"
        if self.date.date == today:
            return "today"
        if self.date.date > today:
            return "ahead"
        return "over" if self.kind in ("minimum", "window") or self.point.optional else "overdue"

    @property
    def late(self):
        """Whether a duty was done after its last day."""
        return bool(self.happened and self.kind == "duty" and self.happened > self.date.date)


@dataclass
class _Count:
    """The dates found so far, while the rest are counted."""

    terms: Terms
    calendar: workdays.Calendar
    choices: dict
    happened: dict
    today: datetime.date | None = None
    found: dict = field(default_factory=dict)

    def base_of(self, point):
        """(day, provisional) the point is counted from, or None when that never comes."""
        row = self.found.get(point.base) or self.found.get(INSTEAD.get(point.base))
        if row is None:
            return None
        waited = self.today and not row.happened and row.kind in ("duty", "chosen") and row.key != "publication"
        return max(row.day, self.today) if waited else row.day, row.date.provisional and not row.happened, row


@rules.carries("A05", "B01", "B02", "B03", "B04", "B09", "B13", "B14", "B20", "B24", "D01", "D02", "D03", "D04", "D06", "D07", "D08", "D09", "G02")
def compute(terms, start, choices=None, happened=None, calendar=None, planned=None, today=None):
    """All rows of a purchase that starts on `start` (a date), in the order they are told.

    `choices`: key → date or aware moment somebody fixed (deadline, opening, evaluation, signing …); a deadline is kept even where it is too early:
    `objection_to_deadline` says so. `happened`: key → date it was done. `planned`: key → date of the plan frozen at publication.
    `today`: what should be done by now and is not counts as done today at the earliest, so that nothing after it falls due before it can.
    """
    calendar = calendar or workdays.current()
    count = _Count(terms, calendar, choices or {}, happened or {}, today)
    points = [point for point in points_of(terms.method) if set(point.only) <= terms.marks]
    for point in ordered(points):
        row = _row(count, point, start)
        if row is not None:
            count.found[point.key] = row
    told = [count.found[point.key] for point in points if point.key in count.found]
    return [replace(row, planned=(planned or {}).get(row.key)) for row in told]


def _row(count, point, start):
    terms, happened = count.terms, count.happened.get(point.key)
    label = point.text(terms.words)
    if point.key == "publication":
        date = workdays.LegalDate(start, not count.calendar.knows(start), count.calendar.version, terms.method.article)
        return Row(point, label, date, happened=happened)
    base = count.base_of(point)
    if base is None:
        return None
    from_day, provisional, base_row = base
    rule = terms.rule_for(point)
    value, unit, rule_id = None, "", ""
    if rule:
        found, value, unit, rule_id = _by_rule(count, point, from_day, rule), rule[0].value(rule[1]), rule[0].param(rule[1]).unit, rule[0].id
    elif point.key in ("deadline", "notice_until", "documents_until") and terms.self_days is not None:
        found, value, unit = workdays.add_days(from_day, terms.self_days, calendar=count.calendar, article=terms.self_article), terms.self_days, "day"
    elif point.days is not None or point.own is not None and terms.self_days is not None:
        days = point.days if point.days is not None else point.own
        found = _practice(count, point, from_day, days)
        value, unit = (days, "working_day") if days else (None, "")
    else:
        return None
    least = None
    if point.key == "deadline" and (rule or terms.self_days is not None or "publicity_until" in count.found):
        found = max((found, *(count.found[key].date for key in ("notice_until", "documents_until", "publicity_until") if key in count.found)), key=lambda one: one.date)
        least = found = replace(found, article=found.article or count.found["publicity_until"].article)
    found, moment = _chosen(count, point, found, base_row)
    found = workdays.LegalDate(found.date, found.provisional or provisional, found.calendar_version, found.article)
    return Row(point, label, found, base_row.label, value, unit, rule_id, least, moment, happened)


def _by_rule(count, point, day, rule):
    if point.back:
        return latest_before(day, rule[0], rule[1], count.calendar)
    return workdays.deadline(day, rule[0], rule[1], count.calendar)


def latest_before(end, rule, param, calendar=None):
    """The LegalDate of the last day from which the rule's period still ends by `end` (the last day for a clarification, for an intention)."""
    calendar, day = calendar or workdays.current(), end
    found = workdays.deadline(day, rule, param, calendar)
    provisional = not calendar.knows(end)
    while found.date > end:
        day -= DAY
        found = workdays.deadline(day, rule, param, calendar)
    return workdays.LegalDate(day, provisional or found.provisional, calendar.version, rule.article)


def _practice(count, point, day, days):
    """Working days of practice; 0: the base day itself, or the next working day when that is off. Signing never later than its limit."""
    if days:
        found = workdays.add_workdays(day, days, count.calendar)
    else:
        found = workdays.add_days(day, 0, roll=point.key not in ("opening",), calendar=count.calendar)
    if point.key == "signing" and (limit := _signing_limit(count)) and limit < found.date:
        return workdays.add_workdays(limit + DAY, -1, count.calendar)
    return found


def _signing_limit(count):
    """The last day the law leaves for signing, or None where none does."""
    result = count.found.get("result")
    rule = count.terms.rule_for(LABELS["signing_limit"])
    return workdays.deadline(result.day, *rule, count.calendar).date if result and rule else None


def _chosen(count, point, found, base_row):
    """What somebody fixed instead of the proposal, and the hour of deadline and opening."""
    choice = count.choices.get(point.key)
    if choice is None and point.key == "opening" and base_row.moment:
        choice = base_row.moment
    if isinstance(choice, datetime.datetime):
        day, moment = choice.astimezone(clock.ZONE).date(), choice
    else:
        day, moment = choice or found.date, None
    if point.key in ("deadline", "opening") and moment is None:
        moment = datetime.datetime.combine(day, HOUR, tzinfo=clock.ZONE)
    provisional = found.provisional if day == found.date else not count.calendar.knows(day)
    return workdays.LegalDate(day, provisional, count.calendar.version, found.article), moment


def by_key(rows):
    return {row.key: row for row in rows}


def latest_start(terms, wished, key="signing", calendar=None):
    """The last working day to publish so that row `key` falls on `wished` or earlier, everything else as early as the plan goes; None within 400 days."""
    calendar = calendar or workdays.current()
    for back in range(FURTHEST):
        day = wished - DAY * back
        if calendar.works(day) and (row := by_key(compute(terms, day, calendar=calendar)).get(key)) and row.date.date <= wished:
            return day
    return None


@rules.carries("B03", "B09", "B14", "G09")
def objection_to_deadline(row, calendar=None):
    """Why a chosen deadline is unlawful, or None: earlier than its minimum period, or on a day off (the period then ends on the next working day)."""
    calendar = calendar or workdays.current()
    if row.least and row.date.date < row.least.date:
        return Refusal(
            "too_short", _("The deadline is too early: the earliest lawful day is {day}.").format(day=row.least), article=row.least.article,
            todo=_("Choose that day or a later one."), field="deadline",
        )  # fmt: skip
    return objection_to_day(row.date.date, calendar)


@rules.carries("G09")
def objection_to_day(day, calendar=None):
    """Why a deadline may not be set on this day, or None: it is a day off."""
    calendar = calendar or workdays.current()
    if calendar.works(day):
        return None
    following = workdays.add_days(day, 0, calendar=calendar)
    return Refusal(
        "day_off", _("{day} is a day off: a period ends on a working day.").format(day=day), article=rules.get("G09").article,
        todo=_("Choose {day}, the next working day, or a later one.").format(day=following), field="deadline",
    )  # fmt: skip
