"""The life of a panel 评审小组 (评标委员会, 磋商小组, 谈判小组, as its method names it).

筹建 draft: the pool of experts is frozen, then experts and ranked reserves are drawn; the draw can be repeated by anyone. 已组成 formed: enough
members, odd, two thirds of them experts; each holds a grant for this panel and declares that nothing stands between. 审查中 checking: the
responses are open, each member finds alone whether they meet every substantive requirement. 评审中 scoring: who failed is out; where the
method talks, the panel talks with each supplier alone before final quotes are asked for; each member scores alone, nothing is not zero; low prices
are explained, corrections confirmed, final quotes read. 已结束 concluded: objective items agree,
the result is computed from stored inputs, candidates are ranked, the purchaser has the report, members sign it or state their dissent.
A leaver's scores stay but are void; the next reserve scores afresh.
"""

import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from guardian.shortcuts import remove_perm

from evaluation.lifecycle import conformity, drawing, names, seats
from evaluation.lifecycle.seats import composition, conflicts, judged_items, too_few, valid_bids
from evaluation.models import Panel, PanelMember
from evaluation.permissions_panel import SCORE, handles_panel, may_conclude
from kernel import clock, rules, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from procurement import methods
from procurement.lifecycle import qualification

__all__ = ["LIFE", "composition", "conflicts", "judged_items", "too_few", "valid_bids"]


def _startable(panel, actor):
    if panel.tender.status != "opened":
        return Refusal("sealed", _("Scoring begins after the responses are opened."), article=rules.get("B27").article)
    if refusal := composition(panel, with_leader=True) or qualification.objection_unchecked(panel.tender) or too_few(panel):
        return refusal
    waiting = [member for member in panel.seated() if member.declared_at is None]
    if waiting:
        return Refusal("undeclared", _("Not yet declared: {names}.").format(names=names.told(panel, waiting, actor)), article=rules.get("H02").article, todo=_("Each member declares on the panel's page."))
    if found := conflicts(panel):
        who = "、".join(f"{names.told(panel, [member], actor)}（{why}）" for member, why in found)
        return Refusal("conflict", _("Conflict of interest: {names}.").format(names=who), article=rules.get("H02").article, todo=_("Replace these members."))
    return None


def _concludable(panel, actor):
    from evaluation.lifecycle.conclusion import objection_to_conclusion

    return objection_to_conclusion(panel, actor)


FORM = Step("form", _("Form the panel"), ("draft",), "formed", handles_panel, objection=composition, rules=("B11", "B17", "C13", "C14"), waits_for=_("handler"), hint=_("Members are told and may declare."))
START = Step(
    "start", _("Start the evaluation"), ("formed",), "checking", handles_panel, objection=_startable, rules=("H02", "H06"), waits_for=_("handler"),
    hint=_("Everybody declared; members are matched with the bidders once more."),
)  # fmt: skip
BEGIN = Step(
    "begin", _("Close the check and begin scoring"), ("checking",), "scoring", may_conclude, objection=conformity.objection_to_closing, rules=("C08", "B16"), waits_for=_("panel leader"),
    hint=_("Responses that failed the check are out; low prices are marked."),
)  # fmt: skip
CONCLUDE = Step(
    "conclude", _("Conclude the evaluation"), ("scoring",), "concluded", may_conclude, objection=_concludable, rules=("C03", "C04", "C05", "C06", "B16", "D01"), waits_for=_("panel leader"),
    hint=_("Price scores are computed, candidates ranked, and the purchaser receives the report."),
)  # fmt: skip

LIFE = Life(
    "panel",
    Panel,
    states={
        "draft": pgettext_lazy("panel", "being formed"), "formed": pgettext_lazy("panel", "formed"), "checking": pgettext_lazy("panel", "checking conformity"),
        "scoring": pgettext_lazy("panel", "scoring"), "concluded": pgettext_lazy("panel", "concluded"),
    },
    steps=(FORM, START, BEGIN, CONCLUDE),
    root=lambda panel: panel.tender,
)  # fmt: skip
LIFE.verb_labels = {
    "freeze_pool": _("pool of experts frozen"), "draw": _("experts drawn"), "choose_expert": _("expert chosen"), "name_member": _("member named"), "declare": _("declaration given"),
    "leave": _("member left"), "check": _("conformity check handed in"), "submit_scores": _("scores handed in"), "reopen_scores": _("scores opened again"),
    "talk": _("talk recorded"), "correct_talk": _("record of a talk corrected"),
    "raise_low": _("price found abnormally low"), "explain_low": _("low price judged"), "waive": _("item found not to apply"), "claim": _("price deduction decided"),
    "sign": _("report signed"), "dissent": _("dissent stated"), "end_signing": _("signing closed"), "reveal_names": _("names looked at"), "fee": _("fee entered"),
    "set_aside": _("result set aside, another panel judges"), "revise": _("result changed"), "reported": _("change reported to the finance bureau"),
}  # fmt: skip


@transaction.atomic
def create_panel(tender, *, actor):
    """The panel of a published or opened purchase; one per purchase. Raises Refusal, PermissionDenied."""
    panel = Panel.objects.filter(tender=tender).first()
    if panel:
        return panel
    panel = Panel(tender=tender, created_by=actor)
    seats.handler_acts(panel, actor)
    if tender.status not in ("published", "opened") or tender.venue != "internal":
        raise Refusal("wrong_state", _("A panel is formed for a published purchase on this platform."))
    if methods.ranking_of(tender) == "negotiated":
        raise Refusal("negotiated", _("A single source is negotiated, not judged by a panel."), article=methods.of(tender).article, todo=_("Go on on the page “Single source”."))
    if not tender.is_statutory and methods.ranking_of(tender) == "lowest":
        raise Refusal("lowest", _("This purchase is ranked by price; it needs no panel."))
    panel.save()
    trail.record(panel, "create", actor=actor, to_status="draft")
    return panel


@transaction.atomic
def name_member(panel, user, *, actor):
    """The purchaser's representative (statutory: at most a third), or a staff scorer of a self-run purchase."""
    panel = seats.locked(panel)
    seats.handler_acts(panel, actor)
    if panel.status != "draft":
        raise Refusal("formed", _("The panel is already formed."))
    member = seats.seat(panel, user, is_expert=False)
    trail.record(panel, "name_member", actor=actor, params={"member": user.pk})
    return member


@LIFE.verb(FORM)
@rules.carries("B11", "B17", "C13")
@transaction.atomic
def form(panel, *, actor):
    """The members are complete: the first expert drawn leads (a purchaser's representative never does), all are told."""
    from kernel.notices import notify

    panel = advance(panel, FORM, actor=actor)
    members = list(panel.sitting())
    leader = next((member for member in sorted(members, key=lambda member: (not member.is_expert, member.pk))), None)
    PanelMember.objects.filter(pk=leader.pk).update(is_leader=True)
    for member in members:
        notify(member.user, f"panel-{panel.pk}-{member.pk}", "panel_called", subject=panel, url=panel.get_absolute_url(), params={"title": panel.tender.title})
    return panel


@transaction.atomic
def declare(panel, *, actor, conflict=""):
    """A member declares: nothing stands between (empty), or what does; a member with a conflict leaves and the next reserve comes."""
    panel = seats.locked(panel)
    member = seats.own_member(panel, actor)
    if panel.status == "concluded":
        raise Refusal("concluded", _("The evaluation is over."))
    if conflict.strip():
        PanelMember.objects.filter(pk=member.pk).update(conflict=conflict.strip()[:300])
        trail.record(panel, "declare", actor=actor, params={"member": actor.pk, "free": False})
        return replace(panel, member, why="conflict", trusted=True, actor=actor)
    PanelMember.objects.filter(pk=member.pk).update(declared_at=clock.now())
    trail.record(panel, "declare", actor=actor, params={"member": actor.pk, "free": True})
    return member


@transaction.atomic
def replace(panel, member, *, actor, why, trusted=False):
    """A member leaves (absence, conflict): the grant is revoked, the scores stay but are void, the next reserve sits down. Returns the new member or None."""
    panel = seats.locked(panel)
    if not trusted:
        seats.handler_acts(panel, actor)
    if panel.status == "concluded" or member.left_at:
        raise Refusal("left", _("This member has left already or the evaluation is over."))
    PanelMember.objects.filter(pk=member.pk).update(left_at=clock.now(), is_leader=False)
    remove_perm(f"evaluation.{SCORE}", member.user, panel)
    reserve = drawing.next_reserve(panel)
    if reserve and member.is_leader:
        PanelMember.objects.filter(pk=reserve.pk).update(is_leader=True)
    trail.record(panel, "leave", actor=actor, reason=why, params={"member": member.user_id, "reserve": reserve.user_id if reserve else None})
    return reserve


@LIFE.verb(START)
@rules.carries("H02")
@transaction.atomic
def start(panel, *, actor):
    """The evaluation begins: everybody declared, nobody has a tie to a bidder. Where nothing is checked, scoring begins at once."""
    panel = advance(panel, START, actor=actor, changes={"alias_salt": secrets.token_hex(8)})
    return panel if conformity.is_checked(panel) else begin(panel, actor=actor)


@LIFE.verb(BEGIN)
@rules.carries("C08", "B16")
@transaction.atomic
def begin(panel, *, actor):
    """The check is closed: what failed is invalid by majority, low prices are marked (C08), members score."""
    from evaluation.lifecycle.low_prices import mark_low_prices

    panel = advance(panel, BEGIN, actor=actor)
    return mark_low_prices(conformity.close(panel, actor=actor))
