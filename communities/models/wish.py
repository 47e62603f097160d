"""What residents say is missing."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel.encryption import BlindIndexField, EncryptedField, EncryptedSubjectRow
from kernel.models.living import Living


class AreaQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the places the user works for: finance its district, a street or department its area, a community its own, a grid worker their grid's."""
        from communities.permissions import area_scope, grid_scope

        return self.filter(area_scope(user) | grid_scope(user))


class Wish(EncryptedSubjectRow, Living):
    """A resident's wish, left without account and followed by its number. Its contact is encrypted and deleted on request."""

    number = models.CharField(_("number"), max_length=20, unique=True, help_text="public, unguessable")
    place = models.ForeignKey("communities.Place", models.PROTECT, related_name="wishes", verbose_name=_("community"))
    grid = models.ForeignKey("communities.Place", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("grid"))
    text = models.TextField(_("what is missing"), max_length=1000)
    group = models.CharField(_("for whom"), max_length=60, blank=True)
    contact = EncryptedField(_("contact"), max_length=60, subject="subject_key", blank=True, editable=False)
    contact_key = BlindIndexField(of="contact", domain="contact")
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    objects = AreaQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("wish")
        indexes = [models.Index(fields=["-created_at", "-id"], name="wish_newest")]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("wish_detail", args=[self.pk])

    def trail_chain(self):
        return f"place-{self.place_id}"


class Need(Living):
    """An entry of a community's needs list 需求清单: raised, confirmed by the community, published."""

    number = models.CharField(_("number"), max_length=20, unique=True, editable=False)
    place = models.ForeignKey("communities.Place", models.PROTECT, related_name="needs", verbose_name=_("community"))
    grid = models.ForeignKey("communities.Place", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("grid"))
    title = models.CharField(_("title"), max_length=80)
    description = models.TextField(_("description"), max_length=3000)
    target_group = models.CharField(_("target group"), max_length=80)
    headcount = models.PositiveIntegerField(_("people concerned"))
    METHODS = [
        ("questionnaire", _("questionnaire")),
        ("interview", _("case interview")),
        ("focus_group", _("focus group")),
        ("meeting", _("residents' representative meeting")),
        ("open_air", _("open-air deliberation")),
        ("wishes", _("wishes")),
    ]
    method = models.CharField(_("how residents were asked"), max_length=16, choices=METHODS, blank=True)
    asked_on = models.DateField(_("asked on"), null=True, blank=True)
    asked_count = models.PositiveIntegerField(_("residents asked"), null=True, blank=True)
    opinion = models.TextField(_("what residents said"), max_length=2000, blank=True)
    wishes = models.ManyToManyField(Wish, blank=True, related_name="needs", verbose_name=_("wishes behind it"))
    published_at = models.DateTimeField(null=True, editable=False)
    objects = AreaQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("need")
        indexes = [models.Index(fields=["status", "-published_at", "-id"], name="need_published"), models.Index(fields=["place", "status"], name="need_of_place")]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("need_detail", args=[self.pk])

    def trail_chain(self):
        return f"place-{self.place_id}"
