"""A street's and a district's money over the years: the overview by year, source and place, the end of a year, and the next year's funds."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from kernel import trail
from kernel.lifecycle import Refusal, principals_of
from kernel.money import ZERO, MoneyField
from procurement.lifecycle import ledger
from procurement.models import Fund, ProjectFund
from procurement.permissions import may_keep_funds

PLANNING = ("in_review", "returned", "approved", "sourcing", "contracted")
SUMS = ("amount", "planned", "committed", "paid", "free", "carried", "received")
COPIED = ("name", "purchaser", "place", "source", "allowed_uses", "forbidden_uses", "procurement_law", "unspent", "owner_section", "owner_person", "needs_owner_consent", "owner_role")


def _zero():
    return Value(ZERO, output_field=MoneyField())


def with_planned(funds):
    """Funds with `planned`: what live projects plan on them beyond what is committed (yuan)."""
    rows = ProjectFund.objects.filter(fund=OuterRef("pk"), project__status__in=PLANNING).order_by().values("fund")
    planned = rows.annotate(total=Sum(F("amount") - F("committed"))).values("total")
    return funds.annotate(planned=Coalesce(Subquery(planned, output_field=MoneyField()), _zero()))


def overview(funds):
    """One row per year, purchaser, source and place, newest year first: dicts with SUMS in yuan and the number of funds. One query."""
    carried = Case(When(predecessor__isnull=False, then=F("amount")), default=_zero())
    keys = ("fiscal_year", "purchaser__name", "source", "place__name", "place_id", "purchaser_id")
    rows = with_planned(funds).annotate(over=carried).order_by().values(*keys)
    rows = rows.annotate(sum_amount=Sum("amount"), sum_planned=Sum("planned"), sum_committed=Sum("committed"), sum_paid=Sum("paid"), sum_carried=Sum("over"), sum_received=Sum("received"))
    found = []
    for row in rows.order_by("-fiscal_year", "purchaser__name", "source", "place__name"):
        made = {name: row[f"sum_{name}"] for name in SUMS if name != "free"}
        found.append({**{key: row[key] for key in keys}, **made, "free": made["amount"] - made["committed"]})
    return found


def total_of(rows):
    """The sums of overview rows (yuan)."""
    return {name: sum((row[name] for row in rows), ZERO) for name in SUMS}


@dataclass(frozen=True)
class YearEnd:
    """What a fund's unpaid money is in for when its year is closed."""

    fund: Fund
    fate: object
    next_opened: bool


def year_end(funds, year):
    """Each fund of a year with what will happen to its unpaid commitments and whether next year's fund is there."""
    rows = list(with_planned(funds.filter(fiscal_year=year)).select_related("purchaser__place", "place", "owner_person").order_by("purchaser__name", "name", "id"))
    opened = _opened(year + 1, rows)
    return [YearEnd(row, fate_of(row), _key(row) in opened) for row in rows]


def fate_of(fund):
    """In words what closing does to the unpaid money of a fund."""
    if fund.status == "closed":
        return _("closed")
    if fund.unpaid <= 0:
        return _("nothing unpaid")
    amount = f"{fund.unpaid:,.2f}"
    if fund.unspent == "carry":
        return _("{amount} yuan carry over into {year}; this needs a document").format(amount=amount, year=fund.fiscal_year + 1)
    return _("{amount} yuan lapse: pay them before, or have the rule changed").format(amount=amount)


def _key(fund):
    return (fund.purchaser_id, fund.place_id, fund.source, fund.name)


def _opened(year, rows):
    found = Fund.objects.filter(fiscal_year=year, purchaser__in={row.purchaser_id for row in rows}, predecessor=None)
    return {_key(row) for row in found}


@transaction.atomic
def open_next_year(funds, *, actor):
    """Copy funds into the next year as expected money of the same amount; those already there are left out. Returns the new funds.

    Raises Refusal: role (one of them is not kept by the actor), nothing_to_open.
    """
    rows = list(Fund.objects.select_for_update(of=("self",)).filter(pk__in=[fund.pk for fund in funds]).filter(~Q(status="expected"), predecessor=None).select_related("purchaser__place").order_by("id"))
    for row in rows:
        if not any(may_keep_funds(person, row) for person in principals_of(actor)):
            raise Refusal("role", _("Your role does not keep “{fund}”.").format(fund=row))
    opened = {key for year in {row.fiscal_year for row in rows} for key in _opened(year + 1, [row for row in rows if row.fiscal_year == year])}
    made = []
    for row in rows:
        if _key(row) in opened:
            continue
        fund = Fund.objects.create(**{name: getattr(row, name) for name in COPIED}, fiscal_year=row.fiscal_year + 1, amount=row.amount, status="expected", created_by=actor)
        ledger.enter(fund, "expected", actor=actor, amount=fund.amount)
        trail.record(fund, "create", actor=actor, to_status="expected", params={"amount": str(fund.amount), "opened_from": row.pk})
        made.append(fund)
    if not made:
        raise Refusal("nothing_to_open", _("Next year's funds are there already, or none was chosen."), todo=_("Choose approved funds without a successor."))
    return made
