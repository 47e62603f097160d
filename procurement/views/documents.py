"""Purchase documents: the handler's chapters and previews; the versions everybody reads."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kernel import clock, word
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, principals_of
from procurement import drafting, tender_papers
from procurement.forms.document import ChapterForm, TemplateForm
from procurement.lifecycle import configuration as settings_of
from procurement.lifecycle import documents
from procurement.models import DocumentTemplate, Question, Tender
from procurement.permissions import organization_ids
from procurement.permissions_document import announced, asked_by
from procurement.permissions_tender import may_attend, may_handle_tender
from procurement.tender_facts import READ, TABLES, Facts
from procurement.views.announcements import download
from procurement.views.configuration import chosen_purchaser, settles


def _inside(request, pk):
    """The purchase for people of its purchaser; 403 for other readers, 404 for strangers."""
    tender = get_object_or_404(Tender.objects.visible_to(request.user).select_related("purchaser__place", "profile", "handler"), pk=pk)
    if not any(may_attend(person, tender) for person in principals_of(request.user)):
        raise PermissionDenied
    return tender


@login_required
@require_safe
def tender_documents(request, pk):
    """All chapters as they read now, what the law says of their words, versions so far, and questions."""
    tender = _inside(request, pk)
    sources = tender_papers.sources_of(tender)
    chapters = tender_papers.filled(tender, sources)
    flags = tender_papers.flags(chapters, statutory=tender.is_statutory)
    edited = {row["key"] for row in sources if row["edited"]}
    versions = list(tender.document_versions.order_by("-number"))
    rows = [{**row, "flags": flags[row["key"]], "edited": row["key"] in edited} for row in tender_papers.shown(chapters)]
    refusal = documents.objection_to_editing(tender)
    context = {
        "tender": tender, "chapters": rows, "versions": versions, "may": any(may_handle_tender(person, tender) for person in principals_of(request.user)) and refusal is None, "refusal": refusal,
        "pending": tender_papers.differences(versions[0].chapters, chapters) if versions and edited else [], "questions": tender.questions.order_by("-number"), "name": tender_papers.name_of(tender),
    }  # fmt: skip
    return render(request, "procurement/tender_documents.html", context)


@login_required
def chapter_edit(request, pk, key):
    """Edit one chapter in one's own words. ?fill=1 writes the names out as they read now."""
    tender = _inside(request, pk)
    drafting.check_handler(request.user, tender)
    row = next((row for row in tender_papers.sources_of(tender) if row["key"] == key), None)
    if row is None:
        raise Http404
    back = f"{reverse('tender_documents', args=[pk])}#{key}"
    if refusal := documents.objection_to_editing(tender):
        messages.error(request, str(refusal))
        return redirect(back)
    start = tender_papers.filled(tender, [row])[0]["text"].strip() if "fill" in request.GET else row["text"]
    form = ChapterForm(request.POST or None, initial={"text": start, "seen": tender_papers.digest_of([row])})
    if request.method == "POST" and form.is_valid():
        try:
            documents.edit_chapter(tender, key, form.cleaned_data["text"], actor=request.user, seen=form.cleaned_data["seen"] or None)
            messages.success(request, _("Kept. It is part of the documents once the purchase or a clarification is published.") if tender.status == "published" else _("Kept."))
            return redirect(back)
        except Refusal as refusal:
            refused(form, refusal)
    facts = Facts(tender)
    names = [(name, _("a table") if name in TABLES else facts(name)[:80]) for name in READ]
    return render_form(
        request, form, title=row["title"], rules=["A10", "A11"], cancel=back, draft=f"tender-{pk}-chapter-{key}-{form.initial['seen'][:8]}", template="procurement/chapter_form.html", names=names, chapter=row, tender=tender,
        words_method=tender.method, words_chapter=key,
    )  # fmt: skip


@login_required
@require_POST
def chapter_drop(request, pk, key):
    """Follow the template again."""
    tender = _inside(request, pk)
    try:
        documents.drop_edit(tender, key, actor=request.user)
        messages.success(request, _("This chapter follows the template again."))
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{reverse('tender_documents', args=[pk])}#{key}")


def _no_pdf(refusal):
    return HttpResponse(str(refusal), status=503, content_type="text/plain; charset=utf-8")


@login_required
@require_safe
def documents_preview(request, pk, form):
    """The documents as they would be published now."""
    tender = _inside(request, pk)
    chapters = tender_papers.filled(tender)
    if form == "docx":
        return download(tender_papers.docx_of(tender, chapters, draft=True), word.CONTENT_TYPE, f"{tender.number}-草稿.docx")
    try:
        return download(tender_papers.pdf_of(tender, chapters, draft=True), "application/pdf", f"{tender.number}-草稿.pdf")
    except Refusal as refusal:
        return _no_pdf(refusal)


# -- for everybody


def _published(request, number):
    """A purchase whose documents this reader may have: announced to all, or visible to this person."""
    tender = get_object_or_404(Tender.objects.select_related("purchaser"), number=number)
    if tender.status == "draft" or not (announced(tender) or Tender.objects.visible_to(request.user).filter(pk=tender.pk).exists()):
        raise Http404
    return tender


@require_safe
def public_documents(request, number):
    """Current and earlier versions with what changed in each, questions and answers; no login."""
    tender = _published(request, number)
    versions = list(tender.document_versions.select_related("published_by").order_by("number"))
    if not versions:
        raise Http404
    for before, after in zip(versions, versions[1:], strict=False):
        after.differences = tender_papers.differences(before.chapters, after.chapters)
    questions = list(Question.objects.visible_to(request.user).filter(tender=tender).select_related("tender", "announcement").order_by("number"))
    own = [row for row in questions if row.status != "published" and request.user.is_authenticated and asked_by(request.user, row)]
    asks = bool(organization_ids(request.user)) and tender.status == "published" and bool(tender.deadline) and clock.now() < tender.deadline
    context = {
        "tender": tender, "versions": versions[::-1], "latest": versions[-1], "chapters": tender_papers.shown(versions[-1].chapters), "questions": [row for row in questions if row.status == "published"],
        "own": own, "asks": asks, "name": tender_papers.name_of(tender), "running": tender.status == "published" and tender.deadline and clock.now() < tender.deadline,
    }  # fmt: skip
    return render(request, "procurement/public_documents.html", context)


@require_safe
def public_document(request, number, version, form):
    """One version as PDF (the kept one) or Word; an organization that fetches it is told of later changes."""
    tender = _published(request, number)
    row = get_object_or_404(tender.document_versions.select_related("file", "published_by", "tender__purchaser"), number=version)
    documents.note_reader(tender, request.user)
    if form == "docx":
        return download(tender_papers.docx_of(tender, row.chapters, number=row.number), word.CONTENT_TYPE, f"{tender.number}-V{row.number}.docx")
    try:
        return download(documents.pdf_of(row), "application/pdf", f"{tender.number}-V{row.number}.pdf")
    except Refusal as refusal:
        return _no_pdf(refusal)


# -- a street's own text


@login_required
def document_template(request, method):
    """The text a method's documents start from: the standard, or the unit's own; its people may propose another."""
    if method not in dict(Tender.METHODS):
        raise Http404
    purchaser = chosen_purchaser(request)
    asked = request.GET.get("show", "")
    shown = get_object_or_404(DocumentTemplate, pk=asked, purchaser=purchaser, method=method) if asked.isdecimal() and len(asked) < 10 else None
    current = DocumentTemplate.in_force().filter(purchaser=purchaser, method=method, withdraws=False).order_by("-valid_from", "-id").first()
    chapters, name = ([dict(row) for row in shown.chapters], str(shown)) if shown else tender_papers.template_of(purchaser, method)
    back = f"{reverse('configuration')}?purchaser={purchaser.pk}"
    may = settles(request.user, purchaser) and shown is None
    if request.method == "POST" and not may:
        raise PermissionDenied
    form = TemplateForm(request.POST or None, chapters=chapters)
    if request.method == "POST" and form.is_valid():
        try:
            settings_of.propose(DocumentTemplate, request.user, purchaser=purchaser, replaces=current, valid_from=form.cleaned_data["valid_from"], method=method, chapters=form.written())
            messages.success(request, _("Proposed. It counts once a second person has confirmed it."))
            return redirect(back)
        except Refusal as refusal:
            refused(form, refusal)
    title = _("Documents: {method}").format(method=dict(Tender.METHODS)[method])
    if not may:
        return render(request, "procurement/document_template.html", {"page_heading": title, "chapters": tender_papers.shown(chapters), "name": name, "back": back})
    return render_form(
        request, form, title=title, intro=_("A second person of the street confirms it before it counts."), cancel=back, submit=_("Propose"), draft=f"documents-{purchaser.pk}-{method}",
        template="procurement/document_template_form.html", names=[(name, _("a table") if name in TABLES else "") for name in READ], name=name,
    )  # fmt: skip
