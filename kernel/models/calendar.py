"""The State Council's list of days off and make-up working days, versioned: a published version never changes."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.models.living import Living


class CalendarQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The calendar is public law: everybody who is logged in sees it."""
        return self if user.is_authenticated else self.none()


class HolidayCalendar(Living):
    """One complete version of the holiday calendar. It counts once a second person has published it, from `valid_from` on."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    document_number = models.CharField(_("document number"), max_length=80)
    valid_from = models.DateField(_("valid from"), default=clock.today)
    note = models.CharField(_("note"), max_length=200, blank=True)
    confirmed_by = models.ForeignKey("kernel.User", models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("confirmed by"))
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    digest = models.CharField(max_length=64, editable=False, blank=True, help_text="sha256 of all days; a published version is cached by it")
    moved = models.JSONField(default=list, editable=False, help_text="open deadlines this version moved: kind, subject, url, before, after")
    objects = CalendarQuerySet.as_manager()

    class Meta:
        ordering = ["-version"]
        verbose_name = _("holiday calendar")

    def __str__(self):
        return str(_("Holiday calendar, version {number}")).format(number=self.version)

    def get_absolute_url(self):
        return reverse("calendar_version", args=[self.pk])


class CalendarYear(models.Model):
    """A year that is loaded, with the document that set it."""

    calendar = models.ForeignKey(HolidayCalendar, models.PROTECT, related_name="years")
    year = models.PositiveSmallIntegerField(_("year"))
    document_number = models.CharField(_("document number"), max_length=80)

    class Meta:
        ordering = ["year"]
        constraints = [models.UniqueConstraint(fields=["calendar", "year"], name="calendar_year_once")]

    def __str__(self):
        return str(self.year)


class Holiday(models.Model):
    """A day that differs from the ordinary week or belongs to a named holiday: off, or a make-up working day."""

    OFF, WORK = "off", "work"
    KINDS = [(OFF, _("day off")), (WORK, _("make-up working day"))]
    year = models.ForeignKey(CalendarYear, models.CASCADE, related_name="days")
    date = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=4, choices=KINDS)
    name = models.CharField(_("holiday"), max_length=40, blank=True)

    class Meta:
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["year", "date"], name="holiday_date_once")]

    def __str__(self):
        return f"{self.date} {self.kind}"
