"""Holds block verbs without inventing statuses: a challenge, a suspension, an open finding."""

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models

from kernel import clock


class Hold(models.Model):
    """Blocks the named verbs of one subject until released. `reason_code` is a key; `note` is what the person wrote."""

    subject_type = models.ForeignKey(ContentType, models.PROTECT)
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    verbs = models.JSONField(default=list, help_text="verbs blocked")
    reason_code = models.CharField(max_length=40)
    article = models.CharField(max_length=60, blank=True)
    note = models.TextField(blank=True)
    placed_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(default=clock.now)
    released_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_id", "released_at"])]

    def __str__(self):
        return f"{self.reason_code} {self.verbs}"


class Correction(models.Model):
    """更正: asked by one, approved by another, the old value kept."""

    subject_type = models.ForeignKey(ContentType, models.PROTECT)
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    field = models.CharField(max_length=60)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    decided_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    approved = models.BooleanField(null=True)

    class Meta:
        ordering = ["-asked_at"]

    def __str__(self):
        return f"{self.field}: {self.old} → {self.new}"
