"""The agenda of a meeting, read in a constant number of queries however long it is."""

from collections import defaultdict

from django.contrib.contenttypes.models import ContentType

from kernel.models import TrailRow, User
from procurement.lifecycle.quorum import heads
from procurement.models import Project


def remember_drafters(projects):
    """Give each project its trail rows, so that conflicts of many are asked at once."""
    rows = defaultdict(list)
    kind = ContentType.objects.get_for_model(Project)
    for row in TrailRow.objects.filter(subject_type=kind, subject_id__in=[project.pk for project in projects]).select_related("actor", "on_behalf_of").order_by("id"):
        rows[row.subject_id].append(row)
    for project in projects:
        project._trail_rows = rows[project.pk]
    return projects


def items_of(meeting):
    """The items in the order of the agenda, with project, gates, who stepped aside and what was said on line."""
    rows = meeting.items.select_related("run__project__place", "run__project__purchaser", "run__project__intended", "run__project__item", "meeting")
    rows = list(rows.prefetch_related("recused", "votes__user", "run__project__gate_runs", "run__project__drafting_help").order_by("id"))
    remember_drafters([item.run.project for item in rows])
    return rows


def members_of(meeting):
    """The people of the roster, by name."""
    return list(User.objects.filter(pk__in=meeting.members).order_by("name")) if meeting.members else []


def heads_of(item, meeting, present):
    """Who could decide on an item of this meeting."""
    return heads(meeting.members, {person.pk for person in present}, {person.pk for person in item.recused.all()}, meeting.quorum)
