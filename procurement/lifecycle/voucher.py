"""Cost vouchers 支出凭证: the provider's own spending, tied to budget line and activity. A number counts once per contract; void, never deleted.

Lump sum: they show the purpose. Actual cost: a line cannot be overspent, and the last stage pays no more than they prove.
"""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from kernel import clock, trail
from kernel.lifecycle import Refusal, Step, acting_for
from kernel.money import ZERO, fen, yuan
from procurement.models import BudgetLine, Contract, CostVoucher
from procurement.permissions_contract import delivers, provider_or_handler

ENTER = Step("voucher", _("Enter a cost voucher"), (), None, delivers)
VOID = Step("void_voucher", _("Declare a voucher void"), (), None, provider_or_handler)


@transaction.atomic
def record_voucher(contract, *, actor, kind, number, supplier, spent_on, amount, purpose, line=None, activity=None, scan=None):
    """Enter one voucher (yuan). Raises PermissionDenied or Refusal (fields number, amount, spent_on, line, activity). Returns the CostVoucher."""
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    principal = acting_for(actor, contract, ENTER)
    amount = yuan(amount)
    if contract.status not in ("performing", "terminated"):
        raise Refusal("contract_not_running", _("The contract is “{state}”: no more vouchers.").format(state=contract.status_label))
    if amount <= 0:
        raise Refusal("amount", _("A voucher needs an amount above zero."), field="amount")
    if spent_on > clock.today():
        raise Refusal("future", _("The voucher is dated in the future."), field="spent_on")
    if activity is not None and activity.contract_id != contract.pk:
        raise Refusal("foreign_activity", _("This activity belongs to another contract."), field="activity")
    if line is not None:
        line = BudgetLine.objects.select_for_update().get(pk=line.pk)
        if line.project_id != contract.project_id:
            raise Refusal("foreign_line", _("This budget line belongs to another project."), field="line")
        if contract.settlement == "actual_cost" and line.spent + amount > line.amount:
            raise Refusal(
                "line_overspent", _("“{line}” has {left} yuan left of {amount}.").format(line=line, left=f"{max(line.amount - line.spent, ZERO):,.2f}", amount=f"{line.amount:,.2f}"),
                todo=_("Have money moved between lines first, or charge another line."), field="amount",
            )  # fmt: skip
    elif contract.settlement == "actual_cost":
        raise Refusal("line_missing", _("Settled by actual cost: say which budget line this belongs to."), field="line")
    voucher = CostVoucher(
        contract=contract, activity=activity, line=line, kind=kind, number=number.strip(), supplier=supplier, spent_on=spent_on, amount=amount, purpose=purpose, entered_by=actor
    )  # fmt: skip
    try:
        with transaction.atomic():
            voucher.save()
    except IntegrityError:
        raise Refusal("voucher_used", _("A voucher with this number is already charged to this contract."), todo=_("Check the number: one voucher, one charge."), field="number")
    if line is not None:
        BudgetLine.objects.filter(pk=line.pk).update(spent=F("spent") + fen(amount))
    if scan is not None:
        from kernel import files

        files.attach(voucher, scan, "voucher", actor=actor, visibility="parties")
    trail.record(voucher, "create", actor=actor, on_behalf_of=principal, params={"amount": str(amount), "contract": contract.pk, "line": line.pk if line else None})
    return voucher


@transaction.atomic
def void_voucher(voucher, *, actor, reason):
    """Entered by mistake: it no longer counts, the row stays with its reason. Raises PermissionDenied or Refusal."""
    Contract.objects.select_for_update().get(pk=voucher.contract_id)
    voucher = CostVoucher.objects.get(pk=voucher.pk)
    principal = acting_for(actor, voucher, VOID)
    if voucher.voided_at:
        raise Refusal("void_already", _("This voucher is void already."))
    if voucher.contract.status not in ("performing", "terminated"):
        raise Refusal("contract_not_running", _("The contract is “{state}”: its vouchers stand.").format(state=voucher.contract.status_label))
    if not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    CostVoucher.objects.filter(pk=voucher.pk, voided_at=None).update(voided_at=clock.now(), void_reason=reason.strip()[:300])
    if voucher.line_id:
        BudgetLine.objects.filter(pk=voucher.line_id).update(spent=F("spent") - fen(voucher.amount))
    trail.record(voucher, "void", actor=actor, on_behalf_of=principal, reason=reason, params={"amount": str(voucher.amount)})
    voucher.refresh_from_db()
    return voucher
