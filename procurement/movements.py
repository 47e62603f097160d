"""What moved: every change of a running purchase's dates with its cause, written as one trail row and read back from there.

    before = movements.dates(tender)
    ...
    movements.record(tender, before, cause="clarification", actor=actor)

Minimum periods and windows move with what they are counted from; a duty keeps its day unless what it is counted from moved.
"""

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from kernel import trail
from procurement import methods, schedule_facts
from procurement.schedule_points import LABELS

VERB = "recount"
CAUSES = {
    "clarification": _("clarification or correction of the documents"),
    "postponement": _("opening postponed"),
    "calendar": _("new holiday calendar"),
}
FIELDS = {"award_due_on": "award", "notice_due_on": "result", "challenge_until": "challenge_until", "sign_due_on": "signing_limit", "filing_due_on": "filing"}


@dataclass(frozen=True)
class Movement:
    """One date that moved, when and why."""

    key: str
    label: str
    before: datetime.date
    after: datetime.date

    @property
    def days(self):
        return (self.after - self.before).days


@dataclass(frozen=True)
class Change:
    """Everything one cause moved."""

    at: datetime.datetime
    actor: object
    cause: object
    note: str
    rows: tuple


def dates(tender, calendar=None):
    """key → date of everything of this purchase that has not happened yet."""
    return {row.key: row.date.date for row in schedule_facts.rows_of(tender, calendar) if not row.happened}


def moved(before, after):
    """[(key, before, after)] of what stands in both and differs."""
    return [(key, day, after[key]) for key, day in before.items() if key in after and after[key] != day]


def record(tender, before, *, cause, actor, note="", calendar=None, skip=()):
    """Compare with `before` (from `dates`) and write what moved as one trail row. Returns [(key, before, after)]."""
    found = [row for row in moved(before, dates(tender, calendar)) if row[0] not in skip]
    if found:
        params = {"cause": cause, "note": note, "moved": [[key, one.isoformat(), two.isoformat()] for key, one, two in found]}
        if calendar is not None:
            params["calendar"] = calendar.version
        trail.record(tender, VERB, actor=actor, from_status=tender.status, to_status=tender.status, params=params)
    return found


def of(tender, trail_rows=None):
    """The Changes of a purchase, newest first, from its trail. `trail_rows`: its rows, where they are read already."""
    words, found, told = methods.of(tender).words, [], set()
    for row in trail_rows if trail_rows is not None else trail.rows_of(tender):
        if row.verb != VERB:
            continue
        params = row.params
        listed = params.get("moved") or ([[FIELDS[params["field"]], params["before"], params["after"]]] if params.get("field") in FIELDS else [])
        rows = tuple(Movement(key, LABELS[key].text(words), *map(datetime.date.fromisoformat, days)) for key, *days in listed if key in LABELS and (key, *days) not in told)
        told |= {tuple(entry) for entry in listed}
        if rows:
            cause = params.get("cause") or ("calendar" if "calendar" in params else "")
            found.append(Change(row.effective_at, row.actor, CAUSES.get(cause, cause), params.get("note", ""), rows))
    return list(reversed(found))
