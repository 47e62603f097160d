"""Single sources, frameworks and their agreements."""

import datetime
from decimal import Decimal
from functools import cache
from types import SimpleNamespace

from kernel import clock
from kernel.lifecycle import advance
from procurement.lifecycle import framework as frameworks
from procurement.lifecycle import framework_agreement as agreements
from procurement.lifecycle import lot as lots
from procurement.lifecycle import project as projects_
from procurement.lifecycle import single_source
from procurement.models import Tender
from tests.factories import projects
from tests.factories.special import AGREED, EXPERTS, make_framework, make_single, scan
from tests.factories.tenders import travel
from tests.lives import scenarios_projects, scenarios_tenders
from tests.lives.harness import NOUNS, Case, View, by_engine, noun

START = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)


@cache
def source(state, case="sole", large=True, outside=False):
    return lambda: make_single(state, case=case, large=large, start=START, outside=outside)


def voluntary(outside=False):
    """Made public although no threshold is entered for the place; the publicity is over."""
    made = make_single("publicized", large=False, entered=False, start=START, outside=outside)
    travel(clock.midnight(made.single.publicity_until) + datetime.timedelta(days=1, hours=9))
    made.subject = made.single
    return made


def single(state, **fields):
    return View(source(state, **fields), lambda made: made.single)


def handler(scene):
    return scene.office.handler


def leader(scene):
    return scene.office.leader


def not_handler(scene):
    return [scene.office.leader, scene.office.staff, scene.office.finance, scene.supplier.user]


def objected():
    made = make_single("publicized", start=START)
    made.single = single_source.record_objection(made.single, actor=made.office.handler, raised_by="某机构", text="也可承担。")
    travel(clock.midnight(made.single.publicity_until) + datetime.timedelta(days=1, hours=9))
    made.subject = made.single
    return made


def over():
    made = make_single("publicized", start=START)
    travel(clock.midnight(made.single.publicity_until) + datetime.timedelta(days=1, hours=9))
    made.subject = made.single
    return made


def unanswered():
    """Asked, and its time ran out without a response."""
    made = make_single("asked", start=START)
    travel(Tender.objects.get(pk=made.tender.pk).deadline)
    made.subject = made.single
    return made


def conclusions(scene):
    rows = [{"objection": row, "upheld": False, "conclusion": "不具备条件。"} for row in scene.single.objections.all()]
    return {"conclusions": rows, "told_on": clock.today()}


APPROVAL = {"kwargs": lambda scene: {"number": "深财采〔2026〕8号", "file": scan("批复.png")}}
NEGOTIATION = {"kwargs": lambda scene: {**AGREED, "price": Decimal(scene.single.amount) - 1}}
REASON = {"kwargs": lambda scene: {"reason": "价格未能达成一致"}}
noun(
    "singlesource",
    {state: single(state) for state in ("draft", "argued", "publicized", "approved", "asked", "negotiated")},
    {
        "argue": Case(handler, lambda scene: {"argument": "仅此一家。", "experts": EXPERTS, "file": scan()}, weak=not_handler, race=True),
        "publicize": Case(handler, weak=not_handler, race=True),
        "object": Case(handler, lambda scene: {"raised_by": "某机构", "text": "也可承担。"}, weak=not_handler),
        "reargue": Case(handler, conclusions, states={"publicized": objected}, weak=not_handler),
        "approve": Case(handler, **APPROVAL, states={"draft": single("draft", case="emergency"), "publicized": over}, weak=not_handler, race=True),
        "ask_response": Case(handler, lambda scene: {"deadline": clock.now() + datetime.timedelta(days=2)}, states={"draft": single("draft", large=False), "argued": single("argued", large=False), "publicized": voluntary, "approved": single("approved"), "asked": unanswered}, weak=not_handler, race=True),
        "negotiate": Case(handler, **NEGOTIATION, states={
            "draft": single("draft", large=False, outside=True), "argued": single("argued", large=False, outside=True), "publicized": lambda: voluntary(outside=True),
            "approved": single("approved", outside=True), "asked": View(source("opened"), lambda made: made.single),
        }, weak=not_handler, race=True),
        "award": Case(leader, lambda scene: {"file": scan("记录.png")}, weak=lambda scene: [scene.office.section, scene.office.staff, scene.supplier.user], race=True),
        "drop": Case(handler, **REASON, weak=not_handler),
    },
    family="single",
)


@cache
def collected(state):
    return lambda: make_framework(state, start=START)


def framework(state):
    return View(collected(state), lambda made: made.framework)


def agreement(state):
    return View(collected(state), lambda made: made.agreements[0])


def suspended():
    made = make_framework("signed", start=START)
    made.subject = agreements.suspend(made.agreements[0], actor=made.office.handler, reason="整改")
    return made


def expired(state):
    def build():
        made = make_framework("signed", start=START)
        made.subject = made.agreements[0]
        if state == "suspended":
            made.subject = agreements.suspend(made.subject, actor=made.office.handler, reason="整改")
        travel(clock.midnight(made.subject.ends_on) + datetime.timedelta(days=1, hours=9))
        return made

    return build


def left_over():
    """Told, not yet signed, when its framework ends."""
    made = make_framework("announced", start=START)
    advance(made.framework, frameworks.END, actor=made.office.handler, reason="不再需要")
    made.subject = made.agreements[0]
    return made


def outsiders(scene):
    return [scene.office.section, scene.office.staff, scene.office.finance, scene.providers[0].user]


def over_framework():
    made = make_framework("signed", start=START)
    travel(clock.midnight(made.framework.ends_on) + datetime.timedelta(days=1, hours=9))
    made.subject = made.framework
    return made


SIGNED = {"kwargs": lambda scene: {"file": scan("协议.png")}}
noun(
    "framework",
    {"preparing": framework("draft"), "running": framework("signed")},
    {
        "start": Case(handler, **by_engine(frameworks.START), states={"preparing": framework("announced")}),
        "end": Case(handler, **REASON, states={"preparing": framework("published"), "running": over_framework}, weak=lambda scene: [scene.office.section, scene.office.staff, scene.office.finance], race=True),
    },
    family="framework",
)
noun(
    "frameworkagreement",
    {"selected": agreement("announced"), "active": agreement("signed"), "suspended": suspended},
    {
        "sign": Case(handler, **SIGNED, weak=outsiders, race=True),
        "file_copy": Case(handler, weak=outsiders, race=True),
        "tell_users": Case(handler, weak=outsiders, race=True),
        "suspend": Case(handler, **REASON, weak=outsiders, race=True),
        "resume": Case(handler, **REASON, weak=outsiders),
        "remove": Case(leader, lambda scene: {"cause": "breach", "reason": "多次未按约上门"}, weak=lambda scene: [scene.office.handler, *outsiders(scene)], race=True),
        "end": Case(handler, states={"selected": left_over, "active": expired("active"), "suspended": expired("suspended")}, weak=outsiders),
    },
    family="framework",
)


def stage_one(state):
    return View(collected(state), lambda made: made.tender)


def draft_project():
    office = projects.make_office()
    return SimpleNamespace(office=office, subject=projects.make_project(office, "draft", actor=office.handler))


FURTHER = {
    "tender": {
        "select": Case(leader, states={"evaluated": stage_one("evaluated")}, weak=outsiders, race=True),
        "publish_selection": Case(handler, states={"awarded": stage_one("selected")}, weak=outsiders, race=True),
    },
    "lot": {"select": Case(leader, **by_engine(lots.SELECT), weak=outsiders, states={"evaluated": View(collected("evaluated"), lambda made: made.tender.lots.get())})},
    "project": {"frame": Case(handler, **by_engine(projects_.FRAME), states={"draft": draft_project}, weak=lambda scene: [scene.office.section, scene.office.staff])},
}
for _noun, _cases in FURTHER.items():
    NOUNS[_noun].cases.update(_cases)
assert scenarios_projects and scenarios_tenders
