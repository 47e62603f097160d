"""The judging of bids: experts, panels, scores."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from evaluation.permissions_panel import ExpertQuerySet, PanelQuerySet
from kernel import clock
from kernel.models.living import Living


class Expert(models.Model):
    """评审专家: a person of the expert pool, with the employers of three years for the recusal match (条例 第9条)."""

    user = models.OneToOneField("kernel.User", models.PROTECT, related_name="expert")
    specialities = models.CharField(_("specialities"), max_length=200)
    employer = models.CharField(_("employer"), max_length=80)
    earlier_employers = models.TextField(_("employers of the last three years"), blank=True)
    ties = models.TextField(_("shares and relatives' posts, declared"), blank=True, help_text=_("Names of organizations in which the expert holds shares or a relative holds a post, one a line."))
    legal = models.BooleanField(_("expert in law"), default=False)
    active = models.BooleanField(_("active"), default=True)
    objects = ExpertQuerySet.as_manager()

    class Meta:
        verbose_name = _("expert")

    def __str__(self):
        return str(self.user)


class Panel(Living):
    """磋商小组/评审小组 of one tender: drawn, declared, scoring, concluded. Set aside after a challenge or complaint it gives its place to another
    panel: `tender` is empty then, `former_tender` names the purchase, everything it wrote stays."""

    tender = models.OneToOneField("procurement.Tender", models.PROTECT, null=True, related_name="panel")
    former_tender = models.ForeignKey("procurement.Tender", models.PROTECT, null=True, related_name="former_panels", editable=False)
    set_aside_at = models.DateTimeField(null=True, editable=False)
    set_aside_reason = models.TextField(blank=True, editable=False)
    drawn_at = models.DateTimeField(null=True, editable=False)
    draw_record = models.JSONField(default=dict, editable=False)
    report = models.TextField(_("evaluation report"), max_length=4000, blank=True)
    concluded_at = models.DateTimeField(null=True, editable=False)
    low_prices = models.JSONField(default=dict, editable=False)
    result = models.JSONField(default=dict, editable=False)
    inputs = models.JSONField(default=dict, editable=False)
    conformity = models.JSONField(default=dict, editable=False)
    alias_salt = models.CharField(max_length=32, blank=True, editable=False)
    signing_ended_at = models.DateTimeField(null=True, editable=False)
    objects = PanelQuerySet.as_manager()

    class Meta:
        verbose_name = _("panel")
        permissions = [("score_panel", "may score on this panel")]

    def __str__(self):
        return str(self.purchase)

    def get_absolute_url(self):
        return reverse("panel_past" if self.former_tender_id else "panel_detail", args=[self.pk])

    @property
    def purchase(self):
        """The purchase it judged, set aside or not."""
        return self.former_tender if self.former_tender_id else self.tender

    @property
    def purchaser_id(self):
        return self.purchase.purchaser_id

    @property
    def stage_began(self):
        """The day its present state began, for the desk."""
        return clock.midnight(self.stage_since) if self.stage_since else self.created_at

    def seated(self):
        """The same as a list; without a query where the page has read the members already."""
        known = getattr(self, "_prefetched_objects_cache", {}).get("members")
        if known is None:
            return list(self.sitting())
        return sorted((member for member in known if member.left_at is None), key=lambda member: (not member.is_leader, member.pk))

    def sitting(self):
        """Members who have not left, leader first."""
        return self.members.filter(left_at=None).select_related("user").order_by("-is_leader", "id")

    def trail_chain(self):
        return f"tender-{self.tender_id or self.former_tender_id}"


class PanelUserPermission(UserObjectPermissionBase):
    """guardian grant: this expert on this panel; written and revoked with the member row."""

    content_object = models.ForeignKey(Panel, models.CASCADE)


class PanelMember(models.Model):
    """One member: expert or purchaser's representative. A leaver's scores stay but are void."""

    panel = models.ForeignKey(Panel, models.PROTECT, related_name="members")
    user = models.ForeignKey("kernel.User", models.PROTECT, related_name="panel_memberships")
    is_expert = models.BooleanField(default=True)
    is_leader = models.BooleanField(default=False)
    declared_at = models.DateTimeField(null=True)
    conflict = models.CharField(max_length=300, blank=True)
    chosen = models.CharField(max_length=200, blank=True)
    checked_at = models.DateTimeField(null=True)
    blind_done_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    dissent = models.CharField(max_length=1000, blank=True)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "user"], name="panel_member_once"),
            models.UniqueConstraint(fields=["panel"], condition=Q(is_leader=True, left_at__isnull=True), name="panel_one_leader"),
        ]

    def __str__(self):
        return f"{self.panel_id} {self.user}"


class Score(models.Model):
    """Points one member gave one bid on one item, and the fact they were computed from where the item asks one. No value is not zero."""

    member = models.ForeignKey(PanelMember, models.PROTECT, related_name="scores")
    bid = models.ForeignKey("procurement.Bid", models.PROTECT, related_name="scores")
    item = models.ForeignKey("procurement.ScoreItem", models.PROTECT, related_name="scores")
    points = models.DecimalField(max_digits=5, decimal_places=2)
    fact = models.CharField(max_length=40, blank=True)
    remark = models.CharField(max_length=300, blank=True)
    given_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "bid", "item"], name="score_once"),
            models.CheckConstraint(condition=Q(points__gte=0), name="score_not_negative"),
        ]

    def __str__(self):
        return f"{self.bid_id}/{self.item_id} {self.points}"
