"""Answers to questions, inquiries and challenges, the bureau's steps, refunds of bonds, papers of framework agreements and the argument
after a single-source publicity, counted again under a new holiday calendar."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, workdays
from procurement import timetable
from procurement.models import Bond, Challenge, Complaint, FrameworkAgreement, Inquiry, Question, SingleSource
from procurement.recounting import move

LABELS = {
    "answer": _("answer to a question, inquiry or challenge"),
    "complaint": _("step of a complaint"),
    "complaint_window": _("end of the time to complain"),
    "refund": _("refund of a bond"),
    "agreement": _("papers of a framework agreement"),
    "argument": _("supplementary argument for a single source"),
}
REGION = "tender__purchaser__place"


def _due(tender, start, rule, param, calendar):
    """The LegalDate of a duty towards suppliers: by the frozen rule, or the same days where the purchase is a self-run one."""
    law = timetable.law(tender)
    return workdays.deadline(start, law.get(rule) if rule in law else rules.get(rule, on=start), param, calendar)


@workdays.register_recompute(LABELS)
@rules.carries("B20", "B24", "G01", "G03", "G05", "G06", "G07", "G09", "D09")
def recount(calendar, actor):
    """Every open answer, step and refund of this app under `calendar`; yields what moved."""
    found = [*_answers(calendar, actor), *_challenges(calendar, actor), *_complaints(calendar, actor), *_refunds(calendar, actor), *_special(calendar, actor)]
    return [moved for moved in found if moved]


def _answers(calendar, actor):
    for row in Question.objects.filter(status="asked").select_related(REGION):
        yield move(row, "answer_due_on", _due(row.tender, row.asked_at, "G01", "answer", calendar), "answer", actor)
    for row in Inquiry.objects.filter(status="received").select_related(REGION):
        yield move(row, "answer_due_on", _due(row.tender, row.received_on, "G01", "answer", calendar), "answer", actor)


def _challenges(calendar, actor):
    for row in Challenge.objects.filter(status__in=("filed", "prepared")).select_related(REGION):
        answer = _due(row.tender, row.filed_on, "G03", "answer", calendar)
        yield move(row, "answer_due_on", answer, "answer", actor)
        if row.complain_until:
            yield move(row, "complain_until", _due(row.tender, answer.date, "G05", "complain", calendar), "complaint_window", actor)
    for row in Challenge.objects.filter(status="answered", complain_until__gte=clock.today(), complaint=None).select_related(REGION):
        yield move(row, "complain_until", _due(row.tender, row.answer_due_on, "G05", "complain", calendar), "complaint_window", actor)


def _complaints(calendar, actor):
    for row in Complaint.objects.filter(status__in=("filed", "correcting", "accepted", "notified", "examining")):
        figure = rules.get("G07", on=row.filed_on)
        decide = workdays.add_workdays(row.filed_on, figure.days("decide") + row.uncounted, calendar, figure.article)
        yield move(row, "decide_due_on", decide, "complaint", actor)
        if row.status == "notified" and row.notified_on:
            yield move(row, "reply_due_on", workdays.deadline(row.notified_on, "G06", "reply", calendar), "complaint", actor)


def _refunds(calendar, actor):
    rows = Bond.objects.filter(status="held", refund_due_on__isnull=False, lot__isnull=False).select_related("lot__tender__purchaser__place")
    for row in rows:
        rule = rules.get("D09", region=row.lot.tender.purchaser.place.code or "")
        moved = move(row, "refund_due_on", workdays.deadline(row.due_since, rule, "refund", calendar), "refund", actor)
        yield moved and replace(moved, subject=str(row.lot))  # the list of a calendar names no bidder


def _special(calendar, actor):
    for row in FrameworkAgreement.objects.filter(status="active", signed_on__isnull=False):
        for field, done, param in (("filing_due_on", row.filed_on, "filed"), ("telling_due_on", row.told_on, "tell_users")):
            if done is None:
                yield move(row, field, workdays.deadline(row.signed_on, "B24", param, calendar), "agreement", actor)
    for row in SingleSource.objects.filter(status="publicized", reargue_due_on__isnull=False, reargued_on=None):
        yield move(row, "reargue_due_on", workdays.deadline(row.publicity_until, "B20", "reexamination", calendar), "argument", actor)
