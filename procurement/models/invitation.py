"""投标邀请: the list suppliers are drawn from, the draw, and who is invited. Nobody invited learns here of another."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from procurement.permissions_tender import InvitationQuerySet


class InvitationPool(models.Model):
    """备选供应商名单 of a purchase: `entries` rows {organization, key, name, reason}; `digest` is frozen before `seed` exists (docs/decisions/0015)."""

    SOURCES = [
        ("library", _("supplier library of a provincial finance department")),
        ("prequalification", _("prequalification notice")),
        ("recommended", _("written recommendation of the purchaser")),
    ]
    tender = models.OneToOneField("procurement.Tender", models.PROTECT, related_name="invitation_pool")
    source = models.CharField(_("where the list comes from"), max_length=16, choices=SOURCES)
    entries = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    frozen_at = models.DateTimeField(default=clock.now)
    frozen_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    count = models.PositiveSmallIntegerField(default=0)
    seed = models.CharField(max_length=64, blank=True)
    drawn_at = models.DateTimeField(null=True)
    drawn_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    watchers = models.JSONField(default=list)

    def __str__(self):
        return f"{self.tender_id} {self.digest[:12]}"


class TenderInvitation(models.Model):
    """One supplier invited to a purchase. It sees the purchase once the letters are out, all at the same moment."""

    WAYS = [
        ("drawn", _("drawn at random")),
        ("recommended_by_purchaser", _("recommended in writing by the purchaser")),
        ("recommended_by_expert", _("recommended in writing by the experts")),
        ("named", _("the one supplier of a single source")),
    ]
    ANSWERS = [("", pgettext_lazy("invitation", "no answer yet")), ("accepted", pgettext_lazy("invitation", "will take part")), ("declined", pgettext_lazy("invitation", "will not take part"))]
    tender = models.ForeignKey("procurement.Tender", models.PROTECT, related_name="invitations")
    organization = models.ForeignKey("providers.Organization", models.PROTECT, related_name="tender_invitations", verbose_name=_("supplier"))
    how = models.CharField(_("how it was chosen"), max_length=24, choices=WAYS)
    reason = models.CharField(_("reason of the recommendation"), max_length=300, blank=True)
    number = models.CharField(_("number of the letter"), max_length=40, blank=True)
    sent_at = models.DateTimeField(null=True)
    answer = models.CharField(_("answer"), max_length=10, choices=ANSWERS, blank=True)
    answered_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("invitation")
        constraints = [models.UniqueConstraint(fields=["tender", "organization"], name="invitation_once")]

    def __str__(self):
        return self.number or str(self.organization)
