"""What bidding and the qualification check tell the shell: who reads their files, what waits on the desk."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import memberships_of, purchaser_ids
from kernel import files, registry
from kernel.lifecycle import principals_of
from kernel.registry import Task, Waiting
from procurement.lifecycle import qualification  # noqa: F401 - its words
from procurement.models import Bid, Tender
from procurement.permissions_tender import READERS


def _office_reads(user, attachment):
    """Screenshots of credit queries and scans of paper responses: the purchaser's readers."""
    mine = {pk for person in principals_of(user) for pk in purchaser_ids(person, *READERS)}
    return Bid.objects.filter(pk=attachment.subject_id, lot__tender__purchaser__in=mine).exists()


files.register_access(Bid, _office_reads)


@registry.desk
def desk(user):
    """Opened purchases with bidders whose credit records nobody has queried."""
    handled = purchaser_ids(user, "handler") if memberships_of(user) else ()
    if not handled:
        return
    unchecked = Bid.objects.order_by().filter(status="opened", lot__status="opened", credit_checks=None).values("lot__tender")
    rows = Tender.objects.filter(purchaser__in=handled, status="opened", venue="internal", pk__in=unchecked).exclude(method="self_run")

    def task(row):
        return Task("tender", row.title, _("Record the credit queries of the bidders"), reverse("qualification", args=[row.pk]), row.opened_at)

    yield Waiting(rows, task)
