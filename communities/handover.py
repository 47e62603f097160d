"""Leaving without leaving work behind: what is in a person's hands, and how later stages pass it on.

Tasks come from the desk (`kernel.registry`). What a person holds by name (the projects they handle) is announced by the stage that owns it:

    communities.handover.register(find, pass_on)
        find(user) -> iterable of Held(title, url)            what is theirs by name
        pass_on(user, successor, actor) -> int                gives all of it to the successor, trailed; returns how many
"""

from dataclasses import dataclass

from communities.models import Membership
from communities.permissions import forget_memberships
from kernel import registry
from kernel.models import User


@dataclass(frozen=True)
class Held:
    """Something a person holds by name."""

    title: str
    url: str = ""


_holders: list = []


def register(find, pass_on=None):
    """Announce what people hold by name in a later stage."""
    _holders.append((find, pass_on))
    return find


def held_by(user):
    """What is this person's by name, over all stages."""
    return [held for find, _pass_on in _holders for held in find(user)]


def pass_on_all(user, successor, actor):
    """Give everything held by name to the successor. Returns how many things moved."""
    return sum(pass_on(user, successor, actor) for _find, pass_on in _holders if pass_on)


def desk_of(user):
    """The tasks of a person by kind and address, asked afresh."""
    person = User.objects.get(pk=user.pk)
    return {(str(task.kind), task.url): task for task in registry.tasks_for(person)}


def colleagues(membership):
    """Others with the same role at the same unit today."""
    rows = Membership.objects.in_force().filter(role=membership.role, purchaser=membership.purchaser_id, place=membership.place_id, user__is_active=True)
    return [row.user for row in rows.exclude(user=membership.user_id).select_related("user")]


def orphaned(before, user, others):
    """Tasks the person had, has no longer, and nobody of the others has: nobody's tasks."""
    forget_memberships(user)
    lost = {key: task for key, task in before.items() if key not in desk_of(user)}
    for other in others:
        if not lost:
            break
        theirs = desk_of(other)
        lost = {key: task for key, task in lost.items() if key not in theirs}
    return list(lost.values())
