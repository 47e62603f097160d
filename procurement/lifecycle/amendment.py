"""The life of an amendment 补充合同.

draft     written by the handler: what changes, what it adds (yuan)
signed    signed by both sides, recorded by a second person; counts from then on. All add-ons together at most one tenth of the original (政府采购法 第49条)
dropped   never signed
"""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, rules, trail
from kernel.lifecycle import Life, Refusal, Step, acting_for, advance
from kernel.money import ZERO, fen, yuan
from kernel.rules import carries
from procurement.lifecycle.contract import adjust_commitment, attach
from procurement.models import Amendment, Contract, PaymentStage, YearPortion
from procurement.permissions_contract import accepts, handles


def room(contract):
    """What may still be added to the contract (yuan; D11)."""
    return yuan(contract.amount * rules.get("D11", on=clock.today()).share("addition_max")) - contract.addons


def over_tenth(contract, delta):
    """D11 政府采购法 第49条: a Refusal when `delta` yuan more would pass one tenth of the original, or None."""
    if delta > room(contract):
        return Refusal(
            "over_tenth", _("All add-ons together may be at most {percent} % of the original amount: {room} yuan are left.").format(
                percent=rules.get("D11", on=clock.today()).value("addition_max"), room=f"{max(room(contract), ZERO):,.2f}"
            ),
            article=rules.get("D11", on=clock.today()).article, todo=_("Buy what goes beyond in a new procurement."), field="delta",
        )  # fmt: skip
    return None


def _signable(amendment, actor):
    if amendment.created_by_id == actor.pk:
        return Refusal("same_person", _("Whoever wrote the amendment does not record its signing."), article=rules.get("D12", on=clock.today()).article, todo=_("Ask a second person."))
    contract = amendment.contract
    if contract.status != "performing":
        return Refusal("contract_not_running", _("The contract is “{state}”: nothing can be added.").format(state=contract.status_label))
    if amendment.delta and not _stage_for(contract):
        return Refusal("all_paid", _("Every payment stage of the contract is paid or being paid."))
    return over_tenth(contract, amendment.delta)


def _stage_for(contract):
    return contract.stages.filter(status__in=("waiting", "part_paid")).order_by("-order").first()


DRAFT = Step("draft_amendment", _("Draft an amendment"), (), None, handles, rules=("D11", "D12"))
SIGN = Step("sign", _("Record the signing"), ("draft",), "signed", accepts, _signable, rules=("D11",), waits_for=_("a second person"))
DROP = Step("drop", _("Drop the draft"), ("draft",), "dropped", handles, tone="danger", needs_reason=True)
LIFE = Life(
    "amendment",
    Amendment,
    states={"draft": _("draft"), "signed": pgettext_lazy("amendment", "signed"), "dropped": _("dropped")},
    steps=(SIGN, DROP),
    root=lambda amendment: amendment.contract,
)


@carries("D11")
@transaction.atomic
def draft_amendment(contract, *, actor, subject_matter, delta=ZERO):
    """Write an amendment: what changes and what it adds (yuan, 0 for none). Raises PermissionDenied or Refusal. Returns the Amendment."""
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    principal = acting_for(actor, contract, DRAFT)
    if contract.status != "performing":
        raise Refusal("contract_not_running", _("The contract is “{state}”: nothing can be added.").format(state=contract.status_label))
    delta = yuan(delta or 0)
    if delta < 0:
        raise Refusal("negative", _("An amendment does not take away; settle the last stage lower instead."), field="delta")
    if refusal := over_tenth(contract, delta):
        raise refusal
    number = f"{contract.number[:24]}-补{contract.amendments.count() + 1}"
    amendment = Amendment.objects.create(contract=contract, number=number, delta=delta, subject_matter=subject_matter, status="draft", created_by=actor)
    trail.record(amendment, "create", actor=actor, on_behalf_of=principal, to_status="draft", params={"delta": str(delta)})
    return amendment


@LIFE.verb(SIGN)
@transaction.atomic
def sign(amendment, *, actor, happened_on=None, reason="", scan=None):
    """Signed by both sides: amount, last open stage, last portion and the commitment grow together."""
    amendment = advance(amendment, SIGN, actor=actor, happened_on=happened_on, reason=reason, changes={"signed_on": happened_on or clock.today()})
    contract, delta = amendment.contract, fen(amendment.delta)
    if amendment.delta:
        try:
            with transaction.atomic():
                Contract.objects.filter(pk=contract.pk).update(addons=F("addons") + delta)
        except IntegrityError:
            raise over_tenth(contract, amendment.delta) or Refusal("over_tenth", _("All add-ons together may be at most one tenth of the original amount."))
        PaymentStage.objects.filter(pk=_stage_for(contract).pk).update(amount=F("amount") + delta)
        contract.refresh_from_db()
        adjust_commitment(contract, contract.current_amount, actor, happened_on)
        YearPortion.objects.filter(pk=_portion_for(contract, amendment.delta).pk).update(amount=F("amount") + delta)
    if scan is not None:
        attach(contract, scan, actor)
    return amendment


def _portion_for(contract, delta):
    """The portion whose fund still carries `delta` yuan more of the project. Raises Refusal."""
    for portion in contract.portions.order_by("-fiscal_year", "-id"):
        funding = contract.project.fundings.get(fund=portion.fund_id)
        used = sum(YearPortion.objects.filter(contract__project=contract.project_id, fund=portion.fund_id).exclude(contract__status="cancelled").values_list("amount", flat=True), ZERO)
        if used + delta <= funding.committed:
            return portion
    raise Refusal("over_funding", _("No fund of the project carries the added amount."), article=rules.get("E06", on=clock.today()).article, todo=_("Have the funding of the project changed first."))


@LIFE.verb(DROP)
@transaction.atomic
def drop(amendment, *, actor, reason="", happened_on=None):
    return advance(amendment, DROP, actor=actor, reason=reason, happened_on=happened_on)
