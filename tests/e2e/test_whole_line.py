"""The whole line through the screens, as its different people: from a resident's wish to the finance bureau's printed report.

Verbs stand in only where two more experts would fill in the pages the first has just walked through (`check_all`, `score_all`).
"""

import datetime
import io

import pytest
from pypdf import PdfReader

from config.demo.papers import photo, scan
from evaluation.models import Panel
from kernel import clock, proof
from kernel.workdays import add_days
from procurement.models import Tender
from tests.e2e.people import goes_on
from tests.factories.tenders import check_all, score_all

pytestmark = [pytest.mark.browser]
PLACE, STREET = "柳荫社区", "玉河街道"
TITLE = "柳荫社区长者助餐服务"
OPENERS = ("section", "supervisor", "observer", "accountant", "legal")
WORDS = "清源开标口令玉兰"
PRICES = {"provider": 118000, "provider2": 113000, "provider3": 114000}
FINAL = {"provider": 116000, "provider2": 110000, "provider3": 111000}
ASKED, ANSWERED = "我单位想问：节假日是否也要送餐？", "法定节假日照常送餐，报价应包含节假日费用。"
INDICATORS = [
    {"kind": "产出—数量", "name": "助餐人次", "target": 6000, "unit": "人次", "how": "签到与出餐记录"},
    {"kind": "满意度", "name": "长者满意度", "target": 90, "unit": "%", "how": "电话回访"},
]
PLAN = [
    {"order": 1, "title": "长者集中就餐日", "planned_on": "2026-05-20", "location": "社区食坊", "headcount": 80, "times": 1},
    {"order": 2, "title": "节日集体生日会", "planned_on": "2026-06-10", "location": "社区活动室", "headcount": 100, "times": 1},
]
LINES = [
    {"group": 1, "name": "餐食补贴", "unit": "人次", "quantity": 6000, "price": 12},
    {"group": 2, "name": "蛋糕与长寿面", "unit": "份", "quantity": 100, "price": 28},
    {"group": "people", "name": "社工人工（1名）", "unit": "月", "quantity": 6, "price": 6200},
    {"group": "running", "name": "管理与税费", "unit": "项", "quantity": 1, "price": "8000.50"},
]


class Walk:
    """Who walks (by login name), the worker, and the numbers people wrote down on the way."""

    def __init__(self, people, worker, notes=None):
        self.people, self.worker, self.notes = people, worker, notes if notes is not None else {}


def a_resident_leaves_a_wish(walk):
    resident = walk.people.somebody()
    resident.opens("/").presses("提交心愿", within="body").fills(place=PLACE, text="院子里几位老人自己做饭不方便，能不能有个送餐的？", contact="13800001234").presses("提交心愿")
    walk.notes["wish"] = resident.tab.inner_text("h1").split()[-1]
    resident.sees("感谢", walk.notes["wish"])


def the_community_makes_it_a_need(walk):
    goes_on(hours=2)
    community = walk.people("community")
    community.opens("/desk/").follows("老人").presses("据此提出需求")
    community.fills(
        title="高龄老人助餐", description="独居老人多，午餐自理困难。", target_group="70岁以上老人", headcount=120, method="会议", asked_on="2026-03-02", asked_count=46,
        opinion="参会居民代表一致赞成。", wishes=True,
    )  # fmt: skip
    community.presses("保存").presses("确认").presses("列入需求清单公布").sees("高龄老人助餐")
    resident = walk.people.somebody()
    resident.opens("/wish/follow/").fills(number=walk.notes["wish"]).presses("查看").sees("高龄老人助餐")


def the_project_is_applied_for(walk):
    goes_on(days=1)
    community = walk.people("community")
    community.opens("/projects/").presses("申请项目")
    community.fills(
        title=TITLE, item="长寿食坊", needs=["高龄老人助餐"], goal="让高龄、独居老人每个工作日吃上热饭。", target_group="70岁以上老人", headcount=120,
        results="助餐不少于6000人次；满意度不低于90%。", risks="天气变动时提前三日告知。", starts_on="2026-05-06", ends_on="2026-08-14", way="公开", declared=True,
    )  # fmt: skip
    community.rows("indicators", INDICATORS).presses("保存并填写预算").rows("plan", PLAN).budget(LINES).sees("120,000.50").presses("保存计划与预算")
    community.rows("funding", [{"fund": "玉河街道社区服务专项"}]).presses("保存").presses("提交")


def it_comes_back_and_passes_all_gates(walk):
    section, community, leader, committee = (walk.people(name) for name in ("section", "community", "leader", "committee"))
    section.opens("/desk/").follows(TITLE).presses("退回").fills(reason="管理与税费的零头请取整。")
    section.presses("退回").sees("已退回")
    goes_on(days=1)
    community.opens("/desk/").follows(TITLE).sees("管理与税费的零头请取整。").presses("计划与预算")
    community.changes_line("管理与税费", price=8000).presses("保存计划与预算").presses("资金").fills(**{"funding-0-amount": 120000}).presses("保存").presses("再次提交")
    goes_on(days=1)
    section.opens("/desk/").follows(TITLE).presses("通过").fills(reason="计划可行。").presses("通过")
    goes_on(days=1)
    leader.opens("/desk/").follows(TITLE).presses("通过").presses("通过")
    goes_on(days=2)
    committee.opens("/desk/").follows(TITLE)
    committee.fills(number="工委会〔2026〕8号", attendees=["王芳", "刘建国", "周强"], minutes=scan("会议纪要"))
    run = committee.tab.locator("[name$=-result]").get_attribute("name")
    committee.fills(**{run: "通过"}).presses("保存")
    goes_on(hours=1)
    leader.opens("/desk/").follows("工委会").presses("确认会议纪要")
    community.opens("/projects/").follows(TITLE).sees("已批准", "120,000.00")


def the_handler_makes_a_tender(walk):
    goes_on(days=1)
    for name in OPENERS:
        walk.people(name).opens("/desk/").follows("开启人密钥", within="nav").fills(passphrase=WORDS + name, again=WORDS + name).presses("生成密钥")
    handler = walk.people("handler")
    handler.opens("/desk/").follows(TITLE).presses("由我经办").presses("登记需求调查").fills(result="三家均能提供，价格与预算接近。")
    handler.rows("answers", [{"name": f"某社工机构{number}", "supply": "可按期进场", "price": 118000} for number in (1, 2, 3)]).presses("保存")
    handler.presses("公开采购意向").fills(published_on="2026-01-20", note="面向社会组织").presses("发布")
    walk.people.somebody().opens("/public/intentions/").sees(TITLE, "12")
    handler.presses("编制采购活动")
    handler.fills(method="竞争性磋商", method_reason="需求需与供应商磋商明确。", plan_number="采计〔2026〕12号", qualification="依法登记，近三年无重大违法记录。")
    handler.presses("保存草稿").presses("开启人").fills(openers=["周强", "马骏", "郑义"], alternates=["赵丽", "高律"]).presses("保存")
    review = {"opinion": "需求明确，条款合法。", "risks": "响应不足时重新采购。", "file": scan("审查意见")}
    handler.presses("登记审查").fills(kind="合同文本法律审查", part_legal="高律", **review).presses("保存")
    sides = {"part_procurement": "王芳", "part_finance": "赵丽", "part_business": "周强", "part_supervision": "马骏"}
    handler.presses("登记审查").fills(kind="采购需求和实施计划重点审查", **sides, **review).presses("保存").sees("重点审查")
    for name in OPENERS:
        walk.people(name).opens("/desk/").follows("验证口令").fills(passphrase=WORDS + name).presses("验证")
        declares(walk.people(name))
    declares(handler)
    handler.opens("/desk/").follows(TITLE).presses("发布").presses("发布").sees("已发布")


def declares(person):
    """回避声明: one page, three ticks."""
    person.opens("/desk/").presses("作出回避声明").fills(no_post=True, no_kin=True, no_other=True).presses("声明").sees("声明已记录")


def registers_recording(handler):
    """录音录像: where it is kept."""
    handler.opens("/desk/").presses("登记录音录像").fills(place="三楼会议室硬盘录像机2号盘", keeper="马骏").presses("登记").sees("录音录像已登记")


def responds(walk, name, price, plan):
    bidder = walk.people(name)
    bidder.fills(qualification="附登记证书与声明。", technical=plan, price=price, file=scan("登记证书")).offers(price).presses("保存并前往提交").presses("密封提交")
    return bidder.sees("回执")


def the_first_provider_responds(walk):
    walk.people.somebody().opens("/").follows(TITLE).sees("竞争性磋商")
    goes_on(hours=20)
    walk.people("provider").opens("/desk/").follows("采购机会", within="nav").follows(TITLE).presses("参与响应")
    responds(walk, "provider", PRICES["provider"] - 2000, "方案0：每周两次集中就餐。")


def a_question_moves_the_deadline(walk):
    """Asked without a name, answered to everybody; so late that the deadline moves to the fifth day after (214号 第10条)."""
    before = Tender.objects.get().deadline
    clock.set_to(before - datetime.timedelta(days=4))
    goes_on()
    asker, handler = walk.people("provider3"), walk.people("handler")
    asker.opens("/desk/").follows("采购机会", within="nav").follows(TITLE).presses("采购文件与答疑").presses("提问").fills(text=ASKED).presses("匿名提交").sees(ASKED)
    goes_on(hours=2)
    handler.opens("/desk/").follows(TITLE).sees(ASKED).misses("春晖").presses("答复提问")
    handler.fills(published_text="节假日是否也要送餐？", answer=ANSWERED, affects="是：", publish_now=True).presses("答复提问").misses("春晖")
    tender = Tender.objects.get()
    assert tender.deadline.astimezone(clock.ZONE).date() == add_days(clock.today(), 5).date > before.astimezone(clock.ZONE).date()
    moved = f"{tender.deadline.astimezone(clock.ZONE):%Y-%m-%d %H:%M}"
    handler.sees(moved)
    visitor = walk.people.somebody()
    visitor.opens("/public/notices/").follows(f"{TITLE}更正公告").sees("节假日是否也要送餐？", ANSWERED, moved).misses("春晖", "我单位")
    asker.opens("/notices/").sees("已答复")


def who_had_responded_writes_anew(walk):
    bidder = walk.people("provider")
    bidder.opens("/notices/").follows(TITLE).sees(ANSWERED)
    goes_on(hours=1)
    bidder.opens("/bids/").follows(TITLE).presses("撤回响应文件").sees("已撤回").presses("继续编写")
    responds(walk, "provider", PRICES["provider"], "方案0：每周两次集中就餐，节假日照常送餐。")


def the_others_respond(walk):
    for number, name in enumerate(("provider2", "provider3"), 1):
        goes_on(hours=5)
        walk.people(name).opens("/desk/").follows("采购机会", within="nav").follows(TITLE).presses("参与响应")
        responds(walk, name, PRICES[name], f"方案{number}：每周两次集中就餐。")
    walk.people("handler").opens("/desk/").follows("采购活动", within="nav").follows(TITLE).misses("暖阳", "乐邻", "春晖")


def two_openers_open(walk):
    deadline = Tender.objects.get().deadline
    clock.set_to(deadline - datetime.timedelta(minutes=5))
    section, observer = walk.people("section"), walk.people("observer")
    section.opens("/desk/").follows(TITLE).misses("进入开启")
    clock.set_to(deadline + datetime.timedelta(minutes=10))
    section.opens("/desk/").follows(TITLE).fills(passphrase=WORDS + "section").presses("输入我的口令").misses("暖阳")
    observer.opens("/desk/").follows(TITLE).fills(passphrase=WORDS + "observer").presses("输入我的口令").sees("暖阳", "乐邻", "春晖", "118,000.00", "113,000.00", "114,000.00").misses("116,000.00")


def credit_is_queried(walk):
    """The desk says what waits; one form a bidder, both sites at once (H06)."""
    goes_on(hours=1)
    handler = walk.people("handler")
    handler.opens("/desk/").sees("登记供应商信用查询").opens(Tender.objects.get().get_absolute_url()).presses("资格审查")
    for _bidder in PRICES:
        handler.presses("登记信用查询", within="main section:has(.btn-primary)").rows("credit", [{"result": "未发现失信记录", "file": scan("查询截图")}] * 2).presses("保存")
    handler.sees("均已完成")


def a_panel_is_drawn(walk):
    """Drawn from a frozen pool, declared; the names stay secret to the office too."""
    handler = walk.people("handler")
    registers_recording(handler)
    handler.opens("/desk/").follows(TITLE).presses("筹建小组").presses("冻结专家库").presses("冻结").presses("抽取专家").fills(word="现场报数 4096").presses("随机抽取").presses("组成小组")
    members = list(Panel.objects.get().sitting())
    handler.misses(*(member.user.name for member in members))
    assert len(members) == 3
    for member in members:
        walk.people(member.user.username).opens("/desk/").follows(TITLE).presses("声明").fills(sure=True).presses("声明")
    handler.opens(Panel.objects.get().get_absolute_url()).presses("开始评审")


def experts(walk):
    """The leader and the two others, at their browsers."""
    members = Panel.objects.get().sitting().select_related("user").order_by("-is_leader", "pk")
    return [walk.people(member.user.username) for member in members]


def the_panel_checks_and_asks(walk):
    """The leader's check stands for all: the two other members fill in the same pages by their verb."""
    sitting = Panel.objects.get()
    leader, *_others = experts(walk)
    leader.opens("/desk/").follows(TITLE).presses("开始审查").follows("清源区")
    count = leader.tab.locator("[name^=why]").count()
    for last in (False, False, True):
        for number in range(count):
            leader.tab.locator(f"[name=r{number}][value=yes]").check()
        leader.presses("保存" if last else "保存并继续")
    leader.presses("提交审查意见")
    leader.follows("要求供应商说明", within="main tr:has-text('暖阳')").fills(text="请说明每次集中就餐的人员安排。").presses("提交")
    check_all(sitting)
    goes_on()
    bidder = walk.people("provider")
    bidder.opens("/desk/").follows(TITLE).sees("请说明每次集中就餐的人员安排。").fills(answer="每次两名社工、四名志愿者，另有一名厨师。").presses("提交答复").sees("每次两名社工、四名志愿者，另有一名厨师。")
    leader.opens("/desk/").follows(TITLE).sees("已答复").presses("结束审查，开始评分")


def the_panel_talks_with_each(walk):
    """磋商: each supplier alone; the handler sees who is left before quotes may be asked for (214号 第19条)."""
    walk.people("handler").opens(Tender.objects.get().get_absolute_url()).sees("尚未与下列供应商磋商", "暖阳", "乐邻", "春晖")
    leader = experts(walk)[0].opens("/desk/").follows(TITLE)
    for said, name in {"还有 2 家": "暖阳", "还有 1 家": "乐邻", "已与全部供应商进行": "春晖"}.items():
        began, _passed = clock.now().astimezone(clock.ZONE), goes_on(hours=0.25)
        leader.presses("登记", within=f"main tr:has-text('{name}')").fills(began_at=began, ended_at=clock.now().astimezone(clock.ZONE), about="送餐时间与报价构成。", offers="节假日照常送餐，不加价。")
        leader.presses("记录").sees(said, "节假日照常送餐，不加价。")


def all_quote_once_more(walk):
    """最后报价: sealed until the time the handler set; nobody reads one before."""
    handler = walk.people("handler")
    until = clock.now() + datetime.timedelta(hours=1)
    handler.opens("/desk/").follows(TITLE).fills(until=until.astimezone(clock.ZONE)).presses("要求提交第 1 轮报价")
    for name, price in FINAL.items():
        walk.people(name).opens("/desk/").follows(TITLE).fills(price=price).presses("密封提交").sees("密封")
    handler.opens(Tender.objects.get().get_absolute_url()).misses("110,000.00", "111,000.00")
    clock.set_to(until + datetime.timedelta(minutes=1))
    handler.opens("/desk/").follows(TITLE).presses("读取最后报价")


def the_panel_scores(walk):
    """The leader scores on screen, the two others by the verb behind the same sheet. A very high score wants its note; a fact the leader saw otherwise is put right (87号令 第64条)."""
    leader, *_others = experts(walk)
    plan, team, fact = (item.pk for item in Tender.objects.get().score_items.exclude(kind="price"))
    leader.opens("/desk/").follows(TITLE).presses("开始评分")
    for name, points in {"春晖": (31, 14, 10), "乐邻": (44, 16, 15), "暖阳": (31, 14, 15)}.items():
        leader.follows(name, within="main .dd-actions").fills(**{f"i{item}": value for item, value in zip((plan, team, fact), points, strict=True)}).presses("保存")
    leader.sees("须写明理由").misses("项未评分")
    assert leader.tab.locator("main button[disabled]", has_text="提交评分").count()
    leader.follows("乐邻", within="main .dd-actions").fills(**{f"n{plan}": "方案针对高龄独居老人，菜单、配送与应急一应俱全。"}).presses("保存").presses("提交评分")
    score_all(Panel.objects.get(), points=lambda number, item: item.points * (10 if item.kind == "objective" else 7) / 10)
    own = Panel.objects.get().sitting().get(is_leader=True).user.name
    leader.opens("/desk/").follows(TITLE).sees("各成员对").presses("全部评分表").sees("应当一致").presses(f"退回{own}的评分表").fills(reason="重新核对春晖的三份合同。").presses("退回修改")
    leader.opens("/desk/").follows(TITLE).presses("开始评分").follows("春晖").fills(**{f"i{fact}": 15}).presses("保存").presses("提交评分").presses("全部评分表").misses("应当一致")


def all_sign_the_report(walk):
    leader, *others = experts(walk)
    leader.opens("/desk/").follows(TITLE).presses("结束评审").fills(report="三位专家独立评分，乐邻方案针对性强。").presses("结束评审").sees("乐邻")
    for member in (leader, *others):
        member.opens("/desk/").follows(TITLE).presses("阅读并签署").sees("110,000.00", "磋商情况", "节假日照常送餐，不加价。").presses("签署")
    assert Panel.objects.get().signing_ended_at  # nobody is left who could


def the_result_is_known(walk):
    goes_on(days=1)
    leader, handler = walk.people("leader"), walk.people("handler")
    registers_recording(handler)
    declares(leader)
    leader.opens("/desk/").follows(TITLE).presses("确定成交供应商").presses("确定成交供应商").sees("乐邻")
    goes_on(hours=2)
    handler.opens("/desk/").follows(TITLE).presses("发布结果公告")
    visitor = walk.people.somebody()
    visitor.opens("/").follows("成交结果").sees("乐邻社区发展中心", "110,000.00")
    walk.people("provider2").opens("/desk/").presses("签收通知书").presses("签收通知书").opens("/awards/").sees("乐邻社区发展中心")
    walk.people("provider").opens("/bids/").follows(TITLE).presses("结果、得分与原因").sees("未成交", "乐邻社区发展中心")


def the_contract_is_signed(walk):
    goes_on(days=3)
    handler = walk.people("handler")
    handler.opens("/desk/").follows("起草合同").presses("起草")
    handler.rows("people", [{"name": "石磊", "duty": "项目负责人", "qualification": "中级社会工作师"}]).presses("保存")
    handler.presses("登记签订").fills(scan=scan("服务合同")).presses("登记签订").sees("履行中", "110,000.00")
    handler.presses("发布合同公告").presses("登记副本备案")
    handler.presses("指定第三方监督机构").fills(firm="诚信", auditor="沈核").presses("指定").sees("沈核")


def ask_and_pay(walk, amount, code):
    """One stage: the provider asks with its invoice, three people approve, the cashier pays."""
    goes_on(days=1)
    provider = walk.people("provider2")
    provider.opens("/desk/").follows("申请付款")
    provider.fills(invoice_number=f"2651200000000000{code:04d}", invoice_on=str(clock.today()), scan=scan("数电发票")).presses("提交").sees(amount)
    for name in ("section", "accountant", "leader"):
        goes_on(hours=1)
        walk.people(name).opens("/desk/").follows(TITLE).presses("批准").presses("批准")
    goes_on(days=1)
    walk.people("cashier").opens("/desk/").follows(TITLE).presses("登记付款").fills(voucher_number=f"记-{code:04d}").presses("登记付款").sees("已支付", amount)


def the_first_stage_is_paid(walk):
    ask_and_pay(walk, "33,000.00", 1)


def the_activities_are_held(walk):
    provider, community = walk.people("provider2", phone=True), walk.people("community", phone=True)
    for row, answer in zip(PLAN, ("≈ 举办了，但有出入", "✓ 如期举办"), strict=True):
        day = datetime.date.fromisoformat(row["planned_on"])
        clock.set_to(clock.midnight(day - datetime.timedelta(days=3)) + datetime.timedelta(hours=9))
        provider.opens("/desk/").follows(row["title"]).presses("确认时间地点").presses("确认时间地点")
        clock.set_to(clock.midnight(day) + datetime.timedelta(hours=15))
        provider.opens("/desk/").follows(row["title"])
        provider.fills(headcount=row["headcount"] - 6, distinct_people=70, summary="老人们反映饭菜软和可口。", photos=[photo(row["title"])], sheet=scan("签到表"))
        provider.rows("people", [{"name": "王大妈", "phone": "13800010001"}, {"name": "李大爷", "phone": "13800010002"}]).presses("上报")
        goes_on(days=1)
        community.opens("/desk/").follows(row["title"]).fills(remark="人数略少。" if "≈" in answer else "").presses(answer)


def the_auditor_checks(walk):
    goes_on(days=1)
    handler, auditor, provider, section = (walk.people(name) for name in ("handler", "auditor2", "provider2", "section"))
    handler.opens("/desk/").follows("合同", within="nav").follows(TITLE).presses("“进度款”佐证已齐全，发起核查")
    auditor.opens("/desk/").follows(TITLE)
    auditor.presses("核对").fills(counted=PLAN[0]["headcount"] - 6, vouchers_ok="是", evidence_ok="是").presses("保存")
    auditor.fills(count=2).presses("随机抽取").presses("拨打").fills(outcome="参加").presses("保存")
    auditor.presses("拨打").fills(outcome="参加").presses("保存")
    auditor.presses("提出问题").fills(activity=PLAN[0]["title"], kind="少于上报", text="签到表少两页。", amount="500").presses("提出问题")
    provider.opens("/desk/").follows(TITLE).presses("答复问题").fills(answer="已补交签到表第三、四页。").presses("答复问题")
    section.opens("/desk/").follows(TITLE).presses("认可整改，解除暂缓").fills(reason="补交材料属实。").presses("认可整改，解除暂缓")
    auditor.opens("/desk/").follows(TITLE).presses("提交核查报告").fills(opinion="与计划相符，所提问题已整改。").presses("提交核查报告").sees("已报告")


def the_progress_stage_is_paid(walk):
    ask_and_pay(walk, "55,000.00", 2)


def it_is_closed(walk):
    clock.set_to(datetime.datetime(2026, 8, 17, 9, 30, tzinfo=clock.ZONE))
    provider, community, supervisor, handler = (walk.people(name) for name in ("provider2", "community", "supervisor", "handler"))
    provider.opens("/desk/").follows(TITLE).presses("准备结项").fills(summary="全部活动按计划完成。", satisfaction="95.5", recipients_opinion="访谈12名老人，均满意。").presses("保存").presses("提交结项")
    community.opens("/desk/").follows(TITLE).presses("填写社区意见").fills(community_opinion="服务到位，群众满意。").presses("填写社区意见")
    goes_on(days=2)
    supervisor.opens("/desk/").follows(TITLE).presses("验收通过").fills(acceptors="马骏、周强、秦嫂", conclusion="达到合同约定，同意验收。", scan=scan("履约验收书")).presses("验收通过").sees("已验收")
    ask_and_pay(walk, "22,000.00", 3)
    goes_on(days=1)
    handler.opens("/desk/").follows(TITLE).presses("合同办结").sees("已办结")


def the_bureau_reports(walk):
    goes_on(days=1)
    finance = walk.people("finance")
    finance.opens("/desk/").follows("报告", within="nav").presses("新建年度报告").fills(scope="全区").presses("生成报告")
    walk.worker("reporting.annual")
    finance.opens(finance.tab.url)
    text = "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(finance.downloads(".pdf"))).pages).split())
    for wanted in ("政府购买社区服务项目1个", TITLE, "清源区乐邻社区发展中心", "当年合同金额110,000.00元（大写：壹拾壹万元整）", "当年已支付110,000.00元", "服务168人次", "无上年可比数据"):
        assert wanted in text, text
    assert finance.downloads(".xlsx").startswith(b"PK")
    visitor = walk.people.somebody()
    visitor.opens("/").follows(PLACE).sees(TITLE, "110,000.00", "乐邻社区发展中心")
    visitor.opens("/wish/follow/").fills(number=walk.notes["wish"]).presses("查看").sees(TITLE)
    assert proof.problems() == []


PHASES = [
    a_resident_leaves_a_wish, the_community_makes_it_a_need, the_project_is_applied_for, it_comes_back_and_passes_all_gates, the_handler_makes_a_tender, the_first_provider_responds,
    a_question_moves_the_deadline, who_had_responded_writes_anew, the_others_respond, two_openers_open, credit_is_queried, a_panel_is_drawn, the_panel_checks_and_asks, the_panel_talks_with_each, all_quote_once_more,
    the_panel_scores, all_sign_the_report, the_result_is_known, the_contract_is_signed, the_first_stage_is_paid, the_activities_are_held, the_auditor_checks, the_progress_stage_is_paid, it_is_closed, the_bureau_reports,
]  # fmt: skip


def test_from_a_wish_to_the_report(people, worker):
    walk = Walk(people, worker)
    for phase in PHASES:
        phase(walk)
