"""Supervision screens: assign, check, compare, find, call back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from evaluation.forms.check import AssignForm, CallForm, CompareForm, DrawForm, FindingForm
from evaluation.lifecycle import call_back, check, finding
from evaluation.models import CallBack, Check, CheckItem, Finding
from evaluation.permissions import is_assigned_auditor, supervises
from kernel import access
from kernel.detail import render_detail
from kernel.forms import ask_and_do, refused, render_form
from kernel.lifecycle import Refusal, acting_for
from kernel.listing import ChoiceFilter, Column, render_list
from procurement.models import Contract, PaymentStage


@login_required
def check_list(request):
    return render_list(
        request,
        Check.objects.visible_to(request.user).select_related("stage", "assignment__contract__organization", "assignment__firm"),
        title=_("Third-party checks"),
        columns=[
            Column("stage__contract__title", _("Contract"), kind="link", value=lambda row: row.assignment.contract.title),
            Column("stage__name", _("Stage")),
            Column("assignment__contract__organization__name", _("Provider")),
            Column("assignment__firm__name", _("Audit firm")),
            Column("due_on", _("Due"), kind="date"),
            Column("status", _("Status"), kind="status"),
        ],
        search=("assignment__contract__title", "assignment__contract__organization__name"),
        filters=[ChoiceFilter("status", _("Status"), choices=Check.LIFE.states.items())],
        default_sort="due_on",
        export_name=_("third-party checks"),
        empty_text=_("No check yet. A check begins when all activities of a payment stage are reported."),
    )


@login_required
def check_detail(request, pk):
    row = get_object_or_404(Check.objects.visible_to(request.user).select_related("stage", "assignment__contract", "assignment__firm"), pk=pk)
    audits = row.status == "open" and is_assigned_auditor(request.user, row.assignment)
    return render_detail(
        request,
        row,
        "evaluation/check.html",
        items=row.items.select_related("activity").order_by("activity__planned_on"),
        findings=row.findings.select_related("activity"),
        calls=row.call_backs.select_related("sign_in__activity").order_by("id") if audits or row.status != "open" else (),
        audits=audits,
        draw_form=DrawForm(),
    )


@login_required
def assignment_create(request, contract):
    contract = get_object_or_404(Contract.objects.visible_to(request.user), pk=contract)
    if not supervises(request.user, contract):
        raise PermissionDenied
    form = AssignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            check.assign(contract, actor=request.user, **form.cleaned_data)
            messages.success(request, _("The auditor is assigned."))
            return redirect(contract)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request,
        form,
        title=_("Assign the third-party auditor"),
        intro=_("The auditor must have no tie to the provider and is never paid by it."),
        rules=["H01"],
        submit=_("Assign"),
        cancel=contract.get_absolute_url(),
    )


@login_required
@require_POST
def check_open(request, stage):
    stage = get_object_or_404(PaymentStage.objects.filter(contract__in=Contract.objects.visible_to(request.user)).select_related("contract"), pk=stage)
    if not supervises(request.user, stage.contract):
        raise PermissionDenied
    try:
        return redirect(check.open_check(stage, actor=request.user))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(stage.contract)


def auditing(request, pk):
    """The check, for its auditor only: stranger 404, others 403."""
    row = get_object_or_404(Check.objects.visible_to(request.user), pk=pk)
    acting_for(request.user, row, check.REPORT)
    return row


@login_required
def check_compare(request, pk, item):
    row = auditing(request, pk)
    item = get_object_or_404(CheckItem.objects.select_related("activity"), check_of=row, pk=item)
    initial = {"counted": item.counted, "vouchers_ok": item.vouchers_ok, "evidence_ok": item.evidence_ok, "remark": item.remark}
    form = CompareForm(request.POST or None, initial=initial)
    intro = _("Planned for {planned} people, reported {reported}.").format(planned=item.activity.planned_headcount, reported=item.activity.headcount or 0)
    return ask_and_do(request, form, lambda data: check.compare(item, actor=request.user, **data), to=row, title=item.activity.title, intro=intro, submit=_("Save"))


@login_required
def finding_create(request, pk):
    row = auditing(request, pk)
    form = FindingForm(request.POST or None, check=row)
    return ask_and_do(
        request, form, lambda data: finding.state_finding(row, actor=request.user, **data), to=row, said=_("The finding is stated; the provider has been told."),
        title=_("State a finding"), intro=str(row), rules=["E04"], submit=_("State the finding"), draft=f"finding-{row.pk}"
    )


@login_required
def finding_detail(request, pk):
    row = get_object_or_404(Finding.objects.visible_to(request.user).select_related("check_of__assignment__contract", "activity"), pk=pk)
    return render_detail(request, row, "evaluation/finding.html", shows_check=Check.objects.visible_to(request.user).filter(pk=row.check_of_id).exists())


@login_required
@require_POST
def call_back_draw(request, pk):
    row = auditing(request, pk)
    form = DrawForm(request.POST)
    try:
        if form.is_valid():
            count = call_back.draw_call_backs(row, actor=request.user, count=form.cleaned_data["count"])
            messages.success(request, _("{count} people are drawn for a call.").format(count=count))
        else:
            messages.error(request, _("Enter how many people to call, from 1 to 200."))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(row)


@login_required
def call_back_record(request, pk, call):
    """Shows the telephone number (and logs that it was looked at), takes down what the call said."""
    row = auditing(request, pk)
    call = get_object_or_404(CallBack.objects.select_related("sign_in__activity"), check_of=row, pk=call)
    form = CallForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            call_back.record_call(call, actor=request.user, **form.cleaned_data)
            return redirect(row)
        except Refusal as refusal:
            refused(form, refusal)
    name = access.reveal(call.sign_in, "name", request.user, "call_back")
    phone = access.reveal(call.sign_in, "phone", request.user, "call_back")
    return render_form(
        request, form, title=_("Telephone call"), intro=f"{name} · {phone} · {call.sign_in.activity.title}", submit=_("Save"), cancel=row.get_absolute_url()
    )
