"""A file that belongs to something. The row says what and whose it is; the content lies in the storage under its digest."""

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from kernel.storage import content_name


class AttachmentQuerySet(models.QuerySet):
    def of(self, subject):
        """The subject's files, oldest first."""
        return self.filter(subject_type=ContentType.objects.get_for_model(subject), subject_id=subject.pk)

    def delete(self):
        """One by one: each may refuse."""
        with transaction.atomic():
            return sum(attachment.delete()[0] for attachment in self), {}


class Attachment(models.Model):
    """One uploaded or generated file.

    `role` is a key (minutes, licence, photo, invoice …), `visibility` too: public, staff, parties or owner; the subject's
    access rule gives both their meaning. `kept_until`: last day it must be kept (政府采购法 第42条: 15 years from the end
    of the purchase); None while that end isn't known.
    """

    PUBLIC, STAFF, PARTIES, OWNER = "public", "staff", "parties", "owner"

    subject_type = models.ForeignKey(ContentType, models.PROTECT)
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    role = models.CharField(_("what it is"), max_length=40)
    original_name = models.CharField(_("file name"), max_length=160)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField(pgettext_lazy("file", "size"))
    content_type = models.CharField(max_length=100)
    visibility = models.CharField(_("who may see it"), max_length=20, default=STAFF)
    uploaded_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="attachments", verbose_name=_("uploaded by"))
    uploaded_at = models.DateTimeField(pgettext_lazy("file", "uploaded"), default=clock.now)
    kept_until = models.DateField(_("kept until"), null=True, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = pgettext_lazy("file", "file")
        constraints = [models.CheckConstraint(condition=models.Q(size__gt=0), name="attachment_not_empty")]
        indexes = [models.Index(fields=["subject_type", "subject_id", "role"])]

    def __str__(self):
        return self.original_name

    def get_absolute_url(self):
        return reverse("file", args=[self.pk, self.original_name])

    @property
    def is_image(self):
        return self.content_type.startswith("image/")

    @property
    def role_label(self):
        from kernel.files import ROLES

        return ROLES.get(self.role, self.role)

    def open(self):
        """The content, opened for reading."""
        return default_storage.open(content_name(self.sha256))

    def delete(self, *args, **kwargs):
        """Remove row and, when no other row needs it, content. Raises Refusal while the archive needs the file (I01)."""
        from kernel.files import deletion_refusal

        if refusal := deletion_refusal(self):
            raise refusal
        sha256 = self.sha256
        done = super().delete(*args, **kwargs)
        transaction.on_commit(lambda: Attachment.objects.filter(sha256=sha256).exists() or default_storage.delete(content_name(sha256)))
        return done
