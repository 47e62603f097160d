"""A fund may name an approval of its own (practice 4, approval route): its owner decides each project planned on it, before the street's last gate."""

from procurement.lifecycle.configuration import gates_for
from procurement.models import Gate

DAYS = 5


def gates_of(project):
    """The gates a project passes, in order: the street's for its amount, and before the last of them one for each fund that wants its owner asked.

    The owner's gate is made of the fund, never saved as a setting of the street; on the project it is a GateRun like the others.
    """
    gates = gates_for(project.purchaser, project.budget_total)
    if not gates:
        return gates
    last = gates[-1].order
    asked = [row.fund for row in project.fundings.select_related("fund").order_by("fund_id") if row.fund.needs_owner_consent]
    if asked:
        for gate in gates:
            gate.order += gate.order == last  # gates of one order decide side by side: the owners come before the last of them
    return sorted([*gates, *(_gate(fund, project, last) for fund in asked)], key=lambda gate: gate.order)


def _gate(fund, project, last):
    name = f"资金归口同意（{fund.owner_section or fund.name}）"[:40]
    return Gate(purchaser_id=project.purchaser_id, key=f"fund-{fund.pk}", name=name, order=last, role=fund.owner_role, by_meeting=False, expected_days=DAYS)
