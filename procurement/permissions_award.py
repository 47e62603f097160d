"""Who may see awards, their letters, bonds, inquiries and the purchase file, said once."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from communities.permissions import in_places, memberships_of, place_paths, purchaser_ids, reach
from kernel.lifecycle import principals_of
from procurement.permissions import organization_ids

OFFICE = ("handler", "section", "committee", "leader", "supervisor", "legal", "observer", "department", "accountant")


def over_people(user, scope):
    """`scope(person)` joined over the user and everybody they stand in for."""
    query = Q(pk__in=[])
    for person in principals_of(user) if user.is_authenticated else ():
        query |= scope(person)
    return query


def office_scope(user, prefix="", roles=OFFICE, place="purchaser__place"):
    """A Q of rows of the person's purchasers and of the finance bureau's district; `prefix` leads to the tender or contract."""

    def scope(person):
        query = Q(**{f"{prefix}purchaser__in": purchaser_ids(person, *roles)})
        if paths := place_paths(person, "finance"):
            query |= in_places(paths, f"{prefix}{place}__path")
        return query

    return over_people(user, scope)


def _own_award(user):
    return over_people(user, lambda person: Q(organization__in=organization_ids(person), letter_on__isnull=False))


class AwardQuerySet(QuerySet):
    def visible_to(self, user):
        """The purchaser's people and finance; of its own award, once the letter is issued, the chosen organization. Each row asks for its
        purchase, so that a list is read in its own order and stops after a page."""
        from procurement.models import Lot

        if not reach(user):
            return self.filter(_own_award(user))
        return self.filter(Exists(Lot.objects.filter(office_scope(user, "tender__"), pk=OuterRef("lot"))) | _own_award(user))

    def joined_to(self, user):
        """The same rows, led to by the purchases: to be counted."""
        return self.filter(office_scope(user, "lot__tender__") | _own_award(user))


class AwardFallQuerySet(QuerySet):
    def visible_to(self, user):
        """The purchaser's people and finance."""
        return self.filter(office_scope(user, "lot__tender__"))


class BondQuerySet(QuerySet):
    def visible_to(self, user):
        """The purchaser's people who handle money or the purchase, finance, and the organization that gave it."""
        own = over_people(user, lambda person: Q(organization__in=organization_ids(person)))
        roles = (*OFFICE, "cashier", "fund_owner")
        return self.filter(office_scope(user, "lot__tender__", roles) | office_scope(user, "contract__", roles, place="project__place") | own)


class InquiryQuerySet(QuerySet):
    def visible_to(self, user):
        """The purchaser's people and finance, and the organization that asked."""
        own = over_people(user, lambda person: Q(organization__in=organization_ids(person)))
        return self.filter(office_scope(user, "tender__") | own)


def at_tender(*roles):
    """Predicate: one of the roles at the purchaser of the subject."""
    return lambda user, subject: any(row.role in roles and row.purchaser_id == subject.purchaser_id for row in memberships_of(user))
