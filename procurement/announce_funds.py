"""What funds and applications announce besides: forms of steps, the panels on the project's page, adjustments that wait, the ledger's nightly comparison."""

from django.db.models import Exists, OuterRef, Q, Sum
from django.utils.translation import gettext_lazy as _

from communities.permissions import purchaser_ids
from kernel import files, registry
from kernel.money import ZERO
from kernel.registry import Panel, Task, Waiting
from procurement.forms.fund_money import AdjustFundForm, AssignFundForm, ReceiptForm
from procurement.lifecycle import fund, fund_adjustment, fund_receipt, fund_uses, ledger  # noqa: F401 (fund_receipt registers its life)
from procurement.lifecycle.indicators import indicator_changes
from procurement.models import Fund, FundAdjustment, FundReceipt

fund.LIFE.form(fund.ASSIGN, AssignFundForm)
fund.LIFE.form(fund.ADJUST, AdjustFundForm)
fund.LIFE.form(fund.RECEIVE, ReceiptForm)

for _model in (FundAdjustment, FundReceipt):
    files.register_access(_model, files.by_sight(_model))


def results_of(project, user):
    """On the project's page: its measurable results, what changed of them, and what was declared."""
    indicators = list(project.indicators.all())
    snapshots = {row.number: row.snapshot for row in project.revisions.all()} if project.revision > 1 else {}
    before, now = snapshots.get(project.revision - 1), snapshots.get(project.revision)
    changes = indicator_changes(before, now) if before and now else []
    return Panel(_("Measurable results and declarations"), "procurement/panel_results.html", {"indicators": indicators, "changes": changes, "project": project}, order=10)


def uses_of(project, user):
    """On the project's page: what its funds may and must not be used for."""
    rows = [row for row in project.fundings.all() if row.fund.allowed_uses or row.fund.forbidden_uses or row.fund.owner_section or row.fund.needs_owner_consent]
    found = [(row.fund, fund_uses.forbidden_by(row.fund, project.item)) for row in rows]
    return Panel(_("What its funds allow"), "procurement/panel_uses.html", {"uses": found}, order=12) if found else None


registry.panel("project", results_of)
registry.panel("project", uses_of)


@registry.desk
def funds_waiting(user):
    """Expected money to be approved, and adjustments somebody else proposed."""
    if ids := purchaser_ids(user, "accountant", "fund_owner"):
        adjusted = Exists(FundAdjustment.objects.filter(fund=OuterRef("pk"), status="proposed").exclude(created_by=user))
        rows = Fund.objects.filter(purchaser__in=ids).annotate(adjusted=adjusted).filter(Q(adjusted=True) | Q(status="expected") & ~Q(created_by=user))
        yield Waiting(rows[:40], lambda row: Task("fund", str(row), _("Decide the adjustment") if row.adjusted else _("Approve the money"), row.get_absolute_url(), since=row.created_at))


@registry.totals
def ledger_totals():
    """Each fund's totals against its ledger, what it received against its income."""
    yield from ledger.differing(Fund.objects.order_by("pk"))
    counted = dict(FundReceipt.objects.filter(status="recorded").order_by().values_list("fund").annotate(total=Sum("amount")))
    for row in Fund.objects.filter(predecessor=None).filter(Q(received__gt=0) | Q(pk__in=counted)):
        if row.received != counted.get(row.pk, ZERO):
            yield f"fund {row.pk} received", row.received, counted.get(row.pk, ZERO)
