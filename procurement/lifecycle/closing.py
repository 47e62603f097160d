"""The life of a closing 结项 of one contract.

draft        the provider gathers results, satisfaction and the recipients' opinion; the checklist shows what is missing
submitted    nothing is missing; the community may add its opinion
accepted     the street's acceptance group has signed (实施条例 第45条); whoever bought does not accept (财库〔2021〕22号 第32条); the result is announced

After acceptance the closing stage may be asked for; after the last payment the contract is closed.
"""

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kernel import clock, rules, trail
from kernel.lifecycle import Life, Refusal, Step, acting_for, advance
from kernel.rules import carries
from procurement.announcements import announce
from procurement.lifecycle import bond as bonds
from procurement.models import ChecklistRow, Closing, Contract
from procurement.permissions_contract import accepts, delivers, in_community, provider_or_handler

CHECKLIST = {
    "activities": _("Every activity is confirmed, checked or cancelled"),
    "findings": _("Every finding is settled"),
    "vouchers": _("Cost vouchers are entered"),
    "summary": _("Results are described"),
    "satisfaction": _("Satisfaction was measured"),
    "recipients": _("The people served gave their opinion"),
    "community": _("The community's answers"),
    "gifts": _("Register of things handed out"),
}
_checks: list = []


def before_closing(check):
    """A later stage says what still stands against closing: `check(contract) -> Refusal | None` (an open finding, for example)."""
    if check not in _checks:
        _checks.append(check)
    return check


def findings_objection(contract):
    """What later stages say against closing now, or None."""
    return next((refusal for check in _checks if (refusal := check(contract))), None)


def checklist(closing):
    """The checklist as it stands now: [(key, done, remark)]; done None: not asked for here."""
    contract = closing.contract
    rows = list(contract.activities.all())
    open_rows = [row for row in rows if row.status not in ("answered", "checked", "cancelled")]
    silent = sum(1 for row in rows if row.status == "checked" and not row.community_answer)
    held = sum(1 for row in rows if row.community_answer in ("held", "deviation"))
    vouchers = contract.vouchers.filter(voided_at=None).count()
    finding = findings_objection(contract)
    return [
        ("activities", not open_rows, _("{count} open: {names}").format(count=len(open_rows), names="、".join(row.title for row in open_rows[:3])) if open_rows else ""),
        ("findings", finding is None, str(finding or "")),
        ("vouchers", True if vouchers else (False if contract.settlement == "actual_cost" else None), _("{count} vouchers").format(count=vouchers)),
        ("summary", bool(closing.summary.strip()), ""),
        ("satisfaction", closing.satisfaction is not None, f"{closing.satisfaction} %" if closing.satisfaction is not None else ""),
        ("recipients", bool(closing.recipients_opinion.strip()), closing.recipients_opinion),
        ("community", None, _("{held} confirmed, {silent} unanswered").format(held=held, silent=silent)),
        ("gifts", None, ""),
    ]


def _complete(closing, actor):
    if closing.contract.status != "performing":
        return Refusal("contract_not_running", _("The contract is “{state}”.").format(state=closing.contract.status_label))
    missing = [str(CHECKLIST[key]) for key, done, _remark in checklist(closing) if done is False]
    if missing:
        return Refusal("checklist_open", _("The checklist is not complete: {missing}.").format(missing="；".join(missing)), todo=_("Complete these first."))
    return None


def _acceptable(closing, actor):
    contract = closing.contract
    article = rules.get("F03", on=clock.today()).article
    buyers = {contract.created_by_id, contract.project.handler_id, contract.lot.tender.handler_id if contract.lot_id else None}
    if actor.pk in buyers:
        return Refusal("handler_accepts", _("Whoever bought the service does not accept it."), article=article, todo=_("Another colleague of the street accepts."))
    if delivers(actor, closing):
        return Refusal("own_work", _("You belong to the provider."), article=article)
    return _complete(closing, actor)


SUBMIT = Step("submit", _("Submit the closing"), ("draft",), "submitted", provider_or_handler, _complete, withdrawable=True, waits_for=_("provider"))
OPINE = Step("opine", _("Give the community's opinion"), ("submitted",), None, in_community)
ACCEPT = Step(
    "accept", _("Accept"), ("submitted",), "accepted", accepts, _acceptable, tone="success", rules=("F01", "F02", "F03"),
    hint=_("The result is announced and the closing stage can be asked for."), waits_for=_("acceptance group of the street"),
)  # fmt: skip
SEND_BACK = Step("send_back", _("Send back"), ("submitted",), "draft", accepts, tone="danger", needs_reason=True)
DRAFT = Step("draft_closing", _("Prepare the closing"), (), None, provider_or_handler)
LIFE = Life(
    "closing",
    Closing,
    states={"draft": _("draft"), "submitted": pgettext_lazy("closing", "submitted"), "accepted": pgettext_lazy("closing", "accepted")},
    steps=(SUBMIT, OPINE, ACCEPT, SEND_BACK),
    root=lambda closing: closing.contract,
)


@transaction.atomic
def draft_closing(contract, *, actor, summary="", satisfaction=None, recipients_opinion=""):
    """Begin the closing of a contract. `satisfaction` in percent. Raises PermissionDenied or Refusal. Returns the Closing."""
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    principal = acting_for(actor, contract, DRAFT)
    if contract.status != "performing":
        raise Refusal("contract_not_running", _("The contract is “{state}”.").format(state=contract.status_label))
    try:
        with transaction.atomic():
            closing = Closing.objects.create(contract=contract, status="draft", created_by=actor)
    except IntegrityError:
        raise Refusal("closing_exists", _("The closing of this contract has begun already."))
    trail.record(closing, "create", actor=actor, on_behalf_of=principal, to_status="draft")
    return save_closing(closing, actor=actor, summary=summary, satisfaction=satisfaction, recipients_opinion=recipients_opinion)


@transaction.atomic
def save_closing(closing, *, actor, summary="", satisfaction=None, recipients_opinion=""):
    """Write down results, satisfaction (percent) and the recipients' opinion while it is a draft."""
    closing = Closing.objects.select_for_update().get(pk=closing.pk)
    principal = acting_for(actor, closing, DRAFT)
    if closing.status != "draft":
        raise Refusal("submitted_already", _("The closing was submitted; it is no longer edited."), todo=_("Take it back, or have it sent back."))
    if satisfaction is not None and not Decimal(0) <= Decimal(satisfaction) <= Decimal(100):
        raise Refusal("satisfaction", _("Satisfaction is between 0 and 100 %."), field="satisfaction")
    Closing.objects.filter(pk=closing.pk).update(summary=summary, satisfaction=satisfaction, recipients_opinion=recipients_opinion)
    closing.refresh_from_db()
    trail.record(closing, "change", actor=actor, on_behalf_of=principal)
    return closing


def _keep_rows(closing, actor):
    for key, done, remark in checklist(closing):
        ChecklistRow.objects.update_or_create(closing=closing, key=key, defaults={"done": done, "remark": str(remark)[:300], "said_by": actor})


@LIFE.verb(SUBMIT)
@transaction.atomic
def submit(closing, *, actor, happened_on=None):
    """Nothing is missing; the checklist is kept as it stands."""
    closing = advance(closing, SUBMIT, actor=actor, happened_on=happened_on)
    _keep_rows(closing, actor)
    return closing


@LIFE.verb(OPINE)
@transaction.atomic
def opine(closing, *, actor, community_opinion):
    """The community says what it thinks of the whole service."""
    if not community_opinion.strip():
        raise Refusal("opinion_missing", _("Write the community's opinion."), field="community_opinion")
    return advance(closing, OPINE, actor=actor, changes={"community_opinion": community_opinion.strip()[:300]})


@carries("F01", "F02", "F03")
@LIFE.verb(ACCEPT)
@transaction.atomic
def accept(closing, *, actor, acceptors, conclusion, community_opinion="", scan=None, happened_on=None, reason=""):
    """验收: `acceptors` names the members who signed, `conclusion` what they found, `scan` the signed acceptance paper. The result is announced."""
    opinion = (community_opinion or closing.community_opinion).strip()
    if not acceptors.strip() or not conclusion.strip():
        raise Refusal("acceptance_paper", _("Name who accepted and what they found."), article=rules.get("F01", on=clock.today()).article, field="acceptors")
    if not opinion:
        raise Refusal("opinion_missing", _("The community's opinion is missing."), todo=_("Ask the community, or copy it from the paper."), field="community_opinion")
    day = happened_on or clock.today()
    changes = {"accepted_on": day, "acceptors": acceptors.strip()[:200], "conclusion": conclusion.strip(), "community_opinion": opinion[:300]}
    closing = advance(closing, ACCEPT, actor=actor, happened_on=day, reason=reason, changes=changes)
    _keep_rows(closing, actor)
    contract = closing.contract
    bonds.after_acceptance(contract, actor=actor)
    if scan is not None:
        from kernel import files

        files.attach(closing, scan, "acceptance", actor=actor, visibility="parties")
    announce("acceptance", contract.lot.tender if contract.lot_id else None, actor=actor, lot=contract.lot, contract=contract, title=contract.title, number=contract.number[:24], closing=closing)
    return closing


@LIFE.verb(SEND_BACK)
@transaction.atomic
def send_back(closing, *, actor, reason="", happened_on=None):
    return advance(closing, SEND_BACK, actor=actor, reason=reason, happened_on=happened_on)
