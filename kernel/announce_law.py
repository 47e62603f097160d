"""What the law's pages offer: their menu entries, and on the desk of the calendar's keepers what waits for them."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel import clock, holidays, registry, workdays
from kernel.models.calendar import HolidayCalendar

PUBLISHED_AROUND = 11  # month in which next year's list usually appears (K)

registry.nav(
    registry.NavItem("settings", gettext_lazy("Rules"), "rule_list", order=90),
    registry.NavItem("settings", gettext_lazy("Holiday calendar"), "calendar", order=91),
)


@registry.desk
def calendar_tasks(user):
    """A draft waits for a second person; late in the year the next one waits to be entered."""
    if not holidays.may_keep(user):
        return
    draft = HolidayCalendar.objects.filter(status="draft").first()
    if draft:
        own = draft.created_by_id in (None, user.pk)
        action = _("Complete the days") if own else _("Compare and publish")
        yield registry.Task("holidaycalendar", str(draft), action, draft.get_absolute_url(), since=draft.created_at, detail=draft.document_number)
        return
    today = clock.today()
    if today.month >= PUBLISHED_AROUND and not workdays.is_loaded(today.year + 1):
        title = _("The holiday list of {year} is not loaded").format(year=today.year + 1)
        yield registry.Task("holidaycalendar", title, _("Enter it when it is announced"), reverse("calendar"))
