"""What every noun with a life shares."""

from django.db import models
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _

from kernel import clock


class Living(models.Model):
    """A noun with a life: its status, and since when it holds (the day on the paper), are written by `kernel.lifecycle` alone; money and law records are never deleted."""

    status = models.CharField(_("status"), max_length=30, default="draft", db_index=True, editable=False)
    stage_since = models.DateField(_("in this state since"), default=clock.today, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    created_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("created by"))

    class Meta:
        abstract = True

    @property
    def status_label(self):
        """The state's name in the reader's language."""
        return self.LIFE.states.get(self.status, self.status)

    def _get_FIELD_display(self, field):
        """As Django's own, but only the one label is translated that is shown, not every choice of the field."""
        value = getattr(self, field.attname)
        return force_str(next((label for known, label in field.flatchoices if known == value), value), strings_only=True)

    def trail_chain(self):
        """Rows of one project and all under it share one chain; a noun without project uses its app's."""
        return self._meta.app_label


class Versioned(models.Model):
    """A configuration row: valid from a day, proposed by one person and confirmed by a second before it counts."""

    valid_from = models.DateField(_("valid from"), default=clock.today)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    proposed_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", null=True, editable=False)
    confirmed_by = models.ForeignKey("kernel.User", models.PROTECT, related_name="+", null=True, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    @classmethod
    def in_force(cls, day=None):
        """Confirmed rows valid on a day (default: today)."""
        day = day or clock.today()
        return cls.objects.filter(confirmed_at__isnull=False, valid_from__lte=day).exclude(valid_to__lt=day)
