"""成交之后: an award that fell before the contract, kept with its facts when the next candidate takes its place."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel.models.living import Living
from kernel.money import MoneyField
from procurement.permissions_award import AwardFallQuerySet


class AwardFall(Living):
    """An award that fell: who had won, at what amount, by which letter, why it fell, and what the finance bureau was told of it."""

    KINDS = [
        ("refused", pgettext_lazy("award fall", "the winner refuses to sign")),
        ("disqualified", pgettext_lazy("award fall", "the winner does not qualify")),
        ("ordered", pgettext_lazy("award fall", "ordered after a challenge or complaint")),
    ]
    GROUNDS = [
        ("false_material", pgettext_lazy("ground", "false material was handed in to win")),
        ("collusion", pgettext_lazy("ground", "collusion or bribery")),
        ("excluded", pgettext_lazy("ground", "barred or blacklisted when the award was decided")),
        ("other", pgettext_lazy("ground", "another ground named by law")),
    ]
    lot = models.ForeignKey("procurement.Lot", models.PROTECT, related_name="falls", verbose_name=_("lot"))
    bid = models.ForeignKey("procurement.Bid", models.PROTECT, null=True, related_name="falls")
    organization = models.ForeignKey("providers.Organization", models.PROTECT, related_name="+", verbose_name=_("provider"))
    amount = MoneyField(_("award amount"))
    letter_number = models.CharField(_("award letter"), max_length=30, blank=True)
    letter_on = models.DateField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    kind = models.CharField(_("why it fell"), max_length=14, choices=KINDS)
    ground = models.CharField(_("ground"), max_length=16, choices=GROUNDS, blank=True)
    document = models.CharField(_("document"), max_length=80, blank=True)
    justified = models.BooleanField(_("for a good reason"), default=False)
    facts = models.TextField(_("facts"), max_length=2000)
    fallen_on = models.DateField(_("day"))
    reported_on = models.DateField(_("reported to the finance bureau on"), null=True)
    report_number = models.CharField(_("number of the report"), max_length=60, blank=True)
    objects = AwardFallQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("fallen award")

    def __str__(self):
        return f"{self.lot} · {self.organization}"

    def get_absolute_url(self):
        return reverse("fall_detail", args=[self.pk])

    @property
    def purchaser_id(self):
        return self.lot.tender.purchaser_id

    def trail_chain(self):
        return self.lot.trail_chain()
