"""The life of a fund 资金.

expected     planned money, not yet approved: projects may plan on it, nothing may be published or signed on it
approved     the budget document is there: money may be committed (E06 财政部令第102号 第14、16条)
closing      the year is being closed: no new commitments, what is committed is still paid
closed       nothing moves any more; unpaid commitments lapsed, or carried over with a document into next year's fund

While it is expected or approved its owner section, responsible person and consent may be named anew (assign), an adjustment of its amount
proposed (adjust, decided by a second person: fund_adjustment.py), and the income of a donation or low-fee fund recorded (receive, fund_receipt.py).

`committed` and `paid` (yuan) move only through F() updates here and in the payment verbs; the database refuses more. Each movement is a row of the
ledger (ledger.py).
"""

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from communities.permissions import memberships_of
from kernel import rules, trail
from kernel.lifecycle import Life, Refusal, Step, advance
from kernel.money import ZERO, fen, yuan
from procurement.lifecycle import ledger
from procurement.models import Fund, ProjectFund
from procurement.permissions import may_keep_funds


def _no_document(fund, actor):
    if fund.created_by_id == actor.pk:
        return Refusal(
            "same_person", _("Whoever entered the fund does not approve it."), todo=_("Ask a second person: the accountant, the leader or the finance bureau.")
        )
    return None


def _still_planned(fund, actor):
    waiting = ProjectFund.objects.filter(fund=fund, project__status="in_review").count()
    if waiting:
        return Refusal(
            "projects_in_review",
            _("{count} project(s) in review plan on this fund.").format(count=waiting),
            todo=_("Decide them first, or have them planned on another fund."),
        )
    return None


def _one_at_a_time(fund):
    if fund.adjustments.filter(status="proposed").exists():
        return Refusal("adjustment_waiting", _("An adjustment of “{fund}” is waiting for its decision.").format(fund=fund), todo=_("Have it decided first."))
    return None


APPROVE = Step(
    "approve", _("Approve the money"), ("expected",), "approved", may_keep_funds, _no_document, tone="success",
    hint=_("From now on money of this fund can be committed."), rules=("E06",), waits_for=_("accountant"),
)  # fmt: skip
BEGIN_CLOSING = Step(
    "begin_closing", _("Begin closing"), ("approved",), "closing", may_keep_funds, _still_planned, tone="secondary", withdrawable=True,
    hint=_("No new commitments afterwards; what is committed can still be paid."),
)  # fmt: skip
CLOSE = Step("close", _("Close the fund"), ("closing",), "closed", may_keep_funds, tone="secondary", hint=_("Unpaid commitments lapse or carry over by the fund's rule."))
ASSIGN = Step(
    "assign", _("Owner and consent"), ("expected", "approved"), None, may_keep_funds, tone="secondary",
    hint=_("Who keeps the fund, who answers for it, and whether its owner decides each project planned on it before the last gate."),
)  # fmt: skip
ADJUST = Step(
    "adjust", _("Propose an adjustment"), ("approved",), None, may_keep_funds, lambda fund, actor: _one_at_a_time(fund), tone="secondary",
    hint=_("Raise, lower or move money to another fund, with the document; it counts once a second person approves it."),
)  # fmt: skip
RECEIVE = Step(
    "receive", _("Record income"), ("expected", "approved"), None, may_keep_funds,
    lambda fund, actor: None if fund.has_income else Refusal("no_income", _("“{fund}” is allotted money: it has no income.").format(fund=fund)),
    tone="secondary", hint=_("Donations and low fees that have come in, each with its receipt."), fits=lambda fund: fund.has_income,
)  # fmt: skip
LIFE = Life(
    "fund", Fund,
    states={"expected": pgettext_lazy("fund", "expected"), "approved": pgettext_lazy("fund", "approved"), "closing": pgettext_lazy("fund", "closing"), "closed": pgettext_lazy("fund", "closed")},
    steps=(APPROVE, ASSIGN, ADJUST, RECEIVE, BEGIN_CLOSING, CLOSE), initial="expected",
)  # fmt: skip
LIFE.verb_labels = {"commit": _("money committed"), "release": _("commitment released")}


@transaction.atomic
def create_fund(actor, *, purchaser, name, source, fiscal_year, amount, **fields):
    """Enter expected money. Raises Refusal for a role that keeps no funds here or an amount of zero. Returns the Fund (yuan)."""
    fund = Fund(purchaser=purchaser, name=name, source=source, fiscal_year=fiscal_year, amount=yuan(amount), status="expected", created_by=actor, **fields)
    if not (may_keep_funds(actor, fund) or any(row.purchaser_id == purchaser.pk and row.role == "handler" for row in memberships_of(actor))):
        raise Refusal("role", _("Your role does not keep funds of this purchaser."))
    if fund.amount <= 0:
        raise Refusal("amount", _("A fund needs an amount."), field="amount")
    fund.save()
    ledger.enter(fund, "expected", actor=actor, amount=fund.amount, reference=fund.document)
    trail.record(fund, "create", actor=actor, to_status="expected", params={"amount": str(fund.amount)})
    return fund


@LIFE.verb(APPROVE)
@transaction.atomic
def approve(fund, *, actor, document="", amount=None, pledge="", happened_on=None, reason=""):
    """The budget document has come: `document` is its number, `amount` what it says (yuan; default: as expected).

    A donation or low-fee fund is approved up to what was received, unless `pledge` names the agreement on money still to come (S1.7).
    Refused below what is planned by approved projects only by the row CHECK; the fund's owner sees planned against approved.
    """
    document = document.strip() or fund.document
    if not document:
        raise Refusal("document_missing", _("Money counts once its budget document is named."), article=rules.get("E06").article, field="document")
    before = Fund.objects.select_for_update().get(pk=fund.pk)
    changes = {"document": document, "pledge": pledge.strip()[:80]}
    if amount is not None:
        changes["amount"] = yuan(amount)
    if refusal := beyond_received(before, changes.get("amount", before.amount), changes["pledge"]):
        raise refusal
    fund = advance(fund, APPROVE, actor=actor, happened_on=happened_on, reason=reason, changes=changes, params={"document": document, "amount": str(changes.get("amount", before.amount)), **({"pledge": changes["pledge"]} if changes["pledge"] else {})})
    ledger.enter(fund, "approved", actor=actor, amount=fund.amount - before.amount, reference=document, happened_on=happened_on)
    return fund


def beyond_received(fund, amount, pledge=""):
    """Why an income fund cannot stand at `amount` yuan: less was received and no agreement says the rest will come. None for allotted money (S1.7)."""
    if not fund.has_income or amount <= fund.received or pledge.strip():
        return None
    return Refusal(
        "not_received",
        _("“{fund}” has received {received} yuan; {amount} yuan would be more.").format(fund=fund, received=f"{fund.received:,.2f}", amount=f"{amount:,.2f}"),
        todo=_("Record the income first, or name the agreement on money still to come."),
        field="amount",
    )


@LIFE.verb(ASSIGN)
@transaction.atomic
def assign(fund, *, actor, owner_section="", owner_person=None, needs_owner_consent=False, owner_role="fund_owner", reason=""):
    """Name the owner section, the responsible person (a member of the purchaser) and whether projects need the owner's consent. Reviews under way keep their gates."""
    if owner_person is not None and not any(row.purchaser_id == fund.purchaser_id for row in memberships_of(owner_person)):
        raise Refusal("not_a_member", _("{name} does not belong to {purchaser}.").format(name=owner_person, purchaser=fund.purchaser), field="owner_person")
    changes = {"owner_section": owner_section.strip(), "owner_person": owner_person, "needs_owner_consent": needs_owner_consent, "owner_role": owner_role}
    params = {"consent": needs_owner_consent, "role": owner_role, "person": owner_person.pk if owner_person else None}
    return advance(fund, ASSIGN, actor=actor, reason=reason, changes=changes, params=params)


@LIFE.verb(BEGIN_CLOSING)
@transaction.atomic
def begin_closing(fund, *, actor, happened_on=None, reason=""):
    return advance(fund, BEGIN_CLOSING, actor=actor, happened_on=happened_on, reason=reason)


@LIFE.verb(CLOSE)
@transaction.atomic
def close(fund, *, actor, document="", happened_on=None, reason=""):
    """Close the year. Unpaid commitments lapse, or carry over into a new expected fund of the next year; that needs `document`."""
    fund = advance(fund, CLOSE, actor=actor, happened_on=happened_on, reason=reason, params={"unspent": fund.unspent, "unpaid": str(fund.unpaid), "document": document})
    if fund.unpaid > 0 and fund.unspent == "carry":
        if not document.strip():
            raise Refusal("document_missing", _("Carrying {amount} yuan over needs a document.").format(amount=fund.unpaid), field="document")
        carried = Fund.objects.create(
            purchaser=fund.purchaser, place=fund.place, name=f"{fund.name[:76]}（结转）", source=fund.source, fiscal_year=fund.fiscal_year + 1, document=document.strip(),
            amount=fund.unpaid, allowed_uses=fund.allowed_uses, forbidden_uses=fund.forbidden_uses, procurement_law=fund.procurement_law,
            unspent=fund.unspent, owner_section=fund.owner_section, owner_person=fund.owner_person, needs_owner_consent=fund.needs_owner_consent, owner_role=fund.owner_role,
            received=fund.unpaid if fund.has_income else ZERO, predecessor=fund, status="expected", created_by=actor,
        )  # fmt: skip
        ledger.enter(carried, "carried", actor=actor, amount=carried.amount, reference=document.strip(), happened_on=happened_on)
        trail.record(carried, "create", actor=actor, to_status="expected", params={"carried_from": fund.pk, "amount": str(carried.amount)})
    return fund


def shortage(fund, amount):
    """Why this much (yuan) cannot be committed on the fund as it stands, or None. E06: only approved money."""
    if fund.status != "approved":
        return Refusal(
            "fund_not_approved",
            _("“{fund}” is not approved money: it is “{state}”.").format(fund=fund, state=fund.status_label),
            article=rules.get("E06").article,
            todo=_("Have the fund approved with its budget document first."),
        )
    if fund.free < amount:
        return Refusal(
            "fund_short",
            _("“{fund}” has {free} yuan free, {amount} yuan are needed.").format(fund=fund, free=f"{fund.free:,.2f}", amount=f"{amount:,.2f}"),
            article=rules.get("E06").article,
            todo=_("Reduce the amount or have another fund added to the project."),
        )
    return None


def move_committed(fund, amount):
    """Add (or with a negative amount take back) committed money by F(); the row CHECK has the last word and its error becomes a sentence."""
    try:
        with transaction.atomic():
            Fund.objects.filter(pk=fund.pk).update(committed=F("committed") + fen(amount))
    except IntegrityError:
        fund.refresh_from_db()
        if amount < ZERO:
            raise Refusal("already_paid", _("“{fund}”: this much is already paid and cannot be released.").format(fund=fund)) from None
        raise shortage(fund, amount) or Refusal("lost_race", _("Somebody else has just used this money."), todo=_("Reload the page.")) from None
