"""The result of a panel: frozen with everything it was computed from, recomputed by anybody, changed only beside the first (C12).

A change needs one of the law's reasons: for tenders a wrong sum, an item out of range, objective items that differ, extreme scores (87号令 第64条);
for other methods a wrong qualification or price (74号令 第21条). It is reported to the finance bureau in writing. A response that falls later
(challenge, complaint, exclusion, refusal to sign) makes a further version in which the others are ranked anew, with a new base price.
"""

import copy
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from evaluation.arithmetic.result import computed
from evaluation.lifecycle import seats
from evaluation.models import ResultVersion, Score
from evaluation.permissions_panel import handles_panel, member_row
from kernel import clock, files, rules, trail
from kernel.lifecycle import Refusal, advance, principals_of
from kernel.money import yuan
from procurement import criteria, methods
from procurement.lifecycle.evaluation_terms import terms_of
from procurement.models import Award, Bid, Tender

TENDER_REASONS = {"sum": "分值汇总计算错误", "range": "分项评分超出评分标准范围", "objective": "客观评审因素评分不一致", "extreme": "评分畸高、畸低"}
OTHER_REASONS = {"qualification": "资格性认定错误", "price": "价格评审错误"}
FALLS = {"challenge": "质疑成立", "complaint": "投诉处理决定", "excluded": "被禁止参加采购活动", "refused": "拒绝签订合同"}
LABELS = {"first": _("result of the panel"), **{key: value for key, value in (TENDER_REASONS | OTHER_REASONS | FALLS).items()}}


def reasons_for(tender):
    """The law's reasons for which a result of this purchase may be changed: {key: words}."""
    return TENDER_REASONS if methods.of(tender).law in rules.TENDERS or methods.of(tender).also in rules.TENDERS else OTHER_REASONS


def inputs_of(panel, seed):
    """Everything the result depends on, as JSON (see evaluation.arithmetic.result). Numbers are text."""
    tender, members = panel.tender, list(panel.sitting())
    items = criteria.judged(tender.score_items.all())
    waived, claims = seats.waived_items(panel), dict(panel.claims.values_list("bid", "percent"))
    price_points = next((item.points for item in tender.score_items.all() if item.kind == "price"), Decimal(0))
    bids, given = list(seats.valid_bids(panel)), {}
    for row in Score.objects.filter(member__in=members, bid__in=bids).exclude(item__in=waived):
        given.setdefault(row.bid_id, {}).setdefault(str(row.member_id), {})[str(row.item_id)] = str(row.points)
    lots = [
        {
            "lot": lot.pk, "price_points": str(price_points), "items": {str(item.pk): str(item.points) for item in items}, "waived": [str(pk) for pk in sorted(waived)],
            "bids": [
                {"bid": bid.pk, "key": str(bid.public_id), "organization": str(bid.organization), "quote": str(bid.amount), "deduction": str(claims.get(bid.pk, 0)), "scores": given.get(bid.pk, {})}
                for bid in bids if bid.lot_id == lot.pk
            ],
        }
        for lot in tender.lots.filter(status="opened").order_by("order")
    ]  # fmt: skip
    return {"ranking": methods.ranking_of(tender), "tie": terms_of(tender).tie, "seed": seed, "places": rules.get("C04").value("decimals"), "lots": lots}


def recompute(version):
    """The result again from the version's stored inputs, and whether it is the stored one: (lots, same)."""
    again = computed(version.inputs)["lots"]
    return again, again == version.result["lots"]


def keep_version(panel, inputs, *, actor, kind="first", reason="", document="", needs_report=False):
    """Compute, store beside the earlier versions, and show it as the result. Returns the ResultVersion."""
    number = panel.versions.count() + 1
    result = {**panel.result, **computed(inputs), "seed": inputs["seed"]}
    version = ResultVersion.objects.create(
        panel=panel, number=number, kind=kind, reason=reason[:1000], document=document[:120], inputs=inputs, result=result, made_by=actor, needs_report=needs_report
    )
    panel.inputs, panel.result = inputs, result
    panel.save(update_fields=["inputs", "result"])
    return version


def ranks_of(result):
    """[{bid, score, rank}] of a stored result, as the purchase records them."""
    bids = Bid.objects.in_bulk([line["bid"] for lot in result["lots"] for line in lot["lines"]])
    return [
        {"bid": bids[line["bid"]], "score": Decimal(line["total"]) if line["total"] else None, "rank": line["rank"]} for lot in result["lots"] for line in lot["lines"]
    ]  # fmt: skip


def _changeable(panel, lot=None):
    if panel.status != "concluded" or not panel.inputs:
        raise Refusal("not_concluded", _("There is no result yet."))
    if panel.tender.lots.filter(status="contracted", **({"pk": lot} if lot else {})).exists():
        raise Refusal("contracted", _("The contract is signed already."), article=rules.get("C12").article, todo=_("Challenge and complaint decide what becomes of it."))


def _without(inputs, out):
    for lot in inputs["lots"]:
        lot["bids"] = [row for row in lot["bids"] if row["bid"] not in out]
    return inputs


def _leads_or_handles(panel, actor):
    own = member_row(actor, panel)
    if not (own and own.is_leader) and not any(handles_panel(person, panel) for person in principals_of(actor)):
        raise PermissionDenied(str(_("Only the panel's leader or the handler changes a result.")))


@rules.carries("C12")
@transaction.atomic
def revise(panel, *, actor, kind, reason, scores=None, prices=None, out=()):
    """Change a result for one of the law's reasons: corrected cells {(member id, bid id, item id): Decimal}, prices {bid id: yuan}, bids that fall.

    The first result and the members' sheets stay as they were; the change is a further version, due to be reported to the finance bureau.
    Raises Refusal (no lawful reason, nothing changed, out of range, contract signed), PermissionDenied.
    """
    from procurement.lifecycle import award

    panel = seats.locked(panel)
    _leads_or_handles(panel, actor)
    _changeable(panel)
    article, known = rules.get("C12").article, reasons_for(panel.tender)
    if kind not in known:
        raise Refusal("reason_unknown", _("A result may only be changed for: {reasons}.").format(reasons="、".join(known.values())), article=article, field="kind")
    if not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), article=article, field="reason")
    inputs = copy.deepcopy(panel.inputs)
    items = {str(item.pk): item for item in panel.tender.score_items.all()}
    for (member, bid, item), value in (scores or {}).items():
        cells = _cells(inputs, bid, member)
        if cells is None or str(item) not in cells:
            raise Refusal("strange", _("This response or item does not belong to the panel."))
        if not 0 <= value <= items[str(item)].points:
            raise Refusal("range", _("“{item}” takes {least} to {points} points.").format(item=items[str(item)], least=0, points=items[str(item)].points), field="scores")
        cells[str(item)] = str(Decimal(value).quantize(Decimal("0.01")))
    for bid, price in (prices or {}).items():
        row = next((row for lot in inputs["lots"] for row in lot["bids"] if row["bid"] == bid), None)
        if row is None or price <= 0:
            raise Refusal("strange", _("This response or item does not belong to the panel."))
        row["quote"] = str(yuan(price))
    inputs = _without(inputs, set(out))
    if inputs == panel.inputs:
        raise Refusal("unchanged", _("Nothing would change."))
    before = ranks_of(panel.result)
    version = keep_version(panel, inputs, actor=actor, kind=kind, reason=reason.strip(), needs_report=panel.tender.is_statutory)
    award.rerank(panel.tender, ranks_of(version.result), actor=actor, gone=[row["bid"] for row in before if row["bid"].pk in set(out)], reason=f"{known[kind]}：{reason}"[:300])
    for bid, price in (prices or {}).items():
        Bid.objects.filter(pk=bid).update(corrected_price=yuan(price), final_price=None)
    trail.record(panel, "revise", actor=actor, reason=reason, params={"kind": kind, "version": version.number, "cells": len(scores or {}), "out": sorted(out)})
    return version


def _cells(inputs, bid, member):
    for lot in inputs["lots"]:
        for row in lot["bids"]:
            if row["bid"] == bid:
                return row["scores"].get(str(member))
    return None


@rules.carries("C12", "D14", "H05")
@transaction.atomic
def drop(panel, bid, *, actor, kind, reason, document=""):
    """A response falls after the result: the others are ranked anew with a new base price, in a further version.

    `kind`: challenge | complaint | excluded | refused. Raises Refusal: its award still stands, contract signed, no reason; PermissionDenied.
    """
    from procurement.lifecycle import award
    from procurement.lifecycle import bid as bids

    panel = seats.locked(panel)
    _leads_or_handles(panel, actor)
    _changeable(panel, bid.lot_id)
    if kind not in FALLS or not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    if kind in ("challenge", "complaint") and not document.strip():
        raise Refusal("document", _("Name the answer or decision on which this rests."), field="document")
    if not any(row["bid"] == bid.pk for lot in panel.inputs["lots"] for row in lot["bids"]):
        raise Refusal("gone", _("This response is no longer in the result."))
    if Award.objects.filter(bid=bid, declined_on=None).exists():
        raise Refusal("award_stands", _("The award to {name} still stands.").format(name=bid.organization), article=rules.get("D14").article, todo=_("Record on the purchase's page that it falls, then rank anew."))
    version = keep_version(panel, _without(copy.deepcopy(panel.inputs), {bid.pk}), actor=actor, kind=kind, reason=reason.strip(), document=document.strip())
    if kind != "refused" and bid.status == "opened":
        note = f"{FALLS[kind]}：{reason}"[:300]
        bid = advance(bid, bids.REJECT, actor=actor, reason=note, changes={"invalid_reason": note})
    award.rerank(panel.tender, ranks_of(version.result), actor=actor, gone=[bid], reason=f"{FALLS[kind]}：{reason}"[:300])
    trail.record(panel, "revise", actor=actor, reason=reason, params={"kind": kind, "version": version.number, "out": [bid.pk], "document": document})
    return version


@rules.carries("C12")
@transaction.atomic
def report_change(version, *, actor, number, reported_on, file):
    """The written report of a change to the finance bureau: its number, day and scan. Raises Refusal, PermissionDenied."""
    panel = seats.locked(version.panel)
    seats.handler_acts(panel, actor)
    version = ResultVersion.objects.select_for_update().get(pk=version.pk)
    if not version.needs_report or version.reported_on:
        raise Refusal("reported", _("This change is reported already, or needs no report."))
    if reported_on > clock.today():
        raise Refusal("future", _("The date it happened lies in the future."), field="reported_on")
    version.reported_on, version.report_number = reported_on, number.strip()
    version.save(update_fields=["reported_on", "report_number"])
    files.attach(version, file, "proof", actor=actor)
    trail.record(panel, "reported", actor=actor, params={"version": version.number, "number": number})
    return version


def refresh_tender(panel):
    """The purchase, locked: its record is about to carry the panel's names."""
    return Tender.objects.select_for_update().get(pk=panel.tender_id)
