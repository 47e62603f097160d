"""Responses: the provider's market, its own responses, receipts. Before the opening a response has one reader: its bidder."""

import io

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kernel import clock
from kernel.forms import ask_and_do
from kernel.lifecycle import Refusal, principals_of
from kernel.listing import Column, render_list
from kernel.upload import memory_only
from procurement import responses
from procurement.forms.bid import FinalPriceForm, PaperForm, ScanForm
from procurement.lifecycle import bid as bids
from procurement.lifecycle import quotes
from procurement.models import Bid, Lot, Tender
from procurement.permissions_tender import may_bid, may_handle_tender, own_tags
from procurement.views.opening import staff_of
from providers.permissions import organizations_of


@login_required
@require_safe
def market(request):
    """Open opportunities for providers, soonest deadline first."""
    rows = Tender.objects.visible_to(request.user).open_for_responses(clock.now()).select_related("purchaser").prefetch_related("lots")
    return render_list(
        request, rows, title=_("Open opportunities"),
        columns=[
            Column("title", _("Title"), kind="link"), Column("purchaser__name", _("Purchaser")), Column("ceiling", _("Ceiling"), kind="money", sort=False),
            Column("method", _("Method"), value=lambda row: row.get_method_display()), Column("deadline", _("Deadline"), kind="legal"),
        ],
        search=("title", "number", "requirements"), default_sort="deadline", export_name="采购机会", empty_text=_("Nothing is open for responses today."),
    )  # fmt: skip


@login_required
def bid_list(request):
    """The user's own responses; nobody else's."""
    tags = own_tags(request.user)
    mine = [organization.pk for person in principals_of(request.user) for organization in organizations_of(person)]
    rows = Bid.objects.filter(Q(owner_tag__in=tags) | Q(organization__in=mine))
    return render_list(
        request, rows.select_related("lot__tender__purchaser"), title=_("My responses"),
        columns=[
            Column("lot__title", _("Title"), kind="link"), Column("lot__tender__purchaser__name", _("Purchaser")), Column("lot__tender__deadline", _("Deadline"), kind="legal"),
            Column("submitted_at", _("Submitted"), kind="datetime"), Column("status", _("State"), kind="status"),
        ],
        search=("lot__title",), default_sort="-id", export_name="我的响应", empty_text=_("You have not responded to anything yet."),
    )  # fmt: skip


@login_required
@require_POST
def start(request, pk):
    """Begin (or go on with) the organization's response to a lot."""
    lot = get_object_or_404(Lot.objects.visible_to(request.user).select_related("tender", "project"), pk=pk)
    own = organizations_of(request.user)
    organization = next((row for row in own if str(row.pk) == request.POST.get("organization")), own[0] if own else None)
    if organization is None:
        raise Http404
    try:
        return redirect("bid_edit", public_id=bids.start_bid(organization, lot, actor=request.user).public_id)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(lot)


def own_bid(request, public_id):
    """A response of the user's own organization; 404 for everybody else, at any time."""
    bid = get_object_or_404(Bid.objects.select_related("lot__tender__purchaser", "lot__project"), public_id=public_id)
    if not any(may_bid(person, bid) for person in principals_of(request.user)):
        raise Http404
    return bid


@login_required
@never_cache
@require_safe
def bid_detail(request, public_id):
    """Own response at any time; after the opening also for the purchaser's people."""
    bid = get_object_or_404(Bid.objects.visible_to(request.user).select_related("lot__tender__purchaser", "organization"), public_id=public_id)
    own = any(may_bid(person, bid) for person in principals_of(request.user))
    refusal = bids.SUBMIT.objection(bid, request.user) if own and bid.status in bids.SUBMIT.sources else None
    now, until = clock.now(), bid.lot.tender.quotes_until
    context = {
        "bid": bid, "subject": bid, "own": own, "parts": responses.readable_parts(bid), "files": responses.files_of(bid), "refusal": refusal,
        "may_submit": own and bid.status in bids.SUBMIT.sources, "may_withdraw": own and bid.status == "submitted" and bids.WITHDRAW.objection(bid, request.user) is None,
        "may_quote": own and bid.status == "opened" and until is not None and now < until, "handles": may_handle_tender(request.user, bid.lot.tender),
        "told": bool(bid.lot.tender.opening_record.get("result_told")),
    }  # fmt: skip
    return render(request, "procurement/bid.html", context)


@login_required
@require_POST
def bid_submit(request, public_id):
    """One small POST; the server's time inside the transaction decides."""
    bid = own_bid(request, public_id)
    try:
        bids.submit(bid, actor=request.user)
        return redirect("bid_receipt", public_id=public_id)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("bid_detail", public_id=public_id)


@login_required
@require_POST
def bid_withdraw(request, public_id):
    bid = own_bid(request, public_id)
    try:
        bids.withdraw_bid(bid, actor=request.user)
        messages.success(request, _("Withdrawn. What was sealed is deleted; you may write and submit it anew before the deadline."))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("bid_detail", public_id=public_id)


@login_required
@never_cache
@require_safe
def bid_receipt(request, public_id):
    """The receipt: digest, server time, code to check it later."""
    bid = own_bid(request, public_id)
    if not bid.receipt:
        raise Http404
    address = f"{settings.SITE_URL}{reverse('receipt_check', args=[bid.receipt])}"
    image = segno.make(address, error="m").svg_data_uri(scale=4, border=2)
    return render(request, "procurement/bid_receipt.html", {"bid": bid, "address": address, "image": image, "parts": [(responses.part_label(part.key), part.digest) for part in bid.parts.exclude(key=bids.SCAN).order_by("key")]})


@require_safe
def receipt_check(request, digest):
    """Public: whether a receipt belongs to a submitted response. Says so only after the opening; before, it names nobody."""
    bid = Bid.objects.filter(receipt=digest).select_related("lot__tender").first() if len(digest) == 64 else None
    return render(request, "procurement/receipt_check.html", {"bid": bid, "opened": bool(bid and bid.status in ("opened", "invalid", "broken")), "digest": digest[:64]}, status=200 if bid else 404)


@login_required
@never_cache
@require_safe
def bid_file(request, public_id, key):
    """One file of a response: of the own draft, or opened for the purchaser's people."""
    bid = get_object_or_404(Bid.objects.visible_to(request.user), public_id=public_id)
    found = responses.file_content(bid, key)
    if found is None:
        raise Http404
    return HttpResponse(io.BytesIO(found.content), content_type=found.content_type, headers={"Content-Disposition": found.disposition, "X-Content-Type-Options": "nosniff"})


@login_required
@require_POST
def bid_file_remove(request, public_id, key):
    bid = own_bid(request, public_id)
    try:
        bids.save_part(bid, key, None, actor=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("bid_edit", public_id=public_id)


@login_required
def bid_final(request, public_id):
    """The final quote in its timed window."""
    bid = own_bid(request, public_id)
    form = FinalPriceForm(request.POST or None)
    return ask_and_do(
        request, form, lambda data: quotes.give_quote(bid, actor=request.user, price=data["price"]), to=bid, said=_("Your final quote is sealed until the time has run out."),
        title=_("Final quote"), rules=["B12"], submit=_("Seal it"), intro=quote_intro(bid),
    )  # fmt: skip


def quote_intro(bid):
    """What a bidder has to know before it types its price: the round, until when, the ceiling, its price so far."""
    running = quotes.current_round(bid.lot.tender)
    if running is None:
        return ""
    return _("Round {number}, taken until {until} by the server's clock; until then it stays sealed and a later quote replaces it. Ceiling: {ceiling} yuan; your price so far: {price} yuan.").format(
        number=running.number, until=running.until.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M"), ceiling=f"{bid.lot.ceiling:,.2f}", price=f"{bid.amount:,.2f}"
    )


@login_required
@memory_only
def bid_scan(request, public_id):
    """The scan of a paper response, after its opening."""
    bid = get_object_or_404(Bid.objects.visible_to(request.user).filter(on_paper=True).select_related("lot__tender"), public_id=public_id)
    if not any(may_handle_tender(person, bid.lot.tender) for person in principals_of(request.user)):
        raise PermissionDenied
    form = ScanForm(request.POST or None, request.FILES or None)
    return ask_and_do(
        request, form, lambda data: bids.add_scan(bid, responses.packed(data["file"]), actor=request.user), to=bid,
        title=_("Scan of the paper response"), submit=_("Add it"), intro=_("It is kept encrypted beside what was registered."),
    )  # fmt: skip


@login_required
@memory_only
def paper(request, pk):
    """Handler and witness register a paper response."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user), pk=pk)
    if not any(may_handle_tender(person, tender) for person in principals_of(request.user)):
        raise PermissionDenied
    form = PaperForm(request.POST or None, request.FILES or None, tender=tender, people=staff_of(tender.purchaser_id).exclude(pk=request.user.pk))
    return ask_and_do(
        request, form, lambda data: bids.register_paper(data.pop("lot"), data.pop("organization"), actor=request.user, **data | {"envelope": responses.packed(data["envelope"])}), to=tender,
        said=_("The paper response is registered."), title=_("Register a paper response"), rules=["A01"], submit=_("Register"), intro=_("The time on the register counts; the scan is uploaded after the opening."),
    )  # fmt: skip
