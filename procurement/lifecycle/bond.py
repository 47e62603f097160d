"""The life of a bond 保证金 (条例 第33、48条；财政部令第87号 第38条).

待收取 asked: the purchase or the contract asks it, in a non-cash form. 已收取 held: it came in; of a bid bond nobody records this before the
opening, for whoever saw the receipts would know the bidders (docs/decisions/0018). 已退还 refunded: losers within five working days of the
award letter, the winner within five of the contract; of a framework's stage 1 from the letters to the selected, or from the signed agreement; a
performance bond after the acceptance; late refunds carry a surcharge.
不予退还 forfeited: the winner refused to sign without a good reason or won by deceit. 已取消 dropped: it is no longer asked.
"""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, files, rules, trail, workdays
from kernel.lifecycle import Life, Refusal, Step, advance, entered_on
from kernel.money import share, yuan
from procurement import rates
from procurement.models import Award, AwardFall, Bond, BondTerms, Framework, FrameworkAgreement, Lot
from procurement.models.bond import FORMS
from procurement.permissions_award import at_tender

SEALED = ("draft", "published")
KEPT_CAUSES = ("collusion", "false", "refused")  # a selected supplier removed before it signed: it won by deceit, or does not sign


def _receivable(bond, actor):
    if bond.kind == "bid" and bond.lot.tender.status in SEALED:
        return Refusal("sealed", _("Before the opening nobody records who paid a bond: the number and names of bidders are secret."), article=rules.get("B27").article)
    return None


def _refundable(bond, actor):
    if bond.received_by_id == actor.pk:
        return Refusal("second_person", _("Whoever recorded the receipt does not refund it."), todo=_("The cashier, or another accountant, does."))
    if bond.due_since is None:
        if forfeitable(bond):
            return Refusal("forfeit", _("The winner refused or won by deceit: this bond is not refunded."), article=rules.get("D14").article, todo=_("The leader decides that it is not refunded."))
        return Refusal("not_due", _("It secures the purchase still: it goes back after the award letter, the contract or the acceptance."), article=_article(bond))
    return None


def forfeitable(bond):
    """The award of this organization that fell by its own fault, its selection for a framework that did, or None."""
    if not bond.lot_id:
        return None
    if bond.lot.status == "selected":
        agreement = agreement_of(bond)
        return agreement if agreement and agreement.status == "removed" and agreement.signed_on is None and agreement.cause in KEPT_CAUSES else None
    fall = AwardFall.objects.filter(lot=bond.lot_id, organization=bond.organization_id).order_by("-pk").first()
    return fall if fall and (fall.kind == "refused" and not fall.justified or fall.kind == "disqualified") else None


def agreement_of(bond):
    """The framework agreement this bond's organization was selected for, or None."""
    return FrameworkAgreement.objects.filter(bid__lot=bond.lot_id, organization=bond.organization_id).first()


def _forfeitable(bond, actor):
    if bond.kind == "bid" and forfeitable(bond) is None:
        return Refusal("no_ground", _("A bid bond is kept only when the winner refuses to sign without a good reason or won by deceit."), article=rules.get("D14").article)
    return None


def _article(bond):
    return rules.get("D09" if bond.kind == "bid" else "D10").article


RECEIVE = Step("receive", _("Record that it came in"), ("asked",), "held", at_tender("accountant", "handler"), _receivable, rules=("D09", "D10"), waits_for=_("accountant"))
REFUND = Step(
    "refund", _("Record the refund"), ("held",), "refunded", at_tender("cashier", "accountant"), _refundable, tone="success", rules=("D09", "D10"), waits_for=_("cashier"), fits=lambda bond: bond.due_since is not None or forfeitable(bond) is None,
    hint=_("With the voucher's number and day; a late refund of a bid bond carries a surcharge."),
)
FORFEIT = Step("forfeit", _("Decide that it is not refunded"), ("held",), "forfeited", at_tender("leader"), _forfeitable, tone="danger", needs_reason=True, rules=("D14",), waits_for=_("leader in charge"))
DROP = Step("drop", _("No longer ask it"), ("asked",), "dropped", at_tender("handler"), tone="secondary", needs_reason=True)
LIFE = Life(
    "bond",
    Bond,
    states={
        "asked": pgettext_lazy("bond", "to be given"), "held": pgettext_lazy("bond", "held"), "refunded": pgettext_lazy("bond", "refunded"), "forfeited": pgettext_lazy("bond", "not refunded"),
        "dropped": pgettext_lazy("bond", "no longer asked"),
    },
    steps=(RECEIVE, REFUND, FORFEIT, DROP),
    initial="asked",
    root=lambda bond: bond.lot.tender if bond.lot_id else bond.contract,
)  # fmt: skip
LIFE.verb_labels = {"ask": _("bond asked"), "due": _("refund falls due")}


@rules.carries("D09")
def most_of(lot):
    """(Rule, most yuan) of a lot's bid bond: the share of its budget the rule of the place allows; zero where none is taken.

    A lot of a framework is priced by the unit, so the budget is the framework's: its other items' bonds count against the same share.
    """
    rule = rules.get("D09", region=lot.tender.purchaser.place.code or "")
    framework = Framework.objects.filter(items__lot=lot).first() if lot.tender.collects else None
    if framework is None:
        return rule, share(lot.ceiling, rule.value("bond_max"))
    others = sum(BondTerms.objects.filter(lot__tender=lot.tender_id).exclude(lot=lot).values_list("amount", flat=True), yuan(0))
    return rule, max(share(framework.ceiling, rule.value("bond_max")) - others, yuan(0))


@rules.carries("D09")
def objection_to_terms(lot, amount):
    """Why this bid bond (yuan) may not be asked for the lot, or None."""
    rule, most = most_of(lot)
    if rule.value("bond_max") == 0:
        return Refusal("none_taken", _("No bid bond is taken here."), article=rule.article, todo=_("Leave it out of the documents."), field="amount")
    if amount > most:
        return Refusal(
            "bond_too_high", _("The bid bond of {amount} yuan is higher than {percent} % of the budget, {most} yuan.").format(amount=f"{amount:,.2f}", percent=rule.value("bond_max"), most=f"{most:,.2f}"),
            article=rule.article, todo=_("Lower it."), field="amount",
        )  # fmt: skip
    return None


@transaction.atomic
def set_terms(lot, *, actor, amount, forms=(), account=""):
    """Ask a bid bond (yuan) of one lot of a draft, or none (amount 0). Raises Refusal: too high, none allowed here, no form, published already."""
    from procurement import drafting

    lot = Lot.objects.select_for_update(of=("self",)).select_related("tender__purchaser__place").get(pk=lot.pk)
    drafting.check_handler(actor, lot.tender)
    if lot.tender.status != "draft":
        raise Refusal("published", _("The documents are published; the bid bond is part of them."), todo=_("Publish a clarification."))
    amount = yuan(amount or 0)
    if amount <= 0:
        BondTerms.objects.filter(lot=lot).delete()
        trail.record(lot, "bond_terms", actor=actor, params={"amount": "0"})
        return None
    if refusal := objection_to_terms(lot, amount):
        raise refusal
    forms = [key for key, _label in FORMS if key in forms]
    if not forms:
        raise Refusal("forms", _("Name at least one form; cash is none."), article=most_of(lot)[0].article, field="accepted")
    if {"transfer"} & set(forms) and not account.strip():
        raise Refusal("account", _("Name the account a transfer goes to."), field="account")
    values = {"amount": amount, "most": most_of(lot)[1], "forms": forms, "account": account.strip(), "set_by": actor}
    row, _made = BondTerms.objects.update_or_create(lot=lot, defaults=values)
    trail.record(lot, "bond_terms", actor=actor, params={"amount": str(amount), "forms": forms})
    return row


def objection_to_publish(tender):
    """D09 once more on the day of publication: a lowered ceiling lowers what may be asked. A Refusal or None."""
    for terms in BondTerms.objects.filter(lot__tender=tender).select_related("lot"):
        terms.lot.tender = tender
        if refusal := objection_to_terms(terms.lot, terms.amount):
            return refusal
    return None


@LIFE.verb(RECEIVE)
@rules.carries("B27")
@transaction.atomic
def receive(bond, *, actor, amount, form, number, happened_on=None, reason="", proof=None):
    """It came in: amount (yuan), non-cash form, number of the bank receipt or guarantee, day on the paper."""
    amount, day = yuan(amount), happened_on or clock.today()
    if form not in dict(FORMS):
        raise Refusal("cash", _("A bond is never taken in cash."), article=_article(bond), field="form")
    if bond.kind == "performance" and amount > bond.most:
        raise Refusal("bond_too_high", _("Not more than {most} yuan may be taken.").format(most=f"{bond.most:,.2f}"), article=_article(bond), field="amount")
    changes = {"amount": amount, "form": form, "number": number, "received_on": day, "received_by": actor}
    bond = advance(bond, RECEIVE, actor=actor, happened_on=day, reason=reason, changes=changes, params={"amount": str(amount), "form": form})
    if proof:
        files.attach(bond, proof, "proof", actor=actor)
    if bond.lot_id:
        fall_due(bond.lot, actor=actor)
    return bond


@rules.carries("B27", "D09")
@transaction.atomic
def receive_for(bid, *, actor, amount, form, number, received_on, proof=None):
    """The bid bond of one opened response, as the bank receipt or guarantee shows it. Raises Refusal: sealed, none asked, twice."""
    lot = Lot.objects.select_related("tender__purchaser").get(pk=bid.lot_id)
    terms = BondTerms.objects.filter(lot=lot).first()
    if lot.tender.status in SEALED or bid.organization_id is None:
        raise Refusal("sealed", _("Before the opening nobody records who paid a bond: the number and names of bidders are secret."), article=rules.get("B27").article)
    if terms is None:
        raise Refusal("no_terms", _("This purchase asks no bid bond."))
    try:
        with transaction.atomic():
            bond = Bond.objects.create(status="asked", kind="bid", lot=lot, organization_id=bid.organization_id, amount=terms.amount, created_by=actor)
    except IntegrityError:
        raise Refusal("twice", _("The bond of this bidder is recorded already."), todo=_("Open its page."))
    trail.record(bond, "ask", actor=actor, to_status="asked", params={"lot": lot.pk})
    return receive(bond, actor=actor, amount=amount, form=form, number=number, happened_on=received_on, reason="补登" if received_on < clock.today() else "", proof=proof)


def basis_of(bond):
    """(day, cause) from which the five working days of a bid bond run, or (None, "") while it secures the purchase or is kept."""
    lot = bond.lot
    if lot.status == "selected":
        return (None, "") if forfeitable(bond) else _selection_basis(bond)
    fall = AwardFall.objects.filter(lot=lot, organization=bond.organization_id).order_by("-pk").first()
    if fall and forfeitable(bond):
        return None, ""
    award = Award.objects.filter(lot=lot, declined_on=None).first()
    if lot.status == "failed":
        return entered_on(lot, "failed"), "ended"
    if fall:
        return fall.fallen_on, "fallen"
    if award is None or award.letter_on is None and lot.status != "contracted":
        return None, ""
    if award.organization_id != bond.organization_id:
        return award.letter_on or award.decided_on, "not_chosen"
    return (entered_on(lot, "contracted"), "signed") if lot.status == "contracted" else (None, "")


def _selection_basis(bond):
    """The same for stage 1 of a framework: from the letters for who was not selected, from the signed agreement for who was (财政部令第110号 第29条)."""
    agreement = agreement_of(bond)
    if agreement is None:
        letter = FrameworkAgreement.objects.filter(bid__lot=bond.lot_id, letter_on__isnull=False).values_list("letter_on", flat=True).first()
        return (letter, "not_chosen") if letter else (None, "")
    if agreement.signed_on:
        return agreement.signed_on, "agreed"
    if agreement.status in ("removed", "ended"):
        return entered_on(agreement, agreement.status), "fallen" if agreement.status == "removed" else "ended"
    return None, ""


@rules.carries("D09")
def fall_due(lot, *, actor):
    """Bid bonds of a lot whose refund falls due now: five working days from letter, contract, agreement or end (条例 第33条)."""
    found = list(Bond.objects.filter(lot=lot, status="held", due_since=None).select_related("lot__tender__purchaser__place"))
    for bond in found:
        day, cause = basis_of(bond)
        if day is None:
            continue
        due = workdays.deadline(day, rules.get("D09", region=bond.lot.tender.purchaser.place.code or ""), "refund")
        Bond.objects.filter(pk=bond.pk).update(due_since=day, cause=cause, refund_due_on=due.date)
        trail.record(bond, "due", actor=actor, from_status="held", to_status="held", params={"since": day, "due": str(due), "cause": cause})


@rules.carries("D09")
def surcharge_of(bond, day):
    """(yuan or None, sentence) for a bid bond refunded on `day`: base rate plus the rule's share for each day after the due date; None where the
    base rate of that time is not entered."""
    if bond.kind != "bid" or bond.refund_due_on is None or day <= bond.refund_due_on:
        return yuan(0), ""
    days = (day - bond.refund_due_on).days
    rule = rules.get("D09", region=bond.lot.tender.purchaser.place.code or "")
    base = rates.rate_on("loan_benchmark", bond.refund_due_on)
    if base is None:
        return None, _("{days} days late; the base rate of that time is not entered, so the surcharge can't be computed. Enter it in the rates.").format(days=days)
    percent = base.percent * (1 + rule.share("late_surcharge"))
    amount = yuan(bond.amount * percent / 100 * days / rates.YEAR)
    return amount, _("{days} days late at {percent} % a year (base rate {base} % plus {more} %).").format(days=days, percent=percent.normalize(), base=base.percent, more=rule.value("late_surcharge"))


@LIFE.verb(REFUND)
@rules.carries("D09", "D10")
@transaction.atomic
def refund(bond, *, actor, voucher, happened_on=None, reason="", proof=None):
    """It went back: voucher number and day; of a late bid bond the surcharge is computed and paid with it."""
    day = happened_on or clock.today()
    if not voucher.strip():
        raise Refusal("voucher", _("Enter the number of the voucher."), field="voucher")
    fresh = Bond.objects.select_related("lot__tender__purchaser__place").get(pk=bond.pk)
    if fresh.due_since and day < fresh.due_since:
        raise Refusal("before", _("The refund can't lie before the day it fell due."), field="happened_on")
    surcharge, _sentence = surcharge_of(fresh, day)
    changes = {"refunded_on": day, "voucher": voucher.strip(), "surcharge": surcharge}
    bond = advance(bond, REFUND, actor=actor, happened_on=day, reason=reason, changes=changes, params={"voucher": voucher.strip(), "surcharge": str(surcharge)})
    if proof:
        files.attach(bond, proof, "voucher", actor=actor)
    return bond


@LIFE.verb(FORFEIT)
@rules.carries("D14")
@transaction.atomic
def forfeit(bond, *, actor, reason, happened_on=None):
    """The bond is kept, for the recorded reason; it goes to the treasury."""
    return advance(bond, FORFEIT, actor=actor, reason=reason, happened_on=happened_on)


@LIFE.verb(DROP)
@transaction.atomic
def drop(bond, *, actor, reason):
    return advance(bond, DROP, actor=actor, reason=reason)


@rules.carries("D10")
def most_of_contract(contract):
    """(Rule, most yuan) of a performance bond."""
    rule = rules.get("D10")
    return rule, share(contract.amount, rule.value("bond_max"))


@rules.carries("D10")
@transaction.atomic
def ask_performance(contract, *, actor, amount):
    """The contract asks a performance bond (yuan) of its provider: at most the rule's share of its amount, never cash. Returns the Bond."""
    from kernel.lifecycle import acting_for
    from procurement.lifecycle.contract_draft import DRAFT
    from procurement.models import Contract

    contract = Contract.objects.select_for_update(of=("self",)).select_related("organization").get(pk=contract.pk)
    principal = acting_for(actor, contract, DRAFT)
    amount = yuan(amount)
    if contract.status != "draft":
        raise Refusal("signed_already", _("A signed contract is not edited."), article=rules.get("D12").article, todo=_("Make an amendment."))
    rule, most = most_of_contract(contract)
    if amount <= 0 or amount > most:
        raise Refusal("bond_too_high", _("A performance bond lies above 0 and is at most {percent} % of the contract, {most} yuan.").format(percent=rule.value("bond_max"), most=f"{most:,.2f}"), article=rule.article, field="amount")
    try:
        with transaction.atomic():
            bond = Bond.objects.create(status="asked", kind="performance", contract=contract, organization=contract.organization, amount=amount, most=most, created_by=actor)
    except IntegrityError:
        raise Refusal("twice", _("This contract asks a bond already."), todo=_("Drop that one first."))
    trail.record(bond, "ask", actor=actor, on_behalf_of=principal, to_status="asked", params={"amount": str(amount)})
    trail.record(contract, "ask_bond", actor=actor, on_behalf_of=principal, params={"bond": bond.pk, "amount": str(amount)})
    return bond


def asked_of(contract):
    """The performance bond a contract asks, or None; costs no query where a page read `contract.bonds` before."""
    return next((row for row in contract.bonds.all() if row.kind == "performance" and row.status != "dropped"), None)


@rules.carries("D10")
def objection_to_signing(contract):
    """D10 at the signing: the bond within its share of the amount as it is now, and given. A Refusal or None."""
    bond = asked_of(contract)
    if bond is None:
        return None
    rule, most = most_of_contract(contract)
    if bond.amount > most:
        return Refusal("bond_too_high", _("The performance bond of {amount} yuan is higher than {percent} % of the contract.").format(amount=f"{bond.amount:,.2f}", percent=rule.value("bond_max")), article=rule.article, todo=_("Drop it and ask a lower one."))
    if bond.status == "asked":
        return Refusal("bond_missing", _("The performance bond has not come in yet."), article=rule.article, todo=_("The accountant records it, or the handler no longer asks it."))
    return None


@rules.carries("D10")
def after_acceptance(contract, *, actor):
    """The contract is accepted: its performance bond goes back. No article names the days; the contract does, so none is counted here."""
    for bond in Bond.objects.filter(contract=contract, kind="performance", status="held", due_since=None):
        Bond.objects.filter(pk=bond.pk).update(due_since=clock.today(), cause="accepted")
        trail.record(bond, "due", actor=actor, from_status="held", to_status="held", params={"since": clock.today(), "cause": "accepted"})


def terms_of(tender):
    """The bond terms of its lots, in order."""
    return list(BondTerms.objects.filter(lot__tender=tender).select_related("lot").order_by("lot__order"))
