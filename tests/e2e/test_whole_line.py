"""The whole line through the screens, as its different people: from a resident's wish to the finance bureau's printed report."""

import datetime
import io
from types import SimpleNamespace

import pytest
from pypdf import PdfReader

from config.demo.papers import photo, scan
from evaluation.lifecycle import panel
from evaluation.models import Panel
from kernel import clock, proof
from procurement.models import Tender
from tests.e2e.people import goes_on
from tests.factories.tenders import check_all, quote_all, score_all

pytestmark = [pytest.mark.browser]
PLACE, STREET = "柳荫社区", "玉河街道"
TITLE = "柳荫社区长者助餐服务"
OPENERS = ("section", "supervisor", "observer", "accountant", "legal")
WORDS = "清源开标口令玉兰"
PRICES = {"provider": 118000, "provider2": 110000, "provider3": 112000}
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


def three_providers_respond(walk):
    visitor = walk.people.somebody()
    visitor.opens("/").follows(TITLE).sees("竞争性磋商")
    for number, (name, price) in enumerate(PRICES.items()):
        goes_on(hours=20)
        bidder = walk.people(name)
        bidder.opens("/desk/").follows("采购机会", within="nav").follows(TITLE).presses("参与响应")
        bidder.fills(qualification="附登记证书与声明。", technical=f"方案{number}：每周两次集中就餐。", price=price, file=scan("登记证书")).offers(price).presses("保存并前往提交").presses("密封提交")
        bidder.sees("回执")
    walk.people("handler").opens("/desk/").follows("采购活动", within="nav").follows(TITLE).misses("暖阳", "乐邻", "春晖")


def two_openers_open(walk):
    deadline = Tender.objects.get().deadline
    clock.set_to(deadline - datetime.timedelta(minutes=5))
    section, observer = walk.people("section"), walk.people("observer")
    section.opens("/desk/").follows(TITLE).misses("进入开启")
    clock.set_to(deadline + datetime.timedelta(minutes=10))
    section.opens("/desk/").follows(TITLE).fills(passphrase=WORDS + "section").presses("输入我的口令").misses("暖阳")
    observer.opens("/desk/").follows(TITLE).fills(passphrase=WORDS + "observer").presses("输入我的口令").sees("暖阳", "乐邻", "春晖", "112,000.00")


def credit_is_queried(walk):
    """The desk says what waits; one form a bidder, both sites at once (H06)."""
    goes_on(hours=1)
    handler = walk.people("handler")
    handler.opens("/desk/").sees("登记供应商信用查询").opens(Tender.objects.get().get_absolute_url()).presses("资格审查")
    for _bidder in PRICES:
        handler.presses("登记信用查询", within="main section:has(.btn-primary)").rows("credit", [{"result": "未发现失信记录", "file": scan("查询截图")}] * 2).presses("保存")
    handler.sees("均已完成")


def the_panel_scores(walk):
    """Drawn from a frozen pool, declared, concluded on screen; checks, final quotes and points go in by the verbs behind the same pages."""
    handler = walk.people("handler")
    registers_recording(handler)
    handler.opens("/desk/").follows(TITLE).presses("筹建小组").presses("冻结专家库").presses("冻结").presses("抽取专家").fills(word="现场报数 4096").presses("随机抽取").presses("组成小组")
    sitting = Panel.objects.get()
    members = [walk.people(member.user.username) for member in sitting.sitting()]
    handler.misses(*(member.user.name for member in sitting.sitting()))  # names are secret until the result, to the office too
    assert len(members) == 3
    for member in members:
        member.opens("/desk/").follows(TITLE).presses("声明").fills(sure=True).presses("声明")
    handler.opens(sitting.get_absolute_url()).presses("开始评审")
    sitting.refresh_from_db()
    check_all(sitting)
    leader = next(walk.people(member.user.username) for member in sitting.sitting() if member.is_leader)
    panel.begin(sitting, actor=sitting.sitting().get(is_leader=True).user)
    office = SimpleNamespace(handler=sitting.tender.handler)
    quote_all(Tender.objects.get(), office)
    best = [str(one.organization).startswith("清源区乐邻") for one in panel.valid_bids(sitting)]
    score_all(Panel.objects.get(), points=lambda number, item: item.points * (10 if item.kind == "objective" else 8 if best[number] else 7) / 10)
    leader.opens("/desk/").follows(TITLE).presses("结束评审").fills(report="三位专家独立评分，乐邻方案针对性强。").presses("结束评审").sees("乐邻")


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
    walk.worker()
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
    a_resident_leaves_a_wish, the_community_makes_it_a_need, the_project_is_applied_for, it_comes_back_and_passes_all_gates, the_handler_makes_a_tender, three_providers_respond,
    two_openers_open, credit_is_queried, the_panel_scores, the_result_is_known, the_contract_is_signed, the_first_stage_is_paid, the_activities_are_held, the_auditor_checks, the_progress_stage_is_paid,
    it_is_closed, the_bureau_reports,
]  # fmt: skip


def test_from_a_wish_to_the_report(people, worker):
    walk = Walk(people, worker)
    for phase in PHASES:
        phase(walk)
