"""What single people said: at a gate of several, and on line before a meeting. Records of people, independent of later configuration."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock
from kernel.money import MoneyField
from procurement.models.project import GateRun


class GateVote(models.Model):
    """One person's decision at one gate, with remark and remarks on lines. Taken back: kept, with the moment."""

    run = models.ForeignKey(GateRun, models.PROTECT, related_name="votes")
    user = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", verbose_name=_("person"))
    on_behalf_of = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    result = models.CharField(_("result"), max_length=10, choices=[r for r in GateRun.RESULTS if r[0] in ("passed", "cut", "returned", "rejected")])
    cut_to = MoneyField(null=True, default=None)
    remark = models.TextField(blank=True)
    line_remarks = models.JSONField(default=dict)
    voted_at = models.DateTimeField(default=clock.now)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["run_id", "voted_at", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "user"], condition=Q(withdrawn_at=None), name="gate_vote_once")]

    def __str__(self):
        return f"{self.run_id} {self.user_id} {self.result}"


class MeetingVote(models.Model):
    """What a member says on line to one item before the meeting: asked when it is convened (no choice yet), said again until it is recorded."""

    CHOICES = [("for", pgettext_lazy("vote", "for")), ("against", pgettext_lazy("vote", "against")), ("abstain", pgettext_lazy("vote", "abstained"))]
    item = models.ForeignKey("procurement.MeetingItem", models.PROTECT, related_name="votes")
    user = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", verbose_name=_("person"))
    choice = models.CharField(_("vote"), max_length=8, choices=CHOICES, blank=True)
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    voted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["item_id", "voted_at", "id"]
        constraints = [models.UniqueConstraint(fields=["item", "user"], name="meeting_vote_once")]

    def __str__(self):
        return f"{self.item_id} {self.user_id} {self.choice}"
