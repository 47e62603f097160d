"""Who belongs where, as what, from when to when. Decides almost everything a person may see and do."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock

ROLES = {
    "finance": _("finance bureau"),
    "department": _("department reviewer"),
    "handler": _("handler"),
    "section": _("section reviewer"),
    "committee": _("work committee secretary"),
    "leader": _("leader in charge"),
    "accountant": _("accountant"),
    "cashier": _("cashier"),
    "fund_owner": _("fund-owning section"),
    "supervisor": _("supervising section"),
    "legal": _("legal adviser"),
    "observer": _("discipline observer"),
    "community": _("community staff"),
    "grid_worker": _("grid worker"),
}
PURCHASER_ROLES = ("department", "handler", "section", "committee", "leader", "accountant", "cashier", "fund_owner", "supervisor", "legal", "observer")
PLACE_ROLES = ("finance", "community", "grid_worker")
MONEY_ROLES = ("finance", "accountant", "cashier", "leader")


class MembershipQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Colleagues: those of one's purchaser and of the places in its area; a platform administrator sees all."""
        from communities.permissions import staff_scope

        return self.all() if getattr(user, "is_platform_admin", False) else self.filter(staff_scope(user))

    def in_force(self, day=None):
        """Those that count on a day (default: today)."""
        day = day or clock.today()
        return self.filter(starts_on__lte=day).exclude(ends_on__lt=day)


class Membership(models.Model):
    """One role of one person at one purchaser or place. Ended, never deleted."""

    user = models.ForeignKey("kernel.User", models.PROTECT, related_name="memberships", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=16, choices=list(ROLES.items()))
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, null=True, blank=True, related_name="memberships", verbose_name=_("purchaser"))
    place = models.ForeignKey("communities.Place", models.PROTECT, null=True, blank=True, related_name="memberships", verbose_name=_("place"))
    starts_on = models.DateField(_("from"), default=clock.today)
    ends_on = models.DateField(_("to"), null=True, blank=True)
    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("membership")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(purchaser__isnull=False, place__isnull=True) | models.Q(purchaser__isnull=True, place__isnull=False),
                name="membership_purchaser_or_place",
            )
        ]

    def __str__(self):
        return f"{self.user} · {self.get_role_display()} · {self.unit}"

    @property
    def unit(self):
        """The purchaser or place it belongs to."""
        return self.purchaser or self.place

    def trail_chain(self):
        return self.unit.trail_chain()


class Invitation(models.Model):
    """A staff member is invited to one role; the link works once and for a limited time. Only a hash of the token is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    email = models.EmailField(_("email"), blank=True)
    role = models.CharField(_("role"), max_length=16, choices=list(ROLES.items()))
    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("purchaser"))
    place = models.ForeignKey("communities.Place", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("place"))
    invited_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("invitation")

    def __str__(self):
        return f"{self.name} · {self.get_role_display()}"

    @property
    def unit(self):
        """The purchaser or place invited to."""
        return self.purchaser or self.place

    @property
    def state(self):
        """accepted, revoked, expired or open."""
        if self.accepted_at:
            return "accepted"
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at <= clock.now() else "open"

    def trail_chain(self):
        return self.unit.trail_chain()
