"""Responses side by side, on the page, as Excel and as PDF. Before the opening the page does not exist."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kernel import clock, pdf, registry, spreadsheet
from kernel.lifecycle import Refusal
from procurement import bid_comparison, methods
from procurement.models import Lot

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
@never_cache
@require_safe
def compare(request, pk):
    """?as=xlsx and ?as=pdf give the same figures."""
    lot = get_object_or_404(Lot.objects.visible_to(request.user).select_related("tender__purchaser__place", "project__purchaser", "project__place"), pk=pk)
    if not bid_comparison.may_compare(request.user, lot.tender):
        raise PermissionDenied
    if lot.tender.opened_at is None or lot.tender.venue != "internal":
        raise Http404
    found = bid_comparison.compare(lot)
    name = f"{lot.tender.number}-报价比对"
    if request.GET.get("as") == "xlsx":
        headers, rows = bid_comparison.table(found)
        content = spreadsheet.write_xlsx("报价比对", [spreadsheet.Column(text, kind) for text, kind in headers], rows)
        return HttpResponse(content, content_type=XLSX, headers={"Content-Disposition": content_disposition_header(True, f"{name}.xlsx")})
    context = {"lot": lot, "tender": lot.tender, "found": found, "method": methods.of(lot.tender), "printed": clock.now(), "panels": registry.panels_for("bid_comparison", lot, request.user)}
    if request.GET.get("as") == "pdf":
        try:
            with translation.override("zh-hans"):
                content = pdf.render_pdf("documents/bid_comparison.html", context)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("bid_comparison", pk=pk)
        return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": content_disposition_header(False, f"{name}.pdf")})
    context["linked"] = bid_comparison.reads_responses(request.user, lot.tender)
    context["others"] = lot.tender.lots.exclude(pk=lot.pk) if lot.tender.has_lots else []
    context["kinds"] = {"people": _("People cost"), "running": _("Running cost"), "own": _("Only bidders name these")}
    return render(request, "procurement/bid_comparison.html", context)
