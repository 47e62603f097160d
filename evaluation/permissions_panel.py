"""Who may see a panel: its members by guardian grant, the purchaser's people; the names stay secret until the result (87号令 第47条)."""

from django.db.models import Q, QuerySet

from communities.permissions import memberships_of, purchaser_ids
from kernel.lifecycle import principals_of
from procurement.permissions import organization_ids

SCORE = "score_panel"
OFFICE = ("handler", "leader", "supervisor", "observer", "section")


def is_member_of(user, panel):
    """Holds the grant written with the member row."""
    return user.is_authenticated and user.has_perm(f"evaluation.{SCORE}", panel)


def member_row(user, panel):
    """The sitting member row of a user, or None; without a query where the page has read the members already."""
    known = getattr(panel, "_prefetched_objects_cache", {}).get("members")
    if known is not None:
        return next((row for row in known if row.user_id == user.pk and row.left_at is None), None)
    return panel.members.filter(user=user, left_at=None).first() if user.is_authenticated else None


def handles_panel(user, panel):
    """The handler of the purchase: forms the panel, never scores for it."""
    return any(row.role == "handler" and row.purchaser_id == panel.tender.purchaser_id for row in memberships_of(user))


def may_conclude(user, panel):
    """The panel's leader, or the handler on the signed report."""
    row = member_row(user, panel)
    return bool(row and row.is_leader) or handles_panel(user, panel)


def may_score(user, panel):
    return member_row(user, panel) is not None and is_member_of(user, panel)


def panels_of(user):
    """A subquery of panels the user holds the grant for."""
    from evaluation.models import PanelUserPermission

    return PanelUserPermission.objects.filter(user=user, permission__codename=SCORE).values("content_object")


class PanelQuerySet(QuerySet):
    def visible_to(self, user):
        """Members by their grant; the purchaser's handler, leader and observers."""
        query = Q(pk__in=[])
        if user.is_authenticated:
            query |= Q(pk__in=panels_of(user))
            for person in principals_of(user):
                query |= Q(tender__purchaser__in=purchaser_ids(person, *OFFICE))
        return self.filter(query)


def _told_before(user):
    """Q over what a panel changed in the terms: it holds on when that panel's result was set aside, for the office and for the panel that judges anew."""
    from evaluation.models import Panel

    query = Q(panel__former_tender__panel__in=Panel.objects.visible_to(user).values("pk"))
    for person in principals_of(user) if user.is_authenticated else ():
        query |= Q(panel__former_tender__purchaser__in=purchaser_ids(person, *OFFICE))
    return query


class QuestionQuerySet(QuerySet):
    def visible_to(self, user):
        """The panel and the office that see the panel; the people of the bidder that is asked."""
        from evaluation.models import Panel

        query = Q(panel__in=Panel.objects.visible_to(user).values("pk")) | Q(kind="change") & _told_before(user)
        for person in principals_of(user) if user.is_authenticated else ():
            query |= Q(bid__organization__in=organization_ids(person))
        return self.filter(query)


class ChangeQuerySet(QuerySet):
    def visible_to(self, user):
        """The panel and the office that see the panel; once it is told, the people of the suppliers that were told."""
        from evaluation.models import BidQuestion, Panel

        query = Q(panel__in=Panel.objects.visible_to(user).values("pk")) | _told_before(user)
        if user.is_authenticated and (ids := {pk for person in principals_of(user) for pk in organization_ids(person)}):
            query |= Q(status="told", pk__in=BidQuestion.objects.filter(kind="change", bid__organization__in=ids).values("change"))
        return self.filter(query)


class ExpertQuerySet(QuerySet):
    def visible_to(self, user):
        """Handlers draw from the pool; an expert sees the own row."""
        if not user.is_authenticated:
            return self.none()
        if any(row.role in ("handler", "finance", "supervisor") for row in memberships_of(user)):
            return self.all()
        return self.filter(user=user)


def tenders_of_panels(user):
    """Q over Tender: those on whose panel the user sits (grant)."""
    from evaluation.models import Panel

    return Q(pk__in=Panel.objects.order_by().filter(pk__in=panels_of(user)).values("tender"))


