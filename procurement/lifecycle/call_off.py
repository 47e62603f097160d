"""第二阶段成交 (财政部令第110号 第32条): an approved project chooses one supplier of a framework in force and goes straight to award and contract.

直接选定 direct: by the purchaser or by the people served, with the reason. 顺序轮候 rotation: the next in turn; one that can't deliver is suspended first.
二次竞价 second: every supplier in force is asked again, the lowest is chosen. The price never lies above the framework's unit price; all call-offs
together stay within what the framework may buy. The result is announced within two working days (B24).
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, rules, workdays
from kernel.lifecycle import Refusal, advance
from kernel.money import yuan
from kernel.rules import carries
from procurement import drafting, methods
from procurement.lifecycle import declaration
from procurement.lifecycle import framework as frameworks
from procurement.lifecycle import lot as lots
from procurement.lifecycle import tender as tenders
from procurement.lifecycle.award import write_award
from procurement.models import Award, CallOff, Framework, FrameworkAgreement
from procurement.permissions import may_handle
from procurement.permissions_tender import may_handle_tender

FEWEST_QUOTES = 2


def in_force(item):
    """The agreements of an item that may be chosen today, by rank."""
    today = clock.today()
    return list(FrameworkAgreement.objects.filter(item=item, status="active", starts_on__lte=today, ends_on__gte=today).select_related("organization").order_by("rank", "pk"))


def next_in_turn(item, rows=None):
    """The agreement whose turn it is: the first by rank after the one called last; None without any. Pure of `rows` and the call-offs."""
    rows = in_force(item) if rows is None else rows
    last = frameworks.valid_call_offs(item.framework).filter(agreement__item=item, way="rotation").order_by("-pk").select_related("agreement").first()
    if not rows or last is None:
        return rows[0] if rows else None
    place = (last.agreement.rank, last.agreement_id)
    return next((row for row in rows if (row.rank, row.pk) > place), rows[0])


def usable_for(project):
    """Frameworks in force that the project's purchaser may buy under."""
    above = [int(part) for part in project.purchaser.place.path.strip("/").split("/") if part]
    return Framework.objects.filter(status="running", purchaser__place__in=above, starts_on__lte=clock.today(), ends_on__gte=clock.today())


def objection_to_calling(project, actor=None):
    """Why this project can't buy under any framework now, or None."""
    if project.status not in ("approved", "sourcing"):
        return Refusal("not_approved", _("“{project}” is not approved.").format(project=project), article=rules.get("E06").article, todo=_("Wait for its last gate."))
    try:
        drafting.check_projects([project])
    except Refusal as refusal:
        return refusal
    return None if usable_for(project).exists() else Refusal("no_framework", _("No framework in force covers your office."), article=rules.get("B21").article, todo=_("Prepare a purchase instead."))


@carries("B21", "B24", "E06", "H01")
@transaction.atomic
def call_off(project, agreement, *, actor, way, quantity, reason, declared, price=None, chosen_by="purchaser", quotes=(), happened_on=None):
    """Choose a supplier of a framework for an approved project; returns the Award. `quantity` units at `price` (yuan a unit, default the framework's).

    `quotes`: of a second competition rows {agreement, price}, all suppliers in force that answered, at least two; `declared`: whoever decides declares that
    no tie to the supplier stands between (H01). Raises Refusal, PermissionDenied.
    """
    from django.core.exceptions import PermissionDenied

    if not may_handle_tender(actor, project) or not may_handle(actor, project):
        raise PermissionDenied(str(_("Only the purchaser's handler prepares a purchase.")))
    framework = Framework.objects.select_for_update(of=("self",)).get(pk=agreement.item.framework_id)  # two call-offs are counted one after the other
    agreement = FrameworkAgreement.objects.select_related("item__framework", "item__lot", "organization").get(pk=agreement.pk)
    if refusal := objection_to_calling(project, actor):
        raise refusal
    if not usable_for(project).filter(pk=framework.pk).exists():
        raise Refusal("not_usable", _("This framework is not in force, or not for your office."), article=rules.get("B21").article, field="agreement")
    if not declared:
        raise Refusal("undeclared", _("Declare first that no tie to the supplier stands between."), article=rules.get("H01").article, field="declared")
    if why := declaration.match(actor, [agreement.organization]):
        raise Refusal("tie", _("{name} takes no part in this purchase: {why}.").format(name=actor, why=why), article=rules.get("H01").article, todo=_("A colleague of the same role, or a stand-in, takes the step."))
    available = in_force(agreement.item)
    if agreement.pk not in {row.pk for row in available}:
        raise Refusal("not_active", _("The agreement with {name} is not in force.").format(name=agreement.organization), field="agreement")
    if way not in framework.ways:
        raise Refusal("way", _("This framework chooses by: {ways}.").format(ways=framework.ways_text), article="财政部令第110号 第32条", field="way")
    if not reason.strip():
        raise Refusal("reason_missing", _("Please say why."), field="reason")
    price = yuan(agreement.price if price is None else price)
    price = _chosen_lawfully(agreement, available, way, price, quotes)
    if price > agreement.price:
        raise Refusal("over_framework", _("The framework's unit price is {price} yuan; no call-off pays more.").format(price=f"{agreement.price:,.2f}"), article="财政部令第110号 第32条", field="price")
    amount, before = yuan(price * quantity), frameworks.bought(framework)
    if before + amount > framework.ceiling:
        raise Refusal(
            "over_total", _("Under this framework {most} yuan may be bought; {before} yuan are, this call-off asks {amount}.").format(most=f"{framework.ceiling:,.2f}", before=f"{before:,.2f}", amount=f"{amount:,.2f}"),
            article=rules.get("B21").article, todo=_("Buy less, or by another method."), field="quantity",
        )  # fmt: skip
    return _settle(project, framework, agreement, actor=actor, way=way, quantity=quantity, price=price, amount=amount, reason=reason, chosen_by=chosen_by, quotes=quotes, day=happened_on)


def _chosen_lawfully(agreement, available, way, price, quotes):
    """The price the way of choosing leads to. Raises Refusal: too few quotes, not the lowest, not in turn."""
    if way == "rotation":
        turn = next_in_turn(agreement.item, available)
        if turn and turn.pk != agreement.pk:
            raise Refusal("not_in_turn", _("It is the turn of {name}.").format(name=turn.organization), article="财政部令第110号 第32条", todo=_("Choose it; one that can't deliver now is suspended first, with the reason."), field="agreement")
    if way != "second":
        return price
    rows = {row["agreement"].pk: yuan(row["price"]) for row in quotes}
    prices = {row.pk: row.price for row in available}
    if len(rows) < FEWEST_QUOTES or set(rows) - set(prices):
        raise Refusal("too_few", _("A second competition compares at least {count} suppliers of the framework.").format(count=FEWEST_QUOTES), article="财政部令第110号 第32条", field="quotes")
    if any(value > prices[pk] for pk, value in rows.items()):
        raise Refusal("over_framework", _("No quote lies above its supplier's unit price in the framework."), article="财政部令第110号 第32条", field="quotes")
    lowest = min(rows.values())
    if rows.get(agreement.pk) != lowest:
        raise Refusal("not_lowest", _("In a second competition the lowest quote, {price} yuan, is chosen.").format(price=f"{lowest:,.2f}"), article="财政部令第110号 第32条", field="agreement")
    return lowest


def _settle(project, framework, agreement, *, actor, way, quantity, price, amount, reason, chosen_by, quotes, day):
    """The same as after a tender: a purchase settled at once, its lot, the award; and the call-off beside it."""
    first = frameworks.first_tender(framework)
    lots_ = [{"project": project, "title": project.title, "ceiling": project.ceiling or project.budget_total}]
    tender = tenders.create_tender(
        [project], actor=actor, method="framework", lots=lots_, method_case=first.method_case, method_reason=f"在“{framework.title}”框架协议内确定第二阶段成交供应商"[:300], plan_number=first.plan_number,
    )  # fmt: skip
    declaration.declare(tender, actor=actor, no_post=True, no_kin=True, no_other=True)
    if row := drafting.unfunded(tender):
        raise Refusal("unfunded", _("The money of “{fund}” is not approved yet.").format(fund=row.fund), article=rules.get("E06").article)
    tender = advance(tender, tenders.SETTLE, actor=actor, happened_on=day, reason=reason, params={"framework": framework.pk, "way": way})
    tender.frozen = methods.snapshot(tender)
    tender.save(update_fields=["frozen"])
    lot = advance(tender.lots.select_related("tender", "project__purchaser", "project__place").get(), lots.SETTLE, actor=actor, happened_on=day)
    lot.tender = tender
    decided = day or clock.today()
    award = write_award(lot, agreement.organization, amount, actor=actor, decided_on=decided, reason=reason)
    due = workdays.deadline(decided, methods.law(tender).get("B24"), "stage_two_result")
    Award.objects.filter(pk=award.pk).update(notice_due_on=due.date)
    rows = [{"name": str(row["agreement"].organization), "price": str(yuan(row["price"]))} for row in quotes] if way == "second" else []
    CallOff.objects.create(agreement=agreement, tender=tender, way=way, chosen_by=chosen_by, quantity=quantity, price=price, amount=amount, reason=reason.strip()[:500], quotes=rows, decided_on=decided)
    from procurement.lifecycle.project import mark_sourcing

    if project.status == "approved":
        mark_sourcing(project, actor=actor)
    award.refresh_from_db()
    return award
