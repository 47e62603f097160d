"""The panel's papers: the evaluation report with everything behind it, the report of a change, the fee sheet. Written in Chinese."""

from evaluation.lifecycle import change, fees, names, results, signing
from evaluation.lifecycle.low_prices import LOW_REASONS
from evaluation.models import Expert, PanelMember, Score, Talk
from kernel import clock
from procurement.criteria import tree
from procurement.lifecycle.evaluation_terms import deductions_of, terms_of
from procurement.models import Bid, RoundQuote

STATES = {"signed": "已签署", "dissent": "签署不同意见", "silent": "未签署且未书面说明，视为同意", "open": "待签署"}


def low_rows(panel):
    """Low prices with their reasons, what was asked and answered, and the panel's view."""
    bids = Bid.objects.filter(pk__in=[int(key) for key in panel.low_prices]).select_related("organization")
    known, asked = {str(bid.pk): bid for bid in bids}, {}
    for row in panel.questions.filter(kind="low_price"):
        asked.setdefault(str(row.bid_id), []).append(row)
    return [{"bid": known.get(key), "why": [LOW_REASONS[code] for code in row["reasons"]], "asked": asked.get(key, []), **row} for key, row in panel.low_prices.items()]


def _draws(panel):
    """The recorded draws with the experts' names, for the appendix."""
    record = panel.draw_record
    rows = [row for row in [*record.get("earlier", []), record] if row and "seed" in row]
    experts = {row.pk: row for row in Expert.objects.filter(pk__in={pk for row in rows for pk in [*row["drawn"], *row["spares"]]}).select_related("user")}
    return [{**row, "who": [experts.get(pk) for pk in row["drawn"]], "reserve": [experts.get(pk) for pk in row["spares"]]} for row in rows]


def _sheets(panel, members, bids):
    """A table per member: items by responses, as stored."""
    cells = {}
    for row in Score.objects.filter(member__in=members, bid__in=bids):
        cells[row.member_id, row.bid_id, row.item_id] = row
    items = [item for item in tree(panel.tender.score_items.all())]
    return [
        {"member": member, "rows": [{"item": item, "cells": [cells.get((member.pk, bid.pk, item.pk)) for bid in bids]} for item in items if item.kind not in ("price",)]} for member in members
    ]  # fmt: skip


def _rounds(panel, bids):
    """Each round of quotes as it was read: {round, prices in the order of the responses}."""
    found = {}
    for row in RoundQuote.objects.filter(round__tender=panel.tender).select_related("round"):
        found.setdefault(row.round, {})[row.bid_id] = row.price
    return [{"round": key, "prices": [prices.get(bid.pk) for bid in bids]} for key, prices in sorted(found.items(), key=lambda pair: pair[0].number)]


def talk_rows(tender):
    """The talks of the purchase as recorded, also by a panel whose result was set aside, with the names of who was there."""
    rows = list(Talk.objects.filter(bid__lot__tender=tender).select_related("bid__organization", "bid__lot", "corrected_by").order_by("bid__lot__order", "bid", "round", "id"))
    members = {row.pk: str(row.user) for row in PanelMember.objects.filter(pk__in={pk for row in rows for pk in [*row.present, *row.absent]}).select_related("user")}
    for row in rows:
        row.there, row.away = ("、".join(members[pk] for pk in keys) for keys in (row.present, row.absent))
        row.stands = not hasattr(row, "corrected_by")
    return rows


def _changes(panel):
    """The later versions of the result with the lawful reason in words."""
    rows = list(panel.versions.all())[1:]
    for row in rows:
        row.label = results.LABELS.get(row.kind, row.kind)
    return rows


def change_rows(tender):
    """The changes of the terms every supplier was told, with who handed its response in anew."""
    return change.of_purchase(tender).filter(status="told").select_related("confirmed_by").prefetch_related("questions__bid__organization")


def report_context(panel):
    """Everything the evaluation report prints."""
    tender, first = panel.tender, panel.versions.order_by("number").first()
    members = list(panel.sitting())
    judged = [line["bid"] for lot in (first.result if first else panel.result).get("lots", []) for line in lot["lines"]]
    by_pk = {bid.pk: bid for bid in Bid.objects.filter(lot__tender=tender).select_related("organization")}
    bids = [by_pk[pk] for pk in sorted(judged, key=lambda pk: (by_pk[pk].lot_id, pk)) if pk in by_pk]
    result = names.result_rows(panel, first.result if first else None)
    return {
        "panel": panel, "tender": tender, "method": tender.way, "terms": terms_of(tender), "result": result, "members": panel.result.get("members", []), "low": low_rows(panel),
        "scored": (first.inputs if first else panel.inputs).get("ranking", "points") == "points", "deductions": deductions_of(tender), "claims": panel.claims.select_related("bid__organization"),
        "conformity": panel.conformity, "bids": bids, "sheets": _sheets(panel, members, bids), "rounds": _rounds(panel, bids), "talks": talk_rows(tender), "changes": change_rows(tender), "draws": _draws(panel), "waivers": panel.waivers.select_related("item"),
        "questions": panel.questions.exclude(kind__in=["low_price", "change"]).select_related("bid__organization"), "seats": panel.members.select_related("user").order_by("left_at", "-is_leader", "id"),
        "signatures": [(member, STATES[state], state) for member, state in signing.signatures(panel)], "article": signing.article_of(tender), "versions": _changes(panel),
        "invalid": [bid for bid in by_pk.values() if bid.status == "invalid"], "printed": clock.now(),
    }  # fmt: skip


def change_context(version):
    """The written report of a changed result to the finance bureau: what stood, what stands, why."""
    panel = version.panel
    before = panel.versions.filter(number__lt=version.number).order_by("-number").first()
    reason = {**results.TENDER_REASONS, **results.OTHER_REASONS, **results.FALLS}.get(version.kind, "")
    return {
        "version": version, "panel": panel, "tender": panel.tender, "reason": reason, "before": names.result_rows(panel, before.result) if before else [],
        "after": names.result_rows(panel, version.result), "printed": clock.now(),
    }  # fmt: skip


def fee_context(panel):
    """评审费发放表."""
    rows, total = fees.sheet(panel)
    return {"panel": panel, "tender": panel.tender, "rows": rows, "total": total, "rate": fees.rate_of(panel), "day": fees.day_of(panel), "printed": clock.now()}


