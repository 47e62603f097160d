"""What the platform tells people, in app and by mail; once each."""

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel import clock


class Notice(models.Model):
    """One message to one person. `key` makes it unique: a reminder computed twice is sent once."""

    user = models.ForeignKey("kernel.User", models.PROTECT, related_name="notices")
    key = models.CharField(max_length=160)
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    subject_type = models.ForeignKey(ContentType, models.PROTECT, null=True)
    subject_id = models.BigIntegerField(null=True)
    subject = GenericForeignKey("subject_type", "subject_id")
    url = models.CharField(max_length=200, blank=True)
    due = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)
    mail_state = models.CharField(
        max_length=10, default="waiting", choices=[("waiting", _("waiting")), ("sent", _("sent")), ("failed", _("failed")), ("off", _("no mail"))]
    )
    mail_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "read_at"]), models.Index(fields=["mail_state"]), models.Index(fields=["user", "-created_at", "-id"], name="notice_newest"),
            models.Index(fields=["key"], name="notice_key"),
        ]  # fmt: skip

    def __str__(self):
        return self.key
