"""询问: what anybody asks about a purchase, and the recordings of its opening and evaluation."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from kernel.encryption import EncryptedField, EncryptedRow
from kernel.models.living import Living
from procurement.permissions_award import InquiryQuerySet


class Inquiry(EncryptedRow, Living):
    """询问 (条例 第52条): asked on line, on paper or by word of mouth, answered within three working days. Followed by its code, no account needed."""

    WAYS = [("online", pgettext_lazy("inquiry", "on line")), ("written", pgettext_lazy("inquiry", "in writing")), ("oral", pgettext_lazy("inquiry", "by word of mouth"))]
    code = models.CharField(_("code"), max_length=20, unique=True, editable=False)
    tender = models.ForeignKey("procurement.Tender", models.PROTECT, related_name="inquiries", verbose_name=_("purchase"))
    way = models.CharField(_("asked"), max_length=8, choices=WAYS, default="online")
    organization = models.ForeignKey("providers.Organization", models.PROTECT, null=True, blank=True, related_name="inquiries", verbose_name=_("organization"))
    asker = models.CharField(_("who asks"), max_length=60, help_text=_("Organization or person."))
    contact = EncryptedField(_("contact"), max_length=60, blank=True)
    question = models.TextField(pgettext_lazy("inquiry", "question"), max_length=2000)
    received_on = models.DateField(_("received on"))
    answer_due_on = models.DateField(_("answer due"))
    answer = models.TextField(_("answer"), max_length=3000, blank=True)
    answered_on = models.DateField(_("answered on"), null=True)
    answered_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    objects = InquiryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("inquiry")
        indexes = [models.Index(fields=["status", "answer_due_on"], name="inquiry_open")]

    def __str__(self):
        return self.code

    def get_absolute_url(self):
        return reverse("inquiry_detail", args=[self.pk])

    @property
    def purchaser_id(self):
        return self.tender.purchaser_id

    def trail_chain(self):
        return f"tender-{self.tender_id}"


class Recording(models.Model):
    """录音录像 (财政部令第87号 第39条): where the recording of opening or evaluation is kept, by whom, and its digest."""

    STAGES = [("opening", pgettext_lazy("recording", "opening")), ("evaluation", pgettext_lazy("recording", "evaluation"))]
    tender = models.ForeignKey("procurement.Tender", models.PROTECT, related_name="recordings")
    stage = models.CharField(_("recording of"), max_length=10, choices=STAGES)
    made_on = models.DateField(_("recorded on"))
    place = models.CharField(_("kept at"), max_length=200, help_text=_("Address of the file, or the place and number of the medium."))
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True, help_text=_("So that a changed file is found out; leave it empty for a tape or disc."))
    keeper = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", verbose_name=_("keeper"))
    recorded_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]
        verbose_name = _("recording")

    def __str__(self):
        return f"{self.get_stage_display()} {self.made_on}"
