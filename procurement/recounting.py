"""Open deadlines of purchases and contracts, counted again when a new holiday calendar is published.

Only what is still open moves; what moved of a purchase stands on its timetable with this cause. A published deadline for responses never
moves silently: when it has become too early it is listed, and the handler issues a clarification that extends it.
"""

import datetime

from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, trail, workdays
from kernel.models import HolidayCalendar
from procurement import movements, schedule_facts, timetable
from procurement.models import Award, Contract, GateRun, Tender

LABELS = {
    "gate": _("expected date of a review gate"),
    "award": _("award decision"),
    "result": _("result notice"),
    "challenge": _("end of the challenge period"),
    "sign": _("signing of the contract"),
    "notice": _("contract notice"),
    "filing": _("contract copy to the finance bureau"),
    "responses": _("deadline for responses is now too early: extend it by a clarification"),
}


def move(row, field, after, kind, actor, *, on=None):
    """Write a recounted date with its trail row; the Moved, or None when nothing changes. `on`: the noun the row belongs to."""
    before, subject = getattr(row, field), on or row
    if after is None or before is None or after.date == before:
        return None
    type(row).objects.filter(pk=row.pk).update(**{field: after.date})
    params = {"field": field, "before": before.isoformat(), "after": str(after), "calendar": after.calendar_version}
    trail.record(subject, "recount", actor=actor, from_status=subject.status, to_status=subject.status, params=params)
    return workdays.Moved(kind, str(subject), before, after.date, subject.get_absolute_url())


def _duty(law, start, rule, param, calendar):
    return workdays.deadline(start, law.get(rule), param, calendar) if start and rule in law else None


@workdays.register_recompute(LABELS)
@rules.carries("G09")
def recount(calendar, actor):
    """Every open deadline of this app under `calendar`; yields what moved."""
    _timetables(calendar, actor)
    found = [*_gates(calendar), *_tenders(calendar, actor), *_awards(calendar, actor), *_contracts(calendar, actor)]
    return [moved for moved in found if moved]


def _gates(calendar):
    """When an open review gate is expected to decide; no duty of law, so no trail row."""
    for run in GateRun.objects.filter(result="waiting", opened_at__isnull=False, due_on__isnull=False).select_related("project"):
        before, after = run.due_on, workdays.add_workdays(run.opened_at, run.expected_days, calendar).date
        if after != before:
            GateRun.objects.filter(pk=run.pk).update(due_on=after)
            yield workdays.Moved("gate", f"{run.project} · {run.name}", before, after, run.project.get_absolute_url())


RUNNING = ("published", "opened", "evaluated", "awarded")
YEAR = datetime.timedelta(days=366)  # a purchase published longer ago has no open date left but its contract's, which are counted below


def _timetables(calendar, actor):
    """Everything that moves on the timetables of running purchases, one trail row each."""
    earlier = HolidayCalendar.objects.filter(status="published", version__lt=calendar.version).order_by("-version").first()
    before = workdays.of_version(earlier) if earlier else workdays.Calendar()
    rows = Tender.objects.filter(status__in=RUNNING, published_at__gte=clock.now() - YEAR)
    for tender in schedule_facts.ready(rows):
        movements.record(tender, movements.dates(tender, before), cause="calendar", actor=actor, note=calendar_number(calendar), calendar=calendar)


def calendar_number(calendar):
    """The document behind a version of the calendar."""
    return HolidayCalendar.objects.filter(version=calendar.version).values_list("document_number", flat=True).first() or ""


def _tenders(calendar, actor):
    for tender in Tender.objects.filter(status="evaluated", award_due_on__isnull=False).select_related("purchaser__place"):
        due = _duty(timetable.law(tender), tender.report_received_on, "D02", "decide", calendar)
        yield move(tender, "award_due_on", due, "award", actor)
    waiting = Tender.objects.filter(status="published", published_at__isnull=False, deadline__gt=clock.now())
    for tender in waiting.select_related("purchaser__place", "profile"):
        earliest = timetable.timetable(tender, schedule_facts.start_of(tender), calendar).deadline.date
        stated = tender.deadline.astimezone(clock.ZONE).date()
        if stated < earliest:
            yield workdays.Moved("responses", str(tender), stated, earliest, tender.get_absolute_url())


def _awards(calendar, actor):
    for award in Award.objects.filter(declined_on=None).select_related("lot__tender__purchaser__place"):
        tender = award.lot.tender
        law = timetable.law(tender)
        if award.letter_on is None:
            yield move(award, "notice_due_on", _duty(law, award.decided_on, "D03", "notice", calendar), "result", actor, on=tender)
            continue
        if award.challenge_until and award.challenge_until >= clock.today():
            notice = _duty(law, award.letter_on, "D04", "notice_period", calendar)
            challenge = _duty(law, notice.date, "G02", "challenge", calendar) if notice else None
            yield move(award, "challenge_until", challenge, "challenge", actor, on=tender)
        if not Contract.objects.filter(lot=award.lot, signed_on__isnull=False).exists():
            signing = _duty(law, award.letter_on, "D06", "sign", calendar)
            yield move(award, "sign_due_on", signing, "sign", actor, on=tender)
            for contract in Contract.objects.filter(lot=award.lot, status="draft"):
                yield move(contract, "sign_due_on", signing, "sign", actor)


def _contracts(calendar, actor):
    signed = Contract.objects.filter(signed_on__isnull=False, is_backfill=False).exclude(status__in=("cancelled", "terminated"))
    for contract in signed.filter(notice_due_on__isnull=False, notice_published_on=None):
        due = workdays.deadline(contract.signed_on, "D07", "publish", calendar)
        yield move(contract, "notice_due_on", due, "notice", actor)
    for contract in signed.filter(filing_due_on__isnull=False, filed_on=None):
        due = workdays.deadline(contract.signed_on, "D08", "filed", calendar)
        yield move(contract, "filing_due_on", due, "filing", actor)
