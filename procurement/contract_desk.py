"""My desk: what contracts, activities, payments and closings wait for, one query per kind of task."""

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import in_places, memberships_of, place_paths, purchaser_ids
from kernel import clock, registry
from kernel.registry import Task, Waiting
from kernel.workdays import add_workdays, current
from procurement.lifecycle.activity import ANSWER_WORKDAYS
from procurement.lifecycle.stage import SETTLED_ACTIVITY
from procurement.models import Activity, Amendment, Closing, Contract, Lot, PaymentRequest, PaymentStage
from procurement.permissions import organization_ids

SOON = timedelta(days=14)
MOST = 100
ACCEPTORS = ("section", "supervisor", "leader")


def _end(day):
    return day  # a bare day: open until its last minute, shown without an hour


def payable_stages(rows):
    """Of payment stages those that may be asked for now, in one query (the same law as `stage.objection`)."""
    unsettled = Activity.objects.filter(stage=OuterRef("pk")).exclude(status__in=SETTLED_ACTIVITY)
    accepted = Closing.objects.filter(contract=OuterRef("contract"), status="accepted")
    ready = (
        Q(condition="signed")
        | Q(condition="date", condition_date__lte=clock.today())
        | (Q(condition="progress") & ~Exists(unsettled))
        | (Q(condition="closing") & Exists(accepted))
        | Q(contract__status="terminated")
    )
    open_money = Q(amount__gt=F("paid") + F("held"))
    return rows.filter(ready & open_money, status__in=("waiting", "part_paid"), contract__status__in=("performing", "terminated"))


@registry.desk
def of_provider(user):
    """Activities to confirm and report, stages to ask for, closings to write."""
    mine = organization_ids(user)
    if not mine:
        return
    today = clock.today()
    own = Q(contract__organization__in=mine) | Q(contract__organization__supporter__in=mine)
    rows = Activity.objects.filter(own, contract__status="performing").select_related("contract")
    yield Waiting(rows.filter(status="planned", planned_on__lte=today + SOON).order_by("planned_on")[:MOST], lambda row: Task("activity", row.title, _("Confirm date and place"), row.get_absolute_url(), due=_end(row.planned_on), detail=row.contract.title))
    yield Waiting(rows.filter(Q(status="held") | Q(status="confirmed", planned_on__lte=today)).order_by("planned_on")[:MOST], lambda row: Task("activity", row.title, _("Report it"), reverse("activity_report", args=[row.pk]), since=row.created_at, detail=row.contract.title))
    yield Waiting(payable_stages(PaymentStage.objects.filter(own)).select_related("contract").order_by("contract_id", "order")[:MOST], lambda row: Task("stage", f"{row.contract.title} · {row.name}", _("Ask for payment"), reverse("payment_create", args=[row.pk]), detail=f"{row.payable:,.2f}"))
    contracts = Contract.objects.filter(Q(organization__in=mine) | Q(organization__supporter__in=mine), status="performing")
    undone = Activity.objects.filter(contract=OuterRef("pk")).exclude(status__in=SETTLED_ACTIVITY)
    def to_close_up(row):
        url = row.closing.get_absolute_url() if getattr(row, "closing", None) else row.get_absolute_url()
        yield Task("closing", row.title, _("Prepare the closing"), url, detail=row.number)

    yield Waiting(contracts.filter(~Exists(undone), Q(closing=None) | Q(closing__status="draft"), activities__isnull=False).select_related("closing").distinct()[:MOST], to_close_up)


@registry.desk
def of_handler(user):
    """Drafts to sign, notices, filings, silent communities, contracts to close."""
    ids = purchaser_ids(user, "handler")
    if not ids:
        return
    today = clock.today()
    rows = Contract.objects.filter(purchaser__in=ids).select_related("closing")
    wanted = Q(status="draft") | Q(status="performing", notice_published_on=None, notice_due_on__isnull=False) | Q(status="performing", filed_on=None, filing_due_on__isnull=False)
    def formalities(row):
        if row.status == "draft":
            yield Task("contract", row.title, _("Complete and sign the contract"), row.get_absolute_url(), since=row.created_at, due=_end(row.sign_due_on), detail=row.number)
            return
        if not row.notice_published_on:
            yield Task("contract", row.title, _("Publish the contract notice"), row.get_absolute_url(), due=_end(row.notice_due_on), detail=row.number)
        if not row.filed_on:
            yield Task("contract", row.title, _("File the copy"), row.get_absolute_url(), due=_end(row.filing_due_on), detail=row.number)

    yield Waiting(rows.filter(wanted, status__in=("draft", "performing")).order_by("sign_due_on", "pk")[:MOST], formalities)
    drafted = Contract.objects.filter(lot=OuterRef("pk")).exclude(status="cancelled")
    won = Lot.objects.filter(~Exists(drafted), status="awarded", tender__purchaser__in=ids, award__declined_on=None).select_related("award__organization")
    yield Waiting(won.order_by("award__sign_due_on")[:MOST], lambda row: Task("contract", row.title, _("Draft the contract"), reverse("contract_create", args=["lot", row.pk]), since=row.award.decided_on, due=_end(row.award.sign_due_on), detail=str(row.award.organization)))
    unpaid = PaymentStage.objects.filter(contract=OuterRef("pk"), amount__gt=F("paid") + F("held"), settle_reason="")
    yield Waiting(rows.filter(~Exists(unpaid), status="performing", closing__status="accepted")[:MOST], lambda row: Task("contract", row.title, _("Close the contract"), row.get_absolute_url(), detail=row.number))
    silent = Activity.objects.filter(contract__purchaser__in=ids, status="reported", reported_at__lt=clock.midnight(today - timedelta(days=ANSWER_WORKDAYS - 1))).select_related("contract")
    yield Waiting(silent.order_by("reported_at")[:MOST], _silent_task)


def _silent_task(row):
    """The street verifies once the community's working days have passed; the calendar is asked only about what may be silent."""
    if add_workdays(row.reported_at, ANSWER_WORKDAYS).date >= clock.today():
        return None
    return Task("activity", row.title, _("The community is silent: verify for the street"), row.get_absolute_url(), since=row.reported_at, detail=row.contract.title)


@registry.desk
def of_community(user):
    """Activities the community is asked to confirm, closings it may comment on."""
    paths = place_paths(user, "community")
    if not paths:
        return
    calendar = current()
    rows = Activity.objects.filter(in_places(paths, "contract__project__place__path"), status="reported").select_related("contract__organization")
    def to_answer(row):
        due = add_workdays(row.reported_at, ANSWER_WORKDAYS, calendar)
        yield Task("activity", row.title, _("Confirm whether it was held"), reverse("activity_confirm", args=[row.pk]), since=row.reported_at, due=due.end, detail=str(row.contract.organization))

    yield Waiting(rows.order_by("reported_at")[:MOST], to_answer)
    closings = Closing.objects.filter(in_places(paths, "contract__project__place__path"), status="submitted", community_opinion="").select_related("contract")
    yield Waiting(closings[:MOST], lambda row: Task("closing", row.contract.title, _("Give the community's opinion"), row.get_absolute_url(), since=row.created_at))


@registry.desk
def of_payers(user):
    """Requests whose next step is this person's: approve, pay, correct after a return; never one's own."""
    rows = [row for row in memberships_of(user)]
    ids = {row.purchaser_id for row in rows if row.purchaser_id}
    finance = place_paths(user, "finance")
    if not ids and not finance:
        return
    roles = {(row.purchaser_id, row.role) for row in rows}
    mine = Q(pk__in=[])  # a request whose route, or whose next hand, can't be theirs is not read
    for role in {role for _purchaser, role in roles} | ({"finance"} if finance else set()):
        mine |= Q(status="in_approval", route__icontains=f'"{role}"')
    mine |= Q(status="approved") if any(role == "cashier" for _purchaser, role in roles) else Q(pk__in=[])
    mine |= Q(status="returned") if any(role == "accountant" for _purchaser, role in roles) else Q(pk__in=[])
    ours = PaymentStage.objects.filter(Q(contract__purchaser__in=ids) | in_places(finance, "contract__project__place__path"), pk=OuterRef("stage"))
    requests = PaymentRequest.objects.filter(mine, Exists(ours.order_by()), status__in=("in_approval", "approved", "returned"))  # the open ones lead: most are paid
    def to_pay(row):
        contract = row.stage.contract
        action = None
        if row.status == "in_approval" and row.step < len(row.route):
            role = row.route[row.step]["role"]
            if (contract.purchaser_id, role) in roles or (role == "finance" and finance):
                action = _("Approve: {step}").format(step=row.route[row.step]["name"])
        elif row.status == "approved" and (contract.purchaser_id, "cashier") in roles:
            action = _("Pay it")
        elif row.status == "returned" and (contract.purchaser_id, "accountant") in roles:
            action = _("Correct and send again")
        if action:
            yield Task("payment", f"{contract.title} · {row.stage.name}", action, row.get_absolute_url(), since=row.created_at, due=_end(row.due_on), detail=f"{row.amount:,.2f} · {contract.organization}")

    yield Waiting(requests.exclude(created_by=user).select_related("stage__contract__organization").order_by("due_on")[:300], to_pay)


@registry.desk
def of_acceptors(user):
    """Closings to accept and amendments to record, by somebody who did not buy or write them."""
    ids = purchaser_ids(user, *ACCEPTORS)
    if not ids:
        return
    yield Waiting(Closing.objects.filter(contract__purchaser__in=ids, status="submitted").exclude(contract__created_by=user).exclude(contract__project__handler=user).select_related("contract")[:MOST], lambda row: Task("closing", row.contract.title, _("Accept the service"), row.get_absolute_url(), since=row.created_at))
    yield Waiting(Amendment.objects.filter(contract__purchaser__in=ids, status="draft").exclude(created_by=user).select_related("contract")[:MOST], lambda row: Task("amendment", f"{row.contract.title} · {row.number}", _("Record the signing"), reverse("act", args=["amendment", row.pk, "sign"]), since=row.created_at))
