"""Keeping the holiday calendar. 草案 draft: somebody copies the version in force and enters a year from its official document.
已发布 published: a second person has compared it with the document; it never changes again and open deadlines were recomputed.
已作废 discarded: a draft nobody wants."""

import datetime
import hashlib
import re

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, workdays
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.models.calendar import CalendarYear, Holiday, HolidayCalendar

FIRST_SEEDED = 2024
DOCUMENTS = {2024: "国办发明电〔2023〕7号", 2025: "国办发明电〔2024〕12号", 2026: "国办发明电〔2025〕7号"}
KINDS = {"off": Holiday.OFF, "休": Holiday.OFF, "放假": Holiday.OFF, "work": Holiday.WORK, "班": Holiday.WORK, "上班": Holiday.WORK}

_keepers: list = []


def keeper(rule):
    """`rule(user) -> bool`: who beside the platform administrators may keep the calendar. Registered by the layers that know roles."""
    _keepers.append(rule)
    return rule


def may_keep(user, calendar=None):
    return bool(user.is_authenticated and (user.is_platform_admin or any(rule(user) for rule in _keepers)))


def _second_person(calendar, actor):
    if not calendar.years.exists():
        return Refusal("empty", _("This version holds no year."), todo=_("Enter at least one year first."))
    if calendar.created_by_id == actor.pk:
        todo = _("Ask a second person to compare them with the official document.")
        return Refusal("second_person", _("Whoever entered the days may not publish them."), todo=todo)
    newest = HolidayCalendar.objects.filter(status="published").aggregate(newest=Max("version"))["newest"] or 0
    if newest > calendar.version:
        return Refusal("outdated", _("A newer version has been published since this draft was begun."), todo=_("Discard it and begin a new draft."))
    return None


def _own_draft(calendar, actor):
    if calendar.created_by_id and calendar.created_by_id != actor.pk:
        return Refusal("not_yours", _("Only the person who began this draft may discard it."))
    return None


PUBLISH = Step("publish", _("Publish"), ("draft",), "published", may_keep, _second_person, rules=("G09",), waits_for=_("a second calendar keeper"))
DISCARD = Step("discard", _("Discard"), ("draft",), "discarded", may_keep, _own_draft, tone="danger")
STATES = {
    "draft": pgettext_lazy("calendar state", "draft"),
    "published": pgettext_lazy("calendar state", "published"),
    "discarded": pgettext_lazy("calendar state", "discarded"),
}
LIFE = Life("holidaycalendar", HolidayCalendar, STATES, (PUBLISH, DISCARD))


@transaction.atomic
def begin(*, actor, document_number, note=""):
    """Begin a draft as a copy of the version in force. Raises PermissionDenied, or Refusal while another draft is open."""
    if not may_keep(actor):
        raise PermissionDenied
    if HolidayCalendar.objects.select_for_update().filter(status="draft").exists():
        raise Refusal("draft_open", _("Another draft is open."), todo=_("Publish or discard it first."))
    return _copy(document_number, note, actor)


def _copy(document_number, note, actor):
    source = HolidayCalendar.objects.filter(status="published").order_by("-version").first()
    version = (HolidayCalendar.objects.aggregate(newest=Max("version"))["newest"] or 0) + 1
    draft = HolidayCalendar.objects.create(version=version, document_number=document_number, note=note, created_by=actor)
    for year in source.years.prefetch_related("days") if source else ():
        _write(draft, year.year, year.document_number, [(day.date, day.kind, day.name) for day in year.days.all()])
    return draft


def _write(calendar, year, document_number, days):
    row, _created = CalendarYear.objects.update_or_create(calendar=calendar, year=year, defaults={"document_number": document_number})
    row.days.all().delete()
    Holiday.objects.bulk_create(Holiday(year=row, date=date, kind=kind, name=name) for date, kind, name in days)
    return row


@transaction.atomic
def set_year(calendar, year, days, *, actor, document_number):
    """Replace one year of a draft. `days`: (date, kind, name) rows as `parse` gives them. Raises PermissionDenied, Refusal."""
    calendar = HolidayCalendar.objects.select_for_update().get(pk=calendar.pk)
    if not may_keep(actor):
        raise PermissionDenied
    if calendar.status != "draft":
        raise Refusal("published", _("A published version never changes."), todo=_("Begin a new draft."))
    if calendar.created_by_id and calendar.created_by_id != actor.pk:
        raise Refusal("not_yours", _("Only the person who began this draft may change it: the other one checks it."))
    if not calendar.created_by_id:
        HolidayCalendar.objects.filter(pk=calendar.pk).update(created_by=actor)
    return _write(calendar, year, document_number, days)


def parse(text, year):
    """Days from pasted or uploaded lines: `2027-01-01 休 元旦`, `2027-10-01 至 2027-10-07 休 国庆节`, `2027-02-14 班`; commas and tabs do too.
    Returns (rows, errors): rows (date, kind, name) by date, errors (line number, sentence)."""
    found, errors = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.match(r"\s*(\d{4}-\d{1,2}-\d{1,2})(?:\s*(?:\.\.|至|~|—)\s*(\d{4}-\d{1,2}-\d{1,2}))?[\s,，]+([^\s,，]+)[\s,，]*(.*?)\s*$", line)
        kind = match and KINDS.get(match[3].lower())
        if not kind:
            errors.append((number, _("Write date, 休 or 班, and the holiday's name.")))
            continue
        try:
            first = datetime.date.fromisoformat("-".join(part.zfill(2) for part in match[1].split("-")))
            last = datetime.date.fromisoformat("-".join(part.zfill(2) for part in match[2].split("-"))) if match[2] else first
        except ValueError:
            errors.append((number, _("There is no such date.")))
            continue
        if last < first or first.year != year or last.year != year:
            errors.append((number, _("The days must lie in the year entered, first day first.")))
            continue
        for day in (first + workdays.DAY * n for n in range((last - first).days + 1)):
            if day in found:
                errors.append((number, str(_("{day} is named twice.")).format(day=day)))
            elif kind == Holiday.WORK and day.weekday() < 5:
                errors.append((number, str(_("{day} is no weekend day, so it cannot be a make-up day.")).format(day=day)))
            else:
                found[day] = (day, kind, match[4][:40])
    if not found and not errors:
        errors.append((0, _("No day was entered.")))
    return [found[day] for day in sorted(found)], errors


def digest_of(calendar):
    rows = Holiday.objects.filter(year__calendar=calendar).order_by("date").values_list("date", "kind")
    years = calendar.years.values_list("year", flat=True)
    said = [str(calendar.version), *map(str, years), *(f"{date} {kind}" for date, kind in rows)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


@LIFE.verb(PUBLISH)
@transaction.atomic
def publish(calendar, *, actor, happened_on=None, reason=""):
    """A second person publishes a draft: it counts from `valid_from`, and every open deadline is recomputed; `moved` lists what moved."""
    changes = {"confirmed_by": actor, "published_at": clock.now(), "digest": digest_of(calendar)}
    calendar = advance(calendar, PUBLISH, actor=actor, happened_on=happened_on, reason=reason, changes=changes, params={"version": calendar.version})
    calendar.moved = [
        {"kind": row.kind, "subject": row.subject, "url": row.url, "before": row.before.isoformat(), "after": row.after.isoformat()}
        for row in workdays.recompute(workdays.of_version(calendar), actor)
    ]
    calendar.save(update_fields=["moved"])
    workdays.forget_years()
    return calendar


@LIFE.verb(DISCARD)
def discard(calendar, *, actor, happened_on=None, reason=""):
    """Throw a draft away; the row stays."""
    return advance(calendar, DISCARD, actor=actor, happened_on=happened_on, reason=reason)


def known_years():
    """year -> days, from the kept library, for the years it truly lists."""
    from chinese_calendar import constants

    names = {member.value: member.chinese for member in constants.Holiday}
    years = {}
    for table, kind in ((constants.holidays, Holiday.OFF), (constants.workdays, Holiday.WORK)):
        for day, name in table.items():
            if day.year >= FIRST_SEEDED:
                years.setdefault(day.year, []).append((day, kind, names.get(name, str(name))))
    return {year: sorted(days) for year, days in sorted(years.items())}


@transaction.atomic
def seed():
    """Load the years the library knows, once. When it learns a year that is not loaded, leave a draft for a person to check
    and a second one to publish. Returns the new row or None."""
    years = known_years()
    if not HolidayCalendar.objects.exists():
        calendar = HolidayCalendar.objects.create(
            version=1, document_number=DOCUMENTS[2026], status="published", valid_from=datetime.date(FIRST_SEEDED, 1, 1), published_at=clock.now()
        )
        for year, days in years.items():
            _write(calendar, year, DOCUMENTS.get(year, ""), days)
        HolidayCalendar.objects.filter(pk=calendar.pk).update(digest=digest_of(calendar))
        workdays.forget_years()
        return calendar
    missing = set(years) - set(workdays.current().years)
    if not missing or HolidayCalendar.objects.filter(status="draft").exists():
        return None
    draft = _copy("", str(_("from the kept library; compare with the official document")), None)
    for year in missing:
        _write(draft, year, DOCUMENTS.get(year, ""), years[year])
    return draft


def seed_after_migrate(using="default", **_kwargs):
    """A fresh database starts with the years the library knows, so that no date is provisional without need."""
    if using == "default" and HolidayCalendar._meta.db_table in connection.introspection.table_names() and not HolidayCalendar.objects.exists():
        seed()
