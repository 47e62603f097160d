"""Running totals compared with the rows they sum up, nightly and in tests: one grouped query per total, nothing loaded."""

from collections import defaultdict
from decimal import Decimal

from django.db.models import ExpressionWrapper, F, Sum

from kernel.money import MoneyField
from procurement.models import Amendment, BudgetLine, Clearance, Contract, CostVoucher, Fund, PaymentRequest, PaymentStage, YearPortion


def _sums(rows, key, amount="amount"):
    return {row[key]: row["total"] for row in rows.order_by().values(key).annotate(total=Sum(amount)) if row["total"]}


def _compare(label, model, field, counted):
    stored = dict(model._base_manager.exclude(**{field: 0}).values_list("pk", field))
    for pk in sorted(stored.keys() | counted.keys()):
        kept, real = stored.get(pk, Decimal(0)), counted.get(pk, Decimal(0))
        if kept != real:
            yield f"{label} {pk}", kept, real


def differing_totals():
    """(label, stored, counted) in yuan of every running total of contracts, stages, portions, paid funds and budget lines that differs."""
    paid = PaymentRequest.objects.filter(status="paid")
    returned = _sums(PaymentRequest.objects.filter(returned_times__gt=0), "stage__contract", ExpressionWrapper(F("amount") * F("returned_times"), output_field=MoneyField()))
    gross = defaultdict(Decimal, _sums(paid, "stage__contract"))
    for contract, amount in returned.items():
        gross[contract] += amount
    by_portion, by_fund = defaultdict(Decimal), defaultdict(Decimal)
    for parts in paid.values_list("parts", flat=True).iterator():
        for part in parts:
            by_portion[part["portion"]] += Decimal(part["amount"])
            by_fund[part["fund"]] += Decimal(part["amount"])
    yield from _compare("contract.paid", Contract, "paid", gross)
    yield from _compare("contract.returned", Contract, "returned", returned)
    yield from _compare("contract.addons", Contract, "addons", _sums(Amendment.objects.filter(status="signed"), "contract", "delta"))
    yield from _compare("stage.paid", PaymentStage, "paid", _sums(paid, "stage"))
    yield from _compare("stage.held", PaymentStage, "held", _sums(Clearance.objects.filter(cleared_at=None), "stage", "held"))
    yield from _compare("portion.paid", YearPortion, "paid", by_portion)
    yield from _compare("fund.paid", Fund, "paid", by_fund)
    yield from _compare("line.spent", BudgetLine, "spent", _sums(CostVoucher.objects.filter(voided_at=None, line__isnull=False), "line"))
