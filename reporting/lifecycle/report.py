"""Asking for a report and entering last year's totals."""

import secrets

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, trail
from kernel.jobs import enqueue
from kernel.lifecycle import Refusal
from reporting.models import Report, YearTotal


@transaction.atomic
def ask_for(kind, *, actor, year=None, cutoff=None, place=None, purchaser=None, project=None):
    """Record a report and have the worker make it after commit. Returns the Report with its job.

    `year`/`cutoff` for annual reports (cut-off defaults to today or the year's last day), `project` for a ledger.
    """
    params = {}
    if kind == "annual":
        last = clock.today().replace(year=year, month=12, day=31)
        params = {"year": year, "cutoff": (cutoff or min(clock.today(), last)).isoformat()}
    number = f"{'NB' if kind == 'annual' else 'TZ'}{clock.today():%Y%m%d}-{secrets.token_hex(4).upper()}"
    report = Report.objects.create(kind=kind, number=number, params=params, place=place, purchaser=purchaser, project=project, requested_by=actor, requested_at=clock.now())
    report.job = enqueue(f"reporting.{kind}", {"report": report.pk}, actor=actor)
    Report.objects.filter(pk=report.pk).update(job=report.job)
    trail.record(report, "ask", actor=actor, params={"kind": kind, **params})
    return report


@transaction.atomic
def enter_total(*, actor, place, year, cutoff, projects, amount, paid, source):
    """Enter a year before the platform, with its source; counts once a second person confirms. Raises Refusal when it is there already."""
    try:
        with transaction.atomic():
            total = YearTotal.objects.create(
                place=place, year=year, cutoff=cutoff, projects=projects, amount=amount, paid=paid, source=source, entered_by=actor
            )
    except IntegrityError as error:
        raise Refusal("total_exists", _("Totals of this year and cut-off date are already entered."), field="year") from error
    trail.record(total, "enter", actor=actor, params={"year": year, "amount": str(amount)})
    return total


@transaction.atomic
def confirm_total(total, *, actor):
    """The second person's confirmation. Raises Refusal for the same person or when already confirmed."""
    if total.entered_by_id == actor.pk:
        raise Refusal("same_person", _("Somebody else than the person who entered the totals confirms them."))
    if not YearTotal.objects.filter(pk=total.pk, confirmed_by=None).update(confirmed_by=actor):
        raise Refusal("lost_race", _("These totals are already confirmed."))
    trail.record(total, "confirm", actor=actor, params={"year": total.year})
