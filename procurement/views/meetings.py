"""Screens of the meetings that decide gates: calling one, its agenda pack, recording it, its minutes."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from communities.models import Purchaser
from communities.permissions import purchaser_ids
from kernel.cleaning import CleanForm
from kernel.detail import refuse, render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, acting_for, principals_of, refusal_of
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from procurement import meeting_papers
from procurement.forms.meeting import ConveneForm, ItemForm, MeetingForm
from procurement.lifecycle.configuration import committee_of
from procurement.lifecycle.convening import convene_meeting, voices
from procurement.lifecycle.gates import conflict
from procurement.lifecycle.meeting import LIFE, RECORD, hold_meeting, open_runs_for, people_of, record_meeting
from procurement.models import Meeting
from procurement.papers import pdf_response
from procurement.sittings import heads_of, items_of, members_of, remember_drafters
from providers.permissions import remember_member_rows


def recording_for(user):
    """Purchasers whose meetings this person records."""
    ids = {pk for person in principals_of(user) for pk in purchaser_ids(person, "committee", "section", "leader")}
    return Purchaser.objects.filter(pk__in=ids)


@login_required
def meeting_list(request):
    rows = Meeting.objects.visible_to(request.user).select_related("purchaser").annotate(taken=Count("items"))
    return render_list(
        request, rows, title=_("Meetings"),
        columns=[
            Column("number", _("Number")), Column("title", _("Title"), kind="link"), Column("purchaser__name", _("Purchaser")), Column("held_on", _("Held on"), kind="date"),
            Column("taken", _("Projects"), kind="number"), Column("status", _("Status"), kind="status"),
        ],
        search=("number", "title"), filters=[ChoiceFilter("status", _("Status"), choices=list(Meeting.LIFE.states.items())), DateFilter("held", _("Held on"), field="held_on")],
        default_sort=("-held_on", "-id"), links=[(_("Convene a meeting"), reverse("meeting_convene")), (_("Record a meeting"), reverse("meeting_create"))] if recording_for(request.user).exists() else [],
        export_name="会议", empty_text=_("No meeting yet."),
    )  # fmt: skip


LIFE.link(RECORD, lambda meeting: reverse("meeting_record", args=[meeting.pk]))


@login_required
def meeting_detail(request, pk):
    meeting = visible(request, pk)
    items, present, members = items_of(meeting), list(meeting.attendees.all()), members_of(meeting)
    remember_member_rows([*present, *members])
    there = {person.pk for person in present}
    for item in items:
        item.heads, item.said = heads_of(item, meeting, present), voices(item)
        item.concerned = [person for person in members if conflict(item.run.project, person)] if meeting.status == "convened" else []
    return render_detail(
        request, meeting, "procurement/meeting.html", items=items, members=members, attendees=[person for person in present if not members or person.pk in meeting.members],
        listening=[person for person in present if members and person.pk not in meeting.members], absent=[person for person in members if person.pk not in there],
    )  # fmt: skip


def visible(request, pk):
    return get_object_or_404(Meeting.objects.visible_to(request.user).select_related("purchaser", "created_by", "confirmed_by", "chair"), pk=pk)


def _waiting(request):
    """(purchaser, runs that wait for its meeting of one gate, the other gates that have some): ?purchaser= and ?gate= choose."""
    purchasers = recording_for(request.user)
    purchaser = purchasers.filter(pk=request.GET["purchaser"]).first() if request.GET.get("purchaser", "").isdigit() else purchasers.first()
    if purchaser is None:
        raise PermissionDenied
    runs = list(open_runs_for(purchaser))
    names = {run.key: run.name for run in runs}
    key = request.GET.get("gate") if request.GET.get("gate") in names else next(iter(names), "")
    return purchaser, [run for run in runs if run.key == key], [(other, name) for other, name in names.items() if other != key]


@login_required
def meeting_convene(request):
    """Call a meeting: date, place, agenda."""
    purchaser, runs, gates = _waiting(request)
    rows = open_runs_for(purchaser, runs[0].key if runs else "-")
    initial = {"title": runs[0].name if runs else "", "runs": [run.pk for run in runs]}
    form = ConveneForm(request.POST or None, people=people_of(purchaser), runs=rows, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(convene_meeting(request.user, purchaser=purchaser, **form.cleaned_data))
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("Convene a meeting"), intro=_("The members are told. The agenda pack can be printed at once; results are recorded after the meeting."),
        cancel=reverse("meeting_list"), submit=_("Convene"), draft="meeting-convene", template="procurement/meeting_form.html", purchaser=purchaser, gates=gates, no_items=not runs,
    )  # fmt: skip


@login_required
def meeting_create(request):
    """Record a meeting that was not convened here."""
    purchaser, runs, gates = _waiting(request)
    members = committee_of(purchaser, runs[0].key)[0] if runs else []
    return _record(
        request, purchaser, runs, members, lambda **facts: hold_meeting(request.user, purchaser=purchaser, **facts), initial={"title": runs[0].name if runs else ""},
        title=_("Record a meeting"), cancel=reverse("meeting_list"), draft="meeting-new", gates=gates,
    )  # fmt: skip


@login_required
def meeting_record(request, pk):
    """Record a convened meeting; what members said on line is filled in."""
    meeting = visible(request, pk)
    acting_for(request.user, meeting, RECORD)
    if refusal := refusal_of(meeting, RECORD, request.user):
        refuse(request, refusal)
        return redirect(meeting)
    rows = items_of(meeting)
    counted = {item.run_id: said for item in rows if any((said := voices(item)).values())}
    initial = {name: getattr(meeting, name) for name in ("number", "title", "held_on", "begins_at", "location", "chair")}
    initial |= {"attendees": {vote.user_id for item in rows for vote in item.votes.all() if vote.choice}}
    return _record(
        request, meeting.purchaser, [item.run for item in rows], meeting.members, lambda **facts: record_meeting(meeting, actor=request.user, **facts), initial=initial, voiced=counted,
        title=_("Record {meeting}").format(meeting=meeting), cancel=meeting.get_absolute_url(), draft=f"meeting-{meeting.pk}",
    )  # fmt: skip


def _record(request, purchaser, runs, members, verb, *, initial, title, cancel, draft, voiced=None, gates=()):
    people, voiced = people_of(purchaser), voiced or {}
    form = MeetingForm(request.POST or None, request.FILES or None, people=people, members=members, initial=initial)
    items = [ItemForm(request.POST or None, prefix=f"run{run.pk}", run=run, people=people, initial=_from_voices(voiced.get(run.pk))) for run in runs]
    listed = remember_member_rows(people)
    remember_drafters([run.project for run in runs])
    for item in items:
        item.concerned = [person for person in listed if conflict(item.run.project, person)]
    if request.method == "POST" and all([form.is_valid(), *(item.is_valid() for item in items)]):
        try:
            return redirect(verb(items=[row for item in items if (row := item.item())], **form.cleaned_data))
        except Refusal as refusal:
            refused(form, refusal)
    faulty = request.method == "POST" and any(item.errors for item in items)
    response = render_form(
        request, form, title=title, intro=_("Record what the signed minutes say. Nothing changes before somebody else who was present has confirmed it."),
        cancel=cancel, draft=draft, template="procurement/meeting_form.html", items=items, purchaser=purchaser, gates=gates, records=True, no_items=not runs,
    )  # fmt: skip
    if faulty:
        response.status_code = 422
    return response


def _from_voices(said):
    """What the record begins with where members voted on line."""
    if not said:
        return {}
    counts = {"votes_for": said["for"], "votes_against": said["against"], "abstained": said["abstain"]}
    return counts | ({"result": "passed"} if said["for"] * 2 > sum(said.values()) else {})


@login_required
@require_safe
def meeting_pack(request, pk):
    """The agenda pack as PDF; a long one is made in the background."""
    meeting = visible(request, pk)
    entries = meeting_papers.pack_of(meeting)
    if meeting_papers.rows_in(entries) > meeting_papers.INLINE_ROWS:
        return redirect("meeting_pack_job", meeting.pk)
    return pdf_response(request, meeting, lambda: meeting_papers.pack_pdf(meeting, entries), f"{meeting.number}议题材料.pdf")


@login_required
def meeting_pack_job(request, pk):
    """Have a long agenda pack made in the background and kept with the meeting's files."""
    meeting = visible(request, pk)
    if request.method == "POST":
        return redirect("job", meeting_papers.enqueue_pack(meeting, request.user).pk)
    return render_form(
        request, CleanForm(), title=_("Agenda pack of {meeting}").format(meeting=meeting), intro=_("It is long: it is made in the background and then stands among the files of the meeting."),
        cancel=meeting.get_absolute_url(), submit=_("Make it"),
    )  # fmt: skip


@login_required
@require_safe
def meeting_minutes(request, pk):
    """The minutes to be signed, as PDF; only of a recorded meeting."""
    meeting = visible(request, pk)
    if meeting.status not in ("draft", "confirmed"):
        refuse(request, Refusal("not_recorded", _("There are no minutes yet."), todo=_("Record the meeting first.")))
        return redirect(meeting)
    return pdf_response(request, meeting, lambda: meeting_papers.minutes_pdf(meeting), f"{meeting.number}会议纪要.pdf")
