"""What a street decides for itself, in versions: proposed by one person, confirmed by a second, trailed.

A confirmed version counts from its `valid_from`; the one it replaces ends the day before. Running reviews, tenders and payments keep
the settings they started with (GateRun, the tender's frozen profile, the approval rows).
"""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from communities.models.membership import PURCHASER_ROLES
from communities.permissions import people
from kernel import clock, rules, trail
from kernel.lifecycle import Refusal, principals_of
from kernel.money import yuan
from procurement import tender_papers
from procurement.models import BudgetBounds, DocumentTemplate, FeeRate, Gate, PaymentStep, PriceRule, SelfRunProfile
from procurement.permissions import may_settle_settings

KINDS = {"gate": Gate, "profile": SelfRunProfile, "payment_step": PaymentStep, "budget_bounds": BudgetBounds, "price_rule": PriceRule, "document": DocumentTemplate, "fee_rate": FeeRate}
DEFAULT_LIMIT = yuan(500000)
DIRECT_BELOW = yuan(20000)


def threshold_of(purchaser, on=None):
    """The A01 thresholds of a purchaser's district (false with a reason where none are entered)."""
    code = purchaser.place.code or settings.REGION_CODE
    return rules.threshold(code, "county", on)


def limit_of(purchaser, on=None):
    """限额标准 in yuan: from here on a purchase is statutory. Where none is entered: the end of the street's own profiles."""
    found = threshold_of(purchaser, on)
    if found and found.limit is not None:
        return found.limit
    top = SelfRunProfile.in_force(on).filter(purchaser=purchaser).order_by("-amount_to").first()
    return top.amount_to if top else DEFAULT_LIMIT


def in_band(rows, amount):
    """Of settings with an amount band those that take this amount: from ≤ amount < to (yuan); no end: any above."""
    amount = yuan(amount)
    return rows.filter(amount_from__lte=amount).filter(Q(amount_to=None) | Q(amount_to__gt=amount))


def gates_for(purchaser, amount, on=None):
    """The gates a project of this amount (yuan) passes, in order."""
    return list(in_band(Gate.in_force(on).filter(purchaser=purchaser), amount).order_by("order", "id"))


def committee_of(purchaser, key, on=None):
    """(ids of the members, quorum rule, whether they vote on line) of a gate that sits in a meeting, as in force on a day."""
    gate = Gate.in_force(on).filter(purchaser=purchaser, key=key).order_by("order", "id").first()
    return (gate.members, gate.quorum, gate.online_voting) if gate else ([], "", False)


def profile_for(purchaser, amount, on=None):
    """The self-run profile of this amount (yuan), or None: statutory, or the street has no such band."""
    return in_band(SelfRunProfile.in_force(on).filter(purchaser=purchaser), amount).order_by("amount_from", "id").first()


def payment_steps_for(purchaser, amount, fund=None, on=None):
    """The approval steps of a payment (yuan): those of the fund where it has its own, else the street's."""
    rows = in_band(PaymentStep.in_force(on).filter(purchaser=purchaser), amount).order_by("order", "id")
    own = list(rows.filter(fund=fund)) if fund else []
    return own or list(rows.filter(fund=None))


def price_rule_for(purchaser, on=None):
    """The street's rule on far-off prices; without one of its own the usual figures (K), which a new street is given."""
    rows = PriceRule.in_force(on).filter(purchaser=purchaser, withdraws=False)
    return rows.order_by("-valid_from", "-id").first() or PriceRule(purchaser=purchaser)


def fee_rate_for(purchaser, on=None):
    """The purchaser's rates for experts on a day; without any of its own the usual figures (K)."""
    rows = FeeRate.in_force(on).filter(purchaser=purchaser, withdraws=False)
    return rows.order_by("-valid_from", "-id").first() or FeeRate(purchaser=purchaser)


def direct_choice_allowed(purchaser, amount, on=None):
    """Whether an intended provider is possible at this amount: only inside the street's direct-choice band (practice 3)."""
    profile = profile_for(purchaser, amount, on)
    return bool(profile and profile.channel == "direct")


@transaction.atomic
def propose(model, actor, *, purchaser, valid_from=None, replaces=None, withdraws=False, **fields):
    """Propose a version (or, with `withdraws`, the end of one). It counts once a second person has confirmed it. Raises Refusal."""
    row = model(purchaser=purchaser, valid_from=valid_from or clock.today(), replaces=replaces, withdraws=withdraws, proposed_by=actor, **fields)
    if not may_settle_settings(actor, row):
        raise Refusal("role", _("Your role does not settle this street's rules."))
    if replaces and (replaces.purchaser_id != purchaser.pk or not replaces.confirmed_at):
        raise Refusal("not_in_force", _("The version to be replaced is not in force."))
    if row.valid_from < clock.today() and replaces:
        raise Refusal("past", _("A new version cannot count from a day that has passed."), field="valid_from")
    if hasattr(row, "amount_from") and row.amount_to is not None and row.amount_to <= row.amount_from:
        raise Refusal("band", _("The amount band ends before it begins."), field="amount_to")
    if isinstance(row, Gate) and not withdraws and (refusal := _gate_objection(row)):
        raise refusal
    if isinstance(row, DocumentTemplate) and not withdraws and (refusal := tender_papers.objection_to_template(row.chapters, row.method)):
        raise refusal
    row.save()
    trail.record(row, "propose", actor=actor, params=_params(row))
    return row


def _gate_objection(row):
    """Why a gate could never decide as it is proposed, or None."""
    if row.by_meeting:
        if row.quorum and not row.members:
            return Refusal("no_members", _("A quorum is a share of the members: name them."), field="members")
        if row.online_voting and not row.members:
            return Refusal("no_members", _("Only named members vote on line: name them."), field="members")
        return None
    if row.votes < 1:
        return Refusal("votes", _("At least one person decides."), field="votes")
    if row.votes > 1 and row.role in PURCHASER_ROLES and row.votes > (holders := people(row.role, purchaser=row.purchaser).count()):
        return Refusal("votes", _("{count} must agree, but only {holders} hold this role.").format(count=row.votes, holders=holders), field="votes")
    return None


def _params(row):
    return {"replaces": row.replaces_id, "withdraws": row.withdraws, "valid_from": row.valid_from.isoformat()}


def objection_to_confirming(row, actor):
    """Why this person may not confirm the proposal, or None. Whoever stands in for the proposer is no second person."""
    if row.confirmed_at or row.refused_at:
        return Refusal("decided", _("This proposal is already decided."))
    if row.proposed_by_id in {person.pk for person in principals_of(actor)}:
        return Refusal("same_person", _("You proposed this yourself."), todo=_("A second person of the street confirms it."))
    return None


@transaction.atomic
def confirm(row, actor):
    """A second person confirms a proposal; the version it replaces ends the day before. Raises Refusal. Returns the row."""
    row = type(row).objects.select_for_update().get(pk=row.pk)
    if not any(may_settle_settings(person, row) for person in principals_of(actor)):
        raise Refusal("role", _("Your role does not settle this street's rules."))
    if refusal := objection_to_confirming(row, actor):
        raise refusal
    day_before = row.valid_from - datetime.timedelta(days=1)
    if row.replaces_id:
        ended = type(row).objects.filter(pk=row.replaces_id).filter(Q(valid_to=None) | Q(valid_to__gt=day_before)).update(valid_to=day_before)
        if not ended:
            raise Refusal("not_in_force", _("The version to be replaced is not in force."))
    if row.withdraws:
        row.valid_to = day_before
    row.confirmed_by, row.confirmed_at = actor, clock.now()
    if isinstance(row, SelfRunProfile) and not row.withdraws and (other := _overlapping(row)):
        raise Refusal("overlap", _("The band overlaps “{other}”.").format(other=other), todo=_("Let the new version replace it, or change the amounts."))
    row.save()
    trail.record(row, "confirm", actor=actor, params=_params(row))
    return row


def _overlapping(row):
    rows = SelfRunProfile.objects.filter(purchaser=row.purchaser_id, confirmed_at__isnull=False, withdraws=False).exclude(pk=row.pk)
    rows = rows.exclude(valid_to__lt=row.valid_from).filter(amount_from__lt=row.amount_to, amount_to__gt=row.amount_from)
    return rows.filter(valid_from__lte=row.valid_to).first() if row.valid_to else rows.first()


@transaction.atomic
def refuse(row, actor, reason=""):
    """Turn a proposal down; it is kept. The proposer may take it back the same way."""
    changed = type(row).objects.filter(pk=row.pk, confirmed_at=None, refused_at=None).update(refused_at=clock.now())
    if not changed:
        raise Refusal("decided", _("This proposal is already decided."))
    trail.record(row, "refuse", actor=actor, reason=reason)


def default_rows(purchaser):
    """A new street's usual settings: (model, fields). Figures are K (unconfirmed practice) and meant to be changed."""
    light = rules.get("B26").value("light_below")
    limit = max(limit_of(purchaser), light)
    gates = [
        ("pre_review", "预审", 1, False, "section", 0, 5),
        ("joint_review", "联审", 2, False, "leader", 0, 5),
        ("work_committee", "工委会审议", 3, True, "committee", light, 15),
    ]
    for key, name, order, by_meeting, role, amount_from, days in gates:
        yield Gate, {"key": key, "name": name, "order": order, "by_meeting": by_meeting, "role": role, "amount_from": amount_from, "expected_days": days}
    profiles = [
        ("小额直接选定", 0, DIRECT_BELOW, "direct", "none", True, "lowest", 0, 1, False),
        ("三家比价", DIRECT_BELOW, light, "quotes", "none", True, "lowest", 3, 3, False),
        ("公开比选", light, limit, "open", "platform", False, "staff", 5, 3, True),
    ]
    for name, low, high, channel, seal, names, scoring, days, count, publish in profiles:
        if high > low:
            yield SelfRunProfile, {
                "name": name, "amount_from": low, "amount_to": high, "channel": channel, "seal": seal, "names_visible": names, "scoring": scoring,
                "min_days": days, "min_count": count, "publish": publish,
            }  # fmt: skip
    for order, name, role in ((1, "科室审核", "section"), (2, "财务审核", "accountant"), (3, "分管领导审批", "leader")):
        yield PaymentStep, {"order": order, "name": name, "role": role}
    yield PriceRule, {}


@transaction.atomic
def defaults_for(purchaser, proposer, confirmer, *, valid_from=None):
    """Give a purchaser the usual gates, profiles and payment steps, through proposal and confirmation. Kinds that have rows already are left alone."""
    made = []
    present = {model for model in KINDS.values() if model.objects.filter(purchaser=purchaser, refused_at=None).exists()}
    for model, fields in default_rows(purchaser):
        if model not in present:
            made.append(confirm(propose(model, proposer, purchaser=purchaser, valid_from=valid_from, **fields), confirmer))
    return made
