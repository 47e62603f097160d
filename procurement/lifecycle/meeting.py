"""The life of a meeting 会议 (工委会, 主任办公会): leaders do not click votes.

draft        the secretary has recorded number, attendance, who stepped aside, the result of each project, and uploads the signed minutes
confirmed    one other person who was there has confirmed them; all results are applied at once, or none
cancelled    recorded in error
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.permissions import has_role, memberships_of
from kernel import clock, files, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.models import User
from kernel.money import yuan
from procurement.lifecycle.gates import conflict, decide_gate
from procurement.models import GateRun, Meeting, MeetingItem


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
    for item in meeting.items.select_related("run__project"):
        if refusal := objection_to_item(item, meeting):
            return refusal
    return None


def objection_to_item(item, meeting):
    """Why this result cannot be applied, or None: not this gate's turn, somebody concerned did not step aside, nobody left to decide."""
    run, project = item.run, item.run.project
    now_open = project.open_run() if project.status == "in_review" else None
    if now_open is None or now_open.pk != run.pk:
        return Refusal("not_its_turn", _("“{gate}” does not decide “{project}” now.").format(gate=run.name, project=project), todo=_("Take the project out of this meeting."))
    aside = set(item.recused.values_list("pk", flat=True))
    deciding = [person for person in meeting.attendees.all() if person.pk not in aside]
    if not deciding:
        return Refusal("nobody_left", _("Nobody was left to decide “{project}”.").format(project=project))
    for person in deciding:
        if why := conflict(project, person):
            return Refusal("must_recuse", _("“{project}”: {why}").format(project=project, why=why.sentence), article=why.article, todo=_("Record that they stepped aside."))
    return None


MINUTES = Step("minutes", _("Upload the signed minutes"), ("draft",), None, may_record, tone="secondary")
CONFIRM = Step(
    "confirm", _("Confirm the minutes"), ("draft",), "confirmed", was_present, _objection, tone="success",
    hint=_("All results are applied to the projects at once."), waits_for=_("somebody else who was present"),
)  # fmt: skip
CANCEL = Step("cancel", _("Discard the record"), ("draft",), "cancelled", may_record, tone="danger", needs_reason=True)
LIFE = Life("meeting", Meeting, states={"draft": pgettext_lazy("meeting", "recorded"), "confirmed": pgettext_lazy("meeting", "confirmed"), "cancelled": pgettext_lazy("meeting", "discarded")}, steps=(MINUTES, CONFIRM, CANCEL))


def open_runs_for(purchaser, gate_key=None):
    """Gate runs that wait for a meeting of this purchaser and stand in no unconfirmed record yet, oldest first (one query)."""
    rows = GateRun.objects.filter(project__purchaser=purchaser, project__status="in_review", by_meeting=True, result="waiting", opened_at__isnull=False)
    rows = rows.exclude(pk__in=MeetingItem.objects.filter(meeting__status="draft").values("run"))
    return (rows.filter(key=gate_key) if gate_key else rows).select_related("project__place", "project__intended").order_by("opened_at", "id")


@transaction.atomic
def hold_meeting(actor, *, purchaser, number, title, held_on, attendees, items, others_present="", minutes=None):
    """Record a sitting. `items`: [{"run": GateRun, "result": passed|cut|returned|rejected, "cut_to": yuan, "remark": str, "recused": [User]}].

    `minutes`: the signed scan (a Django File or (name, bytes)); may follow later. Nothing is applied before `confirm_meeting`.
    Raises Refusal: role, no_items, future, number_taken, mixed_gates, cut_amount, reason_missing, not_present.
    """
    items, attendees = list(items), list(attendees)
    if not items:
        raise Refusal("no_items", _("A meeting decides at least one project."), field="items")
    if held_on > clock.today():
        raise Refusal("future", _("The meeting lies in the future."), field="held_on")
    if len({item["run"].key for item in items}) != 1:
        raise Refusal("mixed_gates", _("One record holds the results of one gate."))
    meeting = Meeting(purchaser=purchaser, gate_key=items[0]["run"].key, number=number.strip(), title=title, held_on=held_on, others_present=others_present, created_by=actor)
    if not may_record(actor, meeting):
        raise Refusal("role", _("Your role does not record meetings of this purchaser."))
    if Meeting.objects.filter(purchaser=purchaser, number=meeting.number).exists():
        raise Refusal("number_taken", _("There is already a meeting {number}.").format(number=meeting.number), field="number")
    meeting.save()
    meeting.attendees.set(attendees)
    for item in items:
        _add_item(meeting, item, {person.pk for person in attendees})
    trail.record(meeting, "create", actor=actor, to_status="draft", happened_on=held_on, params={"items": [item["run"].pk for item in items], "present": [person.pk for person in attendees]})
    if minutes is not None:
        files.attach(meeting, minutes, "minutes", actor=actor)
    return meeting


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
    row = MeetingItem.objects.create(meeting=meeting, run=run, result=result, cut_to=amount, remark=item.get("remark", ""))
    row.recused.set(aside)


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
    for item in meeting.items.select_related("run__project").order_by("run__project_id"):
        decide_gate(item.run, item.result, actor, item.remark or meeting.number, cut_to=item.cut_to, happened_on=meeting.held_on, meeting=meeting)
    return meeting


@LIFE.verb(CANCEL)
@transaction.atomic
def cancel(meeting, *, actor, reason=""):
    """Throw an unconfirmed record away; it stays readable."""
    return advance(meeting, CANCEL, actor=actor, reason=reason)


def people_of(purchaser):
    """Active people with a role at the purchaser today, for attendance."""
    day = clock.today()
    rows = purchaser.memberships.filter(starts_on__lte=day).exclude(ends_on__lt=day)
    return User.objects.filter(pk__in=rows.values("user"), is_active=True).order_by("name")
