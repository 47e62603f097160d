"""The life of a published project list 项目清单公开.

draft        one person has prepared it: the year's approved projects, frozen as they stood
published    a second person has confirmed it; everybody can read it, and it never changes again
discarded    thrown away before it was published

A mistake is corrected by the next version, which says what is new; the earlier ones stay readable. What changed between preparing and
confirming (a project cancelled, cut or newly approved) has to be prepared anew, so that nobody confirms a list that is no longer true.
"""

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.permissions import at_purchaser
from kernel import clock, trail
from kernel.lifecycle import Life, Refusal, Step, advance, principals_of
from kernel.money import ZERO, yuan
from procurement.models import Project, ProjectList

ROLES = ("handler", "section", "committee", "leader")
LISTED = ("approved", "sourcing", "contracted", "closed")
may_publish = at_purchaser(*ROLES)


def rows_for(purchaser, year):
    """The rows of the list as JSON, by community and number: approved projects, whatever became of them since; no provider is named."""
    projects = Project.objects.filter(purchaser=purchaser, fiscal_year=year, status__in=LISTED, ceiling__isnull=False).select_related("place", "item")
    return [
        {
            "number": row.number, "title": row.title, "place": row.place.name, "item": row.item.name, "amount": str(row.ceiling), "way": row.way,
            "starts_on": row.starts_on.isoformat(), "ends_on": row.ends_on.isoformat(), "headcount": row.headcount,
        }
        for row in projects.order_by("place__sort_key", "place_id", "number")
    ]  # fmt: skip


def total_of(row):
    """What the listed projects may cost together (yuan)."""
    return sum((yuan(one["amount"]) for one in row.rows), ZERO)


def changes(old, new):
    """Numbers of projects (added, removed, changed) between two versions' rows."""
    before, after = {row["number"]: row for row in old}, {row["number"]: row for row in new}
    return (
        [number for number in after if number not in before], [number for number in before if number not in after],
        [number for number, row in after.items() if number in before and before[number] != row],
    )  # fmt: skip


def _objection(row, actor):
    if row.created_by_id in {person.pk for person in principals_of(actor)}:
        return Refusal("same_person", _("You prepared this list yourself."), todo=_("A second person of the office confirms it."))
    if row.rows != rows_for(row.purchaser, row.fiscal_year):
        return Refusal("stale", _("The projects have changed since this list was prepared."), todo=_("Discard it and prepare it anew."))
    return None


PUBLISH = Step(
    "publish", _("Confirm and publish"), ("draft",), "published", may_publish, _objection, tone="success", waits_for=_("a second person of the office"),
    hint=_("Everybody can read the list then. It never changes again; a mistake is corrected by a new version."),
)  # fmt: skip
DISCARD = Step("discard", _("Discard"), ("draft",), "discarded", may_publish, tone="danger")
LIFE = Life(
    "projectlist", ProjectList,
    states={"draft": pgettext_lazy("project list", "prepared"), "published": pgettext_lazy("project list", "published"), "discarded": pgettext_lazy("project list", "discarded")}, steps=(PUBLISH, DISCARD),
)  # fmt: skip


@transaction.atomic
def prepare_list(actor, *, purchaser, fiscal_year, note=""):
    """Freeze the year's approved projects as the next version. Raises Refusal: role, prepared (one waits already), empty, unchanged, note_missing."""
    row = ProjectList(purchaser=purchaser, fiscal_year=fiscal_year, note=note.strip(), office=purchaser.name, created_by=actor, rows=rows_for(purchaser, fiscal_year))
    if not any(may_publish(person, row) for person in principals_of(actor)):
        raise Refusal("role", _("Your role does not publish lists of this purchaser."))
    others = ProjectList.objects.filter(purchaser=purchaser, fiscal_year=fiscal_year)
    if waiting := others.filter(status="draft").first():
        raise Refusal("prepared", _("“{row}” is prepared and waits to be confirmed.").format(row=waiting), todo=_("Confirm or discard it first."))
    if not row.rows:
        raise Refusal("empty", _("No project of {year} is approved yet.").format(year=fiscal_year), field="fiscal_year")
    last = others.filter(status="published").order_by("version").last()
    if last and last.rows == row.rows:
        raise Refusal("unchanged", _("The published list says the same: version {version}.").format(version=last.version))
    if last and not row.note:
        raise Refusal("note_missing", _("A new version says what is new in it."), field="note")
    row.version, row.count = (others.aggregate(last=Max("version"))["last"] or 0) + 1, len(row.rows)
    row.number = f"QD{fiscal_year}-{purchaser.pk}-{row.version}"
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Refusal("lost_race", _("Somebody else has just prepared this list."), todo=_("Reload the page to see what they did.")) from error
    trail.record(row, "create", actor=actor, to_status="draft", params={"year": fiscal_year, "version": row.version, "projects": row.count})
    return row


@LIFE.verb(PUBLISH)
@transaction.atomic
def publish(row, *, actor):
    """A second person confirms; from now on everybody reads it."""
    return advance(row, PUBLISH, actor=actor, changes={"published_on": clock.today(), "published_by": actor}, params={"projects": row.count})


@LIFE.verb(DISCARD)
@transaction.atomic
def discard(row, *, actor, reason=""):
    """Throw a prepared list away; it stays in the trail."""
    return advance(row, DISCARD, actor=actor, reason=reason)
