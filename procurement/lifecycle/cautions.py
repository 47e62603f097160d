"""Warnings and the reasons recorded for them. A warning is no refusal: it is passed with a reason that says who, why and what was warned of.

A recorded reason covers the very figures it was given for; when they change the warning asks again. The step that passes the warnings
(submit, publish) writes reasons and trail in its own transaction.
"""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import Refusal
from procurement.models import CautionReason

PREFIX = "caution_"


@dataclass(frozen=True)
class Caution:
    """Something to look at; it does not block. `projects`: the other purchases counted; `figures`: what a recorded reason covers."""

    key: str
    sentence: object
    article: str = ""
    projects: tuple = ()
    figures: tuple = ()
    needs_basis: bool = False

    @property
    def field(self):
        return PREFIX + self.key

    def __str__(self):
        return f"{self.sentence}（{self.article}）" if self.article else str(self.sentence)


def reason_for(caution, rows):
    """The latest recorded reason among `rows` that covers this caution, or None."""
    known = [row for row in rows if row.key == caution.key and row.figures == list(caution.figures)]
    return known[-1] if known else None


def unanswered(cautions, rows):
    """Cautions that no recorded reason covers."""
    return [caution for caution in cautions if reason_for(caution, rows) is None]


def told(cautions, rows):
    """[(caution, its recorded reason or None)] for the page."""
    return [(caution, reason_for(caution, rows)) for caution in cautions]


def as_params(cautions, answers):
    """What the step's trail row says: which warnings were passed and why."""
    given = {caution.key: _answer(answers, caution)["reason"] for caution in cautions}
    return {"cautions": given} if given else {}


def _answer(answers, caution):
    given = (answers or {}).get(caution.key) or {}
    given = {"reason": given} if isinstance(given, str) else given
    return {"reason": (given.get("reason") or "").strip(), "basis": (given.get("basis") or "").strip()}


def record(cautions, answers, *, actor, project=None, tender=None, revision=0):
    """Write a reason for each caution. `answers`: key → reason, or {"reason", "basis"}. Raises Refusal beside the first field left empty."""
    for caution in cautions:
        given = _answer(answers, caution)
        if not given["reason"]:
            raise Refusal("caution", caution.sentence, article=caution.article, todo=_("Say why it is done all the same, or change it."), field=caution.field)
        if caution.needs_basis and not given["basis"]:
            raise Refusal("caution_basis", _("Name the document this rests on; it stays on file."), article=caution.article, field=f"{caution.field}_basis")
        with translation.override("zh-hans"):
            warned = str(caution.sentence)
        CautionReason.objects.create(
            project=project, tender=tender, key=caution.key, figures=list(caution.figures), warned=warned, article=caution.article[:120],
            reason=given["reason"], basis=given["basis"], revision=revision, by=actor,
        )  # fmt: skip
