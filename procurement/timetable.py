"""When a purchase may close and what falls due after it, from the rules frozen on the tender.

A statutory purchase counts by rules.md B09, B13, D01–D06, G02; a self-run one by its street's profile alone (practice 1).
"""

import datetime
from dataclasses import dataclass

from kernel import clock, rules, workdays

METHODS = {"consultation": "competitive_consultation", "self_run": "self_run"}
HOUR = datetime.time(10)


def scope_of(tender):
    """The scope by which the law is asked for this tender."""
    return {
        "scope": "statutory" if tender.method != "self_run" else "self_run",
        "method": METHODS[tender.method],
        "region": tender.purchaser.place.code or "",
    }


def law(tender):
    """The rules frozen on the tender, or those in force today while it is a draft; `.get(id)`, `id in law`."""
    if tender.frozen.get("rules"):
        return rules.from_snapshot(tender.frozen)
    return rules.from_snapshot(rules.snapshot(**scope_of(tender)))


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
    """The earliest lawful Timetable of a tender published on `start` (default: today)."""
    start, calendar = start or clock.today(), calendar or workdays.current()
    if tender.method == "self_run":
        days = tender.frozen.get("profile", {}).get("min_days", tender.profile.min_days if tender.profile_id else 0)
        due = workdays.add_days(start, days, calendar=calendar, article=str(tender.profile or ""))
        return Timetable(start, due, due, due)
    known = law(tender)
    b09, b13 = known.get("B09"), known.get("B13")
    documents = workdays.deadline(start, b09, "document_supply", calendar)
    notice = workdays.deadline(start, b13, "notice_period", calendar)
    bids = workdays.deadline(start, b09, "bid_time", calendar)
    return Timetable(start, documents, notice, max((bids, documents, notice), key=lambda found: found.date))


def clarified_deadline(tender, on=None):
    """The earliest deadline a clarification of `on` leaves (B09), or None when the rule does not hold."""
    known = law(tender)
    return workdays.deadline(on or clock.today(), known.get("B09"), "clarification") if "B09" in known else None


def due(tender, start, rule, param):
    """The LegalDate of a duty of this tender, or None where the rule does not hold for it."""
    known = law(tender)
    return workdays.deadline(start, known.get(rule), param) if rule in known else None
