"""The qualification check 资格审查 after the opening.

For each bidder the purchaser queries the credit records (信用中国, 中国政府采购网) and keeps channel, time, result and screenshot (H06: 条例 第19条,
财政部令第87号 第20条). Then the qualification is judged: in tenders by the purchaser itself (财政部令第87号 第44条), in consultations and
negotiations by the panel (财政部令第74号 第16条), which calls `record_verdict(…, by_panel=True)`. A bidder on a barring list never passes
(财库〔2016〕125号). A self-run purchase may record the same and need not.

For the evaluation: `qualified(bid)`, `unchecked(tender)`, `unjudged(tender)`, `objection_unchecked(tender)`.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, files, filetypes, rules, trail
from kernel.lifecycle import Refusal, Step, acting_for, advance
from procurement import timetable
from procurement.lifecycle import bid as bids
from procurement.models import Bid, CreditCheck, QualificationVerdict
from procurement.permissions_tender import may_handle_tender

BARRED = "财库〔2016〕125号"
CHECK = Step("credit_check", _("Record a credit query"), ("opened",), None, may_handle_tender, rules=("H06",))
VERDICT = Step("qualification", _("Record the qualification check"), ("opened",), None, may_handle_tender, rules=("H06",))


def binding(tender):
    """Whether the law wants the queries for this purchase: statutory, on this platform (elsewhere the platform keeps them)."""
    return tender.is_statutory and tender.venue == "internal" and "H06" in timetable.law(tender)


def required_channels(tender):
    """Keys of the channels that have to be queried for every bidder, as the rule frozen on the tender names them."""
    rule = timetable.law(tender).find("H06") if tender.is_statutory else None
    if rule is None or "channels" not in rule.params:
        rule = rules.get("H06")
    names = rule.value("channels").split("、")
    return [key for key, name in CreditCheck.CHANNELS if name in names]


def judged_by_purchaser(tender):
    """Whether the purchaser judges the qualification itself before the panel meets (87号令 第44条); else the panel does."""
    return tender.way.qualification == "purchaser"


def missing_channels(bid, checks=None):
    """Required channels nobody has queried yet for this bid."""
    known = {row.channel for row in (bid.credit_checks.all() if checks is None else checks)}
    return [key for key in required_channels(bid.lot.tender) if key not in known]


def _opened(tender):
    rows = Bid.objects.filter(lot__tender=tender, status="opened").exclude(lot__status="failed")
    return rows.select_related("lot__tender", "organization").prefetch_related("credit_checks", "verdicts").order_by("lot__order", "submitted_at", "pk")


def unchecked(tender):
    """Opened bids whose credit queries are not complete."""
    need = set(required_channels(tender))
    return [bid for bid in _opened(tender) if need - {row.channel for row in bid.credit_checks.all()}]


def unjudged(tender):
    """Opened bids nobody has passed yet (a bid that did not pass is invalid and no longer here)."""
    return [bid for bid in _opened(tender) if not bid.verdicts.all()]


def qualified(bid):
    """True or False as the latest check says, None while there is none."""
    last = bid.verdicts.last()
    return last.passed if last else None


@rules.carries("H06")
def objection_unchecked(tender):
    """Why scoring can't start yet, or None: credit queries are missing, or the purchaser has not judged the qualification."""
    if not binding(tender):
        return None
    article = timetable.law(tender).get("H06").article
    if missing := unchecked(tender):
        return Refusal("credit_unchecked", _("Credit records not queried yet: {names}.").format(names="、".join(str(bid) for bid in missing)), article=article, todo=_("The handler records channel, time and screenshot on the qualification page."))
    if judged_by_purchaser(tender) and (missing := unjudged(tender)):
        return Refusal("unjudged", _("Qualification not checked yet: {names}.").format(names="、".join(str(bid) for bid in missing)), article="财政部令第87号 第44条", todo=_("The purchaser checks each bidder on the qualification page."))
    return None


@rules.carries("H06")
def objection_to_verdict(bid, actor=None):
    """Why this bid's qualification can't be decided now, or None: the queries come first (H06)."""
    tender = bid.lot.tender
    if binding(tender) and (missing := missing_channels(bid)):
        names = dict(CreditCheck.CHANNELS)
        return Refusal(
            "credit_unchecked", _("Not queried yet for {bidder}: {channels}.").format(bidder=bid, channels="、".join(names[key] for key in missing)),
            article=timetable.law(tender).get("H06").article, todo=_("Record channel, time and screenshot first."),
        )  # fmt: skip
    return None


def _openable(bid):
    if bid.status != "opened":
        raise Refusal("not_opened", _("Only an opened, valid response is checked."))
    if bid.lot.status != "opened":
        raise Refusal("judged", _("The ranking is already recorded."), todo=_("Ask for a correction instead."))


def _locked(bid):
    return Bid.objects.select_for_update(of=("self",)).select_related("lot__tender").get(pk=bid.pk)


@rules.carries("H06")
@transaction.atomic
def record_check(bid, *, actor, channel, checked_at, result, file, detail=""):
    """Keep one credit query of a bidder. `checked_at`: aware moment of the query; `file`: its screenshot. Raises Refusal, PermissionDenied."""
    bid = _locked(bid)
    tender = bid.lot.tender
    principal = acting_for(actor, tender, CHECK)
    _openable(bid)
    if checked_at > clock.now():
        raise Refusal("future", _("The time of the query lies in the future."), field="checked_at")
    if tender.published_at and checked_at < tender.published_at:
        raise Refusal("too_old", _("This query is older than the notice; ask again."), article=rules.get("H06").article, field="checked_at")
    if channel not in dict(CreditCheck.CHANNELS) or result not in dict(CreditCheck.RESULTS):
        raise Refusal("unknown", _("Choose channel and result."), field="channel")
    if result != "clean" and not detail.strip():
        raise Refusal("detail_missing", _("Say which list or record was found."), field="detail")
    kept = files.attach(bid, file, "credit", actor=actor, kinds=filetypes.SCANS)
    row = CreditCheck.objects.create(bid=bid, channel=channel, checked_at=checked_at, result=result, detail=detail.strip()[:300], file=kept, recorded_by=actor)
    trail.record(bid, "credit_check", actor=actor, on_behalf_of=principal, params={"check": row.pk, "channel": channel, "result": result})
    return row


@rules.carries("H06")
@transaction.atomic
def record_verdict(bid, *, actor, passed, reason="", items=(), by_panel=False):
    """Record that a bidder passed the qualification check, or did not: then its response is invalid, and `reason` is told to it alone.

    `by_panel`: called by the evaluation for its panel, which has asked who may; otherwise the handler of the purchaser decides. `items`: rows
    {name, passed, remark}. Returns the verdict. Raises Refusal: queries missing (H06), barred but passed, no reason; PermissionDenied.
    """
    bid = _locked(bid)
    tender = bid.lot.tender
    principal = None if by_panel else acting_for(actor, tender, VERDICT)
    if by_panel and judged_by_purchaser(tender):
        raise PermissionDenied(str(_("In a tender the purchaser checks the qualification, not the panel.")))
    _openable(bid)
    if refusal := objection_to_verdict(bid, actor):
        raise refusal
    items = [{"name": str(row["name"])[:200], "passed": bool(row["passed"]), "remark": str(row.get("remark", ""))[:300]} for row in items]
    if passed and not all(row["passed"] for row in items):
        raise Refusal("items", _("A bidder that fails a condition does not pass."), field="passed")
    if passed and (found := bid.credit_checks.filter(result="barred").first()):
        raise Refusal("barred", _("{channel}: {detail}. Such a bidder is refused.").format(channel=found.get_channel_display(), detail=found.detail), article=BARRED, field="passed")
    if not passed and not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    row = QualificationVerdict.objects.create(bid=bid, passed=passed, reason=reason.strip()[:300], items=items, by_panel=by_panel, decided_by=actor)
    trail.record(bid, "qualification", actor=actor, on_behalf_of=principal, reason=reason, params={"verdict": row.pk, "passed": passed, "by_panel": by_panel})
    if not passed:
        advance(bid, bids.REJECT if by_panel else bids.INVALIDATE, actor=actor, reason=reason, changes={"invalid_reason": reason.strip()[:300]})
    return row


bids.LIFE.verb_labels.update({"credit_check": _("credit record queried"), "qualification": _("qualification checked")})
files.register_roles({"credit": _("credit query")})
