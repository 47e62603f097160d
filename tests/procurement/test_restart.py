"""Buying anew after a failure: everything copied, linked both ways, by a method the law leaves (B06, B10, B15, B19)."""

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, holidays, rules
from procurement import methods
from procurement.lifecycle import award, opening, restart, tender
from procurement.models import FrameworkItem, Lot, Tender
from tests.factories import projects
from tests.factories.providers import make_provider
from tests.factories.special import make_framework, rank
from tests.factories.tenders import hours, make_bid, make_declarations, make_draft, make_reviews, make_tender, open_tender, passphrase_of, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)


@pytest.fixture(autouse=True)
def on_monday():
    clock.set_to(MONDAY)


@pytest.fixture
def year(db):
    holidays.seed()


def failed(method="consultation", case="services", **fields):
    walk = make_tender(state="published", method=method, method_case=case, **fields)
    walk.tender = tender.fail(walk.tender, actor=walk.office.handler, reason="提交响应文件的供应商不足")
    return walk


def test_everything_is_copied_and_linked_both_ways(year):
    walk = failed()
    made = restart.restart(walk.tender, actor=walk.office.handler, method_reason="需求不变，重新采购")
    assert (made.status, made.method, made.follows) == ("draft", "consultation", walk.tender)
    assert restart.successors(walk.tender) == [made]
    for name in restart.COPIED:
        assert getattr(made, name) == getattr(walk.tender, name)
    copied = [(row.kind, row.name, row.points) for row in made.score_items.all()]
    assert copied == [(row.kind, row.name, row.points) for row in walk.tender.score_items.all()] and copied
    assert [(lot.title, lot.ceiling, lot.project_id) for lot in made.lots.all()] == [(lot.title, lot.ceiling, lot.project_id) for lot in walk.tender.lots.all()]
    assert {row.user_id for row in made.openers.all()} == {row.user_id for row in walk.tender.openers.all()}
    assert all(row.rehearsed_at is None for row in made.openers.all())  # every purchase has its own key
    refused("bought_already", restart.restart, walk.tender, actor=walk.office.handler, method_reason="再来一次")


def test_only_what_failed_and_only_by_the_handler_with_a_reason(year):
    walk = make_tender(state="published")
    refused("not_failed", restart.restart, walk.tender, actor=walk.office.handler, method_reason="x")
    row = tender.fail(walk.tender, actor=walk.office.handler, reason="需求变化")
    with pytest.raises(PermissionDenied):
        restart.restart(row, actor=walk.office.leader, method_reason="x")
    refused("reason_missing", restart.restart, row, actor=walk.office.handler, method_reason=" ")
    refused("method", restart.restart, row, actor=walk.office.handler, method="self_run", method_reason="x")


@pytest.mark.rule("B15")
def test_after_a_failed_open_tender_two_may_negotiate_with_approval(year):
    walk = failed("open_tender", "")
    ways = {way.method: way for way in restart.ways_after(walk.tender)}
    assert set(ways) == {"open_tender", "negotiation", "consultation", "single_source"}
    assert ways["negotiation"].approval and rules.get("B15").article in ways["negotiation"].article
    made = restart.restart(walk.tender, actor=walk.office.handler, method="negotiation", method_reason="招标后没有供应商投标")
    assert made.method_case == "failed_tender" and not made.score_items.exists()
    assert methods.least(made, "bidders_at_opening") == 3
    made.approval_document = "青财采〔2026〕3号"
    assert methods.least(made, "bidders_at_opening") == 2


@pytest.mark.rule("B19")
def test_one_bidder_proves_no_single_source(year):
    walk = failed()
    single = next(way for way in restart.ways_after(walk.tender) if way.method == "single_source")
    assert rules.get("B19").article in single.article and single.case == ""
    made = restart.restart(walk.tender, actor=walk.office.handler, method="single_source", method_case="sole", method_reason="只有一家具备场地")
    assert made.method == "single_source" and made.seal == "openers" and not made.score_items.exists()


def test_a_failed_lot_alone_is_bought_anew(year):
    office = projects.make_office()
    travel(MONDAY)
    row = make_draft(office, [projects.make_project(office, "approved", amount) for amount in (200000, 220000)])
    tender.publish(row, actor=office.handler)
    first, second = row.lots.select_related("tender", "project").order_by("order")
    for price in (150000, 160000, 170000):
        hours()
        make_bid(first, make_provider(office=office, place=office.street), price)
    row.refresh_from_db()
    travel(row.deadline)
    open_tender(row, office)
    row.refresh_from_db()
    assert Lot.objects.get(pk=second.pk).status == "failed"
    refused("not_failed", restart.restart, row, actor=office.handler, method_reason="第二包重新采购")  # the first lot is still judged
    rank(row, office)
    award.decide_award(Lot.objects.select_related("tender").get(pk=first.pk), actor=office.leader)
    made = restart.restart(Tender.objects.get(pk=row.pk), actor=office.handler, method_reason="第二包供应商不足，重新采购")
    assert [lot.project_id for lot in made.lots.all()] == [second.project_id]


def test_a_framework_is_collected_again_with_its_items(year):
    walk = make_framework("published")
    row = tender.fail(walk.tender, actor=walk.office.handler, reason="响应不足")
    made = restart.restart(row, actor=walk.office.handler, method_reason="重新征集")
    item = FrameworkItem.objects.get(lot__tender=made)
    assert item.framework == walk.framework and item.lot.ceiling == Decimal(200) and made.plan_number == row.plan_number
    refused("restarted", restart.restart, row, actor=walk.office.handler, method_reason="再来")


def test_the_next_purchase_can_be_published(year):
    walk = failed()
    made = restart.restart(walk.tender, actor=walk.office.handler, method_reason="需求不变，重新采购")
    tender.edit(made, actor=walk.office.handler, plan_number="采计〔2026〕13号")
    make_reviews(walk.office, made)
    make_declarations(walk.office, made)
    refused("rehearsal", tender.publish, made, actor=walk.office.handler)
    for row in made.openers.select_related("user"):
        opening.rehearse(made, actor=row.user, passphrase=passphrase_of(row.user))
    assert tender.publish(made, actor=walk.office.handler).status == "published"


def test_in_the_browser(year, client):
    walk = failed("open_tender", "")
    client.force_login(walk.office.handler)
    page = reverse("tender_restart", args=[walk.tender.pk])
    assert page in client.get(walk.tender.get_absolute_url()).content.decode()
    shown = client.get(page).content.decode()
    assert "第30条" in shown and rules.get("B19").article in shown
    answer = client.post(page, {"method": "negotiation", "method_case": "failed_tender", "method_reason": "招标后没有供应商投标"})
    assert answer.status_code == 302
    made = Tender.objects.get(follows=walk.tender)
    assert answer.url == made.get_absolute_url()
    assert walk.tender.get_absolute_url() in client.get(answer.url).content.decode()
    assert made.number in client.get(walk.tender.get_absolute_url()).content.decode()
    assert client.get(page).status_code == 302
