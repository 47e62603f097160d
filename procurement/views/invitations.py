"""Inviting suppliers: how they come in, the list, the draw, the letters; and buying anew what failed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kernel import draws
from kernel.detail import refuse
from kernel.forms import ask_and_do
from kernel.lifecycle import Refusal
from kernel.pdf import render_pdf
from procurement import methods
from procurement.forms.invitation import DrawForm, PoolForm, RecommendForm, RestartForm
from procurement.lifecycle import invitation as invitings
from procurement.lifecycle import restart as restarts
from procurement.models import InvitationPool, Tender, TenderInvitation
from procurement.papers import pdf_response
from procurement.permissions_tender import knows_invited, may_handle_tender
from procurement.views.opening import staff_of
from procurement.views.tenders_steps import only


def _tender(request, pk, *may):
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser__place", "handler"), pk=pk)
    only(request.user, tender, *may)
    return tender


@login_required
@require_safe
def invitations(request, pk):
    """Who is invited and how they were found; only who prepares or watches the purchase sees it."""
    tender = _tender(request, pk, knows_invited)
    if tender.method not in invitings.MAY_INVITE and not tender.by_invitation:
        messages.info(request, _("This purchase is announced to everybody; nobody is invited."))
        return redirect(tender)
    pool = InvitationPool.objects.filter(tender=tender).select_related("drawn_by").first()
    rows = list(tender.invitations.select_related("organization"))
    context = {
        "tender": tender, "pool": pool, "rows": rows, "draft": tender.status == "draft" and may_handle_tender(request.user, tender), "either": tender.method in invitings.MAY_INVITE,
        "refusal": invitings.objection(tender, rows) if tender.by_invitation and tender.status == "draft" else None, "recommends": tender.method != "invited_tender", "rule": {"consultation": "B10", "negotiation": "B15"}.get(tender.method, "B07"),
    }  # fmt: skip
    return render(request, "procurement/invitations.html", context)


def _taken(request, tender, verb, said=""):
    """Run a verb without a form: its refusal becomes a message."""
    try:
        verb()
        if said:
            messages.success(request, said)
    except Refusal as refusal:
        refuse(request, refusal)
    return redirect("tender_invitations", pk=tender.pk)


@login_required
@require_POST
def entry(request, pk):
    tender = _tender(request, pk, may_handle_tender)
    return _taken(request, tender, lambda: invitings.choose_entry(tender, actor=request.user, entry=request.POST.get("entry", "")))


@login_required
def pool(request, pk):
    """Freeze the list."""
    tender = _tender(request, pk, may_handle_tender)
    form = PoolForm(request.POST or None, tender=tender)
    return ask_and_do(
        request, form, lambda data: invitings.freeze_pool(tender, actor=request.user, **data), to=_page(tender), said=lambda made: _("The list of {count} suppliers is frozen. Draw next.").format(count=len(made.entries)),
        title=_("List of suppliers for {tender}").format(tender=tender), rules=["B07"], submit=_("Freeze the list"),
        intro=_("The list is fixed first; only then the draw is made, so that nobody can choose its outcome."),
    )  # fmt: skip


def _page(tender):
    return reverse("tender_invitations", args=[tender.pk])


@login_required
def draw(request, pk):
    tender = _tender(request, pk, may_handle_tender)
    form = DrawForm(request.POST or None, people=staff_of(tender.purchaser).exclude(pk=request.user.pk))
    return ask_and_do(
        request, form, lambda data: invitings.draw(tender, actor=request.user, count=data["count"], watchers=data["watchers"]), to=_page(tender), said=lambda rows: _("{count} suppliers are drawn. Print the record and have it signed.").format(count=len(rows)),
        title=_("Draw suppliers for {tender}").format(tender=tender), rules=["B07"], submit=_("Draw now, once"), intro=_("The draw is made once and can be repeated by anybody from its record."),
    )  # fmt: skip


@login_required
@require_safe
def draw_record(request, pk):
    """供应商随机抽取记录 as PDF."""
    tender = _tender(request, pk, knows_invited)
    found = InvitationPool.objects.filter(tender=tender).exclude(seed="").select_related("drawn_by").first()
    if found is None:
        messages.info(request, _("Nothing is drawn yet."))
        return redirect(tender)
    by_key = {row["key"]: row for row in found.entries}
    rows = [by_key[key] for key in draws.order(by_key, found.seed)]
    context = {"tender": tender, "pool": found, "rows": rows, "reasons": found.source == "recommended", "method": methods.of(tender).name, "source": SOURCES[found.source]}
    return pdf_response(request, tender, lambda: render_pdf("documents/draw_record.html", context), f"{tender.number}-供应商抽取记录.pdf")


SOURCES = {"library": "省级以上人民政府财政部门建立的供应商库", "prequalification": "发布资格预审公告征集", "recommended": "采购人书面推荐"}


@login_required
def recommend(request, pk):
    tender = _tender(request, pk, may_handle_tender)
    form = RecommendForm(request.POST or None, tender=tender)
    return ask_and_do(
        request, form, lambda data: invitings.recommend(tender, data["organization"], actor=request.user, how=data["how"], reason=data["reason"]), to=_page(tender),
        title=_("Recommend a supplier for {tender}").format(tender=tender), rules=["B10", "B15"], submit=_("Recommend"), intro=_("At most half of the invited may be recommended by the purchaser."),
    )  # fmt: skip


@login_required
@require_POST
def leave_out(request, pk):
    row = get_object_or_404(TenderInvitation.objects.visible_to(request.user).select_related("tender"), pk=pk)
    only(request.user, row.tender, may_handle_tender)
    return _taken(request, row.tender, lambda: invitings.leave_out(row, actor=request.user))


@login_required
@require_safe
def letter(request, pk):
    """The letter of one supplier as PDF: for it and for who prepares the purchase."""
    row = get_object_or_404(TenderInvitation.objects.visible_to(request.user).select_related("tender__purchaser", "organization"), pk=pk)
    if row.sent_at is None:
        messages.info(request, _("The letters go out together when the purchase is published."))
        return redirect("tender_invitations", pk=row.tender_id)
    heading = "投标邀请书" if row.tender.method == "invited_tender" else "采购邀请函"
    context = {"invitation": row, "tender": row.tender, "heading": heading, "method": methods.of(row.tender).name}
    return pdf_response(request, row.tender, lambda: render_pdf("documents/invitation.html", context), f"{row.number}-{heading}.pdf")


@login_required
@require_POST
def answer(request, pk):
    row = get_object_or_404(TenderInvitation.objects.visible_to(request.user).select_related("tender"), pk=pk)
    try:
        row = invitings.answer(row, actor=request.user, accepts=request.POST.get("accepts") == "1")
        messages.success(request, _("Your answer is kept: {answer}. Only the purchaser sees it.").format(answer=row.get_answer_display()))
    except Refusal as refusal:
        refuse(request, refusal)
    return redirect(row.tender)


@login_required
def restart(request, pk):
    """Buy anew what failed: the methods the law leaves, each with its conditions."""
    tender = _tender(request, pk, may_handle_tender)
    if refusal := restarts.objection_to_restart(tender, request.user):
        refuse(request, refusal)
        return redirect(tender)
    ways = restarts.ways_after(tender)
    form = RestartForm(request.POST or None, ways=ways)
    return ask_and_do(
        request, form, lambda data: restarts.restart(tender, actor=request.user, **data), said=_("The next draft is made with everything copied. Look it through before you publish it."),
        title=_("Buy {tender} anew").format(tender=tender), rules=["B06", "B10", "B15", "B19"], submit=_("Make the next draft"), cancel=tender.get_absolute_url(), template="procurement/restart.html", ways=ways,
        lots=restarts.failed_lots(tender), tender=tender,
    )  # fmt: skip
