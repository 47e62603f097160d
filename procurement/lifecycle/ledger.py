"""The ledger of a fund: one row for each movement, written in the same transaction as the totals it explains.

A row adds (yuan, signed) to the amount, the committed and the paid money. Summed up to a day it says how the fund stood then.
"""

from django.db.models import F, Sum, Value, Window
from django.db.models.functions import Coalesce

from kernel import clock
from kernel.money import ZERO, MoneyField, yuan
from procurement.models import FundEntry

COLUMNS = ("amount", "committed", "paid")


def enter(fund, kind, *, actor, amount=ZERO, committed=ZERO, paid=ZERO, project=None, reference="", happened_on=None):
    """Write one movement (yuan, signed). Called by the verb that moves the totals. Returns the FundEntry."""
    return FundEntry.objects.create(
        fund_id=fund if isinstance(fund, int) else fund.pk, kind=kind, amount=yuan(amount), committed=yuan(committed), paid=yuan(paid), project=project,
        reference=reference[:80], happened_on=happened_on or clock.today(), actor=actor, recorded_at=clock.now(),
    )  # fmt: skip


def _sum(name):
    return Coalesce(Sum(name), Value(ZERO, output_field=MoneyField()))


def standing(fund, on=None):
    """How a fund stood at the end of a day: {"amount", "committed", "paid", "free"} in yuan."""
    rows = FundEntry.objects.filter(fund=fund)
    if on:
        rows = rows.filter(happened_on__lte=on)
    sums = rows.aggregate(**{f"all_{name}": _sum(name) for name in COLUMNS})
    found = {name: sums[f"all_{name}"] for name in COLUMNS}
    return found | {"free": found["amount"] - found["committed"]}


def entries(fund, on=None):
    """The fund's rows, newest first, each with what was free after it (`balance`, yuan)."""
    rows = FundEntry.objects.filter(fund=fund).select_related("project", "actor")
    if on:
        rows = rows.filter(happened_on__lte=on)
    running = Window(Sum(F("amount") - F("committed"), output_field=MoneyField()), order_by=[F("happened_on").asc(), F("id").asc()], output_field=MoneyField())
    return rows.annotate(balance=running).order_by("-happened_on", "-id")


def open_books(funds, entry=FundEntry):
    """Give funds of before the ledger an opening balance, so that rows and totals agree. Takes model classes of any state of the schema. Returns how many."""
    rows = [
        entry(fund_id=fund.pk, kind="opening", amount=fund.amount, committed=fund.committed, paid=fund.paid, happened_on=fund.created_at.astimezone(clock.ZONE).date(), recorded_at=clock.now())
        for fund in funds.filter(entries=None)
    ]
    return len(entry.objects.bulk_create(rows, batch_size=500))


def differing(funds):
    """(label, stored, counted) of each fund whose totals are not what its rows say; for the nightly comparison."""
    for fund in funds.annotate(**{f"all_{name}": _sum(f"entries__{name}") for name in COLUMNS}):
        for name in COLUMNS:
            counted = getattr(fund, f"all_{name}")
            if getattr(fund, name) != counted:
                yield f"fund {fund.pk} {name} in the ledger", getattr(fund, name), counted
