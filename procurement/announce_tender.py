"""What purchases tell the shell: forms of steps, navigation, desk, search, panels, deadlines, who reads their files."""

import datetime
from functools import cache

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, memberships_of, people, purchaser_ids
from kernel import clock, files, registry, rules, workdays
from kernel.registry import Hit, NavItem, Panel, Reminder, Task, Waiting
from procurement.forms import tender as forms
from procurement.lifecycle import award, bid, lot, opening, quotes, selfrun, tender  # noqa: F401
from procurement.models import Award, Bid, BidPart, Lot, Tender, TenderOpener
from procurement.permissions import organization_ids
from procurement.permissions_tender import own_tags

tender.LIFE.form(tender.PUBLISH, forms.PublishForm)
tender.LIFE.form(tender.CLARIFY, forms.ClarifyForm)
tender.LIFE.form(tender.POSTPONE, forms.PostponeForm)
tender.LIFE.form(tender.RECORD_EXTERNAL, forms.ExternalForm)
lot.LIFE.form(lot.AWARD, forms.AwardForm)
files.register_access(Tender, lambda user, attachment: Tender.objects.visible_to(user).filter(pk=attachment.subject_id, purchaser__in=purchaser_ids(user)).exists())

BUYERS = ("handler", "section", "committee", "leader", "supervisor", "legal", "observer", "department", "finance", "community", "accountant")
registry.nav(
    NavItem("buying", _("Purchases"), "tender_list", may=lambda user: has_role(user, *BUYERS), order=40),
    NavItem("buying", _("Opener's key"), "opener_enrol", may=lambda user: bool(purchaser_ids(user)), order=49),
    NavItem("buying", _("Open opportunities"), "market", may=lambda user: bool(organization_ids(user)), order=41),
    NavItem("buying", _("My responses"), "bid_list", may=lambda user: bool(organization_ids(user)), order=42),
)


def _office_tasks(user):
    """Drafts to publish, responses to open, awards to decide, results to announce."""
    handled, deciding = purchaser_ids(user, "handler"), purchaser_ids(user, "leader", "handler")
    if not deciding:
        return
    now = clock.now()
    own = Q(purchaser__in=handled)
    untold = Q(status="awarded", pk__in=Lot.objects.filter(status="awarded").values("tender")) & ~Q(opening_record__has_key="result_told")
    wanted = (
        own & (Q(status="draft") | Q(status="published", deadline__lte=now) | Q(status="opened", profile__scoring="lowest") | Q(status="opened", quotes_until__lte=now) | untold)
        | Q(purchaser__in=deciding, status="evaluated")
    )
    actions = {"draft": _("Complete and publish it"), "opened": _("Rank by price"), "evaluated": _("Decide the award"), "awarded": _("Announce the result")}

    def office_step(row):
        unread = row.status == "opened" and row.quotes_until and row.quotes_until <= now
        action = _("Read the final quotes") if unread else actions.get(row.status) or (_("Record what the other platform reports") if row.venue == "external" else _("Open the responses"))
        since = {"draft": row.created_at, "published": row.deadline}.get(row.status, row.opened_at)
        due = {"published": row.opens_at, "evaluated": row.award_due_on}.get(row.status)
        return Task("tender", row.title, action, row.get_absolute_url(), since, due)

    yield Waiting(Tender.objects.filter(wanted, status__in=("draft", "published", "opened", "awarded", "evaluated"))[:200], office_step)


def _opener_tasks(user):
    """Proofs of the passphrase and openings to come to."""
    now = clock.now()

    def opener_step(own):
        row = own.tender
        if row.status == "draft":
            return None if own.rehearsed_at else Task("tender", row.title, _("Prove your passphrase"), reverse("opener_rehearse", args=[row.pk]), row.created_at)
        if row.deadline and now >= row.deadline:
            if own.present_at is None and not has_role(user, "handler", purchaser=row.purchaser_id):
                return Task("tender", row.title, _("Come to the opening"), reverse("opening", args=[row.pk]), row.deadline, row.opens_at)
            return None
        if own.rehearsed_again_at is None and row.opens_at and clock.today() >= workdays.add_workdays(row.opens_at, -2).date:
            return Task("tender", row.title, _("Prove your passphrase again"), reverse("opener_rehearse", args=[row.pk]), due=row.opens_at)
        return None

    rows = TenderOpener.objects.filter(user=user, tender__status__in=("draft", "published"), tender__seal="openers", tender__venue="internal")
    yield Waiting(rows.select_related("tender"), opener_step)


def _bidder_tasks(user):
    ids = organization_ids(user)
    if not ids:
        return
    now = clock.now()
    tags = own_tags(user)

    def unfinished(row):
        return Task("bid", row.lot.title, _("Complete and submit the response"), reverse("bid_edit", args=[row.public_id]), due=row.lot.tender.deadline)

    def unquoted(row):
        return Task("bid", row.lot.title, _("Give the final quote"), reverse("bid_final", args=[row.public_id]), due=row.lot.tender.quotes_until)

    yield Waiting(Bid.objects.filter(owner_tag__in=tags, status__in=("draft", "withdrawn"), lot__tender__deadline__gt=now).select_related("lot__tender"), unfinished)
    asked = Bid.objects.filter(organization__in=ids, status="opened", lot__tender__quotes_until__gt=now).exclude(Exists(BidPart.objects.filter(bid=OuterRef("pk"), key__startswith=quotes.PREFIX, is_draft=True)))
    yield Waiting(asked.select_related("lot__tender"), unquoted)


@registry.desk
def desk(user):
    """What waits at each stage of a purchase for this person."""
    if memberships_of(user):
        yield from _office_tasks(user)
        yield from _opener_tasks(user)
    yield from _bidder_tasks(user)


@registry.search
def search(user, text):
    rows = Tender.objects.visible_to(user).filter(Q(title__icontains=text) | Q(number__icontains=text))[:10]
    return [Hit(_("purchase"), row.title, row.get_absolute_url(), row.number) for row in rows]


def project_panel(project, user):
    """On the project's page: how its provider is found."""
    if project.status in ("draft", "in_review", "returned"):
        return None
    lots = list(Lot.objects.visible_to(user).filter(project=project).select_related("tender", "award__organization"))
    handles = has_role(user, "handler", purchaser=project.purchaser_id)
    free = handles and project.status in ("approved", "sourcing") and not any(row.status != "failed" and row.tender.status != "cancelled" for row in lots)
    if not (lots or free):
        return None
    quick = selfrun.quick_profile(project) if free else None
    return Panel(_("Finding a provider"), "procurement/project_sourcing.html", {"project": project, "lots": lots, "free": free, "quick": quick}, order=30)


registry.panel("project", project_panel)


def _phase(due, now, ahead):
    """'after' once it has passed, 'before' within the warning time, else None."""
    return "after" if now > due else "before" if now >= due - ahead else None


DAYS = datetime.timedelta(days=1)


def _asked_once():
    """Handlers (and people of further roles) of a row's purchaser, each asked once in a sweep."""
    asked = cache(lambda purchaser, roles: tuple(people("handler", *roles, purchaser=purchaser)))
    return lambda row, *roles: asked(row.purchaser_id, roles)


@registry.reminder
def deadlines(now):
    """Bids close and openings (openers and handler), award decision (D02)."""
    handlers = _asked_once()
    rows = Tender.objects.filter(status="published").select_related("purchaser").prefetch_related("openers__user")
    for row in rows:
        if row.deadline and (phase := _phase(row.deadline, now, 2 * DAYS)):
            yield Reminder("bids_close", row, handlers(row), row.deadline, phase, row.title, row.get_absolute_url(), "财库〔2014〕214号 第10条")
        if row.seal == "openers" and row.opens_at and (phase := _phase(row.opens_at, now, 3 * DAYS)):
            openers = tuple(opener.user for opener in row.openers.all())
            yield Reminder("opening", row, openers, row.opens_at, phase, row.title, row.get_absolute_url(), "财政部令第87号 第39条")
    d02 = rules.find("D02")
    for row in Tender.objects.filter(status="evaluated", award_due_on__isnull=False).select_related("purchaser"):
        due = clock.end_of_day(row.award_due_on)
        if phase := _phase(due, now, 2 * DAYS):
            yield Reminder("award_decision", row, handlers(row, "leader"), due, phase, row.title, row.get_absolute_url(), d02.article if d02 else "")


@registry.reminder
def bidder_deadlines(now):
    """Bidders with an unfinished response are reminded; the rows name nobody, so each market reader is asked for the own tags."""
    from kernel.models import User
    from providers.models import OrganizationMember

    soon = list(Lot.objects.filter(tender__status="published", tender__deadline__gt=now, tender__deadline__lte=now + 2 * DAYS).select_related("tender"))
    if not soon or not Bid.objects.filter(lot__in=soon, status__in=("draft", "withdrawn")).exists():
        return
    members = User.objects.filter(pk__in=OrganizationMember.objects.values("user"), is_active=True)
    by_tag = {}
    for person in members:
        for tag in own_tags(person, [row.pk for row in soon]):
            by_tag.setdefault(tag, []).append(person)
    for row in Bid.objects.filter(lot__in=soon, status__in=("draft", "withdrawn")).select_related("lot__tender"):
        yield Reminder("own_bid_close", row, tuple(by_tag.get(row.owner_tag, ())), row.lot.tender.deadline, "before", row.lot.title, row.get_absolute_url())


@registry.reminder
def award_deadlines(now):
    """Result notice (D03), signing (D06), end of the challenge window (G02)."""
    handlers = _asked_once()
    found = Award.objects.filter(declined_on=None, lot__status="awarded").select_related("lot__tender__purchaser")
    for row in found:
        tender_ = row.lot.tender
        url = tender_.get_absolute_url()
        if row.notice_due_on and row.letter_on is None and (phase := _phase(due := clock.end_of_day(row.notice_due_on), now, 2 * DAYS)):
            yield Reminder("result_notice", row, handlers(tender_), due, phase, row.lot.title, url, rules.get("D03").article)
        if row.sign_due_on and (phase := _phase(due := clock.end_of_day(row.sign_due_on), now, 7 * DAYS)):
            yield Reminder("signing", row, handlers(tender_, "leader"), due, phase, row.lot.title, url, rules.get("D06").article)
        if row.challenge_until and (phase := _phase(due := clock.end_of_day(row.challenge_until), now, 1 * DAYS)):
            yield Reminder("challenge_window", row, handlers(tender_), due, phase, row.lot.title, url, rules.get("G02").article)
