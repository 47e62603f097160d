"""Who may see and use framework agreements, said once.

A framework belongs to the purchaser that collected it; every purchaser in its area may buy under it. A selected supplier sees its own agreement.
"""

from django.db.models import Q, QuerySet

from communities.permissions import in_places, memberships_of, place_paths
from kernel.lifecycle import principals_of
from procurement.permissions import organization_ids


def _above(person):
    """Ids of the places in whose area the person's purchasers lie."""
    paths = {row.purchaser.place.path for row in memberships_of(person) if row.purchaser_id}
    return {int(part) for path in paths for part in path.strip("/").split("/") if part}


def _scope(person, prefix=""):
    query = Q(pk__in=[])
    if places := _above(person):
        query |= Q(**{f"{prefix}purchaser__place__in": places})
    if paths := place_paths(person, "finance"):
        query |= in_places(paths, f"{prefix}purchaser__place__path")
    return query


def _over(user, scope):
    query = Q(pk__in=[])
    for person in principals_of(user) if user.is_authenticated else ():
        query |= scope(person)
    return query


class FrameworkQuerySet(QuerySet):
    def visible_to(self, user):
        """Staff of purchasers in its area, the finance bureau above, and the people of its suppliers once they are told."""

        def scope(person):
            query = _scope(person)
            if own := organization_ids(person):
                from procurement.models import FrameworkAgreement

                query |= Q(pk__in=FrameworkAgreement._base_manager.filter(organization__in=own, letter_on__isnull=False).order_by().values("item__framework"))
            return query

        return self.filter(_over(user, scope))


class AgreementQuerySet(QuerySet):
    def visible_to(self, user):
        """Whoever uses the framework; a supplier its own, once it was told."""

        def scope(person):
            query = _scope(person, "item__framework__")
            if own := organization_ids(person):
                query |= Q(organization__in=own, letter_on__isnull=False)
            return query

        return self.filter(_over(user, scope))


def at_collector(*roles):
    """One of the roles at the purchaser that collected the framework."""
    return lambda user, subject: any(row.role in roles and row.purchaser_id == subject.purchaser_id for row in memberships_of(user))
