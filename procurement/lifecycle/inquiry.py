"""The life of an inquiry 询问 (政府采购法 第51条；条例 第52条): anybody may ask about a purchase, in writing or by word of mouth.

待答复 received: its clock runs, three working days from the day it came in. 已答复 answered: the purchaser answered; who asked on line reads it under the
code. What the documents mean, told to all bidders alike, is a clarification; an objection with rights is a challenge: neither is an inquiry.
"""

import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, rules, trail, workdays
from kernel.lifecycle import Life, Refusal, Step, acting_for, advance
from kernel.notices import notify, register
from procurement import timetable
from procurement.models import Inquiry
from procurement.permissions_award import at_tender

SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
register("inquiry_asked", _("An inquiry about “{title}” has come in; the answer is due on {due}."))
register("inquiry_answered", _("Your inquiry about “{title}” is answered."))
ANSWER = Step("answer", _("Answer the inquiry"), ("received",), "answered", at_tender("handler", "leader"), rules=("G01",), waits_for=_("handler"), hint=_("Who asked on line reads it under the code."))
RECORD = Step("record", _("Enter an inquiry"), (), None, at_tender("handler"))
LIFE = Life(
    "inquiry",
    Inquiry,
    states={"received": pgettext_lazy("inquiry", "to be answered"), "answered": pgettext_lazy("inquiry", "answered")},
    steps=(ANSWER,),
    initial="received",
)
LIFE.verb_labels = {"ask": _("inquiry received")}


def askable(tender):
    """Whether anybody may ask about this purchase on line: it was announced to the public and not given up."""
    return tender.status not in ("draft", "cancelled") and tender.announcements.filter(public=True).exists()


@rules.carries("G01")
def due_of(tender, received_on):
    """The LegalDate of the answer: three working days; a purchase below the limit that publishes answers in the same days."""
    return timetable.due(tender, received_on, "G01", "answer") or workdays.deadline(received_on, "G01", "answer")


def _code():
    signs = "".join(secrets.choice(SIGNS) for _count in range(12))
    return f"XW-{signs[:4]}-{signs[4:8]}-{signs[8:]}"


@rules.carries("G01")
@transaction.atomic
def ask(tender, *, asker, question, contact="", organization=None, actor=None):
    """Anybody asks on line at the server's time. Returns the Inquiry with its code."""
    if not askable(tender):
        raise Refusal("not_public", _("This purchase is not announced to the public."), todo=_("Ask the handler named in it."))
    return _keep(tender, "online", clock.today(), actor=actor, asker=asker, question=question, contact=contact, organization=organization)


@rules.carries("G01")
@transaction.atomic
def record(tender, *, actor, way, received_on, asker, question, contact="", organization=None):
    """The handler enters what was asked on paper or by word of mouth on a day; the clock runs from that day."""
    acting_for(actor, tender, RECORD)
    if way not in ("written", "oral"):
        raise Refusal("way", _("Say how it was asked."), field="way")
    if received_on > clock.today():
        raise Refusal("future", _("The date it happened lies in the future."), field="received_on")
    return _keep(tender, way, received_on, actor=actor, asker=asker, question=question, contact=contact, organization=organization)


def _keep(tender, way, day, *, actor, **facts):
    due = due_of(tender, day).date
    row = Inquiry.objects.create(status="received", code=_code(), tender=tender, way=way, received_on=day, answer_due_on=due, created_by=actor, **facts)
    trail.record(row, "ask", actor=actor, to_status="received", happened_on=day, params={"way": way, "due": due})
    if actor is None or actor.pk != tender.handler_id:
        notify(tender.handler, f"inquiry-{row.pk}", "inquiry_asked", subject=row, url=row.get_absolute_url(), params={"title": tender.title, "due": due.isoformat()})
    return row


@LIFE.verb(ANSWER)
@rules.carries("G01")
@transaction.atomic
def answer(inquiry, *, actor, answer, happened_on=None, reason=""):
    """Answer it; an answer given before by word of mouth has its own day."""
    from procurement.lifecycle.award import people_acting_for

    day = happened_on or clock.today()
    if day < inquiry.received_on:
        raise Refusal("before", _("The answer can't lie before the question."), field="happened_on")
    inquiry = advance(inquiry, ANSWER, actor=actor, happened_on=day, reason=reason, changes={"answer": answer, "answered_on": day, "answered_by": actor})
    for person in people_acting_for(inquiry.organization) if inquiry.organization_id else ():
        notify(person, f"inquiry-{inquiry.pk}-answered", "inquiry_answered", subject=inquiry, url=inquiry.get_absolute_url(), params={"title": inquiry.tender.title})
    return inquiry
