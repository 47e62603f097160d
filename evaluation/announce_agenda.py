"""Dates of the judging in everybody's calendar, and what timetables of purchases can't know: the day the evaluation ended."""

from django.utils.translation import gettext as _

from evaluation.models import Check, Panel
from kernel import clock, registry
from kernel.registry import Dated
from procurement import schedule_facts


@schedule_facts.further
def evaluated_on(tenders):
    """The day each purchase's panel concluded."""
    rows = Panel.objects.filter(tender__in=[tender.pk for tender in tenders], concluded_at__isnull=False).values_list("tender", "concluded_at")
    return {tender: {"evaluation": moment.astimezone(clock.ZONE).date()} for tender, moment in rows}


@registry.agenda
def of_judges(user, since):
    """Checks of the third party that did not lapse, and the opening of purchases whose panel one sits on."""
    for row in Check.objects.filter(assignment__auditor=user, status="open", due_on__gte=since):
        yield Dated(f"check-{row.pk}", str(row), row.due_on, row.get_absolute_url())
    seats = Panel.objects.filter(members__user=user, members__left_at=None, status__in=("formed", "scoring"), tender__opens_at__isnull=False)
    for row in seats.select_related("tender"):
        yield Dated(f"panel-{row.pk}", _("{title}: evaluation").format(title=row.tender.title), row.tender.opens_at, row.get_absolute_url())
