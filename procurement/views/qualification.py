"""Eligibility before bidding, and the qualification check after the opening."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from communities.permissions import purchaser_ids
from kernel import clock
from kernel.forms import ask_and_do, refused, render_form, rule_chips
from kernel.lifecycle import Refusal, acting_for, principals_of
from procurement import eligibility, methods, responses
from procurement.forms.qualification import CreditRows, VerdictForm
from procurement.lifecycle import qualification
from procurement.models import Bid, CreditCheck, Tender
from procurement.permissions_tender import OPENED_STATES, READERS
from providers.permissions import organizations_of


@login_required
@require_safe
def eligible(request, pk):
    """"May I bid?": every condition for one of the user's organizations, lot by lot."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser").prefetch_related("score_items"), pk=pk)
    own = [organization for person in principals_of(request.user) for organization in organizations_of(person)]
    if not own:
        raise PermissionDenied
    chosen = next((row for row in own if str(row.pk) == request.GET.get("organization")), own[0])
    rows = []
    for lot in tender.lots.select_related("project"):
        lot.tender = tender
        found = eligibility.conditions(chosen, lot)
        rows.append({"lot": lot, "conditions": found, "blocked": any(row.refusal for row in found), "look": any(row.state != "yes" for row in found)})
    taking = tender.status == "published" and tender.venue == "internal" and tender.deadline and clock.now() < tender.deadline
    context = {"tender": tender, "own": own, "chosen": chosen, "rows": rows, "taking": taking, "rule_chips": rule_chips(["H01", "H03", "H05", "H06", "H07", "H08"])}
    return render(request, "procurement/eligibility.html", context)


def _reader(user, tender):
    return any(tender.purchaser_id in purchaser_ids(person, *READERS) for person in principals_of(user))


@login_required
@require_safe
def qualification_page(request, pk):
    """All opened bidders with their credit queries, what was pointed out, and whether they passed. Before the opening it does not exist."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser__place"), pk=pk)
    if not _reader(request.user, tender):
        raise PermissionDenied
    if tender.opened_at is None:
        raise Http404
    need, names = qualification.required_channels(tender), dict(CreditCheck.CHANNELS)
    bids = Bid.objects.filter(lot__tender=tender, status__in=OPENED_STATES).select_related("lot", "organization").prefetch_related("credit_checks__file", "verdicts__decided_by")
    handles = any(qualification.CHECK.may(person, tender) for person in principals_of(request.user))
    rows = []
    for bid in bids.order_by("lot__order", "submitted_at", "pk"):
        checks, verdicts = list(bid.credit_checks.all()), list(bid.verdicts.all())
        missing = [names[key] for key in need if key not in {row.channel for row in checks}] if qualification.binding(tender) else []
        open_ = bid.status == "opened" and bid.lot.status == "opened"
        rows.append({"bid": bid, "checks": checks, "missing": missing, "verdict": verdicts[-1] if verdicts else None, "open": open_ and handles})
    context = {
        "tender": tender, "rows": rows, "refusal": qualification.objection_unchecked(tender) if tender.status == "opened" else None, "by_purchaser": qualification.judged_by_purchaser(tender),
        "method": methods.of(tender), "need": [names[key] for key in need], "binding": qualification.binding(tender), "rule_chips": rule_chips(["H06", "H03", "H04"]),
    }  # fmt: skip
    return render(request, "procurement/qualification.html", context)


def _opened_bid(request, public_id, step):
    """An opened bid the user may see; who may not take the step gets 403."""
    bid = get_object_or_404(Bid.objects.visible_to(request.user).filter(status__in=OPENED_STATES).select_related("lot__tender__purchaser__place", "organization"), public_id=public_id)
    acting_for(request.user, bid.lot.tender, step)
    return bid


def _back(bid):
    return reverse("qualification", args=[bid.lot.tender_id])


@login_required
def credit_check(request, public_id):
    """Both (or more) queries of one bidder in one go."""
    bid = _opened_bid(request, public_id, qualification.CHECK)
    missing = qualification.missing_channels(bid)
    now = clock.now().astimezone(clock.ZONE)
    rows = CreditRows(request.POST or None, request.FILES or None, prefix="credit", initial=[{"channel": key, "checked_at": now} for key in missing or ["other"]])
    form = VerdictForm(request.POST or None, names=[])
    del form.fields["reason"]

    @transaction.atomic
    def record(_data):
        for row in filter(None, rows.cleaned_data):
            qualification.record_check(bid, actor=request.user, **row)

    return ask_and_do(
        request, form, record, to=_back(bid), said=_("The queries of {name} are recorded.").format(name=bid.organization),
        title=_("Credit queries: {name}").format(name=bid.organization), formsets=[rows], rules=["H06"],
        intro=_("Query both sites under the bidder's full name and credit code, take a screenshot with the time in it."),
    )  # fmt: skip


@login_required
def verdict(request, public_id):
    """The purchaser's verdict, condition by condition."""
    bid = _opened_bid(request, public_id, qualification.VERDICT)
    if not qualification.judged_by_purchaser(bid.lot.tender) and qualification.binding(bid.lot.tender):
        raise PermissionDenied(_("Here the panel checks the qualification."))
    wanted = [line.strip(" 　;；。") for line in bid.lot.tender.qualification.splitlines() if line.strip()]
    form = VerdictForm(request.POST or None, names=[*(line[:200] for line in wanted), _("Letter of article 22 given"), _("Credit records let it take part"), _("Not related to another bidder")])
    if request.method == "POST" and form.is_valid():
        passed = all(row["passed"] for row in form.items)
        try:
            qualification.record_verdict(bid, actor=request.user, passed=passed, reason=form.cleaned_data["reason"] if not passed else "", items=form.items)
            return redirect(_back(bid))
        except Refusal as refusal:
            refused(form, refusal)
    given = responses.declared(bid)
    return render_form(
        request, form, title=_("Qualification check: {name}").format(name=bid.organization), rules=["H06"], submit=_("Record the result"), cancel=_back(bid), template="procurement/verdict.html",
        bid=bid, given=given, parts=responses.readable_parts(bid), files=responses.files_of(bid), checks=bid.credit_checks.select_related("file"), tone="primary",
    )  # fmt: skip
