"""The life of a panel 磋商小组 (评审小组).

筹建 draft: experts are drawn at random from the pool, reserves ranked, the draw recorded. 已组成 formed: at least three, odd, two thirds
experts (财库〔2014〕214号 第14条); each member holds a grant for this panel and declares that nothing stands between. 评审中 scoring:
the responses are open, each member scores alone; nothing is not zero. 已结束 concluded: objective items agree, price scores are computed,
candidates are ranked, the purchaser has the report. A leaver's scores stay but are void; the next reserve scores afresh.
"""

import hashlib
import random
import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from guardian.shortcuts import assign_perm, remove_perm

from evaluation.lifecycle.set_aside import judged_before
from evaluation.models import Expert, Panel, PanelMember, Score
from evaluation.permissions_panel import SCORE, handles_panel, may_conclude, may_score, member_row
from evaluation.scoring import rounded
from kernel import clock, rules, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from procurement import methods, timetable
from procurement.models import Bid

DRAWN_RESERVES = 2


def valid_bids(panel):
    """Bids the panel judges: opened, in lots still alive."""
    return Bid.objects.filter(lot__tender=panel.tender_id, status="opened").select_related("lot", "organization").order_by("lot__order", "public_id")


def judged_items(panel):
    """Scoring items that members fill in (the price is computed)."""
    return [item for item in panel.tender.score_items.all() if item.kind != "price"]


def _composition(panel, actor=None, members=None):
    """Odd, and as many as the method asks, two thirds of them experts (B11, B17, C13). A self-run panel of staff needs no experts."""
    members, tender = list(panel.sitting()) if members is None else members, panel.tender
    known = timetable.law(tender)
    found, need = methods.figure(tender, "members", known), methods.least(tender, "members", known) or 1
    article = found.article if found else ""
    if len(members) < need or len(members) % 2 == 0:
        return Refusal("size", _("A panel needs at least {count} members, an odd number; it has {now}.").format(count=need, now=len(members)), article=article, todo=_("Draw the next reserve or name a representative."))
    part, whole = (methods.least(tender, name, known) for name in ("expert_numerator", "expert_denominator"))
    experts = sum(member.is_expert for member in members)
    if part and experts * whole < len(members) * part:
        return Refusal("experts", _("At least two thirds must be experts."), article=article, todo=_("Draw more experts."))
    return None


def too_few(panel, but=()):
    """B06/B10/B12/B15: a lot with fewer valid responses than may go on must be stopped first."""
    found = methods.figure(panel.tender, "bidders_at_evaluation") if panel.tender.is_statutory else None
    if found is None:
        return None
    least = methods.least(panel.tender, "bidders_at_evaluation")
    valid = [bid.lot_id for bid in valid_bids(panel) if bid.pk not in but]
    for lot in panel.tender.lots.filter(status="opened"):
        if valid.count(lot.pk) < least:
            return Refusal("too_few", _("Too few valid responses are left for “{lot}”.").format(lot=lot), article=found.article, todo=_("Stop it with a termination notice."))
    return None


def _startable(panel, actor):
    if panel.tender.status != "opened":
        return Refusal("sealed", _("Scoring begins after the responses are opened."), article=rules.get("B27").article)
    if refusal := _composition(panel) or too_few(panel):
        return refusal
    waiting = [str(member.user) for member in panel.sitting() if member.declared_at is None]
    if waiting:
        return Refusal("undeclared", _("Not yet declared: {names}.").format(names="、".join(waiting)), article=rules.get("H02").article, todo=_("Each member declares on the panel's page."))
    if found := conflicts(panel):
        names = "、".join(f"{member.user}（{why}）" for member, why in found)
        return Refusal("conflict", _("Conflict of interest: {names}.").format(names=names), article=rules.get("H02").article, todo=_("Replace these members."))
    return None


def _concludable(panel, actor):
    from evaluation.lifecycle.conclusion import objection_to_conclusion

    return objection_to_conclusion(panel)


FORM = Step("form", _("Form the panel"), ("draft",), "formed", handles_panel, objection=_composition, rules=("B11", "C14"), waits_for=_("handler"), hint=_("Members are told and may declare."))
START = Step("start", _("Start scoring"), ("formed",), "scoring", handles_panel, objection=_startable, rules=("H02",), waits_for=_("handler"))
CONCLUDE = Step(
    "conclude", _("Conclude the evaluation"), ("scoring",), "concluded", may_conclude, objection=_concludable, rules=("C03", "C04", "C05", "D01"), waits_for=_("panel leader"),
    hint=_("Price scores are computed, candidates ranked, and the purchaser receives the report."),
)

LIFE = Life(
    "panel",
    Panel,
    states={"draft": pgettext_lazy("panel", "being formed"), "formed": pgettext_lazy("panel", "formed"), "scoring": pgettext_lazy("panel", "scoring"), "concluded": pgettext_lazy("panel", "concluded")},
    steps=(FORM, START, CONCLUDE),
    root=lambda panel: panel.tender,
)
LIFE.verb_labels = {
    "draw": _("experts drawn"), "name_member": _("member named"), "declare": _("declaration given"), "leave": _("member left"), "submit_scores": _("scores handed in"),
    "set_aside": _("result set aside, another panel judges"), "reopen_scores": _("scores opened again"), "explain_low": _("low price judged"), "assign_leader": _("leader chosen"),
}


@transaction.atomic
def create_panel(tender, *, actor):
    """The panel of a published or opened purchase; one per purchase. Raises Refusal, PermissionDenied."""
    panel = Panel.objects.filter(tender=tender).first()
    if panel:
        return panel
    panel = Panel(tender=tender, created_by=actor)
    _handler(panel, actor)
    if tender.status not in ("published", "opened") or tender.venue != "internal":
        raise Refusal("wrong_state", _("A panel is formed for a published purchase on this platform."))
    if tender.profile_id and tender.profile.scoring == "lowest":
        raise Refusal("lowest", _("This purchase is ranked by price; it needs no panel."))
    panel.save()
    trail.record(panel, "create", actor=actor, to_status="draft")
    return panel


def _handler(panel, actor):
    from kernel.lifecycle import acting_for

    return acting_for(actor, panel, FORM)


def _bidders(panel):
    """Organizations of opened bids; nobody before the opening."""
    return [bid.organization for bid in valid_bids(panel) if bid.organization_id]


def conflict_of(user, panel, bidders):
    """Why this person may not judge these bidders (条例 第9、75条), as a sentence, or ''."""
    from providers.models import OrganizationMember

    ids = {organization.pk for organization in bidders}
    if OrganizationMember.objects.filter(user=user, organization__in=ids).exists():
        return str(_("belongs to a bidder"))
    if judged_before(user, panel.tender_id):
        return str(_("sat on the panel whose result was set aside"))
    expert = Expert.objects.filter(user=user).first()
    if expert:
        worked = f"{expert.employer}\n{expert.earlier_employers}"
        for organization in bidders:
            if organization.name and organization.name in worked:
                return str(_("was employed by {name} within three years")).format(name=organization.name)
        if panel.tender.purchaser.name in worked:
            return str(_("works for the purchaser"))
    return ""


def conflicts(panel):
    """Sitting members with a conflict, as [(member, why)]."""
    bidders = _bidders(panel)
    found = [(member, member.conflict or conflict_of(member.user, panel, bidders)) for member in panel.sitting()]
    return [(member, why) for member, why in found if why]


@rules.carries("C14", "H02")
@transaction.atomic
def draw_experts(panel, *, actor, count, reserves=DRAWN_RESERVES, seed=""):
    """Draw `count` experts and ranked reserves at random; the seed, the pool and who was left out are recorded and can be replayed.

    Raises Refusal when the pool is too small.
    """
    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    _handler(panel, actor)
    if panel.status != "draft":
        raise Refusal("formed", _("The panel is already formed."))
    bidders = _bidders(panel)
    sitting = set(panel.members.values_list("user_id", flat=True))
    pool, left_out = [], []
    for expert in Expert.objects.filter(active=True, user__is_active=True).select_related("user").order_by("pk"):
        why = conflict_of(expert.user, panel, bidders)
        (left_out.append({"expert": expert.pk, "why": why}) if why or expert.user_id in sitting else pool.append(expert))
    if len(pool) < count:
        raise Refusal("pool", _("Only {count} experts without conflict are in the pool.").format(count=len(pool)), article=rules.get("C14").article, todo=_("Enter more experts, or ask the provincial pool."))
    seed = seed or secrets.token_hex(16)
    order = random.Random(seed).sample(pool, len(pool))  # noqa: S311 - replayable from the recorded seed
    drawn, spare = order[:count], order[count : count + reserves]
    for expert in drawn:
        _add(panel, expert.user, is_expert=True)
    panel.draw_record = {
        "seed": seed, "pool": [expert.pk for expert in pool], "left_out": left_out, "drawn": [expert.pk for expert in drawn],
        "reserves": [expert.pk for expert in spare], "at": clock.now().isoformat(), "by": actor.pk,
    }
    panel.drawn_at = clock.now()
    panel.save(update_fields=["draw_record", "drawn_at"])
    trail.record(panel, "draw", actor=actor, params={"seed": seed, "pool": len(pool), "drawn": [expert.pk for expert in drawn], "reserves": [expert.pk for expert in spare]})
    return panel


def _add(panel, user, *, is_expert):
    """A member row and its grant, in one transaction."""
    member, _made = PanelMember.objects.update_or_create(panel=panel, user=user, defaults={"is_expert": is_expert, "left_at": None, "declared_at": None, "conflict": "", "submitted_at": None})
    assign_perm(f"evaluation.{SCORE}", user, panel)
    return member


@transaction.atomic
def name_member(panel, user, *, actor):
    """The purchaser's representative (statutory: at most a third), or a staff scorer of a self-run purchase."""
    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    _handler(panel, actor)
    if panel.status != "draft":
        raise Refusal("formed", _("The panel is already formed."))
    member = _add(panel, user, is_expert=False)
    trail.record(panel, "name_member", actor=actor, params={"member": user.pk})
    return member


@LIFE.verb(FORM)
@rules.carries("B11")
@transaction.atomic
def form(panel, *, actor):
    """The members are complete: the first expert drawn leads (a purchaser's representative never does), all are told."""
    from kernel.notices import notify

    panel = advance(panel, FORM, actor=actor)
    members = list(panel.sitting())
    leader = next((member for member in members if member.is_expert), members[0])
    PanelMember.objects.filter(pk=leader.pk).update(is_leader=True)
    for member in members:
        notify(member.user, f"panel-{panel.pk}", "panel_called", subject=panel, url=panel.get_absolute_url(), params={"title": panel.tender.title})
    return panel


@transaction.atomic
def declare(panel, *, actor, conflict=""):
    """A member declares: nothing stands between (empty), or what does; a member with a conflict leaves and the next reserve comes."""
    panel = _locked(panel)
    member = _own(panel, actor)
    if panel.status == "concluded":
        raise Refusal("concluded", _("The evaluation is over."))
    if conflict.strip():
        PanelMember.objects.filter(pk=member.pk).update(conflict=conflict.strip()[:300])
        trail.record(panel, "declare", actor=actor, params={"member": actor.pk, "free": False})
        return replace(panel, member, why="conflict", trusted=True, actor=actor)
    PanelMember.objects.filter(pk=member.pk).update(declared_at=clock.now())
    trail.record(panel, "declare", actor=actor, params={"member": actor.pk, "free": True})
    return member


def _locked(panel):
    """The panel as it is now, held until the verb ends: a sheet and the conclusion never cross."""
    return Panel.objects.select_for_update().get(pk=panel.pk)


def _own(panel, actor):
    from django.core.exceptions import PermissionDenied

    member = member_row(actor, panel)
    if member is None or not may_score(actor, panel):
        raise PermissionDenied(str(_("You are not a member of this panel.")))
    return PanelMember.objects.select_for_update().get(pk=member.pk)


@transaction.atomic
def replace(panel, member, *, actor, why, trusted=False):
    """A member leaves (absence, conflict): the grant is revoked, the scores stay but are void, the next reserve sits down. Returns the new member or None."""
    panel = Panel.objects.select_for_update().get(pk=panel.pk)
    if not trusted:
        _handler(panel, actor)
    if panel.status == "concluded" or member.left_at:
        raise Refusal("left", _("This member has left already or the evaluation is over."))
    PanelMember.objects.filter(pk=member.pk).update(left_at=clock.now(), is_leader=False)
    remove_perm(f"evaluation.{SCORE}", member.user, panel)
    reserve, record = None, dict(panel.draw_record)
    bidders = _bidders(panel)
    for pk in list(record.get("reserves", [])):
        record["reserves"] = [other for other in record["reserves"] if other != pk]
        expert = Expert.objects.filter(pk=pk, active=True).select_related("user").first()
        if expert and not conflict_of(expert.user, panel, bidders):
            reserve = _add(panel, expert.user, is_expert=True)
            break
    Panel.objects.filter(pk=panel.pk).update(draw_record=record)
    if reserve and member.is_leader:
        PanelMember.objects.filter(pk=reserve.pk).update(is_leader=True)
    trail.record(panel, "leave", actor=actor, reason=why, params={"member": member.user_id, "reserve": reserve.user_id if reserve else None})
    return reserve


@LIFE.verb(START)
@rules.carries("H02")
@transaction.atomic
def start(panel, *, actor):
    """Scoring begins: everybody declared, nobody has a tie to a bidder, low prices are marked (C08)."""
    from evaluation.lifecycle.conclusion import mark_low_prices

    panel = advance(panel, START, actor=actor)
    return mark_low_prices(panel)


@transaction.atomic
def score(panel, *, actor, points):
    """Keep a member's points: {(bid id, item id): Decimal or None}. None takes a value back: missing is not zero. Raises Refusal."""
    panel = _locked(panel)
    member = _own(panel, actor)
    if panel.status != "scoring":
        raise Refusal("not_scoring", _("This panel is not scoring now."))
    if member.submitted_at:
        raise Refusal("handed_in", _("You have handed in your scores."), todo=_("Ask the leader to open them again."))
    bids = {bid.pk: bid for bid in valid_bids(panel)}
    items = {item.pk: item for item in judged_items(panel)}
    for (bid_id, item_id), value in points.items():
        if bid_id not in bids or item_id not in items:
            raise Refusal("strange", _("This response or item does not belong to the panel."))
        if value is None:
            Score.objects.filter(member=member, bid_id=bid_id, item_id=item_id).delete()
            continue
        if not 0 <= value <= items[item_id].points:
            raise Refusal("range", _("“{item}” takes 0 to {points} points.").format(item=items[item_id], points=items[item_id].points), field=f"s{bid_id}-{item_id}")
        Score.objects.update_or_create(member=member, bid_id=bid_id, item_id=item_id, defaults={"points": rounded(value), "given_at": clock.now()})
    return member


def missing_scores(panel, member):
    """How many (bid, item) cells of a member are still empty."""
    items = judged_items(panel)
    wanted = {(bid.pk, item.pk) for bid in valid_bids(panel) for item in items}
    return len(wanted - set(member.scores.values_list("bid_id", "item_id")))


@transaction.atomic
def submit_scores(panel, *, actor):
    """Hand the own sheet in: complete, from now on unchanged. Raises Refusal."""
    panel = _locked(panel)
    member = _own(panel, actor)
    if panel.status != "scoring":
        raise Refusal("not_scoring", _("This panel is not scoring now."))
    if empty := missing_scores(panel, member):
        raise Refusal("incomplete", _("{count} scores are still missing; nothing is not zero.").format(count=empty), article=rules.get("C04").article)
    if member.submitted_at:
        raise Refusal("handed_in", _("You have handed in your scores."))
    PanelMember.objects.filter(pk=member.pk).update(submitted_at=clock.now())
    given = sorted(f"{row.bid_id}:{row.item_id}:{row.points}" for row in member.scores.all())
    trail.record(panel, "submit_scores", actor=actor, params={"member": actor.pk, "digest": hashlib.sha256("|".join(given).encode()).hexdigest()})
    return member


@transaction.atomic
def reopen_scores(panel, member, *, actor, reason):
    """The leader lets a member correct a sheet before the report is made (64条: sums, ranges, objective items)."""
    from django.core.exceptions import PermissionDenied

    panel = _locked(panel)
    own = member_row(actor, panel)
    if own is None or not own.is_leader:
        raise PermissionDenied(str(_("Only the panel's leader opens a sheet again.")))
    if panel.status != "scoring" or not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), article=rules.get("C12").article, field="reason")
    PanelMember.objects.filter(pk=member.pk, left_at=None).update(submitted_at=None)
    trail.record(panel, "reopen_scores", actor=actor, reason=reason, params={"member": member.user_id})
    return member
