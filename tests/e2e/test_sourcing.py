"""What goes wrong in a purchase, through the screens: too few responses, and a challenge that keeps the contract from being signed."""

import datetime

import pytest

from config.demo.papers import scan
from kernel import clock, holidays, jobs
from procurement.lifecycle import contract_draft
from procurement.models import Tender
from tests.e2e.people import People, goes_on
from tests.factories.tenders import make_tender, passphrase_of, travel

pytestmark = [pytest.mark.browser]
BEGINS = datetime.datetime(2026, 3, 2, 9, 30, tzinfo=clock.ZONE)


@pytest.fixture
def people(transactional_db, browse, monkeypatch):
    """Everybody the factories make, by login name."""
    monkeypatch.setattr(jobs, "send", lambda job_id: True)
    clock.set_to(BEGINS)
    holidays.seed()
    everybody = People(browse, "correct-horse-9")
    yield everybody
    assert everybody.complaints == []


def of(people, user):
    """The browser of a person the factories made, with a password we know."""
    if (user.username, False) not in people.known:
        user.set_password(people.password)
        user.save(update_fields=["password"])
    return people(user.username)


def test_too_few_responses_end_with_a_notice_and_a_new_purchase(people):
    """One bidder where two are needed: nothing is opened, the termination notice says why, and the project is bought anew."""
    walk = make_tender(state="submitted", prices=(250000,))
    title, office = walk.tender.title, walk.office
    travel(walk.tender.deadline + datetime.timedelta(minutes=5))
    opener = of(people, office.leader)
    opener.opens(walk.tender.get_absolute_url()).presses("进入开启").sees("响应家数不足，不予开启").misses(passphrase_of(office.leader), str(walk.providers[0].organization))
    handler = of(people, office.handler)
    handler.opens(f"{walk.tender.get_absolute_url()}opening/").presses("终止采购并发布公告").fills(reason="提交响应文件的供应商不足两家。").presses("终止采购").sees("已终止")
    people.somebody().opens("/public/notices/").follows(f"{title}终止公告").sees("提交响应文件的供应商不足两家", title).misses("250,000")
    bidder = of(people, walk.providers[0].user)
    bidder.opens("/bids/").sees(title)
    handler.opens(walk.tender.get_absolute_url()).presses("重新采购")
    handler.fills(method="竞争性磋商", method_reason="已延长响应时间并走访潜在供应商。").presses("生成新的草稿").sees("草稿")
    anew = Tender.objects.get(follows=walk.tender)
    assert anew.status == "draft" and anew.requirements == walk.tender.requirements and anew.openers.count() == 5


def test_a_challenge_keeps_the_contract_from_being_signed(people):
    """A loser challenges the result; signing waits, the button says why; after the answer it goes on."""
    walk = make_tender(state="announced")
    office, tender = walk.office, walk.tender
    draft = contract_draft.draft_contract(tender.lots.get(), actor=office.handler)
    loser = next(one for one in walk.providers if one.organization.pk != tender.lots.get().award.organization_id)
    goes_on(days=1)
    bidder = of(people, loser.user)
    bidder.opens(tender.get_absolute_url()).presses("质疑").fills(target="结果", facts="我方同类经验得分与提交的合同不符。", request="请求复核并纠正。", legal_basis="财政部令第94号 第10条").presses("提交质疑").sees("答复期限")
    number = bidder.tab.inner_text("h1")
    handler, leader = of(people, office.handler), of(people, office.leader)
    handler.opens(draft.get_absolute_url()).sees("质疑", "实施条例 第54条")
    assert not handler.tab.locator("main a:not([aria-disabled])", has_text="登记签订").count()
    goes_on(days=1)
    handler.opens("/desk/").follows(tender.title)
    assert number.split()[-1] in handler.tab.inner_text("body")
    handler.presses("拟写答复").fills(outcome="不成立", answer="经复核，客观分依据响应文件中的合同逐份计算，无误。").presses("拟写答复")
    leader.opens("/desk/").follows(tender.title).presses("审签答复").sees("已答复")
    bidder.opens("/challenges/").follows(number.split()[-1]).sees("不成立", "逐份计算")
    goes_on(hours=1)
    handler.opens(draft.get_absolute_url()).presses("登记签订").fills(scan=scan("服务合同")).presses("登记签订").sees("履行中")
