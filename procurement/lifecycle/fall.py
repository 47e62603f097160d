"""The life of a fallen award: what became of a winner that never signed.

待报告 open: the award fell — the winner refuses (条例 第49、72条), does not qualify (条例 第71条), or a challenge changed the result
(财政部令第94号 第16条) — and the finance bureau is told in writing. 已报告 reported: the report left the house. 已记录 noted: nothing is to be
told: a purchase below the limit, or the bureau ordered it itself. No article names a number of days for the report, so none is counted.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, files, rules, trail
from kernel.lifecycle import Life, Step, advance
from procurement.models import AwardFall
from procurement.permissions_award import at_tender


def any_hand(user, fall):
    """Follows from the award that fell; who may was asked there."""
    return user.is_authenticated


REPORT = Step(
    "report", _("Record the report to the finance bureau"), ("open",), "reported", at_tender("handler", "leader"), rules=("D14",), waits_for=_("handler"),
    hint=_("Print the report, have it stamped and sent; its number and day are kept here."),
)
NOTE = Step("note", _("Nothing is to be reported"), ("open",), "noted", any_hand, by_code=True)
LIFE = Life(
    "awardfall",
    AwardFall,
    states={"open": pgettext_lazy("award fall", "to be reported"), "reported": pgettext_lazy("award fall", "reported"), "noted": pgettext_lazy("award fall", "noted")},
    steps=(REPORT, NOTE),
    initial="open",
    root=lambda fall: fall.lot.tender,
)
LIFE.verb_labels = {"fall": _("award fell")}


@rules.carries("D14")
def record_fall(award, *, actor, kind, facts, fallen_on=None, proof=None, ground="", document="", justified=False, told=False):
    """Keep what fell with its facts and proof. `told`: the finance bureau knows already, for it ordered it. Returns the AwardFall."""
    lot, tender = award.lot, award.lot.tender
    row = AwardFall.objects.create(
        status="open", lot=lot, bid=award.bid, organization=award.organization, amount=award.amount, letter_number=award.letter_number, letter_on=award.letter_on,
        acknowledged_at=award.acknowledged_at, kind=kind, ground=ground, document=document, justified=justified, facts=facts, fallen_on=fallen_on or clock.today(), created_by=actor,
    )  # fmt: skip
    trail.record(row, "fall", actor=actor, to_status="open", happened_on=fallen_on, params={"kind": kind, "lot": lot.pk, "organization": award.organization_id})
    if proof:
        files.attach(row, proof, "proof", actor=actor)
    return row if tender.is_statutory and not told else advance(row, NOTE, actor=actor)


@LIFE.verb(REPORT)
@rules.carries("D14")
@transaction.atomic
def report(fall, *, actor, number, happened_on=None, reason="", paper=None):
    """The written report left the house: `number` and day as on it, the stamped paper as a file."""
    day = happened_on or clock.today()
    fall = advance(fall, REPORT, actor=actor, happened_on=day, reason=reason, changes={"report_number": number, "reported_on": day})
    if paper:
        files.attach(fall, paper, "report", actor=actor)
    return fall
