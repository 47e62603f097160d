"""The facts of a purchase by the names its documents use: {{项目名称}}, {{截止时间}}, {{评分表}} … Each is read when it is asked for."""

from kernel import clock
from kernel.amounts import in_words
from kernel.money import ZERO
from procurement import criteria, methods, timetable
from procurement.judging_bounds import low_shares
from procurement.lifecycle.evaluation_terms import deductions_of, terms_of
from procurement.placeholders import lines, table

KINDS = {"activity": "活动费用", "people": "人员费用", "running": "管理运行费用"}
LATER, BLANK = "发布时确定", "＿＿＿＿"


class Facts:
    """What a purchase says under a name; asked once each, so that a text with twenty names reads the purchase once."""

    def __init__(self, tender):
        self.tender, self.method, self.known = tender, methods.of(tender), {}

    def __call__(self, name):
        """The value of a name as text. Raises KeyError for an unknown one."""
        if name not in self.known:
            self.known[name] = READ[name](self) or ""
        return self.known[name]

    def _once(self, key, read):
        if key not in self.known:
            self.known[key] = read()
        return self.known[key]

    @property
    def lots(self):
        return self._once(("lots",), lambda: list(self.tender.lots.select_related("project__place", "project__item", "bond_terms")))

    @property
    def projects(self):
        return list({lot.project_id: lot.project for lot in self.lots}.values())

    @property
    def items(self):
        return self._once(("items",), lambda: list(self.tender.score_items.all()))

    @property
    def plan(self):
        return self._once(("plan",), lambda: timetable.timetable(self.tender))

    @property
    def ceiling(self):
        return sum((lot.ceiling for lot in self.lots), ZERO)

    @property
    def law(self):
        return self._once(("law",), lambda: methods.law(self.tender))


def money(amount):
    return f"{amount:,.2f} 元"


def moment(value):
    return value.astimezone(clock.ZONE).strftime("%Y年%m月%d日 %H:%M")


def day(value):
    return value.strftime("%Y年%m月%d日")


def _when(facts, name, planned, show):
    """A date of the purchase; before it is published, the earliest lawful one, marked as such."""
    value = getattr(facts.tender, name)
    return show(value) if value else f"{show(planned(facts.plan))}（{LATER}）"


def _span(facts):
    if not facts.projects:
        return ""
    return f"{day(min(row.starts_on for row in facts.projects))}至{day(max(row.ends_on for row in facts.projects))}"


def _obtaining(facts):
    if facts.tender.venue == "external":
        return f"在{facts.tender.external_platform}（{facts.tender.external_url}）下载"
    return "在点单平台本项目采购文件页面下载"


def _submitting(facts):
    if facts.tender.venue == "external":
        return f"在{facts.tender.external_platform}提交"
    paper = "；也可在截止时间前送达密封的纸质文件，由经办人和见证人登记" if facts.tender.profile_id and facts.tender.profile.paper_allowed else ""
    return f"登录点单平台在线加密提交，以服务器时间为准{paper}"


def _opening(facts):
    if facts.tender.venue == "external":
        return f"地点：{facts.tender.external_platform}。"
    return "由两名开启人各自输入口令共同开启。" if facts.tender.seal == "openers" else "由经办人和见证人共同开启。"


def _ranking(facts):
    ranking = methods.ranking_of(facts.tender)
    if ranking == "points":
        price = next((item.points for item in facts.items if item.kind == "price"), None)
        weight = f"，其中价格 {price.normalize():f} 分" if price else ""
        return f"综合评分法：满分 100 分{weight}，按评审后得分由高到低排序"
    if ranking == "negotiated":
        return "协商确定价格"
    return "最低价法：质量和服务均能满足全部实质性要求，且报价最低"


def _panel(facts):
    return facts.method.panel if facts.tender.is_statutory else "本单位评审小组"


def _members(facts):
    if not facts.tender.is_statutory:
        return _panel(facts)
    least = methods.least(facts.tender, "members", facts.law)
    return f"{facts.method.panel}（{least} 人以上单数）" if least else facts.method.panel


def _duty(facts, rule, param, words):
    known = facts.law
    if rule not in known:
        return "按本单位采购规定"
    found = known.get(rule)
    figure = found.params[param]
    unit = "个工作日" if figure.unit == "working_day" else "日"
    return words.format(figure=f"{found.value(param)} {unit}", article=found.article)


def _bond(facts):
    """What the documents ask as a bid bond, lot by lot (D09 bounds it where it is set)."""
    terms = [(lot, lot.bond_terms) for lot in facts.lots if getattr(lot, "bond_terms", None)]
    if not terms:
        return "不收取"
    sums = "；".join((f"第 {lot.order} 包 " if len(facts.lots) > 1 else "") + money(row.amount) for lot, row in terms)
    return f"{sums}，以支票、汇票、本票或者金融机构保函等非现金形式提交"


def _scores(facts):
    if methods.ranking_of(facts.tender) != "points":
        return table(("评审因素", "标准"), [("报价", "满足全部实质性要求的响应中，报价最低者排名第一")])
    kinds = {"price": "价格", "objective": "客观", "subjective": "主观", "group": "小计"}
    rows = []
    for item in criteria.tree(facts.items):
        standard = item.standard or ("评审基准价÷评审价×价格分值" if item.kind == "price" else "")
        words = "；".join(part for part in (standard, item.scale) if part) + (f"（依据：{item.legal_basis}）" if item.legal_basis else "")
        rows.append((f"{item.number} {item.name}".strip(), kinds[item.kind], words, f"{item.worth.normalize():f}"))
    return table(("评审因素", "类别", "评分标准", "分值"), rows)


def _judging(facts):
    """The rules of judging in sentences, each only where it holds for this purchase (C05, C08, C09)."""
    tender, known, terms = facts.tender, facts.law, terms_of(facts.tender)
    scored, found = methods.ranking_of(tender) == "points", []
    full, partial = deductions_of(tender, known)
    if terms.reserved:
        found.append("本项目专门面向中小企业采购，不再执行价格扣除。")
    elif full:
        share = known.get("C09").value("small_share")
        found.append(
            f"对出具《中小企业声明函》的小型、微型企业和个体工商户，报价扣除 {_percent(full)} 后参加评审；联合体或者分包中小微企业合同份额达到 {_percent(share)} 的，扣除 {_percent(partial)}。"
            "评审价只用于评审，不改变合同价；社会组织不享受价格扣除。"
        )  # fmt: skip
    if "C08" in known:
        rule = known.get("C08")
        mean, second, ceiling = (_percent(value) for value in low_shares(rule, terms.raised).values())
        found.append(
            f"报价低于全部通过符合性审查供应商报价平均值的 {mean}，最低报价低于次低报价的 {second}，报价低于最高限价的 {ceiling}，或者评审成员认为报价过低、有可能影响服务质量或者不能诚信履约的，"
            f"启动异常低价审查，给供应商不少于 {rule.value('explain')} 分钟作出书面说明；不能证明报价合理性的，作无效处理。"
        )  # fmt: skip
    if facts.method.final_quotes and tender.is_statutory:
        silent = "视为退出" if terms.silence == "out" else "以其上一次报价为准"
        found.append(f"最后报价分 {terms.rounds} 轮进行，以最后一轮为准，每轮在截止时间前保持密封；未在规定时间内报价的，{silent}。" if terms.rounds > 1 else f"未在规定时间内提交最后报价的，{silent}。")
    if scored:
        tie = "仍相同的按评审得分由高到低排序，再相同的随机抽取" if terms.tie == "technical" else "仍相同的随机抽取"
        found.append(f"得分相同的，按报价由低到高排序，{tie}。")
        if terms.blind:
            found.append("技术部分实行暗标评审：服务方案和活动计划中不得出现供应商名称、人员姓名以及其他可以识别供应商身份的内容。")
    if terms.essential_list:
        found.append("实质性要求（有一条不符合的，作无效处理）：" + "；".join(f"（{number}）{text}" for number, text in enumerate(terms.essential_list, 1)) + "。")
    return "\n".join(found)


def _percent(value):
    return f"{value.normalize():f}%"


def _lots(facts):
    if len(facts.lots) < 2:
        return ""
    return table(("包号", "名称", "最高限价"), [(lot.order, lot.title, money(lot.ceiling)) for lot in facts.lots])


def _plan(facts):
    rows = [(row.title, day(row.planned_on), row.location, f"{row.headcount} 人", f"{row.times} 场") for project in facts.projects for row in project.plan.all()]
    return table(("活动", "计划日期", "地点", "每场人数", "场次"), rows) if rows else ""


def _budget(facts):
    sums = {}
    for project in facts.projects:
        for line in project.lines.all():
            sums[line.kind] = sums.get(line.kind, ZERO) + line.amount
    rows = [(label, money(sums[key])) for key, label in KINDS.items() if key in sums]
    return table(("预算科目", "金额"), [*rows, ("合计", money(sum(sums.values(), ZERO)))]) if rows else ""


def _quote(facts):
    rows = [(KINDS[line.kind], line.name, line.unit, line.quantity_text, BLANK, BLANK) for project in facts.projects for line in project.lines.all()]
    return table(("类别", "明细", "单位", "数量", "单价（元）", "金额（元）"), [*rows, ("合计", "", "", "", "", BLANK)])


def _timetable(facts):
    tender, plan = facts.tender, facts.plan
    shown = [
        ("采购文件获取截止", tender.documents_until or plan.documents_until.date, plan.documents_until.article),
        ("公告期限截止", tender.notice_until or plan.notice_until.date, plan.notice_until.article),
        ("提交截止", tender.deadline or plan.moment, plan.deadline.article),
        (facts.method.words["opening"], tender.opens_at or tender.deadline or plan.moment, ""),
    ]
    return table(("事项", "时间", "依据"), [(label, moment(value) if hasattr(value, "hour") else day(value), article) for label, value, article in shown])


READ = {
    "项目编号": lambda facts: facts.tender.number, "项目名称": lambda facts: facts.tender.title, "采购方式": lambda facts: facts.method.name,
    "采购人": lambda facts: facts.tender.purchaser.name, "采购人地址": lambda facts: facts.tender.purchaser.address or "—", "联系方式": lambda facts: facts.tender.contact,
    "采购代理机构": lambda facts: facts.tender.agency or "未委托", "采购计划备案号": lambda facts: facts.tender.plan_number or "—",
    "预算金额": lambda facts: f"{money(facts.ceiling)}（{in_words(facts.ceiling)}）", "最高限价": lambda facts: money(facts.ceiling) if len(facts.lots) == 1 else "见采购包表",
    "服务期限": _span, "服务地点": lambda facts: "、".join(dict.fromkeys(row.place.name for row in facts.projects)),
    "服务对象": lambda facts: "、".join(dict.fromkeys(row.target_group for row in facts.projects)),
    "公告期限": lambda facts: _when(facts, "notice_until", lambda plan: plan.notice_until.date, day), "文件获取截止": lambda facts: _when(facts, "documents_until", lambda plan: plan.documents_until.date, day),
    "截止时间": lambda facts: _when(facts, "deadline", lambda plan: plan.moment, moment), "开启时间": lambda facts: _when(facts, "opens_at", lambda plan: plan.moment, moment),
    "文件获取方式": _obtaining, "提交方式": _submitting, "开启方式": _opening, "评审组织": _panel, "评审组成": _members, "评审办法": _ranking, "评审规定": _judging,
    "采购文件称谓": lambda facts: facts.method.words["documents"], "响应文件称谓": lambda facts: facts.method.words["response"], "供应商称谓": lambda facts: facts.method.words["bidder"],
    "开启称谓": lambda facts: facts.method.words["opening"], "成交称谓": lambda facts: facts.method.words["award"],
    "是否接受联合体": lambda facts: "是" if facts.tender.allows_consortium else "否", "是否允许分包": lambda facts: "非主体、非关键性工作可以分包" if facts.tender.allows_subcontract else "否",
    "响应有效期": lambda facts: f"自提交截止之日起 {facts.tender.validity_days} 日", "保证金": _bond,
    "可成交包数": lambda facts: f"最多 {facts.tender.max_lots_won} 个" if facts.tender.max_lots_won else "不限",
    "签约期限": lambda facts: _duty(facts, "D06", "sign", "自通知书发出之日起 {figure}内（{article}）"), "质疑期限": lambda facts: _duty(facts, "G02", "challenge", "知道或者应知其权益受到损害之日起 {figure}内（{article}）"),
    "资格要求": lambda facts: lines(facts.tender.qualification), "采购需求": lambda facts: lines(facts.tender.requirements), "合同条款": lambda facts: lines(facts.tender.contract_terms) or "按采购结果和双方约定填写。",
    "评分表": _scores, "采购包表": _lots, "活动计划表": _plan, "预算构成表": _budget, "分项报价表": _quote, "进度表": _timetable,
}  # fmt: skip
TABLES = ("评分表", "采购包表", "活动计划表", "预算构成表", "分项报价表", "进度表")
