"""A person's secret address from which a calendar program reads their dates."""

from django.db import models

from kernel import clock


class CalendarFeed(models.Model):
    """One per person. Only the token's hash is kept; None: stopped. `seen`: id → [fingerprint, sequence, changed at], so that a moved date counts up."""

    user = models.OneToOneField("kernel.User", models.CASCADE, related_name="calendar_feed")
    token_hash = models.CharField(max_length=64, unique=True, null=True)
    made_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)
    seen = models.JSONField(default=dict)

    def __str__(self):
        return str(self.user)
