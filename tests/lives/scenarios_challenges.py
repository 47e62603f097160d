"""Challenges, complaints and what is ordered because of them."""

from functools import cache

from procurement.lifecycle import complaint, review_order
from tests.factories.challenges import challenged, complained
from tests.lives.harness import Case, View, by_engine, noun


@cache
def challenge(state, consequence="none"):
    return lambda: challenged(state, consequence)


@cache
def complaint_in(state):
    return lambda: complained(state)


def handler(scene):
    return scene.office.handler


def leader(scene):
    return scene.office.leader


def finance(scene):
    return scene.office.finance


def challenger(scene):
    return scene.who.user


def not_handler(scene):
    return [scene.office.leader, scene.office.staff, scene.office.finance, scene.who.user]


def not_leader(scene):
    return [scene.office.handler, scene.office.staff, scene.office.finance, scene.who.user]


def not_bureau(scene):
    return [scene.office.handler, scene.office.leader, scene.who.user]


def not_challenger(scene):
    return [scene.office.handler, scene.office.finance, next(row for row in scene.providers if row is not scene.who).user]


def outsiders(scene):
    return [scene.office.staff, scene.office.finance, scene.who.user]


def because(text="因质疑处理"):
    return lambda scene: {"reason": text}


noun(
    "challenge",
    {state: challenge(state) for state in ("filed", "prepared")},
    {
        "prepare": Case(handler, lambda scene: {"outcome": "rejected", "answer": "逐项答复如下。"}, weak=not_handler, race=True),
        "return": Case(leader, because("请补充依据"), weak=not_leader),
        "approve": Case(leader, weak=not_leader, race=True),
        "approve+upheld": Case(leader, states={"prepared": challenge("prepared", "next_candidate")}, weak=not_leader),
        "withdraw": Case(challenger, because("不再坚持"), weak=not_challenger, race=True),
    },
    family="challenge",
)


def ordered(kind):
    return View(challenge("answered", kind), lambda made: made.order)


@cache
def evaluated_anew():
    def build():
        made = challenged("answered", "reevaluate")
        made.subject = review_order.answer(made.order, actor=made.panel.members.get(is_leader=True).user, answer="排名不能维持。", stands=False)
        return made

    return build


@cache
def judged_by_another():
    """A second panel was drawn and has concluded."""

    def build():
        from evaluation.lifecycle import conclusion
        from tests.factories.tenders import hours, make_panel, score_all

        made = challenged("answered", "reevaluate")
        made.subject = review_order.reopen(made.order, actor=made.office.handler, reason="评审违法，另行组建")
        hours()
        made.tender.refresh_from_db()
        again = make_panel(made.tender, made.office)
        score_all(again)
        hours()
        conclusion.conclude(again, actor=again.sitting().first().user, report="重新评审结束。")
        return made

    return build


def panel_leader(scene):
    return scene.panel.members.get(is_leader=True).user


noun(
    "revieworder",
    {"open": ordered("next_candidate")},
    {
        "answer": Case(panel_leader, lambda scene: {"answer": "排名不变。", "stands": True}, states={"open": ordered("reevaluate")}, weak=lambda scene: [scene.office.handler, scene.office.leader], race=True),
        "reopen": Case(handler, because("评审违法，另行组建"), states={"open": ordered("reevaluate")}, weak=lambda scene: [scene.office.leader, scene.office.finance, scene.who.user], race=True),
        "reopen_with": Case(handler, **by_engine(review_order.BY_OTHER), states={"open": ordered("reevaluate")}),
        "carry_out": Case(leader, because(), states={"open": ordered("next_candidate"), "answered": evaluated_anew(), "reopened": judged_by_another()}, weak=outsiders, race=True),
        "carry_out+void": Case(leader, because(), states={"open": ordered("void")}, weak=lambda scene: [scene.office.staff]),
    },
    family="challenge",
)


@cache
def suspended_in(state):
    def build():
        made = complained(state)
        made.subject = complaint.suspend(made.complaint, actor=made.office.finance, reason="可能影响结果")
        return made

    return build


@cache
def appraised_in(state):
    def build():
        made = complained(state)
        made.subject = complaint.begin_appraisal(made.complaint, actor=made.office.finance, reason="服务质量鉴定")
        return made

    return build


RUNNING = ("accepted", "notified", "examining", "drafted")


def second(scene):
    return scene.second


DECISION = {"outcome": "upheld", "order": "next_candidate", "decision": "评分违反采购文件。", "document": "青财采决〔2026〕3号"}
noun(
    "complaint",
    {state: complaint_in(state) for state in ("filed", "correcting", *RUNNING)},
    {
        "ask_correction": Case(finance, because("请补交授权书"), weak=not_bureau),
        "correct": Case(challenger, because("已补正"), weak=not_challenger),
        "refuse": Case(finance, because("未经质疑"), weak=not_bureau, race=True),
        "accept": Case(finance, weak=not_bureau, race=True),
        "notify": Case(finance, weak=not_bureau),
        "reply": Case(handler, lambda scene: {"reply": "评审合法。"}, weak=lambda scene: [scene.office.section, scene.office.finance, scene.who.user]),
        "suspend": Case(finance, because("可能影响结果"), weak=not_bureau, race=True),
        "lift": Case(finance, because("不影响结果"), states={state: suspended_in(state) for state in RUNNING}, weak=not_bureau, race=True),
        "begin_appraisal": Case(finance, because("服务质量鉴定"), weak=not_bureau),
        "end_appraisal": Case(finance, states={state: appraised_in(state) for state in RUNNING}, weak=not_bureau),
        "draft_decision": Case(finance, lambda scene: dict(DECISION), weak=not_bureau, race=True),
        "return_decision": Case(second, because("事实不清"), weak=not_bureau),
        "decide": Case(second, weak=not_bureau, race=True),
        "withdraw": Case(challenger, because("撤回投诉"), weak=not_challenger),
    },
    family="complaint",
)
