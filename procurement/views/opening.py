"""Openers' keys, rehearsals and the opening itself. Passphrases pass through memory only."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from communities.permissions import place_paths
from kernel import clock, pdf
from kernel.forms import ask_and_do, refused, render_form
from kernel.lifecycle import Refusal, acting_for, principals_of
from kernel.models import User
from procurement import methods
from procurement.forms.bid import AnswerForm, EnrolForm, OpenersForm, OpeningForm, PassphraseForm, RemarkForm, ReplaceForm, WitnessForm
from procurement.lifecycle import ceremony, opener_change, restart
from procurement.lifecycle import opening as openings
from procurement.lifecycle.tender import OPEN
from procurement.models import Bid, Lot, OpenerKey, OpeningRemark, Tender
from procurement.permissions_tender import may_attend, may_bid, may_handle_tender
from procurement.sealing import enrolled


def staff_of(purchaser):
    """Active people of a purchaser, marked with whether they have an opener's key."""
    from communities.models.membership import PURCHASER_ROLES
    from communities.permissions import people

    return people(*PURCHASER_ROLES, purchaser=purchaser).annotate(has_key=Exists(OpenerKey.objects.filter(user=OuterRef("pk")))).order_by("name", "pk")


@login_required
@sensitive_post_parameters()
def enrol(request):
    """Make one's own opener's key pair."""
    from communities.permissions import purchaser_ids

    if not purchaser_ids(request.user):
        raise PermissionDenied
    form = EnrolForm(request.POST or None)
    key = enrolled(request.user)
    intro = _("You have a key since {day}. A new one replaces it.").format(day=key.enrolled_at.date()) if key else _("Your key opens sealed responses together with a second opener's. Only you know the passphrase.")
    return ask_and_do(
        request, form, lambda data: openings.enrol_opener(request.user, data["passphrase"]), to=request.GET.get("next", "") if request.GET.get("next", "").startswith("/tenders/") else "desk", said=_("Your opener's key is made. Keep the passphrase in mind: nobody can recover it."),
        title=_("Opener's key"), intro=intro, rules=["B27"], submit=_("Make the key"), cancel=reverse("desk"),
    )  # fmt: skip


@login_required
def openers(request, pk):
    """Name three openers and two alternates of a draft."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user), pk=pk)
    if not may_handle_tender(request.user, tender):
        raise PermissionDenied
    named = list(tender.openers.all())
    initial = {"openers": [row.user_id for row in named if not row.alternate], "alternates": [row.user_id for row in named if row.alternate]}
    form = OpenersForm(request.POST or None, people=staff_of(tender.purchaser_id), initial=initial)
    return ask_and_do(
        request, form, lambda data: openings.appoint_openers(tender, list(data["openers"]), list(data["alternates"]), actor=request.user), to=tender,
        title=_("Openers of {title}").format(title=tender.title), intro=_("Any two of the five open after the deadline; nobody opens earlier, and nobody alone."), rules=["B27"],
    )  # fmt: skip


@login_required
@sensitive_post_parameters()
def replace(request, pk):
    """Two openers hand the part of one who leaves to somebody else; what is sealed stays sealed."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user), pk=pk)
    if not tender.openers.filter(user=request.user).exists():
        raise PermissionDenied
    if refusal := opener_change.objection(tender):
        messages.error(request, str(refusal))
        return redirect(tender)
    present = User.objects.filter(pk__in=tender.openers.values("user")).order_by("name", "pk")
    free = staff_of(tender.purchaser_id).filter(has_key=True).exclude(pk__in=present)
    form = ReplaceForm(request.POST or None, openers=present, free=free, actor=request.user)
    intro = _("For an opener who leaves, is transferred, or has lost the passphrase. Responses handed in before stay sealed and valid.")
    return ask_and_do(
        request, form, lambda data: opener_change.replace_opener(tender, actor=request.user, **data), to=tender, said=lambda done: _("{name} is an opener now. The new opener proves the passphrase next.").format(name=form.cleaned_data["replacement"]),
        title=_("Replace an opener"), intro=intro, rules=["B27"], submit=_("Replace"),
    )  # fmt: skip


@login_required
@sensitive_post_parameters()
def rehearse(request, pk):
    """Prove the passphrase on a dummy."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user), pk=pk)
    if not tender.openers.filter(user=request.user).exists():
        raise PermissionDenied
    form = PassphraseForm(request.POST or None)
    return ask_and_do(
        request, form, lambda data: openings.rehearse(tender, actor=request.user, passphrase=data["passphrase"]), to=tender, said=_("Your passphrase opens your key."),
        title=_("Prove your passphrase"), intro=_("A dummy is sealed to your key and opened with it; nothing else happens."), submit=_("Prove it"),
    )  # fmt: skip


@login_required
@never_cache
@sensitive_post_parameters()
def opening(request, pk):
    """The opening: one opener on this session, or two at this desk; handler and witness where there are no openers; others watch."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser__place", "profile"), pk=pk)
    inside = any(may_attend(person, tender) for person in principals_of(request.user))
    if not inside and (request.method == "POST" or not ceremony.may_watch(request.user, tender)):
        acting_for(request.user, tender, OPEN)
    if tender.status != "published":
        return redirect("opening_record", pk=pk) if tender.opened_at else redirect(tender)
    refusal = openings.objection_to_opening(tender, request.user) if inside else None
    keyed = tender.seal == "openers"
    present = list(tender.openers.select_related("user").order_by("alternate", "pk"))
    if keyed:
        others = User.objects.filter(pk__in=[row.user_id for row in present if row.user_id != request.user.pk])
        form = OpeningForm(request.POST or None, openers=others)
    else:
        form = WitnessForm(request.POST or None, people=staff_of(tender.purchaser_id).exclude(pk=request.user.pk))
    if request.method == "POST" and not refusal and form.is_valid():
        try:
            verb = openings.open_with if keyed else openings.open_with_witness
            tender = verb(tender, actor=request.user, **form.cleaned_data)
            if tender.status == "opened":
                return redirect("opening_record", pk=pk)
            messages.success(request, _("You are present. The second opener now enters the passphrase."))
            return redirect("opening", pk=pk)
        except Refusal as found:
            refused(form, found)
    is_opener = any(row.user_id == request.user.pk for row in present)
    watching = tender.opening_record.get("observers", [])
    over = bool(tender.deadline and clock.now() >= tender.deadline)
    context = {
        "tender": tender, "form": form, "refusal": refusal, "keyed": keyed, "present": present, "is_opener": is_opener, "inside": inside, "now": clock.now(), "over": over,
        "may_open": inside and not refusal and (is_opener if keyed else may_handle_tender(request.user, tender)), "steps": ceremony.steps(tender, present, refusal), "watching": watching,
        "may_observe": inside and over and not is_opener and request.user.pk not in [row["user"] for row in watching], "too_few": _ways_on(tender) if refusal and refusal.code == "too_few" else None,
        "handles": may_handle_tender(request.user, tender), "method": methods.of(tender),
    }  # fmt: skip
    return render(request, "procurement/opening.html", context, status=422 if form.is_bound and form.errors else 200)


def _ways_on(tender):
    """After too few responses: how many it needed, by which article, and what may be done next."""
    figure = methods.figure(tender, "bidders_at_opening")
    return {"need": openings.minimum_of(tender), "article": figure.article if figure else "", "tender_like": methods.of(tender).public_opening, "statutory": tender.is_statutory, "approval": any(way.approval for way in restart.ways_after(tender))}


@login_required
@require_POST
def observe(request, pk):
    """The discipline observer, or another of the purchaser, attends."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user), pk=pk)
    try:
        ceremony.observe(tender, actor=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("opening", pk=pk)


def record_context(tender, user=None, inside=True):
    """The opening record with its lots and bidders, as this reader may see it."""
    record = tender.opening_record
    lots = {lot.pk: lot for lot in Lot.objects.filter(tender=tender)}
    remarks = {row.bid_id: row for row in OpeningRemark.objects.filter(bid__lot__tender=tender).select_related("by", "answered_by")}
    rows = [{**row, "lot": lots.get(row["lot"]), "remark": remarks.get(row["bid"]) if inside or row.get("own") else None} for row in ceremony.rows_for(tender, user, inside)]
    short = [{**row, "lot": lots.get(row["lot"])} for row in record.get("short", [])]
    return {"tender": tender, "record": record, "rows": rows, "short": short, "method": methods.of(tender), "remarks": remarks}


@login_required
@never_cache
@require_safe
def record(request, pk):
    """The opening record: the purchaser's people, and the bidders after the opening (what the method reveals). ?pdf=1 prints it."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser"), pk=pk)
    own = list(Bid.objects.visible_to(request.user).filter(lot__tender=tender, organization__isnull=False).select_related("lot__tender"))
    if not tender.opening_record.get("rows") and not tender.opening_record.get("short"):
        raise Http404
    inside = any(may_attend(person, tender) for person in principals_of(request.user)) or any(bool(place_paths(person, "finance")) for person in principals_of(request.user))
    if not (inside or own):
        raise PermissionDenied
    context = {**record_context(tender, request.user, inside), "inside": inside, "handles": may_handle_tender(request.user, tender)}
    if request.GET.get("pdf"):
        try:
            content = pdf.render_pdf("documents/opening_record.html", context)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("opening_record", pk=pk)
        return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{tender.number}-opening.pdf"'})
    context["to_remark"] = [bid for bid in own if context["method"].public_opening and tender.status == "opened" and may_bid(request.user, bid) and bid.pk not in context["remarks"]]
    return render(request, "procurement/opening_record.html", context)


@login_required
def remark(request, public_id):
    """A bidder confirms the record or notes a question; the handler answers on the same address."""
    bid = get_object_or_404(Bid.objects.visible_to(request.user).filter(organization__isnull=False).select_related("lot__tender"), public_id=public_id)
    asked = OpeningRemark.objects.filter(bid=bid).first()
    own = may_bid(request.user, bid)
    if not own and not (asked and may_handle_tender(request.user, bid.lot.tender)):
        raise PermissionDenied
    if own and request.method != "POST" and (refusal := ceremony.objection_to_remark(bid)):
        messages.error(request, str(refusal))
        return redirect(bid)
    form = (RemarkForm if own else AnswerForm)(request.POST or None)
    back = reverse("opening_record", args=[bid.lot.tender_id])
    if request.method == "POST" and form.is_valid():
        try:
            if own:
                ceremony.remark(bid, actor=request.user, agrees=form.cleaned_data["agrees"] == "yes", text=form.cleaned_data["text"])
            else:
                ceremony.answer(asked, actor=request.user, text=form.cleaned_data["text"])
            return redirect(back)
        except Refusal as refusal:
            refused(form, refusal)
    title = _("Confirm the opening record") if own else _("Answer a question on the opening record")
    intro = _("Who says nothing is taken to agree (财政部令第87号 第42条).") if own else asked.text
    return render_form(request, form, title=title, intro=intro, submit=_("Send"), cancel=back)
