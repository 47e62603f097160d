"""Organizations."""

from providers.lifecycle import organization
from tests.factories.communities import make_office
from tests.factories.providers import make_draft
from tests.lives.harness import Case, noun


def draft():
    office = make_office()
    made = make_draft(place=office.district)
    made.office, made.subject = office, made.organization
    return made


def submitted():
    made = draft()
    made.subject = organization.submit(made.subject, actor=made.user)
    return made


def verified():
    made = submitted()
    made.subject = organization.verify(made.subject, actor=made.office.handler)
    return made


def suspended():
    made = verified()
    made.subject = organization.suspend(made.subject, actor=made.office.section, reason="年检不合格")
    return made


def onlookers(scene):
    return [scene.office.observer, scene.office.community, scene.office.admin]


REASON = {"kwargs": lambda scene: {"reason": "材料不清晰"}}
noun(
    "organization",
    {"draft": draft, "submitted": submitted, "verified": verified, "suspended": suspended},
    {
        "submit": Case(lambda scene: scene.user, weak=lambda scene: [scene.office.handler], race=True),
        "verify": Case(lambda scene: scene.office.handler, weak=lambda scene: [scene.user, *onlookers(scene)], race=True),
        "send_back": Case(lambda scene: scene.office.handler, **REASON, weak=lambda scene: [scene.user, *onlookers(scene)], race=True),
        "suspend": Case(lambda scene: scene.office.section, **REASON, weak=lambda scene: [scene.office.handler, *onlookers(scene)], race=True),
        "reinstate": Case(lambda scene: scene.office.section, **REASON, weak=lambda scene: [scene.office.handler, *onlookers(scene)], race=True),
    },
)
