"""From the evaluation report to the award 成交: report received, decision within five working days (D02), letters and result notice
within two (D03), each loser told its own score and rank alone (D05), thirty days to sign (D06), seven working days to challenge (G02)."""


from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, trail
from kernel.lifecycle import Refusal, advance
from kernel.money import yuan
from kernel.notices import notify, register
from procurement import timetable
from procurement.announcements import announce
from procurement.lifecycle import bid as bids
from procurement.lifecycle import bond as bonds
from procurement.lifecycle import declaration, invitation
from procurement.lifecycle import fall as falls
from procurement.lifecycle import lot as lots
from procurement.lifecycle import tender as tenders
from procurement.models import Award, AwardFall, Bid, Tender
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


@rules.carries("C12")
@transaction.atomic
def rerank(tender, results, *, actor, gone=(), reason=""):
    """A changed result of the panel: scores and ranks of lots not yet contracted are written anew, `gone` bids have none any more.

    Awards stay as they are: whether one falls is decided by its own verbs. Called by the evaluation.
    """
    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    open_lots = list(tender.lots.filter(status__in=("opened", "evaluated", "awarded")).values_list("pk", flat=True))
    Bid.objects.filter(pk__in=[bid.pk for bid in gone], lot__in=open_lots).update(rank=None)
    for row in results:
        Bid.objects.filter(pk=row["bid"].pk, lot__in=open_lots).update(score=row["score"], rank=row["rank"])
    trail.record(tender, "rerank", actor=actor, reason=reason, params={"gone": [bid.pk for bid in gone], "ranks": {str(row["bid"].pk): row["rank"] for row in results}})


def objection_to_award(lot, actor):
    """Why no award can be decided now, or None."""
    if lot.tender.venue == "internal" and not candidates(lot).exists():
        return Refusal("no_candidate", _("There is no candidate left."), todo=_("Stop the purchase or this lot."))
    return declaration.objection(lot.tender, actor)


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
        "acknowledged_at": None, "acknowledged_by": None,
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
    """Issue the award letters, publish the result, tell each loser its own score and rank, start the clocks of signing and challenge.

    After an award fell only the lots decided anew get letters and clocks; a correction notice says what changed, the result is announced again.
    """
    tender = advance(tender, tenders.RESULT, actor=actor, happened_on=happened_on, reason=reason)
    day = happened_on or clock.today()
    notice_end = timetable.due(tender, day, "D04", "notice_period")
    challenge = timetable.due(tender, notice_end.date, "G02", "challenge") if notice_end else None
    signing = timetable.due(tender, day, "D06", "sign")
    winners = list(Award.objects.filter(lot__tender=tender, declined_on=None).select_related("lot__tender", "organization", "bid").order_by("lot__order"))
    fresh = [award for award in winners if award.letter_on is None]
    fallen = list(AwardFall.objects.filter(lot__tender=tender).exclude(letter_number="").select_related("lot", "organization").order_by("pk"))
    for award in fresh:
        if award.decided_on > day:
            raise Refusal("before", _("The result can't be announced before it was decided."), field="happened_on")
        again = sum(row.lot_id == award.lot_id for row in fallen)
        award.letter_number, award.letter_on = f"{tender.number}-TZ{award.lot.order}" + (f"-{again + 1}" if again else ""), day
        award.challenge_until, award.sign_due_on = (challenge and challenge.date), (signing and signing.date)
        award.save()
    told_before = len(tender.opening_record.get("results_fallen", []))
    record = {**tender.opening_record, "result_told": day.isoformat()}
    Tender.objects.filter(pk=tender.pk).update(opening_record=record)
    tender.opening_record = record
    if tender.is_statutory or tender.profile.publish:
        if told_before:
            announce("correction", tender, actor=actor, text=_changed(tender, fresh, fallen), result=True)
        announce("result", tender, actor=actor, until=notice_end.date if notice_end else None, awards=winners, panel=_panel_names(tender), recommended=invitation.recommended(tender))
    for award in fresh:
        bonds.fall_due(award.lot, actor=actor)
    _tell(tender, fresh, told_before)
    return tender


def _changed(tender, fresh, fallen):
    """What a changed result says in its correction notice (Chinese): the former result of each lot and the one that stands now."""
    rows = []
    new = {award.lot_id: award for award in fresh}
    last = {row.lot_id: row for row in fallen}
    for pk, row in last.items():
        place = f"第{row.lot.order}包" if tender.has_lots else "本项目"
        now = f"现确定{new[pk].organization}，金额{new[pk].amount:,.2f}元" if pk in new else "本次未确定供应商"
        rows.append(f"{place}原公告的结果为{row.organization}，金额{row.amount:,.2f}元（{FALLEN[row.kind]}），{now}。")
    return "采购结果更正：" + "".join(rows)


FALLEN = {"refused": "该供应商放弃签订合同", "disqualified": "该供应商的资格或者响应依法认定无效", "ordered": "依质疑答复或者投诉处理决定变更"}


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


def _tell(tender, winners, round_):
    """Winners of this announcement and the other bidders of their lots (of all lots when it is the first); each hears of itself alone."""
    won = {award.bid_id for award in Award.objects.filter(lot__tender=tender, declined_on=None)}
    for award in winners:
        for person in people_acting_for(award.organization):
            notify(person, f"award-{award.pk}-{award.letter_number}", "award_won", subject=tender, url=award.get_absolute_url(),
                   params={"title": award.lot.title, "amount": f"{award.amount:,.2f}", "letter": award.letter_number})
    tell_others(tender, won, [award.lot_id for award in winners] if round_ else None, round_)


def tell_others(tender, won, lots=None, round_=0):
    """Each bidder (of these lots only, where some are named; `round_`: how many results fell before) but those of the bids `won` is told its own score and rank, or why it was invalid (D05)."""
    others = Bid.objects.filter(lot__tender=tender, status__in=("opened", "invalid"), organization__isnull=False, falls=None).exclude(pk__in=won).select_related("organization", "lot")
    if lots is not None:
        others = others.filter(lot__in=lots)
    round_ = len(tender.opening_record.get("results_fallen", []))
    for bid in others:
        for person in people_acting_for(bid.organization):
            kind = "award_invalid" if bid.status == "invalid" else "award_lost"
            params = {"title": bid.lot.title, "score": str(bid.score if bid.score is not None else "—"), "rank": str(bid.rank or "—"), "reason": bid.invalid_reason}
            notify(person, f"lost-{bid.pk}-{round_}", kind, subject=bid, url=reverse("bid_result", args=[bid.public_id]), params=params)


@lots.LIFE.verb(lots.ACKNOWLEDGE)
@rules.carries("D03")
@transaction.atomic
def acknowledge(lot, *, actor):
    """签收: the chosen organization has the letter; person and moment are kept. It starts no clock: the letter's own day does (政府采购法 第46条)."""
    lot = advance(lot, lots.ACKNOWLEDGE, actor=actor)
    taken = Award.objects.filter(lot=lot, declined_on=None, acknowledged_at=None).update(acknowledged_at=clock.now(), acknowledged_by=actor)
    if not taken:
        raise Refusal("acknowledged", _("Receipt was acknowledged already."))
    return lot


@lots.LIFE.verb(lots.DELAY)
@rules.carries("D02")
@transaction.atomic
def explain_delay(lot, *, actor, reason):
    """The lawful reason why the award is not decided in time; it stays beside the overdue day. Nothing is decided silently (条例 第43条)."""
    return advance(lot, lots.DELAY, actor=actor, reason=reason)


def _fallen(lot, *, actor, happened_on=None, **facts):
    """The award of a lot falls: kept with its facts, its bid no candidate any more; an announced result is to be announced again."""
    award = Award.objects.select_related("lot__tender", "organization", "bid").get(lot=lot)
    row = falls.record_fall(award, actor=actor, fallen_on=happened_on, **facts)
    award.declined_on = happened_on or clock.today()
    award.save(update_fields=["declined_on"])
    Bid.objects.filter(pk=award.bid_id).update(rank=None)
    tender = Tender.objects.select_for_update(of=("self",)).get(pk=lot.tender_id)
    record = dict(tender.opening_record)
    if award.letter_on and (told := record.pop("result_told", None)):
        record["results_fallen"] = [*record.get("results_fallen", []), {"told": told, "lot": lot.pk, "on": clock.today().isoformat()}]
        Tender.objects.filter(pk=tender.pk).update(opening_record=record)
    bonds.fall_due(lot, actor=actor)
    trail.record(lot, "declined", actor=actor, params={"organization": award.organization_id, "amount": str(award.amount), "kind": row.kind})
    return row


@lots.LIFE.verb(lots.DECLINE)
@rules.carries("D14")
@transaction.atomic
def decline(lot, *, actor, reason, happened_on=None, proof=None, justified=False, kind="refused", told=False):
    """The winner refuses to sign: facts and proof are kept, the next candidate may be chosen (条例 第49条). `justified`: for a good reason, so
    that its bond goes back. `kind` "ordered": the result fell by the answer to a challenge or complaint."""
    lot = advance(lot, lots.DECLINE, actor=actor, happened_on=happened_on, reason=reason)
    _fallen(lot, actor=actor, happened_on=happened_on, kind=kind, facts=reason, proof=proof, justified=justified or kind == "ordered", told=told)
    return lot


@lots.LIFE.verb(lots.REVOKE)
@rules.carries("D14", "H05")
@transaction.atomic
def revoke(lot, *, actor, reason, ground, document, happened_on=None, proof=None):
    """The winner turns out not to qualify before the contract: on a ground of law and a paper that proves it the award is withdrawn, its
    response becomes invalid, the next candidate may be chosen (政府采购法 第77条；条例 第71条). Raises Refusal without paper."""
    if not document.strip():
        raise Refusal("document", _("An award is withdrawn on a paper only: name the decision or finding."), article="政府采购法 第77条；实施条例 第71条", field="document")
    lot = advance(lot, lots.REVOKE, actor=actor, happened_on=happened_on, reason=reason, params={"ground": ground, "document": document})
    row = _fallen(lot, actor=actor, happened_on=happened_on, kind="disqualified", facts=reason, ground=ground, document=document, proof=proof)
    if row.bid_id and row.bid.status == "opened":
        advance(row.bid, bids.REJECT, actor=actor, reason=reason, changes={"invalid_reason": reason[:300]})
    return lot


@lots.LIFE.verb(lots.STOP)
@rules.carries("B10")
@transaction.atomic
def stop_lot(lot, *, actor, reason):
    """One lot of several ends without a provider, or the last candidate is gone: a termination notice, and the project may be bought anew."""
    lot = advance(lot, lots.STOP, actor=actor, reason=reason, changes={"failure": reason[:300]})
    bonds.fall_due(lot, actor=actor)
    lots.unsource(lot, actor=actor)
    if lot.tender.is_statutory or lot.tender.profile.publish:
        announce("termination", lot.tender, actor=actor, reason=reason, lot=lot)
    _finish(lot.tender, actor=actor)
    return lot
