"""Screens of declarations, inquiries, recordings and the purchase file."""

import tempfile
import zipfile

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from communities.models.membership import PURCHASER_ROLES
from communities.permissions import people, place_paths, purchaser_ids
from kernel import clock, rules, trail
from kernel.cleaning import CleanForm
from kernel.detail import render_detail
from kernel.filetypes import clean_name
from kernel.forms import ask_and_do, refused, render_form
from kernel.lifecycle import Refusal, acting_for, principals_of
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from kernel.throttle import throttle
from kernel.views.access import reveal
from procurement import archive
from procurement.forms.integrity import AskForm, DeclareForm, FindInquiryForm, RecordingForm, RecordInquiryForm
from procurement.lifecycle import declaration, inquiry, recording
from procurement.models import Inquiry, Recording, Tender
from procurement.papers import pdf_response
from procurement.permissions_tender import may_attend, may_handle_tender
from providers.permissions import organizations_of

READS = ("handler", "section", "committee", "leader", "supervisor", "legal", "observer", "department", "accountant")


def _tender(request, pk, *roles):
    """The purchase, for people of its purchaser in one of the roles (any of READS) and the finance bureau; the rest 403 or 404."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser__place", "profile", "handler"), pk=pk)
    for person in principals_of(request.user):
        if tender.purchaser_id in purchaser_ids(person, *(roles or READS)) or not roles and any(tender.purchaser.place.path.startswith(path) for path in place_paths(person, "finance")):
            return tender
    raise PermissionDenied


@login_required
@never_cache
def declare(request, pk):
    """One page, three ticks: whoever takes part in the purchase for the purchaser."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser__place"), pk=pk)
    if not may_attend(request.user, tender):
        raise PermissionDenied
    known = declaration.of(tender, request.user)
    form = DeclareForm(request.POST or None, initial={name: getattr(known, name) for name in ("no_post", "no_kin", "no_other", "ties")} if known else None)
    names = "、".join(str(row) for row in declaration.bidders_of(tender))
    intro = _("Suppliers whose responses are open: {names}.").format(names=names) if names else _("The names of bidders are secret before the opening; declare for every supplier that may take part. Should one you know turn up, add it here.")
    if why := declaration.match(request.user, declaration.bidders_of(tender)):
        intro += " " + _("Found on the platform about you: {why}.").format(why=why)
    return ask_and_do(
        request, form, lambda data: declaration.declare(tender, actor=request.user, **data), to=tender, said=_("Your declaration is recorded."),
        title=_("Declaration: {tender}").format(tender=tender), rules=["H01"], submit=pgettext("recusal", "Declare"), intro=intro,
    )  # fmt: skip


@login_required
@require_safe
def declaration_list(request, pk):
    """Who has declared and who is still to; ?pdf=1 prints the declarations."""
    tender = _tender(request, pk)
    if request.GET.get("pdf"):
        return pdf_response(request, tender, lambda: archive.declarations_paper(tender), f"{tender.number}-回避声明.pdf")
    bidders = declaration.bidders_of(tender)
    rows = [{"person": person, "why": why, "row": row, "match": declaration.match(person, bidders) if bidders else ""} for person, why, row in declaration.expected_of(tender)]
    return render(request, "procurement/declarations.html", {"tender": tender, "rows": rows, "mine": declaration.of(tender, request.user), "may": may_attend(request.user, tender)})


@login_required
def inquiry_list(request):
    late = ChoiceFilter("late", _("Answer"), [("late", _("overdue"))], apply=lambda rows, value: rows.filter(status="received", answer_due_on__lt=clock.today()))
    return render_list(
        request, Inquiry.objects.visible_to(request.user).select_related("tender__purchaser"), title=_("Inquiries"),
        columns=[
            Column("code", _("Code"), kind="link"), Column("tender__title", _("Purchase")), Column("asker", _("Who asks")), Column("way", pgettext("inquiry", "Asked"), value=lambda row: row.get_way_display()),
            Column("received_on", pgettext("inquiry", "Received on"), kind="date"), Column("answer_due_on", _("Answer due"), kind="date"), Column("answered_on", _("Answered on"), kind="date"), Column("status", _("State"), kind="status"),
        ],
        search=("code", "asker", "question", "tender__title", "tender__number"),
        filters=[ChoiceFilter("status", _("State"), choices=Inquiry.LIFE.states.items()), ChoiceFilter("way", pgettext("inquiry", "Asked"), choices=Inquiry.WAYS), late, DateFilter("received", pgettext("inquiry", "Received on"), field="received_on")],
        default_sort="-id", export_name="询问", empty_text=_("No inquiry yet. One asked on paper or by word of mouth is entered on the purchase's page."),
    )  # fmt: skip


@login_required
def inquiry_detail(request, pk):
    row = get_object_or_404(Inquiry.objects.visible_to(request.user).select_related("tender__purchaser", "organization", "answered_by"), pk=pk)
    office = any(row.tender.purchaser_id in purchaser_ids(person) for person in principals_of(request.user))
    return render_detail(request, row, "procurement/inquiry.html", office=office, late=row.status == "received" and clock.today() > row.answer_due_on)


@login_required
def inquiry_contact(request, pk):
    """The contact in plain, for whoever answers; the look goes to the access log."""
    row = get_object_or_404(Inquiry.objects.visible_to(request.user).select_related("tender"), pk=pk)
    acting_for(request.user, row, inquiry.ANSWER)
    return reveal(request, row, "contact", title=_("Show the contact"), shown=_("Contact of inquiry {code}").format(code=row.code))


@login_required
def inquiry_record(request, pk):
    """Enter what was asked on paper or by word of mouth. `pk` is the purchase."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser__place", "profile", "handler"), pk=pk)
    acting_for(request.user, tender, inquiry.RECORD)
    form = RecordInquiryForm(request.POST or None)
    intro = _("The answer is due three working days after the day it came in. A doubt about the documents is answered to all by a clarification; an objection is a challenge.")
    return ask_and_do(
        request, form, lambda data: inquiry.record(tender, actor=request.user, **data),
        title=_("Enter an inquiry about {tender}").format(tender=tender), rules=["G01"], submit=_("Register"), cancel=tender.get_absolute_url(), intro=intro,
    )  # fmt: skip


@throttle("inquiry", "10/h")
def inquiry_ask(request, pk):
    """Anybody asks about an announced purchase, without account."""
    tender = get_object_or_404(Tender.objects.select_related("purchaser__place", "handler", "profile").filter(announcements__public=True).distinct(), pk=pk)
    own = organizations_of(request.user) if request.user.is_authenticated else []
    form = AskForm(request.POST or None, initial={"asker": own[0].name if own else ""})
    if request.method == "POST" and form.is_valid():
        try:
            row = inquiry.ask(tender, organization=own[0] if own else None, actor=request.user if request.user.is_authenticated else None, **form.cleaned_data)
            return redirect("inquiry_follow", code=row.code)
        except Refusal as refusal:
            refused(form, refusal)
    return render(request, "procurement/inquiry_ask.html", {"form": form, "tender": tender}, status=422 if form.errors else 200)


@never_cache
@require_safe
def inquiry_follow(request, code):
    """Whoever knows the code reads question and answer."""
    row = get_object_or_404(Inquiry.objects.select_related("tender__purchaser"), code=code)
    return render(request, "procurement/inquiry_follow.html", {"row": row})


@throttle("inquiry_find", "60/h")
def inquiry_find(request):
    """Type the code, read the answer."""
    form = FindInquiryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"].strip().upper()
        if Inquiry.objects.filter(code=code).exists():
            return redirect("inquiry_follow", code=code)
        form.add_error("code", _("There is no inquiry with this code. Compare it sign by sign."))
    return render(request, "procurement/inquiry_find.html", {"form": form}, status=422 if form.errors else 200)


@login_required
def recording_add(request, pk):
    """Register where a recording of opening or evaluation is kept."""
    tender = _tender(request, pk, "handler")
    if tender.opened_at is None:
        messages.error(request, _("There is nothing recorded before the opening."))
        return redirect(tender)
    initial = {"stage": next(iter(archive.missing_recordings(tender)), "opening")}
    form = RecordingForm(request.POST or None, people=people(*PURCHASER_ROLES, purchaser=tender.purchaser_id).order_by("name", "pk"), initial=initial)
    return ask_and_do(
        request, form, lambda data: recording.register(tender, actor=request.user, **data), to=reverse("tender_archive", args=[pk]), said=_("The recording is registered."),
        title=_("Register a recording"), rules=["I02"], submit=_("Register"), cancel=tender.get_absolute_url(),
    )  # fmt: skip


@login_required
@never_cache
@require_safe
def tender_archive(request, pk):
    """The purchase file in legal order: what is there, what is missing."""
    tender = _tender(request, pk)
    found = archive.pieces(tender)
    recordings = Recording.objects.filter(tender=tender).select_related("keeper") if tender.opened_at else []
    context = {
        "tender": tender, "pieces": found, "missing": [piece for piece in found if piece.missing], "over": archive.is_over(tender), "recordings": recordings,
        "handles": any(may_handle_tender(person, tender) for person in principals_of(request.user)), "article": rules.get("I01").article,
    }  # fmt: skip
    return render(request, "procurement/archive.html", context)


@login_required
@require_safe
def activity_record(request, pk):
    """采购活动记录 as PDF, once the purchase is over."""
    tender = _tender(request, pk)
    if not archive.is_over(tender):
        messages.error(request, _("The record is compiled once the purchase is over."))
        return redirect(tender)
    return pdf_response(request, tender, lambda: archive.activity_record(tender), f"{tender.number}-采购活动记录.pdf")


@login_required
def archive_zip(request, pk):
    """Every paper of a finished purchase in one file, numbered in legal order. POST: it is a look at everything, and the trail keeps it."""
    tender = _tender(request, pk, "handler", "leader", "supervisor", "observer")
    if not archive.is_over(tender):
        messages.error(request, _("The file is put together once the purchase is over."))
        return redirect("tender_archive", pk=tender.pk)
    if request.method != "POST":
        return render_form(request, CleanForm(), title=_("Download the purchase file"), rules=["I01"], submit=_("Download"), cancel=tender.get_absolute_url(), intro=_("The responses are in it: keep business secrets. The trail notes who downloaded it."))
    try:
        content = _zipped(tender)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("tender_archive", pk=tender.pk)
    trail.record(tender, "export", actor=request.user, params={"what": "archive"})
    return FileResponse(content, as_attachment=True, filename=f"{tender.number}-采购档案.zip", content_type="application/zip")


def _zipped(tender):
    out = tempfile.SpooledTemporaryFile(max_size=20_000_000)  # noqa: SIM115 - the response closes it
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        lines = []
        for number, piece in enumerate(archive.pieces(tender), 1):
            lines.append(f"{number:02d}\t{piece.name}\t{'缺' if piece.missing else '有'}\t{piece.note}\t{piece.article}")
            folder = f"{number:02d}-{clean_name(piece.name)[:40]}"
            for count, row in enumerate(piece.files, 1):
                with row.open() as file:
                    made.writestr(f"{folder}/{count}-{clean_name(row.original_name)}", file.read())
            for name, make in piece.make:
                content = make()
                for inner, raw in content if isinstance(content, list) else [(name, content)]:
                    made.writestr(f"{folder}/{clean_name(inner)}", raw)
        made.writestr("00-目录.txt", "\r\n".join(["序号\t材料\t有无\t备注\t依据", *lines]).encode("utf-8-sig"))
    out.seek(0)
    return out
