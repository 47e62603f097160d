"""限额以下自行采购, the quick way: from the approved project to a provider in one form (practice 1: at most four screens to a contract).

Direct choice only inside the street's direct band (practice 3a) or for a recorded intended provider; three quotes when the profile says so.
What is written is the same as after a tender: a purchase, its lot, the quotes, the award. Nothing is sealed and nothing is published
unless the profile says so.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules
from kernel.lifecycle import Refusal, advance
from kernel.money import yuan
from procurement import drafting, methods
from procurement.lifecycle import bid as bids
from procurement.lifecycle import declaration, splitting
from procurement.lifecycle import lot as lots
from procurement.lifecycle import tender as tenders
from procurement.lifecycle.award import write_award
from procurement.models import Bid
from procurement.permissions_tender import owner_tag


def quick_profile(project):
    """The confirmed self-run profile that lets this project's provider be chosen without publication, or None."""
    profile = tenders.profile_for(project.purchaser, project.ceiling or project.budget_total)
    return profile if profile and profile.channel in ("direct", "quotes") else None


def objection_to_choice(project, actor=None):
    """Why a provider can't be chosen directly for this project, or None."""
    if project.status not in ("approved", "sourcing"):
        return Refusal("not_approved", _("“{project}” is not approved.").format(project=project), article=rules.get("E06").article, todo=_("Wait for its last gate."))
    if quick_profile(project) is None:
        return Refusal("no_profile", _("Your street has no rule for choosing a provider directly at this amount."), todo=_("Prepare a purchase instead."))
    try:
        drafting.check_projects([project])
    except Refusal as refusal:
        return refusal
    return splitting.objection(project)


@rules.carries("A02", "B26", "E06", "H01")
@transaction.atomic
def choose_provider(project, *, actor, organization, amount, reason, quotes=(), happened_on=None, declared=False):
    """Choose the provider of an approved project below the limit; returns the Award.

    `amount`: yuan, at most the approved amount. `quotes`: rows {organization, price} including the chosen one, at least the
    profile's minimum when its channel is three quotes; a dearer choice needs its `reason`. `declared`: the line “no tie to this provider” of the
    form was ticked and is kept (H01). Raises Refusal, PermissionDenied.
    """
    if refusal := objection_to_choice(project, actor):
        raise refusal
    profile = quick_profile(project)
    if profile.channel == "direct" and project.way == "intended" and project.intended_id and project.intended_id != organization.pk:
        raise Refusal("other_provider", _("The gates approved {name} for this project.").format(name=project.intended), todo=_("Choose that provider, or send the project through the gates again."), field="organization")
    if not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    if why := declaration.match(actor, [organization]):
        raise Refusal("tie", _("{name} takes no part in this purchase: {why}.").format(name=actor, why=why), article=rules.get("H01").article, todo=_("A colleague makes the choice."), field="organization")
    rows = _checked(profile, organization, amount, quotes, reason)
    tender = tenders.create_tender([project], actor=actor, method="self_run", profile=profile, method_reason=reason[:300])
    lot = tender.lots.select_related("tender", "project").get()
    tender = advance(tender, tenders.SETTLE, actor=actor, happened_on=happened_on, reason=reason, params={"channel": profile.channel})
    tender.frozen = {**methods.snapshot(tender), "profile": drafting.profile_snapshot(profile)}
    tender.save(update_fields=["frozen"])
    lot = advance(lot, lots.SETTLE, actor=actor, happened_on=happened_on)
    lot.tender = tender
    chosen = None
    for rank, row in enumerate(sorted(rows, key=lambda row: row["price"]), 1):
        if refusal := bids.objection_to_bidding(row["organization"], lot):
            if not (refusal.code == "drafted" and project.way == "intended"):
                raise refusal
        bid = Bid.objects.create(lot=lot, owner_tag=owner_tag(row["organization"].pk, lot.pk), submitted_at=clock.now())
        bid = advance(bid, bids.RECORD, actor=actor, changes={"organization_id": row["organization"].pk, "price": yuan(row["price"]), "rank": rank})
        chosen = bid if row["organization"].pk == organization.pk else chosen
    if drafting.unfunded(tender):
        raise Refusal("unfunded", _("The money of “{fund}” is not approved yet.").format(fund=drafting.unfunded(tender).fund), article=rules.get("E06").article)
    award = write_award(lot, organization, amount, actor=actor, decided_on=happened_on or clock.today(), reason=reason, bid=chosen)
    if declared:
        declaration.declare(tender, actor=actor, no_post=True, no_kin=True, no_other=True)
    from procurement.lifecycle.project import mark_sourcing

    if project.status == "approved":
        mark_sourcing(project, actor=actor)
    return award


def _checked(profile, organization, amount, quotes, reason):
    rows = list(quotes) or [{"organization": organization, "price": amount}]
    if len({row["organization"].pk for row in rows}) != len(rows):
        raise Refusal("twice", _("Each organization quotes once."), field="quotes")
    own = next((row for row in rows if row["organization"].pk == organization.pk), None)
    if own is None or yuan(own["price"]) != yuan(amount):
        raise Refusal("no_quote", _("The chosen provider's quote must be among the quotes, at the chosen amount."), field="amount")
    if profile.channel == "quotes" and len(rows) < profile.min_count:
        raise Refusal("too_few", _("Your street's rule asks for {count} quotes.").format(count=profile.min_count), field="quotes")
    return rows
