"""Questions about the documents of a running purchase."""

from functools import cache

from procurement.lifecycle import documents, question
from procurement.models import Tender
from tests.factories.providers import make_provider
from tests.factories.tenders import hours, make_tender
from tests.lives.harness import Case, noun


@cache
def asked(state="asked"):
    """A published purchase with one question; answered as one that can affect responses, a chapter waiting to be published with it."""

    def build():
        made = make_tender(state="published")
        made.who = make_provider(office=made.office, place=made.office.street)
        made.other = make_provider(office=made.office, place=made.office.street)
        made.subject = question.ask(made.tender, made.who.organization, actor=made.who.user, text="保险由谁投保？")
        hours()
        if state == "answered":
            documents.edit_chapter(Tender.objects.get(pk=made.tender.pk), "requirements", "由承接主体投保。", actor=made.office.handler)
            made.subject = question.answer(made.subject, actor=made.office.handler, answer="由承接主体投保。", affects=True)
        return made

    return build


def handler(scene):
    return scene.office.handler


def weak(scene):
    return [scene.office.leader, scene.office.section, scene.office.finance, scene.who.user]


ANSWER = {"answer": "由承接主体投保。", "affects": True}
noun(
    "question",
    {state: asked(state) for state in ("asked", "answered")},
    {
        "answer": Case(handler, lambda scene: dict(ANSWER), weak=weak, race=True),
        "publish": Case(handler, weak=weak, race=True),
        "rewrite": Case(handler, weak=weak),
        "decline": Case(handler, lambda scene: {"reason": "与本采购无关"}, weak=weak),
    },
    family="question",
)
