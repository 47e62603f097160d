"""From the approved project to the result: lawful clocks, sealed responses, two openers, experts."""

import datetime
from decimal import Decimal

from config.demo import offers
from config.demo.papers import scan
from config.demo.preparing import TIMELY, prepare, review_documents
from config.demo.travel import office_is_open
from evaluation.lifecycle import conclusion, panel
from kernel import clock
from kernel.money import yuan
from procurement import tender_papers
from procurement.lifecycle import award, bid, declaration, documents, inquiry, opening, qualification, question, recording, selfrun, tender
from procurement.models import Award
from procurement.timetable import timetable

ITEMS = [
    {"kind": "objective", "name": "同类项目经验", "standard": "近三年每有一个同类合同得5分，满分10分。", "points": 10},
    {"kind": "subjective", "name": "服务方案", "standard": "贴合需求、进度合理、有应急措施：优31–40分，良21–30分，一般0–20分。", "points": 40},
    {"kind": "subjective", "name": "人员配备", "standard": "专职社工与专业资质配备：优21–30分，良11–20分，一般0–10分。", "points": 30},
    {"kind": "price", "name": "报价", "standard": "最低有效报价为基准价，报价得分＝基准价÷报价×20。", "points": 20},
]
RATES = {"nuanyang": Decimal("0.96"), "lelin": Decimal("0.93"), "chunhui": Decimal("0.98")}
TEXTS = {"qualification": "附登记证书、近三年无重大违法记录声明。", "technical": "拟配备专职社工，按月提交进度，突发情况两小时内响应。"}


# How many days ago the deadline was (or, negative, how far ahead it is) for what is still open on today's desks.
STILL_OPEN = {"published": -6, "to_open": 0.5, "scoring": 2, "evaluated": 3}


def last_start(made, travel, days):
    """How many days before now a purchase must publish so that its lawful deadline lies `days` ago."""
    end = travel.now - datetime.timedelta(days=days)
    starts = [(count, (travel.now - datetime.timedelta(days=count)).date()) for count in range(1, 60)]
    return next(count for count, day in starts if office_is_open(day) and timetable(made, day).moment <= end)


def choose(plot, row, office, cast, travel):
    """Three quotes or the intended provider: straight to the award. Returns the lot, or the project for an intended provider."""
    if plot["way"] == "intended":
        return row
    travel.days(2)
    prices = {key: yuan(row.ceiling * rate) for key, rate in RATES.items()}
    quotes = [{"organization": cast.organizations[key], "price": price} for key, price in prices.items()]
    cheapest = min(prices, key=prices.get)
    made = selfrun.choose_provider(row, actor=office.handler, organization=cast.organizations[cheapest], amount=prices[cheapest], reason="三家比价，报价最低且满足需求。", quotes=quotes)
    return made.lot


def compete(plot, row, office, cast, travel):
    """Yields (level, lot) of a purchase with sealed responses."""
    statutory = plot["way"] == "statutory"
    travel.days(2)
    fields = {"method": "consultation", "method_reason": "政府购买服务项目，需求需与供应商磋商明确。", "plan_number": f"备案〔{row.fiscal_year}〕{row.pk:03d}号", "price_weight": 20} if statutory else {"method": "self_run", "price_weight": 20}
    if statutory:
        prepare(row, office)
    made = tender.create_tender(
        [row], actor=office.handler, score_items=ITEMS, qualification="具有独立承担民事责任能力，依法登记，近三年无重大违法记录。", contract_terms="首付30%，进度款50%，结项验收后支付20%。", **fields
    )
    openers = [cast.users[name] for name in cast.told["openers"]]
    if made.seal == "openers":
        opening.appoint_openers(made, openers[:3], openers[3:], actor=office.handler)
        for person in openers:
            opening.rehearse(made, actor=person, passphrase=cast.told["passphrase"])
    if statutory:
        review_documents(made, office)
        declare_all(made, [office.handler, office.leader, *openers])
    travel.minutes(60)
    if plot["ends"] in STILL_OPEN:
        travel.before_now(last_start(made, travel, STILL_OPEN[plot["ends"]]))
    made = tender.publish(made, actor=office.handler, cautions=TIMELY)
    lot = made.lots.get()
    if plot["ends"] == "published":
        clarify_once(made, office, cast, travel)
    bids = respond(lot, cast, travel)
    if plot["ends"] == "published":
        travel.before_now(1)
        ask(made, cast, "lelin", "服务人员是否可以由本机构兼职社工承担部分工作？兼职比例有无限制？", "requirements")
    yield "published", lot
    inquire(made, travel, answered=plot["ends"] != "published")
    travel.to(made.deadline + datetime.timedelta(minutes=20))
    if plot["ends"] == "to_open":
        yield "to_open", lot
    if made.seal == "openers":
        opening.open_with(made, actor=openers[0], passphrase=cast.told["passphrase"])
        made = opening.open_with(made, actor=openers[1], passphrase=cast.told["passphrase"])
    else:
        made = opening.open_with_witness(made, actor=office.handler, witness=office.supervisor)
    travel.minutes(40)
    if statutory:
        query_credit(lot, office)
        keep_recording(made, "opening", office)
    board = panel.create_panel(made, actor=office.handler)
    if statutory:
        board = panel.draw_experts(board, actor=office.handler, count=3)
    else:
        for person in (office.section, office.supervisor, office.committee):
            panel.name_member(board, person, actor=office.handler)
    board = panel.form(board, actor=office.handler)
    members = [member.user for member in board.sitting()]
    for person in members:
        panel.declare(board, actor=person)
    board = panel.start(board, actor=office.handler)
    yield "scoring", lot
    travel.minutes(90)
    judge(board, members, bids)
    leader = next(member.user for member in board.sitting() if member.is_leader)
    conclusion.conclude(board, actor=leader, report="评审小组按评审办法独立评分，推荐得分最高者为第一成交候选人。")
    lot.refresh_from_db()
    if statutory:
        keep_recording(made, "evaluation", office)
    yield "evaluated", lot
    travel.days(2)
    award.decide_award(lot, actor=office.leader)
    travel.days(1)
    award.publish_result(type(made).objects.get(pk=made.pk), actor=office.handler)
    lot.refresh_from_db()
    award.acknowledge(lot, actor=Award.objects.get(lot=lot).organization.members.get(role="manager").user)
    lot.refresh_from_db()
    yield "resulted", lot


def ask(made, cast, key, text, chapter):
    """An organization asks; nobody at the office learns which."""
    organization = cast.organizations[key]
    return question.ask(made, organization, actor=organization.members.get(role="manager").user, text=text, chapter=chapter)


def clarify_once(made, office, cast, travel):
    """A question about the requirements shows that they are unclear: the chapter is changed, the answer makes version 2 of the documents."""
    travel.minutes(120)
    asked = ask(made, cast, "nuanyang", "我单位（暖阳）想确认：活动所需的保险由谁投保，费用是否包含在报价内？", "requirements")
    travel.minutes(90)
    source = next(row for row in tender_papers.sources_of(made) if row["key"] == "requirements")
    documents.edit_chapter(made, "requirements", f"{source['text']}\n# 六、保险\n承接主体为参加活动的服务对象和工作人员投保意外险，费用包含在报价内。", actor=office.handler)
    question.answer(
        asked, actor=office.handler, published_text="活动所需的保险由谁投保，费用是否包含在报价内？", answer="由承接主体投保意外险，费用包含在报价内，采购需求已补充第六条。", affects=True, publish_now=True,
    )  # fmt: skip


def declare_all(made, people):
    """回避声明 of everybody who publishes, opens or decides."""
    for person in {user.pk: user for user in people}.values():
        declaration.declare(made, actor=person, no_post=True, no_kin=True, no_other=True)


def inquire(made, travel, answered):
    """Somebody's question about the announced purchase, answered the same day or still open on the desk."""
    if not inquiry.askable(made):
        return
    row = inquiry.ask(made, asker="清源区某社会工作服务中心", question="服务期内节假日是否需要安排活动？", contact="13900005678")
    if answered:
        travel.minutes(30)
        inquiry.answer(row, actor=made.handler, answer="以采购文件第三章服务要求为准，法定节假日不作要求。")


def keep_recording(made, stage, office):
    """Where the recording of opening or evaluation is kept."""
    recording.register(made, actor=office.handler, stage=stage, made_on=clock.today(), place="街道三楼会议室硬盘录像机（2号盘）", keeper=office.supervisor)


def respond(lot, cast, travel):
    """Three organizations answer, sealed."""
    made = []
    for key, rate in RATES.items():
        travel.minutes(35)
        organization = cast.organizations[key]
        manager = organization.members.get(role="manager").user
        row = bid.start_bid(organization, lot, actor=manager)
        for part, text in TEXTS.items():
            bid.save_part(row, part, f"{organization.name}：{text}".encode(), actor=manager)
        price = yuan(lot.ceiling * rate)
        bid.save_part(row, "price", str(price).encode(), actor=manager)
        for part, content in offers.structured(lot, price, organization, "nuanyang lelin chunhui".split().index(key)).items():
            bid.save_part(row, part, content, actor=manager)
        made.append(bid.submit(row, actor=manager))
    return made


def query_credit(lot, office):
    """The handler queries both sites for every bidder and keeps the screenshots."""
    for row in lot.bids.filter(status="opened"):
        for channel, name in list(qualification.CreditCheck.CHANNELS)[:2]:
            qualification.record_check(row, actor=office.handler, channel=channel, checked_at=clock.now(), result="clean", file=scan(f"{name}查询截图"))


def judge(board, members, bids):
    """Each member scores alone and hands in."""
    items = panel.judged_items(board)
    for number, person in enumerate(members):
        points = {}
        for place, row in enumerate(bids):
            for item in items:
                share = Decimal("0.80") if item.kind == "objective" else Decimal("0.92") - Decimal("0.05") * place - Decimal("0.01") * number
                points[row.pk, item.pk] = (item.points * share).quantize(Decimal("0.1"))
        panel.score(board, actor=person, points=points)
        panel.submit_scores(board, actor=person)


def outside(plot, row, office, cast, travel):
    """A purchase on the provincial platform: its facts are recorded here."""
    travel.days(2)
    prepare(row, office)
    made = tender.create_tender(
        [row], actor=office.handler, method="consultation", method_reason="政府购买服务项目。", plan_number=f"备案〔{row.fiscal_year}〕{row.pk:03d}号", venue="external",
        external_platform="省政府采购网上平台", external_url="https://example.org/notice/1", agency="蜀采招标代理有限公司", score_items=ITEMS,
        qualification="依法登记，近三年无重大违法记录。",
    )  # fmt: skip
    review_documents(made, office)
    declare_all(made, [office.handler, office.leader])
    made = tender.publish(made, actor=office.handler, cautions=TIMELY)
    lot = made.lots.get()
    travel.to(made.deadline + datetime.timedelta(hours=6))
    travel.days(1)
    rows = [
        {"lot": lot, "organization": cast.organizations[key], "price": yuan(lot.ceiling * rate), "score": score, "rank": rank}
        for (key, rate), score, rank in zip(RATES.items(), (Decimal("91.20"), Decimal("88.45"), Decimal("80.10")), (1, 2, 3), strict=True)
    ]
    award.record_external(made, actor=office.handler, candidates=rows)
    travel.days(1)
    lot = made.lots.get()
    award.decide_award(lot, actor=office.leader)
    award.publish_result(type(made).objects.get(pk=made.pk), actor=office.handler)
    return Award.objects.get(lot=lot).lot
