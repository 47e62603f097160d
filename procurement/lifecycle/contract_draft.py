"""Drafting a contract from an award or an approved project: everything that is known already is filled in.

The draft may be incomplete; `terms_objection` says what still keeps it from being signed.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, trail
from kernel.lifecycle import Refusal, Step, acting_for
from kernel.money import ZERO, yuan
from kernel.rules import carries
from kernel.workdays import add_months, deadline
from procurement import departures
from procurement.lifecycle import contract_lines
from procurement.lifecycle import stage as stages
from procurement.models import Activity, Contract, KeyPerson, Lot, PaymentStage, Project, YearPortion
from procurement.permissions_contract import handles

DRAFT = Step("draft_contract", _("Draft the contract"), (), None, handles, rules=("D06", "D15"))
LIVE = ("draft", "performing", "closed")
MOST_REPEATS = 60
TEXTS = ("title", "kind", "settlement", "starts_on", "ends_on", "long_term_reason", "deliverables", "check_days", "terms", "number", "departure_reason")


@carries("D15")
def term_objection(starts_on, ends_on, reason, on=None):
    """D15 财政部令第102号 第24条: over one year needs a reason, over three years is refused. Returns a Refusal or None."""
    rule = rules.get("D15", on=on or clock.today())
    if ends_on < starts_on:
        return Refusal("dates_reversed", _("The contract ends before it begins."), field="ends_on")
    if ends_on >= add_months(starts_on, 12 * rule.value("term_max")):
        return Refusal(
            "term_too_long", _("A service contract may run for at most {years} years.").format(years=rule.value("term_max")),
            article=rule.article, todo=_("Shorten the term, or sign year by year."), field="ends_on",
        )  # fmt: skip
    if ends_on >= add_months(starts_on, 12 * rule.value("normal_term")) and not (reason or "").strip():
        return Refusal(
            "term_reason", _("A term of more than {years} year needs a reason: fixed content, steady money, little change in price.").format(years=rule.value("normal_term")),
            article=rule.article, field="long_term_reason",
        )  # fmt: skip
    return None


def plan_objection(contract):
    """Why the money or people of the draft do not add up, or None (政府采购法 第46条; practice: the stage plan sums to the ceiling, the years to the contract)."""
    plan = list(contract.stages.order_by("order"))
    if sum((row.percent for row in plan), ZERO) != Decimal(100) or sum((row.amount for row in plan), ZERO) != contract.current_amount:
        return Refusal("stages_sum", _("The payment stages do not add up to the contract amount."), todo=_("Correct the shares: together 100 %."))
    if any(row.condition == "date" and not row.condition_date for row in plan):
        return Refusal("stage_date", _("A payment stage that depends on a date has no date."))
    portions = list(contract.portions.select_related("fund"))
    if sum((row.amount for row in portions), ZERO) != contract.current_amount:
        return Refusal("portions_sum", _("The yearly portions do not add up to the contract amount."), todo=_("Correct which fund and year carries how much."))
    for row in portions:
        if row.fund.fiscal_year != row.fiscal_year:
            return Refusal("portion_year", _("“{fund}” is no money of {year}.").format(fund=row.fund, year=row.fiscal_year))
        carried = contract.project.fundings.filter(fund=row.fund).values_list("amount", flat=True).first() or ZERO
        others = sum(YearPortion.objects.filter(contract__project=contract.project, fund=row.fund, contract__status__in=LIVE).exclude(contract=contract).values_list("amount", flat=True), ZERO)
        if row.amount > carried - others:
            return Refusal(
                "portion_over_fund",
                _("“{fund}” carries {amount} yuan of this project, the contract wants {wanted}.").format(fund=row.fund, amount=f"{carried - others:,.2f}", wanted=f"{row.amount:,.2f}"),
            )
    if contract.kind == "service" and not contract.key_people.filter(left_on=None).exists():
        return Refusal("no_key_person", _("No key person is named."), todo=_("Name at least the person in charge on the provider's side."))
    return None


def terms_objection(contract):
    """What keeps a draft from being signed, apart from holds and the provider's standing, or None."""
    ceiling = contract.lot.award.amount if contract.lot_id else contract.project.ceiling
    if ceiling is not None and contract.amount > ceiling:
        article = rules.get("D06", on=clock.today()).article if contract.lot_id else ""
        return Refusal("over_award", _("The contract may not be higher than {amount} yuan, the amount awarded.").format(amount=f"{ceiling:,.2f}"), article=article)
    if not contract.deliverables.strip():
        return Refusal("no_deliverables", _("The contract does not say what is delivered."), field="deliverables")
    return (
        term_objection(contract.starts_on, contract.ends_on, contract.long_term_reason) or plan_objection(contract) or contract_lines.objection(contract)
        or departures.objection(contract)
    )  # fmt: skip


def _source_of(source, organization, amount):
    """(project, lot, organization, amount) of an awarded lot or an approved project. Raises Refusal."""
    if isinstance(source, Lot):
        award = getattr(source, "award", None)
        if source.status != "awarded" or award is None or award.declined_on:
            raise Refusal("not_awarded", _("“{lot}” is not awarded.").format(lot=source), todo=_("Decide the award first."))
        return source.project, source, award.organization, award.amount
    organization = organization or source.intended
    if source.status not in ("approved", "contracted") or organization is None:
        raise Refusal("not_approved", _("“{project}” is not approved with a provider.").format(project=source), todo=_("Choose the provider first."))
    if source.status == "approved" and source.way == "open" and source.item.nature == "service":
        raise Refusal("not_sourced", _("“{project}” is open to all providers: it is contracted through its award.").format(project=source))
    return source, None, organization, amount if amount is not None else source.ceiling


def usual_stages(contract=None):
    """The plan proposed on a new contract: what the winning response proposed, else the usual one."""
    if contract is not None and (rows := departures.offered(contract.lot).get("stages")):
        return [{**row, "percent": Decimal(row["percent"]), "condition_date": datetime.date.fromisoformat(row["date"]) if row["date"] else None} for row in rows]
    return [{"name": stages.USUAL_NAMES[condition], "percent": percent, "condition": condition} for condition, percent in stages.USUAL_PLAN]


def usual_portions(contract):
    """Which fund carries how much (yuan): in the order commitments are made, each up to what it still carries of the project."""
    rest, rows = contract.current_amount, []
    for funding in contract.project.fundings.select_related("fund").order_by("fund_id"):
        others = sum(YearPortion.objects.filter(contract__project=contract.project, fund=funding.fund, contract__status__in=LIVE).exclude(contract=contract).values_list("amount", flat=True), ZERO)
        part = min(rest, max(funding.amount - others, ZERO))
        if part > 0:
            rows.append({"fiscal_year": funding.fund.fiscal_year, "fund": funding.fund, "amount": part})
            rest -= part
    return rows


def set_stages(contract, rows):
    """Replace the stage plan of a draft: rows of name, percent, condition, condition_date. Amounts follow from the percents, the last takes the rest."""
    rows = list(rows) or usual_stages(contract)
    if sum((Decimal(row["percent"]) for row in rows), Decimal(0)) != 100:
        raise Refusal("stages_sum", _("The shares of the payment stages must add up to 100 %."), todo=_("Correct the shares."), field="stages")
    amounts = stages.split(contract.amount, [Decimal(row["percent"]) for row in rows])
    Activity.objects.filter(contract=contract).update(stage=None)
    contract.stages.all().delete()
    for order, (row, amount) in enumerate(zip(rows, amounts, strict=True), start=1):
        PaymentStage.objects.create(
            contract=contract, order=order, name=row.get("name") or stages.USUAL_NAMES[row["condition"]], percent=row["percent"], amount=amount,
            condition=row["condition"], condition_date=row.get("condition_date"), status="waiting",
        )  # fmt: skip
    spread_activities(contract)


def set_portions(contract, rows):
    """Replace which year and fund carries how much (yuan) of a draft."""
    contract.portions.all().delete()
    for row in rows or usual_portions(contract):
        YearPortion.objects.create(contract=contract, fiscal_year=row["fiscal_year"], fund=row["fund"], amount=yuan(row["amount"]))


def set_key_people(contract, rows):
    """Replace the named people of a draft: name, duty, qualification, phone."""
    contract.key_people.all().delete()
    for row in rows:
        KeyPerson.objects.create(contract=contract, name=row["name"], duty=row["duty"], qualification=row.get("qualification", ""), phone=row.get("phone", ""))


def offered_people(lot):
    """The key people the winning response named: [{name, duty, qualification}]."""
    return [{"name": row["name"], "duty": row["role"], "qualification": row["qualification"]} for row in departures.offered(lot).get("team", []) if row.get("key")]


@dataclass(frozen=True)
class Agreed:
    """One activity of the contract's plan; `plan`: the project's activity behind it, None where the response added it."""

    order: int
    title: str
    planned_on: datetime.date
    location: str
    headcount: int
    times: int
    plan: object = None


def agreed_plan(contract):
    """The project's plan, as often and for as many people as the winning response offered, and what the response added to it."""
    own, found, place = list(departures.offered(contract.lot).get("plan", [])), [], str(contract.project.place)[:80]
    for plan in contract.project.plan.order_by("order", "id"):
        offer = next((row for row in own if row["order"] == plan.order), {})
        own = [row for row in own if row is not offer]
        people, times = max(plan.headcount, offer.get("headcount") or 0), max(plan.times, offer.get("sessions") or 0)
        found.append(Agreed(plan.order, plan.title, plan.planned_on, plan.location, people, times, plan))
    for row in own:  # a number that is missing or taken is the next free one: no activity stands in another's place
        taken = {one.order for one in found}
        number = row["order"] if row["order"] and row["order"] not in taken else max(taken, default=0) + 1
        found.append(Agreed(number, row["title"], contract.starts_on, place, row["headcount"], row["sessions"]))
    return found


def copy_plan(contract):
    """The agreed plan becomes activities; what is planned several times is spread evenly until the contract ends."""
    contract.activities.all().delete()
    for row in agreed_plan(contract):
        times = min(row.times, MOST_REPEATS)
        first = min(max(row.planned_on, contract.starts_on), contract.ends_on)
        gap = (contract.ends_on - first).days / times
        for turn in range(times):
            title = row.title if times == 1 else f"{row.title[:70]}（第{turn + 1}次）"
            Activity.objects.create(
                contract=contract, plan=row.plan, title=title[:80], planned_on=first + datetime.timedelta(days=int(gap * turn)), location=row.location,
                planned_headcount=row.headcount, status="planned", created_by=contract.created_by,
            )  # fmt: skip
    spread_activities(contract)


def spread_activities(contract):
    """Each progress stage, and the closing stage after them, takes its turn of the activities in the order of their dates."""
    turns = list(contract.stages.filter(condition="progress").order_by("order")) + list(contract.stages.filter(condition="closing").order_by("order")[:1])
    rows = list(contract.activities.order_by("planned_on", "id"))
    for index, row in enumerate(rows):
        stage = turns[index * len(turns) // len(rows)] if turns else None
        Activity.objects.filter(pk=row.pk).update(stage=stage)


@transaction.atomic
def draft_contract(source, *, actor, stages=None, portions=None, key_people=(), organization=None, amount=None, **fields):
    """Draft a contract of an awarded `Lot` or an approved `Project` (with its intended provider; `organization` and `amount` for tracked works).

    `stages`: [{name, percent, condition, condition_date}] (default 30/50/20); `portions`: [{fiscal_year, fund, amount}] (default: the project's
    funds in turn); `key_people`: [{name, duty, qualification, phone}]; `fields`: title kind settlement starts_on ends_on long_term_reason
    deliverables check_days terms number, amount in yuan. Price lines, key people, stages and plan are the winning response's where it names them. Raises PermissionDenied or Refusal. Returns the Contract.
    """
    target = source.project if isinstance(source, Lot) else source
    principal = acting_for(actor, target, DRAFT)
    Project.objects.select_for_update().get(pk=target.pk)
    project, lot, organization, most = _source_of(source, organization, amount)
    value = yuan(amount if amount is not None else most)
    if value <= 0:
        raise Refusal("amount", _("A contract needs an amount above zero."), field="amount")
    if lot is None and Contract.objects.filter(project=project, lot=None, status__in=LIVE).exists() and project.item.nature == "service":
        raise Refusal("contract_exists", _("“{project}” has a contract already.").format(project=project), todo=_("Open the existing contract."))
    values = {
        "title": (lot.title if lot and lot.title else project.title)[:80],
        "kind": "works" if project.item.nature != "service" else "service",
        "starts_on": project.starts_on,
        "ends_on": project.ends_on,
        "deliverables": f"{project.goal}\n{project.results}".strip()[:4000],
        "check_days": rules.get("E04", on=clock.today()).value("audit_limit"),
        **{key: fields[key] for key in TEXTS if fields.get(key) not in (None, "")},
    }
    values.setdefault("number", f"new-{project.pk}-{lot.pk if lot else 0}-{clock.now():%f}")
    contract = Contract(project=project, lot=lot, organization=organization, purchaser=project.purchaser, amount=value, status="draft", created_by=actor, **values)
    if lot is not None:
        contract.sign_due_on = lot.award.sign_due_on or (deadline(lot.award.letter_on, "D06", "sign").date if contract.statutory and lot.award.letter_on else None)
    try:
        with transaction.atomic():
            contract.save()
    except IntegrityError:
        raise Refusal("contract_exists", _("There is a contract for this already, or its number is taken."), field="number")
    if contract.number.startswith("new-"):
        contract.number = f"HT{clock.today().year}-{contract.pk:06d}"
        contract.save(update_fields=["number"])
    set_stages(contract, stages or ())
    set_portions(contract, portions or ())
    set_key_people(contract, key_people or offered_people(lot))
    contract_lines.set_lines(contract, contract_lines.proposal(lot, value) if lot else ())
    copy_plan(contract)
    trail.record(contract, "create", actor=actor, on_behalf_of=principal, to_status="draft", params={"amount": str(value), "organization": organization.pk, "lot": lot.pk if lot else None})
    return contract


def objection_to_editing(contract):
    """Why the contract is no draft any more, or None."""
    if contract.status == "draft":
        return None
    return Refusal("signed_already", _("A signed contract is not edited."), article=rules.get("D12", on=clock.today()).article, todo=_("Make an amendment."))


@transaction.atomic
def edit_lines(contract, *, actor, rows):
    """Replace the price lines of a draft; `rows`: line, kind, activity, name, unit, quantity, price, note. Raises PermissionDenied or Refusal: they do
    not add up to the contract, or depart from the response where nothing was left to settle. Returns the Contract."""
    contract = Contract.objects.select_for_update(of=("self",)).select_related("lot__tender", "lot__award__bid").get(pk=contract.pk)
    principal = acting_for(actor, contract, DRAFT)
    if refusal := objection_to_editing(contract) or contract_lines.objection(contract, rows):
        raise refusal
    contract_lines.set_lines(contract, rows)
    trail.record(contract, "price_lines", actor=actor, on_behalf_of=principal, params={"count": len(rows)})
    return contract


@transaction.atomic
def edit_contract(contract, *, actor, stages=None, portions=None, key_people=None, amount=None, **fields):
    """Change a draft; arguments as in `draft_contract`, what is None stays. Raises PermissionDenied or Refusal. Returns the Contract."""
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    principal = acting_for(actor, contract, DRAFT)
    if refusal := objection_to_editing(contract):
        raise refusal
    for key in TEXTS:
        if key in fields and fields[key] is not None:
            setattr(contract, key, fields[key])
    before = contract.amount
    if amount is not None:
        contract.amount = yuan(amount)
    if contract.amount <= 0:
        raise Refusal("amount", _("A contract needs an amount above zero."), field="amount")
    if contract.ends_on < contract.starts_on:
        raise Refusal("dates_reversed", _("The contract ends before it begins."), field="ends_on")
    try:
        with transaction.atomic():
            contract.save()
    except IntegrityError:
        raise Refusal("number_taken", _("Another contract has this number."), field="number")
    kept = [{"name": row.name, "percent": row.percent, "condition": row.condition, "condition_date": row.condition_date} for row in contract.stages.order_by("order")]
    set_stages(contract, stages if stages is not None else kept)
    if portions is not None or amount is not None:
        set_portions(contract, portions or ())
    if key_people is not None:
        set_key_people(contract, key_people)
    if contract.amount != before and contract_lines.untouched(contract, before):
        contract_lines.set_lines(contract, contract_lines.proposal(contract.lot, contract.amount))
    trail.record(contract, "change", actor=actor, on_behalf_of=principal, params={"amount": str(contract.amount)})
    return contract
