"""Panels: forming, drawing, declaring; the panel's page tells each member what to do next and nobody another's points."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, prefetch_related_objects
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from communities.models.membership import PURCHASER_ROLES
from communities.permissions import has_role, people
from evaluation.forms.panel import ChooseExpertForm, DeclareForm, DrawForm, MemberForm, PoolForm, PurposeForm, ReasonForm
from evaluation.lifecycle import claims, conformity, drawing, low_prices, names, questions, seats, sheets, talks
from evaluation.lifecycle import panel as panels
from evaluation.models import Expert, Panel, PanelMember
from evaluation.permissions_panel import handles_panel, may_score, member_row
from evaluation.steps import steps_of
from kernel.detail import render_detail
from kernel.forms import ask_and_do, render_form
from kernel.lifecycle import Refusal, principals_of
from kernel.listing import ChoiceFilter, Column, render_list
from procurement import methods, responses
from procurement.lifecycle.evaluation_terms import deductions_of, terms_of
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


def panel_of(request, pk):
    """The panel, if this user may see it, with what every page of it needs."""
    rows = Panel.objects.visible_to(request.user).select_related("tender__purchaser__place", "tender__profile", "tender__evaluation_terms")
    return get_object_or_404(rows.prefetch_related("tender__lots", "tender__score_items", "waivers"), pk=pk)


@login_required
@never_cache
def panel_detail(request, pk):
    """What to do next, who is still missing, what is asked and judged; points only once the result stands."""
    panel = panel_of(request, pk)
    prefetch_related_objects([panel], Prefetch("members", PanelMember.objects.select_related("user").order_by("left_at", "-is_leader", "id")))
    members, own, handles = list(panel.members.all()), member_row(request.user, panel), handles_panel(request.user, panel)
    bids = list(seats.valid_bids(panel)) if panel.tender.status in ("opened", "evaluated", "awarded") and (own or handles) else []
    known = {str(bid.pk): bid for bid in bids}
    low = low_prices.low_found(panel, bids) if panel.status == "scoring" and bids else panel.low_prices
    deducts = any(deductions_of(panel.tender)) and panel.status in ("checking", "scoring", "concluded")
    decided = {claim.bid_id: claim for claim in panel.claims.all()} if deducts and bids else {}
    blind = sheets.is_blind_to(panel, own)
    asked = list(panel.questions.select_related("bid__organization").order_by("-id")) if bids and not blind else []  # a question names its bidder
    said = responses.all_declared(bids) if deducts and bids else {}
    for bid in bids:
        bid.shown, bid.claim, bid.wanted = str(bid.organization), decided.get(bid.pk), deducts and claims.is_asked(bid, said[bid.pk])
    context = {
        "own": own, "handles": handles, "leads": bool(own and own.is_leader), "concluded": panel.status == "concluded", "bids": bids, "blind": blind,
        "members": names.shown_members(panel, members, own), "steps": steps_of(panel, own, bids) if own else [], "low": [(known[key], row) for key, row in low.items() if key in known],
        "asked": asked, "deducts": deducts, "result": names.result_rows(panel) if panel.status == "concluded" else [], "method": panel.tender.way, "talks": (own or handles) and not blind and panel.status in ("scoring", "concluded") and talks.kind_of(panel.tender), "terms": terms_of(panel.tender),
        "secret": not (own or handles or has_role(request.user, "observer", "supervisor", purchaser=panel.purchaser_id)), "names_open": names.are_open(panel),
        "sheets_open": panel.status == "scoring" and bool(own) and not any(m.left_at is None and m.submitted_at is None for m in members), "acts": (handles and panel.status != "concluded") or (bool(own and own.is_leader) and panel.status == "scoring"), "frozen": bool(panel.draw_record) and "seed" not in panel.draw_record,
        "drawn": "seed" in panel.draw_record, "advised": seats.advised_members(panel) if handles and panel.status == "draft" else None, "waivers": panel.waivers.all(), "scored": methods.ranking_of(panel.tender) == "points",
        "minutes": questions.explain_minutes(panel.tender) if low else None, "checked": conformity.is_checked(panel),
    }  # fmt: skip
    return render_detail(request, names.masked(panel, own, members), "evaluation/panel.html", **context)


def step_form(request, panel, form_class, verb, title, submit, *, back="", **kwargs):
    """A form page of the panel that leads back to it."""
    form = form_class(request.POST or None, request.FILES or None, **kwargs.pop("form_kwargs", {}))
    return ask_and_do(request, form, verb, to=back or panel, title=title, submit=submit, **kwargs)


def _handled(request, pk):
    panel = panel_of(request, pk)
    if not any(handles_panel(person, panel) for person in principals_of(request.user)):
        raise PermissionDenied
    return panel


@login_required
def pool(request, pk):
    """Freeze the pool; nothing is drawn yet."""
    panel = _handled(request, pk)
    least = methods.least(panel.tender, "members") or 3
    return step_form(
        request, panel, PoolForm, lambda data: drawing.freeze_pool(panel, actor=request.user, **data), _("Freeze the pool"), _("Freeze"), rules=["B11", "B17", "C13", "C14", "H02"],
        form_kwargs={"initial": {"count": least, "reserves": drawing.DRAWN_RESERVES}},
        intro=_("Who may be drawn is listed and fixed, with everybody who is left out and why. The supervising section is told the digest. The seed is fixed only afterwards."),
    )  # fmt: skip


@login_required
def draw(request, pk):
    """Draw from the frozen pool."""
    panel = _handled(request, pk)
    return step_form(
        request, panel, DrawForm, lambda data: drawing.draw_experts(panel, actor=request.user, **data), _("Draw experts"), _("Draw at random"), rules=["C14"],
        back=panel.get_absolute_url(), intro=_("Pool, secret, word and seed are recorded; anyone can repeat the draw."),
    )  # fmt: skip


@login_required
@require_safe
def draw_again(request, pk):
    """Every recorded draw made again from its pool and seed, beside what is stored; and how to do it without this platform."""
    panel = panel_of(request, pk)
    record = panel.draw_record
    draws = [row for row in [*record.get("earlier", []), record] if "seed" in row]
    names_open = names.are_open(panel)
    experts = {row.pk: row for row in Expert.objects.filter(pk__in={pk for row in draws for pk in row["pool"]}).select_related("user")} if names_open else {}
    shown = [{"record": row, "checks": drawing.repeat_draw(row), "same": all(stored == again for _n, stored, again in drawing.repeat_draw(row)), "experts": [(pk, experts.get(pk)) for pk in row["drawn"]]} for row in draws]
    return render(request, "evaluation/draw_again.html", {"panel": panel, "draws": shown, "frozen": record if record and "seed" not in record else None})


@login_required
def choose_expert(request, pk):
    panel = _handled(request, pk)
    return step_form(
        request, panel, ChooseExpertForm, lambda data: drawing.choose_expert(panel, data.pop("expert"), actor=request.user, **data), _("Choose an expert"), _("Choose"), rules=["C14"],
        intro=_("Only for a technically complex purchase, with the document of the superior budget unit."),
    )  # fmt: skip


@login_required
def name_member(request, pk):
    panel = _handled(request, pk)
    staff = people(*PURCHASER_ROLES, purchaser=panel.purchaser_id).exclude(pk=request.user.pk)
    return step_form(request, panel, MemberForm, lambda data: panels.name_member(panel, data["user"], actor=request.user), _("Name a representative"), _("Name"), rules=["B11", "C13"], form_kwargs={"people": staff})


@login_required
def declare(request, pk):
    panel = panel_of(request, pk)
    if not may_score(request.user, panel):
        raise PermissionDenied
    bidders = "、".join(organization.name for organization in seats.bidders_of(panel))
    intro = _("Say whether anything stands between you and the bidders or the purchaser.")
    if bidders:
        intro += " " + _("Bidders: {names}.").format(names=bidders)
    return step_form(
        request, panel, DeclareForm, lambda data: panels.declare(panel, actor=request.user, conflict=data["conflict"]), _("Declaration"), _("Declare"), rules=["H02"],
        back=panel.get_absolute_url() if panel.status != "formed" else "", intro=intro,
    )  # fmt: skip


@login_required
def replace(request, pk, member):
    panel = _handled(request, pk)
    row = get_object_or_404(panel.members, pk=member)
    return step_form(request, panel, ReasonForm, lambda data: panels.replace(panel, row, actor=request.user, why=data["reason"]), _("Replace a member"), _("Replace"), rules=["C14"], intro=_("The next reserve takes the seat and scores afresh; what the leaver scored is kept and void."))


@login_required
@never_cache
def reveal(request, pk):
    """The names of the members before the result: who looks says why, and is on record (87号令 第47、66条)."""
    panel = panel_of(request, pk)
    if not (handles_panel(request.user, panel) or has_role(request.user, "observer", "supervisor", purchaser=panel.purchaser_id)):
        raise PermissionDenied
    form = PurposeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return render(request, "evaluation/names.html", {"panel": panel, "members": names.reveal(panel, actor=request.user, purpose=form.cleaned_data["purpose"]), "handles": handles_panel(request.user, panel)})
    return render_form(request, form, title=_("Names of the members"), rules=["B27"], submit=_("Show the names"), cancel=panel.get_absolute_url(), intro=_("Names stay secret until the result is announced. Your look is recorded."))
