"""The trail: one append-only chain per project (and one per community or app for the rest)."""

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models

from kernel import clock


class ChainHead(models.Model):
    """The end of one chain; locked last by whoever appends."""

    name = models.CharField(max_length=80, unique=True)
    seq = models.PositiveIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    def __str__(self):
        return self.name


class TrailRow(models.Model):
    """One fact that happened. Ids, codes and parameters only: no personal values, no translated text."""

    chain = models.ForeignKey(ChainHead, models.PROTECT, related_name="rows")
    seq = models.PositiveIntegerField()
    subject_type = models.ForeignKey(ContentType, models.PROTECT)
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    verb = models.CharField(max_length=60)
    from_status = models.CharField(max_length=30, blank=True)
    to_status = models.CharField(max_length=30, blank=True)
    actor = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    happened_on = models.DateField()
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    params = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["chain_id", "seq"]
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="trail_one_row_per_place")]
        indexes = [models.Index(fields=["subject_type", "subject_id", "id"]), models.Index(fields=["actor", "effective_at"])]

    def __str__(self):
        return f"{self.chain_id}/{self.seq} {self.verb}"

    def save(self, *args, **kwargs):
        if self.pk:
            raise TypeError("the trail is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError("the trail is append-only")


class DailySeal(models.Model):
    """All chain heads of one day, signed with a key kept outside the database."""

    day = models.DateField(unique=True)
    content = models.TextField()
    signature = models.TextField()
    made_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)

    def __str__(self):
        return str(self.day)
