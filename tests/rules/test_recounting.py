"""A new holiday calendar moves what is open, once, with a trail row, and leaves alone what is done or was published."""

import datetime

import pytest

from evaluation.models import Assignment, Check, Finding
from kernel import clock, holidays, rules, trail
from kernel.models import HolidayCalendar
from procurement.models import Award, Bond, Challenge, Contract, Inquiry, Lot, Tender
from tests.factories.contracts import make_contract
from tests.factories.projects import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.rule("G09")]
day = datetime.date
THURSDAY = day(2027, 2, 4)
MONDAY, AFTER = day(2027, 2, 8), day(2027, 2, 15)  # what the bare week says; the first working day after the festival


@pytest.fixture
def people():
    return [make_user(name, is_platform_admin=True) for name in ("日历员", "复核人")]


def publish_2027(people):
    draft = holidays.begin(actor=people[0], document_number="国办发明电〔2026〕9号")
    rows, _errors = holidays.parse("2027-02-05 至 2027-02-14 休 春节", 2027)
    holidays.set_year(draft, 2027, rows, actor=people[0], document_number="国办发明电〔2026〕9号")
    with clock.travelled(THURSDAY):
        HolidayCalendar.objects.filter(pk=draft.pk).update(valid_from=day(2026, 1, 1))
        return holidays.publish(HolidayCalendar.objects.get(pk=draft.pk), actor=people[1])


def test_contract_duties_move_and_done_ones_do_not(people):
    scene = make_contract()
    Contract.objects.filter(pk=scene.contract.pk).update(
        signed_on=THURSDAY, notice_due_on=MONDAY, filing_due_on=day(2027, 2, 15), filed_on=THURSDAY
    )
    calendar = publish_2027(people)
    contract = Contract.objects.get(pk=scene.contract.pk)
    assert contract.notice_due_on == day(2027, 2, 16)
    assert contract.filing_due_on == day(2027, 2, 15)
    assert calendar.moved == [
        {"kind": "notice", "subject": contract.title, "url": contract.get_absolute_url(), "before": "2027-02-08", "after": "2027-02-16"}
    ]
    last = trail.rows_of(contract).last()
    assert (last.verb, last.actor, last.params["field"]) == ("recount", people[1], "notice_due_on")


def test_checks_and_findings_move(people):
    scene = make_contract()
    Contract.objects.filter(pk=scene.contract.pk).update(check_days=1)
    assignment = Assignment.objects.create(
        contract=scene.contract, firm=scene.provider.organization, auditor=people[0], assigned_by=people[0]
    )
    stage = scene.contract.stages.first()
    check = Check.objects.create(assignment=assignment, stage=stage, status="open", evidence_complete_on=THURSDAY, due_on=day(2027, 2, 5))
    finding = Finding.objects.create(
        check_of=check, kind="other", text="缺少照片", amount="1.00", status="open", due_on=day(2027, 2, 5), created_at=clock.midnight(THURSDAY)
    )
    calendar = publish_2027(people)
    check.refresh_from_db()
    finding.refresh_from_db()
    assert (check.due_on, finding.due_on) == (AFTER, AFTER)
    assert {row["kind"] for row in calendar.moved} == {"check", "finding"}


def make_tender(scene, status, **fields):
    frozen = rules.snapshot(on=THURSDAY, scope="statutory", method="competitive_consultation")
    values = {"number": "CG-1", "title": "居家养老服务", "method": "consultation", "requirements": "上门服务", "qualification": "依法登记", "contact": "王"}
    return Tender.objects.create(**values, purchaser=scene.office.purchaser, handler=scene.office.handler, status=status, frozen=frozen, **fields)


def test_award_and_challenge_dates_move_by_the_frozen_rules(people):
    scene = make_contract()
    tender = make_tender(scene, "evaluated", report_received_on=THURSDAY, award_due_on=day(2027, 2, 11))
    lot = Lot.objects.create(tender=tender, project=scene.project, title="一包", ceiling="18000", status="awarded")
    award = Award.objects.create(
        lot=lot, organization=scene.provider.organization, amount="17000", decided_on=THURSDAY, decided_by=scene.office.leader, letter_on=THURSDAY,
        challenge_until=day(2027, 2, 16), sign_due_on=day(2027, 3, 6),
    )
    calendar = publish_2027(people)
    tender.refresh_from_db()
    award.refresh_from_db()
    assert tender.award_due_on == day(2027, 2, 19)
    assert award.challenge_until == day(2027, 2, 24)
    assert award.sign_due_on == day(2027, 3, 6)  # calendar days, a duty: the festival does not move it
    assert sorted(row["kind"] for row in calendar.moved) == ["award", "challenge"]


def test_a_published_deadline_is_named_but_never_moved(people):
    scene = make_contract()
    stated = datetime.datetime(2027, 2, 9, 10, tzinfo=clock.ZONE)
    tender = make_tender(scene, "published", published_at=datetime.datetime(2027, 1, 28, 9, tzinfo=clock.ZONE), deadline=stated)
    calendar = publish_2027(people)
    tender.refresh_from_db()
    assert tender.deadline == stated
    assert [(row["kind"], row["after"]) for row in calendar.moved] == [("responses", "2027-02-15")]


def test_answers_and_refunds_move_and_answered_ones_do_not(people):
    scene = make_contract()
    tender = make_tender(scene, "awarded")
    lot = Lot.objects.create(tender=tender, project=scene.project, title="一包", ceiling="18000", status="awarded")
    facts = {"facts": "排斥供应商", "request": "更正", "legal_basis": "政府采购法 第22条", "kind": "documents", "stage": "documents", "window_from": THURSDAY, "window_until": AFTER}
    values = {"tender": tender, "organization": scene.provider.organization, "filed_on": THURSDAY, "answer_due_on": day(2027, 2, 15), "complain_until": day(2027, 3, 8), **facts}
    waiting = Challenge.objects.create(status="filed", number="CG-1-ZY1", **values)
    done = Challenge.objects.create(status="withdrawn", number="CG-1-ZY2", **values)
    inquiry = Inquiry.objects.create(status="received", code="X1", tender=tender, way="oral", received_on=THURSDAY, answer_due_on=day(2027, 2, 9), asker="某人", question="何时开标")
    bond = Bond.objects.create(
        status="held", kind="bid", lot=lot, organization=scene.provider.organization, amount="300", due_since=THURSDAY, cause="not_chosen", refund_due_on=day(2027, 2, 11)
    )
    calendar = publish_2027(people)
    for row in (waiting, done, inquiry, bond):
        row.refresh_from_db()
    assert waiting.answer_due_on == day(2027, 2, 23) and waiting.complain_until == day(2027, 3, 16)
    assert done.answer_due_on == day(2027, 2, 15)
    assert inquiry.answer_due_on == day(2027, 2, 17) and bond.refund_due_on == day(2027, 2, 19)
    assert sorted(row["kind"] for row in calendar.moved) == ["answer", "answer", "complaint_window", "refund"]
    assert scene.provider.organization.name not in str(calendar.moved)
    assert trail.rows_of(waiting).filter(verb="recount").count() == 2
