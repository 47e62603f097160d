"""Calling a meeting: date, place and agenda, and the voices members give on line before it sits. The life stands in meeting.py."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, notices, trail
from kernel.lifecycle import Refusal, advance
from kernel.models import User
from procurement.lifecycle.gates import conflict
from procurement.lifecycle.meeting import LIFE, VOTE, new_meeting
from procurement.models import MeetingItem, MeetingVote
from procurement.sittings import items_of, members_of
from providers.permissions import remember_member_rows

LARGEST_AGENDA = 100
notices.register("meeting.convened", _("“{title}” {number} is convened for {day}: agenda of {count} project(s)"))


@transaction.atomic
def convene_meeting(actor, *, purchaser, number, title, held_on, runs, begins_at=None, location="", chair=None):
    """Call a sitting over projects that wait for its gate; members are told. Returns the convened Meeting, trailed.

    Raises Refusal: no_items, too_many, past, mixed_gates, other_gate, role, number_taken.
    """
    runs = list(runs)
    if not runs:
        raise Refusal("no_items", _("An agenda holds at least one project."), field="runs")
    if len(runs) > LARGEST_AGENDA:
        raise Refusal("too_many", _("An agenda holds at most {count} projects.").format(count=LARGEST_AGENDA), field="runs")
    if held_on < clock.today():
        raise Refusal("past", _("This day has passed."), todo=_("Record the meeting instead: it was held already."), field="held_on")
    if len({run.key for run in runs}) != 1:
        raise Refusal("mixed_gates", _("One agenda holds the projects of one gate."), field="runs")
    if other := next((run for run in runs if run.project.purchaser_id != purchaser.pk or not run.by_meeting or run.result != "waiting"), None):
        raise Refusal("other_gate", _("“{project}” is not decided in this meeting.").format(project=other.project), field="runs")
    meeting = new_meeting(actor, purchaser, runs[0].key, number=number, title=title, held_on=held_on, begins_at=begins_at, location=location, chair=chair, status="convened")
    meeting.save()
    MeetingItem.objects.bulk_create([MeetingItem(meeting=meeting, run=run) for run in runs])
    if meeting.online_voting:
        members = remember_member_rows(members_of(meeting))
        asked = [(item, person) for item in items_of(meeting) for person in members if not conflict(item.run.project, person)]
        MeetingVote.objects.bulk_create([MeetingVote(item=item, user=person) for item, person in asked])
    trail.record(meeting, "convene", actor=actor, to_status="convened", params={"items": [run.pk for run in runs], "day": held_on.isoformat()})
    told = User.objects.filter(pk__in=meeting.members, is_active=True).exclude(pk=actor.pk)
    params = {"title": title, "number": meeting.number, "day": held_on.isoformat(), "count": len(runs)}
    notices.notify_all(told, f"meeting.convened:{meeting.pk}", "meeting.convened", subject=meeting, url=meeting.get_absolute_url(), params=params)
    return meeting


def open_to(meeting, person):
    """[(item, why this person may not vote on it, or None)] of the agenda."""
    return [(item, conflict(item.run.project, person)) for item in items_of(meeting)]


@LIFE.verb(VOTE)
@transaction.atomic
def vote(meeting, *, actor, votes=None):
    """A member says for, against or abstained to items of the agenda. `votes`: {item id: (choice, remark)}. Voting again replaces what was said.

    Raises Refusal: no_voting, nothing_said, concerned or applicant (that item), not_on_agenda.
    """
    votes = {int(key): said for key, said in (votes or {}).items() if said and said[0]}
    if not votes:
        raise Refusal("nothing_said", _("You have not voted on any project."))
    meeting = advance(meeting, VOTE, actor=actor, params={"items": sorted(votes)})
    allowed = {item.pk: why for item, why in open_to(meeting, actor)}
    for pk, (choice, remark) in votes.items():
        if pk not in allowed:
            raise Refusal("not_on_agenda", _("This project is not on the agenda of this meeting."))
        if allowed[pk]:
            raise allowed[pk]
        MeetingVote.objects.update_or_create(item_id=pk, user=actor, defaults={"choice": choice, "remark": remark, "voted_at": clock.now()})
    return meeting


def voices(item):
    """{"for": n, "against": n, "abstain": n} said on line to an item."""
    counts = dict.fromkeys(("for", "against", "abstain"), 0)
    for row in filter(lambda vote: vote.choice, item.votes.all()):
        counts[row.choice] += 1
    return counts
