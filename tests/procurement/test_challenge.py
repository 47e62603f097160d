"""Challenges: who, when, once; the street's answer by two persons; the hold on signing; what follows from an upheld one."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, holidays, registry, trail, workdays
from kernel.lifecycle import Refusal, open_holds
from kernel.models import Notice
from procurement.lifecycle import award, challenge, lot, review_order
from procurement.models import Award, Challenge, Contract, Lot, ReviewOrder
from tests.factories import projects
from tests.factories.challenges import GROUNDS, answered, make_challenge
from tests.factories.contracts import make_contract
from tests.factories.providers import make_provider
from tests.factories.tenders import make_draft, make_tender, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)


@pytest.fixture(autouse=True)
def on_monday():
    clock.set_to(MONDAY)
    holidays.seed()


def loser(walk):
    winner = Award.objects.get().organization
    return next(row for row in walk.providers if row.organization != winner)


def noon(day, days=0):
    return clock.midnight(day + datetime.timedelta(days=days)) + datetime.timedelta(hours=12)


@pytest.mark.rule("G02", mutate="challenge")
def test_the_last_day_counts_and_the_next_is_refused():
    walk = make_tender(state="announced", start=MONDAY)
    notice = walk.tender.announcements.get(kind="result")
    last = notice.until
    for _number in range(7):
        last = next(day for ahead in range(1, 15) if workdays.is_workday(day := last + datetime.timedelta(days=ahead)))
    travel(noon(last, 1))
    found = refused("late", make_challenge, walk, loser(walk))
    assert last.isoformat() in str(found) and "第52条" in found.article and not Challenge.objects.exists()
    travel(clock.end_of_day(last))
    assert make_challenge(walk, loser(walk)).window_until == last


@pytest.mark.rule("G02")
def test_each_step_has_its_own_start():
    walk = make_tender(state="announced", start=MONDAY)
    starts = {row.stage.partition("-")[0]: row.start for row in challenge.windows(walk.tender)}
    opened = walk.tender.opened_at.astimezone(clock.ZONE).date()
    assert starts == {"documents": walk.tender.notice_until, "opening": opened, "evaluation": walk.tender.report_received_on, "result": walk.tender.announcements.get(kind="result").until}
    row = make_challenge(walk, loser(walk), "process", step="evaluation")
    assert row.window_from == walk.tender.report_received_on and row.stage == "evaluation"


def test_all_grounds_against_one_step_at_once():
    walk = make_tender(state="announced", start=MONDAY)
    who = loser(walk)
    first = make_challenge(walk, who)
    assert "第10条" in str(refused("once", make_challenge, walk, who))
    challenge.withdraw(first, actor=who.user, reason="材料有误")
    second = make_challenge(walk, who)
    assert second.number != first.number
    make_challenge(walk, who, "process", step="evaluation")


def test_who_may_challenge_what():
    walk = make_tender(state="announced", start=MONDAY)
    stranger = make_provider(office=walk.office, place=walk.office.street)
    refused("not_part", make_challenge, walk, stranger)
    with pytest.raises(PermissionDenied):
        challenge.file(walk.tender, loser(walk).organization, actor=stranger.user, kind="result", **GROUNDS)
    with pytest.raises(PermissionDenied):
        challenge.file(walk.tender, loser(walk).organization, actor=walk.office.handler, kind="result", **GROUNDS)
    published = make_tender(state="published")
    refused("too_early", make_challenge, published, stranger)
    make_challenge(published, stranger, "documents")  # whoever could take part may challenge the documents


def test_a_challenge_before_the_opening_tells_nobody_who_bids(client):
    walk = make_tender(state="submitted", start=MONDAY)
    row = make_challenge(walk, walk.providers[0], "documents")
    client.force_login(walk.office.handler)
    page = client.get(row.get_absolute_url()).content.decode()
    tender = client.get(walk.tender.get_absolute_url()).content.decode()
    assert walk.providers[0].organization.name in page
    assert not any(other.organization.name in page + tender for other in walk.providers[1:])
    for other in walk.providers[1:]:
        client.force_login(other.user)
        assert client.get(row.get_absolute_url()).status_code == 404
        assert row.number not in client.get(walk.tender.get_absolute_url()).content.decode()


@pytest.mark.rule("G03", mutate="answer")
def test_the_answer_is_due_after_seven_working_days_and_everybody_is_reminded():
    walk = make_tender(state="announced", start=MONDAY)
    row = make_challenge(walk, loser(walk))
    day = row.filed_on
    for _number in range(7):
        day = next(found for ahead in range(1, 15) if workdays.is_workday(found := day + datetime.timedelta(days=ahead)))
    assert row.answer_due_on == day

    def phases(moment):
        travel(moment)
        return {reminder.phase for reminder in registry.open_reminders(moment) if reminder.kind == "challenge_answer" and walk.office.leader in reminder.users}

    assert phases(noon(day)) == {"before"}
    assert phases(noon(day, 1)) == {"after"}


@pytest.mark.rule("G03")
def test_the_answer_has_two_hands_and_reaches_challenger_and_others(client):
    walk = make_tender(state="announced", start=MONDAY)
    who = loser(walk)
    row = make_challenge(walk, who)
    assert [task.title for task in registry.tasks_for(walk.office.handler) if task.kind == "challenge"] == [walk.tender.title]
    with pytest.raises(PermissionDenied):
        challenge.prepare(row, actor=walk.office.leader, outcome="rejected", answer="评分无误。")
    row = challenge.prepare(row, actor=walk.office.handler, outcome="rejected", answer="评分无误。")
    client.force_login(who.user)
    assert "评分无误" not in client.get(row.get_absolute_url()).content.decode()
    with pytest.raises(PermissionDenied):
        challenge.approve(row, actor=walk.office.handler)
    projects.join(walk.office.handler, "leader", walk.office.purchaser)
    refused("second_person", challenge.approve, row, actor=walk.office.handler)
    row = challenge.send_back(row, actor=walk.office.leader, reason="请逐项答复")
    row = challenge.prepare(row, actor=walk.office.handler, outcome="rejected", answer="评分依据逐项说明如下。")
    row = challenge.approve(row, actor=walk.office.leader)
    told = set(Notice.objects.filter(kind="challenge_answered").values_list("user", flat=True))
    assert told == {provider.user.pk for provider in walk.providers}
    other = next(provider for provider in walk.providers if provider is not who)
    client.force_login(other.user)
    page = client.get(row.get_absolute_url()).content.decode()
    assert "评分依据逐项说明如下" in page and GROUNDS["facts"] not in page and who.organization.name not in page
    assert client.get(reverse("challenge_answer", args=[row.pk])).content[:4] == b"%PDF"


@pytest.mark.rule("G04")
def test_signing_waits_for_the_answer():
    walk = make_tender(state="announced", start=MONDAY)
    row = make_challenge(walk, loser(walk))
    found = lot.signing_refusal(walk.lot)
    assert row.number in str(found) and "第54条" in found.article
    refused("held", lot.mark_contracted, walk.lot, actor=walk.office.handler)
    refused("not_held", lot.release_signing, walk.lot, actor=walk.office.leader, note="越过质疑")
    answered(walk, row)
    assert lot.signing_refusal(walk.lot) is None
    assert lot.mark_contracted(walk.lot, actor=walk.office.handler).status == "contracted"


@pytest.mark.rule("G04")
def test_two_challenges_hold_until_both_are_answered():
    walk = make_tender(state="announced", start=MONDAY)
    first, second = make_challenge(walk, loser(walk)), make_challenge(walk, loser(walk), "process", step="evaluation")
    answered(walk, first)
    assert second.number in str(lot.signing_refusal(walk.lot))
    challenge.withdraw(second, actor=loser(walk).user, reason="不再坚持")
    assert lot.signing_refusal(walk.lot) is None


@pytest.mark.rule("G04")
def test_the_next_candidate_is_ordered_and_taken():
    walk = make_tender(state="announced", start=MONDAY)
    first = Award.objects.get().organization
    who = loser(walk)
    row = answered(walk, make_challenge(walk, who), "upheld", "next_candidate")
    order = ReviewOrder.objects.get()
    assert order.kind == "next_candidate" and lot.signing_refusal(walk.lot)
    assert [task.url for task in registry.tasks_for(walk.office.leader) if task.kind == "challenge"] == [row.get_absolute_url()]
    with pytest.raises(PermissionDenied):
        review_order.carry_out(order, actor=loser(walk).user, reason="自行执行")
    order = review_order.carry_out(order, actor=walk.office.leader, reason="质疑成立，顺延")
    found = Award.objects.get()
    assert order.status == "carried" and found.organization != first and found.letter_on is None and lot.signing_refusal(walk.lot) is None
    walk.tender.refresh_from_db()
    award.publish_result(walk.tender, actor=walk.office.handler)
    assert walk.tender.announcements.filter(kind="result").count() == 2
    assert [entry.verb for entry in trail.rows_of(walk.lot)][-5:].count("decline") == 1
    assert make_challenge(walk, who).stage == "result-2"  # the new result opens a new period


@pytest.mark.rule("G04")
def test_void_frees_the_project_to_be_bought_anew():
    walk = make_tender(state="announced", start=MONDAY)
    answered(walk, make_challenge(walk, loser(walk)), "upheld", "void")
    review_order.carry_out(ReviewOrder.objects.get(), actor=walk.office.leader, reason="重新开展采购")
    walk.lot.refresh_from_db()
    project = walk.lot.project
    project.refresh_from_db()
    assert walk.lot.status == "failed" and project.status == "approved" and walk.tender.announcements.filter(kind="termination").count() == 1
    again = make_draft(walk.office, [project])
    assert again.lots.get().project == project


@pytest.mark.rule("G04")
def test_a_running_purchase_is_stopped_by_its_handler():
    walk = make_tender(state="published", start=MONDAY)
    who = make_provider(office=walk.office, place=walk.office.street)
    answered(walk, make_challenge(walk, who, "documents"), "upheld", "void")
    refused("handler", review_order.carry_out, ReviewOrder.objects.get(), actor=walk.office.leader, reason="文件违法")
    review_order.carry_out(ReviewOrder.objects.get(), actor=walk.office.handler, reason="文件违法")
    walk.tender.refresh_from_db()
    assert walk.tender.status == "failed"


@pytest.mark.rule("G04")
def test_a_new_evaluation_is_answered_by_the_panels_leader(client):
    walk = make_tender(state="announced", start=MONDAY)
    row = answered(walk, make_challenge(walk, loser(walk)), "upheld", "reevaluate")
    order = ReviewOrder.objects.get()
    leading = walk.panel.members.get(is_leader=True).user
    assert [task.url for task in registry.tasks_for(leading) if task.url == row.get_absolute_url()]
    client.force_login(leading)
    page = client.get(row.get_absolute_url())
    assert page.status_code == 200 and GROUNDS["facts"] not in page.content.decode()
    refused("panel_first", review_order.carry_out, order, actor=walk.office.leader, reason="直接执行")
    with pytest.raises(PermissionDenied):
        review_order.answer(order, actor=walk.office.leader, answer="维持", stands=True)
    order = review_order.answer(order, actor=leading, answer="复核后排名不变。", stands=True)
    assert lot.signing_refusal(walk.lot)
    before = Award.objects.get().organization
    review_order.carry_out(order, actor=walk.office.leader, reason="维持原结果")
    assert Award.objects.get().organization == before and lot.signing_refusal(walk.lot) is None


def test_a_signed_lot_waits_until_its_contract_is_terminated():
    walk = make_tender(state="announced", start=MONDAY)
    answered(walk, make_challenge(walk, loser(walk)), "upheld", "next_candidate")
    Lot.objects.filter(pk=walk.lot.pk).update(status="contracted")
    signed = make_contract().contract
    Contract.objects.filter(pk=signed.pk).update(lot=walk.lot)
    order = ReviewOrder.objects.get()
    refused("contracted", review_order.carry_out, order, actor=walk.office.leader, reason="顺延")
    Contract.objects.filter(pk=signed.pk).update(status="terminated")
    assert review_order.carry_out(order, actor=walk.office.leader, reason="合同已终止").status == "carried"
    assert not open_holds(Lot.objects.get(pk=walk.lot.pk))


def test_nothing_is_left_when_an_order_cannot_be_carried_out():
    walk = make_tender(state="announced", start=MONDAY)
    answered(walk, make_challenge(walk, loser(walk)), "upheld", "next_candidate")
    walk.lot.bids.exclude(pk=Award.objects.get().bid_id).update(rank=None)
    refused("no_candidate", review_order.carry_out, ReviewOrder.objects.get(), actor=walk.office.leader, reason="顺延")
    walk.lot.refresh_from_db()
    assert walk.lot.status == "awarded" and ReviewOrder.objects.get().status == "open" and open_holds(walk.lot)


def test_an_answer_says_what_follows():
    walk = make_tender(state="announced", start=MONDAY)
    row = make_challenge(walk, loser(walk))
    refused("no_consequence", challenge.prepare, row, actor=walk.office.handler, outcome="upheld", answer="成立")
    refused("consequence", challenge.prepare, row, actor=walk.office.handler, outcome="rejected", consequence="void", answer="不成立")


def test_self_run_purchases_are_challenged_where_they_are_announced():
    from procurement.lifecycle import complaint
    from procurement.models import Tender

    walk = make_tender(state="announced", start=MONDAY)
    Tender.objects.filter(pk=walk.tender.pk).update(method="self_run", frozen={"profile": {"publish": False}})
    with pytest.raises(Refusal):
        make_challenge(walk, loser(walk))
    Tender.objects.filter(pk=walk.tender.pk).update(frozen={"profile": {"publish": True}, "rules": {}, "on": "2026-03-02"})
    row = make_challenge(walk, loser(walk))
    assert row.complain_until is None and complaint.objection_to_complaining(row).code == "self_run"


def test_filed_from_the_purchases_page(client):
    walk = make_tender(state="announced", start=MONDAY)
    who = loser(walk)
    client.force_login(who.user)
    address = reverse("challenge_file", args=[walk.tender.pk])
    assert address in client.get(walk.tender.get_absolute_url()).content.decode()
    stage = challenge.windows(walk.tender)[-1].stage
    data = {"organization": who.organization.pk, "target": stage, **GROUNDS, "attachments": projects.scan()}
    assert client.post(address, {**data, "facts": "", "attachments": projects.scan()}).status_code == 422
    answer = client.post(address, data)
    assert answer.status_code == 302 and answer.url == Challenge.objects.get().get_absolute_url()
    page = client.get(answer.url).content.decode()
    assert GROUNDS["facts"] in page
    assert client.post(address, {**data, "attachments": projects.scan()}).status_code == 422
    assert Challenge.objects.count() == 1


@pytest.mark.rule("C12")
def test_another_panel_judges_and_the_old_result_stays(client):
    from evaluation.lifecycle import conclusion, panel
    from evaluation.models import Panel
    from evaluation.steps import steps_of
    from tests.factories.tenders import hours, make_panel, score_all

    walk = make_tender(state="announced", start=MONDAY)
    old, fallen = walk.panel, Award.objects.get()
    sat = set(old.members.values_list("user_id", flat=True))
    answered(walk, make_challenge(walk, loser(walk)), "upheld", "reevaluate")
    order = ReviewOrder.objects.get()
    with pytest.raises(PermissionDenied):
        review_order.reopen(order, actor=walk.office.leader, reason="评审违法")
    order = review_order.reopen(order, actor=walk.office.handler, reason="评审违法，另行组建评审小组")
    walk.tender.refresh_from_db()
    walk.lot.refresh_from_db()
    assert (order.status, walk.tender.status, walk.lot.status) == ("reopened", "opened", "opened")
    past = Panel.objects.get(pk=old.pk)
    assert past.tender is None and past.former_tender == walk.tender and past.result["lots"] and past.members.first().scores.exists()
    assert not walk.lot.bids.exclude(rank=None).exists() and not Panel.objects.visible_to(past.members.first().user).exists()
    assert "panel" not in walk.tender.opening_record
    refused("panel_first", review_order.carry_out, order, actor=walk.office.leader, reason="执行")
    client.force_login(walk.office.handler)
    page = client.get(past.get_absolute_url()).content.decode()
    assert all(line["total"] in page for line in past.result["lots"][0]["lines"]) and client.get(walk.tender.get_absolute_url()).status_code == 200
    client.force_login(loser(walk).user)
    assert client.get(past.get_absolute_url()).status_code == 404

    hours()
    again = make_panel(walk.tender, walk.office, experts=4)
    assert not sat & set(again.members.values_list("user_id", flat=True))
    leading = again.members.get(is_leader=True)  # the last quotes are given: nobody is talked with again, the leader scores like everybody
    assert [step.url for step in steps_of(again, leading, panel.valid_bids(again)) if step.phase == "current"] == [reverse("score_sheet", args=[again.pk])]
    assert sat <= {row.user_id for row in _experts(again.draw_record["left_out"])}
    score_all(again, lambda number, item: item.points / 2 + (2 - number) * 2)  # the order of the first panel, turned round
    hours()
    conclusion.conclude(again, actor=again.sitting().first().user, report="重新评审结束。")
    assert lot.signing_refusal(walk.lot)
    order.refresh_from_db()
    review_order.carry_out(order, actor=walk.office.leader, reason="重新评审完毕")
    assert lot.signing_refusal(walk.lot) is None
    walk.lot.refresh_from_db()
    award.decide_award(walk.lot, actor=walk.office.leader)
    walk.tender.refresh_from_db()
    award.publish_result(walk.tender, actor=walk.office.handler)
    now = Award.objects.get()
    assert now.organization != fallen.organization and now.letter_on
    assert list(walk.tender.announcements.order_by("pk").values_list("kind", flat=True))[-2:] == ["correction", "result"]
    assert Panel.objects.get(pk=old.pk).result == past.result


def _experts(left_out):
    from evaluation.models import Expert

    return Expert.objects.filter(pk__in=[row["expert"] for row in left_out])


def test_other_lots_keep_the_panel_from_being_replaced():
    from procurement.models import Lot

    walk = make_tender(state="announced", start=MONDAY)
    answered(walk, make_challenge(walk, loser(walk)), "upheld", "reevaluate")
    other = Lot.objects.get(pk=walk.lot.pk)
    other.pk, other.order, other.status = None, 2, "contracted"
    other.save()
    refused("other_lots", review_order.reopen, ReviewOrder.objects.get(), actor=walk.office.handler, reason="另行组建")
