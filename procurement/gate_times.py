"""Who a gate waits for, since when, until when; and how long its last decisions really took."""

from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from django.db.models import Exists, OuterRef

from communities.models import Membership
from communities.models.membership import PLACE_ROLES, ROLES
from kernel import clock, workdays
from procurement.lifecycle.gates import said
from procurement.models import GateRun, Project

LAST = 20  # decisions measured per gate
NEWEST = 500  # decisions of an office they are looked for among


@dataclass(frozen=True)
class Measured:
    """Median working days from opening to decision of the last `count` decisions; None when there was none yet."""

    days: float | None = None
    count: int = 0


def measured(purchaser, last=LAST):
    """key of the gate -> Measured, over the last decided runs of each gate among the newest of this purchaser. One query (and the calendar)."""
    here = Exists(Project.objects.filter(pk=OuterRef("project"), purchaser=purchaser))
    rows = GateRun.objects.filter(here, decided_at__isnull=False, opened_at__isnull=False).order_by("-decided_at")
    calendar, spans = workdays.current(), {}
    for key, opened, decided in rows.values_list("key", "opened_at", "decided_at")[:NEWEST]:
        if len(days := spans.setdefault(key, [])) < last:
            days.append(int(workdays.workdays_between(opened, decided, calendar)))
    return {key: Measured(float(median(days)), len(days)) for key, days in spans.items()}


def due_of(run, calendar=None):
    """Until when a gate is expected to decide: the end of the day set when it opened, else of its working days."""
    if run.due_on:
        return clock.end_of_day(run.due_on)
    opened = run.opened_at.astimezone(clock.ZONE).date()
    return clock.end_of_day(workdays.add_workdays(opened, run.expected_days, calendar).date)


@dataclass(frozen=True)
class Wait:
    """One open gate: the names it waits for (empty: nobody holds the role), whose voices it has, since when, until when."""

    run: GateRun
    names: tuple
    due: datetime
    voices: tuple = ()
    measured: Measured = field(default_factory=Measured)

    @property
    def overdue(self):
        return self.due < clock.now()

    @property
    def role(self):
        return ROLES.get(self.run.role, self.run.role)

    @property
    def too_few(self):
        """The gate needs more people than hold its role: it cannot pass."""
        return not self.run.by_meeting and len(self.names) + len(self.run.heard) < self.run.votes_needed


class Holders:
    """Who holds which role at which purchaser today: read once, of the purchasers named or, without, of the whole district first asked about."""

    def __init__(self, purchasers=None):
        self.purchasers, self._names = purchasers, {}

    def of(self, project, role):
        """[(id, name)] of active people with the role for this project."""
        district = None if self.purchasers is not None else project.place.path.split("/")[1]
        if district not in self._names:
            self._names[district] = self._read({"purchaser__in": self.purchasers} if district is None else {"purchaser__place__path__startswith": f"/{district}/"})
        if role in PLACE_ROLES:
            from communities.permissions import people

            return [(user.pk, user.name) for user in people(role, place=project.place)]
        return self._names[district].get((project.purchaser_id, role), [])

    @staticmethod
    def _read(where):
        found = {}
        rows = Membership.objects.in_force(clock.today()).filter(user__is_active=True, **where).order_by("user")
        for purchaser, held, pk, name in rows.values_list("purchaser", "role", "user", "user__name"):
            found.setdefault((purchaser, held), []).append((pk, name))
        return found


def waits(project, runs, holders, times=None, *, voices=False):
    """The open gates of a project among `runs`, as Waits; `voices`: with their votes. Whoever has decided already is no longer waited for."""
    times, found = times or {}, []
    for run in runs:
        if run.result != "waiting" or run.opened_at is None:
            continue
        names = tuple(name for pk, name in holders.of(project, run.role) if pk not in run.heard)
        found.append(Wait(run, names, due_of(run), tuple(said(run)) if voices else (), times.get(run.key, Measured())))
    return found


def in_short(wait):
    """An open gate and the people it waits for, or loudly the role nobody holds."""
    from django.utils.translation import gettext as _

    who = "、".join(wait.names) or _("nobody holds the role “{role}”!").format(role=wait.role)
    return f"{wait.run.name}：{who}"
