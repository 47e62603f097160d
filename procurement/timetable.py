"""When a purchase may close and what falls due after it, from the method and the rules frozen on the tender.

A statutory purchase counts by the figures its method names (rules/methods.toml), and by D01–D06, G02; a self-run one by its street's
profile alone (practice 1).
"""

import datetime
from dataclasses import dataclass

from kernel import clock, workdays
from procurement import methods
from procurement.methods import law, scope_of

__all__ = ["HOUR", "Timetable", "clarified_deadline", "due", "law", "scope_of", "timetable"]
HOUR = datetime.time(10)


@dataclass(frozen=True)
class Timetable:
    """Earliest lawful days of a purchase that starts on `start`, each with its article; `deadline` is the latest of what binds."""

    start: datetime.date
    documents_until: workdays.LegalDate
    notice_until: workdays.LegalDate
    deadline: workdays.LegalDate

    @property
    def moment(self):
        """The proposed deadline: 10:00 of the earliest lawful day."""
        return datetime.datetime.combine(self.deadline.date, HOUR, tzinfo=clock.ZONE)


def timetable(tender, start=None, calendar=None):
    """The earliest lawful Timetable of a tender published on `start` (default: today). A period its method does not know ends where it starts."""
    start, calendar = start or clock.today(), calendar or workdays.current()
    if not tender.is_statutory:
        days = tender.frozen.get("profile", {}).get("min_days", tender.profile.min_days if tender.profile_id else 0)
        due = workdays.add_days(start, days, calendar=calendar, article=str(tender.profile or ""))
        return Timetable(start, due, due, due)
    known, none = law(tender), workdays.add_days(start, 0, calendar=calendar, article=methods.of(tender).article)
    documents, notice, bids = (methods.due(tender, name, start, calendar, known) or none for name in ("document_supply", "notice_period", "bid_time"))
    return Timetable(start, documents, notice, max((bids, documents, notice), key=lambda found: found.date))


def clarified_deadline(tender, on=None):
    """The earliest deadline a clarification of `on` leaves, or None when no such rule holds."""
    return methods.due(tender, "clarification", on or clock.today())


def due(tender, start, rule, param):
    """The LegalDate of a duty of this tender, or None where the rule does not hold for it."""
    known = law(tender)
    return workdays.deadline(start, known.get(rule), param) if rule in known else None
