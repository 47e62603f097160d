"""Moving the running totals of a payment: contract, year portions, funds, stage; all or nothing, by F(), guarded by row CHECKs.

Each request remembers which portions carried it (`parts`), so that a return by the bank goes back exactly the same way.
"""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Refusal
from kernel.money import ZERO, fen, yuan
from procurement.lifecycle import ledger
from procurement.models import Contract, Fund, PaymentRequest, PaymentStage, YearPortion


def parts_of(contract, amount, year):
    """Which year portions carry `amount` yuan paid in `year`: the oldest money first, never a coming year's. Raises Refusal. Returns [(portion, part)]."""
    rest, parts = yuan(amount), []
    for portion in contract.portions.select_related("fund").order_by("fiscal_year", "fund_id"):
        part = min(rest, portion.amount - portion.paid) if portion.fiscal_year <= year else ZERO
        if part > 0:
            parts.append((portion, part))
            rest -= part
    if rest > 0:
        raise Refusal(
            "portion_short", _("The portions up to {year} carry {amount} yuan less than this payment.").format(year=year, amount=f"{rest:,.2f}"),
            todo=_("Pay next year's portion in its year, or amend the contract."),
        )  # fmt: skip
    return parts


def move_forward(request, day, actor=None):
    """Count a payment of `request.amount` yuan. Raises Refusal when any total would pass its limit: then nothing has moved."""
    contract, amount = request.stage.contract, fen(request.amount)
    parts = parts_of(contract, request.amount, day.year)
    list(Fund.objects.select_for_update().filter(pk__in={portion.fund_id for portion, _part in parts}).order_by("pk"))
    try:
        with transaction.atomic():
            Contract.objects.filter(pk=contract.pk).update(paid=F("paid") + amount)
            PaymentStage.objects.filter(pk=request.stage_id).update(paid=F("paid") + amount)
            for portion, part in parts:
                YearPortion.objects.filter(pk=portion.pk).update(paid=F("paid") + fen(part))
                Fund.objects.filter(pk=portion.fund_id).update(paid=F("paid") + fen(part))
                ledger.enter(portion.fund_id, "paid", actor=actor, paid=part, project=contract.project, reference=request.number, happened_on=day)
    except IntegrityError:
        raise Refusal("over_limit", _("This payment would pass what the contract or its funds allow; nothing was paid."), todo=_("Compare contract, portions and funds."))
    PaymentRequest.objects.filter(pk=request.pk).update(parts=[{"portion": portion.pk, "fund": portion.fund_id, "amount": str(part)} for portion, part in parts])


def move_back(request, actor=None, day=None):
    """The bank returned the payment: portions, funds and stage go down, the contract's `returned` goes up."""
    amount = fen(request.amount)
    list(Fund.objects.select_for_update().filter(pk__in={part["fund"] for part in request.parts}).order_by("pk"))
    Contract.objects.filter(pk=request.stage.contract_id).update(returned=F("returned") + amount)
    PaymentStage.objects.filter(pk=request.stage_id).update(paid=F("paid") - amount)
    for part in request.parts:
        YearPortion.objects.filter(pk=part["portion"]).update(paid=F("paid") - fen(part["amount"]))
        Fund.objects.filter(pk=part["fund"]).update(paid=F("paid") - fen(part["amount"]))
        ledger.enter(part["fund"], "returned", actor=actor, paid=-yuan(part["amount"]), project=request.stage.contract.project, reference=request.number, happened_on=day)
    PaymentRequest.objects.filter(pk=request.pk).update(parts=[])
