"""Changes of the terms in talks: the leader writes one, the purchaser confirms it, suppliers read it and hand in anew."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from evaluation.forms.talk import ChangeForm
from evaluation.lifecycle import change as changes
from evaluation.lifecycle import sheets
from evaluation.models import Panel, TermsChange
from evaluation.views.panel import step_form
from evaluation.views.talks import led
from kernel.detail import render_detail
from kernel.pdf import render_pdf
from procurement.papers import pdf_response


def _visible(request, pk):
    """The change; who still judges without names reads none."""
    row = get_object_or_404(TermsChange.objects.visible_to(request.user).select_related("panel__tender__purchaser", "panel__tender__evaluation_terms", "panel__tender__profile", "panel__former_tender"), pk=pk)
    if sheets.reads_blind(request.user, row.panel):
        raise PermissionDenied(_("First hand in the part judged blind."))
    return row


@login_required
def propose(request, pk):
    """The leader writes down what the talks change."""
    panel, kind = led(request, pk)
    return step_form(
        request, panel, ChangeForm, lambda data: changes.propose(panel, actor=request.user, **data), _("Change the terms"), _("Ask the purchaser to confirm"), back=reverse("panel_talks", args=[pk]), draft=f"terms-{pk}",
        intro=_("In talks the panel may change in substance what is needed in technology and service and the terms of the draft contract, nothing else ({article}). Once the purchaser confirms, every supplier is told at the same time and hands in its response anew.").format(article=kind.changes),
    )  # fmt: skip


@login_required
@never_cache
def detail(request, pk):
    """One change: what, why (inside), until when, and who has handed in anew; a supplier reads what concerns all and its own answer."""
    row = _visible(request, pk)
    asked = row.questions.visible_to(request.user).select_related("bid__organization", "bid__lot").order_by("bid__lot__order", "bid__public_id")
    inside = Panel.objects.visible_to(request.user).filter(tender=row.panel.purchase).exists()
    return render_detail(request, row, "evaluation/change.html", inside=inside, asked=list(asked), article=changes.article_of(row.panel.purchase))


@login_required
@require_safe
def paper(request, pk):
    """变动通知 as PDF, once it is told."""
    row = _visible(request, pk)
    if row.status != "told":
        raise Http404
    context = {"change": row, "tender": row.panel.purchase, "article": changes.article_of(row.panel.purchase)}
    return pdf_response(request, row, lambda: render_pdf("documents/terms_change.html", context), f"{row.panel.purchase.number}-变动通知{row.number}.pdf")
