"""Score sheets: each member alone, within the bounds of the item, facts computed, extremes with a note, blind where the documents say so (C04)."""

import hashlib
from decimal import Decimal, InvalidOperation

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from evaluation.arithmetic import criteria as counting
from evaluation.lifecycle import seats
from evaluation.models import ItemWaiver, PanelMember, Score
from evaluation.permissions_panel import member_row
from evaluation.scoring import rounded
from kernel import clock, draws, rules, trail
from kernel.lifecycle import Refusal
from procurement import criteria
from procurement.lifecycle.evaluation_terms import terms_of


def field_of(bid_id, item_id):
    """The name of a cell's field."""
    return f"s{bid_id}-{item_id}"


def is_blind_to(panel, member):
    """Whether this member must not know yet whose response it is (暗标)."""
    return bool(member and panel.status != "concluded" and member.blind_done_at is None and terms_of(panel.tender).blind)


def reads_blind(user, panel):
    """Whether this reader judges the panel's purchase without names at this moment: on this panel, or on the one that judges anew."""
    sitting = panel if panel.tender_id else getattr(panel.former_tender, "panel", None)
    return sitting is not None and is_blind_to(sitting, member_row(user, sitting))


def aliases(panel, bids):
    """{bid id: "A" …}: names for blind scoring, in an order that tells nothing about the bidders and differs from panel to panel."""
    salt = panel.alias_salt or panel.draw_record.get("seed", "") or str(panel.pk)
    order = draws.order(bids, salt, name=lambda bid: bid.public_id)
    letters = [chr(65 + number % 26) + ("" if number < 26 else str(number // 26)) for number in range(len(order))]
    return {bid.pk: letter for bid, letter in zip(order, letters, strict=True)}


def without_names(text, organization):
    """A text with everything taken out by which its organization could be known: names, code, people, telephone."""
    told = [organization.name, *(row.name for row in organization.names.all()), organization.credit_code, organization.legal_representative, organization.contact_name, organization.contact_phone]
    for word in sorted({word for word in told if word}, key=len, reverse=True):
        text = text.replace(word, "＊＊＊")
    return text


def items_now(panel, member):
    """The items this member may fill in at this moment: in a blind purchase first those by judgement, then the objective ones."""
    items = seats.judged_items(panel)
    if not terms_of(panel.tender).blind:
        return items
    subjective = member.blind_done_at is None
    return [item for item in items if (item.kind == "subjective") is subjective]


def grade_fact(bid, tender):
    """The bidder's grade valid at the deadline, or ''."""
    organization, day = bid.organization, tender.deadline.astimezone(clock.ZONE).date() if tender.deadline else clock.today()
    valid = organization.grade and (organization.grade_until is None or organization.grade_until >= day)
    return organization.grade if valid else ""


def computed_cell(item, scale, bid, tender, fact):
    """(points, fact) of a cell whose points follow from a fact; None where points are typed. Raises Refusal on a fact nobody can count."""
    if scale.way == "count":
        if fact in (None, ""):
            return None
        try:
            count = int(fact)
            return rounded(counting.counted(count, scale.each, item.points)), str(count)
        except (ValueError, InvalidOperation):
            raise Refusal("fact", _("“{item}” wants a whole number.").format(item=item), field=field_of(bid.pk, item.pk)) from None
    if scale.way == "table":
        value = grade_fact(bid, tender) if scale.by_grade else (fact or "").strip()
        if not scale.by_grade and not value:
            return None
        if value and value not in scale.table and not scale.by_grade:
            raise Refusal("fact", _("“{item}” takes one of: {values}.").format(item=item, values="、".join(scale.table)), field=field_of(bid.pk, item.pk))
        return rounded(counting.looked_up(value, scale.table, item.points)), value
    return None


def _bounded(item, scale, bid, value):
    """Raises Refusal unless the points lie in the item's range, on its step and in one of its levels."""
    field = field_of(bid.pk, item.pk)
    if not scale.least <= value <= item.points:
        raise Refusal("range", _("“{item}” takes {least} to {points} points.").format(item=item, least=scale.least, points=item.points), field=field)
    if not counting.on_step(value, scale.least, scale.step):
        raise Refusal("step", _("“{item}” is scored in steps of {step}.").format(item=item, step=scale.step), field=field)
    if scale.levels and not counting.level_of(value, scale.levels):
        raise Refusal("level", _("These points lie in no level of “{item}”.").format(item=item), field=field)


def _scoring(panel):
    if panel.status != "scoring":
        raise Refusal("not_scoring", _("This panel is not scoring now."))


@rules.carries("C04")
@transaction.atomic
def score(panel, *, actor, points=None, facts=None, remarks=None):
    """Keep a member's cells: {(bid id, item id): …} of points (Decimal, None takes a value back), facts and notes. Missing is not zero.

    Cells that follow from the register (grades) are filled in. Raises Refusal naming the field.
    """
    panel = seats.locked(panel)
    member = seats.judging_member(panel, actor)
    _scoring(panel)
    if member.submitted_at:
        raise Refusal("handed_in", _("You have handed in your scores."), todo=_("Ask the leader to open them again."))
    points, facts, remarks = dict(points or {}), dict(facts or {}), dict(remarks or {})
    bids, items = {bid.pk: bid for bid in seats.valid_bids(panel)}, {item.pk: item for item in items_now(panel, member)}
    known = {item.pk for item in seats.judged_items(panel)}
    scales = {item.pk: criteria.read_scale(item.scale) for item in items.values()}
    for bid_id, item_id in {*points, *facts, *remarks}:
        if bid_id not in bids or item_id not in known:
            raise Refusal("strange", _("This response or item does not belong to the panel."))
        if item_id not in items and ((bid_id, item_id) in points or (bid_id, item_id) in facts):
            raise Refusal("blind", _("This part is not scored now: first the part by judgement, then the rest."))
    cells = {*points, *facts, *((bid, item) for item in items if scales[item].by_grade for bid in bids)}
    for bid_id, item_id in sorted(cells):
        item, scale, bid = items[item_id], scales[item_id], bids[bid_id]
        if scale.way == "points":
            value, fact = points.get((bid_id, item_id)), ""
            if value is not None:
                _bounded(item, scale, bid, value)
        else:
            made = computed_cell(item, scale, bid, panel.tender, facts.get((bid_id, item_id)))
            value, fact = made or (None, "")
        row = Score.objects.filter(member=member, bid_id=bid_id, item_id=item_id)
        if value is None:
            row.delete()
        else:
            Score.objects.update_or_create(member=member, bid_id=bid_id, item_id=item_id, defaults={"points": rounded(value), "fact": fact, "given_at": clock.now()})
    for (bid_id, item_id), remark in remarks.items():
        Score.objects.filter(member=member, bid_id=bid_id, item_id=item_id).update(remark=remark.strip()[:300])
    return member


def missing_scores(panel, member, items=None, bids=None):
    """How many (bid, item) cells of a member are still empty. `items`, `bids`: those asked for, where the caller has them already."""
    items = seats.judged_items(panel) if items is None else items
    wanted = {(bid.pk, item.pk) for bid in (seats.valid_bids(panel) if bids is None else bids) for item in items}
    return len(wanted - set(member.scores.values_list("bid_id", "item_id")))


def without_note(panel, member, items=None):
    """Scores by judgement in the outermost part of their item that have no note yet."""
    terms, items = terms_of(panel.tender), {item.pk: item for item in (seats.judged_items(panel) if items is None else items) if item.kind == "subjective"}
    rows = member.scores.filter(item__in=items, bid__in=seats.valid_bids(panel), remark="").select_related("bid__organization")
    return [
        row for row in rows
        if counting.in_outer_part(row.points, criteria.read_scale(items[row.item_id].scale).least, items[row.item_id].points, terms.note_band)
    ]  # fmt: skip


def _complete(panel, member, items):
    if empty := missing_scores(panel, member, items):
        raise Refusal("incomplete", _("{count} scores are still missing; nothing is not zero.").format(count=empty), article=rules.get("C04").article)
    if rows := without_note(panel, member, items):
        name = rows[0].item.name
        raise Refusal("note", _("{count} very high or very low scores need a note, “{item}” first.").format(count=len(rows), item=name), article=rules.get("C12").article, todo=_("Write in one sentence why."), field=field_of(rows[0].bid_id, rows[0].item_id))


@transaction.atomic
def hand_in_blind(panel, *, actor):
    """The part by judgement is done without knowing whose it is; from now on unchanged, and the names are shown. Raises Refusal."""
    panel = seats.locked(panel)
    member = seats.judging_member(panel, actor)
    _scoring(panel)
    if not is_blind_to(panel, member):
        raise Refusal("not_blind", _("Nothing is judged blind here now."))
    _complete(panel, member, items_now(panel, member))
    PanelMember.objects.filter(pk=member.pk).update(blind_done_at=clock.now())
    trail.record(panel, "submit_scores", actor=actor, params={"member": actor.pk, "blind": True, "digest": _digest(member)})
    return member


def _digest(member):
    given = sorted(f"{row.bid_id}:{row.item_id}:{row.points}" for row in member.scores.all())
    return hashlib.sha256("|".join(given).encode()).hexdigest()


@rules.carries("C04")
@transaction.atomic
def submit_scores(panel, *, actor):
    """Hand the own sheet in: complete, extremes with a note, from now on unchanged. Raises Refusal."""
    panel = seats.locked(panel)
    member = seats.judging_member(panel, actor)
    _scoring(panel)
    if member.submitted_at:
        raise Refusal("handed_in", _("You have handed in your scores."))
    if is_blind_to(panel, member):
        raise Refusal("blind", _("First hand in the part judged blind."))
    from evaluation.lifecycle import change

    if refusal := change.objection_to_handing_in(panel):
        raise refusal
    _complete(panel, member, seats.judged_items(panel))
    PanelMember.objects.filter(pk=member.pk).update(submitted_at=clock.now())
    trail.record(panel, "submit_scores", actor=actor, params={"member": actor.pk, "digest": _digest(member)})
    return member


def only_leader(panel, actor, sentence):
    """Raises PermissionDenied unless the actor leads this panel."""
    own = member_row(actor, panel)
    if own is None or not own.is_leader:
        raise PermissionDenied(str(sentence))
    return own


@rules.carries("C12")
@transaction.atomic
def reopen_scores(panel, member, *, actor, reason):
    """The leader lets a member correct a sheet before the report is made (64条: sums, ranges, objective items, extremes)."""
    panel = seats.locked(panel)
    only_leader(panel, actor, _("Only the panel's leader opens a sheet again."))
    if panel.status != "scoring" or not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), article=rules.get("C12").article, field="reason")
    PanelMember.objects.filter(pk=member.pk, left_at=None).update(submitted_at=None, blind_done_at=None)
    trail.record(panel, "reopen_scores", actor=actor, reason=reason, params={"member": member.user_id})
    return member


def unexplained(panel):
    """Scores by judgement that lie far from the other members' (畸高畸低) and have no note; known once all sheets are in."""
    terms, items, cells = terms_of(panel.tender), {item.pk: item for item in seats.judged_items(panel) if item.kind == "subjective"}, {}
    for row in Score.objects.filter(member__in=panel.sitting(), item__in=items, bid__in=seats.valid_bids(panel)).select_related("member__user", "bid__organization"):
        cells.setdefault((row.bid_id, row.item_id), []).append(row)
    found = []
    for (_bid, item_id), rows in cells.items():
        for row in rows:
            others = [other.points for other in rows if other is not row]
            if not row.remark and counting.far_off(row.points, others, items[item_id].points, terms.note_gap):
                row.item = items[item_id]
                found.append(row)
    return found


def disagreeing(panel, members, bids):
    """Objective items on which members differ: [(bid, item)] (64条)."""
    objective = {item.pk: item for item in seats.judged_items(panel) if item.kind == "objective"}
    names, seen = {bid.pk: bid for bid in bids}, {}
    for bid_id, item_id, points in Score.objects.filter(member__in=members, item__in=objective).values_list("bid_id", "item_id", "points"):
        seen.setdefault((bid_id, item_id), set()).add(points)
    return [(names[bid_id], objective[item_id]) for (bid_id, item_id), points in seen.items() if len(points) > 1 and bid_id in names]


@rules.carries("C04")
@transaction.atomic
def waive(panel, item, *, actor, reason, agreed):
    """The panel finds that an item does not apply (不适用), for all bids alike: its points go to the other items in proportion, nobody gets zero.

    `agreed`: the members who think so, more than half of those who sit. Only until the first sheet is in. Raises Refusal, PermissionDenied.
    """
    panel = seats.locked(panel)
    only_leader(panel, actor, _("Only the panel's leader records this."))
    _scoring(panel)
    members = list(panel.sitting())
    if any(member.submitted_at or member.blind_done_at for member in members):
        raise Refusal("handed_in_by_some", _("A sheet is handed in already; what is scored can't be changed any more."))
    items = seats.judged_items(panel)
    if item.pk not in {row.pk for row in items} or len(items) < 2:
        raise Refusal("last_item", _("At least one other item must remain to be judged."))
    if not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    sitting = {member.pk: member for member in members}
    agreeing = {member.pk for member in agreed} & set(sitting)
    if len(agreeing) * 2 <= len(sitting):
        raise Refusal("majority", _("More than half of the members must agree."), field="agreed")
    waiver = ItemWaiver.objects.create(panel=panel, item=item, reason=reason.strip()[:300], agreed=[str(sitting[pk].user) for pk in sorted(agreeing)], decided_by=actor)
    trail.record(panel, "waive", actor=actor, reason=reason, params={"item": item.pk, "agreed": sorted(agreeing)})
    return waiver


def own_total(points):
    """The sum of a member's cells, shown while scoring."""
    return sum((value for value in points if value is not None), Decimal(0))
