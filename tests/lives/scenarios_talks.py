"""What a panel changes in the terms while it talks with the suppliers."""

import datetime

from evaluation.lifecycle import change
from kernel import clock
from tests.factories.tenders import hours, make_panel, make_tender
from tests.lives.harness import Case, noun


def proposed():
    """A panel that talked with everybody and wants to change the terms."""
    made = make_tender(state="opened")
    made.panel = make_panel(made.tender, made.office, quoted=False)
    hours()
    made.members = list(made.panel.sitting())
    made.subject = change.propose(made.panel, actor=made.members[0].user, requirements="现：每周活动三次。", cause="周末需求集中")
    return made


def handler(scene):
    return scene.office.handler


def weak(scene):
    return [scene.members[0].user, scene.office.leader, scene.office.finance, scene.providers[0].user]


noun(
    "terms_change",
    {"proposed": proposed},
    {
        "confirm": Case(handler, lambda scene: {"until": clock.now() + datetime.timedelta(hours=1)}, weak=weak, race=True),
        "refuse": Case(handler, lambda scene: {"reason": "预算不允许"}, weak=weak),
        "drop": Case(lambda scene: scene.members[0].user, weak=lambda scene: [scene.office.handler, scene.members[1].user, scene.providers[0].user]),
    },
)
