"""The end of stage 1 确定入围供应商 (财政部令第110号 第25–29条): of each item the best are selected, at least one fifth and one supplier is out (B23);
the selected get their letters, the result is announced, each supplier left out is told. Adds two steps to the life of a purchase."""

import math

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel import clock, workdays
from kernel.lifecycle import Refusal, Step, advance
from kernel.notices import notify_all
from kernel.rules import carries
from procurement import methods, timetable
from procurement.announcements import announce
from procurement.lifecycle import bond as bonds
from procurement.lifecycle import declaration
from procurement.lifecycle import lot as lots
from procurement.lifecycle import tender as tenders
from procurement.lifecycle.award import candidates, people_acting_for, tell_others
from procurement.models import FrameworkAgreement, FrameworkItem, Tender
from procurement.permissions_tender import may_decide, may_handle_tender


def out_of(count, rule):
    """B23: how many of `count` valid responses are out at least. Pure: the rule's share, rounded up, and at least its number."""
    return max(rule.value("out_count"), math.ceil(count * rule.value("out_rate") / 100))


def most_of(lot, known=None):
    """How many suppliers of a lot may be selected at most."""
    rule = (known or methods.law(lot.tender)).get("B23")
    count = candidates(lot).count()
    return count - out_of(count, rule) if count >= rule.value("valid_responses") else 0


@carries("H01")
def _selectable(tender, actor):
    if not tender.collects:
        return Refusal("awards", _("Only a framework's stage 1 selects several suppliers."))
    rule = methods.law(tender).get("B23")
    for lot in tender.lots.filter(status="evaluated").select_related("tender"):
        if candidates(lot).count() < rule.value("valid_responses"):
            return Refusal("too_few", _("Fewer than {count} valid responses for “{lot}”: nobody can be selected.").format(count=rule.value("valid_responses"), lot=lot), article=rule.article, todo=_("Stop it with a termination notice."))
    return declaration.objection(tender, actor)


def _once(tender, actor):
    if not tender.collects:
        return Refusal("awards", _("Only a framework's stage 1 selects several suppliers."))
    return Refusal("told", _("The result has already been announced."), todo=_("Ask for a correction instead.")) if tender.opening_record.get("result_told") else None


SELECT = Step("select", _("Select the suppliers"), ("evaluated",), "awarded", may_decide, _selectable, rules=("B23", "D02"), fits=lambda tender: tender.collects, waits_for=_("leader in charge"), hint=_("In the order of the ranking; at least one fifth and one supplier of each item is out."))
ANNOUNCE = Step("publish_selection", _("Announce the selected suppliers"), ("awarded",), None, may_handle_tender, _once, rules=("B24", "D03", "D05"), fits=lambda tender: tender.collects, waits_for=_("handler"), hint=_("Letters go to the selected, the result is published, the others are told their rank."))
tenders.LIFE.steps += (SELECT, ANNOUNCE)


@tenders.LIFE.verb(SELECT)
@carries("B23", "D02")
@transaction.atomic
def select(tender, *, actor, counts=None, happened_on=None, reason=""):
    """Select the suppliers of each item in the order of the ranking. `counts`: lot id → how many (default: as wanted, as far as B23 lets). Returns the Tender."""
    tender = advance(tender, SELECT, actor=actor, happened_on=happened_on, reason=reason)
    known, counts = methods.law(tender), counts or {}
    rule = known.get("B23")
    for lot in tender.lots.filter(status="evaluated").select_related("tender", "framework_item__framework"):
        item, rows, most = lot.framework_item, list(candidates(lot)), most_of(lot, known)
        chosen = counts.get(lot.pk) or min(item.wanted, most)
        if not 1 <= chosen <= most:
            raise Refusal(
                "out_rate", _("Of {count} valid responses for “{lot}” at most {most} are selected: at least {share} % and {one} supplier is out.").format(
                    count=len(rows), lot=lot, most=most, share=rule.value("out_rate"), one=rule.value("out_count")),
                article=rule.article, field=f"count_{lot.pk}",
            )  # fmt: skip
        for number, bid in enumerate(rows[:chosen], 1):
            FrameworkAgreement.objects.create(
                item=item.refills or item, organization=bid.organization, bid=bid, price=bid.amount, rank=number, number=f"{tender.number}-KJ{lot.order}-{number}", status="selected", created_by=actor,
            )  # fmt: skip
        advance(lot, lots.SELECT, actor=actor, happened_on=happened_on, params={"valid": len(rows), "selected": chosen})
    return tender


@tenders.LIFE.verb(ANNOUNCE)
@carries("B24", "D03", "D04", "D05", "D09")
@transaction.atomic
def publish_selection(tender, *, actor, happened_on=None, reason=""):
    """入围结果公告 with every selected supplier and unit price; letters start the thirty days to sign; who is out is told rank and score alone."""
    tender = advance(tender, ANNOUNCE, actor=actor, happened_on=happened_on, reason=reason)
    day = happened_on or clock.today()
    due = workdays.deadline(day, methods.law(tender).get("B24"), "sign")
    notice_end = timetable.due(tender, day, "D04", "notice_period")
    rows = list(agreements_of(tender))
    for row in rows:
        row.letter_on, row.sign_due_on = day, due.date
        row.save(update_fields=["letter_on", "sign_due_on"])
        params = {"title": str(row.item.lot.title), "price": f"{row.price:,.2f}", "number": row.number, "due": due.date.isoformat()}
        notify_all(people_acting_for(row.organization), f"selected-{row.pk}", "framework_selected", subject=row, url=row.get_absolute_url(), params=params, due=due.end)
    record = {**tender.opening_record, "result_told": day.isoformat()}
    Tender.objects.filter(pk=tender.pk).update(opening_record=record)
    tender.opening_record = record
    items = FrameworkItem.objects.filter(lot__tender=tender).select_related("lot", "framework")
    announce("selection", tender, actor=actor, until=notice_end.date if notice_end else None, agreements=rows, panel=record.get("panel", []), items=items, framework=items[0].framework)
    tell_others(tender, {row.bid_id for row in rows})
    for lot in tender.lots.filter(status="selected"):
        bonds.fall_due(lot, actor=actor)
    return tender


def agreements_of(tender):
    """The suppliers this collection selected."""
    return FrameworkAgreement.objects.filter(bid__lot__tender=tender).select_related("item__framework__purchaser__place", "item__lot", "organization", "bid__lot").order_by("bid__lot__order", "rank")

