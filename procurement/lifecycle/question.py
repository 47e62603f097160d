"""The life of a question about the documents 询问与澄清 (政府采购法 第51条；实施条例 第52条).

待答复 asked: a registered organization asked before the deadline; the office reads what is asked and never who asks. The answer is due
within the working days of G01. 已答复 answered: the handler has written the answer, said whether it can affect how responses are written,
and taken names out of the question; the original stays. 已公布 published: question and answer are everybody's; what can affect responses is
published as a correction (tender.clarify), which moves the deadline by the method's rule and makes the next version of the documents.
不予答复 declined: with a reason, told to the asker alone (no question about this purchase, or already answered).
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, rules, trail, workdays
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.notices import notify, notify_all
from procurement import interested, timetable
from procurement.models import Question, Tender
from procurement.permissions_document import reader_tag
from procurement.permissions_tender import may_handle_tender

MOST_OPEN = 10


def _running(tender):
    """Why no question about this purchase is taken now, or None."""
    if tender.status != "published":
        return Refusal("not_running", _("Questions are taken while a purchase is published and not yet opened."))
    if tender.deadline and clock.now() >= tender.deadline:
        return Refusal("late", _("The deadline has passed; questions about the documents are no longer taken."), todo=_("A challenge may still be possible: see the purchase's page."))
    return None


def _effect(question, actor):
    if question.affects and (refusal := _running(question.tender)):
        return Refusal("late", _("The deadline has passed: an answer that can affect responses can no longer be published."), article=refusal.article, todo=_("Stop the purchase if the documents are wrong."))
    return None


ANSWER = Step(
    "answer", _("Answer the question"), ("asked",), "answered", may_handle_tender, rules=("G01",), waits_for=_("handler"),
    hint=_("You see what is asked, never who asks. The answer goes to everybody."),
)
PUBLISH = Step(
    "publish", _("Publish question and answer"), ("answered",), "published", may_handle_tender, objection=_effect, tone="success", waits_for=_("handler"), rules=("B04", "B09", "B14"),
    hint=_("Everybody reads it at once. What can affect responses is published as a correction and moves the deadline where the law wants it."),
)
REWRITE = Step("rewrite", _("Write the answer again"), ("answered",), "asked", may_handle_tender, tone="secondary", waits_for=_("handler"))
DECLINE = Step(
    "decline", _("Do not answer"), ("asked",), "declined", may_handle_tender, needs_reason=True, tone="danger",
    hint=_("Only when it is no question about this purchase or is answered already; the reason is told to the asker alone."),
)
LIFE = Life(
    "question",
    Question,
    states={
        "asked": pgettext_lazy("question", "to be answered"), "answered": pgettext_lazy("question", "answer to be published"),
        "published": pgettext_lazy("question", "published"), "declined": pgettext_lazy("question", "not answered"),
    },
    steps=(ANSWER, PUBLISH, REWRITE, DECLINE),
    initial="asked",
    root=lambda question: question.tender,
)  # fmt: skip
LIFE.verb_labels = {"ask": _("question asked")}


def objection_to_asking(tender, organization):
    """Why this organization may not ask now, or None."""
    if refusal := _running(tender):
        return refusal
    if organization.status != "verified":
        return Refusal("not_verified", _("Only a verified organization may ask."), todo=_("Complete your registration first."))
    if Question.objects.filter(tender=tender, asker_tag=reader_tag(organization.pk, tender.pk), status="asked").count() >= MOST_OPEN:
        return Refusal("too_many", _("{count} of your questions wait for their answer already.").format(count=MOST_OPEN), todo=_("Wait for the answers, then ask again."))
    return None


def answer_due(tender, day):
    """The LegalDate by which a question that came in on a day is answered (G01); a self-run purchase takes the same days."""
    return timetable.due(tender, day, "G01", "answer") or workdays.deadline(day, "G01", "answer")


@rules.carries("G01")
@transaction.atomic
def ask(tender, organization, *, actor, text, chapter=""):
    """Take a question. Row, trail and notice say what is asked and name nobody. Raises Refusal; PermissionDenied for people of another organization."""
    from providers.permissions import is_member

    if not is_member(actor, organization):
        raise PermissionDenied
    tender = Tender._base_manager.select_for_update(of=("self",)).select_related("purchaser__place", "handler").get(pk=tender.pk)
    if refusal := objection_to_asking(tender, organization):
        raise refusal
    if not text.strip():
        raise Refusal("empty", _("Write your question."), field="text")
    last = tender.questions.order_by("-number").first()
    row = Question.objects.create(
        status="asked", tender=tender, number=last.number + 1 if last else 1, asker_tag=reader_tag(organization.pk, tender.pk), chapter=chapter, text=text.strip(), published_text=text.strip(),
        asked_at=clock.now(), answer_due_on=answer_due(tender, clock.today()).date,
    )  # fmt: skip
    trail.record(row, "ask", actor=None, to_status="asked", params={"number": row.number})
    notify(tender.handler, f"question-{row.pk}", "question_asked", subject=row, url=row.get_absolute_url(), params={"title": tender.title, "due": row.answer_due_on.isoformat()}, due=clock.end_of_day(row.answer_due_on))
    return row


@LIFE.verb(ANSWER)
@rules.carries("G01")
@transaction.atomic
def answer(question, *, actor, answer, affects, published_text="", publish_now=False):
    """Write the answer. `published_text`: the question as everybody reads it, names left out (empty: as it was asked). `publish_now` publishes it in the same step."""
    if not answer.strip():
        raise Refusal("empty", _("Write the answer."), field="answer")
    changes = {
        "answer": answer.strip(), "affects": bool(affects), "published_text": published_text.strip() or question.text, "answered_by": actor, "answered_on": clock.today(),
    }  # fmt: skip
    question = advance(question, ANSWER, actor=actor, changes=changes, params={"affects": bool(affects), "rewritten": changes["published_text"] != question.text})
    return publish(question, actor=actor) if publish_now else question


@LIFE.verb(REWRITE)
@transaction.atomic
def rewrite(question, *, actor, reason=""):
    """The answer was not right; it is written again before anybody reads it."""
    return advance(question, REWRITE, actor=actor, reason=reason)


@LIFE.verb(PUBLISH)
@rules.carries("B04", "B09", "B14")
@transaction.atomic
def publish(question, *, actor, reason=""):
    """Publish question and answer to everybody. What can affect responses goes through tender.clarify: correction notice, deadline, next version."""
    from procurement.lifecycle import tender as tenders

    question = advance(question, PUBLISH, actor=actor, reason=reason, changes={"published_at": clock.now()}, params={"affects": question.affects})
    tender = question.tender
    if question.affects:
        text = f"供应商提问（第 {question.number} 号）：{question.published_text}\n答复：{question.answer}"
        tender = tenders.clarify(tender, actor=actor, text=text, affects_bids=True)
        question.announcement = tender.announcements.filter(kind="correction").order_by("-pk").first()
        Question.objects.filter(pk=question.pk).update(announcement=question.announcement)
    notify_all(interested.askers(question), f"question-{question.pk}-answered", "question_answered", url=question.get_absolute_url(), params={"title": tender.title})
    return question


@LIFE.verb(DECLINE)
@transaction.atomic
def decline(question, *, actor, reason):
    """Do not answer; the asker alone is told why."""
    question = advance(question, DECLINE, actor=actor, reason=reason, changes={"declined_because": reason.strip()[:2000]})
    params = {"title": question.tender.title, "reason": question.declined_because[:300]}
    notify_all(interested.askers(question), f"question-{question.pk}-declined", "question_declined", url=question.get_absolute_url(), params=params)
    return question
