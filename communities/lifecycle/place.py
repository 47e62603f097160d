"""Places and purchasers: founded, renamed, closed, succeeded. They have no status; what changes is dated and trailed.

A place keeps every name it bore (practice 9): papers print the name valid on their day. A merge or split closes the old place
and names who took over, from which day; closed years keep the old place. The tree is `path`, the ids from the root down, and only
`add_place` writes it.
"""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from communities.models import Place, PlaceName, PlaceSuccessor, Purchaser
from kernel import clock, trail
from kernel.lifecycle import Refusal
from kernel.pinyin import sort_key

PARENT_KIND = {Place.DISTRICT: None, Place.STREET: Place.DISTRICT, Place.COMMUNITY: Place.STREET, Place.GRID: Place.COMMUNITY}


@transaction.atomic
def add_place(kind, name, parent=None, *, actor=None, code="", population=None, since=None, pinyin=""):
    """Found a place below its parent and write its path, its first dated name and the trail. Returns the Place.

    `since`: the day its name counts from (default: today). Raises Refusal for a parent of the wrong kind, a closed parent or a name taken there.
    """
    name = name.strip()
    if not name:
        raise Refusal("name_missing", _("A place needs a name."), field="name")
    if (parent.kind if parent else None) != PARENT_KIND[kind]:
        raise Refusal(
            "wrong_parent",
            _("A {kind} cannot lie directly there: districts hold streets, streets hold communities, communities hold grids.").format(
                kind=dict(Place.KINDS)[kind]
            ),
            field="parent",
        )
    if parent and parent.closed_on:
        raise Refusal(
            "parent_closed", _("{place} was closed on {day}.").format(place=parent, day=parent.closed_on), todo=_("Choose its successor."), field="parent"
        )
    if Place.objects.filter(parent=parent, name=name).exists():
        raise Refusal("name_taken", _("“{name}” already exists there.").format(name=name), field="name")
    place = Place.objects.create(kind=kind, name=name, parent=parent, code=code, population=population, sort_key=pinyin or sort_key(name))
    place.path = f"{parent.path if parent else '/'}{place.pk}/"
    place.save(update_fields=["path"])
    PlaceName.objects.create(place=place, name=name, valid_from=since or clock.today())
    trail.record(place, "found", actor=actor, happened_on=since, params={"kind": kind, "parent": parent.pk if parent else None})
    return place


@transaction.atomic
def rename_place(place, name, *, actor, since=None, document="", pinyin=""):
    """Give the place a new name from a day on; the old one stays with its dates. Raises Refusal for no change, a taken name, or a day out of order."""
    since, name = since or clock.today(), name.strip()
    place = Place.objects.select_for_update().get(pk=place.pk)
    if not name or name == place.name:
        raise Refusal("same_name", _("This is its name already."), field="name")
    if Place.objects.filter(parent=place.parent, name=name).exclude(pk=place.pk).exists():
        raise Refusal("name_taken", _("“{name}” already exists there.").format(name=name), field="name")
    last = place.names.order_by("-valid_from").first()
    if last and since <= last.valid_from:
        raise Refusal("order", _("The name before counts from {day}; the new one must start later.").format(day=last.valid_from), field="since")
    if last:
        PlaceName.objects.filter(pk=last.pk).update(valid_to=since - timedelta(days=1))
    PlaceName.objects.create(place=place, name=name, valid_from=since)
    place.name, place.sort_key = name, pinyin or sort_key(name)
    place.save(update_fields=["name", "sort_key"])
    trail.record(place, "rename", actor=actor, happened_on=min(since, clock.today()), reason=document, params={"since": since})
    return place


@transaction.atomic
def set_details(place, *, actor, population=None, code="", pinyin=""):
    """Correct what is no name: residents, division code, sort key (an empty one is computed again)."""
    place = Place.objects.select_for_update().get(pk=place.pk)
    before = {"population": place.population, "code": place.code, "pinyin": place.sort_key}
    place.population, place.code, place.sort_key = population, code, pinyin.strip().lower() or sort_key(place.name)
    place.save(update_fields=["population", "code", "sort_key"])
    trail.record(place, "change", actor=actor, params={"before": before})
    return place


@transaction.atomic
def close_place(place, successors, *, actor, since=None, document=""):
    """Merge or split: close the place and name who takes over. Everything in it must be closed first, members end with their unit.

    Raises Refusal when places in it are open or a successor is the place itself, of another kind, or closed.
    """
    since = since or clock.today()
    place = Place.objects.select_for_update().get(pk=place.pk)
    if place.closed_on:
        raise Refusal("closed", _("{place} was closed on {day}.").format(place=place, day=place.closed_on))
    if place.children.filter(closed_on=None).exists():
        raise Refusal("children_open", _("There are open places in {place}.").format(place=place), todo=_("Close or succeed those first."))
    if place.memberships.in_force().exists():
        raise Refusal("members", _("People still work at {place}.").format(place=place), todo=_("End their roles first, so that their tasks are handed over."))
    if not successors:
        raise Refusal("no_successor", _("Name at least one place that takes over."), field="successors")
    for successor in successors:
        if successor.pk == place.pk or successor.kind != place.kind or successor.closed_on:
            raise Refusal(
                "bad_successor", _("{place} cannot take over: it must be another open place of the same kind.").format(place=successor), field="successors"
            )
        PlaceSuccessor.objects.create(place=place, successor=successor, since=since)
    Place.objects.filter(pk=place.pk).update(closed_on=since)
    place.closed_on = since
    moved = move_open_needs(place, successors)
    trail.record(
        place,
        "close",
        actor=actor,
        happened_on=min(since, clock.today()),
        reason=document,
        params={"successors": [row.pk for row in successors], "needs_moved": moved},
    )
    return place


def move_open_needs(place, successors):
    """With one successor open wishes and needs move along; after a split somebody has to choose. Returns how many moved."""
    if len(successors) != 1:
        return 0
    needs = place.needs.filter(status__in=("draft", "confirmed", "published")).update(place=successors[0], grid=None)
    wishes = place.wishes.filter(status__in=("new", "answered")).update(place=successors[0], grid=None)
    return needs + wishes


@transaction.atomic
def add_purchaser(kind, name, place, *, actor=None, **details):
    """Found a purchaser (street office, department, district body) at its area. Raises Refusal for a taken name or a wrong area."""
    if Purchaser.objects.filter(name=name.strip()).exists():
        raise Refusal("name_taken", _("A purchaser of this name exists."), field="name")
    if kind == Purchaser.STREET and place.kind != Place.STREET:
        raise Refusal("wrong_area", _("A street office's area is its street or town."), field="place")
    if kind != Purchaser.STREET and place.kind != Place.DISTRICT:
        raise Refusal("wrong_area", _("The area of a department or district body is its district."), field="place")
    purchaser = Purchaser.objects.create(kind=kind, name=name.strip(), place=place, **details)
    trail.record(purchaser, "found", actor=actor, params={"kind": kind, "place": place.pk})
    return purchaser


@transaction.atomic
def change_purchaser(purchaser, *, actor, **details):
    """Correct address, telephone, credit code or the weight of the community's opinion (percent)."""
    purchaser = Purchaser.objects.select_for_update().get(pk=purchaser.pk)
    before = {name: getattr(purchaser, name) for name in details}
    for name, value in details.items():
        setattr(purchaser, name, value)
    purchaser.save(update_fields=list(details))
    trail.record(purchaser, "change", actor=actor, params={"before": before})
    return purchaser
