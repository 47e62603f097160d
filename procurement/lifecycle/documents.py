"""采购文件 in versions. The handler edits chapters while the purchase is a draft, and again between publication and the deadline; what
everybody reads is only what was frozen: version 1 with the notice, a further one with each clarification that changes a chapter (its dates
included). A version is never changed and never deleted (政府采购法 第42条); its PDF is kept with its digest.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, files, jobs, rules, trail
from kernel.lifecycle import Refusal
from procurement import tender_papers
from procurement.models import DocumentReader, DocumentVersion, Tender
from procurement.permissions import organization_ids
from procurement.permissions_document import announced, reader_tag

KIND = "procurement.documents_pdf"
files.register_roles({"documents": _("purchase documents")})
jobs.message("procurement.documents", _("Making the documents"))


def objection_to_editing(tender):
    """Why the chapters can't be edited now, or None."""
    if tender.status == "draft":
        return None
    if tender.status != "published":
        return Refusal("wrong_state", _("The documents of this purchase can no longer change: it is “{state}”.").format(state=tender.status_label))
    if tender.deadline and clock.now() >= tender.deadline:
        return Refusal("late", _("The deadline has passed; documents can no longer be clarified."), todo=_("Stop the purchase if the documents are wrong."))
    return None


def _locked(tender, actor):
    from procurement import drafting

    tender = Tender.objects.select_for_update().get(pk=tender.pk)
    drafting.check_handler(actor, tender)
    if refusal := objection_to_editing(tender):
        raise refusal
    return tender


@transaction.atomic
def edit_chapter(tender, key, text, *, actor, seen=None):
    """Write a chapter in one's own words; with the template's text again it follows the template. Nothing is published by it.

    `seen`: the digest of the text the editor started from; another one by now refuses, so that nobody writes over a colleague. Raises Refusal, PermissionDenied.
    """
    tender = _locked(tender, actor)
    sources = {row["key"]: row for row in tender_papers.sources_of(tender)}
    if key not in sources:
        raise Refusal("no_chapter", _("These documents have no such chapter."))
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if seen is not None and seen != tender_papers.digest_of([sources[key]]):
        raise Refusal("changed", _("Somebody has changed this chapter since you opened it."), todo=_("Open it again, then write your change."), field="text")
    if not text:
        raise Refusal("empty_chapter", _("The chapter “{title}” is empty.").format(title=sources[key]["title"]), todo=_("Use the template's text again if you want it back."), field="text")
    if refusal := tender_papers.objection_to_template([{**sources[key], "text": text}], tender.method):
        raise Refusal(refusal.code, refusal.sentence, article=refusal.article, todo=refusal.todo, field="text")
    _write(tender, {**tender.document_texts, key: text}, actor, key)
    return tender


@transaction.atomic
def drop_edit(tender, key, *, actor):
    """Take back what is not published yet: the chapter follows the template (or the last version) again."""
    tender = _locked(tender, actor)
    _write(tender, {name: text for name, text in tender.document_texts.items() if name != key}, actor, key)
    return tender


def _write(tender, texts, actor, key):
    if texts == tender.document_texts:
        return
    tender.document_texts = texts
    tender.save(update_fields=["document_texts"])
    trail.record(tender, "edit_documents", actor=actor, params={"chapter": key})


@rules.carries("A10", "A11")
def freeze(tender, *, actor, note=""):
    """Freeze what the documents say now as the next version, inside the verb that publishes it. Returns the DocumentVersion, or None when nothing changed.

    Words the law blocks refuse it (A10, A11 and the negative list). The PDF is made by the worker after the commit. Raises Refusal.
    """
    sources = tender_papers.sources_of(tender)
    chapters = tender_papers.filled(tender, sources)
    for key, hits in tender_papers.flags(chapters, statutory=tender.is_statutory).items():
        if hit := next((hit for hit in hits if hit.blocks), None):
            title = next(row["title"] for row in chapters if row["key"] == key)
            raise Refusal("words", f"{title}：“{hit.words}” {hit.says}", article=hit.article, todo=hit.todo)
    last, digest = tender.document_versions.order_by("-number").first(), tender_papers.digest_of(chapters)
    if last and last.digest == digest:
        return None
    changed = [row["key"] for row in tender_papers.differences(last.chapters, chapters)] if last else []
    template = last.template if last else tender_papers.template_of(tender.purchaser_id, tender.method)[1]
    version = DocumentVersion.objects.create(
        tender=tender, number=last.number + 1 if last else 1, chapters=chapters, sources=[{name: row[name] for name in ("key", "title", "text")} for row in sources], changed=changed,
        template=template, digest=digest, note=note[:3000], published_by=actor,
    )  # fmt: skip
    if tender.document_texts:
        tender.document_texts = {}
        Tender.objects.filter(pk=tender.pk).update(document_texts={})
    trail.record(tender, "freeze_documents", actor=actor, params={"version": version.number, "sha256": digest, "changed": changed})
    jobs.enqueue(KIND, {"version": version.pk}, actor=actor)
    return version


def pending(tender, last=None):
    """What the next clarification would change: differences between the last version and what the chapters say now (dates apart)."""
    last = last or tender.document_versions.order_by("-number").first()
    return tender_papers.differences(last.chapters, tender_papers.filled(tender)) if last and tender.document_texts else []


@jobs.register(KIND, label=_("Purchase documents as PDF"))
def make_pdf(run, *, version):
    """Make and keep the PDF of a version; a second run finds it there."""
    row = DocumentVersion.objects.select_related("tender", "published_by").get(pk=version)
    if row.file_id is None:
        content = tender_papers.pdf_of(row.tender, row.chapters, number=row.number, digest=row.digest)
        with run.step():
            keep_pdf(row, content)
    return None


def keep_pdf(version, content):
    """Keep the PDF of a version once; whoever comes second gets the one that is kept. Returns the Attachment."""
    with transaction.atomic():
        locked = DocumentVersion.objects.select_for_update(of=("self",)).select_related("file").get(pk=version.pk)
        if locked.file_id:
            return locked.file
        name = f"{version.tender.number}-V{version.number}.pdf"
        made = files.attach(version.tender, (name, content), "documents", actor=version.published_by, visibility="public")
        DocumentVersion.objects.filter(pk=version.pk, file=None).update(file=made)
        return made


def pdf_of(version):
    """The kept PDF of a version as bytes; made now where the worker has not come to it yet. Raises Refusal when this machine makes none."""
    if version.file_id is None:
        version.file = keep_pdf(version, tender_papers.pdf_of(version.tender, version.chapters, number=version.number, digest=version.digest))
    with version.file.open() as kept:
        return kept.read()


def note_reader(tender, user):
    """Remember, by tag alone, that the user's organizations fetched the documents; no trail row names anybody."""
    if user.is_authenticated and announced(tender):
        for organization in organization_ids(user):
            DocumentReader.objects.get_or_create(tender=tender, tag=reader_tag(organization, tender.pk))
