"""What declarations, inquiries and the purchase file tell the shell: forms, navigation, desk, the purchase's page, deadlines."""

from functools import cache

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, memberships_of, people, purchaser_ids
from kernel import clock, registry, rules
from kernel.registry import Brief, NavItem, Panel, Reminder, Task, Waiting
from procurement.forms.integrity import AnswerInquiryForm
from procurement.lifecycle import inquiry, tender
from procurement.models import Declaration, Inquiry, Recording, Tender, TenderOpener
from procurement.permissions import organization_ids
from procurement.permissions_award import OFFICE
from procurement.permissions_tender import may_attend

inquiry.LIFE.form(inquiry.ANSWER, AnswerInquiryForm)
tender.LIFE.verb_labels |= {"declare": _("declaration given"), "recording": _("recording registered")}
registry.nav(
    NavItem("buying", _("Inquiries"), "inquiry_list", may=lambda user: has_role(user, *OFFICE, "finance") or bool(organization_ids(user)), order=45),
    NavItem("public", _("My inquiry"), "inquiry_find", may=lambda user: True, order=40),
)


@registry.desk
def desk(user):
    """Declarations to give, inquiries to answer, recordings to register."""
    if not memberships_of(user):
        return
    given = Declaration.objects.filter(tender=OuterRef("pk"), user=user)
    handled, led = purchaser_ids(user, "handler"), purchaser_ids(user, "leader")
    concerned = Q(handler=user, status="draft") | Q(pk__in=TenderOpener.objects.filter(user=user).values("tender"), status__in=("draft", "published")) | Q(purchaser__in=led, status="evaluated")
    rows = Tender.objects.filter(concerned, ~Exists(given)).exclude(method="self_run")
    yield Waiting(rows, lambda row: Task("tender", row.title, _("Declare whether a tie to a supplier stands between"), reverse("declare", args=[row.pk]), row.created_at))
    if handled:
        asked = Inquiry.objects.filter(status="received", tender__purchaser__in=handled).order_by("answer_due_on", "pk")
        yield Brief.of(asked, ("pk", "tender__title", "received_on", "answer_due_on"), lambda row: Task("inquiry", row["tender__title"], inquiry.ANSWER.label, reverse("inquiry_detail", args=[row["pk"]]), clock.midnight(row["received_on"]), row["answer_due_on"], row["more"]))
        opening = Recording.objects.filter(tender=OuterRef("pk"), stage="opening")
        judged = Recording.objects.filter(tender=OuterRef("pk"), stage="evaluation")
        bare = Q(~Exists(opening), opened_at__isnull=False) | Q(~Exists(judged), report_received_on__isnull=False)
        unregistered = Tender.objects.filter(bare, purchaser__in=handled, venue="internal", status__in=("opened", "evaluated", "awarded")).exclude(method="self_run")
        yield Waiting(unregistered, lambda row: Task("tender", row.title, _("Register the recording of opening or evaluation"), reverse("recording_add", args=[row.pk]), row.opened_at))


def beside(row, user):
    """On the purchase's page: the ways to declarations, bonds, inquiries and the file. No query."""
    if row.status == "cancelled" or not may_attend(user, row):
        return None
    return Panel(_("Declarations, bonds and file"), "procurement/panel_beside.html", {"tender": row, "handles": has_role(user, "handler", purchaser=row.purchaser_id)}, order=45)


registry.panel("tender", beside)


@registry.reminder
def answers_due(now):
    """G01: three working days, before and after."""
    asked = cache(lambda purchaser: tuple(people("handler", "leader", purchaser=purchaser)))
    for row in Inquiry.objects.filter(status="received").select_related("tender"):
        due = clock.end_of_day(row.answer_due_on)
        yield Reminder("inquiry_answer", row, asked(row.tender.purchaser_id), due, "after" if now > due else "before", row.tender.title, row.get_absolute_url(), rules.get("G01").article)
