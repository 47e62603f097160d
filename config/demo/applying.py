"""From the need to the approved project."""

import datetime
from decimal import Decimal

from communities.lifecycle import need as needs
from config.demo import prices
from config.demo.papers import scan
from config.demo.preparing import reasons
from kernel import clock
from procurement.lifecycle import convening, gates, meeting, project
from procurement.models import CatalogueItem

LEAD = {"statutory": 50, "staff": 30, "quotes": 14, "intended": 12, "external": 50}
TERM = 95
INDICATORS = (
    {"kind": "quantity", "name": "服务居民人数", "target": 120, "unit": "人", "how": "活动签到与服务记录"},
    {"kind": "timeliness", "name": "按计划完成的活动", "target": 95, "unit": "%", "how": "活动台账与计划比对"},
    {"kind": "satisfaction", "name": "参与居民满意度", "target": 90, "unit": "%", "how": "活动后问卷与电话回访"},
)


def apply(plot, theme, office, cast, travel):
    """Yields (level, project) from the published need to the approved project."""
    need = needs.raise_need(
        office.place, office.community, title=theme["need"], description=theme["description"], target_group=theme["group"], headcount=120,
        method="meeting", asked_on=clock.today(), asked_count=46, opinion="参会居民代表一致赞成，建议尽快安排。",
    )  # fmt: skip
    need = needs.publish(needs.confirm(need, actor=office.community), actor=office.community)
    yield "need", None
    travel.minutes(150)
    starts = clock.today() + datetime.timedelta(days=LEAD[plot["way"]])
    ends = starts + datetime.timedelta(days=TERM)
    intended = {}
    if plot["way"] == "intended":
        intended = {
            "way": "intended", "intended": cast.organizations["nuanyang"], "intended_reason": "该机构上年度服务评价为优，熟悉院落情况，金额在街道直接选定额度内。",
            "alternatives": "比较了两家机构，报价接近，但均无维修师傅资源。", "price_comparison": "两家机构同类服务报价与本预算相差不足百分之五，报价单已附。",
        }  # fmt: skip
    row = project.draft_project(
        office.community, title=plot["title"], purchaser=office.purchaser, place=office.place, fiscal_year=clock.today().year, needs=[need],
        item=CatalogueItem.objects.get(catalogue__kind="guidance", name=theme["item"], level=2), goal=theme["goal"], target_group=theme["group"], headcount=120,
        results=theme["results"], risks="天气或场地变动时，提前三日告知居民并改期。", starts_on=starts, ends_on=ends,
        indicators=INDICATORS, declared=not intended, **intended,
    )  # fmt: skip
    plan, lines = budget(plot, theme, starts, TERM)
    row = project.set_budget(row, plan, lines, office.community)
    yield "draft", row
    row = project.set_funding(row, [{"fund": cast.funds[office.fund_key, row.fiscal_year], "amount": row.budget_total}], office.community)
    prices.explain(row, office.community)
    travel.minutes(90)
    row = project.submit(row, actor=office.community, cautions=reasons(row))
    row = project.take(row, actor=office.handler)
    yield "submitted", row
    travel.days(1)
    if plot["ends"] == "returned":
        line = row.lines.filter(kind="activity").first()
        yield "returned", gates.send_back(row, actor=office.section, reason="个别单价高于市场价，请核实后重新上报。", line_remarks={line.pk: "请附两家询价。"})
        return
    row = gates.pass_gate(row, actor=office.section, reason="计划可行，预算基本合理。")
    yield "joint", row
    travel.days(2)
    row = gates.pass_gate(row, actor=office.leader, reason="同意提交。")
    if row.status == "in_review":
        yield "committee", row
        travel.days(2)
        row = decide_in_meeting(row, office)
    yield "approved", row


def budget(plot, theme, starts, length):
    """Plan and lines of a theme, quantities scaled, dates spread over the term."""
    plan = []
    for number, (title, location, headcount, times) in enumerate(theme["plan"], start=1):
        day = starts + datetime.timedelta(days=min(length - 1, 4 + number * 5))
        plan.append({"order": number, "title": title, "planned_on": day, "location": location, "headcount": headcount, "times": times, "by_whom": "承接主体项目负责人、社区社工"})
    lines = [
        {
            "activity": activity or None, "kind": kind, "name": name, "unit": unit, "price": Decimal(price),
            "quantity": max(Decimal(1), (Decimal(quantity) * Decimal(str(plot["scale"]))).quantize(Decimal(1))) if unit not in ("项",) else Decimal(1),
        }
        for activity, kind, name, unit, quantity, price in theme["lines"]
    ]  # fmt: skip
    return plan, lines


def decide_in_meeting(row, office):
    """The work committee is called together and takes the project; one member who was there confirms the minutes."""
    run = gates.open_run(row)
    record = convening.convene_meeting(
        office.committee, purchaser=office.purchaser, number=f"工委会〔{clock.today():%Y}〕{row.pk}号", title="街道党工委会议", held_on=clock.today(),
        begins_at=datetime.time(14, 30), location="街道三楼会议室", chair=office.leader, runs=[run],
    )  # fmt: skip
    record = meeting.record_meeting(
        record, actor=office.committee, held_on=clock.today(), attendees=[office.committee, office.leader, office.section],
        items=[{"run": run, "result": "passed", "remark": "同意实施。"}], minutes=scan("会议纪要"),
    )  # fmt: skip
    meeting.confirm_meeting(record, actor=office.leader)
    row.refresh_from_db()
    return type(row).objects.get(pk=row.pk)
