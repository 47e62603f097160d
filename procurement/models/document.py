"""采购文件 in versions, the street's own templates, who has fetched them (without a name), and questions about them."""

from django.core.exceptions import PermissionDenied
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from kernel.models.living import Living
from procurement.models.configuration import StreetSetting
from procurement.models.tender import Tender
from procurement.permissions_document import QuestionQuerySet


class DocumentTemplate(StreetSetting):
    """A unit's own text of its purchase documents for one method: `chapters` [{key, title, text}] with {{names}}."""

    FACTS = ("method", "chapters")
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="document_templates")
    method = models.CharField(_("method"), max_length=16, choices=Tender.METHODS)
    chapters = models.JSONField(default=list)

    class Meta:
        ordering = ["purchaser_id", "method", "valid_from"]
        verbose_name = _("template of purchase documents")

    def __str__(self):
        return f"{self.purchaser}{self.valid_from:%Y%m%d}版"


class DocumentVersion(models.Model):
    """What the documents of a published purchase said in one state. Written once, never changed; only the PDF made of it is added.

    `chapters`: [{key, title, text}] as they read; `sources`: the same with their {{names}}, from which the next version starts; `changed`: keys of the
    chapters that differ from the version before; `digest`: SHA-256 over `chapters`.
    """

    tender = models.ForeignKey(Tender, models.PROTECT, related_name="document_versions")
    number = models.PositiveSmallIntegerField()
    chapters = models.JSONField()
    sources = models.JSONField()
    changed = models.JSONField(default=list)
    template = models.CharField(max_length=80, blank=True)
    digest = models.CharField(max_length=64)
    note = models.CharField(max_length=3000, blank=True)
    file = models.ForeignKey("kernel.Attachment", models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(default=clock.now)
    published_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["tender_id", "number"]
        constraints = [models.UniqueConstraint(fields=["tender", "number"], name="document_version_once")]

    def __str__(self):
        return f"{self.tender.title} {self.number}"

    def save(self, *args, **kwargs):
        if self.pk is not None:
            raise PermissionDenied("A published version of the documents is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise PermissionDenied("A published version of the documents is never deleted.")

    @property
    def changed_titles(self):
        """Titles of the chapters that differ from the version before."""
        return [row["title"] for row in self.chapters if row["key"] in self.changed]


class DocumentReader(models.Model):
    """An organization that fetched the documents: an HMAC tag, no name. It is told of what changes; nobody can read here who it is."""

    tender = models.ForeignKey(Tender, models.PROTECT, related_name="document_readers")
    tag = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tender", "tag"], name="document_reader_once")]

    def __str__(self):
        return self.tag[:8]


class Question(Living):
    """询问 about the documents of a running purchase. Who asked stays unknown: the row carries an HMAC tag by which the asker finds it again.

    `text` is what was asked and stays; `published_text` may leave out names. `affects`: whether the answer can affect how responses are written.
    """

    tender = models.ForeignKey(Tender, models.PROTECT, related_name="questions")
    number = models.PositiveSmallIntegerField()
    asker_tag = models.CharField(max_length=64, db_index=True, editable=False)
    chapter = models.CharField(_("about"), max_length=20, blank=True)
    text = models.TextField(_("question"), max_length=2000)
    asked_at = models.DateTimeField(default=clock.now, editable=False)
    answer_due_on = models.DateField(_("answer due"), editable=False)
    published_text = models.TextField(_("question as published"), max_length=2000, blank=True)
    answer = models.TextField(_("answer"), max_length=3000, blank=True)
    affects = models.BooleanField(_("can affect how responses are written"), null=True)
    answered_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+", editable=False)
    answered_on = models.DateField(null=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    announcement = models.ForeignKey("procurement.Announcement", models.PROTECT, null=True, related_name="questions", editable=False)
    declined_because = models.CharField(_("why it is not answered"), max_length=2000, blank=True, editable=False)
    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["tender_id", "number"]
        verbose_name = pgettext_lazy("purchase documents", "question")
        constraints = [models.UniqueConstraint(fields=["tender", "number"], name="question_number_once")]
        indexes = [models.Index(fields=["status", "answer_due_on"], name="question_open")]

    def __str__(self):
        return str(_("Question {number} · {title}").format(number=self.number, title=self.tender.title))

    def get_absolute_url(self):
        return reverse("question_detail", args=[self.pk])

    @property
    def purchaser_id(self):
        return self.tender.purchaser_id

    def trail_chain(self):
        return f"tender-{self.tender_id}"
