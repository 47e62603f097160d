"""What contracts, deliveries, payments and closings announce: forms of steps, navigation, panels, search, files, privacy, totals."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.permissions import memberships_of
from kernel import access, clock, files, registry, rules
from kernel.lifecycle import Refusal
from kernel.registry import Hit, NavItem, Panel
from kernel.workdays import deadline
from procurement import contract_desk, contract_reminders, contract_totals  # noqa: F401 (both fill the registries)
from procurement.forms.contract import ReplacePersonForm, SignForm, TerminateForm
from procurement.forms.delivery import AnswerForm, CancelForm, ConfirmForm, PostponeForm, ReplaceForm, ReportForm
from procurement.forms.payment import AcceptForm, ApproveForm, OpinionForm, PayForm
from procurement.lifecycle import activity, amendment, closing, contract, payment, payment_account
from procurement.models import Activity, Closing, Contract, CostVoucher, Lot, PaymentRequest, SignIn
from procurement.permissions import organization_ids
from procurement.permissions_contract import delivers, handles, supervises
from providers.lifecycle.account import register_freeze

for _life, _forms in (
    (contract, ((contract.SIGN, SignForm), (contract.REPLACE, ReplacePersonForm), (contract.TERMINATE, TerminateForm))),
    (amendment, ((amendment.SIGN, SignForm),)),
    (activity, ((activity.CONFIRM, ConfirmForm), (activity.POSTPONE, PostponeForm), (activity.REPLACE, ReplaceForm), (activity.CANCEL, CancelForm), (activity.REPORT, ReportForm), (activity.ANSWER, AnswerForm), (activity.ANSWER_LATE, AnswerForm))),
    (payment, ((payment.APPROVE, ApproveForm), (payment.PAY, PayForm))),
    (closing, ((closing.OPINE, OpinionForm), (closing.ACCEPT, AcceptForm))),
):
    for _step, _form in _forms:
        _life.LIFE.form(_step, _form)
activity.LIFE.link(activity.REPORT, lambda row: reverse("activity_report", args=[row.pk]))
for _step in (activity.ANSWER, activity.ANSWER_LATE):
    activity.LIFE.link(_step, lambda row: reverse("activity_confirm", args=[row.pk]))
register_freeze(payment_account.freeze, payment_account.thaw)
registry.totals(contract_totals.differing_totals)


def _evidence(user, attachment):
    """Photos: the parties; sign-in sheets with names: the provider and the supervising staff, no longer once the contacts are closed."""
    row = Activity.objects.visible_to(user).select_related("contract__organization", "contract__project__place").filter(pk=attachment.subject_id).first()
    if row is None:
        return False
    return attachment.role != "sign_in" or ((delivers(user, row) or supervises(user, row)) and evidence_closed(row) is None)


def evidence_closed(row):
    """I01 with practice 8: contacts of an activity are kept for the archive and closed to everybody once the challenge period after the contract's end is over."""
    ended = row.contract.ended_on
    if ended and clock.today() > deadline(ended, "G02", "challenge").date:
        return Refusal(
            "evidence_closed", _("The contacts of this activity are closed: the contract ended on {day}.").format(day=ended),
            article=rules.get("I01", on=clock.today()).article, todo=_("They stay in the archive; ask the discipline observer."),
        )  # fmt: skip
    return None


for _model in (Contract, PaymentRequest, CostVoucher, Closing):
    files.register_access(_model, files.by_sight(_model))  # the parties of the contract
files.register_access(Activity, _evidence)
access.register_guard(SignIn, lambda person, field, actor: evidence_closed(person.activity))


def _takes_part(user):
    return user.is_authenticated and bool(memberships_of(user) or organization_ids(user))


registry.nav(
    NavItem("delivery", _("Contracts"), "contract_list", _takes_part, order=5),
    NavItem("delivery", _("Activities"), "activity_list", _takes_part, order=10),
    NavItem("money", _("Payments"), "payment_list", _takes_part, order=30),
)


@registry.search
def find(user, text):
    for row in Contract.objects.visible_to(user).filter(Q(title__icontains=text) | Q(number__iexact=text) | Q(organization__name__icontains=text)).select_related("organization")[:5]:
        yield Hit(pgettext_lazy("search", "contract"), row.title, row.get_absolute_url(), f"{row.number} · {row.organization} · {row.status_label}")
    for row in Activity.objects.visible_to(user).filter(title__icontains=text).select_related("contract")[:3]:
        yield Hit(pgettext_lazy("search", "activity"), row.title, row.get_absolute_url(), f"{row.contract.title} · {row.planned_on}")
    for row in PaymentRequest.objects.visible_to(user).filter(Q(number__iexact=text) | Q(invoice_number=text) | Q(voucher_number__iexact=text)).select_related("stage__contract")[:3]:
        yield Hit(pgettext_lazy("search", "payment"), row.number, row.get_absolute_url(), f"{row.stage.contract.title} · {row.amount:,.2f}")


def on_project(project, user):
    """Contracts of a project with what was paid, and the way to draft one."""
    if project.status in ("draft", "in_review", "returned") or (project.status == "approved" and project.way == "open"):
        return None
    rows = list(Contract.objects.visible_to(user).filter(project=project).select_related("organization"))
    signed = [row for row in rows if row.status != "draft"]
    requests = list(PaymentRequest.objects.filter(stage__contract__in=signed).select_related("stage__contract")[:50]) if signed else []
    draft = ""
    if project.status == "approved" and project.way == "intended" and not any(row.status in ("draft", "performing", "closed") for row in rows) and handles(user, project):
        draft = reverse("contract_create", args=["project", project.pk])
    if not rows and not draft:
        return None
    return Panel(_("Contracts and payments"), "procurement/panel_contracts.html", {"contracts": rows, "payments": requests, "draft_url": draft}, order=60)


def on_tender(tender, user):
    """Contracts of each lot, and the way to draft one from an award."""
    if tender.status in ("draft", "published", "opened", "cancelled"):
        return None
    lots = list(Lot.objects.filter(tender=tender, status__in=("awarded", "contracted")).select_related("project", "award__organization").order_by("order"))
    seen = {row.lot_id: row for row in Contract.objects.visible_to(user).filter(lot__in=lots, status__in=("draft", "performing", "closed")).select_related("organization")}
    rows = [{"lot": lot, "contract": seen.get(lot.pk), "draft_url": reverse("contract_create", args=["lot", lot.pk]) if lot.status == "awarded" and lot.pk not in seen and handles(user, lot.project) else ""} for lot in lots]
    rows = [row for row in rows if row["contract"] or row["draft_url"]]
    return Panel(_("Contracts"), "procurement/panel_lots.html", {"rows": rows}, order=60) if rows else None


def on_organization(organization, user):
    """Its contracts, as far as this person may see them."""
    rows = list(Contract.objects.visible_to(user).filter(organization=organization).select_related("purchaser")[:20])
    for row in rows:
        row.organization = organization
    return Panel(_("Contracts"), "procurement/panel_contracts.html", {"contracts": rows}, order=60) if rows else None


registry.panel("project", on_project)
registry.panel("tender", on_tender)
registry.panel("organization", on_organization)
