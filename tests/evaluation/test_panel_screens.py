"""What the panel's screens tell the tired: the next step, the question once, the round of a quote, why a price is low, a change's reason in words."""

import datetime
import html
from decimal import Decimal

import pytest
from django.urls import reverse

from evaluation import papers
from evaluation.lifecycle import questions, results
from evaluation.models import Panel
from kernel import clock
from kernel.detail import progress_of
from procurement.lifecycle import award, quotes, tender
from tests.factories.tenders import make_panel, make_tender

pytestmark = pytest.mark.django_db


def shown(client, user, address):
    client.force_login(user)
    return html.unescape(client.get(address).content.decode())


def test_an_opened_purchase_that_is_scored_waits_for_its_panel_not_for_a_ranking_by_price():
    walk = make_tender(state="opened")
    assert progress_of(walk.tender).next_label == tender.EVALUATE.label


def test_the_bidders_page_shows_the_panels_question_once_and_the_form_of_a_quote_tells_its_round(client):
    walk = make_tender(state="opened")
    sitting = make_panel(walk.tender, walk.office, quoted=False)
    bid = walk.bids[0]
    user = bid.organization.members.first().user
    row = questions.ask(sitting, bid, actor=sitting.sitting().get(is_leader=True).user, kind="clarify", text="请说明排班。", until=clock.now() + datetime.timedelta(hours=1))
    assert shown(client, user, bid.get_absolute_url()).count(f'href="{row.get_absolute_url()}"') == 1
    quotes.call_quotes(walk.tender, actor=walk.office.handler, until=clock.now() + datetime.timedelta(hours=1))
    page = shown(client, user, reverse("bid_final", args=[bid.public_id]))
    assert "第 1 轮" in page and f"现报价 {bid.amount:,.2f} 元" in page and f"最高限价 {walk.lot.ceiling:,.2f} 元" in page


def test_a_bidder_of_a_consultation_is_sent_back_from_the_record_nobody_asks_it_to_confirm(client):
    walk = make_tender(state="opened")
    bid = walk.bids[0]
    client.force_login(bid.organization.members.first().user)
    assert client.get(reverse("opening_remark", args=[bid.public_id])).url == bid.get_absolute_url()


def test_a_purchase_whose_award_fell_says_so_and_what_may_follow(client):
    walk = make_tender(state="announced")
    assert "成交结果已于" not in shown(client, walk.office.leader, walk.tender.get_absolute_url())
    award.decline(walk.lot, actor=walk.office.leader, reason="书面放弃")
    assert "成交结果已于" in shown(client, walk.office.leader, walk.tender.get_absolute_url())


def test_the_form_on_a_low_price_says_the_quote_and_why_it_is_low(client):
    walk = make_tender(state="opened", prices=(250000, 240000, 120000))
    sitting = make_panel(walk.tender, walk.office)
    leader = sitting.sitting().get(is_leader=True).user
    page = shown(client, leader, reverse("panel_low_price", args=[sitting.pk, walk.bids[2].pk]))
    assert "报价 120,000.00 元" in page and "低于最高限价的规定比例" in page


def test_the_report_gives_a_changes_lawful_reason_in_words_and_actions_stand_only_before_who_may_act(client):
    walk = make_tender(state="evaluated")
    panel = walk.panel
    member = panel.sitting().filter(is_leader=False).first().user
    assert '<th scope="col">操作</th>' not in shown(client, member, panel.get_absolute_url())
    results.revise(panel, actor=walk.office.handler, kind="price", reason="最后报价录入错误", prices={walk.bids[0].pk: Decimal(100000)})
    change = papers.report_context(Panel.objects.get(pk=panel.pk))["versions"][0]
    assert change.label == "价格评审错误"
