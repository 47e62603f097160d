"""Complaints at the finance bureau: the window, the chain of steps and its days, suspension, decision, the count of unproved ones."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, holidays, registry, workdays
from kernel.lifecycle import open_holds, refusal_of
from procurement.lifecycle import complaint, lot, review_order
from procurement.models import Complaint, ReviewOrder
from providers.models import Exclusion
from tests.factories import projects
from tests.factories.challenges import GROUNDS, challenged, complained, make_complaint
from tests.factories.tenders import travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)


@pytest.fixture(autouse=True)
def on_monday():
    clock.set_to(MONDAY)
    holidays.seed()


def after(day, count):
    """The count-th working day after a day, counted one by one."""
    while count:
        day += datetime.timedelta(days=1)
        count -= workdays.is_workday(day)
    return day


def noon(day, days=0):
    return clock.midnight(day + datetime.timedelta(days=days)) + datetime.timedelta(hours=12)


@pytest.mark.rule("G05", mutate="complain")
def test_the_way_to_the_bureau_ends_after_fifteen_working_days():
    walk = challenged("answered", start=MONDAY)
    last = after(walk.challenge.answer_due_on, 15)
    travel(noon(last, 1))
    assert last.isoformat() in str(refused("late", make_complaint, walk.challenge, walk.who))
    travel(clock.end_of_day(last))
    assert make_complaint(walk.challenge, walk.who).status == "filed"
    refused("once", make_complaint, walk.challenge, walk.who)


@pytest.mark.rule("G05")
def test_only_the_challenger_only_what_was_challenged_only_when_the_answer_is_due():
    walk = challenged("filed", start=MONDAY)
    refused("unanswered", make_complaint, walk.challenge, walk.who)
    travel(noon(walk.challenge.answer_due_on, 1))
    refused("beyond", complaint.complain, walk.challenge, actor=walk.who.user, **GROUNDS)
    other = next(provider for provider in walk.providers if provider is not walk.who)
    with pytest.raises(PermissionDenied):
        make_complaint(walk.challenge, other)
    assert make_complaint(walk.challenge, walk.who).challenge == walk.challenge  # no answer came in time
    assert not Complaint.objects.visible_to(other.user).exists()


@pytest.mark.rule("G06", mutate=("check", "notify", "reply"))
def test_the_chain_of_days():
    walk = complained("filed", start=MONDAY)
    row, day = walk.complaint, clock.today()
    due = {str(what): found.date for what, _start, found, _done, _article in complaint.clocks(row)}
    assert complaint.check_due(row).date == after(day, 5) and after(day, 8) in due.values()
    row = complaint.accept(row, actor=walk.office.finance)
    travel(noon(day, 1))
    row = complaint.notify_parties(row, actor=walk.office.finance)
    assert row.reply_due_on == after(day + datetime.timedelta(days=1), 5)
    assert [task.due for task in registry.tasks_for(walk.office.handler) if task.kind == "complaint"] == [row.reply_due_on]
    row = complaint.reply(row, actor=walk.office.handler, reply="评审合法。")
    assert row.status == "examining" and row.replied_on == clock.today()


@pytest.mark.rule("G06", mutate="reject")
def test_a_refusal_is_told_within_three_days():
    walk = complained("filed", start=MONDAY)
    row = complaint.refuse(walk.complaint, actor=walk.office.finance, reason="投诉事项未经质疑")
    told = complaint.clocks(row)[-1]
    assert told[2].date == after(clock.today(), 3) and told[3] == clock.today()
    assert walk.who.user.notices.filter(kind="complaint_refuse").count() == 1


@pytest.mark.rule("G07", mutate="decide")
def test_missing_parts_and_appraisals_do_not_count():
    walk = complained("filed", start=MONDAY)
    finance, row, day = walk.office.finance, walk.complaint, clock.today()
    assert row.decide_due_on == after(day, 30)
    row = complaint.ask_correction(row, actor=finance, reason="请补正")
    travel(noon(after(day, 4)))
    row = complaint.correct(row, actor=walk.who.user, reason="已补正")
    assert row.uncounted == 4 and row.decide_due_on == after(day, 34) and complaint.check_due(row).date == after(after(day, 4), 5)
    refused("asked_once", complaint.ask_correction, row, actor=finance, reason="再补")
    row = complaint.notify_parties(complaint.accept(row, actor=finance), actor=finance)
    row = complaint.begin_appraisal(row, actor=finance, reason="服务质量鉴定")
    refused("appraising", complaint.draft_decision, row, actor=finance, outcome="unfounded", decision="—", document="1号")
    travel(noon(after(day, 10)))
    row = complaint.end_appraisal(row, actor=finance)
    assert row.uncounted == 10 and row.decide_due_on == after(day, 40)


@pytest.mark.rule("G07", mutate="suspension_max")
def test_a_suspension_stops_signing_for_thirty_days_at_most():
    walk = complained("notified", start=MONDAY)
    row = complaint.suspend(walk.complaint, actor=walk.office.finance, reason="可能影响结果")
    assert row.suspended_until == clock.today() + datetime.timedelta(days=30)
    refused("held", lot.mark_contracted, walk.lot, actor=walk.office.handler)
    refused("suspended_once", complaint.suspend, row, actor=walk.office.finance, reason="再次")
    travel(noon(row.suspended_until))
    complaint.end_suspensions()
    assert lot.signing_refusal(walk.lot)
    travel(noon(row.suspended_until, 1))
    complaint.end_suspensions()
    assert lot.signing_refusal(walk.lot) is None
    complaint.end_suspensions()


def test_a_suspension_is_lifted_once():
    walk = complained("examining", start=MONDAY)
    row = complaint.suspend(walk.complaint, actor=walk.office.finance, reason="可能影响结果")
    row = complaint.lift(row, actor=walk.office.finance, reason="不影响结果")
    assert row.suspended_until == clock.today() and not open_holds(walk.lot)
    refused("not_suspended", complaint.lift, row, actor=walk.office.finance, reason="再次")


@pytest.mark.rule("G07")
def test_the_decision_is_published_and_orders_what_follows(client):
    walk = complained("examining", start=MONDAY)
    finance = walk.office.finance
    refused("no_order", complaint.draft_decision, walk.complaint, actor=finance, outcome="upheld", decision="评分违法。", document="青财采决〔2026〕3号")
    with pytest.raises(PermissionDenied):
        complaint.draft_decision(walk.complaint, actor=walk.office.leader, outcome="unfounded", decision="—", document="1号")
    with pytest.raises(PermissionDenied):
        complaint.draft_decision(walk.complaint, actor=projects.make_office("外区街道").finance, outcome="unfounded", decision="—", document="1号")
    row = complaint.draft_decision(walk.complaint, actor=finance, outcome="upheld", order="next_candidate", decision="评分违法。", document="青财采决〔2026〕3号")
    assert not walk.tender.announcements.filter(kind="complaint").exists() and not ReviewOrder.objects.exists()
    refused("second_person", complaint.decide, row, actor=finance)
    assert [task.url for task in registry.tasks_for(walk.second) if task.kind == "complaint"] == [row.get_absolute_url()]
    assert not [task for task in registry.tasks_for(finance) if task.kind == "complaint"]
    client.force_login(walk.who.user)
    assert "评分违法" not in client.get(row.get_absolute_url()).content.decode()
    client.logout()
    row = complaint.decide(row, actor=walk.second)
    notice = walk.tender.announcements.get(kind="complaint")
    assert notice.public and "青财采决〔2026〕3号" in notice.body and client.get(notice.get_absolute_url()).status_code == 200
    order = ReviewOrder.objects.get()
    assert order.complaint == row and lot.signing_refusal(walk.lot)
    review_order.carry_out(order, actor=walk.office.leader, reason="执行处理决定")
    assert lot.signing_refusal(walk.lot) is None
    client.force_login(finance)
    page = client.get(row.get_absolute_url()).content.decode()
    assert "财政部令第94号" in page and "评分违法" in page
    assert client.get(reverse("complaint_decision", args=[row.pk])).content[:4] == b"%PDF"


def test_a_decision_sent_back_is_written_anew():
    walk = complained("drafted", start=MONDAY)
    refused("second_person", complaint.return_decision, walk.complaint, actor=walk.office.finance, reason="x")
    row = complaint.return_decision(walk.complaint, actor=walk.second, reason="事实不清")
    row = complaint.draft_decision(row, actor=walk.second, outcome="unproved", decision="缺乏事实依据。", document="青财采决〔2026〕4号")
    refused("second_person", complaint.decide, row, actor=walk.second)
    row = complaint.decide(row, actor=walk.office.finance)
    assert (row.status, row.outcome, row.drafted_by, row.decided_by) == ("decided", "unproved", walk.second, walk.office.finance)


def earlier(walk, days_ago, outcome="unproved"):
    """A complaint of the same organization decided some days ago, copied from this one."""
    day = clock.today() - datetime.timedelta(days=days_ago)
    source = walk.challenge
    number = source.tender.challenges.count() + 1
    source.pk, source.number, source.stage = None, f"{walk.tender.number}-ZY{number}", f"earlier-{number}"
    source.save()
    return Complaint.objects.create(
        status="decided", number=f"{source.number}-TS", challenge=source, filed_on=day, decide_due_on=day, outcome=outcome, decided_on=day, decided_by=walk.office.finance, **GROUNDS
    )  # fmt: skip


@pytest.mark.rule("G08", mutate=("unproved", "window=-1"))
def test_three_unproved_in_twelve_months_are_shown_and_exclude_nobody():
    walk = challenged("answered", start=MONDAY)
    earlier(walk, 364)
    earlier(walk, 367)  # outside the twelve months
    earlier(walk, 40)
    organization = walk.who.organization
    assert complaint.unproved_of(organization) == 2 and not complaint.warnings_about(organization)
    earlier(walk, 0)
    assert complaint.unproved_of(organization) == 3
    (warning,) = complaint.warnings_about(organization)
    assert organization.name in str(warning) and "第37条" in str(warning)
    assert not Exclusion.objects.exists()

    def proposed():
        return [task for task in registry.tasks_for(walk.office.finance) if task.title == organization.name]

    assert len(proposed()) == 1
    Exclusion.objects.create(organization=organization, kind="debarred", document="青财罚〔2026〕1号", starts_on=clock.today(), entered_by=walk.office.finance)
    assert proposed() == []


@pytest.mark.rule("G08", mutate=("ban_min", "ban_max"))
def test_made_up_facts_name_the_bar_the_law_sets():
    walk = challenged("answered", start=MONDAY)
    earlier(walk, 3, "false")
    (warning,) = complaint.warnings_about(walk.who.organization)
    from django.utils import translation

    with translation.override("en"):
        assert "for 1 to 3 years" in str(complaint.warnings_about(walk.who.organization)[0])
    assert walk.who.organization.name in str(warning)


def test_filed_from_the_challenges_page_and_withdrawn(client):
    walk = challenged("answered", start=MONDAY)
    client.force_login(walk.who.user)
    address = reverse("complaint_file", args=[walk.challenge.pk])
    assert address in client.get(walk.challenge.get_absolute_url()).content.decode()
    assert client.post(address, GROUNDS).status_code == 422
    answer = client.post(address, {**GROUNDS, "within_challenge": "on"})
    found = Complaint.objects.get()
    assert answer.url == found.get_absolute_url()
    assert client.get(reverse("complaint_list")).status_code == 200 and client.get(answer.url).status_code == 200
    complaint.suspend(complaint.accept(found, actor=walk.office.finance), actor=walk.office.finance, reason="可能影响结果")
    complaint.withdraw(found, actor=walk.who.user, reason="撤回投诉")
    assert lot.signing_refusal(walk.lot) is None


def test_reminders_run_before_and_after():
    walk = complained("filed", start=MONDAY)
    due = complaint.check_due(walk.complaint).date

    def kinds(moment):
        travel(moment)
        return {(row.kind, row.phase) for row in registry.open_reminders(moment) if row.kind.startswith("complaint") and walk.office.finance in row.users}

    assert kinds(noon(due)) == {("complaint_check", "before")}
    assert kinds(noon(due, 1)) == {("complaint_check", "after")}


@pytest.mark.rule("G04")
def test_a_signed_contract_and_its_coming_activities_stop_only_when_the_bureau_says_so():
    from procurement.lifecycle import activity
    from procurement.lifecycle.contract import CLOSE
    from procurement.lifecycle.contract_draft import draft_contract
    from procurement.models import Activity, Contract, Lot

    walk = complained("accepted", start=MONDAY)
    made = draft_contract(walk.lot, actor=walk.office.handler)
    Lot.objects.filter(pk=walk.lot.pk).update(status="contracted")
    Contract.objects.filter(pk=made.pk).update(status="performing", signed_on=clock.today())
    coming = Activity.objects.create(contract=made, title="读书分享会", planned_headcount=40, planned_on=clock.today() + datetime.timedelta(days=9), status="planned")
    made.refresh_from_db()
    assert not open_holds(made) and not open_holds(coming)
    row = complaint.suspend(walk.complaint, actor=walk.office.finance, reason="中止履行")
    assert [hold.verbs for hold in open_holds(made)] == [["close", "replace_key_person"]]
    assert refusal_of(coming, activity.CONFIRM, walk.office.handler).code == "held" and refusal_of(made, CLOSE, walk.office.handler).code == "held"
    complaint.lift(row, actor=walk.office.finance, reason="恢复履行")
    assert not open_holds(made) and not open_holds(coming)
