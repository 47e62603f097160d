"""磋商、谈判: checked first, then each supplier alone and all with the same chance, then final quotes; the record of each talk is kept as it was made."""

import copy
import datetime
import html
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from evaluation import papers
from evaluation.lifecycle import conclusion, panel, talks
from evaluation.models import Talk
from kernel import clock, trail
from kernel.lifecycle import advance
from kernel.registry import tasks_for
from procurement import methods
from procurement.lifecycle import bid as bids
from procurement.lifecycle import quotes
from procurement.models import EvaluationTerms, Tender
from tests.factories.tenders import check_all, form_panel, hours, make_panel, make_tender, quote_all, score_all, talk_all
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MINUTES = lambda count: datetime.timedelta(minutes=count)  # noqa: E731


@pytest.fixture
def walk():
    """A panel that has checked and talked with nobody yet; an hour has passed."""
    walk = make_tender(state="opened")
    walk.panel = make_panel(walk.tender, walk.office, quoted=False, talked=False)
    return ready(walk)


def ready(walk):
    hours()
    walk.members = list(walk.panel.sitting())
    walk.leader = walk.members[0].user
    return walk


def record(walk, number, began=50, ended=40, **fields):
    """The leader records a talk that began and ended so many minutes ago."""
    said = {"began_at": clock.now() - MINUTES(began), "ended_at": clock.now() - MINUTES(ended), "present": walk.members, "about": "人员安排与付款节点。", **fields}
    return talks.record_talk(walk.panel, walk.bids[number], actor=said.pop("actor", walk.leader), **said)


def call(walk, **kwargs):
    return quotes.call_quotes(walk.tender, actor=walk.office.handler, until=clock.now() + MINUTES(60), **kwargs)


def shown(client, user, address):
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_final_quotes_wait_until_every_valid_bidder_was_talked_with(walk):
    found = refused("not_talked", call, walk)
    assert all(str(bid) in str(found) for bid in walk.bids) and "第19条" in found.article and found.todo
    for number in range(3):
        row = record(walk, number, 50 - number * 10, 40 - number * 10, offers="每月增加一次走访。" if number else "")
        assert row.round == 1 and row.present == [member.pk for member in walk.members] and row.absent == []
        if number < 2:
            assert str(walk.bids[number]) not in str(refused("not_talked", call, walk))
    assert [row.verb for row in trail.rows_of(walk.panel)].count("talk") == 3
    call(walk)
    refused("quotes_called", record, walk, 0, 20, 15)


def test_who_fell_is_not_talked_with_and_holds_nobody_up(walk):
    record(walk, 0)
    record(walk, 1, 40, 30)
    advance(walk.bids[2], bids.REJECT, actor=walk.office.handler, reason="算术修正未确认", changes={"invalid_reason": "算术修正未确认"})
    refused("not_valid", record, walk, 2, 30, 20)
    assert talks.objection_to_quotes(walk.tender) is None


def test_a_purchase_without_a_panel_has_talked_with_nobody():
    walk = make_tender(state="opened")
    refused("not_talked", call, walk)


def test_checked_first_and_nothing_once_it_is_over():
    walk = make_tender(state="opened")
    walk.panel = panel.start(form_panel(walk.tender, walk.office), actor=walk.office.handler)
    ready(walk)
    refused("not_checked", record, walk, 0)
    check_all(walk.panel, but={walk.bids[2].pk})
    panel.begin(walk.panel, actor=walk.leader)
    record(walk, 0)
    refused("not_valid", record, walk, 2, 40, 30)
    walk = make_tender(state="evaluated")
    refused("wrong_state", record, ready(walk), 0)


def test_methods_without_talks_know_none_and_neither_does_a_purchase_frozen_before_they_were_declared():
    assert {method.code: method.talks.name for method in methods.known() if method.talks} == {"consultation": "磋商", "negotiation": "谈判"}
    assert methods.get("negotiation").talks.article == "财政部令第74号 第31条"
    walk = make_tender(state="opened", method="open_tender")
    walk.panel = form_panel(walk.tender, walk.office, count=5)
    refused("no_talks", record, ready(walk), 0)
    walk = make_tender(state="opened")
    frozen = copy.deepcopy(walk.tender.frozen)
    frozen["method"].pop("talks")
    Tender.objects.filter(pk=walk.tender.pk).update(frozen=frozen)
    call(walk)


def test_only_the_leader_records(walk):
    for person in (walk.office.handler, walk.members[1].user, walk.providers[0].user):
        with pytest.raises(PermissionDenied):
            record(walk, 0, actor=person)


def test_times_are_those_of_a_talk_that_was_held(walk):
    assert refused("times", record, walk, 0, 40, 40).field == "ended_at"
    assert refused("future", record, walk, 0, 10, -1).field == "ended_at"
    opened = (clock.now() - walk.tender.opened_at).total_seconds() / 60
    assert refused("too_early", record, walk, 0, opened + 1, 10).field == "began_at"
    record(walk, 0, 50, 40)
    found = refused("together", record, walk, 1, 45, 35)
    assert str(walk.bids[0]) in str(found) and found.field == "began_at"
    record(walk, 1, 40, 35)  # one goes out, the next comes in


def test_all_members_are_there_or_it_is_said_why_not(walk):
    assert refused("present", record, walk, 0, present=[]).field == "present"
    assert refused("present", record, walk, 0, present=[*walk.members, SimpleNamespace(pk=0)]).field == "present"
    found = refused("absence", record, walk, 0, present=walk.members[:2])
    assert str(walk.members[2].user) in str(found) and found.field == "absence"
    row = record(walk, 0, present=walk.members[:2], absence="突发疾病，经其他成员同意。")
    assert row.absent == [walk.members[2].pk] and row.absence
    for field, fields in (("about", {"about": " "}), ("about", {"about": "长" * 4001}), ("offers", {"offers": "长" * 4001})):
        assert refused("text", record, walk, 1, 40, 30, **fields).field == field


def test_a_further_round_gives_every_one_the_same_chance_again(walk):
    EvaluationTerms.objects.update_or_create(tender=walk.tender, defaults={"rounds": 2})
    walk.tender = walk.panel.tender = Tender.objects.get(pk=walk.tender.pk)
    record(walk, 0)
    found = refused("same_chance", record, walk, 0, 30, 25)
    assert str(walk.bids[1]) in str(found) and str(walk.bids[0]) not in str(found.sentence).partition("：")[2]
    record(walk, 1, 40, 35)
    record(walk, 2, 35, 30)
    call(walk)
    assert record(walk, 1, 20, 15).round == 2  # between two rounds of quotes
    hours(2)
    quotes.read_quotes(walk.tender, actor=walk.office.handler)
    found = refused("not_talked", call, walk)
    assert str(walk.bids[0]) in str(found) and str(walk.bids[1]) not in str(found)
    record(walk, 0)
    record(walk, 2, 40, 30)
    call(walk)


def test_a_mistake_is_put_right_by_a_further_record(walk):
    row = record(walk, 0)
    said = {"began_at": row.began_at, "ended_at": row.ended_at, "present": walk.members, "about": "人员安排。", "offers": "增加一次活动。"}
    refused("reason_missing", talks.correct_talk, row, actor=walk.leader, reason=" ", **said)
    with pytest.raises(PermissionDenied):
        talks.correct_talk(row, actor=walk.members[1].user, reason="漏记", **said)
    newer = talks.correct_talk(row, actor=walk.leader, reason="漏记承诺", **said)
    assert newer.round == row.round and newer.corrects == row and Talk.objects.get(pk=row.pk).offers == ""
    refused("corrected", talks.correct_talk, Talk.objects.get(pk=row.pk), actor=walk.leader, reason="再次", **said)
    assert list(talks.current(walk.panel)) == [newer]
    assert [row.verb for row in trail.rows_of(walk.panel)][-1] == "correct_talk"
    talk_all(walk.panel)
    quote_all(walk.tender, walk.office)
    newest = talks.correct_talk(newer, actor=walk.leader, reason="时间有误", **said | {"present": walk.members[1:], "absence": "突发疾病"})  # after the quotes, too: it is no talk
    assert newest.absent == [walk.members[0].pk]


def test_the_database_keeps_each_talk_once_and_in_order(walk):
    row = record(walk, 0)
    for fields in ({"round": 1}, {"round": 2, "ended_at": row.began_at}, {"round": 0}):
        values = {"panel": walk.panel, "bid": row.bid, "round": 1, "began_at": row.began_at, "ended_at": row.ended_at, "present": [], "about": "甲", "recorded_by": walk.leader, **fields}
        with pytest.raises(IntegrityError), transaction.atomic():
            Talk.objects.create(**values)


def test_a_negotiation_talks_by_its_own_article():
    walk = make_tender(state="opened", method="negotiation", method_case="complex", items=None)
    walk.panel = make_panel(walk.tender, walk.office, quoted=False, talked=False)
    found = refused("not_talked", call, walk)
    assert found.article == "财政部令第74号 第31条" and "谈判" in str(found)


def test_the_leaders_page_says_who_is_next_and_the_handler_knows_no_names(walk, client):
    page = reverse("panel_talks", args=[walk.panel.pk])
    mine = lambda user: [task.url for task in tasks_for(user)]  # noqa: E731
    ask = reverse("quotes_call", args=[walk.tender.pk])
    assert page in mine(walk.leader) and page not in mine(walk.members[1].user) and ask not in mine(walk.office.handler)
    assert f'href="{page}"' in shown(client, walk.leader, walk.panel.get_absolute_url())
    said = shown(client, walk.office.handler, walk.tender.get_absolute_url())
    assert page in said and "尚未与下列供应商磋商：" in said
    assert "尚未与下列供应商磋商" in shown(client, walk.office.handler, ask) and 'name="until"' not in shown(client, walk.office.handler, ask)
    form = reverse("panel_talk", args=[walk.panel.pk, walk.bids[0].pk])
    assert form in shown(client, walk.leader, page) and form not in shown(client, walk.members[1].user, page)
    assert f'data-draft="talk-{walk.panel.pk}-{walk.bids[0].pk}-1"' in shown(client, walk.leader, form)
    local = lambda minutes: (clock.now() - MINUTES(minutes)).astimezone(clock.ZONE).strftime("%Y-%m-%dT%H:%M")  # noqa: E731
    client.force_login(walk.leader)
    data = {"began_at": local(50), "ended_at": local(40), "present": [member.pk for member in walk.members[:2]], "absence": "", "about": "排班与应急。", "offers": "每月增加一次走访。"}
    answer = client.post(form, data)
    assert answer.status_code == 422 and str(walk.members[2].user) in html.unescape(answer.content.decode())
    assert client.post(form, data | {"absence": "突发疾病"}).url == page
    for person in (walk.leader, walk.office.handler):
        body = shown(client, person, page)
        assert "排班与应急。" in body and "每月增加一次走访。" in body and "突发疾病" in body and "还有 2 家供应商" in body
    assert str(walk.members[2].user) not in shown(client, walk.office.handler, page) and "成员" in shown(client, walk.office.handler, page)
    row = Talk.objects.get()
    client.force_login(walk.leader)
    address = reverse("panel_talk_correct", args=[walk.panel.pk, row.pk])
    assert "排班与应急。" in shown(client, walk.leader, address)
    assert client.post(address, data | {"absence": "突发疾病", "reason": ""}).status_code == 422
    assert client.post(address, data | {"absence": "突发疾病", "about": "排班、应急与保险。", "reason": "漏记保险"}).status_code == 302
    body = shown(client, walk.leader, page)
    assert "漏记保险" in body and "已由下一记录更正" in body and "排班与应急。" in body
    talk_all(walk.panel)
    assert page not in mine(walk.leader) and ask in mine(walk.office.handler) and ask in shown(client, walk.office.handler, page)


def test_in_a_blind_evaluation_the_leader_judges_blind_before_the_desk_asks_for_the_talks(walk, client):
    EvaluationTerms.objects.update_or_create(tender=walk.tender, defaults={"blind": True})
    page = reverse("panel_talks", args=[walk.panel.pk])
    assert page not in [task.url for task in tasks_for(walk.leader)]
    form = reverse("panel_talk", args=[walk.panel.pk, walk.bids[0].pk])
    for member in walk.panel.sitting():  # who still judges without names reads nobody's talk, and the leader holds none
        client.force_login(member.user)
        answer = client.get(page)
        assert answer.status_code == 403 and "暗标" in answer.content.decode()
        assert page not in shown(client, member.user, walk.panel.get_absolute_url())
    client.force_login(walk.leader)
    assert client.get(form).status_code == 403
    refused("blind", record, walk, 0)
    walk.panel.members.filter(is_leader=True).update(blind_done_at=clock.now())
    waiting = refused("blind", record, walk, 0)  # nor does anybody sit in it who would learn there whose plan is whose
    assert waiting.field == "present" and str(walk.members[1].user) in str(waiting)
    walk.panel.members.update(blind_done_at=clock.now())
    assert page in [task.url for task in tasks_for(walk.leader)]
    assert "暗标" in shown(client, walk.leader, form)
    record(walk, 0)


def test_the_report_lists_the_talks_and_what_was_put_right(client):
    walk = make_tender(state="opened")
    walk.panel = make_panel(walk.tender, walk.office, quoted=False, talked=False)
    ready(walk)
    row = record(walk, 0, present=walk.members[:2], absence="突发疾病", offers="每月增加一次走访。")
    talks.correct_talk(row, actor=walk.leader, reason="漏记保险", began_at=row.began_at, ended_at=row.ended_at, present=walk.members, about="排班与保险。")
    talk_all(walk.panel)
    quote_all(walk.tender, walk.office)
    score_all(walk.panel)
    sitting = conclusion.conclude(walk.panel, actor=walk.leader, report="评审结束")
    body = shown(client, walk.office.handler, reverse("panel_report", args=[sitting.pk]) + "?html=1")
    for wanted in ("磋商情况", "财库〔2014〕214号 第19条", "排班与保险。", "更正记录：漏记保险", "此记录已更正", "每月增加一次走访。", f"缺席：{walk.members[2].user}（突发疾病）"):
        assert wanted in body, wanted
    assert {str(row.bid) for row in papers.report_context(sitting)["talks"]} == {str(bid) for bid in walk.bids}
    page = shown(client, walk.office.handler, reverse("panel_talks", args=[sitting.pk]))
    assert "排班与保险。" in page and reverse("panel_talk", args=[sitting.pk, walk.bids[0].pk]) not in page

