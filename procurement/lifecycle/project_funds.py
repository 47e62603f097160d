"""Committing a project's funds: when something is published or signed, its money is set aside; what is not used is given back.

Funds are locked in the order of their ids, so two purchases at once never wait for each other in a circle.
"""

from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from kernel import trail
from kernel.lifecycle import Refusal
from kernel.money import ZERO, fen, yuan
from kernel.rules import carries
from procurement.lifecycle import ledger
from procurement.lifecycle.fund import move_committed, shortage
from procurement.models import Fund, Project, ProjectFund


def _locked(project):
    """The project's fundings with their funds locked, in the order of the funds' ids."""
    Project.objects.select_for_update().get(pk=project.pk)
    funds = {fund.pk: fund for fund in Fund.objects.select_for_update().filter(fundings__project=project).order_by("id")}
    rows = list(ProjectFund.objects.filter(project=project).order_by("fund_id"))
    return [(row, funds[row.fund_id]) for row in rows]


def split(rows, amount):
    """How `amount` (yuan) falls on (funding, fund) rows: each up to what it still carries, in the order of funds. Returns [(funding, fund, part)]."""
    parts, rest = [], amount
    for row, fund in rows:
        part = min(rest, row.amount - row.committed)
        if part > 0:
            parts.append((row, fund, part))
            rest -= part
    return parts, rest


@carries("E06")
@transaction.atomic
def commit(project, amount, actor, *, happened_on=None):
    """Set `amount` yuan of the project's funds aside (E06). All or nothing; may be called once per lot or contract.

    Returns [(fund, part)]. Raises Refusal: fund_not_approved, fund_short, over_funding. Trailed on the project.
    """
    amount = yuan(amount)
    if amount <= 0:
        raise Refusal("amount", _("Only an amount above zero can be committed."))
    rows = _locked(project)
    parts, rest = split(rows, amount)
    if rest > 0:
        raise Refusal(
            "over_funding",
            _("The funds of “{project}” carry {free} yuan more, {amount} yuan are needed.").format(
                project=project, free=f"{amount - rest:,.2f}", amount=f"{amount:,.2f}"
            ),
            todo=_("Have the funding of the project changed first."),
        )
    for row, fund, part in parts:
        if refusal := shortage(fund, part):
            raise refusal
        move_committed(fund, part)
        ProjectFund.objects.filter(pk=row.pk).update(committed=F("committed") + fen(part))
        ledger.enter(fund, "committed", actor=actor, committed=part, project=project, happened_on=happened_on)
    trail.record(project, "commit", actor=actor, happened_on=happened_on, params={"amount": str(amount), "funds": {fund.pk: str(part) for _row, fund, part in parts}})
    return [(fund, part) for _row, fund, part in parts]


@transaction.atomic
def release(project, amount, actor, *, happened_on=None):
    """Give `amount` yuan of the project's commitments back, the last fund first. Raises Refusal: not_committed, already_paid. Returns [(fund, part)]."""
    rest = amount = yuan(amount)
    parts = []
    for row, fund in reversed(_locked(project)):
        part = min(rest, row.committed)
        if part > 0:
            move_committed(fund, -part)
            ProjectFund.objects.filter(pk=row.pk).update(committed=F("committed") - fen(part))
            ledger.enter(fund, "released", actor=actor, committed=-part, project=project, happened_on=happened_on)
            parts.append((fund, part))
            rest -= part
    if rest > 0 or amount <= 0:
        raise Refusal("not_committed", _("This much is not committed on “{project}”.").format(project=project))
    trail.record(project, "release", actor=actor, happened_on=happened_on, params={"amount": str(amount), "funds": {fund.pk: str(part) for fund, part in parts}})
    return parts


def planned_elsewhere(fund, project):
    """What other live projects still plan on a fund beyond what is committed (yuan)."""
    rows = ProjectFund.objects.filter(fund=fund, project__status__in=("in_review", "returned", "approved", "sourcing", "contracted")).exclude(project=project)
    sums = rows.aggregate(planned=Sum("amount"), committed=Sum("committed"))
    return max(ZERO, (sums["planned"] or ZERO) - (sums["committed"] or ZERO))


def overplanned(project):
    """The first fund this project plans more on than it has, as a Refusal, or None. Planning on expected money is allowed, beyond it is not (E06)."""
    for row in project.fundings.all():
        if row.fund.status in ("closing", "closed"):
            return Refusal("fund_closed", _("“{fund}” takes no new projects: it is “{state}”.").format(fund=row.fund, state=row.fund.status_label), field="funding")
        room = row.fund.free - planned_elsewhere(row.fund, project)
        if row.amount - row.committed > room:
            return Refusal(
                "fund_overplanned",
                _("“{fund}” has {room} yuan left to plan on, this project plans {amount} yuan.").format(
                    fund=row.fund, room=f"{max(room, Decimal(0)):,.2f}", amount=f"{row.amount:,.2f}"
                ),
                todo=_("Reduce the budget or add another fund."),
                field="funding",
            )
    return None
