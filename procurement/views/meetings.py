"""Screens of the meetings that decide gates."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.models import Purchaser
from communities.permissions import purchaser_ids
from kernel.detail import render_detail
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal, principals_of
from kernel.listing import ChoiceFilter, Column, DateFilter, render_list
from procurement.forms.meeting import ItemForm, MeetingForm
from procurement.lifecycle.gates import conflict
from procurement.lifecycle.meeting import hold_meeting, open_runs_for, people_of
from procurement.models import Meeting


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
        default_sort=("-held_on", "-id"), links=[(_("Record a meeting"), reverse("meeting_create"))] if recording_for(request.user).exists() else [],
        export_name="会议", empty_text=_("No meeting yet."),
    )  # fmt: skip


@login_required
def meeting_detail(request, pk):
    meeting = get_object_or_404(Meeting.objects.visible_to(request.user).select_related("purchaser", "created_by", "confirmed_by"), pk=pk)
    items = list(meeting.items.select_related("run__project__place").prefetch_related("recused").order_by("id"))
    return render_detail(request, meeting, "procurement/meeting.html", items=items, attendees=list(meeting.attendees.all()))


@login_required
def meeting_create(request):
    purchasers = recording_for(request.user)
    purchaser = purchasers.filter(pk=request.GET["purchaser"]).first() if request.GET.get("purchaser", "").isdigit() else purchasers.first()
    if purchaser is None:
        raise PermissionDenied
    people = people_of(purchaser)
    runs = list(open_runs_for(purchaser))
    key = runs[0].key if runs else ""
    runs = [run for run in runs if run.key == key]
    form = MeetingForm(request.POST or None, request.FILES or None, people=people, initial={"title": runs[0].name if runs else ""})
    items = [ItemForm(request.POST or None, prefix=f"run{run.pk}", run=run, people=people) for run in runs]
    listed = list(people)
    for item in items:
        item.concerned = [person for person in listed if conflict(item.run.project, person)]
    if request.method == "POST" and all([form.is_valid(), *(item.is_valid() for item in items)]):
        try:
            meeting = hold_meeting(request.user, purchaser=purchaser, items=[row for item in items if (row := item.item())], **form.cleaned_data)
            return redirect(meeting)
        except Refusal as refusal:
            refused(form, refusal)
    faulty = request.method == "POST" and any(item.errors for item in items)
    response = render_form(
        request, form, title=_("Record a meeting"), intro=_("Record what the signed minutes say. Nothing changes before somebody else who was present has confirmed it."),
        cancel=reverse("meeting_list"), draft="meeting-new", template="procurement/meeting_form.html", items=items, purchaser=purchaser,
    )  # fmt: skip
    if faulty:
        response.status_code = 422
    return response
