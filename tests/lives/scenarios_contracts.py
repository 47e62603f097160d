"""Contracts, their stages and amendments, activities, payment requests and closings."""

import datetime

from kernel import clock
from procurement.lifecycle import activity as activities
from procurement.lifecycle import amendment, payment
from procurement.lifecycle import closing as closings
from procurement.lifecycle import contract as contracts
from procurement.lifecycle import stage as stages
from procurement.lifecycle.clearance import state_clearance
from procurement.models import ProjectFund
from providers.lifecycle.account import ask_account, confirm_account
from tests.factories.contracts import answered, make_contract, make_request, reported
from tests.factories.projects import scan
from tests.factories.providers import picture
from tests.factories.tenders import make_tender
from tests.lives.harness import Case, by_engine, noun

DAY = datetime.timedelta(days=1)


def contract(state):
    def build():
        scene = make_contract(state=state)
        scene.subject = scene.contract
        return scene

    return build


def terminated():
    scene = contract("performing")()
    scene.subject = scene.contract = contracts.terminate(scene.contract, actor=scene.office.leader, reason="承接主体无法履约", owed=0)
    return scene


def of_lot():
    """A draft contract of an awarded lot, its result announced."""
    from procurement.lifecycle.contract_draft import draft_contract

    walk = make_tender(state="announced")
    walk.subject = draft_contract(walk.lot, actor=walk.office.handler)
    return walk


def signed_of_lot():
    """A contract under the law: its copy is filed."""
    walk = of_lot()
    walk.subject = contracts.sign(walk.subject, actor=walk.office.handler)
    return walk


def ended_of_lot():
    walk = signed_of_lot()
    walk.subject = contracts.terminate(walk.subject, actor=walk.office.leader, reason="承接主体无法履约", owed=0)
    walk.subject = contracts.close(walk.subject, actor=walk.office.handler)
    return walk


def handler(scene):
    return scene.office.handler


def provider(scene):
    return scene.provider.user


def not_handler(scene):
    return [scene.office.leader, scene.office.staff, scene.office.observer]


def not_provider(scene):
    return [scene.office.leader, scene.office.staff]


REASON = {"kwargs": lambda scene: {"reason": "双方协商一致"}}
SIGNED = {"performing": contract("performing"), "closed": contract("closed")}
noun(
    "contract",
    {"draft": contract("draft"), "terminated": terminated, **SIGNED},
    {
        "sign": Case(handler, lambda scene: {"scan": scan("合同.png")}, weak=not_handler, race=True),
        "sign+lot": Case(handler, states={"draft": of_lot}, weak=not_handler),
        "publish_notice": Case(handler, weak=not_handler, race=True),
        "file_copy": Case(handler, states={"performing": signed_of_lot, "closed": ended_of_lot}, weak=not_handler),
        "replace_key_person": Case(handler, lambda scene: {"person": scene.contract.key_people.get(), "name": "吴芳", "reason": "原负责人离职"}, weak=not_handler, race=True),
        "terminate": Case(lambda scene: scene.office.leader, lambda scene: {"owed": 1000, "reason": "承接主体无法履约"}, weak=lambda scene: [scene.office.section, scene.provider.user], race=True),
        "close": Case(handler, states={"performing": contract("paid"), "terminated": terminated}, weak=not_handler, race=True),
        "cancel": Case(handler, **REASON, weak=not_handler),
    },
)


def amended():
    scene = contract("performing")()
    ProjectFund.objects.filter(project=scene.project).update(amount=30000)
    scene.subject = amendment.draft_amendment(scene.contract, actor=scene.office.handler, subject_matter="增加一次活动", delta=1000)
    return scene


noun(
    "amendment",
    {"draft": amended},
    {
        "sign": Case(lambda scene: scene.office.section, lambda scene: {"scan": scan("补充合同.png")}, weak=lambda scene: [scene.office.accountant, scene.provider.user], race=True),
        "drop": Case(handler, **REASON, weak=lambda scene: [scene.office.section, scene.provider.user]),
    },
)


def stage(state):
    def build():
        scene = make_contract()
        scene.subject = scene.contract.stages.get(order=1)
        if state == "part_paid":
            state_clearance(scene.subject, "finding", "finding-1", held="400", note="发票不符")
        if state != "waiting":
            make_request(scene, 1, "in_approval" if state == "requested" else "paid")
        return scene

    return build


noun(
    "stage",
    {state: stage(state) for state in ("waiting", "requested", "part_paid", "paid")},
    {step.verb: Case(handler, **by_engine(step)) for step in stages.LIFE.steps},
)


def activity(state):
    def build():
        scene = make_contract()
        row = scene.contract.activities.order_by("pk").first()
        person = scene.provider.user
        if state in ("confirmed", "held"):
            row = activities.confirm(row, actor=person)
        if state == "held":
            row = activities.hold(row, actor=person)
        if state == "reported":
            row = reported(scene, row)
        if state in ("answered", "checked"):
            row = answered(scene, row)
        if state == "checked":
            row = activities.check(row, actor=scene.office.supervisor)
        scene.subject = row
        return scene

    return build


def silent():
    """The community has said nothing for longer than it is asked."""
    scene = activity("reported")()
    clock.set_to(clock.now() + 20 * DAY)
    return scene


def checked_in_silence():
    scene = silent()
    scene.subject = activities.verify(scene.subject, actor=scene.office.supervisor, reason="现场照片核对一致")
    return scene


def report(scene):
    sheet = [{"name": "李奶奶", "phone": "13811112222"}, {"name": "王大爷", "kind": "no_phone"}]
    return {"headcount": 30, "distinct_people": 28, "summary": "顺利", "sign_ins": sheet, "photos": [scan("现场.png")], "sheet": scan("签到.png")}


noun(
    "activity",
    {state: activity(state) for state in ("planned", "confirmed", "held", "reported", "answered", "checked")},
    {
        "confirm": Case(provider, lambda scene: {"location": "文化站"}, weak=lambda scene: [*not_provider(scene), scene.office.handler], race=True),
        "hold": Case(provider, weak=lambda scene: [*not_provider(scene), scene.office.handler], race=True),
        "report": Case(provider, report, weak=lambda scene: [*not_provider(scene), scene.office.handler], race=True),
        "answer": Case(lambda scene: scene.office.staff, lambda scene: {"answer": "held"}, weak=lambda scene: [scene.provider.user, scene.office.handler], race=True),
        "answer+not_held": Case(lambda scene: scene.office.staff, lambda scene: {"answer": "not_held", "remark": "无人到场"}, weak=lambda scene: [scene.provider.user]),
        "answer_late": Case(lambda scene: scene.office.staff, lambda scene: {"answer": "held"}, states={"checked": checked_in_silence}, weak=lambda scene: [scene.provider.user]),
        "check": Case(lambda scene: scene.office.supervisor, weak=lambda scene: [scene.provider.user, scene.office.cashier]),
        "verify": Case(lambda scene: scene.office.supervisor, **REASON, states={"reported": silent}, weak=lambda scene: [scene.provider.user, scene.office.cashier], race=True),
        "postpone": Case(provider, lambda scene: {"planned_on": scene.subject.planned_on + DAY, "cause": "weather", "reason": "暴雨预警"}, weak=not_provider),
        "replace": Case(
            handler, lambda scene: {"title": "线上读书会", "planned_on": scene.subject.planned_on, "location": "直播间", "planned_headcount": 50, "reason": "场地维修"},
            weak=lambda scene: [*not_provider(scene), scene.provider.user],
        ),
        "cancel": Case(provider, lambda scene: {"cause": "provider", "reason": "人手不足"}, weak=not_provider, race=True),
        "cancel+cost": Case(handler, lambda scene: {"cause": "weather", "proven_cost": 100, "reason": "台风"}, weak=not_provider),
    },
)  # fmt: skip


def request(state):
    def build():
        scene = make_contract()
        scene.subject = make_request(scene, 1, "paid" if state == "returned" else state)
        if state == "returned":
            scene.subject = payment.return_by_bank(scene.subject, actor=scene.office.cashier, reason="户名不符")
        return scene

    return build


def last_approval():
    scene = request("in_approval")()
    for person in (scene.office.section, scene.office.accountant):
        scene.subject = payment.approve(scene.subject, actor=person)
    return scene


def moved_account(state):
    """The provider's account changed while the request was on its way."""

    def build():
        scene = request(state)()
        row = ask_account(scene.provider.organization, actor=scene.provider.user, bank="另一家银行", number="6222 1111 22223333", proof=picture((9, 9, 9)))
        confirm_account(row, actor=scene.office.accountant)
        return scene

    return build


def leader(scene):
    return scene.office.leader


def not_cashier(scene):
    return [scene.office.accountant, scene.office.handler, scene.provider.user]


VOUCHER = {"kwargs": lambda scene: {"voucher_number": "记-88"}}
noun(
    "payment",
    {state: request(state) for state in ("draft", "in_approval", "approved", "paid", "returned")},
    {
        "submit": Case(provider, weak=lambda scene: [scene.office.accountant, scene.office.staff], race=True),
        "approve": Case(lambda scene: scene.office.section, weak=not_cashier, race=True),
        "complete": Case(leader, run=payment.approve, states={"in_approval": last_approval}, weak=not_cashier, race=True),
        "reject": Case(lambda scene: scene.office.accountant, **REASON, weak=lambda scene: [scene.office.handler, scene.provider.user]),
        "pay": Case(lambda scene: scene.office.cashier, **VOUCHER, weak=not_cashier, race=True),
        "return_by_bank": Case(lambda scene: scene.office.cashier, **REASON, weak=not_cashier, race=True),
        "resend": Case(lambda scene: scene.office.accountant, **REASON, weak=lambda scene: [scene.office.cashier, scene.provider.user], race=True),
        "adopt_account": Case(
            lambda scene: scene.office.accountant, **REASON, states={state: moved_account(state) for state in ("in_approval", "approved")},
            weak=lambda scene: [scene.office.cashier, scene.provider.user],
        ),
        "cancel": Case(provider, weak=lambda scene: [scene.office.accountant, scene.office.staff]),
    },
)  # fmt: skip


def closing(state):
    def build():
        scene = make_contract(state="closing")
        scene.subject = scene.closing
        if state == "submitted":
            scene.subject = closings.submit(scene.closing, actor=scene.provider.user)
        return scene

    return build


ACCEPTANCE = {"acceptors": "王强、李梅、居民代表赵阿姨", "conclusion": "全部指标达到约定。", "community_opinion": "同意结项。"}
noun(
    "closing",
    {state: closing(state) for state in ("draft", "submitted")},
    {
        "submit": Case(provider, weak=lambda scene: [scene.office.staff, scene.office.cashier], race=True),
        "opine": Case(lambda scene: scene.office.staff, lambda scene: {"community_opinion": "同意"}, weak=lambda scene: [scene.provider.user, scene.office.handler]),
        "accept": Case(
            lambda scene: scene.office.supervisor, lambda scene: {**ACCEPTANCE, "scan": scan("验收书.png")}, weak=lambda scene: [scene.provider.user, scene.office.cashier], race=True
        ),
        "send_back": Case(lambda scene: scene.office.supervisor, **REASON, weak=lambda scene: [scene.provider.user, scene.office.cashier]),
    },
)
