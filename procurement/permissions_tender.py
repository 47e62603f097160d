"""Who may see tenders, bids and announcements, said once.

Before the opening a bid is seen by its own organization alone: not by the handler, not by an administrator, not in a
count (财政部令第87号 第28、33条). Organizations are recognised by an HMAC tag, for the rows name none.
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from communities.permissions import in_places, memberships_of, place_paths, purchaser_ids
from kernel import crypto
from kernel.lifecycle import principals_of
from procurement.permissions import organization_ids

PUBLIC_STATES = ("published", "opened", "evaluated", "awarded", "failed")
INVITERS = ("handler", "leader", "supervisor", "observer")  # who knows the invited before the opening (财政部令第87号 第28条)
OPENED_STATES = ("opened", "invalid", "broken")
READERS = ("handler", "section", "committee", "leader", "supervisor", "legal", "observer", "department")


def owner_tag(organization_id, lot_id):
    """HMAC (64 hex characters) of organization and lot: finds an own bid, tells nobody else whose it is."""
    return crypto.blind_index("bid owner", _owned(organization_id, lot_id))


def _owned(organization_id, lot_id):
    return f"o{organization_id}l{lot_id}"


def own_tags(user, lots=None):
    """Tags of the user's organizations for the lots that hold a response naming nobody yet (or for the given ones)."""
    from procurement.models import Bid

    organizations = organization_ids(user)
    if not organizations:
        return {}
    if lots is None:
        sealed = Bid._base_manager.order_by().filter(organization=None, lot__tender__status__in=("published", "failed"))
        lots = sealed.values_list("lot", flat=True).distinct()
    pairs = [(organization, lot) for lot in lots for organization in organizations]
    return dict(zip(crypto.blind_indexes("bid owner", [_owned(*pair) for pair in pairs]), [organization for organization, _lot in pairs], strict=True))


def _everyone(user):
    return principals_of(user) if user.is_authenticated else []


class TenderQuerySet(QuerySet):
    def visible_to(self, user):
        """The purchaser's people, the project's community, finance; providers what was published; panel members their own
        through `evaluation`. A tender in draft is nobody else's."""
        from procurement.models import Lot, TenderOpener

        query = Q(pk__in=[])
        for person in _everyone(user):
            query |= Q(purchaser__in=purchaser_ids(person))
            if paths := place_paths(person, "finance"):
                query |= in_places(paths, "purchaser__place__path")
            if paths := place_paths(person, "community", "grid_worker"):
                query |= Q(status__in=PUBLIC_STATES) & Q(Exists(Lot.objects.filter(in_places(paths, "project__place__path"), tender=OuterRef("pk"))))
            if organizations := organization_ids(person):
                query |= Q(status__in=PUBLIC_STATES) & (Q(self._announced()) | Q(invited(organizations)))
                query |= Q(pk__in=Lot.objects.filter(bids__organization__in=organizations).values("tender"))
            query |= Q(pk__in=TenderOpener.objects.filter(user=person).values("tender"))
            for rule in _further:
                query |= rule(person)
        return self.filter(query)

    def open_for_responses(self, now):
        """Published, sealed or not, and not yet closed."""
        return self.filter(Q(self._announced()) | Q(invited()), status="published", venue="internal", deadline__gt=now)

    def _announced(self):
        from procurement.models import Announcement

        return Exists(Announcement.objects.filter(tender=OuterRef("pk"), kind="notice"))


def invited(organizations=None, path="pk"):
    """Exists: a letter to one of these organizations (None: to anybody) is out for the purchase `path` leads to."""
    from procurement.models import TenderInvitation

    rows = TenderInvitation._base_manager.filter(tender=OuterRef(path), sent_at__isnull=False)
    return Exists(rows if organizations is None else rows.filter(organization__in=organizations))


_further = []


def further_readers(rule):
    """`rule(user) -> Q` over Tender: readers whom only a later stage knows (panel members). Registered in AppConfig.ready()."""
    _further.append(rule)
    return rule


class LotQuerySet(QuerySet):
    def visible_to(self, user):
        from procurement.models import Tender

        return self.filter(tender__in=Tender.objects.visible_to(user).values("pk"))


class BidQuerySet(QuerySet):
    def visible_to(self, user):
        """Own bids at any time; opened ones also to the purchaser's people and finance. Never a sealed one of somebody else."""
        query = Q(pk__in=[])
        for person in _everyone(user):
            if organizations := organization_ids(person):
                rows = self.model._base_manager.order_by()
                query |= Q(pk__in=rows.filter(organization__in=organizations).values("pk")) | Q(pk__in=rows.filter(owner_tag__in=own_tags(person)).values("pk"))
            query |= Q(status__in=OPENED_STATES, lot__tender__purchaser__in=purchaser_ids(person, *READERS))
            if paths := place_paths(person, "finance"):
                query |= Q(status__in=OPENED_STATES) & in_places(paths, "lot__tender__purchaser__place__path")
        return self.filter(query)

    def of_organization(self, organization, lots):
        """The bids of one organization on these lots, sealed or opened."""
        return self.filter(owner_tag__in=[owner_tag(organization.pk, lot.pk) for lot in lots])


class AnnouncementQuerySet(QuerySet):
    def public(self):
        return self.filter(public=True)

    def visible_to(self, user):
        """What was published is everybody's; the rest belongs to the purchaser."""
        query = Q(public=True)
        for person in _everyone(user):
            query |= Q(tender__purchaser__in=purchaser_ids(person)) | Q(contract__purchaser__in=purchaser_ids(person))
            if organizations := organization_ids(person):
                query |= Q(invited(organizations, "tender"))
        return self.filter(query)


class OfTenderQuerySet(QuerySet):
    def visible_to(self, user):
        """People of the purchaser and the finance bureau above it."""
        query = Q(pk__in=[])
        for person in _everyone(user):
            query |= Q(tender__purchaser__in=purchaser_ids(person, *READERS))
            if paths := place_paths(person, "finance"):
                query |= in_places(paths, "tender__purchaser__place__path")
        return self.filter(query)


class InvitationQuerySet(QuerySet):
    def visible_to(self, user):
        """Who prepares and who watches the purchase; an invited supplier its own, once the letters are out. Nobody learns of another supplier."""
        query = Q(pk__in=[])
        for person in _everyone(user):
            query |= Q(tender__purchaser__in=purchaser_ids(person, *INVITERS))
            if organizations := organization_ids(person):
                query |= Q(organization__in=organizations, sent_at__isnull=False)
        return self.filter(query)


def may_handle_tender(user, subject):
    """The handler at the tender's purchaser."""
    return any(row.role == "handler" and row.purchaser_id == subject.purchaser_id for row in memberships_of(user))


def may_decide(user, subject):
    """Who decides an award: the leader in charge or the profile's approver, or the handler recording their paper."""
    tender = getattr(subject, "tender", subject)
    roles = {"leader", "handler", *([tender.profile.approver_role] if tender.profile_id else [])}
    return any(row.role in roles and row.purchaser_id == subject.purchaser_id for row in memberships_of(user))


def knows_invited(user, subject):
    """Who prepares and who watches a purchase by invitation: they know whom it goes to before the opening."""
    return any(row.role in INVITERS and row.purchaser_id == subject.purchaser_id for row in memberships_of(user))


def may_attend(user, subject):
    """People of the purchaser: openers and witnesses are taken from them."""
    return any(row.purchaser_id == subject.purchaser_id for row in memberships_of(user))


def may_bid(user, bid):
    """People of the organization whose tag the bid carries."""
    return bid.owner_tag in own_tags(user, [bid.lot_id])


__all__ = [
    "AnnouncementQuerySet", "BidQuerySet", "InvitationQuerySet", "LotQuerySet", "OfTenderQuerySet", "TenderQuerySet", "further_readers", "invited", "knows_invited", "may_attend", "may_bid", "may_decide",
    "may_handle_tender", "owner_tag", "own_tags",
]
