"""回避声明: what one person of the purchaser declares about ties to suppliers, once for each purchase (条例 第9条)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kernel import clock


class Declaration(models.Model):
    """Employment, posts and shares of the last three years; kinship; anything else. True: nothing of the kind. A tie may be added later, never taken back."""

    tender = models.ForeignKey("procurement.Tender", models.PROTECT, related_name="declarations")
    user = models.ForeignKey("kernel.User", models.PROTECT, related_name="declarations")
    no_post = models.BooleanField(_("no employment, no post as director or supervisor, no shares with a supplier within three years"), default=False)
    no_kin = models.BooleanField(_("no spouse, relative by blood or near relative by marriage who heads or controls a supplier"), default=False)
    no_other = models.BooleanField(_("nothing else that could keep me from being fair"), default=False)
    ties = models.CharField(_("what stands between"), max_length=600, blank=True)
    declared_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("declaration")
        constraints = [models.UniqueConstraint(fields=["tender", "user"], name="declaration_once")]

    def __str__(self):
        return f"{self.user} {self.tender_id}"

    @property
    def free(self):
        """Nothing of the kind was declared."""
        return self.no_post and self.no_kin and self.no_other
