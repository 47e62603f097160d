"""Screens of complaints: the bureau's list, the page with the clock of each step, filing, the decision as a paper."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from communities.permissions import has_role
from kernel import clock
from kernel.detail import preload, render_detail
from kernel.forms import ask_and_do
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from kernel.pdf import render_pdf
from procurement.forms.challenge import ComplainForm
from procurement.lifecycle import complaint as complaints
from procurement.models import Challenge, Complaint
from procurement.papers import pdf_response
from procurement.permissions_challenge import is_challenger


def visible(request, pk):
    rows = Complaint.objects.visible_to(request.user).select_related("challenge__tender__purchaser__place", "challenge__organization", "challenge__lot", "decided_by", "drafted_by")
    return get_object_or_404(rows, pk=pk)


@login_required
def complaint_list(request):
    return render_list(
        request, Complaint.objects.visible_to(request.user).select_related("challenge__tender__purchaser", "challenge__organization"), title=_("Complaints"),
        columns=[
            Column("number", _("Number"), kind="link"), Column("challenge__tender__title", _("Purchase")), Column("challenge__tender__purchaser__name", _("Purchaser")),
            Column("challenge__organization__name", _("Complainant")), Column("filed_on", _("Received on"), kind="date"), Column("decide_due_on", _("Decision due"), kind="date"),
            Column("outcome", _("Conclusion"), value=lambda row: row.get_outcome_display() if row.status == "decided" else ""), Column("status", _("State"), kind="status"),
        ],
        search=("number", "challenge__tender__title", "challenge__organization__name"),
        filters=[ChoiceFilter("status", _("State"), choices=Complaint.LIFE.states.items()), ChoiceFilter("outcome", _("Conclusion"), choices=Complaint.OUTCOMES), DateFilter("filed", _("Received on"), field="filed_on")],
        default_sort="-id", export_name="投诉", empty_text=_("No complaint yet. A challenger complains on the page of its challenge."),
    )  # fmt: skip


@login_required
def complaint_detail(request, pk):
    row = visible(request, pk)
    orders = list(row.orders.select_related("lot__tender"))
    preload(row, *orders)
    bureau = has_role(request.user, "finance")
    steps = [{"what": what, "start": start, "due": due, "done": done, "article": article, "late": not done and due.date < clock.today()} for what, start, due, done, article in complaints.clocks(row)]
    warnings = complaints.warnings_about(row.challenge.organization) if bureau else []
    return render_detail(request, row, "procurement/complaint.html", steps=steps, orders=orders, warnings=warnings, bureau=bureau)


@login_required
def complaint_file(request, pk):
    """The challenger turns to the finance bureau. `pk` is the challenge."""
    row = get_object_or_404(Challenge.objects.visible_to(request.user).select_related("tender__purchaser__place", "organization"), pk=pk)
    if not is_challenger(request.user, row):
        raise PermissionDenied
    if refusal := complaints.objection_to_complaining(row):
        messages.error(request, str(refusal))
        return redirect(row)
    form = ComplainForm(request.POST or None, request.FILES or None, initial={"facts": row.facts, "request": row.request, "legal_basis": row.legal_basis})
    return ask_and_do(
        request, form, lambda data: complaints.complain(row, actor=request.user, **data), said=lambda found: _("The complaint is with the finance bureau; it is checked until {day}.").format(day=complaints.check_due(found)),
        title=_("Complain about {number}").format(number=row.number), rules=["G05", "G06", "G07", "G08"], submit=_("File the complaint"), cancel=row.get_absolute_url(),
        draft=f"complaint-{row.pk}", intro=_("The finance bureau of the district decides. It looks at nothing but what you challenged."),
    )  # fmt: skip


@login_required
@require_safe
def complaint_decision(request, pk):
    """投诉处理决定书 as PDF."""
    row = visible(request, pk)
    if row.status != "decided":
        messages.error(request, _("The complaint is not decided yet."))
        return redirect(row)
    context = {"complaint": row, "challenge": row.challenge, "tender": row.challenge.tender, "printed": clock.now()}
    return pdf_response(request, row, lambda: render_pdf("documents/complaint_decision.html", context), f"{row.number}-投诉处理决定书.pdf")
