"""Writing a response: one page with everything, saved while typing, every save encrypted in memory."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from kernel import clock
from kernel.forms import refused, rule_chips
from kernel.lifecycle import Refusal
from kernel.money import ZERO, yuan
from kernel.upload import memory_only
from procurement import bid_content, finishing, responses
from procurement.budget_cells import HEADINGS, LABELS, LENGTHS
from procurement.forms.bid import PartsForm
from procurement.forms.bid_content import Content
from procurement.forms.budget import WORDS
from procurement.lifecycle import bid as bids
from procurement.views.bids import own_bid


def _page(bid, data=None):
    plain = responses.plain_of(bid)
    return Content(bid, plain, finishing.declaring(bid, finishing.organization_of(plain)), data)


def _sum(rows):
    """The sum of the lines as typed (yuan), or None while a priced one is wrong."""
    clean = [row.clean for row in rows if not row.is_blank and not bid_content.offered_only(row)]
    if not clean or not all({"quantity", "price"} <= row.keys() for row in clean):
        return None
    return sum((yuan(row["quantity"] * row["price"]) for row in clean), ZERO)


@transaction.atomic
def _save(bid, page, form, request, *, as_typed=False):
    """Keep the page; an empty price takes the sum of the lines. Returns whether all of it is well: if not, nothing is saved, unless it is
    kept `as_typed`, as the page saves itself."""
    good = all([not page.posted or page.is_valid(), form.is_valid()])
    if not good and not as_typed:
        return False
    if page.posted:
        responses.save_content(bid, page.typed(), actor=request.user)
    if not form.is_valid():
        return False
    data = dict(form.cleaned_data)
    if data.get("price") is None and page.posted and (total := _sum(page.lines.rows)):
        data["price"] = total
    try:
        responses.save_form(bid, data, actor=request.user)
    except Refusal as refusal:
        if not as_typed or refusal.field != "price":
            raise
        form.add_error("price", str(refusal))  # everything else stays kept
        return False
    return good


@login_required
@never_cache
@memory_only
def bid_edit(request, public_id):
    """Write the parts; every save is encrypted in memory, also uploads."""
    bid = own_bid(request, public_id)
    if bid.status not in bids.SUBMIT.sources:
        return redirect("bid_detail", public_id=public_id)
    posted = request.POST if request.method == "POST" else None
    form = PartsForm(posted, request.FILES or None, initial=responses.draft_texts(bid))
    page = _page(bid, posted)
    bad = False
    if posted is not None:
        try:
            leftovers = page.lines.paste(posted)[1] if posted.get("paste", "").strip() else []
            if _save(bid, page, form, request) and not leftovers:
                messages.success(request, _("Saved, encrypted. Nothing is submitted yet."))
                return redirect("bid_detail" if "review" in posted else "bid_edit", public_id=public_id)
            for sentence in leftovers:
                form.add_error(None, sentence)
            if not form.errors:
                form.add_error(None, _("Some cells need a look."))
        except Refusal as refusal:
            refused(form, refusal)
        bad = True
    else:
        bid_content.check_lines(page.lines.rows, page.numbers())
    context = {
        "bid": bid, "form": form, "page": page, "files": responses.files_of(bid), "items": finishing.checklist(bid, responses.plain_of(bid)), "full": finishing.is_full(bid.lot.tender),
        "groups": page.groups(), "words": WORDS.items(), "labels": LABELS, "headings": json.dumps(HEADINGS, ensure_ascii=False), "lengths": json.dumps(LENGTHS), "total": _sum(page.lines.rows) or ZERO,
        "rule_chips": rule_chips(["B27", "D13"]), "now": clock.now(),
    }  # fmt: skip
    return render(request, "procurement/bid_edit.html", context, status=422 if bad else 200)


@login_required
@never_cache
@require_POST
@memory_only
def bid_autosave(request, public_id):
    """What was typed so far, kept encrypted; answers with the time and the checklist. No file comes this way."""
    bid = own_bid(request, public_id)
    form, page = PartsForm(request.POST), _page(bid, request.POST)
    try:
        _save(bid, page, form, request, as_typed=True)
    except Refusal as refusal:
        return JsonResponse({"refusal": str(refusal)}, status=422)
    items = finishing.checklist(bid, responses.plain_of(bid))
    if form.errors.get("price"):
        return JsonResponse({"refusal": " ".join(form.errors["price"])}, status=422)
    return JsonResponse({"saved_at": clock.now().isoformat(), "checklist": render_to_string("procurement/parts_bid_checklist.html", {"items": items}, request)})
