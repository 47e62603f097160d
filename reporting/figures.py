"""The sentence of the year (S0.3), as practice 10 defines it, and the rows behind it.

Projects = lots whose contract was first signed in the year (a contract without lot counts by its project). Money = the year's
portion of signed contracts with amendments; paid stands beside it. Growth = the same measure at the same cut-off a year before.
Served = attendances 人次 and distinct people 人数, never added together. All amounts in yuan.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Count, Min, Q, Sum
from django.db.models.functions import Coalesce

from kernel.money import ZERO, MoneyField
from procurement.models import Activity, Contract, PaymentRequest, SignIn, YearPortion
from reporting.models import YearTotal

SIGNED = Q(signed_on__isnull=False) & ~Q(status__in=["draft", "cancelled"])


@dataclass(frozen=True)
class Scope:
    """Whose purchases: a district (Place) or one purchaser."""

    place: object = None
    purchaser: object = None

    def contracts(self):
        if self.purchaser is not None:
            return Contract.objects.filter(SIGNED, purchaser=self.purchaser)
        return Contract.objects.filter(SIGNED, project__place__path__startswith=self.place.path)

    @property
    def name(self):
        return str(self.purchaser or self.place)


@dataclass(frozen=True)
class Measure:
    """One year's figures at a cut-off date."""

    projects: int
    amount: Decimal
    paid: Decimal


@dataclass(frozen=True)
class YearFigures:
    """Everything the annual sentence says. `growth` is per cent with two places or None when there is nothing to compare with."""

    scope: Scope
    year: int
    cutoff: date
    now: Measure
    before: Measure | None
    growth: Decimal | None
    source_before: str
    attendances: int
    people: int
    declared: int
    from_social: Decimal

    @property
    def growth_size(self):
        """The growth without its sign, for "下降 x%"."""
        return abs(self.growth) if self.growth is not None else None


def total(rows, name="amount"):
    """The sum of a money column in yuan, 0.00 for no rows."""
    return rows.aggregate(total=Coalesce(Sum(name), 0, output_field=MoneyField()))["total"] or ZERO


def measure(scope, year, cutoff):
    """Projects, money and payments of one year up to a cut-off date."""
    signed = scope.contracts().filter(signed_on__lte=cutoff)
    firsts = signed.values("lot_id", "project_id").annotate(first=Min("signed_on"))
    by_lot, by_project = {}, {}
    for row in firsts:
        key, table = (row["lot_id"], by_lot) if row["lot_id"] else (row["project_id"], by_project)
        table[key] = min(row["first"], table.get(key, row["first"]))
    counted = sum(first.year == year for first in (*by_lot.values(), *by_project.values()))
    portions = YearPortion.objects.filter(contract__in=signed, fiscal_year=year)
    paid = PaymentRequest.objects.filter(status="paid", paid_on__year=year, paid_on__lte=cutoff, stage__contract__in=signed)
    return Measure(counted, total(portions), total(paid))


def same_day_before(day):
    """The same day a year earlier (29 February becomes 28 February)."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def year_before(scope, year, cutoff):
    """Last year's measure at the same cut-off and where it comes from: entered totals, else what the platform recorded, else nothing."""
    earlier = same_day_before(cutoff)
    if scope.place is not None:
        entered = YearTotal.objects.filter(place=scope.place, year=year - 1, cutoff=earlier, confirmed_by__isnull=False).first()
        if entered:
            return Measure(entered.projects, entered.amount, entered.paid), entered.source
    if scope.contracts().filter(signed_on__year=year - 1, signed_on__lte=earlier).exists():
        return measure(scope, year - 1, earlier), "本平台记录"
    return None, ""


def growth_of(now, before):
    """Growth of money in per cent, two places half up; None without a base."""
    if before is None or not before.amount:
        return None
    return ((now.amount - before.amount) * 100 / before.amount).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def served(scope, year, cutoff):
    """(attendances, identifiable distinct people, declared people of activities without sign-in rows)."""
    held = Activity.objects.filter(contract__in=scope.contracts(), held_on__year=year, held_on__lte=cutoff).exclude(status__in=["planned", "confirmed", "cancelled", "postponed"])
    attendances = held.aggregate(total=Sum("headcount"))["total"] or 0
    signed = SignIn.objects.filter(activity__in=held).exclude(phone_key="")
    people = signed.aggregate(total=Count("phone_key", distinct=True))["total"] or 0
    declared = held.exclude(sign_ins__phone_key__gt="").aggregate(total=Sum("distinct_people"))["total"] or 0
    return attendances, people, declared


def figures(scope, year, cutoff):
    """All figures of the annual sentence. Seven to ten queries whatever the size."""
    now = measure(scope, year, cutoff)
    before, source = year_before(scope, year, cutoff)
    attendances, people, declared = served(scope, year, cutoff)
    social = YearPortion.objects.filter(
        contract__in=scope.contracts().filter(signed_on__lte=cutoff),
        fiscal_year=year,
        contract__organization__kind__in=["social_group", "service_agency", "foundation", "community_group"],
    )
    return YearFigures(scope, year, cutoff, now, before, growth_of(now, before), source, attendances, people, declared, total(social))


def contract_rows(scope, year, cutoff):
    """Contracts with a portion in the year or signed in it, with what the report prints beside each: portion and paid of the year."""
    signed = scope.contracts().filter(signed_on__lte=cutoff)
    return (
        signed.filter(Q(portions__fiscal_year=year) | Q(signed_on__year=year))
        .select_related("project__place", "purchaser", "organization", "lot__tender")
        .annotate(portion=Coalesce(Sum("portions__amount", filter=Q(portions__fiscal_year=year)), 0, output_field=MoneyField()))
        .order_by("purchaser_id", "signed_on", "id")
    )


def paid_by_contract(scope, year, cutoff):
    """What was paid on each contract in the year (yuan): contract id -> amount."""
    rows = PaymentRequest.objects.filter(status="paid", paid_on__year=year, paid_on__lte=cutoff, stage__contract__in=scope.contracts())
    return {row["stage__contract"]: row["total"] for row in rows.values("stage__contract").annotate(total=Sum("amount"))}


def payment_rows(scope, year, cutoff):
    """Payments made in the year, oldest first."""
    return (
        PaymentRequest.objects.filter(status="paid", paid_on__year=year, paid_on__lte=cutoff, stage__contract__in=scope.contracts())
        .select_related("stage__contract__organization", "stage__contract__purchaser")
        .order_by("paid_on", "id")
    )
