"""采购活动记录: everything one project went through, compiled from its rows (政府采购法 第42条; 74号令 第26条)."""

from evaluation.models import Check, Finding
from kernel.detail import verb_label
from kernel.models import TrailRow
from kernel.money import ZERO
from procurement.models import Activity, Announcement, Award, Contract, PaymentRequest, PaymentStage


def ledger_context(project):
    """All rows of the ledger in the order of the main line. A fixed number of queries."""
    contracts = list(Contract.objects.filter(project=project).select_related("organization", "lot__tender").order_by("id"))
    lots = list(project.lots.select_related("tender").order_by("id"))
    tenders = {lot.tender_id for lot in lots}
    chains = [f"project-{project.pk}", *(f"tender-{pk}" for pk in tenders)]
    trail = TrailRow.objects.filter(chain__name__in=chains).select_related("actor", "on_behalf_of", "subject_type").order_by("effective_at", "id")
    lines = list(project.lines.select_related("activity"))
    shares = {kind: sum((line.amount for line in lines if line.kind == kind), ZERO) for kind in ("activity", "people", "running")}
    return {
        "project": project,
        "needs": project.needs.all(),
        "plan": project.plan.all(),
        "lines": lines,
        "shares": shares,
        "fundings": project.fundings.select_related("fund"),
        "gates": project.gate_runs.select_related("decided_by").order_by("revision", "order"),
        "lots": lots,
        "announcements": Announcement.objects.filter(tender__in=tenders).order_by("published_at"),
        "awards": Award.objects.filter(lot__in=lots).select_related("organization", "lot"),
        "contracts": contracts,
        "stages": PaymentStage.objects.filter(contract__in=contracts).select_related("contract").order_by("contract_id", "order"),
        "activities": Activity.objects.filter(contract__in=contracts).order_by("planned_on", "id"),
        "checks": Check.objects.filter(assignment__contract__in=contracts).select_related("assignment__firm", "assignment__contract", "stage"),
        "findings": Finding.objects.filter(check_of__assignment__contract__in=contracts),
        "payments": PaymentRequest.objects.filter(stage__contract__in=contracts).exclude(status__in=["draft", "cancelled"]).select_related("stage__contract").order_by("id"),
        "trail": [(row, verb_label(row.subject_type.model_class(), row.verb)) for row in trail],
    }
