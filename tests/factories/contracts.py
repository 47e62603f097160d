"""Contracts in each state, built through the real verbs: from an intended provider's approved project to the accepted closing."""

import datetime
import itertools
from types import SimpleNamespace

from kernel import clock
from procurement.lifecycle import activity as activities
from procurement.lifecycle import closing as closings
from procurement.lifecycle import contract as contracts
from procurement.lifecycle import contract_draft, payment
from procurement.models import Contract
from tests.factories.projects import join, make_office, make_project, make_user
from tests.factories.providers import make_provider
from tests.memory import remembered

_count = itertools.count(1)
STATES = ("draft", "performing", "delivered", "closing", "accepted", "paid", "closed")


def invoice():
    """A fully digital invoice number nobody used before."""
    return f"26510107{next(_count):012d}"


@remembered
def make_scene(amount=18000, **project):
    """An office, its verified provider with account, and an approved project with that provider: SimpleNamespace(office, provider, project)."""
    office = make_office()
    office.second_handler = join(make_user("另一位经办人"), "handler", purchaser=office.purchaser)
    provider = make_provider(office=office)
    project = make_project(
        office, "approved", amount, way="intended", intended=provider.organization, intended_reason="长期扎根本社区，居民信任。", alternatives="另两家机构距离较远。", **project
    )
    return SimpleNamespace(office=office, provider=provider, project=project)


@remembered
def make_contract(scene=None, state="performing", *, amount=18000, project=None, **fields):
    """SimpleNamespace(office, provider, project, contract, people…) with the contract in one of STATES."""
    if state == "draft":
        scene = scene or make_scene(amount, **(project or {}))
        fields.setdefault("key_people", [{"name": "周敏", "duty": "项目主管", "qualification": "社会工作师", "phone": "13900000001"}])
        scene.contract = contract_draft.draft_contract(scene.project, actor=scene.office.handler, **fields)
        return scene
    # each state is one step from the one before, so that what was built on the way is remembered too
    scene = make_contract(scene, STATES[STATES.index(state) - 1], amount=amount, project=project, **fields)
    _step(scene, state)
    return scene if state == "performing" else fresh(scene)


def _step(scene, state):
    """From the state before to this one."""
    if state == "performing":
        scene.contract = contracts.sign(scene.contract, actor=scene.office.handler)
    elif state == "delivered":
        pay_stage(scene, 1)
        for row in scene.contract.activities.all():
            answered(scene, row)
    elif state == "closing":
        pay_stage(scene, 2)
        scene.closing = closings.draft_closing(scene.contract, actor=scene.provider.user, summary="活动全部完成。", satisfaction=96, recipients_opinion="希望继续开展。")
    elif state == "accepted":
        scene.closing = closings.submit(scene.closing, actor=scene.provider.user)
        scene.closing = closings.accept(scene.closing, actor=scene.office.supervisor, acceptors="王强、李梅、居民代表赵阿姨", conclusion="全部指标达到约定。", community_opinion="同意结项。")
    elif state == "paid":
        pay_stage(scene, 3)
    elif state == "closed":
        scene.contract = contracts.close(scene.contract, actor=scene.office.handler)


def fresh(scene):
    """Read the scene's contract and project again."""
    scene.contract = Contract.objects.get(pk=scene.contract.pk)
    scene.project = scene.contract.project
    return scene


def reported(scene, row, headcount=30, **fields):
    """Confirm, hold and report an activity."""
    row = activities.confirm(row, actor=scene.provider.user)
    row = activities.hold(row, actor=scene.provider.user)
    return activities.report(row, actor=scene.provider.user, headcount=headcount, **fields)


def answered(scene, row, answer="held", remark=""):
    """Take an activity up to the community's answer."""
    return activities.answer(reported(scene, row), actor=scene.office.staff, answer=answer, remark=remark)


def make_request(scene, order=1, state="in_approval", **fields):
    """A payment request of one stage in draft | in_approval | approved | paid."""
    stage = scene.contract.stages.get(order=order)
    values = {"invoice_number": invoice(), "invoice_on": clock.today(), **fields}
    request = payment.draft_payment(stage, actor=scene.provider.user, **values)
    if state == "draft":
        return request
    request = payment.submit(request, actor=scene.provider.user)
    if state == "in_approval":
        return request
    for person in (scene.office.section, scene.office.accountant, scene.office.leader):
        request = payment.approve(request, actor=person)
    if state == "approved":
        return request
    return payment.pay(request, actor=scene.office.cashier, voucher_number=f"记-{next(_count)}")


def pay_stage(scene, order):
    """Ask for a stage and pay it."""
    return make_request(scene, order, "paid")


def days(count):
    return datetime.timedelta(days=count)
