"""磋商、谈判: the talks of a panel with each supplier."""

from django.db import models
from django.db.models import F, Q

from kernel import clock


class Talk(models.Model):
    """One talk of the panel with one supplier, as its leader recorded it. Never edited: a mistake is put right by a further row that names it.

    `present` and `absent` hold ids of PanelMember: their names stay secret as long as the panel's.
    """

    panel = models.ForeignKey("evaluation.Panel", models.PROTECT, related_name="talks")
    bid = models.ForeignKey("procurement.Bid", models.PROTECT, related_name="talks")
    round = models.PositiveSmallIntegerField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    present = models.JSONField()
    absent = models.JSONField(default=list)
    absence = models.CharField(max_length=300, blank=True)
    about = models.TextField(max_length=4000)
    offers = models.TextField(max_length=4000, blank=True)
    corrects = models.OneToOneField("self", models.PROTECT, null=True, related_name="corrected_by")
    reason = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["round", "began_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ended_at__gt=F("began_at")), name="talk_ends_after_it_began"),
            models.CheckConstraint(condition=Q(round__gte=1), name="talk_round_from_one"),
            models.UniqueConstraint(fields=["panel", "bid", "round"], condition=Q(corrects__isnull=True), name="talk_once"),
        ]

    def __str__(self):
        return f"{self.panel_id}/{self.bid_id}/{self.round}"

    def trail_chain(self):
        return self.panel.trail_chain()
