"""实质性变动: what a panel changes in the terms of a purchase while it talks with the suppliers."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from evaluation.permissions_panel import ChangeQuerySet
from kernel import clock
from kernel.models.living import Living


class TermsChange(Living):
    """One change of the terms by the panel (财库〔2014〕214号 第20条, 财政部令第74号 第32条): of what is needed in technology and service, of the
    draft contract, of nothing else. `until`: to when suppliers hand in their responses anew, set by who confirms it; their answers are `questions`."""

    panel = models.ForeignKey("evaluation.Panel", models.PROTECT, related_name="changes")
    number = models.PositiveSmallIntegerField()
    requirements = models.TextField(_("changes of technology and service"), max_length=4000, blank=True)
    contract_terms = models.TextField(_("changes of the draft contract"), max_length=4000, blank=True)
    cause = models.CharField(_("why the terms change"), max_length=500)
    until = models.DateTimeField(_("responses anew until"), null=True, editable=False)
    confirmed_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, related_name="+", editable=False)
    told_at = models.DateTimeField(null=True, editable=False)
    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["panel_id", "number"]
        verbose_name = pgettext_lazy("talks", "change of the terms")
        constraints = [
            models.UniqueConstraint(fields=["panel", "number"], name="terms_change_number_once"),
            models.UniqueConstraint(fields=["panel"], condition=Q(status="proposed"), name="terms_change_one_waits"),
            models.CheckConstraint(condition=~Q(requirements="") | ~Q(contract_terms=""), name="terms_change_changes_something"),
            models.CheckConstraint(
                condition=Q(until=None, told_at=None, confirmed_by=None) | Q(until__gt=F("told_at"), told_at__isnull=False, confirmed_by__isnull=False), name="terms_change_told_as_confirmed"
            ),
        ]

    def __str__(self):
        return str(_("Change of the terms no. {number}").format(number=self.number))

    def get_absolute_url(self):
        return reverse("terms_change", args=[self.pk])

    @property
    def purchaser_id(self):
        return self.panel.purchaser_id

    @property
    def is_open(self):
        """Whether suppliers may still hand in anew, by the server's clock."""
        return self.status == "told" and clock.now() < self.until

    def trail_chain(self):
        return self.panel.trail_chain()
