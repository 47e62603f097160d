"""Contracts: list, draft, detail, papers, amendments."""

from collections import defaultdict

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.contenttypes.models import ContentType
from django.db.models import prefetch_related_objects
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from kernel.cleaning import CleanForm
from kernel.detail import know, preload, refuse, render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, acting_for
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from kernel.models.attachment import Attachment
from kernel.money import ZERO
from procurement.departures import offered, to_explain
from procurement.forms.contract import AmendmentForm, ContractForm, KeyPersonFormSet, PortionFormSet, StageFormSet
from procurement.lifecycle import amendment as amendments
from procurement.lifecycle import contract_draft as drafting
from procurement.lifecycle import stage as stages
from procurement.models import Contract, CostVoucher, Fund, Lot, Project
from procurement.papers import contract_paper, pdf_response
from procurement.permissions_contract import contract_scope, delivers, handles
from providers.lifecycle.organization import warning_for


def visible(request, pk):
    """The contract this person may see, with what its page needs; a stranger gets 404."""
    rows = Contract.objects.visible_to(request.user).select_related("project__place", "project__item", "organization", "purchaser", "lot__tender", "lot__award__bid", "created_by", "closing")
    return get_object_or_404(rows, pk=pk)


@login_required
def contract_list(request):
    return render_list(
        request,
        Contract.objects.visible_to(request.user).select_related("organization", "purchaser", "project__place"),
        title=_("Contracts"),
        columns=[
            Column("title", _("Contract"), kind="link"),
            Column("number", _("Number")),
            Column("organization__name", _("Provider")),
            Column("project__place__name", _("Community")),
            Column("amount", _("Amount"), kind="money", value=lambda row: row.current_amount),
            Column("paid", _("Paid"), kind="money", value=lambda row: row.net_paid),
            Column("signed_on", _("Signed on"), kind="date"),
            Column("ends_on", _("To"), kind="date"),
            Column("status", _("Status"), kind="status"),
        ],
        search=("title", "number", "organization__name"),
        filters=[
            ChoiceFilter("status", _("Status"), choices=Contract.LIFE.states.items()),
            ChoiceFilter("kind", _("Kind"), choices=Contract.KINDS),
            DateFilter("signed", _("Signed"), field="signed_on"),
        ],
        export_name=_("contracts"),
        empty_text=_("No contract yet. A contract is drafted from an award, or from an approved project with its intended provider."),
    )


def read(manager, rows):
    """The related rows as a query that was asked already: `.all()` costs nothing, any other question is asked of the database."""
    known = manager.all()
    known._result_cache, known._prefetch_done = list(rows), True
    return known


@login_required
def contract_detail(request, pk):
    contract = visible(request, pk)
    plan = list(contract.stages.all())
    held = [row for row in plan if row.held]
    prefetch_related_objects(held, "clearances")
    activities = list(contract.activities.order_by("planned_on", "id"))
    names = {row.pk: row for row in plan}
    for row in activities:
        row.stage = names.get(row.stage_id)
    for row in plan:
        row.contract = contract
        if not row.held:
            know(row, "clearances", [])
        know(row, "activities", [one for one in activities if one.stage_id == row.pk])
        row.refusal = stages.objection(row) if contract.status in ("performing", "terminated") else None
    know(contract, "stages", plan)
    amended = list(contract.amendments.all())
    for row in amended:
        row.contract = contract
    preload(contract, *amended)
    if contract.status == "draft":  # what keeps it from being signed and what the page says of it are asked once
        providers = [contract.organization, *([contract.organization.supporter] if contract.organization.supporter_id else [])]
        prefetch_related_objects(providers, "exclusions")
        prefetch_related_objects([contract], "bonds", "lines", "key_people")
    closing = getattr(contract, "closing", None)
    closed = closing is not None and closing.status == "accepted"
    return render_detail(
        request,
        contract,
        "procurement/contract.html",
        stages=plan,
        key_people=contract.key_people.all(),
        activities=activities,
        amendments=amended,
        notices=contract.announcements.all() if contract.notice_published_on or closed else (),
        closing=closing,
        warning=warning_for(contract.organization),
        handles=handles(request.user, contract),
        delivers=delivers(request.user, contract),
        room=amendments.room(contract) if contract.status == "performing" else None,
        departures=to_explain(contract) if contract.status == "draft" else (),
    )


@login_required
@require_safe
def contract_spending(request, pk):
    """What the provider spent beside its budget lines, with the vouchers; and which fund and year carries the contract."""
    contract = visible(request, pk)
    vouchers = list(contract.vouchers.select_related("line", "activity"))
    papers = papers_of(CostVoucher, vouchers)
    for row in vouchers:
        row.papers = papers.get(row.pk, [])
    context = {
        "contract": contract, "lines": contract.project.lines.select_related("activity"), "vouchers": vouchers, "portions": contract.portions.select_related("fund"),
        "proven": sum((row.amount for row in vouchers if not row.voided_at), ZERO), "delivers": delivers(request.user, contract), "handles": handles(request.user, contract),
    }  # fmt: skip
    return render(request, "procurement/spending.html", context)


def papers_of(model, rows):
    """Files of many rows of one model in one query: pk -> attachments. The page's reader may see the rows, and so the files."""
    found = defaultdict(list)
    kind = ContentType.objects.get_for_model(model)
    for one in Attachment.objects.filter(subject_type=kind, subject_id__in=[row.pk for row in rows]):
        found[one.subject_id].append(one)
    return found


def _source(request, kind, pk):
    """The lot or project a contract is drafted from. A stranger gets 404."""
    if kind == "lot":
        lot = get_object_or_404(Lot.objects.select_related("tender", "project__item", "award__organization"), pk=pk)
        get_object_or_404(Project.objects.visible_to(request.user), pk=lot.project_id)
        return lot
    if kind == "project":
        return get_object_or_404(Project.objects.visible_to(request.user), pk=pk)
    raise Http404


@login_required
def contract_create(request, kind, pk):
    """Drafts at once from what is known and opens the draft for changes: one click, nothing to type twice."""
    source = _source(request, kind, pk)
    project = source.project if kind == "lot" else source
    acting_for(request.user, project, drafting.DRAFT)
    existing = Contract.objects.filter(contract_scope(request.user), project=project, lot=source if kind == "lot" else None, status__in=drafting.LIVE).first()
    if existing:
        return redirect(existing)
    if request.method == "POST":
        try:
            contract = drafting.draft_contract(source, actor=request.user)
        except Refusal as refusal:
            refuse(request, refusal)
            return redirect(project)
        messages.success(request, _("The draft is filled in from the award or project: check it and name the key people."))
        return redirect("contract_edit", pk=contract.pk)
    return render_form(
        request, CleanForm(), title=_("Draft the contract"), intro=_("Provider, amount, term, activities and payment stages are taken over; you check them on the next page."),
        rules=["D06", "D15"], submit=_("Draft"), cancel=project.get_absolute_url(),
    )  # fmt: skip


def _formsets(request, contract):
    data = request.POST if request.method == "POST" else None
    funds = Fund.objects.filter(fundings__project=contract.project_id)
    return {
        "stages": StageFormSet(data, prefix="stages", initial=[{"name": row.name, "percent": row.percent, "condition": row.condition, "condition_date": row.condition_date} for row in contract.stages.order_by("order")]),
        "portions": PortionFormSet(data, prefix="portions", initial=[{"fund": row.fund_id, "amount": row.amount} for row in contract.portions.all()], form_kwargs={"funds": funds}),
        "key_people": KeyPersonFormSet(data, prefix="people", initial=[{"name": row.name, "duty": row.duty, "qualification": row.qualification, "phone": row.phone} for row in contract.key_people.filter(left_on=None)]),
    }


def _rows(formset):
    return [form.cleaned_data for form in formset.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]


@login_required
def contract_edit(request, pk):
    contract = visible(request, pk)
    acting_for(request.user, contract, drafting.DRAFT)
    if contract.status != "draft":
        refuse(request, Refusal("signed_already", _("A signed contract is not edited."), todo=_("Make an amendment.")))
        return redirect(contract)
    most = contract.lot.award.amount if contract.lot_id else contract.project.ceiling
    form = ContractForm(request.POST or None, instance=contract, most=most, offered=bool(offered(contract.lot)))
    formsets = _formsets(request, contract)
    if request.method == "POST" and all([form.is_valid(), *(one.is_valid() for one in formsets.values())]):
        portions = [{"fiscal_year": row["fund"].fiscal_year, "fund": row["fund"], "amount": row["amount"]} for row in _rows(formsets["portions"])]
        fields = {**form.cleaned_data, "number": form.cleaned_data["number"] or contract.number}
        if fields["amount"] != contract.amount and sum(row["amount"] for row in portions) == contract.amount:
            portions = None
        try:
            drafting.edit_contract(contract, actor=request.user, stages=_rows(formsets["stages"]), portions=portions, key_people=_rows(formsets["key_people"]), **fields)
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(contract)
    return render_form(
        request, form, title=_("Edit the contract draft"), rules=["D06", "D11", "D13", "D15"], submit=_("Save"), cancel=contract.get_absolute_url(),
        draft=f"contract-{contract.pk}", template="procurement/contract_form.html", contract=contract, formsets=formsets.values(),
        departures=to_explain(contract), **formsets,
    )  # fmt: skip


@login_required
@require_safe
def contract_pdf(request, pk):
    contract = visible(request, pk)
    return pdf_response(request, contract, lambda: contract_paper(contract), f"{contract.number}-合同.pdf")


@login_required
def amendment_create(request, pk):
    contract = visible(request, pk)
    acting_for(request.user, contract, amendments.DRAFT)
    form = AmendmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            amendments.draft_amendment(contract, actor=request.user, subject_matter=form.cleaned_data["subject_matter"], delta=form.cleaned_data["delta"] or 0)
        except Refusal as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("The amendment is drafted; a second person records its signing."))
            return redirect(contract)
    intro = _("At most {room} yuan may still be added in all.").format(room=f"{max(amendments.room(contract), 0):,.2f}")
    return render_form(request, form, title=_("Draft an amendment"), intro=intro, rules=["D11", "D12"], cancel=contract.get_absolute_url(), draft=f"amendment-{contract.pk}")
