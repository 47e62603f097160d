"""The timetable of a purchase: drawing and table, playing with a draft, what moved, paper, Excel, and single dates for a calendar."""

from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from communities.permissions import place_paths
from kernel import clock, ical, pdf, spreadsheet, workdays
from kernel.lifecycle import Refusal, open_holds, principals_of
from kernel.registry import Dated
from procurement import methods, movements, schedule, schedule_facts, schedule_warnings
from procurement.forms.timetable import PlanForm
from procurement.models import ProjectFund, Tender
from procurement.permissions_tender import PUBLIC_STATES, may_attend, may_handle_tender
from procurement.schedule_drawing import drawing

PHASES = {"done": "good", "overdue": "bad", "today": "wait", "ahead": "", "over": ""}


def sees_all(user, tender):
    """The purchaser's people and the finance bureau see every row; everybody else what concerns suppliers."""
    return any(may_attend(person, tender) or place_paths(person, "finance") for person in principals_of(user))


def _plan(request, tender, calendar):
    """(rows, PlanForm or None): of a draft as it is played with, else as it stands."""
    if tender.status != "draft" or schedule_facts.start_of(tender):
        return schedule_facts.of_page(tender, calendar), None
    terms = schedule_facts.terms_of(tender)
    data = request.GET.copy()
    if "happened_on" in data:
        data["start"] = data["happened_on"]
    played = any(data.get(name) for name in PlanForm.base_fields)
    form = PlanForm(data if played else None, tender=tender, terms=terms, calendar=calendar)
    if played:
        form.is_valid()
    facts = schedule_facts.known_before(tender)
    return schedule.compute(terms, form.start, form.choices, facts, calendar), form


def _context(request, tender):
    calendar = workdays.current()
    rows, form = _plan(request, tender, calendar)
    inside = sees_all(request.user, tender)
    tight = {}
    if inside and tender.status in ("draft", "published"):
        cutoffs = [(str(row.fund), row.fund.cutoff_on) for row in ProjectFund.objects.filter(project__lots__tender=tender, fund__cutoff_on__isnull=False).select_related("fund")]
        starts = [lot.project.starts_on for lot in tender.lots.all() if lot.project.starts_on]
        for one in schedule_warnings.warnings(rows, calendar, cutoffs=cutoffs, service_from=min(starts, default=None)):
            tight.setdefault(one.key, []).append(one)
    shown = rows if inside else [row for row in rows if row.point.bidders]
    today = clock.today()
    lines = [
        {"row": row, "phase": row.phase(today), "tone": "bad" if row.late else PHASES[row.phase(today)], "tight": tight.get(row.key, ()), "provisional": row.date.provisional and not row.happened, "late": row.late}
        for row in shown
    ]
    changes = movements.of(tender) if tender.published_at else []
    if not inside:
        changes = [change for change in changes if any(row.key in {line["row"].key for line in lines} for row in change.rows)]
    holds = [hold for lot in tender.lots.all() if lot.status == "awarded" for hold in open_holds(lot)] if inside and tender.status == "awarded" else []
    return {
        "subject": tender, "tender": tender, "lines": lines, "form": form, "inside": inside, "changes": changes, "drawing": drawing(shown, today, calendar), "today": today,
        "unknown": schedule_warnings.unknown_years([row for row in shown if not row.happened], calendar), "holds": holds, "handles": may_handle_tender(request.user, tender),
        "method": methods.of(tender), "published": schedule_facts.start_of(tender) is not None, "public": tender.published_at is not None,
        "embedded": request.headers.get("HX-Target") == "plan-live",  # inside the form that publishes, the refusals stand above the table
    }  # fmt: skip


@login_required
@require_safe
def timetable(request, pk):
    """Drawing and table of every date with its article. A draft is played with (?start= ?deadline= ?evaluation= ?wished= ?aim=); ?pdf=1, ?export=xlsx."""
    tender = get_object_or_404(schedule_facts.ready(Tender.objects.visible_to(request.user)), pk=pk)
    context = _context(request, tender)
    if request.GET.get("pdf"):
        try:
            content = pdf.render_pdf("documents/timetable.html", context)
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("tender_timetable", pk=pk)
        return HttpResponse(content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{tender.number}-timetable.pdf"'})
    if request.GET.get("export") == "xlsx":
        return _sheet(tender, context)
    return render(request, "procurement/timetable.html", context)


def _sheet(tender, context):
    """The same rows as an Excel sheet."""
    columns = [
        spreadsheet.Column(_("Item"), width=34), spreadsheet.Column(_("Date"), "date"), spreadsheet.Column(pgettext("timetable", "Planned")), spreadsheet.Column(_("Done on")),
        spreadsheet.Column(_("Kind")), spreadsheet.Column(_("Counted from"), width=30), spreadsheet.Column(_("Period")), spreadsheet.Column(_("Article"), width=40),
        spreadsheet.Column(_("Remark"), width=40),
    ]  # fmt: skip
    rows = []
    for line in context["lines"]:
        row = line["row"]
        remarks = [str(one.text) for one in line["tight"]]
        if line["provisional"]:
            remarks.append(workdays.provisional_note(row.date.date) or _("provisional"))
        rows.append([row.label, row.date.date, str(row.planned or ""), str(row.happened or ""), str(row.kind_label), row.base_label, row.period, row.article, "；".join(remarks)])
    body = spreadsheet.write_xlsx("采购进度安排表", columns, rows)
    name = quote(f"{tender.number}采购进度安排表.xlsx")
    head = {"Content-Disposition": f"attachment; filename=\"timetable.xlsx\"; filename*=UTF-8''{name}"}
    return HttpResponse(body, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", headers=head)


@require_safe
def date_file(request, pk):
    """One public date of a purchase as a calendar file: the deadline, or ?row=<key>. For suppliers and residents, without login."""
    key = request.GET.get("row", "deadline")
    seen = Tender.objects.filter(status__in=PUBLIC_STATES, announcements__kind="notice", announcements__public=True) | Tender.objects.visible_to(request.user)
    tender = get_object_or_404(schedule_facts.ready(Tender.objects.filter(pk__in=seen.values("pk")).exclude(status="draft")), pk=pk)
    row = schedule.by_key(schedule_facts.rows_of(tender)).get(key)
    if row is None or not row.point.bidders:
        raise Http404
    entry = dated(tender, row)
    body = ical.calendar([ical.Event.of(entry, sequence=sequence_of(tender, key))], name=tender.title)
    return HttpResponse(body, content_type=ical.TYPE, headers={"Content-Disposition": f'attachment; filename="{tender.number}-{key}.ics"'})


def sequence_of(tender, key):
    """How often this date moved since publication."""
    return sum(row.key == key for change in movements.of(tender) for row in change.rows)


def dated(tender, row):
    """A row as an entry of a calendar; its id never changes, so that a moved date replaces the old one."""
    public = tender.announcements.filter(kind="notice", public=True).values_list("number", flat=True).first()
    url = reverse("announcement", args=[public]) if public else tender.get_absolute_url()
    return Dated(f"tender-{tender.pk}-{row.key}", f"{tender.title}：{row.label}", row.moment or row.date.date, url, row.article, provisional=row.date.provisional)



