"""The life of a review order: what an upheld challenge or complaint orders for one lot (财政部令第94号 第16、32条).

待执行 open: the signing is on hold. 已复评 answered: the panel has evaluated anew and said whether its result stands.
已执行 carried: the street has done what was ordered, through the same verbs as ever: the award falls and the next candidate is
chosen, or the lot ends without result and its project may be bought anew.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import rules, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from procurement.announcements import announce
from procurement.models import Lot, ReviewOrder, Tender
from procurement.permissions_challenge import at_office, may_answer_review


def _evaluated_first(order, actor):
    if order.kind == "reevaluate" and order.status == "open":
        return Refusal("panel_first", _("The panel has not evaluated anew yet."), article=order_article(order), todo=_("The leader of the panel answers on this page."))
    if order.lot.status == "contracted" and order.lot.contracts.exclude(status__in=("terminated", "cancelled")).exists():
        return Refusal("contracted", _("The contract is signed already."), article=order_article(order), todo=_("Terminate the contract first; then the order is carried out."))
    return None


def _unless_stopping(order, actor):
    if refusal := _evaluated_first(order, actor):
        return refusal
    if order.lot.status not in ("evaluated", "awarded", "contracted", "failed") and not at_office("handler")(actor, order):
        return Refusal("handler", _("A purchase that still runs is stopped by its handler."))
    return None


def order_article(order):
    """The article an order rests on."""
    return "财政部令第94号 第32条" if order.complaint_id else "财政部令第94号 第16条"


ANSWER = Step(
    "answer", _("State the result of the new evaluation"), ("open",), "answered", may_answer_review, fits=lambda order: order.kind == "reevaluate", rules=("G04",),
    waits_for=_("leader of the panel"), hint=_("The signing stays on hold until the street has acted on it."),
)
CARRY = Step(
    "carry_out", _("Carry it out"), ("open", "answered"), "carried", at_office("leader", "handler"), _unless_stopping, needs_reason=True, rules=("G04", "D14"),
    waits_for=_("leader in charge"), hint=_("The award falls and the next candidate is chosen, or the lot ends and is bought anew."),
)
LIFE = Life(
    "revieworder",
    ReviewOrder,
    states={"open": pgettext_lazy("review", "to be carried out"), "answered": pgettext_lazy("review", "evaluated anew"), "carried": pgettext_lazy("review", "carried out")},
    steps=(ANSWER, CARRY),
    initial="open",
    root=lambda order: order.lot.tender,
)
LIFE.verb_labels = {"order": _("ordered")}


@rules.carries("G04")
def order(challenge, lot, kind, *, actor, complaint=None):
    """Record what is ordered for a lot and hold its signing until it is done. Returns the ReviewOrder."""
    from procurement.lifecycle import challenge as challenges

    if ReviewOrder.objects.filter(lot=lot).exclude(status="carried").exists():
        raise Refusal("ordered_already", _("For “{lot}” something is ordered already and not carried out yet.").format(lot=lot), todo=_("Carry that out first."))
    row = ReviewOrder.objects.create(status="open", challenge=challenge, complaint=complaint, lot=lot, kind=kind, created_by=actor)
    trail.record(row, "order", actor=actor, to_status="open", params={"kind": kind, "lot": lot.pk})
    challenges.hold_lots([lot], challenges.code_of(row), note=f"复核 {(complaint or challenge).number}", actor=actor)
    return row


@LIFE.verb(ANSWER)
@transaction.atomic
def answer(order, *, actor, answer, stands, reason=""):
    """The panel's leader states whether the result stands."""
    return advance(order, ANSWER, actor=actor, reason=reason, changes={"answer": answer, "stands": stands}, params={"stands": stands})


@LIFE.verb(CARRY)
@rules.carries("G04")
@transaction.atomic
def carry_out(order, *, actor, reason):
    """Do what is ordered through the verbs of the award, and free the signing. All or nothing."""
    from procurement.lifecycle import challenge as challenges

    order = advance(order, CARRY, actor=actor, reason=reason)
    lot = Lot._base_manager.select_related("tender__purchaser", "tender__profile", "project").get(pk=order.lot_id)
    if lot.status == "contracted":  # the contract was terminated: nothing of the award is left to fall
        pass
    elif order.kind == "void":
        _void(lot, actor=actor, reason=reason, told=bool(order.complaint_id))
    elif order.kind == "next_candidate" or not order.stands:
        _next(lot, actor=actor, reason=reason, choose=order.kind == "next_candidate", told=bool(order.complaint_id))
    challenges.free([lot], challenges.code_of(order), actor=actor, reason=reason)
    return order


def _next(lot, *, actor, reason, choose, told):
    """The award falls; the next candidate is chosen, or after a new evaluation the leader decides anew. The result is announced again."""
    from procurement.lifecycle import award

    if lot.status == "awarded":
        lot = award.decline(lot, actor=actor, reason=reason, kind="ordered", told=told)
    if choose:
        award.decide_award(lot, actor=actor, reason=reason)


def _void(lot, *, actor, reason, told):
    """The lot ends without result and is announced as ended; its project may be bought anew."""
    from procurement.lifecycle import award, tender
    from procurement.lifecycle import lot as lots

    running = Tender.objects.select_related("purchaser", "profile").get(pk=lot.tender_id)
    if running.status in tender.FAIL.sources and running.lots.exclude(status="failed").count() == 1:
        tender.fail(running, actor=actor, reason=reason)
        return
    if lot.status == "awarded":
        lot = award.decline(lot, actor=actor, reason=reason, kind="ordered", told=told)
    lots.fail(lot, actor=actor, reason=reason)
    if running.is_statutory or running.profile.publish:
        announce("termination", running, actor=actor, reason=reason, lot=lot)
    lots.unsource(lot, actor=actor)
