"""Wishes and needs."""

from types import SimpleNamespace

from communities.lifecycle import wish
from tests.factories.communities import make_need, make_office
from tests.lives.harness import Case, noun


def need(status):
    def build():
        office = make_office()
        return SimpleNamespace(office=office, subject=make_need(office, status=status))

    return build


def left():
    office = make_office()
    row = wish.leave_wish(office.communities[0], "希望增设老年食堂", "老年人", "13900001111")
    return SimpleNamespace(office=office, subject=row, need=make_need(office, status="confirmed"))


def answered():
    scene = left()
    scene.subject = wish.answer(scene.subject, actor=scene.office.community, answer="正在征集意见。")
    return scene


def adopted():
    scene = answered()
    scene.subject = wish.adopt(scene.subject, actor=scene.office.community, need=scene.need)
    return scene


def community(scene):
    return scene.office.community


def onlookers(scene):
    return [scene.office.observer, scene.office.community2, scene.office.admin]


REASON = {"kwargs": lambda scene: {"reason": "居民已搬离"}}
noun(
    "need",
    {state: need(state) for state in ("draft", "confirmed", "published")},
    {
        "confirm": Case(community, weak=lambda scene: [scene.office.handler, *onlookers(scene)], race=True),
        "publish": Case(community, weak=onlookers, race=True),
        "publish+street": Case(lambda scene: scene.office.handler, weak=onlookers),
        "retire": Case(community, **REASON, weak=onlookers, race=True),
    },
)
noun(
    "wish",
    {"new": left, "answered": answered, "adopted": adopted},
    {
        "answer": Case(community, lambda scene: {"answer": "已列入计划。"}, weak=onlookers, race=True),
        "adopt": Case(community, lambda scene: {"need": scene.need}, weak=lambda scene: [scene.office.grid_worker, *onlookers(scene)], race=True),
        "close": Case(community, **REASON, weak=onlookers, race=True),
    },
)
