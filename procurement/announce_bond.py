"""What bonds tell the shell: forms of steps, navigation, desk, panels on response and contract, deadlines, files."""

from functools import cache

from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from communities.permissions import has_role, memberships_of, people, purchaser_ids
from kernel import clock, files, registry, rules
from kernel.detail import trail_of
from kernel.registry import NavItem, Panel, Reminder, Task, Waiting
from procurement.forms import bond as forms
from procurement.lifecycle import bid as bids
from procurement.lifecycle import bond, lot
from procurement.models import Bid, Bond, BondTerms, FrameworkAgreement, Tender
from procurement.permissions import organization_ids
from procurement.permissions_contract import handles

bond.LIFE.form(bond.RECEIVE, forms.ReceiveForm)
bond.LIFE.form(bond.REFUND, forms.RefundForm)
lot.LIFE.verb_labels |= {"bond_terms": _("bid bond set")}
files.register_access(Bond, files.by_sight(Bond))
MONEY = ("accountant", "cashier", "handler", "leader", "supervisor", "fund_owner", "finance")
registry.nav(NavItem("money", _("Bonds"), "bond_list", may=lambda user: has_role(user, *MONEY) or bool(organization_ids(user)), order=35))


def of_purchaser(ids):
    return Q(lot__tender__purchaser__in=ids) | Q(contract__purchaser__in=ids)


@registry.desk
def desk(user):
    """Receipts to record after the opening, refunds that are due, bonds the leader decides about."""
    if not memberships_of(user):
        return
    if booked := purchaser_ids(user, "accountant"):
        recorded = Bond.objects.filter(lot=OuterRef("lot"), organization=OuterRef("organization"))
        missing = Bid.objects.filter(~Exists(recorded), lot__tender=OuterRef("pk"), lot__bond_terms__isnull=False, status__in=("opened", "invalid"))
        rows = Tender.objects.filter(Exists(missing.order_by()), purchaser__in=booked, status__in=("opened", "evaluated", "awarded"), opened_at__isnull=False)
        yield Waiting(rows, lambda row: Task("bond", row.title, _("Record the bid bonds that came in"), reverse("tender_bonds", args=[row.pk]), row.opened_at))
        asked = Bond.objects.filter(contract__purchaser__in=booked, status="asked").select_related("contract", "organization")
        yield Waiting(asked, lambda row: Task("bond", str(row.contract), bond.RECEIVE.label, row.get_absolute_url(), row.created_at))
    if paying := purchaser_ids(user, "cashier", "accountant"):
        due = Bond.objects.filter(of_purchaser(paying), status="held", due_since__isnull=False).exclude(received_by=user).select_related("organization")
        yield Waiting(due, lambda row: Task("bond", str(row), bond.REFUND.label, row.get_absolute_url(), clock.midnight(row.due_since), row.refund_due_on, row.get_cause_display()))
    if led := purchaser_ids(user, "leader"):
        refused = FrameworkAgreement.objects.filter(bid__lot=OuterRef("lot"), organization=OuterRef("organization"), status="removed", signed_on=None, cause__in=bond.KEPT_CAUSES)
        fell = Q(lot__falls__organization=F("organization"), lot__falls__kind__in=("refused", "disqualified"), lot__falls__justified=False)
        kept = Bond.objects.filter(fell | Exists(refused.order_by()), status="held", due_since=None, lot__tender__purchaser__in=led).select_related("organization")
        yield Waiting(kept.distinct(), lambda row: Task("bond", str(row), bond.FORFEIT.label, row.get_absolute_url(), row.created_at))


@registry.reminder
def refunds(now):
    """D09: five working days, before and after, to cashier, accountant and leader."""
    asked = cache(lambda purchaser: tuple(people("cashier", "accountant", "leader", purchaser=purchaser)))
    rows = Bond.objects.filter(status="held", refund_due_on__isnull=False).select_related("lot__tender", "organization")
    article = rules.get("D09").article
    for row in rows:
        due = clock.end_of_day(row.refund_due_on)
        yield Reminder("bond_refund", row, asked(row.purchaser_id), due, "after" if now > due else "before", str(row), row.get_absolute_url(), article)


def of_bid(bid, user):
    """On the bidder's own page of its response: what bond is asked and whether it is stated."""
    if bid.status not in ("draft", "withdrawn", "submitted") or not (terms := BondTerms.objects.filter(lot=bid.lot_id).first()):
        return None
    stated = bid.parts.filter(key=bids.BOND).exists()
    return Panel(_("Bid bond"), "procurement/panel_bid_bond.html", {"bid": bid, "terms": terms, "stated": stated, "may": bid.status in bids.SUBMIT.sources}, order=10)


def of_contract(contract, user):
    """On the contract's page: its performance bond, and the way to ask one while it is a draft."""
    drafted = contract.status == "draft" and handles(user, contract)
    if not drafted and not any(row.verb == "ask_bond" for row in trail_of(contract)):
        return None
    row = bond.asked_of(contract)
    return Panel(_("Performance bond"), "procurement/panel_contract_bond.html", {"contract": contract, "bond": row, "may": drafted and row is None}, order=15) if row or drafted else None


registry.panel("bid", of_bid)
registry.panel("contract", of_contract)
