"""An audit firm on a delivered contract, through the real verbs."""

from evaluation.lifecycle import check
from tests.factories.contracts import make_contract, reported
from tests.factories.providers import make_provider
from tests.memory import remembered


def make_firm(office):
    """A verified audit firm and its auditor."""
    return make_provider("四川公正会计师事务所", office=office, kind="company", is_auditor=True)


@remembered
def make_assignment(scene=None):
    """A performing contract with an auditor: the scene gains `firm`, `auditor` and `assignment`."""
    scene = scene or make_contract(state="performing")
    scene.firm = make_firm(scene.office)
    scene.auditor = scene.firm.user
    scene.assignment = check.assign(scene.contract, firm=scene.firm.organization, auditor=scene.auditor, actor=scene.office.handler)
    return scene


@remembered
def make_check(state="open", headcount=30):
    """A check of the progress stage in open | compared | reported, all its activities reported."""
    scene = make_assignment()
    stage = scene.contract.stages.get(condition="progress")
    people = [{"name": f"居民{number}", "phone": f"1390000{number:04d}", "kind": "self"} for number in range(6)]
    for row in stage.activities.all():
        reported(scene, row, headcount, sign_ins=people)
    scene.stage = stage
    scene.check = check.open_check(stage, actor=scene.office.handler)
    if state != "open":
        for item in scene.check.items.all():
            check.compare(item, actor=scene.auditor, counted=headcount, vouchers_ok=True, evidence_ok=True)
    if state == "reported":
        scene.check = check.report(scene.check, actor=scene.auditor, opinion="与计划相符。")
    return scene
