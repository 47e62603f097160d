"""Who may do what on the doing side, said once: members of an organization, and the government staff of its area."""

from django.db.models import Exists, OuterRef, Q

from communities.permissions import memberships_of, reach
from kernel import about, clock
from kernel.lifecycle import principals_of
from providers.models import OrganizationMember

VERIFIERS = ("handler", "section", "supervisor")
GRADERS = ("department", "supervisor")
EXCLUDERS = ("finance", "department", "supervisor", "observer")


def _in_force(**people):
    return OrganizationMember.objects.filter(**people, starts_on__lte=clock.today()).exclude(ends_on__lt=clock.today())


about.ask("in_organization", lambda: Exists(_in_force(user=OuterRef("pk"))))


def member_rows(user):
    """The user's places in organizations today, read once per user object and day."""
    if not user.is_authenticated or not user.is_active or getattr(user, "covered_role", ""):
        return []
    day, rows = getattr(user, "_organization_rows", (None, None))
    if day != clock.today():
        day = clock.today()
        rows = [] if about.certainly_not(user, "in_organization") else list(_in_force(user=user).select_related("organization"))
        user._organization_rows = (day, rows)
    return rows


def remember_member_rows(users):
    """Read the places of several people in organizations at once; the list of these people. Asking each again costs no query today."""
    users, found = list(users), {}
    for row in _in_force(user__in=[user.pk for user in users]).select_related("organization"):
        found.setdefault(row.user_id, []).append(row)
    for user in users:
        user._organization_rows = (clock.today(), found.get(user.pk, []))
    return users


def forget_member_rows(user):
    """Read them again next time."""
    user.__dict__.pop("_organization_rows", None)
    about.forget(user)


def organizations_of(user):
    """The organizations a person acts for today."""
    return [row.organization for row in member_rows(user)]


def is_member(user, organization, *roles):
    """Whether the person acts for this organization (or its id) today, in one of the roles when any is named."""
    pk = getattr(organization, "pk", organization)
    return any(row.organization_id == pk and (not roles or row.role in roles) for row in member_rows(user))


def manages(user, organization):
    """Manager of the organization."""
    return is_member(user, organization, "manager")


def in_area_of(row, organization):
    """Whether a membership's unit is responsible for the organization: its area holds the organization's, or lies in it."""
    mine = (row.place or row.purchaser.place).path
    return organization.place_id is None or organization.place.path.startswith(mine) or mine.startswith(organization.place.path)


def of_area(*roles):
    """Predicate for a Step on an organization: one of the roles at a unit responsible for it."""
    return lambda user, organization: any(row.role in roles and in_area_of(row, organization) for row in memberships_of(user))


def may_confirm_account(user, organization):
    """Street accountants of the area confirm bank accounts."""
    return of_area("accountant")(user, organization)


def organization_scope(user):
    """A Q of organizations this user sees (stand-ins included)."""
    if not user.is_authenticated:
        return Q(pk__in=[])
    mine = [row.organization_id for person in principals_of(user) for row in member_rows(person)]
    query = Q(pk__in=mine) | Q(supporter__in=mine)
    if reach(user):
        query |= ~Q(status="draft")
    return query
