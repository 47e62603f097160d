"""The holiday calendar: versions, years, days; entered by one person, published by a second (through the step's own page)."""

import calendar as months
import datetime

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from kernel import clock, holidays, workdays
from kernel.cleaning import CleanForm
from kernel.forms import refused, render_form
from kernel.lifecycle import Refusal
from kernel.models.calendar import Holiday, HolidayCalendar

LARGEST_FILE = 64 * 1024  # a year is some 40 lines


class BeginForm(CleanForm):
    document_number = forms.CharField(label=_("Document number"), max_length=80, help_text=_("Of the official notice, for example 国办发明电〔2025〕7号."))
    note = forms.CharField(label=_("Remark"), max_length=200, required=False)


class YearForm(CleanForm):
    """One year as lines; a file, when given, replaces the text."""

    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2100)
    document_number = forms.CharField(label=_("Document number"), max_length=80)
    days = forms.CharField(
        label=_("Days"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
        help_text=_("One line per day or range: 2027-10-01 至 2027-10-07 休 国庆节, or 2027-02-14 班 春节."),
    )
    file = forms.FileField(label=_("Or a text or CSV file"), required=False, help_text=_("The same lines, in UTF-8."))

    def clean(self):
        data = super().clean()
        text = data.get("days") or ""
        if uploaded := data.get("file"):
            if uploaded.size > LARGEST_FILE:
                self.add_error("file", _("This file is too large for a list of days."))
                return data
            try:
                text = uploaded.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", _("This file is not UTF-8 text. Save it as CSV UTF-8 and upload it again."))
                return data
        if data.get("year"):
            self.rows, errors = holidays.parse(text, data["year"])
            for number, sentence in errors:
                where = str(_("Line {number}: {what}")).format(number=number, what=sentence) if number else sentence
                self.add_error("file" if data.get("file") else "days", where)
        return data


@login_required
@require_safe
def calendar(request):
    """The version in force, every version, and what is not loaded."""
    versions = list(HolidayCalendar.objects.visible_to(request.user).select_related("created_by", "confirmed_by").prefetch_related("years"))
    in_force = workdays.current()
    return render(
        request,
        "kernel/calendar.html",
        {
            "versions": versions,
            "in_force": next((row for row in versions if row.version == in_force.version), None),
            "next_missing": clock.today().year + 1 if not workdays.is_loaded(clock.today().year + 1, in_force) else None,
            "may_keep": holidays.may_keep(request.user),
            "draft": next((row for row in versions if row.status == "draft"), None),
        },
    )


@login_required
@require_safe
def calendar_version(request, pk):
    """One version with its years month by month, and the deadlines it moved."""
    subject = get_object_or_404(HolidayCalendar.objects.visible_to(request.user).select_related("created_by", "confirmed_by"), pk=pk)
    years = [{"row": row, "months": _months(row), "days": list(row.days.all())} for row in subject.years.prefetch_related("days")]
    mine = subject.status == "draft" and holidays.may_keep(request.user) and subject.created_by_id in (None, request.user.pk)
    context = {"subject": subject, "years": years, "mine": mine, "this_year": clock.today().year}
    context["moved"] = [{**row, "label": workdays.MOVED_LABELS.get(row["kind"], row["kind"])} for row in subject.moved]
    return render(request, "kernel/calendar_version.html", context)


def _months(row):
    """Twelve months as weeks of (day or None, kind, name)."""
    listed = {day.date: day for day in row.days.all()}
    weeks = months.Calendar()
    found = []
    for month in range(1, 13):
        grid = []
        for week in weeks.monthdatescalendar(row.year, month):
            cells = []
            for day in week:
                entry = listed.get(day)
                kind = entry.kind if entry else ("weekend" if day.weekday() > 4 else "")
                cells.append({"day": day.day, "kind": kind, "name": entry.name if entry else ""} if day.month == month else None)
            grid.append(cells)
        found.append({"month": datetime.date(row.year, month, 1), "weeks": grid})
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_begin(request):
    """Begin a draft."""
    if not holidays.may_keep(request.user):
        raise PermissionDenied
    form = BeginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(holidays.begin(actor=request.user, **form.cleaned_data))
        except Refusal as refusal:
            refused(form, refusal)
    return render_form(
        request, form, title=_("New version of the holiday calendar"), intro=_("Begins as a copy of the version in force."), rules=("G09",), submit=_("Begin"),
        cancel=reverse("calendar"),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def calendar_year(request, pk):
    """Enter or replace a year of one's draft."""
    subject = get_object_or_404(HolidayCalendar.objects.visible_to(request.user), pk=pk)
    if not holidays.may_keep(request.user):
        raise PermissionDenied
    if request.method == "POST":
        form = YearForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                holidays.set_year(subject, form.cleaned_data["year"], form.rows, actor=request.user, document_number=form.cleaned_data["document_number"])
                return redirect(subject)
            except Refusal as refusal:
                refused(form, refusal)
    else:
        form = YearForm(initial=_stored(subject, request.GET.get("year", "")))
    intro = _("Copy the days off and the make-up working days from the official notice.")
    return render_form(request, form, title=_("Enter a year"), intro=intro, cancel=subject.get_absolute_url())


def _stored(subject, year):
    row = subject.years.filter(year=year).first() if year.isdigit() else None
    if row is None:
        return {"year": clock.today().year + 1, "document_number": subject.document_number}
    words = {Holiday.OFF: "休", Holiday.WORK: "班"}
    lines = "\n".join(f"{day.date} {words[day.kind]} {day.name}" for day in row.days.all())
    return {"year": row.year, "document_number": row.document_number, "days": lines}
