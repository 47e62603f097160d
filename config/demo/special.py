"""Methods with a way of their own: a framework with two orders under it, a single source under publicity, an invited tender being prepared."""

import datetime
from decimal import Decimal

from config.demo.applying import apply
from config.demo.papers import scan
from config.demo.preparing import TIMELY, prepare, review_documents
from config.demo.sourcing import ITEMS, declare_all
from config.demo.travel import Travel, office_is_open
from kernel import clock
from procurement.lifecycle import award, call_off, framework, framework_agreement, framework_selection, invitation, single_source, survey, tender
from procurement.models import CatalogueItem, FrameworkAgreement, Tender

QUALIFICATION = "具有独立承担民事责任能力，依法登记，近三年无重大违法记录。"
OFFERS = {"lelin": "58", "nuanyang": "62", "ciguang": "66", "chunhui": "68", "hefeng": "74"}
EXPERTS = [{"name": "余教授", "employer": "西川大学", "post": "教授"}, {"name": "姚主任", "employer": "省老年学会", "post": "副主任"}, {"name": "任督导", "employer": "省社会工作协会", "post": "高级社会工作师"}]


def tell(cast, themes, now, home="锦安社区"):
    """All three, as of `now`."""
    began = Travel(120, now)
    made = collect(cast, cast.of(home), began)
    order(cast, themes, now, made, home)
    lone(cast, themes, now, home)
    invite(cast, themes, now, home)
    clock.set_to(now)
    return made


def collect(cast, office, travel):
    """Stage 1 on the provincial platform: five offers for one hour of home help, four selected, three signed so far."""
    made = framework.begin(
        actor=office.handler, purchaser=office.purchaser, title="居家养老上门助洁服务框架协议", item=CatalogueItem.objects.filter(catalogue__kind="guidance", level=2, nature="service").first(),
        users="全街道高龄、独居和失能老人", headcount=360, goal="为高龄、独居和失能老人提供上门助洁服务，由老人自主选择服务机构。", term_months=24, ceiling=Decimal(600000), ways=["direct", "rotation"],
        method_case="recipients_choose", method_reason="服务对象需要在多家机构中自主选择，单次金额小、频次高。", plan_number=f"备案〔{clock.today():%Y}〕901号", qualification=QUALIFICATION, venue="external",
        external_platform="省政府采购网上平台", external_url="https://example.org/notice/9", contract_terms="按次结算，按季支付。",
        items=[{"name": "上门助洁", "unit": "小时", "ceiling": Decimal(75), "quality": "服务人员持健康证，入户佩戴工作证，每次服务由老人签字确认。", "wanted": 4}],
    )  # fmt: skip
    row = Tender.objects.get(lots__framework_item__framework=made)
    answers = [{"name": cast.organizations[key].name, "way": "talk", "supply": "可承担，人员稳定。", "price": Decimal(price)} for key, price in list(OFFERS.items())[:3]]
    survey.record_survey(made.project, actor=office.handler, title="上门助洁服务供给与价格", held_on=clock.today(), answers=answers, result="本地五家机构可承担，价格每小时60至75元。", file=scan("需求调查记录"))
    review_documents(row, office)
    declare_all(row, [office.handler, office.leader])
    travel.days(1)
    row = tender.publish(row, actor=office.handler, cautions=TIMELY)
    travel.to(row.deadline + datetime.timedelta(hours=6))
    travel.days(1)
    lot = row.lots.get()
    rows = [{"lot": lot, "organization": cast.organizations[key], "price": Decimal(price), "score": None, "rank": rank} for rank, (key, price) in enumerate(OFFERS.items(), 1)]
    award.record_external(row, actor=office.handler, candidates=rows)
    travel.days(2)
    row = framework_selection.select(Tender.objects.get(pk=row.pk), actor=office.leader)
    travel.days(1)
    framework_selection.publish_selection(row, actor=office.handler)
    travel.days(6)
    for one in FrameworkAgreement.objects.filter(item__framework=made).order_by("rank")[:3]:
        one = framework_agreement.sign(one, actor=office.handler, file=scan("框架协议"))
        one = framework_agreement.tell_users(one, actor=office.handler)
        if one.rank < 3:
            framework_agreement.file_copy(one, actor=office.handler)
    return type(made).objects.get(pk=made.pk)


def _approved(cast, themes, now, home, began, title, theme="repair", way="quotes"):
    """An approved project of the community and the clock that brought it there."""
    travel, row = Travel(began, now), None
    plot = {"key": title, "title": title, "way": way, "scale": 1, "began": began, "ends": "approved", "place": home}
    for _level, row in apply(plot, themes[theme], cast.of(home), cast, travel):  # noqa: B007
        pass
    return row, travel


def order(cast, themes, now, made, home):
    """Two projects buy under it: one chosen by the people served, one in turn."""
    office = cast.of(home)
    members = list(FrameworkAgreement.objects.filter(item__framework=made, status="active").order_by("rank"))
    for number, (title, way, agreement) in enumerate(((f"{home}高龄老人上门助洁", "direct", members[1]), (f"{home}失能老人上门助洁", "rotation", members[0]))):
        row, travel = _approved(cast, themes, now, home, 40 - 10 * number, title)
        travel.days(1)
        quantity = (row.ceiling / agreement.price).quantize(Decimal(1)) - 5
        found = call_off.call_off(
            row, agreement, actor=office.handler, way=way, quantity=quantity, declared=True, chosen_by="recipients" if way == "direct" else "purchaser",
            reason="老人代表会议投票选定。" if way == "direct" else "按框架协议约定的轮候顺序承接。",
        )  # fmt: skip
        if not number:
            travel.days(1)
            award.publish_result(found.lot.tender, actor=office.handler)


def lone(cast, themes, now, home):
    """A single source that the public can object to these days."""
    office = cast.of(home)
    row, travel = _approved(cast, themes, now, home, 30, f"{home}失智老人照护示范服务", "disabled")
    prepare(row, office)
    made = tender.create_tender(
        [row], actor=office.handler, method="single_source", method_case="sole", method_reason="本区仅该机构具备失智照护专区、认证护理员和医养结合资质，服务场地由其自有。", plan_number=f"备案〔{row.fiscal_year}〕{row.pk:03d}号",
        qualification=QUALIFICATION, contract_terms="按季支付，按季考核。",
    )  # fmt: skip
    review_documents(made, office)
    declare_all(made, [office.handler, office.leader])
    single = single_source.name_supplier(made, actor=office.handler, organization=cast.organizations["nuanyang"], amount=made.ceiling)
    single = single_source.argue(
        single, actor=office.handler, experts=EXPERTS, file=scan("专业人员论证意见"),
        argument="该服务要求在现有失智照护专区内连续提供，护理员须持省级认证。经查询，本区仅拟定供应商同时具备场地、人员和医养结合资质，符合只能从唯一供应商处采购的情形。",
    )  # fmt: skip
    days = next(count for count in range(2, 9) if office_is_open((now - datetime.timedelta(days=count)).date()))
    travel.before_now(days)
    return single_source.publicize(single, actor=office.handler)


def invite(cast, themes, now, home):
    """An invited tender whose suppliers are drawn; the handler still writes its documents."""
    office = cast.of(home)
    row, travel = _approved(cast, themes, now, home, 22, f"{home}社区矫正对象帮教服务", "youth", "statutory")
    made = tender.create_tender(
        [row], actor=office.handler, method="invited_tender", method_case="limited", method_reason="帮教对象信息须保密，只能从有限范围的机构中采购。", plan_number=f"备案〔{row.fiscal_year}〕{row.pk:03d}号",
        qualification=QUALIFICATION, score_items=ITEMS,
    )  # fmt: skip
    travel.days(1)
    names = ("nuanyang", "lelin", "chunhui", "ciguang", "hefeng", "chengxin")
    invitation.freeze_pool(made, actor=office.handler, source="library", organizations=[cast.organizations[key] for key in names])
    invitation.draw(made, actor=office.handler, count=3, watchers=[office.supervisor, office.observer])
    return made
