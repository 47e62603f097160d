"""Panels: forming, declaring, scoring alone, the report."""

import io

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from communities.models.membership import PURCHASER_ROLES
from communities.permissions import has_role, people
from evaluation.forms.panel import DeclareForm, DrawForm, LowPriceForm, MemberForm, ReasonForm, SheetForm
from evaluation.lifecycle import conclusion
from evaluation.lifecycle import panel as panels
from evaluation.models import Panel
from evaluation.permissions_panel import handles_panel, may_conclude, may_score, member_row
from kernel import pdf
from kernel.detail import render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, principals_of
from kernel.listing import ChoiceFilter, Column, render_list
from procurement import responses
from procurement.models import Tender
from procurement.permissions_tender import may_handle_tender


@login_required
def panel_list(request):
    rows = Panel.objects.visible_to(request.user).select_related("tender__purchaser")
    return render_list(
        request, rows, title=_("Panels"),
        columns=[Column("tender__title", _("Purchase"), kind="link"), Column("tender__purchaser__name", _("Purchaser")), Column("drawn_at", _("Drawn"), kind="datetime"), Column("status", _("State"), kind="status")],
        search=("tender__title", "tender__number"), filters=[ChoiceFilter("status", _("State"), choices=Panel.LIFE.states.items())], default_sort="-id", export_name="评审小组",
        empty_text=_("No panel yet."),
    )  # fmt: skip


@login_required
@require_POST
def panel_create(request, pk):
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("profile"), pk=pk)
    if not any(may_handle_tender(person, tender) for person in principals_of(request.user)):
        raise PermissionDenied
    try:
        return redirect(panels.create_panel(tender, actor=request.user))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(tender)


def _panel(request, pk):
    return get_object_or_404(Panel.objects.visible_to(request.user).select_related("tender__purchaser", "tender__profile").prefetch_related("tender__lots", "tender__score_items"), pk=pk)


@login_required
@never_cache
def panel_detail(request, pk):
    """What a member needs; the office sees who is still missing, nobody sees another's points before the end."""
    panel = _panel(request, pk)
    own, handles = member_row(request.user, panel), handles_panel(request.user, panel)
    bids = list(panels.valid_bids(panel)) if panel.tender.status in ("opened", "evaluated", "awarded") else []
    names = {str(bid.pk): bid for bid in bids}
    context = {
        "own": own, "handles": handles, "members": panel.members.select_related("user").order_by("left_at", "-is_leader", "id"), "bids": bids if own or handles else [],
        "low": [(names[key], row) for key, row in panel.low_prices.items() if key in names], "leads": bool(own and own.is_leader), "concluded": panel.status == "concluded",
        "missing": panels.missing_scores(panel, own) if own and panel.status == "scoring" else 0, "result": result_rows(panel) if panel.status == "concluded" else [],
        "secret": not (own or handles or has_role(request.user, "observer", "supervisor", purchaser=panel.purchaser_id)),
    }  # fmt: skip
    return render_detail(request, panel, "evaluation/panel.html", **context)


def result_rows(panel):
    """Lots with their ranked lines as frozen at the conclusion."""
    lots = {lot.pk: lot for lot in panel.tender.lots.all()}
    members = {str(member.pk): str(member.user) for member in panel.members.select_related("user")}
    return [
        {"lot": lots.get(row["lot"]), "lines": [{**line, "sheets": [(members.get(key, key), value) for key, value in line["members"].items()]} for line in row["lines"]]}
        for row in panel.result.get("lots", [])
    ]


def _step(request, pk, form_class, verb, title, submit, **kwargs):
    panel = _panel(request, pk)
    form = form_class(request.POST or None, **kwargs.pop("form_kwargs", {}))
    if request.method == "POST" and form.is_valid():
        try:
            verb(panel, form.cleaned_data)
            return redirect(panel)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(request, form, title=title, submit=submit, cancel=panel.get_absolute_url(), **kwargs)


@login_required
def draw(request, pk):
    if not handles_panel(request.user, _panel(request, pk)):
        raise PermissionDenied
    return _step(request, pk, DrawForm, lambda panel, data: panels.draw_experts(panel, actor=request.user, **data), _("Draw experts"), _("Draw at random"), rules=["B11", "C14", "H02"], intro=_("The seed, the pool and who was left out are recorded; the draw can be replayed."))


@login_required
def name_member(request, pk):
    panel = _panel(request, pk)
    if not handles_panel(request.user, panel):
        raise PermissionDenied
    staff = people(*PURCHASER_ROLES, purchaser=panel.purchaser_id).exclude(pk=request.user.pk)
    return _step(request, pk, MemberForm, lambda panel, data: panels.name_member(panel, data["user"], actor=request.user), _("Name a representative"), _("Name"), rules=["B11"], form_kwargs={"people": staff})


@login_required
def declare(request, pk):
    if not may_score(request.user, _panel(request, pk)):
        raise PermissionDenied
    return _step(request, pk, DeclareForm, lambda panel, data: panels.declare(panel, actor=request.user, conflict=data["conflict"]), _("Declaration"), _("Declare"), rules=["H02"], intro=_("Say whether anything stands between you and the bidders or the purchaser."))


@login_required
def replace(request, pk, member):
    panel = _panel(request, pk)
    row = get_object_or_404(panel.members, pk=member)
    if not handles_panel(request.user, panel):
        raise PermissionDenied
    return _step(request, pk, ReasonForm, lambda panel, data: panels.replace(panel, row, actor=request.user, why=data["reason"]), _("Replace {name}").format(name=row.user), _("Replace"), rules=["C14"])


@login_required
def reopen(request, pk, member):
    panel = _panel(request, pk)
    row = get_object_or_404(panel.members, pk=member)
    own = member_row(request.user, panel)
    if own is None or not own.is_leader:
        raise PermissionDenied
    return _step(request, pk, ReasonForm, lambda panel, data: panels.reopen_scores(panel, row, actor=request.user, reason=data["reason"]), _("Open the sheet of {name} again").format(name=row.user), _("Open again"), rules=["C12"])


@login_required
def low_price(request, pk, bid):
    panel = _panel(request, pk)
    if not may_conclude(request.user, panel):
        raise PermissionDenied
    row = get_object_or_404(panels.valid_bids(panel), pk=bid)
    return _step(request, pk, LowPriceForm, lambda panel, data: conclusion.explain_low(panel, row, actor=request.user, **data), _("Low price of {name}").format(name=row.organization), _("Record"), rules=["C08"])


@login_required
@never_cache
def score_sheet(request, pk):
    """The own sheet: saved as often as one likes, handed in once. Others' sheets are never shown here."""
    panel = _panel(request, pk)
    own = member_row(request.user, panel)
    if own is None or not may_score(request.user, panel):
        raise PermissionDenied
    if panel.status == "draft" or panel.status == "formed":
        messages.error(request, _("Scoring has not begun."))
        return redirect(panel)
    given = {(bid, item): points for bid, item, points in own.scores.values_list("bid_id", "item_id", "points")}
    locked = bool(own.submitted_at) or panel.status != "scoring"
    form = SheetForm(request.POST or None, bids=panels.valid_bids(panel), items=panels.judged_items(panel), given=given, locked=locked)
    if request.method == "POST" and form.is_valid():
        try:
            panels.score(panel, actor=request.user, points=form.points())
            if "submit" in request.POST:
                panels.submit_scores(panel, actor=request.user)
                messages.success(request, _("Your scores are handed in."))
                return redirect(panel)
            messages.success(request, _("Saved."))
            return redirect("score_sheet", pk=pk)
        except Refusal as refusal:
            refused(form, refusal)
    context = {"panel": panel, "form": form, "locked": locked, "own": own, "missing": panels.missing_scores(panel, own)}
    return render(request, "evaluation/score_sheet.html", context, status=422 if form.is_bound and form.errors else 200)


def _judged(request, pk, bid):
    panel = _panel(request, pk)
    if not (may_score(request.user, panel) or handles_panel(request.user, panel)):
        raise PermissionDenied
    return panel, get_object_or_404(panels.valid_bids(panel), pk=bid)


@login_required
@never_cache
@require_safe
def response(request, pk, bid):
    """A response as the members read it."""
    panel, row = _judged(request, pk, bid)
    return render(request, "evaluation/response.html", {"panel": panel, "bid": row, "parts": responses.readable_parts(row), "files": responses.files_of(row)})


@login_required
@never_cache
@require_safe
def response_file(request, pk, bid, key):
    _panel_row, row = _judged(request, pk, bid)
    found = responses.file_content(row, key)
    if found is None:
        raise Http404
    return HttpResponse(io.BytesIO(found.content), content_type=found.content_type, headers={"Content-Disposition": found.disposition})


@login_required
@require_safe
def report(request, pk):
    """The evaluation report as PDF (or ?html=1)."""
    panel = _panel(request, pk)
    if panel.status != "concluded":
        raise Http404
    context = {"panel": panel, "tender": panel.tender, "result": result_rows(panel), "members": panel.result.get("members", []), "low": low_rows(panel)}
    if request.GET.get("html"):
        return render(request, "evaluation/report.html", context)
    try:
        content = pdf.render_pdf("documents/evaluation_report.html", context)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{reverse('panel_report', args=[pk])}?html=1")
    return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{panel.tender.number}-evaluation.pdf"'})


def low_rows(panel):
    """Low prices with their reasons and the panel's view, for the report."""
    from procurement.models import Bid

    names = {str(bid.pk): bid for bid in Bid.objects.filter(pk__in=[int(key) for key in panel.low_prices]).select_related("organization")}
    return [{"bid": names.get(key), "why": [conclusion.LOW_REASONS[code] for code in row["reasons"]], **row} for key, row in panel.low_prices.items()]
