"""Single source: one page with everything of its way, and the steps as forms of their own."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kernel import clock
from kernel.detail import render_detail
from kernel.forms import ask_and_do
from kernel.pdf import render_pdf
from procurement import drafting, methods
from procurement.forms.single_source import SupplierForm
from procurement.lifecycle import single_source as singles
from procurement.models import SingleSource, Tender
from procurement.papers import pdf_response
from procurement.permissions_tender import may_handle_tender
from procurement.views.tenders_steps import only


def _single(request, pk):
    rows = SingleSource.objects.visible_to(request.user).select_related("tender__purchaser__place", "organization", "earlier").prefetch_related("tender__lots__project", "objections")
    return get_object_or_404(rows, tender=pk)


@login_required
def single_source(request, pk):
    """`pk` is the purchase. Before the supplier is named the page asks for it."""
    if request.method in ("GET", "HEAD") and not SingleSource.objects.filter(tender=pk).exists():
        tender = get_object_or_404(Tender.objects.visible_to(request.user), pk=pk)
        only(request.user, tender, may_handle_tender)
        return redirect("single_source_supplier", pk=pk)
    row = _single(request, pk)
    method = methods.of(row.tender)
    bar = drafting.open_tender_from(row.tender)
    return render_detail(
        request, row, "procurement/single_source.html", case=method.case(row.tender.method_case), publicity=singles.needs_publicity(row), unknown=singles.unknown_threshold(row), bar=bar, objections=list(row.objections.all()),
        handles=may_handle_tender(request.user, row.tender), notice=row.tender.announcements.filter(kind="single").first(), added=singles.additions_to(row.earlier, but=row) if row.earlier_id else None,
        response=singles.response_of(row) if row.tender.opened_at else None, waiting=bool(row.tender.deadline and clock.now() < row.tender.deadline),
    )  # fmt: skip


@login_required
def supplier(request, pk):
    """Name the supplier, or change it while nothing was argued."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser__place"), pk=pk)
    only(request.user, tender, may_handle_tender)
    if methods.of(tender).entry != "single" or tender.status != "draft":
        messages.info(request, _("Only the draft of a single-source purchase names its supplier."))
        return redirect(tender)
    known = SingleSource.objects.filter(tender=tender).first()
    initial = {"organization": known.organization_id, "amount": known.amount, "earlier": known.earlier_id} if known else {"amount": tender.ceiling}
    form = SupplierForm(request.POST or None, tender=tender, initial=initial)
    case = methods.of(tender).case(tender.method_case)
    intro = f"{case.label}（{case.article}）" if case else _("Choose the lawful case in the draft first.")
    return ask_and_do(
        request, form, lambda data: singles.name_supplier(tender, actor=request.user, **data),
        title=_("The one supplier of {tender}").format(tender=tender), rules=["B19", "B20"], submit=_("Name the supplier"), cancel=tender.get_absolute_url(), intro=intro,
    )  # fmt: skip


@login_required
@require_safe
def record(request, pk):
    """协商情况记录 as PDF, to be signed."""
    row = _single(request, pk)
    if row.price is None:
        messages.info(request, _("Nothing is negotiated yet."))
        return redirect(row)
    context = {"single": row, "tender": row.tender, "method": methods.of(row.tender), "objections": row.objections.all()}
    return pdf_response(request, row, lambda: render_pdf("documents/negotiation_record.html", context), f"{row.tender.number}-协商情况记录.pdf")
