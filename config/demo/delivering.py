"""From the award to the last audited yuan."""

import datetime
from decimal import Decimal

from config.demo.papers import photo, scan
from evaluation.lifecycle import call_back, check, finding
from kernel import clock
from kernel.money import share
from procurement.lifecycle import activity, bond, closing, contract, contract_draft, payment, voucher

PEOPLE_IN_CHARGE = [{"name": "方圆", "duty": "项目负责人", "qualification": "中级社会工作师"}, {"name": "何苗", "duty": "专职社工", "qualification": "助理社会工作师"}]
PEOPLE = ("王大妈", "李大爷", "赵阿姨", "陈叔", "周婆婆", "吴师傅", "郑姐", "冯大哥")


def perform(plot, source, office, cast, travel):
    """Yields (level, contract)."""
    travel.days(3)
    made = contract_draft.draft_contract(source, actor=office.handler)  # key people, lines and stages are the response's
    if not made.key_people.exists():
        contract_draft.edit_contract(made, actor=office.handler, key_people=PEOPLE_IN_CHARGE)
    yield "contract_draft", made
    if made.statutory:
        asked = bond.ask_performance(made, actor=office.handler, amount=share(made.amount, 5))
        bond.receive(asked, actor=office.accountant, amount=asked.amount, form="guarantee", number=f"履约保函{made.pk:04d}")
        made.refresh_from_db()
    travel.days(2)
    made = contract.sign(made, actor=office.handler, scan=scan("服务合同"))
    travel.minutes(60)
    made = contract.publish_notice(made, actor=office.handler)
    if made.statutory:
        travel.days(1)
        made = contract.file_copy(made, actor=office.handler)
    provider = made.organization.members.get(role="manager").user
    if plot["way"] != "quotes" or plot["key"] == "finding":
        check.assign(made, firm=cast.organizations["chengxin"], auditor=cast.users["auditor2"], actor=office.handler)
    first, progress, last = made.stages.order_by("order")
    if plot["ends"] == "to_pay":
        travel.before_now(6)
    ask(first, provider, office, travel, stop="approved" if plot["ends"] == "to_pay" else "")
    yield ("to_pay" if plot["ends"] == "to_pay" else "signed"), made
    open_ends = ("delivering", "checking", "finding", "paying")
    deliver(made, progress, provider, office, travel, leave=plot["ends"] == "delivering")
    if plot["ends"] in open_ends:
        catch_up(made, provider, office, travel)
    yield "delivering", made
    audited = made.assignments.filter(ended_at=None).exists()
    if plot["ends"] == "checking" and not audited:
        check.assign(made, firm=cast.organizations["chengxin"], auditor=cast.users["auditor2"], actor=office.handler)
        audited = True
    if audited:
        if plot["ends"] in open_ends:
            travel.before_now(5 if plot["ends"] == "checking" else 12)
        row = check.open_check(progress, actor=office.handler)
        yield "checking", made
        examine(row, plot, cast, travel)
        yield "finding", made
    if plot["ends"] == "paying":
        travel.before_now(4)
    ask(progress, provider, office, travel, stop="one" if plot["ends"] == "paying" else "")
    yield "paying", made
    deliver(made, last, provider, office, travel)
    if audited and last.activities.exclude(status="cancelled").exists():
        row = check.open_check(last, actor=office.handler)
        examine(row, {"ends": ""}, cast, travel)
    spend(made, provider, travel)
    travel.until(max(made.ends_on, clock.today()))
    travel.days(2)
    end = closing.draft_closing(made, actor=provider, summary="全部活动已按计划完成，资料齐全，各项指标达到预期。", satisfaction=Decimal("94.5"), recipients_opinion="随机访谈12名服务对象，均表示满意。")
    end = closing.submit(end, actor=provider)
    end = closing.opine(end, actor=office.community, community_opinion="服务到位，群众满意，同意结项。")
    yield "closing", made
    travel.days(2)
    closing.accept(end, actor=office.supervisor, acceptors="马骏、周强、秦嫂", conclusion="逐项核对服务清单，达到合同约定，同意验收。", scan=scan("履约验收书"))
    travel.days(1)
    ask(last, provider, office, travel)
    travel.days(1)
    contract.close(type(made).objects.get(pk=made.pk), actor=office.handler)
    yield "closed", made


def ask(stage, provider, office, travel, stop=""):
    """A payment request with its invoice, approved in three steps and paid; `stop`: one | approved leaves it on the way."""
    travel.days(1)
    stage.refresh_from_db()
    number = f"26512000{stage.pk:012d}"
    request = payment.request_payment(stage, actor=provider, invoice_number=number, invoice_on=clock.today(), scan=scan("数电发票"))
    for count, person in enumerate((office.section, office.accountant, office.leader), start=1):
        travel.minutes(50)
        request = payment.approve(request, actor=person, remark="同意支付。")
        if stop == "one" and count == 1:
            return
    if stop == "approved":
        return
    travel.days(2)
    payment.pay(request, actor=office.cashier, voucher_number=f"记-{request.pk:04d}")


def deliver(made, stage, provider, office, travel, leave=False):
    """All activities of a stage that are due; with `leave` the latest stay reported, confirmed or planned for today's desks."""
    rows = list(stage.activities.order_by("planned_on", "id"))
    for number, row in enumerate(rows):
        left = len(rows) - number
        if leave and left <= 1:
            continue
        day = max(row.planned_on, clock.today())
        if leave and left == 2:
            travel.before_now(2)
            day = clock.today()
        row = hold_one(row, made, number, provider, travel, day)
        if leave and left <= 2:
            continue
        travel.days(1)
        activity.answer(row, actor=office.community, answer="deviation" if number == 1 else "held", remark="人数略少于计划，其余正常。" if number == 1 else "")


def hold_one(row, made, number, provider, travel, day=None):
    """Confirm, hold and report one activity with people, photos and the sign-in sheet."""
    day = day or row.planned_on
    row = activity.confirm(row, actor=provider, planned_on=min(max(day, made.starts_on), made.ends_on))
    travel.until(row.planned_on, hour=15)
    row = activity.hold(row, actor=provider)
    travel.minutes(90)
    came = max(1, row.planned_headcount - 3 - number % 4)
    signed = [{"name": PEOPLE[(number + place) % len(PEOPLE)], "phone": f"138{made.pk % 1000:03d}{number % 10}{place:04d}", "kind": "self"} for place in range(min(8, came))]
    return activity.report(
        row, actor=provider, headcount=came, distinct_people=came, summary="活动按计划开展，现场秩序良好，居民反响好。", sign_ins=signed,
        photos=[photo(row.title, number * 2), photo(row.title, number * 2 + 1)], sheet=scan("签到表"),
    )  # fmt: skip


def catch_up(made, provider, office, travel):
    """A contract that is still running today: what lies behind is done, what falls into these days is postponed for the weather."""
    soon = travel.now.date() + datetime.timedelta(days=6)
    for number, row in enumerate(made.activities.filter(status="planned", planned_on__lt=travel.now.date()).order_by("planned_on", "id")):
        if travel.at.date() <= row.planned_on < travel.now.date() - datetime.timedelta(days=16):
            travel.until(row.planned_on, hour=9)
            hold_one(row, made, number, provider, travel)
            travel.days(1)
            activity.answer(type(row).objects.get(pk=row.pk), actor=office.community, answer="held")
        else:
            day = min(soon + datetime.timedelta(days=number * 3), made.ends_on)
            activity.postpone(row, actor=provider, planned_on=day, cause="weather", reason="连日降雨，改期举行。")


def spend(made, provider, travel):
    """The provider's own spending, one voucher for each line of the activities' money."""
    for number, line in enumerate(made.project.lines.filter(kind="activity").order_by("id"), start=1):
        spent = (line.amount * Decimal("0.9")).quantize(Decimal("0.01"))
        voucher.record_voucher(made, actor=provider, kind="invoice", number=f"FP{made.pk:03d}{number:03d}", supplier="清源区百货经营部", spent_on=clock.today(), amount=spent, purpose=line.name, line=line)


def examine(row, plot, cast, travel):
    """The auditor compares, calls, and reports; the plot named "finding" ends with one open finding."""
    auditor = cast.users["auditor2"]
    travel.days(2)
    for item in row.items.select_related("activity").order_by("id"):
        check.compare(item, actor=auditor, counted=item.activity.headcount, vouchers_ok=True, evidence_ok=True)
    call_back.draw_call_backs(row, actor=auditor, count=3)
    for call in row.call_backs.all():
        call_back.record_call(call, actor=auditor, outcome="confirmed")
    if plot["ends"] == "finding":
        first = row.items.order_by("id").first()
        finding.state_finding(row, actor=auditor, kind="headcount", text="照片与签到表人数不一致，差额部分暂缓支付。", amount=Decimal("680"), activity=first.activity)
    travel.minutes(30)
    check.report(type(row).objects.get(pk=row.pk), actor=auditor, opinion="逐项核对活动、凭证与电话回访，除所列问题外与计划相符。")
