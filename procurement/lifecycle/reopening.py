"""重新评审: after an upheld challenge or complaint another panel judges the same responses (财政部令第94号 第16、32条).

What came before stays: the old panel's sheets and result where the evaluation keeps them, the fallen award, the announced notices. The responses
are open already and are not touched; a response declared invalid stays so.
"""

from django.db import transaction

from kernel import clock, rules
from kernel.lifecycle import advance
from procurement.lifecycle import lot as lots
from procurement.lifecycle import tender as tenders
from procurement.models import Bid, Tender

_setting_aside = []


def setting_aside(rule):
    """`rule(tender, actor, reason)`: the evaluation sets its panel aside and returns a JSON-able note of it. Registered in AppConfig.ready()."""
    _setting_aside.append(rule)
    return rule


@rules.carries("C12", "G04")
@transaction.atomic
def reopen_evaluation(tender, *, actor, reason, told=False):
    """Back to the open responses: awards fall, ranks and the panel's names go to the record, the panel is set aside. Called by a review order
    alone; `told`: the finance bureau ordered it itself."""
    from procurement.lifecycle import award

    for lot in tender.lots.filter(status="awarded").select_related("tender"):
        award.decline(lot, actor=actor, reason=reason, kind="ordered", told=told)
    tender = advance(tender, tenders.REOPEN, actor=actor, reason=reason)
    for lot in tender.lots.filter(status="evaluated").select_related("tender"):
        advance(lot, lots.REOPEN, actor=actor)
    former = [note for rule in _setting_aside if (note := rule(tender, actor, reason))]
    Bid.objects.filter(lot__tender=tender, lot__status="opened").update(score=None, rank=None)
    record = dict(tender.opening_record)
    record["former_panels"] = [*record.get("former_panels", []), {"names": record.pop("panel", []), "on": clock.today().isoformat(), "reason": reason, "notes": former}]
    Tender.objects.filter(pk=tender.pk).update(opening_record=record, report_received_on=None, award_due_on=None)
    tender.refresh_from_db()
    return tender
