"""Around the opening: who watches, what each reader sees of its record, what bidders say of it.

The discipline observer 纪检 and others of the purchaser may watch; their names stand in the record. What bidders see of each other is the
method's (`methods.of(tender).reveals`): a tender sings out names and prices 唱标 (财政部令第87号 第41条) and its bidders confirm the record or ask
(第42条; who says nothing is taken to agree); a consultation or negotiation shows a bidder its own row only.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, trail
from kernel.lifecycle import Refusal
from procurement import methods
from procurement.models import Bid, OpeningRemark, Tender
from procurement.permissions_tender import may_attend, may_bid, may_handle_tender, own_tags

ARTICLE = "财政部令第87号 第42条"


@transaction.atomic
def observe(tender, *, actor):
    """Enter oneself as an observer of a running purchase's opening; once. Openers are present by their passphrase. Raises Refusal, PermissionDenied."""
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    if not may_attend(actor, tender):
        raise PermissionDenied(str(_("Only people of the purchaser watch the opening.")))
    if tender.status != "published" or tender.deadline is None or clock.now() < tender.deadline:
        raise Refusal("early", _("One attends the opening once the deadline has passed and until it is over."))
    if tender.openers.filter(user=actor).exists():
        raise Refusal("opener", _("You are an opener: you are present by your passphrase."))
    watching = list(tender.opening_record.get("observers", []))
    if actor.pk not in [row["user"] for row in watching]:
        watching.append({"user": actor.pk, "name": str(actor), "at": clock.now().strftime("%H:%M:%S")})
        Tender.objects.filter(pk=tender.pk).update(opening_record={**tender.opening_record, "observers": watching})
        tender.opening_record = {**tender.opening_record, "observers": watching}
        trail.record(tender, "observe", actor=actor)
    return tender


def rows_for(tender, user, inside):
    """The record's rows as this reader may see them: the purchaser all; a bidder its own and, of the others, what the method reveals."""
    rows = [dict(row) for row in tender.opening_record.get("rows", [])]
    if inside:
        return rows
    reveals = set(methods.of(tender).reveals)
    own = {bid.pk for bid in Bid.objects.visible_to(user).filter(lot__tender=tender)}
    found = []
    for row in rows:
        row["warnings"] = []
        if row["bid"] in own:
            row["own"] = True
        elif "names" not in reveals:
            continue
        elif "prices" not in reveals:
            row["price"] = ""
        found.append(row)
    return found


def may_watch(user, tender):
    """A bidder may follow a public opening on the screen: only who has responded, recognised by the tag."""
    if not methods.of(tender).public_opening:
        return False
    tags = own_tags(user, list(tender.lots.values_list("pk", flat=True)))
    return Bid.objects.filter(lot__tender=tender, owner_tag__in=tags).exclude(status__in=("draft", "withdrawn")).exists()


@transaction.atomic
def remark(bid, *, actor, agrees, text=""):
    """A bidder confirms the record of a public opening or notes a question. Once, and before the ranking. Raises Refusal, PermissionDenied."""
    bid = Bid.objects.select_for_update(of=("self",)).select_related("lot__tender").get(pk=bid.pk)
    if not may_bid(actor, bid):
        raise PermissionDenied(str(_("This response belongs to another organization.")))
    tender = bid.lot.tender
    if refusal := objection_to_remark(bid):
        raise refusal
    if not agrees and not text.strip():
        raise Refusal("reason_missing", _("Please say why."), field="text")
    row = OpeningRemark.objects.create(bid=bid, agrees=agrees, text=text.strip()[:300], by=actor)
    trail.record(tender, "remark", actor=actor, params={"bid": bid.pk, "agrees": agrees})
    return row


def objection_to_remark(bid):
    """Why nothing is said to the record of this response's opening, or None."""
    if not methods.of(bid.lot.tender).public_opening:
        return Refusal("not_public", _("This method has no public opening to confirm."), article=ARTICLE)
    if bid.lot.tender.status != "opened":
        return Refusal("over", _("The record is confirmed between the opening and the ranking."), article=ARTICLE)
    if OpeningRemark.objects.filter(bid=bid).exists():
        return Refusal("twice", _("You have said so already."))
    return None


@transaction.atomic
def answer(row, *, actor, text):
    """The handler answers a bidder's question on the record. Raises Refusal, PermissionDenied."""
    row = OpeningRemark.objects.select_for_update(of=("self",)).select_related("bid__lot__tender").get(pk=row.pk)
    tender = row.bid.lot.tender
    if not may_handle_tender(actor, tender):
        raise PermissionDenied(str(_("Only the handler answers.")))
    if row.agrees or row.answered_at:
        raise Refusal("nothing_open", _("There is nothing to answer."))
    if not text.strip():
        raise Refusal("answer_missing", _("Write the answer."), field="text")
    row.answer, row.answered_by, row.answered_at = text.strip()[:500], actor, clock.now()
    row.save(update_fields=["answer", "answered_by", "answered_at"])
    trail.record(tender, "remark_answered", actor=actor, params={"bid": row.bid_id})
    return row


def steps(tender, present, refusal):
    """What will happen at the opening, step by step, as (text, "done" | "now" | "")."""
    keyed, method = tender.seal == "openers", methods.of(tender)
    passed = bool(tender.opens_at and clock.now() >= tender.opens_at)
    arrived = sum(row.present_at is not None for row in present)
    plan = [(_("The time for responses ends, by the server's clock; nothing is taken any more."), passed)]
    plan.append((_("It is counted whether enough have responded; with too few nothing is opened."), passed and not (refusal and refusal.code == "too_few")))
    if keyed:
        plan += [(_("The first opener enters the passphrase."), arrived > 0), (_("The second opener enters the passphrase."), False)]
    else:
        plan.append((_("The handler opens, a second person witnesses."), False))
    plan.append((_("Every response is opened at once and compared with its digest and its receipt; a changed one is reported."), False))
    shown = _("Names and prices are read out; the bidders see the record and confirm it or ask.") if method.public_opening else _("The purchaser sees names and prices; a bidder sees nothing of the others.")
    plan += [(shown, False), (_("The record is written; it can be printed and signed."), False)]
    found, reached = [], False
    for text, done in plan:
        found.append((text, "done" if done else "" if reached else "now"))
        reached = reached or not done
    return found
