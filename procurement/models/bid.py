"""Sealed responses. Rows carry random ids and an owner tag, no organization, until they are opened."""

import uuid

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel.models.living import Living
from kernel.money import MoneyField
from procurement.permissions_tender import BidQuerySet


class Bid(Living):
    """One response to one lot. `owner_tag` is an HMAC of organization and lot; `organization` and `price` are filled at opening."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lot = models.ForeignKey("procurement.Lot", models.PROTECT, related_name="bids")
    owner_tag = models.CharField(max_length=64, editable=False)
    version = models.PositiveSmallIntegerField(default=1)
    submitted_at = models.DateTimeField(null=True, editable=False)
    receipt = models.CharField(max_length=64, blank=True, editable=False)
    on_paper = models.BooleanField(default=False, editable=False)
    organization = models.ForeignKey("providers.Organization", models.PROTECT, null=True, related_name="bids", verbose_name=_("bidder"))
    price = MoneyField(_("price"), null=True, default=None, editable=False)
    final_price = MoneyField(_("final price"), null=True, default=None, editable=False)
    corrected_price = MoneyField(_("corrected price"), null=True, default=None, editable=False)
    invalid_reason = models.CharField(_("why it is invalid"), max_length=300, blank=True, editable=False)
    score = models.DecimalField(_("score"), max_digits=6, decimal_places=2, null=True, editable=False)
    rank = models.PositiveSmallIntegerField(_("rank"), null=True, editable=False)
    warnings = models.JSONField(default=list, editable=False)
    objects = BidQuerySet.as_manager()

    class Meta:
        ordering = ["public_id"]
        verbose_name = _("bid")
        indexes = [models.Index(fields=["owner_tag"], name="bid_of_owner")]
        constraints = [models.UniqueConstraint(fields=["lot", "owner_tag"], name="bid_one_per_owner")]

    def __str__(self):
        return str(self.organization) if self.organization_id else str(self.public_id)[:8]

    def get_absolute_url(self):
        return reverse("bid_detail", args=[self.public_id])

    @property
    def purchaser_id(self):
        return self.lot.tender.purchaser_id

    @property
    def amount(self):
        """The price that counts (yuan): the final quote where one was given, else the price as corrected and confirmed, else the price."""
        return next((value for value in (self.final_price, self.corrected_price) if value is not None), self.price)

    def trail_chain(self):
        return self.lot.trail_chain()


class BidPart(models.Model):
    """One sealed part of a bid (qualification, technical, price …): ciphertext only, with its digest.

    A draft is encrypted under the platform key (`is_draft`); submitting seals it under the tender's key. `opened` is the
    content after the opening, under the platform key again; `sealed` and `digest` stay as they were submitted.
    """

    bid = models.ForeignKey(Bid, models.CASCADE, related_name="parts")
    key = models.CharField(max_length=20)
    sealed = models.BinaryField()
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField()
    is_draft = models.BooleanField(default=True)
    opened = models.BinaryField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bid", "key"], name="bid_part_once")]

    def __str__(self):
        return f"{self.bid_id}/{self.key}"
