"""Who looked at whose personal data, and the keys that make it readable."""

import secrets

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, crypto


class AccessLogQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Everybody sees their own looks; the platform administrator, who reveals nothing, sees all."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_platform_admin else self.filter(who=user)


class AccessLog(models.Model):
    """One look at one personal field: who, whose, what for. Append-only; holds no personal value."""

    who = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", verbose_name=_("who looked"))
    subject_type = models.ForeignKey(ContentType, models.PROTECT)
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    field = models.CharField(pgettext_lazy("access log", "field"), max_length=60)
    purpose = models.CharField(pgettext_lazy("access log", "purpose"), max_length=200)
    at = models.DateTimeField(pgettext_lazy("access log", "when"), default=clock.now)
    recorded_at = models.DateTimeField(default=clock.wall)

    objects = AccessLogQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("look at personal data")
        indexes = [models.Index(fields=["subject_type", "subject_id", "id"]), models.Index(fields=["who", "at"])]

    def __str__(self):
        return f"{self.who_id} {self.subject_type_id}/{self.subject_id}.{self.field}"

    def save(self, *args, **kwargs):
        if self.pk:
            raise TypeError("the access log is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("the access log is append-only")


class KeyDestroyed(Exception):
    """The person's data was destroyed on request or after its time; nobody can read it again."""


class SubjectKey(models.Model):
    """The data key of one person's fields, itself encrypted under the platform key. Destroying it destroys the data.

    Copies in backups stay readable until the backups expire (docs/retention.md).
    """

    token = models.CharField(max_length=32, unique=True, editable=False)
    wrapped = models.BinaryField(null=True, editable=False)
    created_at = models.DateTimeField(default=clock.now)
    destroyed_at = models.DateTimeField(null=True)
    destroyed_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    destroyed_why = models.CharField(max_length=40, blank=True)

    def __str__(self):
        return f"key {self.pk}"

    @classmethod
    def issue(cls):
        """A new person's key."""
        key = cls(token=secrets.token_hex(16))
        key.wrapped = crypto.encrypt(secrets.token_bytes(32), key.aad)
        key.save(force_insert=True)
        return key

    @property
    def aad(self):
        return b"subject key\0" + self.token.encode()

    def data_key(self):
        """The 32 bytes. Raises KeyDestroyed."""
        if self.wrapped is None:
            raise KeyDestroyed
        if "_data_key" not in self.__dict__:
            self._data_key = crypto.decrypt(self.wrapped, self.aad)
        return self._data_key

    def destroy(self, *, actor=None, why="request"):
        """Forget the key, once and for all. `why` is a code (request, period over)."""
        self.wrapped, self.destroyed_at, self.destroyed_by, self.destroyed_why = None, clock.now(), actor, why
        self.__dict__.pop("_data_key", None)
        self.save(update_fields=["wrapped", "destroyed_at", "destroyed_by", "destroyed_why"])
