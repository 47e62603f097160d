"""What changes an organization's standing beside its life: names, grade, debarment and listings. Dated facts with their document."""

from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, files, rules, trail
from kernel.lifecycle import Refusal
from kernel.pinyin import sort_key
from providers.models import Exclusion, Organization, OrganizationName


@transaction.atomic
def rename(organization, name, *, actor, since=None, document=""):
    """A new registered name from a day on; the old one stays dated. The bank account must then be renewed in the new name. Raises Refusal."""
    since, name = since or clock.today(), name.strip()
    organization = Organization.objects.select_for_update().get(pk=organization.pk)
    if not name or name == organization.name:
        raise Refusal("same_name", _("This is its name already."), field="name")
    last = organization.names.order_by("-valid_from").first()
    if last and since <= last.valid_from:
        raise Refusal("order", _("The name before counts from {day}; the new one must start later.").format(day=last.valid_from), field="since")
    if last:
        OrganizationName.objects.filter(pk=last.pk).update(valid_to=since - timedelta(days=1))
    OrganizationName.objects.create(organization=organization, name=name, valid_from=since)
    organization.name, organization.sort_key = name, sort_key(name, 160)
    organization.save(update_fields=["name", "sort_key"])
    trail.record(organization, "rename", actor=actor, happened_on=min(since, clock.today()), reason=document, params={"since": since})
    return organization


@rules.carries("H08")
def grade_until(notice_on):
    """The last day of a grade whose result was announced on a day, by the version of H08 in force then: five years from the notice
    (民政部令第39号), or from 2026-03-01 on from 1 January of the next year to 31 December of the fifth."""
    rule = rules.get("H08", on=notice_on)
    years = rule.value("valid_years")
    if rule.value("start") == "next_january":
        return date(notice_on.year + years, 12, 31)
    try:
        return notice_on.replace(year=notice_on.year + years) - timedelta(days=1)
    except ValueError:  # announced on 29 February
        return date(notice_on.year + years, 2, 28)


@transaction.atomic
def set_grade(organization, *, actor, grade, notice_on, document):
    """Enter an assessment grade (5A … 1A) by the day of its result notice; the end is computed. Raises Refusal for a day in the future."""
    if notice_on > clock.today():
        raise Refusal("future", _("The date it happened lies in the future."), todo=_("Enter the date on the paper."), field="notice_on")
    organization = Organization.objects.select_for_update().get(pk=organization.pk)
    before = {"grade": organization.grade, "until": organization.grade_until}
    until = grade_until(notice_on)
    Organization.objects.filter(pk=organization.pk).update(grade=grade, grade_until=until)
    organization.grade, organization.grade_until = grade, until
    trail.record(organization, "grade", actor=actor, happened_on=notice_on, reason=document, params={"grade": grade, "until": until, "before": before})
    return organization


def grade_on(organization, day=None):
    """The grade that counts on a day, '' when none or expired."""
    day = day or clock.today()
    return organization.grade if organization.grade and organization.grade_until and day <= organization.grade_until else ""


@transaction.atomic
def exclude(organization, *, actor, kind, document, starts_on, ends_on=None, proof=None):
    """Enter a debarment (H05: one to three years), an abnormal-activity or a serious-violation listing (H07), with its document. Returns the Exclusion. Raises Refusal."""
    if ends_on and ends_on < starts_on:
        raise Refusal("dates", _("The last day lies before the first."), field="ends_on")
    if kind == "debarred":
        rule = rules.get("H05", on=starts_on)
        longest = rule.value("ban_max")
        if ends_on is None or ends_on > later(starts_on, longest):
            raise Refusal("H05", _("A debarment ends after at most {years} years.").format(years=longest), article=rule.article, field="ends_on")
    if not document.strip():
        raise Refusal("document", _("Enter the number of the document."), field="document")
    row = Exclusion.objects.create(organization=organization, kind=kind, document=document.strip(), starts_on=starts_on, ends_on=ends_on, entered_by=actor)
    trail.record(
        organization,
        "exclude",
        actor=actor,
        happened_on=min(starts_on, clock.today()),
        reason=document,
        params={"exclusion": row.pk, "kind": kind, "from": starts_on, "to": ends_on},
    )
    if proof is not None:
        files.attach(organization, proof, "proof", actor=actor)
    return row


def later(day, years):
    """The same day some years later (29 February becomes 1 March)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


@transaction.atomic
def lift_exclusion(row, *, actor, ends_on, document):
    """End a listing early, as its document says. Raises Refusal when it has ended."""
    row = Exclusion.objects.select_for_update().get(pk=row.pk)
    if row.ends_on and row.ends_on < clock.today():
        raise Refusal("ended", _("This has ended already."))
    if ends_on < row.starts_on:
        raise Refusal("dates", _("The last day lies before the first."), field="ends_on")
    before = row.ends_on
    Exclusion.objects.filter(pk=row.pk).update(ends_on=ends_on)
    row.ends_on = ends_on
    trail.record(row.organization, "lift_exclusion", actor=actor, reason=document, params={"exclusion": row.pk, "before": before, "to": ends_on})
    return row
