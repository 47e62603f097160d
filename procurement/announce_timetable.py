"""What timetables tell the shell: the dates of purchases, challenges, contracts and payments in everybody's calendar, and the openers' reminder."""

import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from communities.permissions import memberships_of, place_paths, purchaser_ids
from kernel import clock, registry, rules, workdays
from kernel.registry import Dated, Reminder
from procurement import schedule_facts
from procurement.lifecycle.contract import OPEN_REQUESTS
from procurement.models import Activity, Bid, Challenge, Complaint, Contract, PaymentRequest, Tender, TenderOpener
from procurement.permissions import organization_ids
from procurement.permissions_tender import OPENED_STATES, own_tags

RUNNING = ("published", "opened", "evaluated", "awarded")
MOST = 200  # purchases, contracts, payments of one person
YEAR = datetime.timedelta(days=366)
WINDOWS = ("documents_until", "notice_until", "result_until", "documents_challenge", "process_challenge", "clarification", "publication", "intention")
LED = ("award", "signing_limit")
TAKING, TOLD = ("deadline", "opening"), ("challenge_until", "result")


def entry(tender, row, url=""):
    """A row of a timetable in a calendar; its id never changes, so that a moved date replaces the old one."""
    url = url or tender.get_absolute_url()
    return Dated(f"tender-{tender.pk}-{row.key}", f"{tender.title}：{row.label}", row.moment or row.date.date, url, row.article, provisional=row.date.provisional)


def _open_rows(tender, calendar, wanted, urls=None):
    return [entry(tender, row, (urls or {}).get(row.key, "")) for row in schedule_facts.rows_of(tender, calendar) if not row.happened and (not row.point.optional or row.key == "signing") and wanted(row)]


@registry.agenda
def of_office(user, since):
    """Handlers see everything that is still to be done, leaders what they decide, openers their proof and the opening."""
    if not memberships_of(user):
        return
    handled, led = purchaser_ids(user, "handler"), purchaser_ids(user, "leader")
    opener = set(TenderOpener.objects.filter(user=user, tender__status="published").values_list("tender", flat=True))
    rows = Tender.objects.visible_to(user).filter(Q(purchaser__in=handled | led) | Q(pk__in=opener), status__in=RUNNING, published_at__gte=clock.now() - YEAR)
    calendar = workdays.current()
    for tender in schedule_facts.ready(rows.order_by("-published_at"))[:MOST]:

        def wanted(row, tender=tender):
            if tender.pk in opener and row.key in ("rehearsal", "opening"):
                return True
            if tender.purchaser_id in handled and row.key not in (*WINDOWS, "rehearsal"):
                return True
            return tender.purchaser_id in led and row.key in LED

        own = {} if tender.pk not in opener else {"rehearsal": reverse("opener_rehearse", args=[tender.pk]), "opening": reverse("opening", args=[tender.pk])}
        yield from _open_rows(tender, calendar, wanted, own)


@registry.agenda
def of_bidders(user, since):
    """A supplier sees the dates of the purchases it responds to, and of its own contracts; nobody else learns that it does."""
    ids = organization_ids(user)
    if not ids:
        return
    sealed = Bid.objects.filter(owner_tag__in=own_tags(user), status__in=("draft", "submitted")).values("lot__tender")
    opened = Bid.objects.filter(organization__in=ids, status__in=OPENED_STATES)
    calendar = workdays.current()
    taking = Tender.objects.visible_to(user).filter(pk__in=sealed, status="published")
    for tender in schedule_facts.ready(taking)[:MOST]:
        yield from _open_rows(tender, calendar, lambda row: row.key in TAKING)
    for tender in schedule_facts.ready(Tender.objects.visible_to(user).filter(pk__in=opened.values("lot__tender"), status__in=RUNNING, published_at__gte=clock.now() - YEAR))[:MOST]:
        won = any(award.organization_id in ids and award.declined_on is None for lot in tender.lots.all() if (award := getattr(lot, "award", None)))
        told = bool(tender.opening_record.get("result_told"))
        yield from _open_rows(tender, calendar, lambda row, won=won, told=told: told and (row.key in TOLD or won and row.key == "signing_limit"))
        if tender.quotes_until and tender.quotes_until > clock.now():
            yield Dated(f"tender-{tender.pk}-quotes", _("{title}: final quotes until").format(title=tender.title), tender.quotes_until, reverse("bid_list"), rules.get("B12").article)
    for challenge in Challenge.objects.filter(organization__in=ids, complain_until__gte=since, complaint=None).exclude(status="withdrawn").select_related("tender"):
        yield Dated(f"complaint-window-{challenge.pk}", _("{title}: complaint possible until").format(title=challenge.tender.title), challenge.complain_until, challenge.get_absolute_url(), rules.get("G05").article)


@registry.agenda
def of_remedies(user, since):
    """Answers of the street, steps of the finance bureau."""
    hands = purchaser_ids(user, "handler", "leader")
    if hands:
        for row in Challenge.objects.visible_to(user).filter(tender__purchaser__in=hands, status__in=("filed", "prepared")).select_related("tender"):
            yield Dated(f"challenge-{row.pk}", _("{title}: answer to the challenge").format(title=row.tender.title), row.answer_due_on, row.get_absolute_url(), rules.get("G03").article)
    if paths := place_paths(user, "finance"):
        here = Q(pk__in=[])
        for path in paths:
            here |= Q(challenge__tender__purchaser__place__path__startswith=path)
        for row in Complaint.objects.filter(here, status__in=("filed", "accepted", "notified", "examining"), decide_due_on__isnull=False).select_related("challenge__tender"):
            yield Dated(f"complaint-{row.pk}", _("{title}: decision on the complaint").format(title=row.challenge.tender.title), row.decide_due_on, row.get_absolute_url(), rules.get("G07").article)


@registry.agenda
def of_delivery(user, since):
    """Ends of contracts and payments for those who handle them, activities and payments for the provider."""
    handled, paying, ids = purchaser_ids(user, "handler"), purchaser_ids(user, "handler", "accountant", "cashier"), organization_ids(user)
    if not (handled or paying or ids):
        return
    own = Q(organization__in=ids) | Q(organization__supporter__in=ids)
    for row in Contract.objects.visible_to(user).filter(Q(purchaser__in=handled) | own, status="performing", ends_on__gte=since).order_by("ends_on")[:MOST]:
        yield Dated(f"contract-{row.pk}-end", _("{title}: the contract ends").format(title=row.title), row.ends_on, row.get_absolute_url())
    of_contract = Q(contract__organization__in=ids) | Q(contract__organization__supporter__in=ids)
    if ids:
        for row in Activity.objects.filter(of_contract, status__in=("planned", "confirmed"), contract__status="performing", planned_on__gte=since).order_by("planned_on")[:MOST]:
            yield Dated(f"activity-{row.pk}", row.title, row.planned_on, row.get_absolute_url())
    mine = Q(stage__contract__purchaser__in=paying) | Q(stage__contract__organization__in=ids)
    for row in PaymentRequest.objects.filter(mine, status__in=OPEN_REQUESTS, due_on__gte=since).select_related("stage__contract").order_by("due_on")[:MOST]:
        yield Dated(f"payment-{row.pk}", _("{title}: payment due").format(title=f"{row.stage.contract.title} · {row.stage.name}"), row.due_on, row.get_absolute_url(), rules.get("E01").article)


@registry.reminder
def second_proofs(now):
    """Openers who have not proved their passphrase again: before and after the day, two working days before the opening; it follows a moved opening."""
    rows = TenderOpener.objects.filter(tender__status="published", tender__seal="openers", tender__venue="internal", tender__opens_at__gt=now, rehearsed_again_at=None)
    calendar = workdays.current()
    for row in rows.select_related("tender", "user"):
        due = workdays.add_workdays(row.tender.opens_at, -2, calendar).end
        if now >= due - datetime.timedelta(days=2):
            phase = "after" if now > due else "before"
            title = _("{title}: prove your passphrase again").format(title=row.tender.title)
            yield Reminder("second_proof", row, (row.user,), due, phase, title, reverse("opener_rehearse", args=[row.tender_id]))
