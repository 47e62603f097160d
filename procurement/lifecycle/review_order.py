"""The life of a review order: what an upheld challenge or complaint orders for one lot (财政部令第94号 第16、32条).

待执行 open: the signing is on hold. 已复评 answered: the panel has evaluated anew and said whether its result stands.
已重新组建 reopened: instead of the panel itself, another one, newly drawn, evaluates anew; the old panel's result stays stored and the award
falls. 已执行 carried: the street has done what was ordered, through the same verbs as ever: the award falls and the next candidate is
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
    if order.status == "reopened" and order.lot.status not in ("evaluated", "awarded", "failed"):
        return Refusal("panel_first", _("The new panel has not evaluated yet."), article=order_article(order), todo=_("Draw it, and have it score."))
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
def any_hand(user, order):
    """Follows from another order of the same purchase; who may was asked there."""
    return user.is_authenticated


def _reopenable(order, actor):
    tender = order.lot.tender
    if tender.venue != "internal":
        return Refusal("external", _("This purchase runs on another platform; its panel is drawn there."), article=order_article(order))
    if tender.status not in ("evaluated", "awarded"):
        return Refusal("not_evaluated", _("This purchase has no result to evaluate anew."), article=order_article(order))
    open_orders = set(ReviewOrder.objects.filter(lot__tender=tender, kind="reevaluate", status="open").values_list("lot", flat=True))
    if tender.lots.exclude(status="failed").exclude(pk__in=open_orders).exists():
        return Refusal("other_lots", _("Other lots of this purchase keep their result; a new panel judges all of it."), article=order_article(order), todo=_("The panel itself evaluates this lot anew, or the lot ends and is bought anew."))
    return None


REOPEN = Step(
    "reopen", _("Have a newly drawn panel evaluate anew"), ("open",), "reopened", at_office("handler"), _reopenable, fits=lambda order: order.kind == "reevaluate", needs_reason=True,
    tone="secondary", rules=("C12", "C14", "G04"), waits_for=_("handler"), hint=_("The award falls, the old panel's result stays on file, its members are not drawn again."),
)
BY_OTHER = Step("reopen_with", _("Evaluated anew with another lot"), ("open",), "reopened", any_hand, fits=lambda order: order.kind == "reevaluate", by_code=True)
CARRY = Step(
    "carry_out", _("Carry it out"), ("open", "answered", "reopened"), "carried", at_office("leader", "handler"), _unless_stopping, needs_reason=True, rules=("G04", "D14"),
    waits_for=_("leader in charge"), hint=_("The award falls and the next candidate is chosen, or the lot ends and is bought anew."),
)
LIFE = Life(
    "revieworder",
    ReviewOrder,
    states={"open": pgettext_lazy("review", "to be carried out"), "answered": pgettext_lazy("review", "evaluated anew"), "reopened": pgettext_lazy("review", "with a new panel"), "carried": pgettext_lazy("review", "carried out")},
    steps=(ANSWER, REOPEN, BY_OTHER, CARRY),
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


@LIFE.verb(REOPEN)
@rules.carries("C12", "G04")
@transaction.atomic
def reopen(order, *, actor, reason):
    """The whole purchase is judged anew by another panel: every open order of it is in its hands, the awards fall, the responses stay open."""
    from procurement.lifecycle import reopening

    order = advance(order, REOPEN, actor=actor, reason=reason)
    for other in ReviewOrder.objects.filter(lot__tender=order.lot.tender_id, kind="reevaluate", status="open").select_related("lot__tender"):
        advance(other, BY_OTHER, actor=actor, reason=reason)
    reopening.reopen_evaluation(order.lot.tender, actor=actor, reason=reason, told=bool(order.complaint_id))
    return order


@LIFE.verb(CARRY)
@rules.carries("G04")
@transaction.atomic
def carry_out(order, *, actor, reason):
    """Do what is ordered through the verbs of the award, and free the signing. All or nothing."""
    from procurement.lifecycle import challenge as challenges

    order = advance(order, CARRY, actor=actor, reason=reason)
    lot = Lot._base_manager.select_related("tender__purchaser", "tender__profile", "project").get(pk=order.lot_id)
    if order.kind == "reevaluate" and order.stands is None:  # a new panel has judged; the award fell when it was called
        pass
    elif lot.status == "contracted":  # the contract was terminated: nothing of the award is left to fall
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
