"""Screens of bonds: the list, the terms of a purchase, the bidder's sealed statement, receipts after the opening, a contract's bond."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kernel import clock
from kernel.detail import render_detail
from kernel.forms import ask_and_do
from kernel.lifecycle import acting_for, principals_of
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from kernel.upload import memory_only
from procurement import drafting, responses, sealing
from procurement.forms.bond import PerformanceForm, ReceiveForBidForm, StatementForm, TermsForm
from procurement.lifecycle import bid as bids
from procurement.lifecycle import bond as bonds
from procurement.lifecycle.contract_draft import DRAFT
from procurement.models import Bid, Bond, BondTerms, Lot, Tender
from procurement.permissions_award import at_tender
from procurement.permissions_tender import OPENED_STATES, may_handle_tender
from procurement.views.bids import own_bid
from procurement.views.contracts import visible as visible_contract

RECORDS = at_tender("accountant", "handler")
SEES = at_tender("accountant", "cashier", "handler", "leader", "supervisor", "section", "fund_owner", "observer", "legal", "committee", "department")


@login_required
def bond_list(request):
    """Bonds held, due and returned; the filter finds what is overdue."""
    today = clock.today()
    wanted = {
        "overdue": Q(status="held", refund_due_on__lt=today), "due": Q(status="held", due_since__isnull=False), "late": Q(status="refunded", refunded_on__gt=F("refund_due_on")),
    }  # fmt: skip
    labels = [("overdue", gettext_lazy("refund overdue")), ("due", gettext_lazy("to be refunded")), ("late", gettext_lazy("refunded late"))]
    return render_list(
        request, Bond.objects.visible_to(request.user).select_related("organization", "lot__tender", "contract"), title=_("Bonds"),
        columns=[
            Column("organization__name", _("Provider"), kind="link"), Column("kind", _("Kind"), value=lambda row: row.get_kind_display()),
            Column("subject", _("Purchase or contract"), value=lambda row: str(row.subject), sort=False), Column("amount", _("Amount"), kind="money"),
            Column("form", _("Form"), value=lambda row: row.get_form_display()), Column("received_on", _("Received on"), kind="date"),
            Column("refund_due_on", _("Refund due"), kind="date"), Column("refunded_on", _("Refunded on"), kind="date"), Column("voucher", _("Voucher")),
            Column("surcharge", _("Surcharge"), kind="money"), Column("status", _("State"), kind="status"),
        ],
        search=("organization__name", "lot__title", "lot__tender__number", "contract__title", "number", "voucher"),
        filters=[
            ChoiceFilter("status", _("State"), choices=Bond.LIFE.states.items()), ChoiceFilter("kind", _("Kind"), choices=Bond.KINDS),
            ChoiceFilter("refund", _("Refund"), choices=labels, apply=lambda rows, value: rows.filter(wanted[value])), DateFilter("received", _("Received on"), field="received_on"),
        ],
        default_sort="-id", export_name="保证金", empty_text=_("No bond is recorded. A bid bond is recorded after the opening, on the purchase's page."),
    )  # fmt: skip


@login_required
def bond_detail(request, pk):
    row = get_object_or_404(Bond.objects.visible_to(request.user).select_related("organization", "lot__tender__purchaser__place", "contract", "received_by"), pk=pk)
    surcharge = bonds.surcharge_of(row, clock.today()) if row.status == "held" else (None, "")
    return render_detail(request, row, "procurement/bond.html", surcharge=surcharge, kept=bonds.forfeitable(row) if row.status == "held" else None)


@login_required
@never_cache
@require_safe
def tender_bonds(request, pk):
    """The bid bonds of a purchase: terms, and after the opening what each bidder stated and what is recorded. Before, nothing is counted here."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser__place"), pk=pk)
    people = principals_of(request.user)
    if not any(SEES(person, tender) for person in people):
        raise PermissionDenied
    opened = tender.status not in (*bonds.SEALED, "cancelled") and bool(tender.opened_at)
    lots = list(tender.lots.all())
    terms = {row.lot_id: row for row in bonds.terms_of(tender)}
    held = {(row.lot_id, row.organization_id): row for row in Bond.objects.filter(lot__in=lots).select_related("organization")} if opened else {}
    rows = []
    for lot in lots:
        found = []
        if opened and lot.pk in terms:
            for bid in Bid.objects.filter(lot=lot, organization__isnull=False).exclude(status="broken").select_related("organization").order_by("submitted_at", "pk"):
                bid.lot = lot
                found.append({"bid": bid, "said": statement_of(bid), "bond": held.get((lot.pk, bid.organization_id))})
        rows.append({"lot": lot, "terms": terms.get(lot.pk), "bids": found})
    context = {
        "tender": tender, "rows": rows, "opened": opened, "may_set": tender.status == "draft" and any(may_handle_tender(person, tender) for person in people),
        "may_record": any(RECORDS(person, tender) for person in people),
    }  # fmt: skip
    return render(request, "procurement/tender_bonds.html", context)


def statement_of(bid):
    """What the bidder stated of its bond, once it can be read: {"form", "number", "amount", "paid_on"}, else {}."""
    part = bid.parts.filter(key=bids.BOND).first()
    if part is None:
        return {}
    part.bid = bid
    raw = sealing.read_part(part)
    return json.loads(raw) if raw else {}


@login_required
def bond_terms(request, pk):
    """Ask a bid bond of one lot of a draft. `pk` is the lot."""
    lot = get_object_or_404(Lot.objects.visible_to(request.user).select_related("tender__purchaser__place"), pk=pk)
    drafting.check_handler(request.user, lot.tender)
    known = BondTerms.objects.filter(lot=lot).first()
    initial = {"amount": known.amount, "accepted": known.forms, "account": known.account} if known else {}
    form = TermsForm(request.POST or None, initial=initial)
    rule, most = bonds.most_of(lot)
    intro = _("At most {percent} % of the budget: {most} yuan.").format(percent=rule.value("bond_max"), most=f"{most:,.2f}") if rule.value("bond_max") else _("No bid bond is taken in this place ({article}).").format(article=rule.article)
    return ask_and_do(
        request, form, lambda data: bonds.set_terms(lot, actor=request.user, amount=data["amount"], forms=data["accepted"], account=data["account"]), to=reverse("tender_bonds", args=[lot.tender_id]), said=_("Saved."),
        title=_("Bid bond of {lot}").format(lot=lot), rules=["D09"], cancel=lot.tender.get_absolute_url(), intro=intro,
    )  # fmt: skip


@login_required
@never_cache
@memory_only
def bid_bond(request, public_id):
    """The bidder states its bond; encrypted now, sealed with the response, read by nobody before the opening."""
    bid = own_bid(request, public_id)
    terms = get_object_or_404(BondTerms, lot=bid.lot_id)
    if bid.status not in bids.SUBMIT.sources:
        messages.error(request, _("A submitted response is sealed and can no longer be read or changed."))
        return redirect(bid)
    form = StatementForm(request.POST or None, request.FILES or None, terms=terms, initial=statement_of(bid))

    @transaction.atomic
    def keep(data):
        if upload := data.pop("file"):
            bids.save_part(bid, bids.BOND_FILE, responses.pack(upload.name, upload.kind.content_type, upload.read()), actor=request.user)
        stated = {**data, "amount": str(data["amount"]), "paid_on": data["paid_on"].isoformat()}
        bids.save_part(bid, bids.BOND, json.dumps(stated).encode(), actor=request.user)

    intro = _("Asked: {amount} yuan. Write “{code}” as the purpose of a transfer: it names neither the purchase nor you; nobody can tell before the opening what it is for.").format(amount=f"{terms.amount:,.2f}", code=reference_of(bid))
    if terms.account:
        intro += " " + _("Account: {account}").format(account=terms.account)
    return ask_and_do(
        request, form, keep, to=bid, said=_("Saved, encrypted. Nothing is submitted yet."), title=_("Bid bond"), rules=["D09", "B27"], submit=_("Save, encrypted"), intro=intro,
    )  # fmt: skip


def reference_of(bid):
    """The purpose to write on a transfer: eight signs of the response's random id."""
    return f"BZJ-{str(bid.public_id)[:8].upper()}"


@login_required
@never_cache
def bond_receive(request, public_id):
    """After the opening the accountant records what really came in, beside what the bidder stated."""
    rows = Bid.objects.filter(status__in=OPENED_STATES, organization__isnull=False, lot__tender__in=Tender.objects.visible_to(request.user).values("pk"))
    bid = get_object_or_404(rows.select_related("lot__tender__purchaser", "organization"), public_id=public_id)
    if not any(RECORDS(person, bid.lot.tender) for person in principals_of(request.user)):
        raise PermissionDenied
    said = statement_of(bid)
    form = ReceiveForBidForm(request.POST or None, request.FILES or None, initial={**said, "received_on": said.get("paid_on")} if said else {})
    intro = _("Compare with the account: the bank receipt counts, not the statement. The transfer's purpose is “{code}”.").format(code=reference_of(bid))
    return ask_and_do(
        request, form, lambda data: bonds.receive_for(bid, actor=request.user, **data),
        title=_("Bond of {name}").format(name=bid.organization), rules=["D09"], submit=_("Register"), cancel=bid.lot.tender.get_absolute_url(), intro=intro,
    )  # fmt: skip


@login_required
def contract_bond(request, pk):
    """Ask a performance bond of a draft contract."""
    contract = visible_contract(request, pk)
    acting_for(request.user, contract, DRAFT)
    form = PerformanceForm(request.POST or None)
    rule, most = bonds.most_of_contract(contract)
    intro = _("At most {percent} % of the contract: {most} yuan; never in cash.").format(percent=rule.value("bond_max"), most=f"{most:,.2f}")
    return ask_and_do(
        request, form, lambda data: bonds.ask_performance(contract, actor=request.user, **data),
        title=_("Performance bond"), rules=["D10"], submit=_("Ask it"), cancel=contract.get_absolute_url(), intro=intro,
    )  # fmt: skip
