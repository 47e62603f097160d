"""A year's projects as a whole: how long each has stood where it stands, whom it waits for, what it is worth; for board, list and search.

Late means, without any figure of ours: a gate past its expected working days; an application, an approved project or a sourcing whose planned
first day has come; a contract whose project should have ended.
"""

import datetime

from django.db.models import CharField, Count, DateTimeField, Exists, F, Min, OuterRef, Prefetch, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, workdays
from kernel.money import ZERO, MoneyField
from procurement.gate_times import in_short, waits
from procurement.models import Closing, Contract, GateRun, Project, ProjectFund

OVER = ("closed", "rejected", "cancelled")
OPEN = ("draft", "in_review", "returned", "approved", "sourcing", "contracted")
BEFORE_START, UNTIL_END = ("draft", "returned", "approved", "sourcing"), ("contracted",)
SIGNED = Q(signed_on__isnull=False) & ~Q(status="cancelled")


def _of_contracts(expression):
    rows = Contract.objects.filter(SIGNED, project=OuterRef("pk")).order_by().values("project").annotate(total=Sum(expression)).values("total")
    return Coalesce(Subquery(rows, output_field=MoneyField()), 0, output_field=MoneyField())


def closing_now():
    """Whether the project's closing has begun: one of its contracts has a Closing."""
    return Exists(Closing.objects.filter(contract__project=OuterRef("pk")))


def with_money(rows, **more):
    """Projects with signed and paid money (yuan), and `more` annotations."""
    return rows.annotate(contract_sum=_of_contracts(F("amount") + F("addons")), paid_sum=_of_contracts(F("paid") - F("returned")), **more)


def with_facts(rows, **more):
    """Projects with open gate (name, opened, working days), signed and paid money (yuan), and `more` annotations."""
    gate = GateRun.objects.filter(project=OuterRef("pk"), result="waiting").order_by("order", "id")
    return with_money(
        rows, gate_name=Subquery(gate.values("name")[:1]), gate_opened=Subquery(gate.values("opened_at")[:1], output_field=DateTimeField()),
        gate_days=Subquery(gate.values("expected_days")[:1]), **more,
    )  # fmt: skip


def with_gates(rows):
    """The same for a page of a list: the open gates of its few rows are read at once, with whom they wait for."""
    gates = GateRun.objects.filter(result="waiting", opened_at__isnull=False).order_by("order", "id")
    return with_money(rows).prefetch_related(Prefetch("gate_runs", gates, to_attr="open_gates"))


def gate_of(row):
    """(name, opened, working days) of the gate a project under review stands at; Nones where there is none."""
    if row.status != "in_review":
        return None, None, None
    if hasattr(row, "open_gates"):
        return next(((run.name, run.opened_at, run.expected_days) for run in row.open_gates), (None, None, None))
    return row.gate_name, row.gate_opened, row.gate_days


def since(row):
    """The day the project came to where it stands: the open gate's first day, else the day it entered its state."""
    _name, opened, _days = gate_of(row)
    return opened.astimezone(clock.ZONE).date() if opened else row.stage_since


def age(row):
    """Days in the present stage."""
    return max(0, (clock.today() - since(row)).days)


def waiting_for(row, holders=None):
    """Who has to act next, in words, from facts read with the row; with `holders` (gate_times.Holders) the open gates name their people."""
    if row.status == "in_review":
        if holders is not None and row.open_gates:
            return "；".join(in_short(wait) for wait in waits(row, row.open_gates, holders))
        return gate_of(row)[0] or ""
    if row.status in ("draft", "returned"):
        return str(row.place)
    if row.status in OVER:
        return ""
    return str(row.handler) if row.handler_id else _("{purchaser} (no handler)").format(purchaser=row.purchaser)


class Lateness:
    """What is late today. The calendar is read once, and only when a gate is asked about."""

    def __init__(self):
        self.today, self._calendar, self._last = clock.today(), None, {}

    def last_late(self, days):
        """The latest opening day of a gate of so many working days that is over its time today."""
        if days not in self._last:
            self._calendar = self._calendar or workdays.current()
            day = self.today - datetime.timedelta(days=days)
            while workdays.add_workdays(day, days, self._calendar).date >= self.today:
                day -= datetime.timedelta(days=1)
            self._last[days] = day
        return self._last[days]

    def of(self, row):
        """Whether this row (read by `with_facts`) is late."""
        if row.status == "in_review":
            run = next(iter(getattr(row, "open_gates", ())), None)
            if run and run.due_on:  # said when the gate opened: no calendar has to be asked
                return run.due_on < self.today
            _name, opened, days = gate_of(row)
            return bool(opened and since(row) <= self.last_late(days))
        return row.starts_on <= self.today if row.status in BEFORE_START else row.ends_on < self.today if row.status in UNTIL_END else False

    def condition(self):
        """The same as a Q over projects."""
        kinds = GateRun.objects.filter(result="waiting").order_by().values_list("expected_days", flat=True).distinct()
        gates = GateRun.objects.filter(project=OuterRef("pk"), result="waiting", opened_at__isnull=False)
        slow = Q(pk__in=[])
        for days in kinds:
            slow |= Q(expected_days=days, opened_at__lt=clock.midnight(self.last_late(days) + datetime.timedelta(days=1)))
        return (
            Q(status="in_review") & Exists(gates.filter(slow)) | Q(status__in=BEFORE_START, starts_on__lte=self.today) | Q(status__in=UNTIL_END, ends_on__lt=self.today)
        )


def in_stage(rows, stage, lateness=None):
    """Rows of one stage: a state, or one of closing, delivering, late, open."""
    if stage == "late":
        return rows.filter((lateness or Lateness()).condition())
    if stage == "open":
        return rows.filter(status__in=OPEN)
    if stage in ("closing", "delivering"):
        begun = closing_now()
        return rows.filter(status="contracted").filter(begun if stage == "closing" else ~begun)
    return rows.filter(status=stage)


_LOOKUPS = {"=": "exact", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}


def _figure(field, term):
    if term.sign == "..":
        return Q(**{f"{field}__gte": term.value[0], f"{field}__lte": term.value[1]})
    return Q(**{f"{field}__{_LOOKUPS[term.sign]}": term.value})


def _aged(term):
    """Days in the stage as days of entering it: older than ten days entered before ten days ago."""
    back = lambda days: clock.today() - datetime.timedelta(days=int(days))  # noqa: E731
    if term.sign == "..":
        return Q(stage_since__lte=back(term.value[0]), stage_since__gte=back(term.value[1]))
    turned = {"<": "gt", "<=": "gte", ">": "lt", ">=": "lte", "=": "exact"}[term.sign]
    return Q(**{f"stage_since__{turned}": back(term.value)})


def answer(rows, asked, user):
    """The rows a search (asking.Asked) asks for."""
    for term in asked.terms:
        if term.key == "is":
            rows = in_stage(rows, term.value)
        elif term.key == "owner":
            rows = owned_by(rows, term.value, user)
        elif term.key == "age":
            rows = rows.filter(_aged(term))
        elif term.key == "money":
            rows = rows.filter(_figure("budget_total", term))
        elif term.key == "year":
            rows = rows.filter(_figure("fiscal_year", term))
        elif term.key == "way":
            rows = rows.filter(way=term.value)
        elif term.key == "gate":
            rows = rows.filter(Exists(GateRun.objects.filter(project=OuterRef("pk"), result="waiting", opened_at__isnull=False, name__icontains=term.value)), status="in_review")
        elif term.key == "fund":
            rows = rows.filter(Exists(ProjectFund.objects.filter(project=OuterRef("pk"), fund__name__icontains=term.value)))
        else:
            rows = rows.filter(**{{"place": "place__name__icontains", "street": "purchaser__name__icontains"}[term.key]: term.value})
    for word in asked.words[:6]:
        rows = rows.filter(Q(title__icontains=word) | Q(number__icontains=word) | Q(place__name__icontains=word) | Q(item__name__icontains=word))
    return rows


def owned_by(rows, who, user):
    """Rows of a handler: "@me", "@none", an id as text, or part of a name."""
    if who in ("@me", "@我"):
        return rows.filter(handler=user)
    if who in ("@none", "@无"):
        return rows.filter(handler=None)
    return rows.filter(handler__name__icontains=who)


def totals_of(rows):
    """Count, budget, approved, signed and paid money of all rows (yuan): in one query, or of the rows already read."""
    if isinstance(rows, list):
        names = {"budget": "budget_total", "approved": "ceiling", "contracted": "contract_sum", "paid": "paid_sum"}
        return {"count": len(rows), **{name: sum((getattr(row, field) or ZERO for row in rows), ZERO) for name, field in names.items()}}
    return rows.order_by().values("budget_total", "ceiling", "contract_sum", "paid_sum").aggregate(
        count=Count("pk"), budget=_sum("budget_total"), approved=_sum("ceiling"), contracted=_sum("contract_sum"), paid=_sum("paid_sum")
    )  # fmt: skip


def _sum(field):
    """A sum in yuan; zero of nothing."""
    return Coalesce(Sum(field, output_field=MoneyField()), 0, output_field=MoneyField())


class Lane:
    """One column of the board: key (a stage or a gate), name, how many stand there, what they are worth (yuan) and the cards shown."""

    def __init__(self, stage, label, money, gate=""):
        self.stage, self.label, self.money, self.gate = stage, label, money, gate
        self.count, self.total, self.cards = 0, ZERO, []

    @property
    def rest(self):
        """How many are not shown."""
        return self.count - len(self.cards)


CARDS = 12
LABELS = {
    "draft": pgettext_lazy("project", "draft"), "in_review": pgettext_lazy("project", "in review"), "returned": pgettext_lazy("project", "sent back"),
    "approved": pgettext_lazy("project", "approved"), "sourcing": pgettext_lazy("project", "sourcing"), "delivering": pgettext_lazy("stage", "delivering"),
    "closing": pgettext_lazy("stage", "closing"), "closed": pgettext_lazy("project", "closed"),
}  # fmt: skip
MONEY = {"draft": _("budget"), "in_review": _("budget"), "returned": _("budget"), "delivering": _("under contract"), "closing": _("under contract"), "closed": pgettext_lazy("sum", "paid")}


def card_money(row):
    """What a card is worth in its stage (yuan): its budget, then what was approved, then signed, at the end paid."""
    if row.status in ("draft", "in_review", "returned"):
        return row.budget_total
    return row.contract_sum if row.status == "contracted" else row.paid_sum if row.status == "closed" else row.ceiling


def board(rows, per_lane=CARDS):
    """The lanes of these projects in the order of the life, an open gate each its own. Three queries whatever their number: states and gates,
    contracts, cards (the longest waiting first; of the closed ones the latest)."""
    rows, word = rows.order_by(), lambda text: Value(text, output_field=CharField())
    gates = GateRun.objects.filter(project__in=rows.filter(status="in_review").values("pk"), result="waiting", opened_at__isnull=False).order_by()
    states = rows.values("status").annotate(what=word("state"), count=Count("pk"), budget=_sum("budget_total"), approved=_sum("ceiling")).values_list("what", "status", "count", "budget", "approved")
    waiting = gates.values("name").annotate(what=word("gate"), count=Count("pk"), total=_sum("project__budget_total"), place=Min("order")).values_list("what", "name", "count", "total", "place")
    heads = list(states.union(waiting, all=True))  # the last column of a gate is its place in the order, whatever its unit
    lanes = {stage: Lane(stage, label, MONEY.get(stage, _("approved money"))) for stage, label in LABELS.items() if stage != "in_review"}
    at_gates = {}
    for _what, name, count, total, _place in sorted((row for row in heads if row[0] == "gate"), key=lambda row: (row[4], row[1])):
        at_gates[name] = Lane("in_review", name, MONEY["in_review"], gate=name)
        at_gates[name].count, at_gates[name].total = count, total
    for what, status, count, budget, approved in heads:
        if what == "state" and (lane := lanes.get("delivering" if status == "contracted" else status)):
            lane.count, lane.total = count, budget if status in ("draft", "returned") else approved
    lanes["delivering"].total = lanes["closed"].total = ZERO
    signed = Contract.objects.filter(SIGNED, project__in=rows.filter(status__in=("contracted", "closed")).values("pk")).order_by()
    begun = Exists(Closing.objects.filter(contract__project=OuterRef("project")))
    for row in signed.annotate(begun=begun).values("project__status", "begun").annotate(
        count=Count("project", distinct=True), signed=_sum(F("amount") + F("addons")), paid=_sum(F("paid") - F("returned"))
    ):  # fmt: skip
        if row["project__status"] == "closed":
            lanes["closed"].total += row["paid"]
        elif row["begun"]:
            lanes["closing"].count, lanes["closing"].total = row["count"], row["signed"]
            lanes["delivering"].count -= row["count"]
        else:
            lanes["delivering"].total = row["signed"]
    order = [lanes["draft"], *at_gates.values(), *(lane for stage, lane in lanes.items() if stage != "draft")]
    for row in _cards(rows, order, per_lane):
        lane = at_gates.get(gate_of(row)[0]) if row.status == "in_review" else lanes["closing" if row.status == "contracted" and row.being_closed else "delivering" if row.status == "contracted" else row.status]
        if lane:
            lane.cards.append(row)
    for lane in order:
        lane.cards.sort(key=lambda row: (since(row), row.pk), reverse=lane.stage == "closed")
    return order


def _cards(rows, lanes, per_lane):
    """The rows shown as cards, in one query."""
    wanted = Q(pk__in=[])
    for lane in lanes:
        if lane.gate:
            waiting = GateRun.objects.filter(project__in=rows.filter(status="in_review").values("pk"), name=lane.gate, result="waiting", opened_at__isnull=False)
            wanted |= Q(pk__in=waiting.order_by("opened_at", "pk").values("project")[:per_lane])
        elif lane.count:
            wanted |= Q(pk__in=in_stage(rows, lane.stage).order_by("-stage_since" if lane.stage == "closed" else "stage_since", "pk").values("pk")[:per_lane])
    return with_facts(Project.objects.filter(wanted), being_closed=closing_now()).select_related("place", "purchaser", "handler")
