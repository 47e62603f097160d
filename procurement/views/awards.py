"""Screens after the decision: awards with their letters and clocks, what each bidder is told, fallen awards and their report."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from communities.permissions import place_paths, purchaser_ids
from kernel import clock
from kernel.detail import preload, render_detail
from kernel.lifecycle import open_holds, principals_of
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from kernel.pdf import render_pdf
from procurement import methods
from procurement.lifecycle import award as awards
from procurement.models import Award, AwardFall, Bid
from procurement.outcome import KINDS, outcome_of, words_of
from procurement.papers import pdf_response
from procurement.permissions_award import OFFICE
from procurement.permissions_tender import may_bid


def states():
    """Where an award stands: (key, label, Q), for the filter and the column."""
    today = clock.today()
    unsigned = Q(declined_on=None, lot__status="awarded")
    return (
        ("letter_late", gettext_lazy("letter and notice overdue"), unsigned & Q(letter_on=None, notice_due_on__lt=today)),
        ("to_tell", gettext_lazy("result to be announced"), unsigned & Q(letter_on=None)),
        ("sign_late", gettext_lazy("signing overdue"), unsigned & Q(sign_due_on__lt=today)),
        ("unacknowledged", gettext_lazy("letter not acknowledged"), unsigned & Q(letter_on__isnull=False, acknowledged_at=None)),
        ("to_sign", gettext_lazy("contract to be signed"), unsigned & Q(letter_on__isnull=False)),
        ("signed", gettext_lazy("contract signed"), Q(lot__status="contracted", declined_on=None)),
        ("fallen", gettext_lazy("award fell"), Q(declined_on__isnull=False)),
    )


def state_of(award):
    """The first state that holds, read from the row itself (the same order as the filter)."""
    today = clock.today()
    if award.declined_on:
        return gettext_lazy("award fell")
    if award.lot.status == "contracted":
        return gettext_lazy("contract signed")
    if award.letter_on is None:
        late = award.notice_due_on and award.notice_due_on < today
        return gettext_lazy("letter and notice overdue") if late else gettext_lazy("result to be announced")
    if award.sign_due_on and award.sign_due_on < today:
        return gettext_lazy("signing overdue")
    return gettext_lazy("contract to be signed") if award.acknowledged_at else gettext_lazy("letter not acknowledged")


@login_required
def award_list(request):
    """Every award this person may see, with the clocks that run after it."""
    found = {key: query for key, _label, query in states()}
    return render_list(
        request, Award.objects.visible_to(request.user).select_related("lot__tender__purchaser", "organization"), title=_("Awards"),
        joined=Award.objects.joined_to(request.user),
        columns=[
            Column("lot__title", _("Title"), kind="link"), Column("lot__tender__number", _("Number")), Column("organization__name", _("Chosen provider")),
            Column("amount", _("Award amount"), kind="money"), Column("decided_on", _("Decided on"), kind="date"), Column("letter_on", _("Letter of"), kind="date"),
            Column("acknowledged_at", _("Acknowledged"), kind="datetime"), Column("sign_due_on", _("Sign by"), kind="date"), Column("state", _("State"), value=state_of, sort=False),
        ],
        search=("lot__title", "lot__tender__number", "organization__name"),
        filters=[
            ChoiceFilter("state", _("State"), choices=[(key, label) for key, label, _query in states()], apply=lambda rows, value: rows.filter(found[value])),
            DateFilter("decided", _("Decided on"), field="decided_on"),
        ],
        default_sort="-id", export_name="成交与签约", empty_text=_("No award yet."),
    )  # fmt: skip


def inside(user, tender):
    """Whether the reader belongs to the purchaser or the finance bureau (and so sees candidates and reasons), or is the provider."""
    return any(
        tender.purchaser_id in purchaser_ids(person, *OFFICE) or any(tender.purchaser.place.path.startswith(path) for path in place_paths(person, "finance")) for person in principals_of(user)
    )


def _award(request, pk):
    rows = Award.objects.visible_to(request.user).select_related("lot__tender__purchaser__place", "lot__tender__profile", "lot__project", "organization", "decided_by", "acknowledged_by", "bid")
    return get_object_or_404(rows, pk=pk)


@login_required
@never_cache
@require_safe
def award_detail(request, pk):
    """One award: letter, receipt, days left to sign, reserves, and what fell before it."""
    award = _award(request, pk)
    lot, office = award.lot, inside(request.user, award.lot.tender)
    preload(lot)
    lot.award = award
    context = {
        "award": award, "lot": lot, "tender": lot.tender, "office": office, "words": words_of(lot.tender), "holds": open_holds(lot),
        "left": (award.sign_due_on - clock.today()).days if award.sign_due_on and lot.status == "awarded" and not award.declined_on else None,
        "reserves": [bid for bid in awards.candidates(lot) if bid.pk != award.bid_id] if office else [],
        "falls": list(AwardFall.objects.filter(lot=lot).select_related("organization")) if office else [],
        "contract": lot.contracts.exclude(status="cancelled").order_by("-pk").first() if office else None,
    }  # fmt: skip
    return render(request, "procurement/award.html", context)


@login_required
@require_safe
def award_letter(request, pk):
    """中标（成交）通知书 as PDF."""
    award = _award(request, pk)
    if award.letter_on is None:
        messages.error(request, _("The award letter is not issued yet."))
        return redirect(award)
    tender = award.lot.tender
    context = {"award": award, "lot": award.lot, "tender": tender, "words": words_of(tender), "statutory": tender.is_statutory}
    return pdf_response(request, award, lambda: render_pdf("documents/award_letter.html", context), f"{award.letter_number}-{words_of(tender).letter}.pdf")


def _told(request, public_id):
    """A response and what its own people (or the purchaser's) may be told of it; 404 before anything is announced."""
    rows = Bid.objects.visible_to(request.user).select_related("lot__tender__purchaser__place", "lot__tender__profile", "lot__award__organization", "organization")
    bid = get_object_or_404(rows, public_id=public_id, organization__isnull=False)
    outcome = outcome_of(bid)
    if outcome.kind == "open":
        raise Http404
    return bid, outcome


@login_required
@never_cache
@require_safe
def bid_result(request, public_id):
    """Own score, rank and reasons; the chosen provider finds its letter and acknowledges it here."""
    bid, outcome = _told(request, public_id)
    lot = bid.lot
    own = any(may_bid(person, bid) for person in principals_of(request.user)) or bid.organization_id in _organizations(request.user)
    preload(lot)
    context = {
        "bid": bid, "lot": lot, "tender": lot.tender, "outcome": outcome, "label": KINDS[outcome.kind], "words": words_of(lot.tender), "own": own,
        "may_challenge": own and bool(outcome.winner and outcome.winner.challenge_until and clock.today() <= outcome.winner.challenge_until),
    }  # fmt: skip
    return render(request, "procurement/bid_result.html", context)


def _organizations(user):
    from procurement.permissions import organization_ids

    return {pk for person in principals_of(user) for pk in organization_ids(person)}


@login_required
@require_safe
def bid_result_letter(request, public_id):
    """未中标（未成交）通知书 of one bidder: its own facts alone."""
    bid, outcome = _told(request, public_id)
    if outcome.kind == "won":
        return redirect("award_letter", pk=outcome.winner.pk)
    tender = bid.lot.tender
    day = outcome.winner.letter_on if outcome.winner and outcome.winner.letter_on else clock.today()
    context = {"bid": bid, "lot": bid.lot, "tender": tender, "outcome": outcome, "words": words_of(tender), "day": day, "by_tender": methods.of(tender).public_opening}
    return pdf_response(request, bid, lambda: render_pdf("documents/not_chosen.html", context), f"{tender.number}-{words_of(tender).lost}.pdf")


@login_required
def fall_detail(request, pk):
    """An award that fell: facts, proof, the report to the finance bureau."""
    rows = AwardFall.objects.visible_to(request.user).select_related("lot__tender__purchaser", "organization", "created_by")
    return render_detail(request, get_object_or_404(rows, pk=pk), "procurement/fall.html")


@login_required
@require_safe
def fall_report(request, pk):
    """关于供应商未签订合同有关情况的报告 as PDF, to be stamped and sent."""
    rows = AwardFall.objects.visible_to(request.user).select_related("lot__tender__purchaser__place", "organization")
    row = get_object_or_404(rows, pk=pk)
    context = {"fall": row, "lot": row.lot, "tender": row.lot.tender, "words": words_of(row.lot.tender), "award": Award.objects.filter(lot=row.lot, declined_on=None).select_related("organization").first(), "today": clock.today()}
    return pdf_response(request, row, lambda: render_pdf("documents/fall_report.html", context), f"{row.lot.tender.number}-情况报告.pdf")
