"""From the approved project to the result: lawful clocks, sealed responses, two openers, experts."""

import datetime
from decimal import Decimal

from config.demo import offers
from config.demo.papers import scan
from config.demo.preparing import TIMELY, prepare, review_documents
from config.demo.travel import office_is_open
from evaluation.lifecycle import change, conclusion, conformity, drawing, fees, panel, questions, sheets, signing, talks
from evaluation.models import Panel
from kernel import clock
from kernel.money import yuan
from procurement import tender_papers
from procurement.lifecycle import award, bid, declaration, documents, inquiry, opening, qualification, question, quotes, recording, selfrun, tender
from procurement.models import Award
from procurement.timetable import timetable

ITEMS = [
    {"number": "1", "kind": "group", "name": "商务部分", "standard": "", "points": None},
    {"number": "1.1", "kind": "objective", "name": "同类项目经验", "standard": "近三年每有一个同类合同得5分，满分10分。", "points": 10, "scale": "每个 5"},
    {"number": "2", "kind": "group", "name": "技术部分", "standard": "", "points": None},
    {"number": "2.1", "kind": "subjective", "name": "服务方案", "standard": "贴合需求、进度合理、有应急措施。", "points": 40, "scale": "优 31-40；良 21-30；一般 0-20；步长 1"},
    {"number": "2.2", "kind": "subjective", "name": "人员配备", "standard": "专职社工与专业资质配备。", "points": 30, "scale": "优 21-30；良 11-20；一般 0-10；步长 1"},
    {"number": "3", "kind": "price", "name": "报价", "standard": "最低有效报价为基准价，报价得分＝基准价÷评审价×20。", "points": 20},
]
RATES = {"nuanyang": Decimal("0.96"), "lelin": Decimal("0.93"), "chunhui": Decimal("0.98")}
TEXTS = {"qualification": "附登记证书、近三年无重大违法记录声明。", "technical": "拟配备专职社工，按月提交进度，突发情况两小时内响应。"}


CHANGED = ("evaluated", "delivering")  # where the talks changed the terms
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
        drawing.freeze_pool(board, actor=office.handler, count=3)
        travel.minutes(10)
        board = drawing.draw_experts(board, actor=office.handler, word="现场报数 4096")
    else:
        for person in (office.section, office.supervisor, office.committee):
            panel.name_member(board, person, actor=office.handler)
    board = panel.form(board, actor=office.handler)
    members = [member.user for member in board.sitting()]
    for person in members:
        panel.declare(board, actor=person)
    board = panel.start(board, actor=office.handler)
    leader = next(member.user for member in board.sitting() if member.is_leader)
    if statutory:
        check_all(board, members)
        travel.minutes(30)
        board = panel.begin(board, actor=leader)
        talk(board, leader, travel)
        if plot["ends"] in CHANGED:
            change_terms(board, leader, office, travel)
        final_quotes(made, office, travel)
    yield "scoring", lot
    travel.minutes(90)
    judge(board, members, bids)
    conclusion.conclude(board, actor=leader, report="评审小组按评审办法独立评分，推荐得分最高者为第一成交候选人。")
    for person in members:
        signing.sign(board, actor=person)
    if statutory:
        for member in board.sitting():
            fees.set_fee(board, member, actor=office.handler, session="half", travel=yuan(30))
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


def check_all(board, members):
    """Each member finds every response in order."""
    names = conformity.requirements(board)
    for person in members:
        for row in panel.valid_bids(board):
            conformity.find(board, row, actor=person, findings={index: (True, "") for index in range(len(names))})
        conformity.hand_in(board, actor=person)


TALKED = (
    ("服务人员的稳定、活动的应急安排和报价的构成。", "项目负责人服务期内不更换，活动前三日报送应急预案。"),
    ("活动频次、与社区配合的方式和满意度测评。", "每月增加一次入户走访，不另计费用。"),
    ("进场时间、志愿者的组织和付款节点。", ""),
)


def talk(board, leader, travel):
    """All members talk with each supplier alone, a quarter of an hour each."""
    for row, (about, promised) in zip(talks.untalked(board.tender), TALKED, strict=True):
        began = clock.now()
        travel.minutes(15)
        talks.record_talk(board, row, actor=leader, began_at=began, ended_at=clock.now(), present=list(board.sitting()), about=about, offers=promised)


def change_terms(board, leader, office, travel):
    """The talks show what residents need otherwise: the panel changes the terms, the handler confirms, everybody hands in anew."""
    row = change.propose(
        board, actor=leader, requirements="第三章第二条\n原：活动安排在工作日。\n现：每月至少一次活动安排在周末。", contract_terms="第六条\n原：按季度提交活动进度。\n现：按月提交活动进度。",
        cause="三家供应商在磋商中均说明，上班家庭只能在周末参加活动。",
    )  # fmt: skip
    travel.minutes(10)
    row = change.confirm(row, actor=office.handler, until=clock.now() + datetime.timedelta(hours=1))
    for asked in row.questions.select_related("bid__organization"):
        travel.minutes(10)
        questions.answer_question(asked, actor=asked.bid.organization.members.get(role="manager").user, answer="已按变动调整活动排期，其余内容不变。", attachments=[scan("重新提交的响应文件")])


def final_quotes(made, office, travel):
    """One round of final quotes: everybody goes down by a hundredth, and they are read when the hour is over."""
    until = clock.now() + datetime.timedelta(hours=1)
    made = quotes.call_quotes(made, actor=office.handler, until=until)
    travel.minutes(30)
    for row in panel.valid_bids(Panel.objects.get(tender=made)):
        quotes.give_quote(row, actor=row.organization.members.get(role="manager").user, price=yuan(row.price * Decimal("0.99")))
    travel.to(until)
    quotes.read_quotes(made, actor=office.handler)


def judge(board, members, bids):
    """Each member scores alone and hands in."""
    items = panel.judged_items(board)
    for number, person in enumerate(members):
        points, facts = {}, {}
        for place, row in enumerate(bids):
            for item in items:
                share = Decimal("0.88") - Decimal("0.05") * place - Decimal("0.01") * number
                if item.kind == "objective":
                    facts[row.pk, item.pk] = str(2 - place % 2)
                else:
                    points[row.pk, item.pk] = (item.points * share).quantize(Decimal(1))
        sheets.score(board, actor=person, points=points, facts=facts)
        sheets.submit_scores(board, actor=person)


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
