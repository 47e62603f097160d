"""A05 采购意向公开 (财库〔2020〕10号): a statutory purchase is told at least thirty days before it begins; the days run to the notice.

Published once per project, on the day the paper or page says, as an announcement of its own. What is unforeseeable and urgent needs no
publication: the reason is recorded. One that turns out wrong is corrected by a further announcement that shows old and new side by side; the
day it was published stays.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, trail
from kernel.lifecycle import Refusal
from kernel.money import yuan
from kernel.rules import carries
from procurement.announcements import announce
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
    if day:
        announce("intention", actor=actor, intention=row, title=row.title, number=project.number)
    trail.record(project, "intention", actor=actor, happened_on=day, reason=row.urgent_reason, params={"intention": row.pk})
    return row


PARTS = {"title": "采购项目名称", "summary": "采购需求概况", "budget": "预算金额（万元）", "month": "预计采购时间", "note": "备注"}


def objection_to_correction(row, actor):
    """Why this intention can't be corrected now, or None."""
    if row.published_on is None:
        return Refusal("urgent", _("This was urgent and never published; there is nothing to correct."))
    if row.project.status not in RECORDABLE:
        return Refusal("wrong_state", _("This project is past its intention: it is “{state}”.").format(state=row.project.status_label), todo=_("Correct the procurement notice instead."))
    return None


def _shown(row):
    return {"title": row.title, "summary": row.summary, "budget": row.in_ten_thousands, "month": f"{row.month.year}年{row.month.month}月", "note": row.note}


@carries("A05")
@transaction.atomic
def correct_intention(row, *, actor, reason, title, summary, budget, month, note=""):
    """Publish what was wrong beside what is right (更正公告, linked to the original), and keep the right values. Raises Refusal. Returns the Announcement."""
    row = Intention.objects.select_for_update(of=("self",)).select_related("project", "purchaser").get(pk=row.pk)
    if not may_record(actor, row.project):
        raise Refusal("role", _("The street's handler publishes the intention."))
    if refusal := objection_to_correction(row, actor):
        raise refusal
    if not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    before = _shown(row)
    row.title, row.summary, row.budget, row.month, row.note = title, summary, yuan(budget), month.replace(day=1), note
    after = _shown(row)
    changes = [{"label": label, "before": before[key], "after": after[key]} for key, label in PARTS.items() if before[key] != after[key]]
    if not changes:
        raise Refusal("nothing", _("Nothing is different from what was published."), field="title")
    row.save()
    known = list(row.announcements.order_by("pk"))
    original = next((one for one in known if one.kind == "intention"), None)
    made = announce(
        "correction", actor=actor, intention=row, corrects=original, title=f"{before['title']}采购意向", number=row.project.number, template="intention_correction", changes=changes, reason=reason.strip(),
        original_number=original.number if original else row.project.number, original_title=before["title"], contact=row.purchaser.phone or row.purchaser.name,
    )  # fmt: skip
    trail.record(row.project, "intention_correction", actor=actor, reason=reason.strip(), params={"intention": row.pk, "announcement": made.pk, "parts": [key for key in PARTS if before[key] != after[key]]})
    return made


def day_of(projects):
    """The day from which the intentions of all these projects are public, or None while one is missing."""
    days = [row.published_on for row in Intention.objects.filter(project__in=projects) if row.published_on]
    return max(days) if days and len(days) == len(set(projects)) else None


def urgent(projects):
    """Whether every project without a published intention is recorded as urgent (and at least one is)."""
    rows = {row.project_id: row for row in Intention.objects.filter(project__in=projects)}
    return len(rows) == len(set(projects)) and any(row.urgent_reason for row in rows.values())
