"""Whom a change of the documents concerns: organizations that fetched them, asked about them or have begun a response. Found by tag, named to nobody.

The answer is used for notices alone: it stands in no page, list, count or trail row of the purchaser (财政部令第87号 第28条).
"""

from django.utils.translation import gettext_lazy as _

from kernel import clock
from kernel.notices import notify, register
from procurement.models import Bid, DocumentReader, Question
from procurement.permissions_document import reader_tag
from procurement.permissions_tender import owner_tag

register("documents_changed", _("The documents of “{title}” were clarified or corrected: read them again. Deadline for responses: {deadline}."))
register("question_answered", _("Your question about “{title}” is answered, to everybody."))
register("question_declined", _("Your question about “{title}” is not answered: {reason}"))
register("question_asked", _("A question about “{title}” has come in; it is to be answered by {due}."))


def members_today():
    """{organization id: [active people]} of all organizations today, in one query."""
    from providers.models import OrganizationMember

    day, found = clock.today(), {}
    rows = OrganizationMember.objects.filter(starts_on__lte=day, user__is_active=True).exclude(ends_on__lt=day).select_related("user")
    for row in rows:
        found.setdefault(row.organization_id, []).append(row.user)
    return found


def people_interested(tender):
    """The people of every organization concerned. A fixed number of queries, whatever their number."""
    lots = list(tender.lots.values_list("pk", flat=True))
    bids = set(Bid.objects.filter(lot__in=lots).values_list("owner_tag", flat=True))
    tags = set(DocumentReader.objects.filter(tender=tender).values_list("tag", flat=True)) | set(Question.objects.filter(tender=tender).values_list("asker_tag", flat=True))
    if not bids and not tags:
        return []
    found = {}
    for organization, users in members_today().items():
        if reader_tag(organization, tender.pk) in tags or any(owner_tag(organization, lot) in bids for lot in lots):
            found.update({user.pk: user for user in users})
    return list(found.values())


def askers(question):
    """The people of the organization that asked."""
    return [user for organization, users in members_today().items() if reader_tag(organization, question.tender_id) == question.asker_tag for user in users]


def tell_change(tender, announcement):
    """Tell everybody concerned that a correction was published; each person once for each correction."""
    params = {"title": tender.title, "deadline": tender.deadline.astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M")}
    for user in people_interested(tender):
        notify(user, f"documents-{announcement.pk}", "documents_changed", url=announcement.get_absolute_url(), params=params, due=tender.deadline)
