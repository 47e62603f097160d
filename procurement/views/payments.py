"""Payments: ask with an invoice, approve step by step, pay, send again; and the slip."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from kernel import clock, trail
from kernel.detail import refuse, render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, acting_for
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from procurement.forms.payment import PaymentForm
from procurement.lifecycle import payment
from procurement.lifecycle import stage as stages
from procurement.lifecycle.contract import OPEN_REQUESTS
from procurement.models import PaymentRequest, PaymentStage
from procurement.papers import payment_slip, pdf_response
from procurement.permissions_contract import handles
from providers.lifecycle.organization import warning_for

LATE_CAP = 100


def visible(request, pk):
    """The request this person may see; a stranger gets 404."""
    rows = PaymentRequest.objects.visible_to(request.user).select_related("stage__contract__project__place", "stage__contract__organization", "stage__contract__purchaser", "account", "created_by")
    return get_object_or_404(rows, pk=pk)


def overdue(rows):
    """Requests whose due date has passed unpaid (E01, E02)."""
    return rows.filter(status__in=OPEN_REQUESTS, due_on__lt=clock.today())


def _timing(rows, value):
    if value == "overdue":
        return overdue(rows)
    return rows.filter(status__in=OPEN_REQUESTS, due_on__gte=clock.today()) if value == "open" else rows


@login_required
def payment_list(request):
    joined = PaymentRequest.objects.joined_to(request.user)
    late = overdue(joined).order_by()[: LATE_CAP + 1].count()
    return render_list(
        request,
        PaymentRequest.objects.visible_to(request.user).select_related("stage__contract__organization", "stage__contract__purchaser"),
        joined=joined,
        title=_("Payments"),
        columns=[
            Column("number", _("Number"), kind="link"),
            Column("stage__contract__title", _("Contract")),
            Column("stage__name", _("Stage")),
            Column("stage__contract__organization__name", _("Provider")),
            Column("amount", _("Amount"), kind="money"),
            Column("invoice_number", _("Invoice")),
            Column("due_on", _("Payment due"), kind="date", tone=lambda row: "overdue" if row.due_on and row.status in OPEN_REQUESTS and row.due_on < clock.today() else ""),
            Column("paid_on", _("Paid on"), kind="date"),
            Column("voucher_number", _("Voucher")),
            Column("status", _("Status"), kind="status"),
        ],
        search=("number", "stage__contract__title", "stage__contract__organization__name", "invoice_number", "voucher_number"),
        filters=[
            ChoiceFilter("status", _("Status"), choices=PaymentRequest.LIFE.states.items()),
            ChoiceFilter("timing", _("Timing"), choices=[("open", _("not yet due")), ("overdue", _("overdue ({count})").format(count=f"{LATE_CAP}+" if late > LATE_CAP else late))], apply=_timing),
            DateFilter("paid", _("Paid on"), field="paid_on"),
            DateFilter("due", _("Payment due"), field="due_on"),
        ],
        export_name=_("payments"),
        empty_text=_("No payment yet. The provider asks for a stage on the contract's page, with its invoice."),
    )


@login_required
def payment_detail(request, pk):
    row = visible(request, pk)
    approvals = {one.order: one for one in row.approvals.select_related("approved_by", "on_behalf_of")}
    route = [{"name": step["name"], "role": step["role"], "done": approvals.get(index), "current": row.status == "in_approval" and index == row.step} for index, step in enumerate(row.route)]
    late = row.due_on and row.status in OPEN_REQUESTS and row.due_on < clock.today()
    return render_detail(
        request,
        row,
        "procurement/payment.html",
        route=route,
        clearances=row.stage.clearances.filter(cleared_at=None),
        late_days=(clock.today() - row.due_on).days if late else 0,
        warning=warning_for(row.contract.organization),
        payer=trail.rows_of(row).filter(verb=payment.PAY.verb).last() if row.status == "paid" else None,
    )


@login_required
def payment_create(request, pk):
    """Ask for a stage with its invoice. `pk` is the stage."""
    rows = PaymentStage.objects.visible_to(request.user).select_related("contract__project", "contract__organization", "contract__purchaser")
    stage = get_object_or_404(rows, pk=pk)
    acting_for(request.user, stage, payment.DRAFT)
    if refusal := stages.objection(stage):
        refuse(request, refusal)
        return redirect(stage.contract)
    form = PaymentForm(request.POST or None, request.FILES or None, payable=stages.payable(stage), last=stages.is_last(stage), by_handler=handles(request.user, stage))
    if request.method == "POST" and form.is_valid():
        try:
            row = payment.request_payment(stage, actor=request.user, **form.cleaned_data)
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("Submitted. The payment is due on {day}.").format(day=row.due_on))
            return redirect(row)
    return render_form(
        request, form, title=_("Ask for payment: {stage}").format(stage=stage.name), template="procurement/payment_form.html", stage=stage, payable=stages.payable(stage),
        clearances=stage.clearances.filter(cleared_at=None), rules=["E01", "E02", "E04"], submit=_("Submit"), cancel=stage.contract.get_absolute_url(), draft=f"payment-{stage.pk}",
    )  # fmt: skip


@login_required
@require_safe
def payment_slip_pdf(request, pk):
    row = visible(request, pk)
    return pdf_response(request, row, lambda: payment_slip(row), f"{row.number}-付款申请单.pdf")
