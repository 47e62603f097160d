"""Something on today's desk of everybody on whom nobody else's story leaves a task: the bureau as a purchaser, owners of funds, bidders, a grid worker."""

import datetime
from decimal import Decimal

from communities.lifecycle import staff
from config.demo.applying import apply
from config.demo.travel import Travel
from kernel import clock
from procurement.lifecycle import bid, configuration, fund
from procurement.models import Gate, Tender
from providers.lifecycle import organization

WELFARE = "minzheng_welfare"
BUREAU = "minzheng"
GATES = (("line_review", "业务科室审核", 1, "department"), ("bureau_leader", "分管局长审批", 2, "leader"))


def fill(cast, themes, now):
    """All of it, as of `now`; the bureau's application was handed in some days before."""
    buy_for_the_bureau(cast, themes, now)
    clock.set_to(now)
    expect_money(cast)
    begin_responses(cast)
    send_back_newcomer(cast)
    staff.stand_in(
        cast.users["community"], cast.users["grid"], actor=cast.users["community"], starts_on=now.date(), ends_on=now.date() + datetime.timedelta(days=3), reason="参加区委党校培训"
    )


def buy_for_the_bureau(cast, themes, now, home="竹影社区"):
    """The civil affairs bureau pays for a community's project out of welfare money and reviews it itself: the application waits for its section."""
    handler, leader, accountant = (cast.people[role, BUREAU] for role in ("handler", "leader", "accountant"))
    travel = Travel(6, now)
    purchaser = cast.purchasers[BUREAU]
    for key, name, order, role in GATES:
        gate = configuration.propose(Gate, leader, purchaser=purchaser, key=key, name=name, order=order, by_meeting=False, role=role, amount_from=0, expected_days=5)
        configuration.confirm(gate, accountant)
    configuration.defaults_for(purchaser, accountant, leader)
    year = clock.today().year
    money = fund.create_fund(leader, purchaser=purchaser, name="福利彩票公益金助老项目", source="subsidy", fiscal_year=year, amount=120000)
    cast.funds[WELFARE, year] = fund.approve(money, actor=accountant, document=f"清民发〔{year}〕11号")
    office = cast.of(home)
    office.purchaser, office.fund_key, office.handler = purchaser, WELFARE, handler
    plot = {"title": f"{home}独居老人探访关爱服务", "way": "quotes", "scale": 1, "ends": "submitted"}
    next(row for level, row in apply(plot, themes["visits"], office, cast, travel) if level == "submitted")


def expect_money(cast):
    """Each street's accountant enters money that was promised; the owner of the funds approves it."""
    year = clock.today().year
    for key in ("yuhe", "wangxi"):
        fund.create_fund(cast.people["accountant", key], purchaser=cast.purchasers[key], name="市级社区服务补助", source="subsidy", fiscal_year=year, amount=Decimal(150000))


def begin_responses(cast):
    """Two more organizations write a response to each purchase published now, not handed in yet; a third took one back to change it."""
    taken_back = None
    for row in Tender.objects.filter(status="published", venue="internal", deadline__gt=clock.now()).order_by("deadline"):
        lot = row.lots.first()
        for key in ("ciguang", "hefeng"):
            started = bid.start_bid(cast.organizations[key], lot, actor=manager_of(cast, key))
            bid.save_part(started, "technical", "服务方案（草稿）：待补充进度安排与应急措施。".encode(), actor=manager_of(cast, key))
        if taken_back is None:
            mine = bid.start_bid(cast.organizations["chunhui"], lot, actor=manager_of(cast, "chunhui"))
            taken_back = bid.withdraw_bid(mine, actor=manager_of(cast, "chunhui")) if mine.status == "submitted" else mine


def manager_of(cast, key):
    return cast.organizations[key].members.get(role="manager").user


def send_back_newcomer(cast):
    """A newcomer's papers are not complete; the other newcomer waits to be verified."""
    organization.send_back(cast.organizations["heyi"], actor=cast.people["handler", "wangxi"], reason="登记证书副本缺少年检页，请补充后再次提交。")
