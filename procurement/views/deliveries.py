"""Activities and cost vouchers: the provider reports, the community answers on the phone, spending stands beside its line."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _

from kernel.detail import refuse, render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import LIVES, Refusal, acting_for, refusal_of
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from kernel.masks import mask_name, mask_phone
from procurement.forms.delivery import AnswerForm, ReportForm, VoidForm, VoucherForm
from procurement.lifecycle import activity as activities
from procurement.lifecycle import voucher as vouchers
from procurement.models import Activity, Contract, CostVoucher
from procurement.permissions_contract import delivers, supervises


def visible(request, pk):
    """The activity this person may see; a stranger gets 404."""
    rows = Activity.objects.visible_to(request.user).select_related("contract__project__place", "contract__organization", "contract__purchaser", "stage", "plan").prefetch_related("plan__lines")
    return get_object_or_404(rows, pk=pk)


def answer_text(row):
    """The community's answer, or 未确认 once its time is over."""
    if row.community_answer:
        return row.get_community_answer_display()
    if row.status == "checked" or activities.is_silent(row):
        return _("not confirmed by the community")
    return ""


@login_required
def activity_list(request):
    return render_list(
        request,
        Activity.objects.visible_to(request.user).select_related("contract__organization", "contract__project__place"),
        joined=Activity.objects.joined_to(request.user),
        title=_("Activities"),
        columns=[
            Column("title", _("Activity"), kind="link"),
            Column("contract__title", _("Contract")),
            Column("contract__project__place__name", _("Community")),
            Column("planned_on", _("Planned on"), kind="date"),
            Column("held_on", _("Took place on"), kind="date"),
            Column("headcount", _("People who came"), kind="number"),
            Column("community_answer", _("The community says"), value=lambda row: row.get_community_answer_display() if row.community_answer else ""),
            Column("status", _("Status"), kind="status"),
        ],
        search=("title", "contract__title", "contract__organization__name"),
        filters=[ChoiceFilter("status", _("Status"), choices=Activity.LIFE.states.items()), DateFilter("planned", _("Planned on"), field="planned_on")],
        default_sort="planned_on",
        export_name=_("activities"),
        empty_text=_("No activity yet. Activities come from the plan of a contract."),
    )


@login_required
def activity_detail(request, pk):
    row = visible(request, pk)
    shows_people = delivers(request.user, row) or supervises(request.user, row)
    sheet = list(row.sign_ins.all())
    people = [{"name": mask_name(one.name), "phone": mask_phone(one.phone), "kind": one.get_kind_display()} for one in sheet[:200]] if shows_people else []
    return render_detail(
        request,
        row,
        "procurement/activity.html",
        answer=answer_text(row),
        due=activities.answer_due(row),
        silent=activities.is_silent(row),
        people=people,
        people_count=len(sheet),
        share=activities.share_of(row),
        lines=row.plan.lines.all() if row.plan else (),
        vouchers=row.vouchers.filter(voided_at=None),
        delivers=delivers(request.user, row),
    )


def step_form(request, form_class, row, step):
    """A step's form bound to this request."""
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    return form_class(data, files, subject=row, actor=request.user, step=step)


@login_required
def activity_report(request, pk):
    """Headcount, photos and sign-in sheet in one page that works on a phone outdoors."""
    row = visible(request, pk)
    acting_for(request.user, row, activities.REPORT)
    if request.method != "POST" and (refusal := refusal_of(row, activities.REPORT, request.user)):
        refuse(request, refusal)
        return redirect(row)
    form = step_form(request, ReportForm, row, activities.REPORT)
    if request.method == "POST" and form.is_valid():
        try:
            activities.report(row, actor=request.user, **form.arguments())
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("Reported. The community is asked to confirm."))
            return redirect(row)
    return render_form(
        request, form, title=_("Report: {activity}").format(activity=row.title), intro=_("Names may be typed below, or only the sheet photographed. Telephone numbers are kept encrypted."),
        submit=_("Report"), cancel=row.get_absolute_url(), draft=f"report-{row.pk}", formsets=list(form.formsets.values()),
    )  # fmt: skip


@login_required
def activity_confirm(request, pk):
    """The community's page: one tap says held, with deviation or not held."""
    row = visible(request, pk)
    acting_for(request.user, row, activities.ANSWER)
    form = step_form(request, AnswerForm, row, activities.ANSWER)
    open_ = row.status == "reported" or (row.status == "checked" and not row.community_answer)
    if request.method == "POST" and form.is_valid():
        try:
            verb = activities.answer_late if row.status == "checked" else activities.answer
            verb(row, actor=request.user, answer=form.cleaned_data["answer"], remark=form.cleaned_data["remark"])
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("Thank you. The street and the provider see the answer at once."))
            return redirect(following(request.user, row) or row.get_absolute_url())
    return render_form(
        request, form, title=row.title, template="procurement/activity_confirm.html", activity=row, open=open_, due=activities.answer_due(row),
        state=LIVES["activity"].states.get(row.status), cancel=row.get_absolute_url(),
    )  # fmt: skip


def following(user, row):
    """The next activity that waits for the same community, so that several are answered in a row."""
    from django.urls import reverse

    waiting = Activity.objects.visible_to(user).filter(status="reported", contract__project__place=row.contract.project.place_id).exclude(pk=row.pk).order_by("reported_at").first()
    return reverse("activity_confirm", args=[waiting.pk]) if waiting else None


@login_required
def voucher_create(request, pk):
    contract = get_object_or_404(Contract.objects.visible_to(request.user).select_related("project"), pk=pk)
    acting_for(request.user, contract, vouchers.ENTER)
    form = VoucherForm(request.POST or None, request.FILES or None, contract=contract, initial={"activity": request.GET.get("activity")})
    if request.method == "POST" and form.is_valid():
        try:
            vouchers.record_voucher(contract, actor=request.user, **form.cleaned_data)
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("The voucher is charged."))
            return redirect("contract_spending", pk=contract.pk)
    return render_form(request, form, title=_("Enter a cost voucher"), intro=contract.title, submit=_("Save"), cancel=contract.get_absolute_url(), draft=f"voucher-{contract.pk}")


@login_required
def voucher_void(request, pk):
    voucher = get_object_or_404(CostVoucher.objects.visible_to(request.user).select_related("contract"), pk=pk)
    acting_for(request.user, voucher, vouchers.VOID)
    form = VoidForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            vouchers.void_voucher(voucher, actor=request.user, reason=form.cleaned_data["reason"])
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("The voucher is void; its row stays."))
            return redirect("contract_spending", pk=voucher.contract_id)
    return render_form(request, form, title=_("Declare the voucher {number} void").format(number=voucher.number), tone="danger", submit=_("Declare void"), cancel=voucher.contract.get_absolute_url())
