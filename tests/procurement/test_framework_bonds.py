"""Bid bonds of a framework's stage 1 (D09): how much, when each goes back, and when one is kept."""

import datetime
import json
from decimal import Decimal

import pytest
from django.urls import reverse

from kernel import clock, holidays, workdays
from procurement import schedule_facts
from procurement.lifecycle import bid, bond, framework_agreement, framework_selection, tender
from procurement.models import Bid, Bond, BondTerms, FrameworkAgreement, Tender
from tests.factories import projects
from tests.factories.providers import make_provider
from tests.factories.special import FRAMEWORK_ITEMS, begin_framework, rank, ready, scan
from tests.factories.tenders import hours, open_tender, save_structured, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)
SAID = {"form": "guarantee", "number": "保函0088", "amount": "2000.00", "paid_on": "2026-03-05"}


@pytest.fixture
def walk(db):
    """Five suppliers with bonds, three selected, letters out."""
    clock.set_to(MONDAY)
    holidays.seed()
    return Walk()


class Walk:
    def __init__(self):
        self.office = projects.make_office()
        self.framework = begin_framework(self.office)
        self.tender = Tender.objects.get(lots__framework_item__framework=self.framework)
        self.lot = self.tender.lots.select_related("tender__purchaser__place", "project").get()
        bond.set_terms(self.lot, actor=self.office.handler, amount=Decimal(2000), forms=["guarantee"])
        tender.publish(ready(self.office, self.tender), actor=self.office.handler)
        self.lot.refresh_from_db()
        for price in (150, 160, 170, 180, 190):
            hours()
            who = make_provider(office=self.office, place=self.office.street)
            row = bid.start_bid(who.organization, self.lot, actor=who.user)
            for key, content in (("qualification", "证书"), ("technical", "方案"), ("price", str(price)), (bid.BOND, json.dumps(SAID))):
                bid.save_part(row, key, content.encode(), actor=who.user)
            save_structured(row, price, actor=who.user)
            bid.submit(row, actor=who.user)
        self.tender.refresh_from_db()
        travel(self.tender.deadline + datetime.timedelta(minutes=5))
        open_tender(self.tender, self.office)
        for row in Bid.objects.filter(lot=self.lot):
            bond.receive_for(row, actor=self.office.accountant, amount=Decimal(2000), form="guarantee", number=f"保函{row.pk}", received_on=clock.today())
        rank(self.tender, self.office)
        hours()
        self.tender = framework_selection.select(Tender.objects.get(pk=self.tender.pk), actor=self.office.leader)
        assert not Bond.objects.exclude(due_since=None).exists()  # selected, but nobody is told yet
        self.tender = framework_selection.publish_selection(self.tender, actor=self.office.handler)
        self.agreements = list(FrameworkAgreement.objects.filter(bid__lot=self.lot).order_by("rank"))

    def bond_of(self, agreement):
        return Bond.objects.get(lot=self.lot, organization=agreement.organization)


@pytest.mark.rule("D09", mutate="refund")
def test_who_was_not_selected_gets_it_back_five_working_days_after_the_letters(walk):
    chosen = [row.organization_id for row in walk.agreements]
    losers = Bond.objects.filter(lot=walk.lot).exclude(organization__in=chosen)
    assert losers.count() == 2 and {(row.due_since, row.cause) for row in losers} == {(clock.today(), "not_chosen")}
    assert {row.refund_due_on for row in losers} == {workdays.add_workdays(clock.today(), 5).date}
    assert not Bond.objects.filter(organization__in=chosen).exclude(due_since=None).exists()
    back = bond.refund(losers[0], actor=walk.office.cashier, voucher="记-9")
    assert back.status == "refunded"


@pytest.mark.rule("D09")
def test_a_selected_suppliers_bond_goes_back_after_its_agreement_is_signed(walk):
    first = walk.agreements[0]
    refused("not_due", bond.refund, walk.bond_of(first), actor=walk.office.cashier, voucher="记-1")
    hours(30)
    framework_agreement.sign(first, actor=walk.office.handler, file=scan("协议.png"))
    found = walk.bond_of(first)
    assert (found.due_since, found.cause, found.refund_due_on) == (clock.today(), "agreed", workdays.add_workdays(clock.today(), 5).date)
    assert walk.bond_of(walk.agreements[1]).due_since is None
    travel(clock.midnight(found.refund_due_on) + datetime.timedelta(hours=9))
    bond.refund(found, actor=walk.office.cashier, voucher="记-2")
    assert schedule_facts.happened_of(schedule_facts.ready(Tender.objects.filter(pk=walk.tender.pk)).get())["bond_winner"] == clock.today()


@pytest.mark.rule("D14")
def test_who_does_not_sign_without_good_reason_loses_it(walk, client):
    first, second = walk.agreements[:2]
    framework_agreement.remove(first, actor=walk.office.leader, cause="refused", reason="无正当理由拒签")
    held = walk.bond_of(first)
    assert held.due_since is None and bond.forfeitable(held) == FrameworkAgreement.objects.get(pk=first.pk)
    refused("forfeit", bond.refund, held, actor=walk.office.cashier, voucher="记-3")
    client.force_login(walk.office.leader)
    assert str(bond.FORFEIT.label) in client.get(reverse("desk")).content.decode()
    assert "无正当理由" in client.get(held.get_absolute_url()).content.decode()
    assert bond.forfeit(held, actor=walk.office.leader, reason="拒不签订框架协议").status == "forfeited"
    framework_agreement.remove(second, actor=walk.office.leader, cause="barred", reason="被禁止参加采购活动")
    assert walk.bond_of(second).cause == "fallen"


def test_a_supplier_removed_after_signing_has_its_bond_back(walk):
    first = framework_agreement.sign(walk.agreements[0], actor=walk.office.handler, file=scan("协议.png"))
    framework_agreement.remove(first, actor=walk.office.leader, cause="refused", reason="拒绝接单")
    assert bond.forfeitable(walk.bond_of(first)) is None and walk.bond_of(first).cause == "agreed"


@pytest.mark.rule("D09", mutate="bond_max")
def test_the_budget_is_the_frameworks_not_the_unit_price():
    clock.set_to(MONDAY)
    holidays.seed()
    office = projects.make_office()
    made = begin_framework(office, items=[*FRAMEWORK_ITEMS, {**FRAMEWORK_ITEMS[0], "name": "居家助洁"}])  # together 100,000 yuan
    one, two = Tender.objects.get(lots__framework_item__framework=made, lots__order=1).lots.order_by("order")
    terms = {"actor": office.handler, "forms": ["guarantee"]}
    refused("bond_too_high", bond.set_terms, one, amount=Decimal("2000.01"), **terms)
    bond.set_terms(one, amount=Decimal(1500), **terms)
    assert "500.00" in str(refused("bond_too_high", bond.set_terms, two, amount=Decimal(501), **terms))
    assert bond.set_terms(two, amount=Decimal(500), **terms).most == 500 and BondTerms.objects.count() == 2
