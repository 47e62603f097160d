"""Who may print what: finance its district, a purchaser's leaders and accountants their own unit."""

from django.db.models import Q

from communities.models import Place
from communities.permissions import has_role, memberships_of, place_paths, purchaser_ids
from kernel.lifecycle import principals_of

REPORTERS = ("leader", "accountant", "handler", "supervisor", "department", "fund_owner", "observer", "committee")


def may_report(user):
    """Whether the person makes reports at all."""
    return any(has_role(person, "finance", *REPORTERS) for person in principals_of(user))


def districts_of(user):
    """Districts whose finance bureau the person belongs to."""
    paths = {path for person in principals_of(user) for path in place_paths(person, "finance")}
    return Place.objects.filter(path__in=paths)


def purchasers_of(user):
    """Ids of purchasers whose figures the person may print."""
    return {pk for person in principals_of(user) for pk in purchaser_ids(person, *REPORTERS)}


def report_scope(user):
    """A Q of reports: one's own, and those of one's unit or district."""
    if not user.is_authenticated:
        return Q(pk__in=[])
    query = Q(requested_by=user) | Q(purchaser__in=purchasers_of(user)) | Q(project__purchaser__in=purchasers_of(user))
    for district in districts_of(user):
        query |= Q(purchaser__place__path__startswith=district.path) | Q(place=district) | Q(project__place__path__startswith=district.path)
    return query


def is_finance(user):
    return any(row.role == "finance" for row in memberships_of(user))
