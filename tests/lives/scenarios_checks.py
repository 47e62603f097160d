"""The third-party check of a stage and its findings."""

import datetime

from evaluation.lifecycle import check, finding
from kernel import clock
from tests.factories.contracts import answered, make_contract
from tests.factories.providers import make_provider
from tests.lives.harness import Case, noun


def opened(compared=True):
    def build():
        scene = make_contract()
        firm = make_provider(office=scene.office, place=scene.office.street, is_auditor=True)
        scene.auditor = firm.user
        check.assign(scene.contract, firm=firm.organization, auditor=firm.user, actor=scene.office.handler)
        stage = scene.contract.stages.get(order=2)
        for row in stage.activities.all():
            answered(scene, row)
        scene.check = scene.subject = check.open_check(stage, actor=scene.office.handler)
        if compared:
            for item in scene.check.items.select_related("activity"):
                check.compare(item, actor=scene.auditor, counted=item.activity.headcount, vouchers_ok=True, evidence_ok=True)
        return scene

    return build


def late():
    scene = opened(compared=False)()
    clock.set_to(clock.now() + datetime.timedelta(days=40))
    return scene


def auditor(scene):
    return scene.auditor


REASON = {"kwargs": lambda scene: {"reason": "超过期限未提交"}}
noun(
    "check",
    {"open": opened()},
    {
        "report": Case(auditor, lambda scene: {"opinion": "与计划相符"}, weak=lambda scene: [scene.office.supervisor, scene.provider.user], race=True),
        "lapse": Case(lambda scene: scene.office.supervisor, **REASON, states={"open": late}, weak=lambda scene: [scene.auditor, scene.office.cashier, scene.provider.user], race=True),
    },
)


def stated():
    scene = opened()()
    scene.subject = finding.state_finding(scene.check, actor=scene.auditor, kind="headcount", text="人数不符", amount="680", activity=scene.check.items.first().activity)
    return scene


def answered_finding():
    scene = stated()
    scene.subject = finding.answer(scene.subject, actor=scene.provider.user, answer="已补充签到表")
    return scene


noun(
    "finding",
    {"open": stated, "answered": answered_finding},
    {
        "answer": Case(lambda scene: scene.provider.user, lambda scene: {"answer": "已补充签到表"}, weak=lambda scene: [scene.auditor, scene.office.handler], race=True),
        "clear": Case(auditor, **REASON, weak=lambda scene: [scene.provider.user, scene.office.cashier], race=True),
        "uphold": Case(lambda scene: scene.office.supervisor, **REASON, weak=lambda scene: [scene.auditor, scene.provider.user], race=True),
    },
)
