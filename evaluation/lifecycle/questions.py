"""澄清、说明、补正 (财政部令第87号 第51条): what the panel asks one bidder in a timed window by the server's clock, and the bidder's one answer.

An explanation of a low price has at least the rule's minutes (C08). A correction of arithmetic counts once its bidder confirms it (C07); who
refuses, or lets the window pass, is out. Questions and answers are kept whatever comes of them.
"""

import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from evaluation.arithmetic.corrections import QuoteLine, Sheet, corrected
from evaluation.lifecycle import seats
from evaluation.lifecycle.sheets import only_leader
from evaluation.models import BidQuestion
from kernel import clock, files, rules, trail
from kernel.lifecycle import Refusal, advance, principals_of
from kernel.money import yuan
from kernel.notices import notify, register
from procurement import methods
from procurement.models import Bid
from procurement.permissions import organization_ids

NOT_CONFIRMED = "报价算术修正未经供应商确认，作无效处理"
CAUSES = {"table": "开标一览表与明细不一致，以一览表为准", "words": "大写与小写不一致，以大写为准", "slip": "单价小数点明显错位，以总价为准并修改单价", "sum": "总价与单价汇总不一致，以单价汇总为准"}
register("bid_asked", _("The panel of “{title}” asks you something. Answer until {until}."))
register("bid_answered", _("A bidder of “{title}” has answered the panel."))


def explain_minutes(tender):
    """The least time to explain a low price (minutes), or None where the rule does not hold."""
    known = methods.law(tender)
    return known.get("C08").value("explain") if "C08" in known else None


def put(panel, bid, *, actor, kind, text, until, notice="bid_asked", **fields):
    """One bidder is asked, with trail and notice to its people; whether it may be asked its caller has made sure of."""
    from procurement.lifecycle.award import people_acting_for
    from procurement.lifecycle.tender import clock_text

    row = BidQuestion.objects.create(panel=panel, bid=bid, kind=kind, text=text, asked_by=actor, until=until, **fields)
    figures = {"figures": row.figures} if row.figures else {}
    trail.record(row, "ask", actor=actor, params={"kind": kind, "bid": bid.pk, "until": until.isoformat(), **figures})
    for person in people_acting_for(bid.organization):
        notify(person, f"asked-{row.pk}", notice, subject=row, url=row.get_absolute_url(), params={"title": panel.tender.title, "until": clock_text(until)}, due=until)
    return row


@rules.carries("C07", "C08")
@transaction.atomic
def ask(panel, bid, *, actor, kind, text, until, figures=None):
    """The leader asks one bidder, until an aware moment; its people are told at once. Returns the BidQuestion.

    Raises Refusal: not under evaluation, the window is too short (C08), one of the kind is open; PermissionDenied.
    """
    panel = seats.locked(panel)
    only_leader(panel, actor, _("Only the panel's leader asks a bidder."))
    if panel.status not in ("checking", "scoring") or bid.pk not in {row.pk for row in seats.valid_bids(panel)}:
        raise Refusal("not_asked", _("This bidder can't be asked now."))
    if not text.strip():
        raise Refusal("text", _("Write down what you ask."), field="text")
    least = explain_minutes(panel.tender) if kind == "low_price" else None
    if until <= clock.now():
        raise Refusal("past", _("The time lies in the past."), field="until")
    if least is not None and until < clock.now() + datetime.timedelta(minutes=least):
        raise Refusal("short", _("The bidder has at least {minutes} minutes to explain.").format(minutes=least), article=methods.law(panel.tender).get("C08").article, field="until")
    if any(row.is_open for row in panel.questions.filter(bid=bid, kind=kind)):
        raise Refusal("open", _("This bidder is already asked and may still answer."))
    return put(panel, bid, actor=actor, kind=kind, text=text.strip(), until=until, figures=figures or {})


def may_answer(user, question):
    """People of the bidder that is asked."""
    return any(question.bid.organization_id in organization_ids(person) for person in principals_of(user))


@rules.carries("C07", "C08")
@transaction.atomic
def answer_question(question, *, actor, answer="", confirmed=None, attachments=()):
    """The bidder's one answer within its window, with files; a correction is confirmed or refused. Raises Refusal, PermissionDenied.

    A confirmed correction is the price that counts from now on.
    """
    question = BidQuestion.objects.select_for_update(of=("self",)).select_related("panel__tender", "bid").get(pk=question.pk)
    if not may_answer(actor, question):
        raise PermissionDenied(str(_("This response belongs to another organization.")))
    if question.answered_at:
        raise Refusal("answered", _("This is answered already."))
    if not question.is_open:
        raise Refusal("late", _("The time to answer is over. The server's time is {now}.").format(now=clock.now().strftime("%Y-%m-%d %H:%M:%S")))
    if question.kind == "correction" and confirmed is None:
        raise Refusal("confirmed", _("Say whether you confirm the correction."), article=rules.get("C07").article, field="confirmed")
    if question.kind != "correction" and not answer.strip():
        raise Refusal("answer", _("Write your answer."), field="answer")
    if question.kind == "change" and not attachments:
        raise Refusal("file", _("Add the response as it is now, signed or sealed."), field="attachments")
    question.answer, question.confirmed = answer.strip(), confirmed if question.kind == "correction" else None
    question.answered_by, question.answered_at = actor, clock.now()
    question.save()
    if question.confirmed:
        Bid.objects.filter(pk=question.bid_id).update(corrected_price=yuan(question.figures["after"]))
    trail.record(question, "answer", actor=actor, params={"bid": question.bid_id, "confirmed": question.confirmed})
    for upload in attachments:
        files.attach(question, upload, "explanation", actor=actor)
    leader = question.panel.members.filter(is_leader=True, left_at=None).select_related("user").first()
    if leader:
        notify(leader.user, f"answered-{question.pk}", "bid_answered", subject=question.panel, url=question.panel.get_absolute_url(), params={"title": question.panel.tender.title})
    return question


def sheet_of(bid, *, words=None, detail_total=None, lines=()):
    """A bid's quote as a Sheet: the opening table's price, what its papers state besides, and lines {name, quantity, unit_price}."""
    rows = tuple(QuoteLine(row["name"], Decimal(row["quantity"]), Decimal(row["unit_price"])) for row in lines)
    return Sheet(bid.price, words, detail_total, rows)


@rules.carries("C07")
@transaction.atomic
def propose_correction(panel, bid, *, actor, until, words=None, detail_total=None, lines=()):
    """Find the faults of arithmetic in a quote in the law's order and ask the bidder to confirm what comes out (C07). Amounts are yuan.

    Raises Refusal: the papers agree, the corrected price is no longer possible. A corrected price above the ceiling is told to the panel.
    """
    found = corrected(sheet_of(bid, words=words, detail_total=detail_total, lines=lines))
    if not found.corrections:
        raise Refusal("agrees", _("What the papers state agrees; there is nothing to correct."))
    amount = yuan(found.amount)
    if not 0 < amount <= bid.lot.ceiling:
        raise Refusal("over_ceiling", _("Corrected, the price would be {price} yuan, outside what is allowed: the response is invalid.").format(price=amount), article=rules.get("C07").article)
    steps = [{"code": step.code, "cause": CAUSES[step.code], "before": str(step.before), "after": str(step.after), "line": step.line} for step in found.corrections]
    text = "；".join(f"{row['cause']}（{row['line'] + '：' if row['line'] else ''}{row['before']} → {row['after']}）" for row in steps)
    text = f"经评审小组按照规定顺序修正，贵单位报价由 {bid.price} 元修正为 {amount} 元：{text}。请在规定时间内确认，未确认的作无效处理。"
    figures = {"before": str(bid.price), "after": str(amount), "steps": steps}
    return ask(panel, bid, actor=actor, kind="correction", text=text[:1000], until=until, figures=figures)


def unsettled(panel):
    """Corrections that are neither confirmed nor led to the response's end."""
    rows = panel.questions.filter(kind="correction", closed_at=None, bid__status="opened").exclude(confirmed=True).select_related("bid__organization", "bid__lot")
    confirmed = set(panel.questions.filter(kind="correction", confirmed=True).values_list("bid", flat=True))
    return [row for row in rows if row.bid_id not in confirmed]


@rules.carries("C07")
@transaction.atomic
def reject_unconfirmed(question, *, actor):
    """The bidder refused the correction or let its window pass: the response is invalid (C07). Raises Refusal, PermissionDenied."""
    from procurement.lifecycle import bid as bids

    panel = seats.locked(question.panel)
    only_leader(panel, actor, _("Only the panel's leader records this."))
    question = BidQuestion.objects.select_for_update(of=("self",)).select_related("bid").get(pk=question.pk)
    if question.kind != "correction" or question.confirmed or question.closed_at or question.is_open:
        raise Refusal("not_refused", _("This correction is confirmed, or its bidder may still answer."))
    if panel.status not in ("checking", "scoring"):
        raise Refusal("concluded", _("The evaluation is over."))
    BidQuestion.objects.filter(pk=question.pk).update(closed_at=clock.now())
    advance(question.bid, bids.REJECT, actor=actor, reason=NOT_CONFIRMED, changes={"invalid_reason": NOT_CONFIRMED})
    return panel
