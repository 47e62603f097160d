"""在途项目补录 (practice 5): projects that began before the platform, with real dates, money already paid and scans.

draft       rows read from Excel or a form; what is wrong stands beside each row
submitted   complete; waits for a second person
confirmed   projects, contracts, payments exist, marked 补录 everywhere; their past clocks are recorded, not enforced
Sent back it is a draft again. The confirmer is never the person who entered it (practice 8: two people before money).
"""

from collections import Counter

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from communities.permissions import at_purchaser
from kernel import clock, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.money import ZERO, fen
from procurement.lifecycle import backfill_rows, ledger
from procurement.lifecycle.fund import move_committed, shortage
from procurement.models import Backfill, Contract, Fund, PaymentRequest, PaymentStage, Project, ProjectFund, YearPortion

MOST_ROWS = 500


def has_problems(batch, actor):
    if not batch.rows:
        return Refusal("empty", _("There is no row in this batch."))
    if any(batch.problems):
        wrong = sum(bool(found) for found in batch.problems)
        return Refusal("rows_wrong", _("{count} row(s) cannot be taken over.").format(count=wrong), todo=_("Correct them in the file and import it again."))
    return None


def same_person(batch, actor):
    if batch.created_by_id == actor.pk:
        return Refusal("same_person", _("Somebody else than the person who entered the rows confirms them."))
    return has_problems(batch, actor)


SUBMIT = Step("submit", _("Hand over for confirmation"), ("draft",), "submitted", at_purchaser("handler", "accountant"), has_problems, withdrawable=True)
CONFIRM = Step(
    "confirm", _("Confirm and take over"), ("submitted",), "confirmed", at_purchaser("leader", "accountant", "handler", "supervisor"), same_person,
    hint=_("Projects, contracts and payments are created and marked as entered afterwards."),
)  # fmt: skip
SEND_BACK = Step("send_back", _("Send back"), ("submitted",), "draft", at_purchaser("leader", "accountant", "handler", "supervisor"), tone="danger", needs_reason=True)
DISCARD = Step("discard", _("Discard"), ("draft",), "discarded", at_purchaser("handler", "accountant"), tone="danger")
LIFE = Life(
    "backfill", Backfill,
    {"draft": _("draft"), "submitted": _("waits for confirmation"), "confirmed": _("taken over"), "discarded": _("discarded")},
    (SUBMIT, CONFIRM, SEND_BACK, DISCARD),
)  # fmt: skip


def check(rows, purchaser):
    """Problems per row (a list of lists); contract numbers that stand twice in the batch are named, too."""
    problems = [backfill_rows.read(cells, purchaser)[1] for cells in rows]
    twice = {number for number, count in Counter(cells.get("number") for cells in rows if cells.get("number")).items() if count > 1}
    for cells, found in zip(rows, problems, strict=True):
        if cells.get("number") in twice:
            found.append(str(_("The contract number {number} stands twice in this batch.").format(number=cells["number"])))
    return problems


@transaction.atomic
def enter(purchaser, rows, *, actor, name):
    """Keep rows (dicts of backfill_rows.plain) as a draft batch with the problems of each row. Raises Refusal when there are too many or none."""
    if not rows or len(rows) > MOST_ROWS:
        raise Refusal("row_count", _("A batch holds from 1 to {most} rows.").format(most=MOST_ROWS), field="file")
    batch = Backfill.objects.create(purchaser=purchaser, name=name[:120], rows=rows, problems=check(rows, purchaser), created_by=actor)
    trail.record(batch, "create", actor=actor, to_status="draft", params={"rows": len(rows), "problems": sum(map(bool, batch.problems))})
    return batch


@LIFE.verb(SUBMIT)
@transaction.atomic
def submit(batch, *, actor, happened_on=None):
    """Hand the rows over; they are read again as the platform stands now. Raises Refusal when a row no longer fits."""
    batch = advance(batch, SUBMIT, actor=actor, happened_on=happened_on)
    return _read_again(batch)


def _read_again(batch):
    batch.problems = check(batch.rows, batch.purchaser)
    if refusal := has_problems(batch, None):
        raise refusal
    return batch


@LIFE.verb(SEND_BACK)
@transaction.atomic
def send_back(batch, *, actor, reason=""):
    return advance(batch, SEND_BACK, actor=actor, reason=reason)


@LIFE.verb(DISCARD)
@transaction.atomic
def discard(batch, *, actor):
    return advance(batch, DISCARD, actor=actor)


@LIFE.verb(CONFIRM)
@transaction.atomic
def confirm(batch, *, actor):
    """Create everything the rows say, all or nothing. Raises Refusal when a row no longer fits or a fund is too small."""
    batch = _read_again(advance(batch, CONFIRM, actor=actor, changes={"confirmed_by": actor, "confirmed_at": clock.now()}))
    for number, cells in enumerate(batch.rows, start=1):
        row, _problems = backfill_rows.read(cells, batch.purchaser)
        project = create_project(batch, row, number, actor)
        batch.projects.add(project)
        if row.stage != "approved":
            contract = create_contract(project, row, actor)
            batch.contracts.add(contract)
            trail.record(contract, "backfill", actor=actor, to_status=contract.status, happened_on=row.signed_on, reason=row.note, params={"batch": batch.pk, "paid": str(row.paid)})
        trail.record(project, "backfill", actor=actor, to_status=project.status, reason=row.note, params={"batch": batch.pk, "row": number})
    return batch


def create_project(batch, row, number, actor):
    """The project as it stands, marked 补录, with its money committed when a contract is signed."""
    project = Project.objects.create(
        number=f"BL{row.year}{batch.pk:04d}{number:03d}", title=row.title, purchaser=batch.purchaser, place=row.place, fiscal_year=row.year, item=row.item,
        goal=row.note or row.title, target_group=row.target, headcount=row.headcount, results=row.note or row.title, starts_on=row.starts_on, ends_on=row.ends_on,
        way="open", handler=batch.created_by, budget_total=row.amount, ceiling=row.amount, is_backfill=True, created_by=actor,
        status={"approved": "approved", "performing": "contracted", "closed": "closed"}[row.stage],
        stage_since={"performing": row.signed_on, "closed": row.ends_on}.get(row.stage) or clock.today(),
    )  # fmt: skip
    committed = ZERO if row.stage == "approved" else row.amount
    ProjectFund.objects.create(project=project, fund=row.fund, amount=row.amount, committed=committed)
    if committed:
        fund = Fund.objects.select_for_update().get(pk=row.fund.pk)
        if refusal := shortage(fund, committed):
            raise refusal
        move_committed(fund, committed)
        ledger.enter(fund, "committed", actor=actor, committed=committed, project=project, reference=row.number, happened_on=row.signed_on)
    return project


def create_contract(project, row, actor):
    """The contract with one paid stage (what was paid before) and one open stage (the rest)."""
    contract = Contract.objects.create(
        number=row.number, project=project, organization=row.organization, purchaser=project.purchaser, title=row.title, amount=row.amount, paid=row.paid,
        starts_on=row.starts_on, ends_on=row.ends_on, deliverables=row.note or row.title, signed_on=row.signed_on, is_backfill=True, created_by=actor,
        status="closed" if row.stage == "closed" else "performing", long_term_reason="补录" if (row.ends_on - row.starts_on).days > 365 else "",
    )  # fmt: skip
    portion = YearPortion.objects.create(contract=contract, fiscal_year=row.year, fund=row.fund, amount=row.amount, paid=row.paid)
    rest = row.amount - row.paid
    if row.paid:
        stage = PaymentStage.objects.create(
            contract=contract, order=1, name="补录前已支付", percent=percent(row.paid, row.amount), amount=row.paid, paid=row.paid, condition="signed", status="paid", created_by=actor
        )
        PaymentRequest.objects.create(
            stage=stage, number=f"BL{contract.pk:06d}", amount=row.paid, invoice_number=f"BL{contract.pk:06d}", invoice_on=row.paid_on, received_on=row.paid_on,
            due_on=row.paid_on, paid_on=row.paid_on, voucher_number=row.voucher, status="paid", created_by=actor,
            parts=[{"portion": portion.pk, "fund": row.fund.pk, "amount": str(row.paid)}],
        )  # fmt: skip
        Fund.objects.filter(pk=row.fund.pk).update(paid=F("paid") + fen(row.paid))
        ledger.enter(row.fund, "paid", actor=actor, paid=row.paid, project=project, reference=row.voucher, happened_on=row.paid_on)
    if rest:
        share = 100 - percent(row.paid, row.amount)
        PaymentStage.objects.create(contract=contract, order=2, name="余款", percent=share, amount=rest, condition="closing", status="waiting", created_by=actor)
    return contract


def percent(part, whole):
    """`part` of `whole` in per cent, two places."""
    return round(part * 100 / whole, 2)
