"""Who may see, enter and correct prices, said once: a district's library is open to all its staff and closed to providers."""

from django.db.models import QuerySet

from communities.models.place import district_paths
from communities.permissions import memberships_of
from kernel.lifecycle import principals_of

ENTER_ROLES = ("handler", "section", "finance", "department")


def district_of(place):
    """The id of the district a place lies in."""
    return int(place.path.split("/")[1])


def districts_of(user):
    """Ids of the districts this person (or somebody they stand in for) works in."""
    return {int(path.strip("/")) for path in district_paths(user)}


class PriceQuerySet(QuerySet):
    def visible_to(self, user):
        """Staff see the prices of their district, a platform administrator all."""
        if getattr(user, "is_platform_admin", False):
            return self.all()
        return self.filter(district__in=districts_of(user)) if user.is_authenticated else self.none()


def may_read_prices(user):
    """Staff of any unit or place; a platform administrator."""
    return user.is_authenticated and (user.is_platform_admin or bool(districts_of(user)))


def enters_in(user):
    """Ids of the districts for which this person enters prices."""
    rows = [row for person in principals_of(user) for row in memberships_of(person) if row.role in ENTER_ROLES] if user.is_authenticated else ()
    return {district_of(row.place or row.purchaser.place) for row in rows}


def may_withdraw_price(user, entry):
    """Role of the step: whoever may enter prices of that district."""
    return any(row.role in ENTER_ROLES and district_of(row.place or row.purchaser.place) == entry.district_id for row in memberships_of(user))
