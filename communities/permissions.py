"""Who may do what on the ordering side, said once: memberships read once per person, composed predicates, row scopes.

Scopes follow the tree: finance sees its district, a department and a street see what they buy, a community what is theirs.
"""

from django.db.models import Exists, OuterRef, Q

from communities.models import Membership, Place
from communities.models.membership import MONEY_ROLES
from communities.models.place import under
from kernel import about, clock
from kernel.lifecycle import principals_of


def _in_force(user):
    return Membership.objects.filter(user=user, starts_on__lte=clock.today()).exclude(ends_on__lt=clock.today())


about.ask("member", lambda: Exists(_in_force(OuterRef("pk"))))


def memberships_of(user):
    """The user's memberships in force today, read once per user object and day."""
    if not user.is_authenticated or not user.is_active:
        return []
    day, rows = getattr(user, "_memberships", (None, None))
    if day != clock.today():
        day = clock.today()
        rows = [] if about.certainly_not(user, "member") else list(_in_force(user).select_related("purchaser__place", "place"))
        if covered := getattr(user, "covered_role", ""):  # a principal, seen by a stand-in for one role
            rows = [row for row in rows if row.role == covered]
        user._memberships = (day, rows)
    return rows


def forget_memberships(user):
    """Read them again next time: after a membership of this very object was given or ended."""
    user.__dict__.pop("_memberships", None)
    user.__dict__.pop("_reach", None)
    about.forget(user)


def reach(user):
    """The memberships by which the user sees rows: their own and those of the people they stand in for. Read once per request."""
    if not user.is_authenticated or not user.is_active:
        return []
    day, rows = getattr(user, "_reach", (None, None))
    if day != clock.today():
        rows = [row for person in principals_of(user) for row in memberships_of(person)]
        if getattr(user, "_keeps_principals", False):
            user._reach = (clock.today(), rows)
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
    return lambda user, subject: any(row.role in roles and row.place_id and subject.place.path.startswith(row.place.path) for row in memberships_of(user))


def at_grid(*roles):
    """Predicate for a Step: one of the roles at the grid the subject is tied to."""
    return lambda user, subject: (
        bool(subject.grid_id) and any(row.role in roles and row.place_id and subject.grid.path.startswith(row.place.path) for row in memberships_of(user))
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
    return under(paths, field)


def purchase_scope(user, place="place__path", purchaser="purchaser"):
    """A Q of purchases this user may see (stand-ins included): finance its district, purchaser staff their unit's, community staff their place's."""
    rows = reach(user)
    query = in_places({row.place.path for row in rows if row.place_id}, place)
    if ids := {row.purchaser_id for row in rows if row.purchaser_id}:
        query |= Q(**{f"{purchaser}__in": ids})
    return query


def area_paths(user):
    """Paths of the areas the user sees (stand-ins included): the places they work at and the areas of their purchasers."""
    return {(row.place or row.purchaser.place).path for row in reach(user)}


def area_scope(user, field="place__path"):
    """A Q of rows that lie in the user's area: what residents wish and need there."""
    return under(area_paths(user), field)


def grid_scope(user, field="grid__path"):
    """A Q of rows tied to a grid the user works in; a grid lies in the row's own community, so wider areas need no look at it."""
    return under({row.place.path for row in reach(user) if row.place_id and row.place.kind == Place.GRID}, field)


def staff_scope(user):
    """A Q of memberships and invitations of one's own unit; a street also sees those of the places in its area."""
    rows = reach(user)
    query = Q(purchaser__in={row.purchaser_id for row in rows if row.purchaser_id})
    query |= under({row.place.path for row in rows if row.place_id}, "place__path")
    query |= under({row.place.path for row in rows if row.place_id and row.role == "finance"}, "purchaser__place__path")
    query |= under({row.purchaser.place.path for row in rows if row.purchaser_id and row.purchaser.kind == "street"}, "place__path")
    return query


def at_area(*roles):
    """Predicate for a Step: one of the roles at the purchaser in whose area the subject's place lies."""
    return lambda user, subject: any(
        row.role in roles and row.purchaser_id and subject.place.path.startswith(row.purchaser.place.path) for row in memberships_of(user)
    )


INVITERS = ("leader", "supervisor")


def may_staff(user, purchaser=None, place=None):
    """Who invites and ends staff: a platform administrator anywhere; a leader or the supervising section for their own purchaser
    and, when that is a street office, for the places in its area."""
    if not user.is_authenticated or not user.is_active:
        return False
    if user.is_platform_admin:
        return True
    for row in memberships_of(user):
        if row.role in INVITERS and row.purchaser_id:
            if purchaser is not None and row.purchaser_id == purchaser.pk:
                return True
            if place is not None and row.purchaser.kind == "street" and place.path.startswith(row.purchaser.place.path):
                return True
    return False


def may_staff_somewhere(user):
    """Whether the user may invite anybody at all."""
    return user.is_authenticated and (user.is_platform_admin or has_role(user, *INVITERS))


def is_platform_admin(user):
    """Configures; has no part in any purchase."""
    return user.is_authenticated and user.is_active and user.is_platform_admin


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
