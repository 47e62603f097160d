"""A05 采购意向公开 (财库〔2020〕10号): a statutory purchase is told at least thirty days before it begins; the days run to the notice.

Published once per project, on the day the paper or page says. What is unforeseeable and urgent needs no publication: the reason is recorded.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, trail
from kernel.lifecycle import Refusal
from kernel.rules import carries
from procurement.lifecycle.survey import RECORDABLE, amount_of, may_record
from procurement.models import Intention, Project


@carries("A05")
@transaction.atomic
def publish_intention(project, *, actor, title="", summary="", budget=None, month=None, note="", published_on=None, urgent_reason=""):
    """Publish the intention of a project (or record why it is urgent). Defaults come from the project; `published_on`: today. Raises Refusal."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    if not may_record(actor, project):
        raise Refusal("role", _("The street's handler publishes the intention."))
    if project.status not in RECORDABLE:
        raise Refusal("wrong_state", _("This project is past its intention: it is “{state}”.").format(state=project.status_label))
    if Intention.objects.filter(project=project).exists():
        raise Refusal("published_already", _("The intention of this project is already recorded."))
    day = None if urgent_reason.strip() else published_on or clock.today()
    if day and day > clock.today():
        raise Refusal("future", _("The date it happened lies in the future."), field="published_on")
    row = Intention.objects.create(
        project=project, purchaser=project.purchaser, title=title or project.title, summary=summary or project.goal[:1000], budget=amount_of(project) if budget is None else budget,
        month=(month or project.starts_on).replace(day=1), note=note, published_on=day, urgent_reason=urgent_reason.strip(), recorded_by=actor,
    )  # fmt: skip
    trail.record(project, "intention", actor=actor, happened_on=day, reason=row.urgent_reason, params={"intention": row.pk})
    return row


def day_of(projects):
    """The day from which the intentions of all these projects are public, or None while one is missing."""
    days = [row.published_on for row in Intention.objects.filter(project__in=projects) if row.published_on]
    return max(days) if days and len(days) == len(set(projects)) else None


def urgent(projects):
    """Whether every project without a published intention is recorded as urgent (and at least one is)."""
    rows = {row.project_id: row for row in Intention.objects.filter(project__in=projects)}
    return len(rows) == len(set(projects)) and any(row.urgent_reason for row in rows.values())
