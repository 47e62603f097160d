"""Who may do what on the ordering side, said once: memberships read once per person, composed predicates, row scopes.

Scopes follow the tree: finance sees its district, a department and a street see what they buy, a community what is theirs.
"""

from django.db.models import Q

from communities.models import Membership, Place
from communities.models.membership import MONEY_ROLES
from kernel import clock


def memberships_of(user):
    """The user's memberships in force today, read once per user object and day."""
    if not user.is_authenticated or not user.is_active:
        return []
    day, rows = getattr(user, "_memberships", (None, None))
    if day != clock.today():
        day = clock.today()
        rows = list(
            Membership.objects.filter(user=user, starts_on__lte=day).exclude(ends_on__lt=day).select_related("purchaser__place", "place")
        )
        user._memberships = (day, rows)
    return rows


def has_role(user, *roles, purchaser=None, place=None):
    """Whether the user holds one of the roles today, at this purchaser (or id) or at this place or one above it, if named."""
    purchaser_id = getattr(purchaser, "pk", purchaser)
    for row in memberships_of(user):
        if row.role not in roles:
            continue
        if purchaser_id is not None and row.purchaser_id is not None and row.purchaser_id != purchaser_id:
            continue
        if place is not None and row.place_id is not None and not place.path.startswith(row.place.path):
            continue
        if purchaser_id is not None and row.purchaser_id is None and place is None:
            continue
        return True
    return False


def at_purchaser(*roles):
    """Predicate for a Step: one of the roles at the subject's purchaser."""
    return lambda user, subject: any(row.role in roles and row.purchaser_id == subject.purchaser_id for row in memberships_of(user))


def at_place(*roles):
    """Predicate for a Step: one of the roles at the subject's place or a place above it."""
    return lambda user, subject: any(
        row.role in roles and row.place_id and subject.place.path.startswith(row.place.path) for row in memberships_of(user)
    )


def either(*predicates):
    """Any of several predicates."""
    return lambda user, subject: any(predicate(user, subject) for predicate in predicates)


def purchaser_ids(user, *roles):
    """Purchasers where the user holds one of the roles (any role when none is named)."""
    return {row.purchaser_id for row in memberships_of(user) if row.purchaser_id and (not roles or row.role in roles)}


def place_paths(user, *roles):
    """Paths of places where the user holds one of the roles (any role when none is named)."""
    return {row.place.path for row in memberships_of(user) if row.place_id and (not roles or row.role in roles)}


def in_places(paths, field="place__path"):
    """A Q of rows at or below these places; matches nothing when there are none."""
    query = Q(pk__in=[])
    for path in paths:
        query |= Q(**{f"{field}__startswith": path})
    return query


def purchase_scope(user, place="place__path", purchaser="purchaser"):
    """A Q of purchases this user may see: finance its district, purchaser staff their unit's, community staff their place's."""
    query = in_places(place_paths(user, "finance", "community", "grid_worker"), place)
    if ids := purchaser_ids(user):
        query |= Q(**{f"{purchaser}__in": ids})
    return query


def people(*roles, purchaser=None, place=None):
    """Active people holding one of the roles today at a purchaser or at a place or above it (for reminders and desks)."""
    from kernel.models import User

    day = clock.today()
    rows = Membership.objects.filter(role__in=roles, starts_on__lte=day).exclude(ends_on__lt=day)
    if purchaser is not None:
        rows = rows.filter(purchaser=purchaser)
    if place is not None:
        above = [int(part) for part in place.path.strip("/").split("/") if part]
        rows = rows.filter(place__in=Place.objects.filter(pk__in=above))
    return User.objects.filter(pk__in=rows.values("user"), is_active=True)


def is_staff_of_government(user):
    """Any membership at a purchaser or place."""
    return bool(memberships_of(user))


def handles_money(user):
    """Roles that approve or make payments need a second factor."""
    return any(row.role in MONEY_ROLES for row in memberships_of(user))
