"""在途项目补录: half-delivered contracts entered on day one, confirmed by a second person, marked everywhere."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel.lifecycle import principals_of
from kernel.models.living import Living


class BackfillQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Batches of the purchasers where the person (or whom it stands in for) works."""
        from communities.permissions import purchaser_ids

        ids = {pk for person in principals_of(user) for pk in purchaser_ids(person, "handler", "accountant", "leader", "supervisor", "observer")}
        return self.filter(purchaser__in=ids)


class Backfill(Living):
    """One batch of rows as read from Excel or a form. `rows` are the cells as read, `problems` what is wrong per row; nothing counts before confirmation."""

    purchaser = models.ForeignKey("communities.Purchaser", models.PROTECT, related_name="backfills", verbose_name=_("purchaser"))
    name = models.CharField(_("name"), max_length=120)
    rows = models.JSONField(default=list, editable=False)
    problems = models.JSONField(default=list, editable=False)
    confirmed_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, editable=False, related_name="+")
    confirmed_at = models.DateTimeField(null=True, editable=False)
    contracts = models.ManyToManyField("procurement.Contract", related_name="backfills", editable=False)
    projects = models.ManyToManyField("procurement.Project", related_name="backfills", editable=False)

    objects = BackfillQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name = _("backfill batch")

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("backfill_detail", args=[self.pk])

    def trail_chain(self):
        return f"purchaser-{self.purchaser_id}"
