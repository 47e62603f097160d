"""Forms that save themselves."""

from django.db import models

from kernel import clock


class Draft(models.Model):
    """What one person has typed into one form and not yet submitted; encrypted, for that person only."""

    user = models.ForeignKey("kernel.User", models.CASCADE, related_name="drafts")
    key = models.CharField(max_length=120)
    content = models.BinaryField()
    saved_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="draft_one_per_form")]

    def __str__(self):
        return self.key
