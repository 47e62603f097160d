"""Files from the upload to the reader: kept by content, read only by whom their subject lets.

An app says once, in `AppConfig.ready()`, who may read the files of its nouns:

    files.register_access(Project, lambda user, attachment: Project.objects.visible_to(user).filter(pk=attachment.subject_id).exists())

A noun without a rule shows its files to nobody. In a verb: `files.attach(project, upload, "minutes", actor=actor)`.
"""

import hashlib

from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, filetypes, rules, trail
from kernel.lifecycle import Refusal
from kernel.models.attachment import Attachment
from kernel.storage import content_name

ROLES = {
    "minutes": pgettext_lazy("file role", "signed minutes"),
    "licence": pgettext_lazy("file role", "licence"),
    "photo": pgettext_lazy("file role", "photo"),
    "invoice": pgettext_lazy("file role", "invoice"),
    "voucher": pgettext_lazy("file role", "cost voucher"),
    "sign_in": pgettext_lazy("file role", "sign-in sheet"),
    "contract": pgettext_lazy("file role", "signed contract"),
    "acceptance": pgettext_lazy("file role", "signed acceptance record"),
    "plan": pgettext_lazy("file role", "activity plan"),
    "proof": pgettext_lazy("file role", "proof"),
    "report": pgettext_lazy("file role", "report"),
    "notice": pgettext_lazy("file role", "notice"),
    "receipt": pgettext_lazy("file role", "receipt"),
    "other": pgettext_lazy("file role", "other file"),
}
_access: dict[type, object] = {}
_disposable: set[type] = set()


def register_access(model, may_read, *, disposable=False):
    """`may_read(user, attachment) -> bool` for all files of a model. `disposable`: its files are no part of the purchase
    archive and may be deleted (a wish, a draft); all others stay at least until `kept_until` (I01)."""
    _access[model] = may_read
    if disposable:
        _disposable.add(model)


def by_sight(model):
    """The usual rule: whoever may see the subject reads its files. The page that shows the subject has asked already."""

    def rule(user, attachment):
        shown = attachment._state.fields_cache.get("subject")
        if user.pk and getattr(shown, "_shown_to", None) == user.pk:
            return True
        return model.objects.visible_to(user).filter(pk=attachment.subject_id).exists()

    return rule


def register_roles(labels):
    """Further role keys with their lazily translated labels."""
    ROLES.update(labels)


def may_read(user, attachment):
    """Whether the subject's rule lets this user read the file."""
    model = attachment.subject_type.model_class()
    rule = _access.get(model)
    return bool(rule and rule(user, attachment))


def of(subject, user=None, role=None):
    """The subject's attachments (only those `user` may read, when given), oldest first, as a list.

    The subject's rule is asked once per kind of file, not per file: files of one subject with the same role and visibility have the same readers.
    """
    rows = Attachment.objects.of(subject).select_related("uploaded_by")
    rows = list(rows.filter(role=role) if role else rows)
    allowed = {}
    for row in rows:
        row.subject = subject
        if user is not None and (row.role, row.visibility) not in allowed:
            allowed[row.role, row.visibility] = may_read(user, row)
    return rows if user is None else [row for row in rows if allowed[row.role, row.visibility]]


def keep(file, kinds=filetypes.ALL):
    """Check a Django File and put its content safely on disk. Returns (digest, Kind). Raises ValidationError.

    A view may call it before its verb: the verb's `attach` then finds the content there and holds its locks for a moment only.
    """
    kind = filetypes.inspect(file, kinds)
    digest = hashlib.sha256()
    for piece in file.chunks():
        digest.update(piece)
    name = content_name(digest.hexdigest())
    if not default_storage.exists(name) or default_storage.size(name) != file.size:
        file.seek(0)
        default_storage.save(name, file)
    return digest.hexdigest(), kind


def attach(subject, file, role, *, actor, visibility=Attachment.STAFF, kept_until=None, kinds=filetypes.ALL):
    """Keep a file (a Django File, or (name, bytes) of something generated) for a saved subject. Returns the Attachment.

    The content is safe on disk before the row exists. The same file in the same role again gives the row that is there.
    Writes the trail. Raises ValidationError for a file that must not be kept.
    """
    if isinstance(file, tuple):
        file = ContentFile(file[1], name=file[0])
    sha256, kind = keep(file, kinds)
    with transaction.atomic():
        # The subject is locked here, so that two clicks at once make one file.
        type(subject)._base_manager.select_for_update().filter(pk=subject.pk).first()
        if known := Attachment.objects.of(subject).filter(role=role, sha256=sha256).first():
            return known
        person = actor if getattr(actor, "pk", None) else None
        attachment = Attachment.objects.create(
            subject_type=ContentType.objects.get_for_model(subject),
            subject_id=subject.pk,
            role=role,
            original_name=filetypes.clean_name(file.name),
            sha256=sha256,
            size=file.size,
            content_type=kind.content_type,
            visibility=visibility,
            uploaded_by=person,
            kept_until=kept_until,
        )
        attachment.subject = subject
        trail.record(subject, "attach", actor=person, params={"attachment": attachment.pk, "role": role, "sha256": sha256})
    return attachment


@rules.carries("I01")
def deletion_refusal(attachment):
    """Why a file may not be deleted now, or None."""
    if attachment.kept_until and attachment.kept_until >= clock.today():
        return Refusal("kept", _("This file must be kept until {day}.").format(day=attachment.kept_until.isoformat()), article=rules.get("I01").article)
    if attachment.kept_until is None and attachment.subject_type.model_class() not in _disposable:
        return Refusal(
            "kept",
            _("This file belongs to the archive of the purchase and can't be deleted."),
            article=rules.get("I01").article,
            todo=_("Add a corrected file; both stay visible."),
        )
    return None


@transaction.atomic
def remove(attachment, *, actor, reason=""):
    """Delete a disposable file, with the trail. Raises Refusal."""
    if refusal := deletion_refusal(attachment):
        raise refusal
    subject, params = attachment.subject, {"attachment": attachment.pk, "role": attachment.role, "sha256": attachment.sha256}
    attachment.delete()
    trail.record(subject, "detach", actor=actor if getattr(actor, "pk", None) else None, reason=reason, params=params)


def intact(attachment):
    """Whether the kept content still has the digest of its row."""
    digest = hashlib.sha256()
    try:
        with attachment.open() as file:
            for piece in file.chunks():
                digest.update(piece)
    except OSError:
        return False
    return digest.hexdigest() == attachment.sha256


