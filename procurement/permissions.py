"""Who may see and do what with funds and projects, said once. Row scopes count the people a person stands in for."""

from django.db.models import Q, QuerySet

from communities.models.membership import PLACE_ROLES
from communities.permissions import memberships_of, place_paths, purchase_scope, purchaser_ids
from kernel.lifecycle import principals_of
from providers.permissions import member_rows

SETTING_ROLES = ("section", "committee", "leader", "accountant")
STREET_ROLES = ("handler", "section", "committee", "leader", "accountant", "cashier", "fund_owner", "supervisor", "legal", "observer", "department")


def organization_ids(user):
    """Organizations the person acts for today. Belonging to one matters here only as a conflict or as the intended provider."""
    return {row.organization_id for row in member_rows(user)}


def _over_principals(user, scope):
    query = Q(pk__in=[])
    for person in principals_of(user) if user.is_authenticated else ():
        query |= scope(person)
    return query


class ProjectQuerySet(QuerySet):
    def visible_to(self, user):
        """Purchaser staff, the community's people, finance; and of a project with an intended provider that provider's people."""

        query = purchase_scope(user)
        if user.is_authenticated and (ids := {pk for person in principals_of(user) for pk in organization_ids(person)}):
            query |= Q(way="intended", intended__in=ids)
        return self.filter(query)


class FundQuerySet(QuerySet):
    def visible_to(self, user):
        """Purchaser staff and finance see the funds; a community sees those set up for it."""

        def scope(person):
            query = Q(purchaser__in=purchaser_ids(person))
            for path in place_paths(person, "finance"):
                query |= Q(purchaser__place__path__startswith=path)
            for path in place_paths(person, "community"):
                query |= Q(place__path__startswith=path)
            return query

        return self.filter(_over_principals(user, scope))


class OfFundQuerySet(QuerySet):
    def visible_to(self, user):
        """Whoever sees the fund sees its adjustments and its income."""
        from procurement.models import Fund

        return self.filter(fund__in=Fund.objects.visible_to(user).values("pk"))


class MeetingQuerySet(QuerySet):
    def visible_to(self, user):
        """People of the purchaser, those who were present, and finance."""

        def scope(person):
            query = Q(purchaser__in=purchaser_ids(person)) | Q(pk__in=self.model.attendees.through.objects.filter(user=person).values("meeting"))
            for path in place_paths(person, "finance"):
                query |= Q(purchaser__place__path__startswith=path)
            return query

        return self.filter(_over_principals(user, scope))


class SettingQuerySet(QuerySet):
    def visible_to(self, user):
        """People of the purchaser, and finance of its district."""

        def scope(person):
            query = Q(purchaser__in=purchaser_ids(person))
            for path in place_paths(person, "finance"):
                query |= Q(purchaser__place__path__startswith=path)
            return query

        return self.filter(_over_principals(user, scope))


def holds(user, role, project):
    """Whether the person holds a role for this project: at its purchaser, or for a place role at its place or above."""
    for row in memberships_of(user):
        if row.role != role:
            continue
        if role in PLACE_ROLES:
            if project.place.path.startswith(row.place.path):
                return True
        elif row.purchaser_id == project.purchaser_id:
            return True
    return False


def may_apply(user, project):
    """The community applies; the street's handler may for it."""
    return holds(user, "community", project) or holds(user, "handler", project)


def may_draft(user, project):
    """Applicants; and the intended provider while it helps to draft (practice 3). Of an open project no provider edits the draft."""
    return may_apply(user, project) or (project.way == "intended" and project.intended_id in organization_ids(user))


def may_handle(user, project):
    """People of the purchaser that move an approved project on: sourcing, signing, closing."""
    return any(row.purchaser_id == project.purchaser_id for row in memberships_of(user))


def may_keep_funds(user, fund):
    """The fund-owning section, the accountant, and the finance bureau above them."""
    for row in memberships_of(user):
        if row.purchaser_id == fund.purchaser_id and row.role in ("fund_owner", "accountant", "leader"):
            return True
        if row.role == "finance" and fund.purchaser.place.path.startswith(row.place.path):
            return True
    return False


def may_settle_settings(user, setting):
    """Who proposes and confirms a street's own rules."""
    return any(row.purchaser_id == setting.purchaser_id and row.role in SETTING_ROLES for row in memberships_of(user))


def may_import_catalogue(user):
    """The finance bureau leads the guidance catalogue; a platform administrator may load it."""
    return user.is_platform_admin or any(row.role == "finance" for row in memberships_of(user))
