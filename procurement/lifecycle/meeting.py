"""The life of a meeting 会议 (工委会, 主任办公会): leaders do not click votes.

convened     the secretary has called it: date, place, agenda; members get the agenda pack and, where the gate allows it, vote on line (convening.py)
draft        the secretary has recorded number, attendance, who stepped aside, the result of each project, and uploads the signed minutes
             of an item decided without quorum, or by somebody concerned who did not step aside, no record is taken
confirmed    one other person who was there has confirmed them; all results are applied at once, or none
cancelled    called off, or recorded in error; its number may be used again

A meeting may be recorded without having been convened here: paper comes first.
"""

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.permissions import has_role, memberships_of
from kernel import clock, files, trail
from kernel.lifecycle import Life, Refusal, Step, advance, principals_of
from kernel.models import User
from kernel.money import yuan
from procurement.lifecycle.configuration import committee_of
from procurement.lifecycle.gates import conflict, decide_gate
from procurement.lifecycle.quorum import voices_refusal
from procurement.models import GateRun, Meeting, MeetingItem
from procurement.sittings import heads_of, items_of


def may_record(user, meeting):
    """The secretary of the work committee, or the leader's or section's office of the purchaser."""
    return has_role(user, "committee", "section", "leader", purchaser=meeting.purchaser_id)


def was_present(user, meeting):
    """Present, and still of the purchaser."""
    present = meeting.attendees.filter(pk=user.pk).exists()
    return present and any(row.purchaser_id == meeting.purchaser_id for row in memberships_of(user))


def _objection(meeting, actor):
    if meeting.created_by_id == actor.pk:
        return Refusal("same_person", _("Whoever recorded the meeting does not confirm it."), todo=_("Somebody else who was present confirms."))
    if not files.of(meeting, role="minutes"):
        return Refusal("minutes_missing", _("The signed minutes are not uploaded yet."), todo=_("Upload the scan first."))
    if MeetingItem.recused.through.objects.filter(meetingitem__meeting=meeting, user=actor).exists():
        return Refusal("recused", _("{name} stepped aside in this meeting and does not confirm its minutes.").format(name=actor), todo=_("Somebody else who was present confirms."))
    present = list(meeting.attendees.all())
    for item in items_of(meeting):
        if item.result and (refusal := objection_to_item(item, meeting, present)):
            return refusal
    return None


def objection_to_item(item, meeting, present=None):
    """Why this result cannot be applied, or None: not this gate's turn, somebody concerned did not step aside, nobody left to decide,
    no quorum, too few voices."""
    run, project = item.run, item.run.project
    now_open = project.open_runs() if project.status == "in_review" else []
    if run.pk not in {row.pk for row in now_open}:
        return Refusal("not_its_turn", _("“{gate}” does not decide “{project}” now.").format(gate=run.name, project=project), todo=_("Take the project out of this meeting."))
    present = list(meeting.attendees.all()) if present is None else present
    aside = {person.pk for person in item.recused.all()}
    count = heads_of(item, meeting, present)
    if not count.deciding:
        return Refusal("nobody_left", _("Nobody was left to decide “{project}”.").format(project=project), todo=_("It stays for the next meeting."))
    for person in present:
        if person.pk not in aside and (why := conflict(project, person)):
            return Refusal("must_recuse", _("“{project}”: {why}").format(project=project, why=why.sentence), article=why.article, todo=_("Record that they stepped aside."))
    if not count.enough:
        return Refusal(
            "no_quorum",
            _("“{project}”: {count} of {members} members could decide on it, {needed} are needed.").format(project=project, count=len(count.deciding), members=count.members, needed=count.needed),
            todo=_("It stays for the next meeting."),
        )
    if refusal := voices_refusal(item.result, (item.votes_for, item.votes_against, item.abstained), len(count.deciding)):
        return Refusal(refusal.code, _("“{project}”: {why}").format(project=project, why=refusal.sentence))
    return None


def _may_vote(user, meeting):
    return user.pk in meeting.members and any(row.purchaser_id == meeting.purchaser_id for row in memberships_of(user))


VOTE = Step(
    "vote", _("Vote on line"), ("convened",), None, _may_vote, lambda meeting, actor: None if meeting.online_voting else Refusal("no_voting", _("This meeting takes no votes on line.")),
    fits=lambda meeting: meeting.online_voting, waits_for=_("members"), hint=_("You may change it until the meeting is recorded."),
)  # fmt: skip
RECORD = Step("record", _("Record the meeting"), ("convened",), "draft", may_record, waits_for=_("the secretary"))
MINUTES = Step("minutes", _("Upload the signed minutes"), ("draft",), None, may_record, tone="secondary")
CONFIRM = Step(
    "confirm", _("Confirm the minutes"), ("draft",), "confirmed", was_present, _objection, tone="success",
    hint=_("All results are applied to the projects at once."), waits_for=_("somebody else who was present"),
)  # fmt: skip
CANCEL = Step("cancel", _("Discard the record"), ("convened", "draft"), "cancelled", may_record, tone="danger", needs_reason=True)
LIFE = Life("meeting", Meeting, states={"convened": pgettext_lazy("meeting", "convened"), "draft": pgettext_lazy("meeting", "recorded"), "confirmed": pgettext_lazy("meeting", "confirmed"), "cancelled": pgettext_lazy("meeting", "discarded")}, steps=(VOTE, RECORD, MINUTES, CONFIRM, CANCEL))


LIFE.verb_labels = {"convene": _("Convene")}


def open_runs_for(purchaser, gate_key=None):
    """Gate runs that wait for a meeting of this purchaser and stand on no agenda and in no unconfirmed record yet, oldest first (one query)."""
    rows = GateRun.objects.filter(project__purchaser=purchaser, project__status="in_review", by_meeting=True, result="waiting", opened_at__isnull=False)
    rows = rows.exclude(pk__in=MeetingItem.objects.filter(Q(meeting__status="convened") | Q(meeting__status="draft") & ~Q(result="")).values("run"))
    return (rows.filter(key=gate_key) if gate_key else rows).select_related("project__place", "project__intended").order_by("opened_at", "id")


@transaction.atomic
def hold_meeting(actor, *, purchaser, number, title, held_on, attendees, items, others_present="", minutes=None, location="", chair=None, begins_at=None):
    """Record a sitting that was not convened here. `items`: [{"run": GateRun, "result": passed|cut|returned|rejected, "cut_to": yuan,
    "remark": str, "recused": [User], "votes_for", "votes_against", "abstained": int or None}].

    `minutes`: the signed scan (a Django File or (name, bytes)); may follow later. Nothing is applied before `confirm_meeting`.
    Raises Refusal: role, no_items, future, number_taken, mixed_gates, cut_amount, reason_missing, not_present, and those of objection_to_item.
    """
    items, attendees = list(items), list(attendees)
    if not items:
        raise Refusal("no_items", _("A meeting decides at least one project."), field="items")
    if held_on > clock.today():
        raise Refusal("future", _("The meeting lies in the future."), field="held_on")
    if len({item["run"].key for item in items}) != 1:
        raise Refusal("mixed_gates", _("One record holds the results of one gate."))
    meeting = new_meeting(
        actor, purchaser, items[0]["run"].key, number=number, title=title, held_on=held_on, others_present=others_present, location=location, chair=chair, begins_at=begins_at
    )
    meeting.save()
    _record_facts(meeting, attendees, items)
    trail.record(meeting, "create", actor=actor, to_status="draft", happened_on=held_on, params={"items": [item["run"].pk for item in items], "present": [person.pk for person in attendees]})
    if minutes is not None:
        files.attach(meeting, minutes, "minutes", actor=actor)
    return meeting


def new_meeting(actor, purchaser, key, *, number, held_on, **facts):
    """An unsaved Meeting with the members and quorum of its gate as of its day. Raises Refusal: role, number_taken."""
    meeting = Meeting(purchaser=purchaser, gate_key=key, number=number.strip(), held_on=held_on, created_by=actor, **facts)
    meeting.members, meeting.quorum, meeting.online_voting = committee_of(purchaser, key, held_on)
    if not any(may_record(person, meeting) for person in principals_of(actor)):
        raise Refusal("role", _("Your role does not record meetings of this purchaser."))
    number_refusal(meeting)
    return meeting


def number_refusal(meeting):
    """Raises Refusal when another meeting of the purchaser, not called off, bears the number."""
    if Meeting.objects.filter(purchaser=meeting.purchaser_id, number=meeting.number).exclude(status="cancelled").exclude(pk=meeting.pk).exists():
        raise Refusal("number_taken", _("There is already a meeting {number}.").format(number=meeting.number), field="number")


def _record_facts(meeting, attendees, items):
    """Write attendance and results; each result must be one that can be applied as the meeting stands."""
    meeting.attendees.set(attendees)
    present = {person.pk for person in attendees}
    for item in items:
        _add_item(meeting, item, present)
    for row in items_of(meeting):
        if row.result and (refusal := objection_to_item(row, meeting, attendees)):
            raise refusal


def _add_item(meeting, item, present):
    run, result = item["run"], item["result"]
    if run.project.purchaser_id != meeting.purchaser_id or not run.by_meeting:
        raise Refusal("other_gate", _("“{project}” is not decided in this meeting.").format(project=run.project))
    amount = yuan(item["cut_to"]) if result == "cut" and item.get("cut_to") else None
    if result == "cut" and not (amount and 0 < amount < run.project.budget_total):
        raise Refusal("cut_amount", _("“{project}”: a cut lies between zero and the budget of {total} yuan.").format(project=run.project, total=f"{run.project.budget_total:,.2f}"))
    if result in ("returned", "rejected") and not item.get("remark", "").strip():
        raise Refusal("reason_missing", _("“{project}”: please say why.").format(project=run.project))
    aside = list(item.get("recused", ()))
    if stranger := next((person for person in aside if person.pk not in present), None):
        raise Refusal("not_present", _("{name} was not present and cannot have stepped aside.").format(name=stranger))
    facts = {name: item.get(name) for name in ("votes_for", "votes_against", "abstained")}
    row, _new = MeetingItem.objects.update_or_create(meeting=meeting, run=run, defaults={"result": result, "cut_to": amount, "remark": item.get("remark", ""), **facts})
    row.recused.set(aside)


@LIFE.verb(RECORD)
@transaction.atomic
def record_meeting(meeting, *, actor, held_on, attendees, items, number=None, title=None, others_present="", location=None, chair=None, begins_at=None, minutes=None):
    """Record a convened sitting: as hold_meeting, for projects of its agenda. What was not taken keeps waiting. Raises Refusal."""
    items, attendees = list(items), list(attendees)
    if not items:
        raise Refusal("no_items", _("A meeting decides at least one project."), field="items")
    changes = {"held_on": held_on, "others_present": others_present, "number": (number or meeting.number).strip(), "title": title or meeting.title, "chair": chair or meeting.chair}
    changes |= {"location": meeting.location if location is None else location, "begins_at": begins_at or meeting.begins_at}
    params = {"items": [item["run"].pk for item in items], "present": [person.pk for person in attendees]}
    meeting = advance(meeting, RECORD, actor=actor, happened_on=held_on, changes=changes, params=params)
    number_refusal(meeting)
    on_agenda = set(meeting.items.values_list("run", flat=True))
    if other := next((item["run"] for item in items if item["run"].pk not in on_agenda), None):
        raise Refusal("not_on_agenda", _("“{project}” is not on the agenda of this meeting.").format(project=other.project), todo=_("Record it with the meeting that takes it."))
    _record_facts(meeting, attendees, items)
    if minutes is not None:
        files.attach(meeting, minutes, "minutes", actor=actor)
    return meeting


@LIFE.verb(MINUTES)
@transaction.atomic
def upload_minutes(meeting, *, actor, file):
    """Keep the scan of the signed minutes."""
    meeting = advance(meeting, MINUTES, actor=actor)
    files.attach(meeting, file, "minutes", actor=actor)
    return meeting


@LIFE.verb(CONFIRM)
@transaction.atomic
def confirm_meeting(meeting, *, actor, reason=""):
    """One other person who was present confirms; every project moves as the minutes say, or none does. Raises Refusal."""
    meeting = advance(meeting, CONFIRM, actor=actor, reason=reason, changes={"confirmed_by": actor, "confirmed_at": clock.now()})
    for item in meeting.items.exclude(result="").select_related("run__project").order_by("run__project_id"):
        decide_gate(item.run, item.result, actor, item.remark or meeting.number, cut_to=item.cut_to, happened_on=meeting.held_on, meeting=meeting)
    return meeting


@LIFE.verb(CANCEL)
@transaction.atomic
def cancel(meeting, *, actor, reason=""):
    """Call a meeting off or throw an unconfirmed record away; it stays readable and its projects wait for another."""
    return advance(meeting, CANCEL, actor=actor, reason=reason)


def people_of(purchaser):
    """Active people with a role at the purchaser today, for attendance."""
    day = clock.today()
    rows = purchaser.memberships.filter(starts_on__lte=day).exclude(ends_on__lt=day)
    return User.objects.filter(pk__in=rows.values("user"), is_active=True).order_by("name")
