"""The check and the score sheets: one response at a time with its text beside; others' sheets only once all are in."""

import io

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from evaluation.forms.judging import BidSheetForm, CheckForm, WaiveForm
from evaluation.forms.panel import ReasonForm
from evaluation.lifecycle import conformity, seats, sheets
from evaluation.models import Score
from evaluation.permissions_panel import handles_panel, may_score, member_row
from evaluation.views.panel import panel_of, step_form
from kernel import clock
from kernel.forms import refused
from kernel.lifecycle import Refusal
from procurement import responses
from procurement.criteria import tree


def _member(request, pk):
    panel = panel_of(request, pk)
    own = member_row(request.user, panel)
    if own is None or not may_score(request.user, panel):
        raise PermissionDenied
    return panel, own


def _named(panel, own, bids):
    """The responses as this member may know them, with `.shown` and `.who` (what stands in addresses): by letter while judging blind."""
    blind = sheets.is_blind_to(panel, own)
    letters = sheets.aliases(panel, bids) if blind else {}
    for bid in bids:
        bid.shown = _("Supplier {letter}").format(letter=letters[bid.pk]) if blind else str(bid.organization)
        bid.who = letters[bid.pk] if blind else str(bid.pk)
    return sorted(bids, key=lambda bid: bid.who) if blind else bids


def _one(panel, own, who):
    """The response of an address and its neighbour in the list: (bid, all bids, next). 404 for a name this member may not use now."""
    bids = _named(panel, own, list(seats.valid_bids(panel)))
    found = next((index for index, bid in enumerate(bids) if bid.who == who), None)
    if found is None:
        raise Http404
    return bids[found], bids, bids[found + 1] if found + 1 < len(bids) else None


def readable(bid, panel, own):
    """What a member reads beside the sheet: {parts, files, content}; judged blind, only plan and technical text with the bidder's names taken out."""
    content = responses.content_of(bid)
    if not sheets.is_blind_to(panel, own):
        return {"parts": responses.readable_parts(bid), "files": responses.files_of(bid), "content": content}
    texts = [(label, sheets.without_names(text, bid.organization)) for key, label, text in responses.keyed_parts(bid) if key == "technical"]
    plan = [{name: sheets.without_names(str(value or ""), bid.organization) for name, value in row.items()} for row in content.get("plan", [])]
    return {"parts": texts, "files": [], "content": {"plan": plan}}


def named(bid, panel, own):
    """What stands under the bidder's name: everything, without the technical part while that is judged blind."""
    blind = sheets.is_blind_to(panel, own)
    hidden = ("technical", "plan", "team") if blind else ()
    return {
        "parts": [(label, text) for key, label, text in responses.keyed_parts(bid) if key not in hidden], "files": responses.files_of(bid),
        "content": {key: value for key, value in responses.content_of(bid).items() if key not in hidden}, "blind": blind,
    }  # fmt: skip


@login_required
@never_cache
def check(request, pk):
    """The own check: which response has how many findings; handed in here."""
    panel, own = _member(request, pk)
    if panel.status in ("draft", "formed"):
        messages.error(request, _("Scoring has not begun."))
        return redirect(panel)
    if request.method == "POST":
        try:
            conformity.hand_in(panel, actor=request.user)
            messages.success(request, _("Your check is handed in."))
            return redirect(panel)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("panel_check", pk=pk)
    bids, count, given = list(seats.valid_bids(panel)), len(conformity.requirements(panel)), {}
    for bid_id, meets in own.conformity_votes.values_list("bid_id", "meets"):
        given.setdefault(bid_id, []).append(meets)
    rows = [(bid, len(given.get(bid.pk, [])), given.get(bid.pk, []).count(False)) for bid in bids]
    return render(request, "evaluation/check_list.html", {"panel": panel, "own": own, "rows": rows, "count": count, "complete": all(found == count for _bid, found, _no in rows)})


@login_required
@never_cache
def check_bid(request, pk, bid):
    """One response: each requirement met or not, with the response beside."""
    panel, own = _member(request, pk)
    if panel.status in ("draft", "formed"):
        raise Http404
    rows = list(seats.valid_bids(panel))
    row = next((one for one in rows if one.pk == bid), None)
    if row is None:
        raise Http404
    after = next((one for one in rows[rows.index(row) + 1 :]), None)
    given = {index: (meets, reason) for index, meets, reason in own.conformity_votes.filter(bid=row).values_list("requirement", "meets", "reason")}
    locked = bool(own.checked_at) or panel.status != "checking"
    if request.method == "POST" and locked:
        messages.error(request, _("You have handed in your check.") if own.checked_at else _("The conformity check is not going on now."))
        return redirect("panel_check", pk=pk)
    form = CheckForm(request.POST or None, names=conformity.requirements(panel), given=given, locked=locked)
    if request.method == "POST" and form.is_valid():
        try:
            conformity.find(panel, row, actor=request.user, findings=form.findings())
            messages.success(request, _("Saved."))
            return redirect("panel_check_bid", pk=pk, bid=after.pk) if after and "next" in request.POST else redirect("panel_check", pk=pk)
        except Refusal as refusal:
            refused(form, refusal)
    context = {"panel": panel, "bid": row, "form": form, "locked": locked, "after": after, **named(row, panel, own)}
    return render(request, "evaluation/check_bid.html", context, status=422 if form.is_bound and form.errors else 200)


@login_required
@never_cache
def score_sheet(request, pk):
    """The own sheet at a glance: items by responses, sums, what is missing; handed in here, once. Others' points are never shown."""
    panel, own = _member(request, pk)
    if panel.status not in ("scoring", "concluded"):
        messages.error(request, _("Scoring has not begun."))
        return redirect(panel)
    blind = sheets.is_blind_to(panel, own)
    if request.method == "POST":
        try:
            (sheets.hand_in_blind if blind else sheets.submit_scores)(panel, actor=request.user)
            messages.success(request, _("The part judged blind is handed in; now you see whose response is whose.") if blind else _("Your scores are handed in."))
            return redirect("score_sheet", pk=pk) if blind else redirect(panel)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("score_sheet", pk=pk)
    bids, now = _named(panel, own, list(seats.valid_bids(panel))), sheets.items_now(panel, own)
    given = {(bid, item): (points, remark) for bid, item, points, remark in own.scores.values_list("bid_id", "item_id", "points", "remark")}
    judged = {item.pk for item in seats.judged_items(panel)}
    bare = {(row.bid_id, row.item_id) for row in sheets.without_note(panel, own, now)}
    rows = [
        {"item": item, "cells": [(*given[bid.pk, item.pk], (bid.pk, item.pk) in bare) if item.pk in judged and (bid.pk, item.pk) in given else None for bid in bids], "judged": item.pk in judged}
        for item in tree(panel.tender.score_items.all())
    ]  # fmt: skip
    for bid in bids:
        bid.bare = any(of == bid.pk for of, _item in bare)
        bid.sum = sheets.own_total(points for (of, item), (points, _remark) in given.items() if of == bid.pk and item in judged)
        bid.left = sum((bid.pk, item.pk) not in given for item in now)
    context = {
        "panel": panel, "own": own, "bids": bids, "rows": rows, "blind": blind, "locked": bool(own.submitted_at) or panel.status != "scoring", "missing": sum(bid.left for bid in bids),
        "notes": len(bare), "leads": own.is_leader, "waivable": not panel.members.filter(left_at=None).exclude(submitted_at=None, blind_done_at=None).exists(),
        "waivers": {waiver.item_id: waiver for waiver in panel.waivers.all()},
    }  # fmt: skip
    return render(request, "evaluation/score_sheet.html", context)


def _sheet_form(request, panel, own, bid, data=None):
    given = {row.item_id: row for row in own.scores.filter(bid=bid)}
    waived = seats.waived_items(panel)
    items = [item for item in panel.tender.score_items.all() if item.pk not in waived]
    locked = bool(own.submitted_at) or panel.status != "scoring"
    return BidSheetForm(data, items=items, editable=sheets.items_now(panel, own), given=given, grade=sheets.grade_fact(bid, panel.tender), locked=locked), locked


@login_required
@never_cache
def score_bid(request, pk, who):
    """One response on the own sheet, its text beside. Saved as often as one likes."""
    panel, own = _member(request, pk)
    if panel.status not in ("scoring", "concluded"):
        raise Http404
    bid, bids, after = _one(panel, own, who)
    form, locked = _sheet_form(request, panel, own, bid, request.POST or None)
    if request.method == "POST" and locked:
        messages.error(request, _("You have handed in your scores."))
        return redirect("score_sheet", pk=pk)
    if request.method == "POST" and form.is_valid():
        try:
            sheets.score(panel, actor=request.user, **form.cells(bid))
            messages.success(request, _("Saved."))
            return redirect("score_bid", pk=pk, who=after.who) if after and "next" in request.POST else redirect("score_sheet", pk=pk)
        except Refusal as refusal:
            _beside(form, refusal, bid)
    context = {"panel": panel, "own": own, "bid": bid, "bids": bids, "after": after, "form": form, "locked": locked, "blind": sheets.is_blind_to(panel, own), **readable(bid, panel, own)}
    return render(request, "evaluation/score_bid.html", context, status=422 if form.is_bound and form.errors else 200)


def _beside(form, refusal, bid):
    """A refusal about one cell stands beside its field."""
    item = (refusal.field or "").rpartition("-")[2]
    refusal.field = next((name for name in (f"i{item}", f"f{item}", f"n{item}") if name in form.fields), None)
    refused(form, refusal)


@login_required
@never_cache
@require_POST
def score_keep(request, pk, who):
    """Saved by itself while typing: what can be kept is kept, the rest is said in one line."""
    panel, own = _member(request, pk)
    if panel.status != "scoring":
        raise Http404
    bid, _bids, _after = _one(panel, own, who)
    form, _locked = _sheet_form(request, panel, own, bid, request.POST)
    form.is_valid()
    wrong = [str(form.fields[name].label) for name in form.errors if name in form.fields]
    try:
        sheets.score(panel, actor=request.user, **form.cells(bid))
        said = _("Saved at {time}.").format(time=clock.now().astimezone(clock.ZONE).strftime("%H:%M:%S"))
    except Refusal as refusal:
        said = str(refusal)
    if wrong:
        said += " " + _("Not saved: {names}.").format(names="、".join(wrong))
    return HttpResponse(said, content_type="text/plain; charset=utf-8")


@login_required
@never_cache
@require_safe
def all_sheets(request, pk):
    """Everybody's sheets side by side: for members once all are handed in, for the office once the result stands."""
    panel = panel_of(request, pk)
    own = member_row(request.user, panel)
    members = list(panel.sitting())
    ready = panel.status == "concluded" or all(member.submitted_at for member in members)
    if not (own or (handles_panel(request.user, panel) and panel.status == "concluded")):
        raise PermissionDenied
    if not ready or panel.status not in ("scoring", "concluded"):
        messages.error(request, _("Others' sheets are shown once everybody has handed in."))
        return redirect(panel)
    cells = {(row.member_id, row.bid_id, row.item_id): row for row in Score.objects.filter(member__in=members)}
    items, far = seats.judged_items(panel), {(row.member_id, row.bid_id, row.item_id) for row in sheets.unexplained(panel)}
    bids = list(seats.valid_bids(panel))
    differing = {(bid.pk, item.pk) for bid, item in sheets.disagreeing(panel, members, bids)}
    blocks = [
        {"bid": bid, "rows": [{"item": item, "differs": (bid.pk, item.pk) in differing, "cells": [(cells.get((m.pk, bid.pk, item.pk)), (m.pk, bid.pk, item.pk) in far) for m in members]} for item in items]} for bid in bids
    ]  # fmt: skip
    return render(request, "evaluation/all_sheets.html", {"panel": panel, "members": members, "blocks": blocks, "leads": bool(own and own.is_leader), "open": panel.status == "scoring"})


@login_required
def waive(request, pk, item):
    """An item does not apply: recorded by the leader for all bids alike."""
    panel, own = _member(request, pk)
    if not own.is_leader:
        raise PermissionDenied
    row = get_object_or_404(panel.tender.score_items, pk=item)
    return step_form(
        request, panel, WaiveForm, lambda data: sheets.waive(panel, row, actor=request.user, reason=data["reason"], agreed=list(data["agreed"])), _("“{item}” does not apply").format(item=row), _("Record"),
        rules=["C04"], form_kwargs={"members": panel.sitting()}, intro=_("For all bids alike: its points go to the other items in proportion. Nobody gets zero for it."),
    )  # fmt: skip


@login_required
def reopen(request, pk, member):
    panel = panel_of(request, pk)
    row = get_object_or_404(panel.members, pk=member)
    own = member_row(request.user, panel)
    if own is None or not own.is_leader:
        raise PermissionDenied
    return step_form(request, panel, ReasonForm, lambda data: sheets.reopen_scores(panel, row, actor=request.user, reason=data["reason"]), _("Open the sheet of {name} again").format(name=row.user), _("Open again"), rules=["C12"])


def _judged(request, pk, bid):
    panel = panel_of(request, pk)
    own = member_row(request.user, panel)
    if not ((own and may_score(request.user, panel)) or handles_panel(request.user, panel)):
        raise PermissionDenied
    return panel, own, get_object_or_404(seats.valid_bids(panel), pk=bid)


@login_required
@never_cache
@require_safe
def response(request, pk, bid):
    """A response as the members read it; while it is judged blind its technical part stands on the sheet alone, without a name."""
    panel, own, row = _judged(request, pk, bid)
    return render(request, "evaluation/response.html", {"panel": panel, "bid": row, **named(row, panel, own)})


@login_required
@never_cache
@require_safe
def response_file(request, pk, bid, key):
    _panel_row, _own, row = _judged(request, pk, bid)
    found = responses.file_content(row, key)
    if found is None:
        raise Http404
    return HttpResponse(io.BytesIO(found.content), content_type=found.content_type, headers={"Content-Disposition": found.disposition})


