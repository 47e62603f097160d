"""Projects through their gates, and the meetings that decide them."""

from types import SimpleNamespace

from kernel import clock
from procurement.lifecycle import convening, gates, project
from procurement.models import Gate
from tests.factories.projects import budget_of, join, make_fund, make_meeting, make_office, make_project, make_user, name_members, scan
from tests.lives.harness import Case, noun


def ready(state, amount=40000):
    def build():
        office = make_office()
        heir = join(make_user("接任经办人"), "handler", purchaser=office.purchaser)
        return SimpleNamespace(office=office, heir=heir, subject=make_project(office, state, amount))

    return build


def returned():
    scene = ready("submitted")()
    scene.subject = gates.send_back(scene.subject, actor=scene.office.section, reason="单价偏高")
    return scene


def changed():
    """Sent back and changed: all gates judge again."""
    scene = returned()
    scene.subject = project.set_budget(scene.subject, *budget_of(38000, scene.subject.starts_on), scene.office.staff)
    return scene


def several():
    """Two of the people of the section have to agree."""

    def build():
        office = make_office()
        office.second_section = join(make_user("科室乙"), "section", purchaser=office.purchaser)
        Gate.objects.filter(purchaser=office.purchaser, key="pre_review").update(votes=2)
        return SimpleNamespace(office=office, subject=make_project(office, "submitted"))

    return build


def last_gate():
    scene = ready("submitted")()
    scene.subject = gates.pass_gate(scene.subject, actor=scene.office.section)
    return scene


def cut():
    """The last gate approved, but cut; the lines are lowered."""
    scene = last_gate()
    scene.subject = gates.cut(scene.subject, actor=scene.office.leader, cut_to=36000, reason="压缩物料")
    row = scene.subject
    plan = [{"id": planned.pk, "order": planned.order} for planned in row.plan.all()]
    lines = [{"id": line.pk, "order": line.order, "activity": line.activity and line.activity.order, "price": line.price} for line in row.lines.select_related("activity")]
    lines[1]["price"] -= 4000
    scene.subject = project.set_budget(row, plan, lines, scene.office.staff)
    return scene


def funded(state):
    """With a second fund the project may be planned on instead."""

    def build():
        scene = returned() if state == "returned" else ready("ready")()
        scene.fund = make_fund(scene.office)
        return scene

    return build


def contracted():
    scene = ready("approved")()
    scene.subject = project.mark_contracted(scene.subject, scene.office.handler)
    return scene


def applicant(scene):
    return scene.office.staff


def handler(scene):
    return scene.office.handler


def section(scene):
    return scene.office.section


def reviewers(scene):
    return [scene.office.leader, scene.office.cashier]


def bystanders(scene):
    return [scene.office.staff, scene.office.cashier]


def edit(subject, *, actor):
    return project.edit_project(subject, actor=actor, title="改过的名称", needs=list(subject.needs.all()))


def set_budget(subject, *, actor):
    return project.set_budget(subject, *budget_of(30000, subject.starts_on), actor)


def set_funding(subject, *, actor, fund):
    return project.set_funding(subject, [{"fund": fund, "amount": subject.budget_total}], actor)


REASON = {"kwargs": lambda scene: {"reason": "理由见附件"}}
noun(
    "project",
    {
        "draft": ready("ready"), "in_review": ready("submitted"), "returned": returned, "approved": ready("approved"), "sourcing": ready("sourcing"), "contracted": contracted,
    },
    {
        "edit": Case(applicant, run=edit, weak=reviewers),
        "budget": Case(applicant, run=set_budget, weak=reviewers),
        "funding": Case(applicant, lambda scene: {"fund": scene.fund}, run=set_funding, states={state: funded(state) for state in ("draft", "returned")}, weak=reviewers),
        "submit": Case(applicant, weak=reviewers, race=True),
        "resubmit": Case(applicant, **REASON, weak=reviewers, race=True),
        "resubmit+changed": Case(applicant, states={"returned": changed}, weak=reviewers),
        "settle": Case(applicant, run=project.resubmit, states={"returned": cut}, weak=reviewers),
        "pass_gate": Case(section, weak=bystanders, race=True),
        "pass_gate+voice": Case(section, lambda scene: {"reason": "同意", "line_remarks": {scene.subject.lines.first().pk: "请附询价"}}, states={"in_review": several()}, weak=bystanders),
        "approve": Case(lambda scene: scene.office.leader, run=gates.pass_gate, states={"in_review": last_gate}, weak=bystanders, race=True),
        "cut": Case(section, lambda scene: {"cut_to": 30000, "reason": "压缩物料"}, weak=bystanders),
        "send_back": Case(section, **REASON, weak=bystanders, race=True),
        "reject": Case(section, **REASON, weak=bystanders, race=True),
        "take": Case(handler, weak=bystanders, race=True),
        "hand_over": Case(lambda scene: scene.office.leader, lambda scene: {"successor": scene.heir, "reason": "工作调整"}, weak=bystanders, race=True),
        "source": Case(handler, run=project.mark_sourcing, weak=lambda scene: [scene.office.staff, scene.office.finance]),
        "unsource": Case(handler, run=project.mark_unsourced, weak=lambda scene: [scene.office.staff, scene.office.finance]),
        "contract": Case(handler, run=project.mark_contracted, weak=lambda scene: [scene.office.staff, scene.office.finance]),
        "close": Case(handler, run=project.mark_closed, weak=lambda scene: [scene.office.staff, scene.office.finance]),
        "cancel": Case(applicant, **REASON, weak=reviewers, race=True),
    },
)  # fmt: skip


def sitting(result="passed", minutes=True, **item):
    def build():
        office = make_office()
        rows = [make_project(office, "committee", 60000), make_project(office, "committee", 70000)]
        return SimpleNamespace(office=office, rows=rows, subject=make_meeting(office, rows, result, minutes=minutes, **item))

    return build


def called(online=True):
    """Convened with a roster of three who vote on line."""

    def build():
        office = make_office()
        name_members(office, [office.committee, office.leader, office.second_leader], online_voting=online)
        rows = [make_project(office, "committee", 60000), make_project(office, "committee", 70000)]
        subject = convening.convene_meeting(
            office.committee, purchaser=office.purchaser, number="工委会第1次", title="会议", held_on=clock.today(), runs=[row.open_run() for row in rows], location="三楼会议室"
        )
        return SimpleNamespace(office=office, rows=rows, subject=subject)

    return build


def voting(scene):
    return {"votes": {item.pk: ("for", "同意") for item in scene.subject.items.all()}}


def recording(scene):
    office = scene.office
    return {
        "held_on": clock.today(), "attendees": [office.committee, office.leader], "minutes": scan(),
        "items": [{"run": row.open_run(), "result": "passed", "votes_for": 2, "votes_against": 0, "abstained": 0} for row in scene.rows],
    }  # fmt: skip


def secretary(scene):
    return scene.office.committee


CALLED = called()


def confirmer(scene):
    return scene.office.second_leader


noun(
    "meeting",
    {"draft": sitting(), "convened": CALLED},
    {
        "vote": Case(lambda scene: scene.office.leader, voting, states={"convened": CALLED}, weak=lambda scene: [scene.office.section, scene.office.staff]),
        "record": Case(secretary, recording, states={"convened": CALLED}, weak=bystanders, race=True),
        "minutes": Case(lambda scene: scene.office.committee, lambda scene: {"file": scan()}, states={"draft": sitting(minutes=False)}, weak=bystanders),
        "confirm": Case(confirmer, weak=lambda scene: [scene.office.section, scene.office.staff], race=True),
        "confirm+cut": Case(confirmer, states={"draft": sitting("cut", cut_to=50000, remark="压缩")}, weak=lambda scene: [scene.office.section]),
        "confirm+returned": Case(confirmer, states={"draft": sitting("returned", remark="补充方案")}, weak=lambda scene: [scene.office.section]),
        "cancel": Case(lambda scene: scene.office.committee, **REASON, weak=bystanders),
    },
)
