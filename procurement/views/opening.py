"""Openers' keys, rehearsals and the opening itself. Passphrases pass through memory only."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from kernel import pdf
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, acting_for
from kernel.models import User
from procurement.forms.bid import EnrolForm, OpenersForm, OpeningForm, PassphraseForm, WitnessForm
from procurement.lifecycle import opening as openings
from procurement.lifecycle.tender import OPEN
from procurement.models import Bid, Lot, OpenerKey, Tender
from procurement.permissions_tender import may_attend, may_handle_tender
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
    if request.method == "POST" and form.is_valid():
        try:
            openings.enrol_opener(request.user, form.cleaned_data["passphrase"])
            messages.success(request, _("Your opener's key is made. Keep the passphrase in mind: nobody can recover it."))
            return redirect(request.GET.get("next", "") if request.GET.get("next", "").startswith("/tenders/") else "desk")
        except Refusal as refusal:
            refused(form, refusal)
    key = enrolled(request.user)
    intro = _("You have a key since {day}. A new one replaces it.").format(day=key.enrolled_at.date()) if key else _("Your key opens sealed responses together with a second opener's. Only you know the passphrase.")
    return render_form(request, form, title=_("Opener's key"), intro=intro, rules=["B27"], submit=_("Make the key"), cancel=reverse("desk"))


@login_required
def openers(request, pk):
    """Name three openers and two alternates of a draft."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user), pk=pk)
    if not may_handle_tender(request.user, tender):
        raise PermissionDenied
    named = list(tender.openers.all())
    initial = {"openers": [row.user_id for row in named if not row.alternate], "alternates": [row.user_id for row in named if row.alternate]}
    form = OpenersForm(request.POST or None, people=staff_of(tender.purchaser_id), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            openings.appoint_openers(tender, list(form.cleaned_data["openers"]), list(form.cleaned_data["alternates"]), actor=request.user)
            return redirect(tender)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(request, form, title=_("Openers of {title}").format(title=tender.title), intro=_("Any two of the five open after the deadline; nobody opens earlier, and nobody alone."), rules=["B27"], cancel=tender.get_absolute_url())


@login_required
@sensitive_post_parameters()
def rehearse(request, pk):
    """Prove the passphrase on a dummy."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user), pk=pk)
    if not tender.openers.filter(user=request.user).exists():
        raise PermissionDenied
    form = PassphraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            openings.rehearse(tender, actor=request.user, passphrase=form.cleaned_data["passphrase"])
            messages.success(request, _("Your passphrase opens your key."))
            return redirect(tender)
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(request, form, title=_("Prove your passphrase"), intro=_("A dummy is sealed to your key and opened with it; nothing else happens."), submit=_("Prove it"), cancel=tender.get_absolute_url())


@login_required
@sensitive_post_parameters()
def opening(request, pk):
    """The opening: one opener on this session, or two at this desk; handler and witness where there are no openers."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser"), pk=pk)
    acting_for(request.user, tender, OPEN)
    if tender.status != "published":
        return redirect("opening_record", pk=pk) if tender.opened_at else redirect(tender)
    refusal = openings.objection_to_opening(tender, request.user)
    keyed = tender.seal == "openers"
    if keyed:
        others = User.objects.filter(pk__in=tender.openers.exclude(user=request.user).values("user"))
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
    status = 422 if form.is_bound and form.errors else 200
    present = tender.openers.select_related("user").order_by("alternate", "pk")
    return render(request, "procurement/opening.html", {"tender": tender, "form": form, "refusal": refusal, "keyed": keyed, "present": present, "is_opener": present.filter(user=request.user).exists()}, status=status)


def record_context(tender):
    """The opening record with its lots and bidders."""
    record = tender.opening_record
    lots = {lot.pk: lot for lot in Lot.objects.filter(tender=tender)}
    rows = [{**row, "lot": lots.get(row["lot"])} for row in record.get("rows", [])]
    short = [{**row, "lot": lots.get(row["lot"])} for row in record.get("short", [])]
    return {"tender": tender, "record": record, "rows": rows, "short": short}


@login_required
@require_safe
def record(request, pk):
    """The opening record: the purchaser's people, and the bidders after the opening (what the method reveals). ?pdf=1 prints it."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser"), pk=pk)
    own = Bid.objects.visible_to(request.user).filter(lot__tender=tender).exists()
    if not tender.opening_record.get("rows") and not tender.opening_record.get("short"):
        raise Http404
    if not (may_attend(request.user, tender) or own):
        raise PermissionDenied
    context = {**record_context(tender), "inside": may_attend(request.user, tender)}
    if request.GET.get("pdf"):
        try:
            content = pdf.render_pdf("documents/opening_record.html", context)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("opening_record", pk=pk)
        return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{tender.number}-opening.pdf"'})
    return render(request, "procurement/opening_record.html", context)
