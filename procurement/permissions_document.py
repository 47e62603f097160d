"""Who may see purchase documents and questions, said once.

Documents that were announced are everybody's. Who fetched them and who asked about them is nobody's knowledge: rows carry an HMAC tag, the person's
own organizations are recognised by it, nobody else's (财政部令第87号 第28条: before the deadline nobody learns who takes part).
"""

from django.db.models import Exists, OuterRef, Q, QuerySet

from communities.permissions import in_places, place_paths, purchaser_ids
from kernel import crypto
from kernel.lifecycle import principals_of
from procurement.permissions import organization_ids
from procurement.permissions_tender import READERS

ROOM = "purchase documents"


def reader_tag(organization_id, tender_id):
    """HMAC (64 hex characters) of an organization and a purchase: its downloads and its questions."""
    return crypto.blind_index(ROOM, f"o{organization_id}t{tender_id}")


def reader_tags(user, tender_ids):
    """Tags of the user's organizations for these purchases."""
    return {reader_tag(organization, tender) for tender in tender_ids for organization in organization_ids(user)}


def announced(tender):
    """Whether the purchase was announced to everybody, and its documents with it."""
    return tender.announcements.filter(kind="notice", public=True).exists()


class QuestionQuerySet(QuerySet):
    def visible_to(self, user):
        """The purchaser's people and finance; whoever asked; once published, everybody who may read the purchase's announcement, and whoever was invited."""
        from procurement.models import Announcement, Tender

        readers = Q(Exists(Announcement.objects.filter(tender=OuterRef("tender"), kind="notice", public=True)))
        if user.is_authenticated:
            readers |= Q(tender__in=Tender.objects.visible_to(user).order_by().values("pk"))
        query = Q(status="published") & readers
        for person in principals_of(user) if user.is_authenticated else ():
            query |= Q(tender__purchaser__in=purchaser_ids(person, *READERS))
            if paths := place_paths(person, "finance"):
                query |= in_places(paths, "tender__purchaser__place__path")
            if organization_ids(person):
                running = self.model._base_manager.exclude(tender__status__in=("draft", "cancelled")).order_by().values_list("tender", flat=True).distinct()
                query |= Q(asker_tag__in=reader_tags(person, list(running)))
        return self.filter(query)


def asked_by(user, question):
    """Whether one of the user's organizations asked."""
    return question.asker_tag in reader_tags(user, [question.tender_id])
