"""The life of a contract 合同.

draft        written from the award or the approved project; may be incomplete
performing   signed within 30 days of the award letter (政府采购法 第46条), announced within 2 working days (实施条例 第50条), filed within 7 (第47条)
terminated   stopped early with a reason and by a second person (第50条); what is proven is still paid, the rest of the money is free again
closed       accepted and paid; what was not needed goes back to the funds
cancelled    never signed

The amount signed is not above the award; amendments add at most one tenth (第49条); paid less returned never exceeds the current amount.
"""

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.money import ZERO, fen, yuan
from kernel.rules import carries
from kernel.workdays import deadline
from procurement.announcements import announce
from procurement.lifecycle import bond as bonds
from procurement.lifecycle import lot as lots
from procurement.lifecycle import project as projects
from procurement.lifecycle import project_funds
from procurement.lifecycle import stage as stages
from procurement.lifecycle.contract_draft import LIVE, terms_objection
from procurement.lifecycle.price import keep_contract_prices
from procurement.models import Contract, KeyPerson, Lot, PaymentRequest, PaymentStage, ProjectFund, YearPortion
from procurement.permissions_contract import handles, leads
from providers.lifecycle.organization import objection_to_provider

OPEN_REQUESTS = ("draft", "in_approval", "approved", "returned")


def _signable(contract, actor):
    if contract.lot_id and (refusal := lots.signing_refusal(contract.lot)):
        return refusal
    if refusal := objection_to_provider(contract.organization, "contract", scope=None if contract.statutory else "self_run"):
        return refusal
    for funding in contract.project.fundings.select_related("fund"):
        if funding.fund.status == "expected" and contract.portions.filter(fund=funding.fund).exists():
            return Refusal(
                "fund_not_approved", _("“{fund}” is not approved yet: nothing may be signed on expected money.").format(fund=funding.fund),
                article=rules.get("E06", on=clock.today()).article, todo=_("Have the money approved first."),
            )  # fmt: skip
    return bonds.objection_to_signing(contract) or terms_objection(contract)


def _published(contract, actor):
    if contract.notice_published_on:
        return Refusal("published_already", _("The contract notice was published on {day}.").format(day=contract.notice_published_on))
    return None


def _filed(contract, actor):
    if contract.filed_on:
        return Refusal("filed_already", _("The copy was filed on {day}.").format(day=contract.filed_on))
    return None


def _second_person(contract, actor):
    if contract.created_by_id == actor.pk:
        return Refusal(
            "same_person", _("Whoever drafted the contract does not end it alone."), article=rules.get("D12", on=clock.today()).article, todo=_("The leader in charge decides.")
        )
    if open_requests(contract).exists():
        return Refusal("payments_open", _("A payment of this contract is on its way."), todo=_("Have it paid or taken back first."))
    return None


def open_requests(contract):
    """Payment requests of the contract that are neither paid nor dropped."""
    return PaymentRequest.objects.filter(stage__contract=contract, status__in=OPEN_REQUESTS)


def _files(user, contract):
    """Copies of purchases under the law are filed (D08); below the limit there is nothing to file."""
    return contract.statutory and handles(user, contract)


def _finished(contract, actor):
    if contract.status == "performing" and getattr(getattr(contract, "closing", None), "status", "") != "accepted":
        return Refusal("closing_open", _("The closing has not been accepted yet."), todo=_("Submit the closing; the balance follows its acceptance."))
    if open_requests(contract).exists():
        return Refusal("payments_open", _("A payment of this contract is on its way."), todo=_("Have it paid or taken back first."))
    for stage in contract.stages.all():
        if stage.status != "paid" and stages.payable(stage) > 0:
            return Refusal("unpaid", _("“{stage}” still has {amount} yuan to pay.").format(stage=stage, amount=f"{stages.payable(stage):,.2f}"), todo=_("Pay it, or settle it with a reason."))
    return None


SIGN = Step(
    "sign", _("Record the signing"), ("draft",), "performing", handles, _signable, rules=("D06", "D10", "D13", "D15", "E06", "G04"),
    hint=_("The date on the paper counts; the money is committed; the notice and filing deadlines start."), waits_for=_("handler"),
)  # fmt: skip
PUBLISH = Step("publish_notice", _("Publish the contract notice"), ("performing", "closed"), None, handles, _published, rules=("D07",), hint=_("Everyone can read the notice at once."))
FILE = Step("file_copy", _("Record the filing of the copy"), ("performing", "closed"), None, _files, _filed, tone="secondary", rules=("D08",))
REPLACE = Step(
    "replace_key_person", _("Agree to a change of key person"), ("performing",), None, handles, tone="secondary", needs_reason=True,
    hint=_("Key people change only with the purchaser's consent."),
)  # fmt: skip
TERMINATE = Step(
    "terminate", _("Terminate early"), ("performing",), "terminated", leads, _second_person, tone="danger", needs_reason=True, rules=("D12",),
    hint=_("What is proven is still paid; the rest of the money is free again."),
)  # fmt: skip
CLOSE = Step("close", _("Close the contract"), ("performing", "terminated"), "closed", handles, _finished, hint=_("Money that was not needed goes back to the funds."), waits_for=_("handler"))
CANCEL = Step("cancel", _("Drop the draft"), ("draft",), "cancelled", handles, tone="danger", needs_reason=True)
LIFE = Life(
    "contract",
    Contract,
    states={"draft": _("draft"), "performing": _("being performed"), "terminated": _("terminated"), "closed": _("closed"), "cancelled": _("cancelled")},
    steps=(SIGN, PUBLISH, FILE, REPLACE, CLOSE, TERMINATE, CANCEL),
)
LIFE.verb_labels = {"assign_auditor": _("third-party supervisor assigned"), "keep_prices": _("unit prices kept for later budgets")}


def committed_elsewhere(contract):
    """What other contracts and unsigned lots of the project need of its commitments (yuan)."""
    signed = Contract.objects.filter(project=contract.project_id, status__in=("performing", "closed", "terminated")).exclude(pk=contract.pk)
    owed = {row.pk: sum((stage.amount - stage.paid for stage in row.stages.all()), ZERO) for row in signed if row.status == "terminated"}
    signed = sum((row.current_amount if row.status == "performing" else row.net_paid + owed.get(row.pk, ZERO) for row in signed), ZERO)
    waiting = Lot.objects.filter(project=contract.project_id).exclude(status="failed").exclude(contracts__status__in=("performing", "closed", "terminated")).exclude(pk=contract.lot_id)
    return signed + (waiting.aggregate(total=Sum("ceiling"))["total"] or ZERO)


def adjust_commitment(contract, needed, actor, happened_on=None):
    """Commit what the contract needs beyond what its project has committed, or give back what it does not need (yuan)."""
    held = ProjectFund.objects.filter(project=contract.project_id).aggregate(total=Sum("committed"))["total"] or ZERO
    gap = needed - (held - committed_elsewhere(contract))
    if gap > 0:
        project_funds.commit(contract.project, gap, actor, happened_on=happened_on)
    elif gap < 0:
        project_funds.release(contract.project, min(-gap, held), actor, happened_on=happened_on)


def _portions_committed(contract):
    """A year's portion is within that fund's commitment for the project. Raises Refusal."""
    for portion in contract.portions.select_related("fund"):
        committed = ProjectFund.objects.get(project=contract.project_id, fund=portion.fund_id).committed
        wanted = YearPortion.objects.filter(contract__project=contract.project_id, fund=portion.fund_id, contract__status__in=LIVE[1:]).aggregate(total=Sum("amount"))["total"] or ZERO
        if wanted > committed:
            raise Refusal(
                "portion_over_commitment",
                _("“{fund}” has {committed} yuan committed for this project, its contracts carry {wanted}.").format(fund=portion.fund, committed=f"{committed:,.2f}", wanted=f"{wanted:,.2f}"),
                todo=_("Correct which fund and year carries how much."),
            )


@carries("D06", "D15", "E06", "G04", "H05", "H07")
@LIFE.verb(SIGN)
@transaction.atomic
def sign(contract, *, actor, happened_on=None, reason="", scan=None):
    """The paper is signed on `happened_on`: money is committed, deadlines of notice and filing start, activities may begin.

    `scan`: the signed paper as an upload. Signing after the 30 days needs a reason; before the award letter it is refused.
    """
    day = happened_on or clock.today()
    contract = advance(contract, SIGN, actor=actor, happened_on=day, reason=reason, changes=_deadlines(contract, day))
    if contract.lot_id and day < contract.lot.award.decided_on:
        raise Refusal("before_award", _("The contract cannot be signed before the award of {day}.").format(day=contract.lot.award.decided_on), field="happened_on")
    if contract.sign_due_on and day > contract.sign_due_on and not reason.strip():
        raise Refusal(
            "late_signing", _("The contract had to be signed by {day}: say why it is late.").format(day=contract.sign_due_on),
            article=rules.get("D06", on=day).article, field="reason",
        )  # fmt: skip
    adjust_commitment(contract, contract.current_amount, actor, day)
    _portions_committed(contract)
    if contract.lot_id:
        lots.mark_contracted(contract.lot, actor=actor, happened_on=day)
    if contract.project.status in ("approved", "sourcing"):
        contract.project = projects.mark_contracted(contract.project, actor, happened_on=day)
    if scan is not None:
        attach(contract, scan, actor)
    return contract


def attach(contract, scan, actor, role="contract"):
    """Keep a paper of the contract for both parties."""
    from kernel import files

    return files.attach(contract, scan, role, actor=actor, visibility="parties")


def _deadlines(contract, day):
    changes = {"signed_on": day}
    if contract.statutory:
        changes["notice_due_on"] = deadline(day, "D07", "publish").date
        changes["filing_due_on"] = deadline(day, "D08", "filed").date
    return changes


@carries("D07")
@LIFE.verb(PUBLISH)
@transaction.atomic
def publish_notice(contract, *, actor, happened_on=None, reason=""):
    """Publish the contract notice 合同公告 (实施条例 第50条, 2 working days)."""
    contract = advance(contract, PUBLISH, actor=actor, happened_on=happened_on, reason=reason, changes={"notice_published_on": happened_on or clock.today()})
    announce("contract", contract.lot.tender if contract.lot_id else None, actor=actor, lot=contract.lot, contract=contract, title=contract.title, number=contract.number[:24])
    return contract


@carries("D08")
@LIFE.verb(FILE)
@transaction.atomic
def file_copy(contract, *, actor, happened_on=None, reason=""):
    """The copy reached the finance bureau (政府采购法 第47条, 7 working days)."""
    return advance(contract, FILE, actor=actor, happened_on=happened_on, reason=reason, changes={"filed_on": happened_on or clock.today()})


@LIFE.verb(REPLACE)
@transaction.atomic
def replace_key_person(contract, *, actor, person, name, duty="", qualification="", phone="", reason="", happened_on=None):
    """The purchaser agrees: `person` (KeyPerson) leaves, a successor takes the duty. Returns the Contract."""
    contract = advance(contract, REPLACE, actor=actor, happened_on=happened_on, reason=reason, params={"left": person.pk})
    left = KeyPerson.objects.filter(pk=person.pk, contract=contract, left_on=None).update(left_on=happened_on or clock.today())
    if not left:
        raise Refusal("left_already", _("This person has left already."), field="person")
    KeyPerson.objects.create(contract=contract, name=name, duty=duty or person.duty, qualification=qualification, phone=phone)
    return contract


@carries("D12")
@LIFE.verb(TERMINATE)
@transaction.atomic
def terminate(contract, *, actor, owed=ZERO, reason="", happened_on=None):
    """Stop early. `owed` (yuan) is what the provider has proven and is still to be paid; it goes to the open stages in turn, the rest lapses."""
    owed = yuan(owed or 0)
    contract = advance(contract, TERMINATE, actor=actor, happened_on=happened_on, reason=reason, changes={"ended_on": happened_on or clock.today()}, params={"owed": str(owed)})
    if owed > contract.unpaid:
        raise Refusal("owed_too_much", _("Not more than {amount} yuan are left to pay.").format(amount=f"{contract.unpaid:,.2f}"), field="owed")
    rest = owed
    for stage in contract.stages.exclude(status="paid").order_by("order"):
        part = min(rest, stage.amount - stage.paid)
        PaymentStage.objects.filter(pk=stage.pk).update(amount=F("paid") + fen(part), settle_reason=reason[:300])
        rest -= part
    adjust_commitment(contract, contract.net_paid + owed, actor, happened_on)
    return contract


@LIFE.verb(CLOSE)
@transaction.atomic
def close(contract, *, actor, happened_on=None, reason=""):
    """Everything is accepted and paid: give the unused commitment back and, with the last contract, close the project."""
    contract = advance(contract, CLOSE, actor=actor, happened_on=happened_on, reason=reason, changes={"ended_on": contract.ended_on or happened_on or clock.today()})
    adjust_commitment(contract, contract.net_paid, actor, happened_on)
    keep_contract_prices(contract, actor)
    others = Contract.objects.filter(project=contract.project_id).exclude(status__in=("closed", "cancelled")).exclude(pk=contract.pk)
    open_lots = Lot.objects.filter(project=contract.project_id).exclude(status__in=("contracted", "failed"))
    if contract.project.status == "contracted" and not others.exists() and not open_lots.exists():
        projects.mark_closed(contract.project, actor, happened_on=happened_on)
    return contract


@LIFE.verb(CANCEL)
@transaction.atomic
def cancel(contract, *, actor, reason="", happened_on=None):
    """The draft is dropped; the award or project may be drafted anew."""
    return advance(contract, CANCEL, actor=actor, reason=reason, happened_on=happened_on)
