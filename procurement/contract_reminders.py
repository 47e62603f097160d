"""Deadlines of contracts, payments and activities, before and after: one query per kind and one for the people, whatever the number open."""

from collections import defaultdict
from datetime import timedelta

from django.db.models import Q
from django.urls import reverse

from communities.models import Membership
from kernel import clock, registry, rules
from kernel.registry import Reminder
from kernel.workdays import add_workdays, current
from procurement.lifecycle.activity import ANSWER_WORKDAYS
from procurement.lifecycle.contract import OPEN_REQUESTS
from procurement.models import Activity, Contract, PaymentRequest, PaymentStage
from providers.models import OrganizationMember

AHEAD = timedelta(days=7)
TERM_AHEAD = timedelta(days=30)


def _today(now):
    return now.astimezone(clock.ZONE).date()


def _phase(due, now):
    return "before" if due >= now else "after"


class People:
    """Who to tell, read once: staff by (purchaser, role), community staff by place, people by organization."""

    def __init__(self, *roles, organizations=()):
        day = clock.today()
        in_force = Membership.objects.filter(role__in=roles, starts_on__lte=day, user__is_active=True).exclude(ends_on__lt=day)
        self.staff, self.places, self.members = defaultdict(list), defaultdict(list), defaultdict(list)
        for row in in_force.select_related("user") if roles else ():
            if row.purchaser_id:
                self.staff[row.purchaser_id, row.role].append(row.user)
            else:
                self.places[row.place_id, row.role].append(row.user)
        if organizations:
            rows = OrganizationMember.objects.filter(organization__in=organizations, starts_on__lte=day, user__is_active=True).exclude(ends_on__lt=day)
            for row in rows.select_related("user"):
                self.members[row.organization_id].append(row.user)

    def at(self, purchaser, *roles):
        return tuple(user for role in roles for user in self.staff[purchaser, role])

    def above(self, place, role):
        """Staff of a place or one above it."""
        return tuple(user for part in place.path.strip("/").split("/") if part for user in self.places[int(part), role])

    def of(self, organization):
        """The provider's people; of a community group also its supporting organization's."""
        return tuple({user.pk: user for user in (*self.members[organization.pk], *self.members[organization.supporter_id])}.values())


def _organizations(rows):
    return {pk for row in rows for pk in (row.organization_id, row.organization.supporter_id) if pk}


@registry.reminder
def contract_duties(now):
    """Signing (D06), contract notice (D07), filing of the copy (D08) and the end of the term."""
    today = _today(now)
    wanted = (
        Q(status="draft", sign_due_on__lte=today + AHEAD)
        | Q(status="performing", notice_published_on=None, notice_due_on__isnull=False)
        | Q(status="performing", filed_on=None, filing_due_on__isnull=False)
        | Q(status="performing", ends_on__lte=today + TERM_AHEAD)
    )
    rows = list(Contract.objects.filter(wanted).select_related("organization"))
    people = People("handler", organizations=_organizations(rows)) if rows else None
    for row in rows:
        handlers = people.at(row.purchaser_id, "handler")
        duties = []
        if row.status == "draft":
            duties.append(("contract_sign", row.sign_due_on, handlers, "D06"))
        else:
            if not row.notice_published_on and row.notice_due_on:
                duties.append(("contract_notice", row.notice_due_on, handlers, "D07"))
            if not row.filed_on and row.filing_due_on:
                duties.append(("contract_filing", row.filing_due_on, handlers, "D08"))
            if row.ends_on <= today + TERM_AHEAD:
                duties.append(("contract_ends", row.ends_on, (*handlers, *people.of(row.organization)), ""))
        for kind, day, users, rule in duties:
            due = clock.end_of_day(day)
            yield Reminder(kind, row, users, due, _phase(due, now), row.title, row.get_absolute_url(), rules.get(rule, on=today).article if rule else "")


@registry.reminder
def payments_due(now):
    """E01: seven days before a payment is due, and once it is overdue: whoever holds it now, and the handler."""
    today = _today(now)
    rule = rules.get("E01", on=today)
    rows = list(PaymentRequest.objects.filter(status__in=OPEN_REQUESTS, due_on__lte=today + timedelta(days=rule.days("remind"))).select_related("stage__contract__project__place", "stage__contract__organization"))
    if not rows:
        return
    people = People("handler", "section", "accountant", "leader", "cashier", "fund_owner", "finance", organizations=_organizations([row.stage.contract for row in rows]))
    holder = {"approved": "cashier", "returned": "accountant"}
    for row in rows:
        contract = row.stage.contract
        role = row.route[row.step]["role"] if row.status == "in_approval" and row.step < len(row.route) else holder.get(row.status, "handler")
        holding = people.above(contract.project.place, role) if role == "finance" else people.at(contract.purchaser_id, role)
        users = (*holding, *people.at(contract.purchaser_id, "handler"))
        due = clock.end_of_day(row.due_on)
        yield Reminder("payment_due", row, users, due, _phase(due, now), f"{contract.title} · {row.stage.name}", row.get_absolute_url(), rule.article)


@registry.reminder
def answers_due(now):
    """The community is asked for five working days; its silence is told to the street."""
    rows = list(Activity.objects.filter(status="reported").select_related("contract__project__place"))
    people = People("community", "handler") if rows else None
    calendar = current() if rows else None
    for row in rows:
        due = add_workdays(row.reported_at, ANSWER_WORKDAYS, calendar).end
        phase = _phase(due, now)
        users = people.above(row.contract.project.place, "community") if phase == "before" else people.at(row.contract.purchaser_id, "handler")
        yield Reminder("activity_answer", row, users, due, phase, row.title, reverse("activity_confirm", args=[row.pk]) if phase == "before" else row.get_absolute_url())


@registry.reminder
def milestones(now):
    """Activities within a week or past without a report, and payment stages with a date."""
    today = _today(now)
    rows = list(Activity.objects.filter(status__in=("planned", "confirmed"), contract__status="performing", planned_on__lte=today + AHEAD).select_related("contract__organization"))
    stages = list(PaymentStage.objects.filter(condition="date", status="waiting", contract__status="performing", condition_date__lte=today + AHEAD).select_related("contract__organization"))
    if not rows and not stages:
        return
    people = People(organizations=_organizations([row.contract for row in (*rows, *stages)]))
    for row in rows:
        due = clock.end_of_day(row.planned_on)
        yield Reminder("activity_planned", row, people.of(row.contract.organization), due, _phase(due, now), row.title, row.get_absolute_url())
    for row in stages:
        due = clock.end_of_day(row.condition_date)
        yield Reminder("stage_date", row, people.of(row.contract.organization), due, _phase(due, now), f"{row.contract.title} · {row.name}", row.get_absolute_url())

