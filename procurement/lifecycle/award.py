"""From the evaluation report to the award 成交: report received, decision within five working days (D02), letters and result notice
within two (D03), each loser told its own score and rank alone (D05), thirty days to sign (D06), seven working days to challenge (G02)."""


from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, trail
from kernel.lifecycle import Refusal, advance
from kernel.money import yuan
from kernel.notices import notify, register
from procurement import timetable
from procurement.announcements import announce
from procurement.lifecycle import bid as bids
from procurement.lifecycle import invitation
from procurement.lifecycle import lot as lots
from procurement.lifecycle import tender as tenders
from procurement.models import Award, Bid, Tender
from procurement.permissions_tender import owner_tag

register("award_won", _("You were chosen for “{title}” at {amount} yuan. Award letter {letter}."))
register("award_lost", _("“{title}”: you were not chosen. Your score {score}, your rank {rank}."))
register("award_invalid", _("“{title}”: your response was invalid: {reason}"))
register("bid_broken", _("A response to {number} was found damaged at the opening."))


def candidates(lot):
    """Valid ranked bids of a lot, first candidate first."""
    return lot.bids.filter(status="opened", rank__isnull=False).select_related("organization").order_by("rank")


@rules.carries("D01", "D02")
@transaction.atomic
def record_scores(tender, results, *, actor, happened_on=None, report_on=None):
    """The panel's result: per bid {bid, score, rank} (None rank: not a candidate). Starts the clock of the award decision.

    Called by the evaluation when a panel concludes. Raises Refusal when the purchase is not waiting for it.
    """
    tender = advance(tender, tenders.EVALUATE, actor=actor, happened_on=happened_on)
    return _ranked(tender, results, actor=actor, received=report_on or happened_on or clock.today())


def _ranked(tender, results, *, actor, received):
    for row in results:
        Bid.objects.filter(pk=row["bid"].pk, lot__tender=tender).update(score=row["score"], rank=row["rank"])
    due = timetable.due(tender, received, "D02", "decide")
    tender.report_received_on, tender.award_due_on = received, due.date if due else None
    tender.save(update_fields=["report_received_on", "award_due_on"])
    for lot in tender.lots.filter(status__in=("open", "opened")).select_related("tender"):
        if candidates(lot).exists():
            advance(lot, lots.EVALUATE, actor=actor)
        else:
            lots.fail(lot, actor=actor, reason="没有合格的成交候选人")
    return tender


@tenders.LIFE.verb(tenders.RANK)
@rules.carries("B26")
@transaction.atomic
def rank_by_price(tender, *, actor, happened_on=None, reason=""):
    """A self-run purchase by lowest price: equal prices keep the order of receipt."""
    tender = advance(tender, tenders.RANK, actor=actor, happened_on=happened_on, reason=reason)
    results = []
    for lot in tender.lots.filter(status="opened"):
        rows = sorted(lot.bids.filter(status="opened"), key=lambda bid: (bid.amount, bid.submitted_at, bid.pk))
        results += [{"bid": bid, "score": None, "rank": rank} for rank, bid in enumerate(rows, 1)]
    return _ranked(tender, results, actor=actor, received=happened_on or clock.today())


@tenders.LIFE.verb(tenders.RECORD_EXTERNAL)
@rules.carries("D01")
@transaction.atomic
def record_external(tender, *, actor, candidates, opened_on=None, happened_on=None, reason=""):
    """What the provincial platform reports: `candidates` rows {lot, organization, price, score, rank}; `happened_on`: the report's date.

    Later clocks (award, signing) start at that date. Raises Refusal: no candidate, over the ceiling, twice the same organization.
    """
    if not candidates:
        raise Refusal("no_candidate", _("Enter at least one candidate."), field="candidates")
    tender = advance(tender, tenders.RECORD_EXTERNAL, actor=actor, happened_on=happened_on, reason=reason)
    results = []
    for row in candidates:
        lot = row.get("lot") or tender.lots.first()
        if lot.tender_id != tender.pk:
            raise Refusal("other_lot", _("This lot belongs to another purchase."))
        if row["price"] <= 0 or row["price"] > lot.ceiling:
            raise Refusal("over_ceiling", _("The price must lie above 0 and not above the ceiling of {ceiling} yuan.").format(ceiling=lot.ceiling), article=rules.get("A11").article)
        if lot.bids.filter(organization=row["organization"]).exists():
            raise Refusal("twice", _("{name} is entered twice.").format(name=row["organization"]))
        bid = Bid.objects.create(lot=lot, owner_tag=owner_tag(row["organization"].pk, lot.pk), submitted_at=clock.midnight(opened_on or happened_on or clock.today()))
        bid = advance(bid, bids.RECORD, actor=actor, changes={"organization_id": row["organization"].pk, "price": yuan(row["price"])})
        results.append({"bid": bid, "score": row.get("score"), "rank": row.get("rank")})
    tender.opened_at = clock.midnight(opened_on or happened_on or clock.today())
    tender.save(update_fields=["opened_at"])
    return _ranked(tender, results, actor=actor, received=happened_on or clock.today())


def objection_to_award(lot, actor):
    """Why no award can be decided now, or None."""
    if lot.tender.venue == "internal" and not candidates(lot).exists():
        return Refusal("no_candidate", _("There is no candidate left."), todo=_("Stop the purchase or this lot."))
    return None


@lots.LIFE.verb(lots.AWARD)
@rules.carries("D02", "H05")
@transaction.atomic
def decide_award(lot, *, actor, bid=None, happened_on=None, reason=""):
    """Choose the provider of one lot: the first candidate (default), or a lower one with a recorded reason.

    Raises Refusal: lower rank without reason, excluded provider (H05), more lots than the tender allows, price over the ceiling.
    Writes the Award; when no lot waits any more the tender becomes awarded.
    """
    lot = advance(lot, lots.AWARD, actor=actor, happened_on=happened_on, reason=reason)
    ranked = list(candidates(lot))
    bid = bid or (ranked[0] if ranked else None)
    if bid is None or bid.pk not in {row.pk for row in ranked}:
        raise Refusal("not_candidate", _("Only a ranked candidate of this purchase can be chosen."), field="bid")
    declined = Award.objects.filter(lot=lot).first()
    passed = [row for row in ranked if row.rank < bid.rank and not (declined and declined.bid_id == row.pk)]
    if passed and not reason.strip():
        raise Refusal("reason", _("{name} is ranked before. Say why it is passed over.").format(name=passed[0].organization), article=rules.get("D02").article, field="reason")
    award = write_award(lot, bid.organization, bid.amount, actor=actor, decided_on=happened_on or clock.today(), reason=reason, bid=bid)
    _finish(lot.tender, actor=actor, happened_on=happened_on)
    return award.lot


def write_award(lot, organization, amount, *, actor, decided_on, reason, bid=None):
    """Write (or rewrite after a refusal to sign) the award of a lot."""
    from providers.lifecycle.organization import objection_to_provider

    if refusal := objection_to_provider(organization, "award"):
        raise refusal
    if amount is None or amount <= 0 or amount > lot.ceiling:
        raise Refusal("over_ceiling", _("The price must lie above 0 and not above the ceiling of {ceiling} yuan.").format(ceiling=lot.ceiling), article=rules.get("A11").article, field="amount")
    limit = lot.tender.max_lots_won
    if limit and Award.objects.filter(lot__tender=lot.tender, organization=organization, declined_on=None).exclude(lot=lot).count() >= limit:
        raise Refusal("max_lots", _("{name} has already won {limit} lots of this purchase.").format(name=organization, limit=limit), todo=_("Choose the next candidate."), field="bid")
    due = timetable.due(lot.tender, decided_on, "D03", "notice")
    values = {
        "bid": bid, "organization": organization, "amount": yuan(amount), "decided_on": decided_on, "decided_by": actor, "reason": reason,
        "notice_due_on": due.date if due else None, "letter_number": "", "letter_on": None, "challenge_until": None, "sign_due_on": None, "declined_on": None,
    }
    award, _made = Award.objects.update_or_create(lot=lot, defaults=values)
    return award


def _finish(tender, *, actor, happened_on=None):
    if not tender.lots.filter(status__in=("open", "opened", "evaluated")).exists() and tender.status == "evaluated":
        advance(tender, tenders.AWARD, actor=actor, happened_on=happened_on)


@tenders.LIFE.verb(tenders.RESULT)
@rules.carries("D03", "D04", "D05", "D06", "G02")
@transaction.atomic
def publish_result(tender, *, actor, happened_on=None, reason=""):
    """Issue the award letters, publish the result, tell each loser its own score and rank, start the clocks of signing and challenge."""
    tender = advance(tender, tenders.RESULT, actor=actor, happened_on=happened_on, reason=reason)
    day = happened_on or clock.today()
    notice_end = timetable.due(tender, day, "D04", "notice_period")
    challenge = timetable.due(tender, notice_end.date, "G02", "challenge") if notice_end else None
    signing = timetable.due(tender, day, "D06", "sign")
    winners = list(Award.objects.filter(lot__tender=tender, declined_on=None).select_related("lot", "organization", "bid"))
    for award in winners:
        if award.decided_on > day:
            raise Refusal("before", _("The result can't be announced before it was decided."), field="happened_on")
        award.letter_number, award.letter_on = f"{tender.number}-TZ{award.lot.order}", day
        award.challenge_until, award.sign_due_on = (challenge and challenge.date), (signing and signing.date)
        award.save()
    record = {**tender.opening_record, "result_told": day.isoformat()}
    Tender.objects.filter(pk=tender.pk).update(opening_record=record)
    tender.opening_record = record
    if tender.is_statutory or tender.profile.publish:
        announce("result", tender, actor=actor, until=notice_end.date if notice_end else None, awards=winners, panel=_panel_names(tender), recommended=invitation.recommended(tender))
    _tell(tender, winners)
    return tender


def _panel_names(tender):
    """Names of the panel, secret until now (B27); kept on the tender's record by the panel when it concluded."""
    return tender.opening_record.get("panel", [])


def people_acting_for(organization):
    """The active people of an organization today."""
    from kernel.models import User
    from providers.models import OrganizationMember

    day = clock.today()
    rows = OrganizationMember.objects.filter(organization=organization, starts_on__lte=day).exclude(ends_on__lt=day)
    return User.objects.filter(pk__in=rows.values("user"), is_active=True)


def _tell(tender, winners):
    won = {award.bid_id for award in winners}
    for award in winners:
        for person in people_acting_for(award.organization):
            notify(person, f"award-{award.pk}-{award.letter_number}", "award_won", subject=tender, url=tender.get_absolute_url(),
                   params={"title": award.lot.title, "amount": f"{award.amount:,.2f}", "letter": award.letter_number})
    tell_others(tender, won)


def tell_others(tender, won):
    """Each bidder but those of the bids `won` is told its own score and rank, or why it was invalid (D05)."""
    others = Bid.objects.filter(lot__tender=tender, status__in=("opened", "invalid"), organization__isnull=False).exclude(pk__in=won).select_related("organization", "lot")
    for bid in others:
        for person in people_acting_for(bid.organization):
            kind = "award_invalid" if bid.status == "invalid" else "award_lost"
            params = {"title": bid.lot.title, "score": str(bid.score if bid.score is not None else "—"), "rank": str(bid.rank or "—"), "reason": bid.invalid_reason}
            notify(person, f"lost-{bid.pk}-{tender.opening_record.get('result_told')}", kind, subject=bid, url=bid.get_absolute_url(), params=params)


@lots.LIFE.verb(lots.DECLINE)
@rules.carries("D14")
@transaction.atomic
def decline(lot, *, actor, reason, happened_on=None):
    """The winner refuses to sign: the award is kept as refused, the next candidate may be chosen (条例 第49条)."""
    lot = advance(lot, lots.DECLINE, actor=actor, happened_on=happened_on, reason=reason)
    award = Award.objects.get(lot=lot)
    award.declined_on = happened_on or clock.today()
    award.save(update_fields=["declined_on"])
    Bid.objects.filter(pk=award.bid_id).update(rank=None)
    trail.record(lot, "declined", actor=actor, params={"organization": award.organization_id, "amount": str(award.amount)})
    return lot




@lots.LIFE.verb(lots.STOP)
@rules.carries("B10")
@transaction.atomic
def stop_lot(lot, *, actor, reason):
    """One lot of several ends without a provider, with a termination notice; the others go on."""
    lot = advance(lot, lots.STOP, actor=actor, reason=reason, changes={"failure": reason[:300]})
    if lot.tender.is_statutory or lot.tender.profile.publish:
        announce("termination", lot.tender, actor=actor, reason=reason, lot=lot)
    _finish(lot.tender, actor=actor)
    return lot
