"""Screens of challenges: list, page, filing, the written answer."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from communities.permissions import place_paths, purchaser_ids
from kernel import clock
from kernel.detail import preload, render_detail
from kernel.forms import ask_and_do
from kernel.lifecycle import Refusal, principals_of
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from kernel.pdf import render_pdf
from procurement.forms.challenge import FileForm
from procurement.lifecycle import challenge as challenges
from procurement.lifecycle import complaint as complaints
from procurement.models import Challenge, Complaint, Tender
from procurement.papers import pdf_response
from procurement.permissions import organization_ids
from procurement.permissions_challenge import READERS, is_challenger
from providers.models import Organization

KINDS = {"documents": gettext_lazy("the purchase documents"), "opening": gettext_lazy("receiving and opening the responses"), "evaluation": gettext_lazy("the evaluation"), "result": gettext_lazy("the result")}


def in_full(user, challenge):
    """Whether the reader sees facts and evidence, or, as another supplier, the answer alone."""
    tender = challenge.tender
    return any(
        is_challenger(person, challenge) or tender.purchaser_id in purchaser_ids(person, *READERS) or any(tender.purchaser.place.path.startswith(path) for path in place_paths(person, "finance"))
        for person in principals_of(user)
    )


def visible(request, pk):
    rows = Challenge.objects.visible_to(request.user).select_related("tender__purchaser__place", "organization", "lot", "prepared_by", "approved_by", "complaint")
    return get_object_or_404(rows, pk=pk)


@login_required
def challenge_list(request):
    """Those the person handles or filed; an answer to somebody else's is found on the purchase's page."""
    return render_list(
        request, Challenge.objects.visible_to(request.user).select_related("tender__purchaser", "organization"), title=_("Challenges"),
        columns=[
            Column("number", _("Number"), kind="link"), Column("tender__title", _("Purchase")), Column("kind", _("Against"), value=lambda row: row.get_kind_display()),
            Column("filed_on", _("Received on"), kind="date"), Column("answer_due_on", _("Answer due"), kind="date"),
            Column("outcome", _("Conclusion"), value=lambda row: row.get_outcome_display() if row.status == "answered" else ""), Column("status", _("State"), kind="status"),
        ],
        search=("number", "tender__title"),
        filters=[ChoiceFilter("status", _("State"), choices=Challenge.LIFE.states.items()), ChoiceFilter("kind", _("Against"), choices=Challenge.KINDS), DateFilter("filed", _("Received on"), field="filed_on")],
        default_sort="-id", export_name="质疑", empty_text=_("No challenge yet. A supplier challenges on the purchase's page."),
    )  # fmt: skip


@login_required
def challenge_detail(request, pk):
    row = visible(request, pk)
    full = in_full(request.user, row)
    orders = list(row.orders.select_related("lot__tender", "complaint"))
    for order in orders:
        order.lot.tender = row.tender
    preload(row, *orders)
    complaint = getattr(row, "complaint", None)
    if complaint and not Complaint.objects.visible_to(request.user).filter(pk=complaint.pk).exists():
        complaint = None
    office = full and any(row.tender.purchaser_id in purchaser_ids(person, *READERS) for person in principals_of(request.user))
    mine = full and row.organization_id in {pk for person in principals_of(request.user) for pk in organization_ids(person)}
    return render_detail(
        request, row, "procurement/challenge.html", full=full, office=office, orders=orders, complaint=complaint, complaint_refusal=complaints.objection_to_complaining(row) if mine and not complaint else None,
        may_complain=mine and not complaint and row.status != "withdrawn", late=row.status in ("filed", "prepared") and clock.today() > row.answer_due_on,
    )  # fmt: skip


@login_required
def challenge_file(request, pk):
    """A supplier puts all its grounds against one step into one challenge. `pk` is the purchase."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser__place", "profile").prefetch_related("lots"), pk=pk)
    organizations = Organization.objects.filter(pk__in=organization_ids(request.user))
    if not organizations:
        raise PermissionDenied
    open_windows = [window for window in challenges.windows(tender) if not window.over]
    if not open_windows:
        messages.error(request, str(_closed(tender)))
        return redirect(tender)
    choices = [(window.stage, _("{step} (until {day})").format(step=KINDS[window.stage.partition("-")[0]], day=window.until)) for window in open_windows]
    form = FileForm(request.POST or None, request.FILES or None, tender=tender, organizations=organizations, windows=choices, initial={"organization": organizations[0].pk})

    def file(data):
        target = data.pop("target")
        window = next(row for row in open_windows if row.stage == target)
        return challenges.file(tender, data.pop("organization"), actor=request.user, kind=window.kind, step=window.stage if window.kind == "process" else "", **data)

    return ask_and_do(
        request, form, file, said=lambda row: _("Received. The answer is due on {day}.").format(day=row.answer_due_on),
        title=_("Challenge {tender}").format(tender=tender), rules=["G02", "G03", "G04"], submit=_("File the challenge"), cancel=tender.get_absolute_url(), draft=f"challenge-{tender.pk}",
        intro=_("The time of this server counts. Your name is told to those who handle the challenge, never who else bids."),
    )  # fmt: skip


def _closed(tender):
    """Why no challenge to this purchase can be filed now, as a sentence."""
    found = challenges.windows(tender)
    if not challenges.challengeable(tender):
        return Refusal("not_challengeable", _("This purchase is not announced to the public and takes no challenges."), todo=_("Ask the handler named in it."))
    if not found:
        return Refusal("too_early", _("This step of the purchase has not ended yet."))
    last = found[-1]
    return Refusal("late", _("The period for this challenge ended on {day}; a later one is not accepted.").format(day=last.until), article=last.article)


@login_required
@require_safe
def challenge_answer(request, pk):
    """质疑答复函 as PDF, once signed."""
    row = visible(request, pk)
    if row.status != "answered":
        messages.error(request, _("The answer is not signed yet."))
        return redirect(row)
    return pdf_response(request, row, lambda: render_pdf("documents/challenge_answer.html", {"challenge": row, "tender": row.tender, "full": in_full(request.user, row)}), f"{row.number}-质疑答复函.pdf")
