"""Open third-party checks and findings, counted again when a new holiday calendar is published. Payment due dates never move with them."""

from django.utils.translation import gettext_lazy as _

from evaluation.models import Check, Finding
from kernel import clock, workdays
from procurement.recounting import move

LABELS = {"check": _("third-party check"), "finding": _("answer to a finding")}


@workdays.register_recompute(LABELS)
def recount(calendar, actor):
    """Every open limit of this app under `calendar`; what moved."""
    found = [*_checks(calendar, actor), *_findings(calendar, actor)]
    return [moved for moved in found if moved]


def _checks(calendar, actor):
    for check in Check.objects.filter(status="open").select_related("assignment__contract", "stage"):
        due = workdays.add_workdays(check.evidence_complete_on, check.assignment.contract.check_days, calendar)
        yield move(check, "due_on", due, "check", actor)


def _findings(calendar, actor):
    for finding in Finding.objects.filter(status="open", due_on__isnull=False).select_related("check_of__assignment__contract"):
        stated = finding.created_at.astimezone(clock.ZONE).date()
        due = workdays.add_workdays(stated, finding.check_of.assignment.contract.check_days, calendar)
        yield move(finding, "due_on", due, "finding", actor)
