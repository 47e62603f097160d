"""符合性审查: does each response meet each substantive requirement of the documents? Every member finds alone; the majority decides (87号令 第50、61条, K).

In consultations and negotiations the panel also judges the qualification (74号令 第16条): the first row of its check. Whoever thinks otherwise
is on record with the reason. A response that fails one requirement is invalid and takes no part in what follows.
"""

from collections import defaultdict

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from evaluation.lifecycle import names, seats
from evaluation.models import ConformityVote, PanelMember
from kernel import clock, rules, trail
from kernel.lifecycle import Refusal, advance
from procurement import methods
from procurement.lifecycle import qualification
from procurement.lifecycle.evaluation_terms import terms_of

WHOLE = "响应文件满足采购文件的全部实质性要求"
QUALIFIED = "具备采购文件规定的供应商资格条件（资格审查）"


def judges_qualification(panel):
    """Whether this panel judges the qualification too; in a tender the purchaser has done it before (87号令 第44条)."""
    return qualification.binding(panel.tender) and not qualification.judged_by_purchaser(panel.tender)


def requirements(panel):
    """What is to be found of each response: its qualification where the panel judges it, then the substantive requirements of the documents."""
    first = [QUALIFIED] if judges_qualification(panel) else []
    return [*first, *(terms_of(panel.tender).essential_list or [WHOLE])]


def is_checked(panel):
    """Whether this panel checks conformity at all: a self-run purchase only where its documents list requirements."""
    return panel.tender.is_statutory or bool(terms_of(panel.tender).essential_list)


def _checking(panel):
    if panel.status != "checking":
        raise Refusal("not_checking", _("The conformity check is not going on now."))


@rules.carries("B16", "C06")
@transaction.atomic
def find(panel, bid, *, actor, findings):
    """Keep a member's findings on one response: {requirement index: (meets, reason)}. A no needs its reason. Raises Refusal, PermissionDenied."""
    panel = seats.locked(panel)
    member = seats.judging_member(panel, actor)
    _checking(panel)
    if member.checked_at:
        raise Refusal("handed_in", _("You have handed in your check."))
    count = len(requirements(panel))
    if bid.pk not in {row.pk for row in seats.valid_bids(panel)} or set(findings) - set(range(count)):
        raise Refusal("strange", _("This response or item does not belong to the panel."))
    for index, (meets, reason) in findings.items():
        if not meets and not reason.strip():
            raise Refusal("reason_missing", _("Say why this requirement is not met."), field=f"r{index}")
        ConformityVote.objects.update_or_create(member=member, bid=bid, requirement=index, defaults={"meets": meets, "reason": "" if meets else reason.strip()[:300]})
    return member


def missing_findings(panel, member, bids=None):
    """How many findings of a member are still open."""
    wanted = {(bid.pk, index) for bid in (seats.valid_bids(panel) if bids is None else bids) for index in range(len(requirements(panel)))}
    return len(wanted - set(member.conformity_votes.values_list("bid_id", "requirement")))


@transaction.atomic
def hand_in(panel, *, actor):
    """A member's check is complete. Raises Refusal."""
    panel = seats.locked(panel)
    member = seats.judging_member(panel, actor)
    _checking(panel)
    if open_ := missing_findings(panel, member):
        raise Refusal("incomplete", _("{count} findings are still missing.").format(count=open_))
    if member.checked_at:
        raise Refusal("handed_in", _("You have handed in your check."))
    PanelMember.objects.filter(pk=member.pk).update(checked_at=clock.now())
    trail.record(panel, "check", actor=actor, params={"member": actor.pk})
    return member


def outcome(panel):
    """[{bid, rows: [{requirement, meets, for, against, dissent}], passes, reason}] by majority of those who sit now; an even split does not meet it."""
    wanted, bids, votes = requirements(panel), list(seats.valid_bids(panel)), defaultdict(list)
    for vote in ConformityVote.objects.filter(member__in=panel.sitting(), bid__in=bids).select_related("member__user").order_by("member"):
        votes[vote.bid_id, vote.requirement].append(vote)
    found = []
    for bid in bids:
        rows = []
        for index, name in enumerate(wanted):
            given = votes[bid.pk, index]
            against = [vote for vote in given if not vote.meets]
            meets = len(against) * 2 < len(given)
            minority = against if meets else [vote for vote in given if vote.meets]
            rows.append({
                "requirement": name, "meets": meets, "for": len(given) - len(against), "against": len(against), "reasons": [vote.reason for vote in against],
                "dissent": [{"member": str(vote.member.user), "reason": vote.reason} for vote in minority],
            })  # fmt: skip
        failed = [row for row in rows if not row["meets"]]
        reason = "；".join(f"{row['requirement']}：{'；'.join(dict.fromkeys(row['reasons']))}" for row in failed)
        found.append({"bid": bid.pk, "organization": str(bid.organization), "rows": rows, "passes": not failed, "reason": f"未通过符合性审查：{reason}"[:300] if failed else ""})
    return found


def objection_to_closing(panel, actor=None):
    """Why the check can't be closed now, or None: somebody has not handed in, or too few responses would be left."""
    article = methods.of(panel.tender).article
    if not is_checked(panel):
        return seats.too_few(panel)
    if waiting := [member for member in panel.seated() if member.checked_at is None]:
        return Refusal("waiting", _("The check is still missing from: {names}.").format(names=names.told(panel, waiting, actor)), article=article, todo=_("Each member hands in the own check."))
    found = outcome(panel)
    if judges_qualification(panel):
        valid = {bid.pk: bid for bid in seats.valid_bids(panel)}
        for row in found:
            barred = row["rows"][0]["meets"] and valid[row["bid"]].credit_checks.filter(result="barred").first()
            if barred:
                return Refusal("barred", _("{channel}: {detail}. Such a bidder is refused.").format(channel=barred.get_channel_display(), detail=f"{row['organization']} {barred.detail}"), article=qualification.BARRED)
    return seats.composition(panel) or seats.too_few(panel, {row["bid"] for row in found if not row["passes"]})


def close(panel, *, actor):
    """Keep the outcome on the panel and make the responses invalid that failed. Called by the step that begins the scoring."""
    from procurement.lifecycle import bid as bids

    found = outcome(panel) if is_checked(panel) else []
    valid = {bid.pk: bid for bid in seats.valid_bids(panel)}
    panel.conformity = {"requirements": requirements(panel) if found else [], "bids": found, "at": clock.now().isoformat()}
    panel.save(update_fields=["conformity"])
    for row in found:
        if judges_qualification(panel):
            first = row["rows"][0]
            reason = f"未通过资格审查：{'；'.join(dict.fromkeys(first['reasons']))}"[:300]
            qualification.record_verdict(valid[row["bid"]], actor=actor, passed=first["meets"], reason="" if first["meets"] else reason, by_panel=True)
            if not first["meets"]:
                continue
        if not row["passes"]:
            advance(valid[row["bid"]], bids.REJECT, actor=actor, reason=row["reason"], changes={"invalid_reason": row["reason"]})
    return panel
