"""The one supplier's response 单一来源响应文件: sealed, submitted and opened like every other; one is enough, for nobody else is asked.

Asked for once nothing stands before the talks any more. The law sets no least time here; the purchaser names the moment, and the talks begin with the
opening. Named openers open it two by two; where none are named, handler and witness do (the key is the platform's). No response in time: it is
asked for once more, or the purchase is stopped.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules
from kernel.lifecycle import Refusal, advance
from kernel.notices import notify, register
from procurement import drafting, methods, sealing
from procurement.lifecycle import documents
from procurement.lifecycle import single_source as singles
from procurement.lifecycle import tender as tenders
from procurement.models import Tender, TenderInvitation

register("response_wanted", _("“{title}”: your sealed response is wanted until {until}."))


def objection(single, actor):
    """Why the supplier can't be asked now, or None."""
    tender = single.tender
    if tender.venue == "external":
        return Refusal("external", _("The other platform takes the response."), todo=_("Record the negotiation."))
    if single.status == "asked":
        return _again(tender)
    keyed = tender.openers.exists()
    return singles.objection_to_talks(single, actor) or (drafting.objection_to_openers(tender) if keyed else None)


def _again(tender):
    """Asked a second time only when the first time has run out without a response; before that nobody is told whether one came."""
    if tender.status != "published":
        return Refusal("opened", _("The response is open already."), todo=_("Negotiate."))
    if clock.now() < tender.deadline:
        return Refusal("running", _("The response is asked for already and stays sealed until {moment}.").format(moment=tenders.clock_text(tender.deadline)), article=rules.get("B27").article)
    if tender.lots.filter(bids__status="submitted").exists():
        return Refusal("answered", _("The response lies sealed."), todo=_("Open it."))
    return None


@singles.LIFE.verb(singles.ASK)
@rules.carries("B19", "B27")
@transaction.atomic
def ask_response(single, *, actor, deadline):
    """Ask the supplier for its response until `deadline` (aware moment): rules are frozen, the key is made, the documents are supplied to it alone.

    Asked again after a time without response only the moment moves. Raises Refusal, PermissionDenied.
    """
    again = single.status == "asked"
    single = advance(single, singles.ASK, actor=actor, params={"until": deadline.isoformat()})
    if deadline <= clock.now():
        raise Refusal("past", _("The deadline lies in the past."), field="deadline")
    tender = single.tender
    if not again:
        _open_for_one(single, tender, actor)
    Tender.objects.filter(pk=tender.pk).update(deadline=deadline, opens_at=deadline, documents_until=deadline.astimezone(clock.ZONE).date())
    _tell(single, deadline)
    return single


def _open_for_one(single, tender, actor):
    from procurement.lifecycle.project import mark_sourcing

    tender = advance(tender, tenders.COLLECT, actor=actor)
    tender.seal = "openers" if tender.openers.exists() else "platform"
    tender.frozen, tender.published_at = {**methods.snapshot(tender), "profile": {}}, clock.now()
    sealing.make_key(tender)
    tender.save()
    TenderInvitation.objects.create(tender=tender, organization=single.organization, how="named", number=f"{tender.number}-YQ1", sent_at=clock.now(), created_by=actor)
    documents.freeze(tender, actor=actor)
    for lot in tender.lots.select_related("project__purchaser", "project__place"):
        if lot.project.status == "approved":
            mark_sourcing(lot.project, actor=actor)


def _tell(single, deadline):
    from procurement.lifecycle.award import people_acting_for

    tender, until = single.tender, tenders.clock_text(deadline)
    for person in people_acting_for(single.organization):
        notify(person, f"response-{tender.pk}-{until}", "response_wanted", subject=tender, url=tender.get_absolute_url(), params={"title": tender.title, "until": until}, due=deadline)
