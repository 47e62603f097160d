"""Where later stages announce themselves to earlier pages, filled in `AppConfig.ready()`. No signals between our own apps.

    panel("project", provider)           provider(subject, user) -> Panel | None : later facts on an earlier page
    desk(provider)                       provider(user) -> iterable of Waiting (or Brief, or Task) : what waits for this person
    search(provider)                     provider(user, text) -> iterable of Hit
    nav(item)                            navigation entries; item.may(user)
    reminder(provider)                   provider(now) -> iterable of Reminder : every open deadline, before and after
    agenda(provider)                     provider(user, since) -> iterable of Dated : every date that concerns this person (the calendar feed)
    permission hooks: totp_rule(fn)      fn(user) -> bool : must this person use a second factor?
    totals(fn)                           fn() -> iterable of (label, stored, counted) that differ : nightly comparison
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db.models import Count, Exists, Subquery, Window
from django.utils.translation import gettext_lazy as _

from kernel import clock


@dataclass(frozen=True)
class Task:
    """Something that waits for a person: what to do, on what, since when, until when, and where to click."""

    kind: str
    title: str
    action: object
    url: str
    since: datetime | None = None
    due: datetime | date | None = None
    detail: str = ""

    @property
    def due_at(self):
        """The due moment; a bare day ends at midnight."""
        return self.due if self.due is None or isinstance(self.due, datetime) else clock.end_of_day(self.due)


@dataclass(frozen=True)
class Waiting:
    """Rows that may wait for a person, not yet asked: the desk asks in one query which of all these exist and reads only those.

    `task(row)` -> Task, None when this row does not wait after all, or several Tasks. Rows that set no limit of their own show the first
    hundred and say that more wait.
    """

    rows: object
    task: Callable


@dataclass(frozen=True)
class Brief:
    """The first of some rows, told by a few of its values alone: they are read in the desk's one question which rows exist, at no query of its own.

    `task({name: value})` -> Task; it is not asked when there is no row.
    """

    rows: object
    names: tuple
    task: Callable

    @classmethod
    def of(cls, rows, names, task):
        """As above, with `more` for the task: how many of the rows there are besides the first."""
        return cls(rows.annotate(more=Window(Count("pk"))), (*names, "more"), lambda found: task(found | {"more": others(found["more"] - 1)}))


def others(count):
    """What a task says of the rows it does not show."""
    return str(_("{count} more wait.")).format(count=count) if count else ""


@dataclass(frozen=True)
class Panel:
    """A box on an earlier page: a title and a template with its context."""

    title: object
    template: str
    context: dict = field(default_factory=dict)
    order: int = 50


@dataclass(frozen=True)
class Hit:
    """One search result."""

    kind: object
    title: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class NavItem:
    """A navigation entry: group key, label, url name, who sees it."""

    group: str
    label: object
    url_name: str
    may: Callable = lambda user: user.is_authenticated
    order: int = 50
    icon: str = ""


@dataclass(frozen=True)
class Reminder:
    """One open deadline for one person. Sent once per (kind, subject, due, phase): phase 'before' or 'after'."""

    kind: str
    subject: object
    users: tuple
    due: datetime
    phase: str
    title: str
    url: str
    article: str = ""


@dataclass(frozen=True)
class Dated:
    """One date that concerns a person. `uid` stays the same when the date moves; `due`: a day, or an aware moment."""

    uid: str
    title: str
    due: datetime | date
    url: str
    article: str = ""
    detail: str = ""
    provisional: bool = False

    @property
    def day(self):
        return self.due.astimezone(clock.ZONE).date() if isinstance(self.due, datetime) else self.due


SHOWN = 100
_panels: dict[str, list] = defaultdict(list)
_desk: list = []
_search: list = []
_nav: list = []
_reminders: list = []
_agenda: list = []
_totp: list = []
_totals: list = []


def panel(noun, provider):
    _panels[noun].append(provider)


def desk(provider):
    _desk.append(provider)
    return provider


def search(provider):
    _search.append(provider)
    return provider


def nav(*items):
    _nav.extend(items)


def reminder(provider):
    _reminders.append(provider)
    return provider


def agenda(provider):
    _agenda.append(provider)
    return provider


def agenda_for(user, since):
    """Every announced date from `since` (a day) on that concerns this user, soonest first; each id once."""
    found = {}
    for provider in _agenda:
        for entry in provider(user, since):
            if entry.day >= since:
                found.setdefault(entry.uid, entry)
    return sorted(found.values(), key=lambda entry: (entry.day, entry.uid))


def totp_rule(rule):
    _totp.append(rule)
    return rule


def totals(check):
    _totals.append(check)
    return check


def panels_for(noun, subject, user):
    """The panels later stages show on this subject for this user."""
    found = [panel for provider in _panels[noun] if (panel := provider(subject, user))]
    return sorted(found, key=lambda panel: panel.order)


def tasks_for(user):
    """Everything that waits for this user, overdue and soonest first; undated by age."""
    tasks, waiting, briefs = [], [], []
    for provider in _desk:
        for found in provider(user):
            (waiting if isinstance(found, Waiting) else briefs if isinstance(found, Brief) else tasks).append(found)
    existing, told = _existing(user, waiting, briefs)
    for one in existing:
        rows = list(one.rows if one.rows.query.is_sliced else one.rows[: SHOWN + 1])
        found = [task for row in rows[:SHOWN] if (made := one.task(row)) for task in ([made] if isinstance(made, Task) else made)]
        if len(rows) > SHOWN and found:
            found[-1] = replace(found[-1], detail=" ".join(filter(None, [str(found[-1].detail), str(_("More of these wait; the list shows them all."))])))
        tasks += found
    tasks += told
    far = clock.now() + timedelta(days=36500)
    return sorted(tasks, key=lambda task: (task.due_at or far, str(task.since or "")))


def _existing(user, waiting, briefs):
    """Those of the waiting row sets that hold a row, and the tasks of the briefs: asked in one query however many there are."""
    if len(waiting) < 2 and not briefs:
        return waiting, []
    probes = {f"w{number}": Exists(one.rows if one.rows.query.is_sliced else one.rows.order_by()) for number, one in enumerate(waiting)}
    told = {f"b{number}_{place}": Subquery(one.rows.values(name)[:1]) for number, one in enumerate(briefs) for place, name in enumerate(one.names)}
    row = user._meta.model._base_manager.filter(pk=user.pk).annotate(**probes, **told).values(*probes, *told).first() or {}
    existing = [one for number, one in enumerate(waiting) if row.get(f"w{number}")]
    found = [(one, {name: row.get(f"b{number}_{place}") for place, name in enumerate(one.names)}) for number, one in enumerate(briefs)]
    return existing, [one.task(values) for one, values in found if any(value is not None for value in values.values())]


def hits_for(user, text):
    return [hit for provider in _search for hit in provider(user, text)]


def nav_items(user):
    """Navigation of this user: list of (group, [items]) in order."""
    groups = defaultdict(list)
    for item in sorted(_nav, key=lambda item: item.order):
        if item.may(user):
            groups[item.group].append(item)
    return list(groups.items())


def public_items():
    """Entries of the public pages, for everybody."""
    return sorted((item for item in _nav if item.group == "public"), key=lambda item: item.order)


def open_reminders(now):
    for provider in _reminders:
        yield from provider(now)


def requires_totp(user):
    """Whether this person handles money and so needs a second factor."""
    return any(rule(user) for rule in _totp)


def differing_totals():
    return [row for check in _totals for row in check()]
