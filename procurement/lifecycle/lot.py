"""The life of a lot 分包: its own bids, failure, award and contract.

响应中 open: responses are collected. 已开启 opened: its bids are known. 已评审 evaluated: its candidates are ranked.
已成交 awarded: a provider is chosen; a challenge may hold the signing (条例 第54条). 已签约 contracted: its contract is signed.
已入围 selected: of a framework's stage 1, several suppliers are selected (财政部令第110号).
An award may fall before the contract: the winner refuses to sign (条例 第49条), or turns out not to qualify (条例 第71条); the next candidate
is chosen or the lot is bought anew. 已失败 failed: too few responses, nobody qualified, or the purchase was stopped. A purchase of one lot never shows the word.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, rules, trail
from kernel.lifecycle import Life, Refusal, Step, advance, open_holds, place_hold, release_hold
from procurement.models import Lot
from procurement.permissions import organization_ids
from procurement.permissions_tender import may_decide, may_handle_tender


def any_hand(user, lot):
    """Steps that follow from a step of the tender or the panel; who may was asked there."""
    return user.is_authenticated


def is_winner(user, lot):
    """People of the organization the lot was awarded to."""
    award = getattr(lot, "award", None)
    return award is not None and award.declined_on is None and award.organization_id in organization_ids(user)


def _acknowledgeable(lot, actor):
    if not lot.award.letter_on:
        return Refusal("no_letter", _("The award letter is not issued yet."))
    if lot.award.acknowledged_at:
        return Refusal("acknowledged", _("Receipt was acknowledged already."))
    return None


def _undrafted(lot, actor):
    from procurement.models import Contract

    draft = Contract.objects.filter(lot=lot, status="draft").first()
    if draft:
        return Refusal("contract_drafted", _("Contract {number} of this award is still a draft.").format(number=draft.number), todo=_("Drop the draft first."))
    return None


def is_late(lot):
    """Whether the five working days to decide have passed (D02)."""
    return bool(lot.tender.award_due_on) and clock.today() > lot.tender.award_due_on


def _late_decision(lot, actor):
    return None if is_late(lot) else Refusal("in_time", _("The time to decide has not run out."))


def _award_objection(lot, actor):
    from procurement.lifecycle.award import objection_to_award

    if lot.tender.collects:
        return Refusal("selects", _("A framework selects several suppliers; nobody is awarded a contract."), article=rules.get("B23").article, todo=_("Select the suppliers."))

    return objection_to_award(lot, actor)


OPEN = Step("open", _("Open the responses"), ("open",), "opened", any_hand, by_code=True)
EVALUATE = Step("evaluate", _("Record the ranking"), ("open", "opened"), "evaluated", any_hand, by_code=True)
AWARD = Step(
    "award", _("Decide the award"), ("evaluated",), "awarded", may_decide, objection=_award_objection, rules=("D02", "H05"),
    hint=_("The first candidate, unless a reason for another one is recorded."), waits_for=_("leader in charge"), fits=lambda lot: not lot.tender.collects,
)
SELECT = Step("select", _("Select the suppliers"), ("evaluated",), "selected", may_decide, rules=("B23",), by_code=True)
SETTLE = Step("settle", _("Choose the provider"), ("open", "opened"), "awarded", may_decide, rules=("B26",), by_code=True)
DECLINE = Step(
    "decline", _("Record that the winner refuses to sign"), ("awarded",), "evaluated", may_decide, objection=_undrafted, needs_reason=True, tone="danger", rules=("D14",),
    hint=_("The next candidate may be chosen, or the purchase starts again."),
)
REVOKE = Step(
    "revoke", _("Withdraw the award: the winner does not qualify"), ("awarded",), "evaluated", may_decide, objection=_undrafted, needs_reason=True, tone="danger", rules=("D14", "H05"),
    hint=_("Only on the ground and the paper named here; the winner's response becomes invalid and the next candidate may be chosen."),
)
ACKNOWLEDGE = Step(
    "acknowledge", _("Acknowledge receipt of the award letter"), ("awarded", "contracted"), None, is_winner, objection=_acknowledgeable, fits=lambda lot: not lot.award.acknowledged_at, rules=("D03",),
    hint=_("The moment is kept; the thirty days to sign have run since the letter was issued."), waits_for=_("chosen provider"),
)
DELAY = Step(
    "explain_delay", _("Record why the award is decided late"), ("evaluated",), None, may_decide, objection=_late_decision, fits=is_late, needs_reason=True, tone="secondary", rules=("D02",),
    hint=_("Without a lawful reason the first candidate counts as chosen."),
)
REOPEN = Step("reopen", _("Evaluate anew with another panel"), ("evaluated",), "opened", any_hand, rules=("C12", "G04"), by_code=True)
CONTRACT = Step("contract", _("Sign the contract"), ("awarded",), "contracted", any_hand, rules=("D06", "G04"), by_code=True)


def _stoppable(lot, actor):
    if lot.tender.status != "awarded" and lot.tender.lots.exclude(status="failed").count() < 2:
        return Refusal("only_lot", _("Nothing else is left of this purchase."), todo=_("Stop the purchase itself."))
    return None


STOP = Step("stop", _("Stop this lot"), ("opened", "evaluated"), "failed", may_handle_tender, objection=_stoppable, needs_reason=True, tone="danger", rules=("B10",))
FAIL = Step("fail", _("Lot failed"), ("open", "opened", "evaluated"), "failed", any_hand, needs_reason=True, tone="danger", rules=("B10",), by_code=True)

LIFE = Life(
    "lot",
    Lot,
    states={
        "open": pgettext_lazy("lot", "collecting responses"),
        "opened": pgettext_lazy("lot", "opened"),
        "evaluated": _("evaluated"),
        "awarded": _("awarded"),
        "selected": pgettext_lazy("lot", "suppliers selected"),
        "contracted": _("contracted"),
        "failed": _("failed"),
    },
    steps=(OPEN, EVALUATE, AWARD, SELECT, DELAY, SETTLE, ACKNOWLEDGE, DECLINE, REVOKE, REOPEN, CONTRACT, STOP, FAIL),
    initial="open",
    root=lambda lot: lot.tender,
)
LIFE.verb_labels = {"declined": _("award fell"), "challenge_answered": _("challenge answered")}


@transaction.atomic
def fail(lot, *, actor, reason):
    """This lot ends without a provider; the reason is kept and announced with the tender's notice."""
    from procurement.lifecycle.bond import fall_due

    lot = advance(lot, FAIL, actor=actor, reason=reason, changes={"failure": reason[:300]})
    fall_due(lot, actor=actor)
    return lot


def unsource(lot, *, actor):
    """The project of a failed lot may be bought anew, once no other lot of it is alive."""
    from procurement.lifecycle.project import mark_unsourced

    project = lot.project
    if project.status == "sourcing" and not Lot.objects.filter(project=project).exclude(status="failed").exclude(tender__status="cancelled").exists():
        mark_unsourced(project, actor, reason=lot.tender.number)


def mark_contracted(lot, *, actor, happened_on=None):
    """Called by the contract's signing: awarded → contracted. Raises Refusal while a challenge holds the signing (G04)."""
    from procurement.lifecycle.bond import fall_due

    lot = advance(lot, CONTRACT, actor=actor, happened_on=happened_on)
    fall_due(lot, actor=actor)
    return lot


def signing_refusal(lot):
    """Why a contract of this lot may not be signed now, or None (政府采购法实施条例 第54条)."""
    for hold in open_holds(lot):
        if "contract" in hold.verbs:
            return Refusal("held", _("This is on hold: {note}").format(note=hold.note or hold.reason_code), article=hold.article, todo=_("Answer the challenge first."))
    return None


@rules.carries("G04")
@transaction.atomic
def hold_signing(lot, *, actor, note):
    """A challenge may change the result: signing waits until the hold is lifted (G04). Raises Refusal."""
    if not (may_handle_tender(actor, lot) or may_decide(actor, lot)):
        from django.core.exceptions import PermissionDenied

        raise PermissionDenied(str(_("Only the purchaser records a challenge.")))
    if lot.status != "awarded":
        raise Refusal("wrong_state", _("Only an awarded purchase can be held by a challenge."))
    if signing_refusal(lot):
        raise Refusal("held", _("The signing is already on hold."))
    rule = rules.get("G04")
    return place_hold(lot, verbs=["contract", "sign"], code="challenge", actor=actor, note=note, article=rule.article)


@transaction.atomic
def release_signing(lot, *, actor, note):
    """The challenge is answered and does not change the result."""
    if not may_decide(actor, lot):
        from django.core.exceptions import PermissionDenied

        raise PermissionDenied(str(_("Only the purchaser lifts the hold.")))
    held = [hold for hold in open_holds(lot) if hold.reason_code == "challenge"]
    if not held:
        raise Refusal("not_held", _("There is no hold to lift."))
    for hold in held:
        release_hold(hold, actor=actor, reason=note)
    trail.record(lot, "challenge_answered", actor=actor, reason=note)
    return lot
