"""实质性变动: the leader writes down what the talks change, the purchaser confirms it, every valid supplier is told in one moment and hands in anew; quotes and scores wait."""

import copy
import datetime
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from evaluation import papers
from evaluation.announce_panel import contract_terms_panel
from evaluation.lifecycle import change as changes
from evaluation.lifecycle import conclusion, panel, questions, sheets, talks
from evaluation.models import BidQuestion, Panel, TermsChange
from kernel import clock
from kernel.lifecycle import LIVES, advance
from kernel.models import Notice
from kernel.registry import tasks_for
from procurement.lifecycle import bid as bids
from procurement.lifecycle import quotes
from procurement.models import EvaluationTerms, Tender
from tests.factories.projects import scan
from tests.factories.tenders import hours, make_experts, make_panel, make_tender, quote_all, score_all, talk_all, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
TEXT = {"requirements": "原：每周活动两次。现：每周活动三次，周末至少一次。", "cause": "三家供应商都说明周末需求集中。"}
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def walk():
    """A panel that has talked with everybody; the final quotes are not asked for."""
    walk = make_tender(state="opened")
    walk.panel = make_panel(walk.tender, walk.office, quoted=False)
    hours()
    walk.members = list(walk.panel.sitting())
    walk.leader, walk.handler = walk.members[0].user, walk.office.handler
    return walk


def told(walk, **text):
    row = changes.propose(walk.panel, actor=walk.leader, **{**TEXT, **text})
    return changes.confirm(row, actor=walk.handler, until=clock.now() + HOUR)


def anew(walk, number):
    row = BidQuestion.objects.get(kind="change", bid=walk.bids[number])
    return questions.answer_question(row, actor=walk.providers[number].user, answer="增加周末场次。", attachments=[scan()])


def call(walk):
    return quotes.call_quotes(walk.tender, actor=walk.handler, until=clock.now() + HOUR)


def test_every_valid_supplier_is_told_in_the_same_moment_and_nobody_before(walk):
    advance(walk.bids[2], bids.REJECT, actor=walk.handler, reason="算术修正未确认", changes={"invalid_reason": "算术修正未确认"})
    row = changes.propose(walk.panel, actor=walk.leader, **TEXT)
    people = [provider.user for provider in walk.providers]
    assert not BidQuestion.objects.filter(kind="change").exists() and not Notice.objects.filter(user__in=people, kind="terms_changed").exists()
    assert Notice.objects.filter(user=walk.handler, kind="terms_change_waits").count() == 1
    assert not any(TermsChange.objects.visible_to(person).exists() for person in people)
    row = changes.confirm(row, actor=walk.handler, until=clock.now() + HOUR)
    asked = BidQuestion.objects.filter(change=row)
    assert {question.bid_id for question in asked} == {walk.bids[0].pk, walk.bids[1].pk}
    assert {question.until for question in asked} == {row.until} and len({question.asked_at for question in asked}) <= 2
    assert set(Notice.objects.filter(kind="terms_changed").values_list("user", flat=True)) == {walk.providers[0].user.pk, walk.providers[1].user.pk}
    assert [TermsChange.objects.visible_to(person).count() for person in people] == [1, 1, 0]


def test_quotes_and_sheets_wait_for_the_purchaser_and_for_the_suppliers(walk):
    row = changes.propose(walk.panel, actor=walk.leader, **TEXT)
    assert "第20条" in refused("change_waits", call, walk).article
    score_ready(walk)
    refused("change_waits", sheets.submit_scores, walk.panel, actor=walk.members[1].user)
    changes.confirm(row, actor=walk.handler, until=clock.now() + HOUR)
    anew(walk, 0)
    found = refused("change_runs", call, walk)
    assert str(walk.bids[0]) not in str(found) and str(walk.bids[1]) in str(found)
    refused("change_runs", sheets.submit_scores, walk.panel, actor=walk.members[1].user)
    anew(walk, 1)
    anew(walk, 2)
    call(walk)  # all are in: nobody waits for the rest of the time


def test_who_lets_the_time_pass_holds_nobody_up_and_hands_in_nothing_any_more(walk):
    row = told(walk)
    travel(row.until)
    refused("late", anew, walk, 0)
    call(walk)


def score_ready(walk):
    """Every member has given every point and handed in nothing."""
    rows, items = list(walk.bids), sheets.seats.judged_items(walk.panel)
    for member in walk.members:
        sheets.score(walk.panel, actor=member.user, points={(bid.pk, item.pk): item.points / 2 for bid in rows for item in items})


def test_scores_follow_the_talks_and_the_terms(walk):
    early = make_tender(state="opened")
    early.panel = make_panel(early.tender, early.office, quoted=False, talked=False)
    early.members = list(early.panel.sitting())
    score_ready(early)
    refused("not_talked", sheets.submit_scores, early.panel, actor=early.members[1].user)
    score_ready(walk)
    sheets.submit_scores(walk.panel, actor=walk.members[1].user)
    refused("handed_in", changes.propose, walk.panel, actor=walk.leader, **TEXT)
    sheets.reopen_scores(walk.panel, walk.members[1], actor=walk.leader, reason="采购需求变动")
    changes.propose(walk.panel, actor=walk.leader, **TEXT)


def test_terms_change_in_talks_and_before_final_quotes_only(walk):
    early = make_tender(state="opened")
    early.panel = make_panel(early.tender, early.office, quoted=False, talked=False)
    refused("not_talked", changes.propose, early.panel, actor=early.panel.sitting()[0].user, **TEXT)
    call(walk)
    refused("quotes_called", changes.propose, walk.panel, actor=walk.leader, **TEXT)
    over = make_tender(state="evaluated")
    refused("wrong_state", changes.propose, over.panel, actor=over.panel.sitting()[0].user, **TEXT)


def test_methods_that_change_no_terms_and_purchases_frozen_before_it_was_known(walk):
    assert changes.article_of(walk.tender) == "财库〔2014〕214号 第20条"
    frozen = copy.deepcopy(walk.tender.frozen)
    frozen["method"]["talks"].pop("changes")
    Tender.objects.filter(pk=walk.tender.pk).update(frozen=frozen)
    refused("no_changes", changes.propose, walk.panel, actor=walk.leader, **TEXT)
    call(walk)


def test_the_leader_proposes_the_purchaser_decides(walk):
    for person in (walk.handler, walk.members[1].user, walk.providers[0].user):
        with pytest.raises(PermissionDenied):
            changes.propose(walk.panel, actor=person, **TEXT)
    row = changes.propose(walk.panel, actor=walk.leader, **TEXT)
    for person in (walk.leader, walk.members[1].user, walk.office.leader, walk.providers[0].user):
        with pytest.raises(PermissionDenied):
            changes.confirm(row, actor=person, until=clock.now() + HOUR)
    refused("change_waits", changes.propose, walk.panel, actor=walk.leader, **TEXT)
    refused("past", changes.confirm, row, actor=walk.handler, until=clock.now())
    refused("reason_missing", changes.refuse, row, actor=walk.handler)
    changes.refuse(row, actor=walk.handler, reason="预算不允许增加场次")
    assert Notice.objects.get(user=walk.leader, kind="terms_change_refused").params["reason"] == "预算不允许增加场次"
    assert not BidQuestion.objects.filter(kind="change").exists()
    call(walk)


def test_something_changes_and_it_is_said_why(walk):
    assert refused("nothing", changes.propose, walk.panel, actor=walk.leader, cause="有原因").field == "requirements"
    assert refused("reason_missing", changes.propose, walk.panel, actor=walk.leader, requirements="现：三次。", cause=" ").field == "cause"
    row = changes.propose(walk.panel, actor=walk.leader, contract_terms="付款节点由两期改为三期。", cause="供应商垫资压力大")
    for wrong in ({"requirements": "", "contract_terms": ""}, {"told_at": clock.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            TermsChange.objects.filter(pk=row.pk).update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        TermsChange.objects.create(status="proposed", panel=walk.panel, number=2, **TEXT)


def test_a_second_change_gets_its_own_number_and_answers(walk):
    told(walk)
    for number in range(3):
        anew(walk, number)
    second = told(walk, requirements="", contract_terms="付款节点由两期改为三期。")
    assert second.number == 2 and second.questions.count() == 3 and changes.unanswered(second).count() == 3


def test_a_response_anew_is_a_signed_file_and_only_its_own_people_and_the_panel_read_it(walk, client):
    row = told(walk)
    question = BidQuestion.objects.get(change=row, bid=walk.bids[0])
    refused("file", questions.answer_question, question, actor=walk.providers[0].user, answer="增加周末场次。")
    client.force_login(walk.providers[0].user)
    page = client.get(question.get_absolute_url()).content.decode()
    assert row.get_absolute_url() in page and "采购文件变动通知" in page
    assert client.post(question.get_absolute_url(), {"answer": "增加周末场次。"}).status_code == 422
    assert client.post(question.get_absolute_url(), {"answer": "增加周末场次。", "attachments": scan()}).status_code == 302
    for person, status in ((walk.providers[1].user, 404), (walk.members[1].user, 200), (walk.handler, 200)):
        client.force_login(person)
        assert client.get(question.get_absolute_url()).status_code == status


def test_a_supplier_reads_the_change_and_nothing_of_the_others(walk, client):
    row = told(walk)
    client.force_login(walk.providers[0].user)
    page = client.get(row.get_absolute_url()).content.decode()
    assert TEXT["requirements"] in page and TEXT["cause"] not in page and "提交新的响应文件" in page
    assert not any(str(bid) in page for bid in walk.bids[1:])
    assert not any(str(member.user) in page for member in walk.members)
    paper = client.get(reverse("terms_change_paper", args=[row.pk]))
    assert paper.status_code == 200 and paper["Content-Type"] == "application/pdf"


def test_pages_of_the_leader_and_the_handler(walk, client):
    client.force_login(walk.leader)
    page, form = reverse("panel_talks", args=[walk.panel.pk]), reverse("terms_change_propose", args=[walk.panel.pk])
    assert form in client.get(page).content.decode()
    assert client.post(form, {"requirements": "", "contract_terms": "", "cause": "有原因"}).status_code == 422
    assert client.post(form, TEXT).status_code == 302
    row = TermsChange.objects.get()
    body = client.get(page).content.decode()
    assert form not in body and row.get_absolute_url() in body
    client.force_login(walk.handler)
    assert row.get_absolute_url() in [task.url for task in tasks_for(walk.handler)]
    body = client.get(row.get_absolute_url()).content.decode()
    assert TEXT["cause"] in body and not any(str(member.user) in body for member in walk.members)
    act = reverse("act", args=["terms_change", row.pk, "confirm"])
    assert act in body and client.get(reverse("terms_change_paper", args=[row.pk])).status_code == 404
    assert client.post(act, {"until": "2020-01-01T10:00"}).status_code == 422
    assert client.post(act, {"until": f"{clock.now() + HOUR:%Y-%m-%dT%H:%M}"}).status_code == 302
    assert "0 / 3" in client.get(page).content.decode()
    assert reverse("quotes_call", args=[walk.tender.pk]) not in client.get(page).content.decode()
    assert row.get_absolute_url() not in [task.url for task in tasks_for(walk.handler)]
    assert BidQuestion.objects.get(change=row, bid=walk.bids[0]).get_absolute_url() in [task.url for task in tasks_for(walk.providers[0].user)]


def test_desks_ask_for_what_can_be_done_now(walk):
    ask, score = reverse("quotes_call", args=[walk.tender.pk]), walk.panel.get_absolute_url()
    urls = lambda user: [task.url for task in tasks_for(user)]  # noqa: E731
    assert ask in urls(walk.handler) and score in urls(walk.members[1].user)
    row = changes.propose(walk.panel, actor=walk.leader, **TEXT)
    assert ask not in urls(walk.handler) and score not in urls(walk.members[1].user)
    row = changes.confirm(row, actor=walk.handler, until=clock.now() + HOUR)
    assert ask not in urls(walk.handler) and score not in urls(walk.members[1].user)
    travel(row.until)
    assert ask in urls(walk.handler) and score in urls(walk.members[1].user)


def test_who_writes_the_contract_is_shown_what_the_talks_changed(walk):
    row = told(walk)
    contract = SimpleNamespace(lot_id=walk.lot.pk)
    assert contract_terms_panel(contract, walk.handler).context["rows"] == [row] == contract_terms_panel(contract, walk.providers[0].user).context["rows"]
    assert contract_terms_panel(contract, walk.office.finance) is None and contract_terms_panel(SimpleNamespace(lot_id=None), walk.handler) is None


def test_what_was_told_holds_for_a_panel_that_judges_anew(walk, client):
    row = told(walk)
    anew(walk, 0)
    Panel.objects.filter(pk=walk.panel.pk).update(tender=None, former_tender=walk.tender, status="concluded")
    stranger, member = make_experts(2)[0].user, make_experts(1)[0].user
    panel.name_member(again := panel.create_panel(Tender.objects.get(pk=walk.tender.pk), actor=walk.handler), member, actor=walk.handler)
    Panel.objects.filter(pk=again.pk).update(status="scoring")
    question = BidQuestion.objects.get(change=row, bid=walk.bids[0])
    for person in (walk.handler, member):
        client.force_login(person)
        assert TEXT["requirements"] in client.get(row.get_absolute_url()).content.decode()
        assert client.get(question.get_absolute_url()).status_code == 200
        assert row.get_absolute_url() in client.get(reverse("panel_talks", args=[again.pk])).content.decode()
    assert contract_terms_panel(SimpleNamespace(lot_id=walk.lot.pk), walk.handler).context["rows"] == [row]
    EvaluationTerms.objects.update_or_create(tender=walk.tender, defaults={"blind": True})
    client.force_login(member)
    assert client.get(row.get_absolute_url()).status_code == client.get(question.get_absolute_url()).status_code == 403
    client.force_login(stranger)
    assert client.get(row.get_absolute_url()).status_code == client.get(question.get_absolute_url()).status_code == 404


def test_who_still_judges_without_names_reads_no_change_and_no_question(walk, client):
    row = told(walk)
    question = BidQuestion.objects.filter(change=row).first()
    EvaluationTerms.objects.update_or_create(tender=walk.tender, defaults={"blind": True})
    client.force_login(walk.members[1].user)
    for address in (row.get_absolute_url(), question.get_absolute_url()):
        answer = client.get(address)
        assert answer.status_code == 403 and "暗标" in answer.content.decode()
    assert question.get_absolute_url() not in client.get(walk.panel.get_absolute_url()).content.decode()
    client.force_login(walk.handler)
    assert client.get(question.get_absolute_url()).status_code == 200


def test_the_leader_gives_a_change_up(walk):
    row = changes.propose(walk.panel, actor=walk.leader, **TEXT)
    with pytest.raises(PermissionDenied):
        changes.drop(row, actor=walk.handler)
    assert changes.drop(row, actor=walk.leader).status == "dropped" and LIVES["terms_change"].states["dropped"]
    call(walk)


def test_the_report_prints_changes_and_who_handed_in_anew(walk, client):
    told(walk)
    anew(walk, 0)
    travel(clock.now() + HOUR)
    talk_again(walk)
    quote_all(walk.tender, walk.office)
    score_all(walk.panel)
    sitting = conclusion.conclude(walk.panel, actor=walk.leader, report="评审结束")
    client.force_login(walk.handler)
    body = client.get(reverse("panel_report", args=[sitting.pk]) + "?html=1").content.decode()
    for wanted in ("采购文件的实质性变动", "财库〔2014〕214号 第20条", TEXT["cause"], "未重新提交，以原响应文件为准"):
        assert wanted in body, wanted
    assert len(papers.report_context(sitting)["changes"]) == 1


def talk_again(walk):
    """After a change the panel may talk with everybody once more."""
    began = clock.now() - datetime.timedelta(minutes=5)
    talks.record_talk(walk.panel, walk.bids[0], actor=walk.leader, began_at=began, ended_at=clock.now(), present=walk.members, about="变动后的方案。")
    assert set(talks.untalked(walk.tender)) == set(walk.bids[1:])
    talk_all(walk.panel)
