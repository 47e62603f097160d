"""A02 化整为零 (政府采购法 第28条、实施条例 第28条): purchaser + budget project (fund) + 品目 + fiscal year (practice 7).

Several purchases not tendered openly whose sum passes the open-tender threshold are refused, except where the budget was adjusted or
the other method approved: then document number and paper are recorded on the project. Below that, but above the limit 限额标准 that none
passes alone, it is a warning. Purchases tendered openly, or approved by the finance bureau to leave the open tender, are not counted.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kernel import files, rules, trail
from kernel.lifecycle import Refusal, principals_of
from kernel.money import ZERO
from kernel.rules import carries
from procurement.lifecycle.cautions import Caution, reason_for
from procurement.lifecycle.configuration import threshold_of
from procurement.models import CautionReason, Project
from procurement.permissions import may_apply

LIVE = ("in_review", "returned", "approved", "sourcing", "contracted", "closed")
OPEN_METHODS = ("open", "open_tender", "framework")  # a framework is collected as an open tender is held (财政部令第110号 第22条)
KEY = "splitting"


@dataclass(frozen=True)
class Counted:
    """What was counted: the other purchases, the sum with this one, the threshold it passes; `blocks` above the open-tender threshold."""

    projects: tuple
    total: Decimal
    threshold: Decimal
    blocks: bool
    article: str

    @property
    def figures(self):
        return (f"{self.total:.2f}", f"{self.threshold:.2f}", *sorted(str(row.pk) for row in self.projects))


def amount_of(project):
    """The approved amount, before approval the budget (yuan)."""
    return project.ceiling if project.ceiling is not None else project.budget_total


def purchases_like(project):
    """The other purchases of the same key that were not tendered openly."""
    years = rules.get("A02").value("fiscal_years")
    same_item = Q(code=project.code_id) | Q(code=None, item=project.item_id) if project.code_id else Q(item=project.item_id)
    rows = Project.objects.filter(
        same_item, purchaser=project.purchaser_id, status__in=LIVE, fiscal_year__lte=project.fiscal_year, fiscal_year__gt=project.fiscal_year - years
    ).exclude(pk=project.pk)
    rows = rows.exclude(lots__in=_not_counted(project)).only("title", "status", "budget_total", "ceiling")
    funds = [row.fund_id for row in project.fundings.all()]
    return list(rows.filter(fundings__fund__in=funds).distinct()) if funds else list(rows)


def _not_counted(project):
    from procurement.models import Lot

    lots = Lot.objects.filter(tender__purchaser=project.purchaser_id).exclude(status="failed").exclude(tender__status="cancelled")
    return lots.filter(Q(tender__method__in=OPEN_METHODS) | ~Q(tender__approval_document=""))


@carries("A02")
def counted(project):
    """What A02 counts against this project as Counted, or False. Without any threshold entered nothing is compared."""
    found = threshold_of(project.purchaser)
    own = amount_of(project)
    bars = [(bar, blocks) for bar, blocks in ((found.open_tender, True), (found.limit, False)) if bar is not None and own < bar] if found else []
    if not bars:
        return False
    rule = rules.get("A02")
    others = purchases_like(project)
    total = sum((amount_of(other) for other in others), ZERO) + own
    if len(others) + 1 < rule.value("purchases"):
        return False
    for bar, blocks in bars:
        if total > bar:
            return Counted(tuple(others), total, bar, blocks, rule.article)
    return False


def caution_of(project, found):
    """The warning a Counted gives."""
    sentence = _("With {count} other purchase(s) of the same item from the same funds in {year} this comes to {total} yuan, above {limit} yuan: this may be splitting.").format(
        count=len(found.projects), year=project.fiscal_year, total=f"{found.total:,.2f}", limit=f"{found.threshold:,.2f}"
    )
    return Caution(KEY, sentence, found.article, found.projects, found.figures)


def objection(project, found=None, rows=None):
    """Why A02 refuses this project, or None: above the open-tender threshold and no document of adjustment or approval on file."""
    found = counted(project) if found is None else found
    if not found or not found.blocks:
        return None
    caution = caution_of(project, found)
    recorded = reason_for(caution, project.caution_reasons.all() if rows is None else rows)
    if recorded and recorded.document and recorded.file_id:
        return None
    return Refusal(
        "split", _("With {count} other purchase(s) of the same item this comes to {total} yuan, above the open-tender threshold of {limit} yuan: it may not be split.").format(
            count=len(found.projects), total=f"{found.total:,.2f}", limit=f"{found.threshold:,.2f}"
        ),
        article=found.article, todo=_("Tender them openly together, or record the document that adjusted the budget or approved another method."),
    )  # fmt: skip


@transaction.atomic
def record_exception(project, *, actor, document, reason, file):
    """Record that the budget was adjusted or another method approved: document number and its scan. Covers the sum counted now. Raises Refusal."""
    project = Project.objects.select_for_update().get(pk=project.pk)
    if not any(may_apply(person, project) for person in principals_of(actor)):
        raise Refusal("role", _("The applicant or the street's handler records this."))
    found = counted(project)
    if not found:
        raise Refusal("nothing", _("Nothing is counted against this project now."))
    if not document.strip() or not reason.strip() or not file:
        raise Refusal("document", _("Number, reason and scan of the document are needed."), article=found.article, field="document")
    kept = files.attach(project, file, "budget_adjustment", actor=actor)
    row = CautionReason.objects.create(
        project=project, key=KEY, figures=list(found.figures), warned=str(caution_of(project, found).sentence), article=found.article[:120], reason=reason,
        document=document.strip(), file=kept, revision=project.revision, by=actor,
    )  # fmt: skip
    trail.record(project, "exception", actor=actor, reason=reason, params={"caution": row.pk, "document": document.strip(), "total": f"{found.total:.2f}"})
    return row
