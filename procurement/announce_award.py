"""What awards tell the shell: forms of steps, navigation, desk, the purchase's page, deadlines, who reads their files."""

from functools import cache

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, memberships_of, purchaser_ids
from kernel import clock, files, registry, rules
from kernel.detail import trail_of
from kernel.registry import NavItem, Panel, Reminder, Task, Waiting
from procurement.forms import award as forms
from procurement.lifecycle import fall, lot
from procurement.lifecycle.award import people_acting_for
from procurement.models import Award, AwardFall, Lot, Tender
from procurement.permissions import organization_ids
from procurement.permissions_award import OFFICE
from procurement.permissions_tender import may_attend, may_decide

lot.LIFE.form(lot.DECLINE, forms.DeclineForm)
lot.LIFE.form(lot.REVOKE, forms.RevokeForm)
fall.LIFE.form(fall.REPORT, forms.FallReportForm)
files.register_access(AwardFall, files.by_sight(AwardFall))
registry.nav(NavItem("buying", _("Awards"), "award_list", may=lambda user: has_role(user, *OFFICE, "finance") or bool(organization_ids(user)), order=43))


@registry.desk
def desk(user):
    """Letters to acknowledge; next candidates to choose; fallen awards to report."""
    if own := organization_ids(user):
        rows = Award.objects.filter(organization__in=own, declined_on=None, letter_on__isnull=False, acknowledged_at=None, lot__status="awarded").select_related("lot")
        yield Waiting(rows, lambda row: Task("award", row.lot.title, lot.ACKNOWLEDGE.label, row.get_absolute_url(), clock.midnight(row.letter_on), row.sign_due_on))
    if not memberships_of(user):
        return
    deciding, handled = purchaser_ids(user, "leader", "handler"), purchaser_ids(user, "handler")
    if deciding:
        awarded = Tender.objects.filter(pk=OuterRef("tender"), status="awarded", purchaser__in=deciding)
        again = Lot.objects.filter(Exists(awarded), status="evaluated")  # few lots wait, many purchases are awarded: the lots lead
        yield Waiting(again, lambda row: Task("tender", row.title, _("Choose the next candidate, or stop the lot"), row.get_absolute_url(), clock.midnight(row.stage_since)))
        late = Lot.objects.filter(status="evaluated", tender__status="evaluated", tender__award_due_on__lt=clock.today(), tender__purchaser__in=deciding).select_related("tender")
        yield Waiting(late, late_task)
    if handled:
        yield Waiting(AwardFall.objects.filter(status="open", lot__tender__purchaser__in=handled).select_related("lot"), lambda row: Task("award", row.lot.title, fall.REPORT.label, row.get_absolute_url(), row.created_at))


def late_task(row):
    """D02: nothing is decided silently; the desk says what the law holds now."""
    return Task("tender", row.title, _("Not decided in time: without a lawful reason the first candidate counts as chosen. Decide, or record the reason"), row.get_absolute_url(), due=row.tender.award_due_on)


@rules.carries("D02")
def late_decision(tender, user):
    """On the purchase's page once the days to decide have passed: what the law holds, and the reason where one was recorded."""
    if tender.status != "evaluated" or not tender.award_due_on or clock.today() <= tender.award_due_on or not any(p(user, tender) for p in (may_attend, may_decide)):
        return None
    rows = []
    for one in tender.lots.all():
        if one.status == "evaluated":
            first = one.bids.filter(status="opened", rank=1).select_related("organization").first()
            reason = next((entry.reason for entry in reversed(trail_of(one)) if entry.verb == lot.DELAY.verb), "")
            rows.append({"lot": one, "first": first, "reason": reason})
    context = {"tender": tender, "rows": rows, "article": rules.get("D02").article}
    return Panel(_("Not decided in time"), "procurement/panel_late.html", context, order=1)


registry.panel("tender", late_decision)


@registry.reminder
def fallen(now):
    """Letters nobody acknowledged are told to the provider again three days after they were issued."""
    del now
    told = cache(lambda organization: tuple(people_acting_for(organization)))
    rows = Award.objects.filter(declined_on=None, letter_on__isnull=False, acknowledged_at=None, lot__status="awarded", sign_due_on__isnull=False).select_related("lot__tender", "organization")
    for row in rows:
        if (clock.today() - row.letter_on).days >= 3:
            yield Reminder("award_unacknowledged", row, told(row.organization), clock.end_of_day(row.sign_due_on), "before", row.lot.title, row.get_absolute_url(), rules.get("D06").article)
