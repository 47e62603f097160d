"""The one supplier's response: sealed like every other, opened where it is negotiated; nobody else may answer, and one is enough."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from kernel import clock, holidays
from kernel.models import Notice
from procurement import departures
from procurement.lifecycle import bid as bids
from procurement.lifecycle import contract_draft, opening, single_response, single_source, tender
from procurement.models import Announcement, Award, Bid, Project, SingleSource, Tender
from tests.factories.providers import make_provider
from tests.factories.special import AGREED, make_single, scan
from tests.factories.tenders import make_bid, open_tender, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)
DAYS = datetime.timedelta(days=2)


@pytest.fixture(autouse=True)
def year(db):
    clock.set_to(MONDAY)
    holidays.seed()


def small(state):
    return make_single(state, large=False, start=MONDAY)


def again(walk):
    walk.single, walk.tender = SingleSource.objects.get(pk=walk.single.pk), Tender.objects.get(pk=walk.tender.pk)
    return walk


def lot_of(walk):
    return walk.tender.lots.select_related("tender", "project").get()


@pytest.mark.rule("B19", "B27")
def test_what_it_offers_stays_sealed_until_its_time_and_one_is_enough():
    walk = again(small("asked"))
    assert walk.tender.status == "published" and walk.tender.public_key and Project.objects.get(lots__tender=walk.tender).status == "sourcing"
    assert not Announcement.objects.filter(tender=walk.tender, kind="notice").exists()
    row = make_bid(lot_of(walk), walk.supplier, 260000)
    assert row.status == "submitted" and row.organization_id is None and not Bid.objects.visible_to(walk.office.handler).exists()
    refused("sealed", single_source.negotiate, walk.single, actor=walk.office.handler, price=Decimal(250000), **AGREED)
    refused("early", opening.open_with, walk.tender, actor=walk.office.leader, passphrase="x")
    travel(walk.tender.deadline)
    open_tender(walk.tender, walk.office)
    opened = single_source.response_of(again(walk).single)
    assert (opened.organization, opened.price) == (walk.supplier.organization, 260000)


def test_the_contract_begins_with_what_was_offered_and_agreed():
    walk = small("opened")
    row = single_source.negotiate(walk.single, actor=walk.office.handler, price=Decimal(290000), **AGREED)
    single_source.award(row, actor=walk.office.leader, file=scan())
    award = Award.objects.select_related("bid").get(lot__tender=walk.tender)
    assert award.bid.rank == 1 and award.amount == award.bid.amount == 290000 and award.bid.price == 300000
    contract = contract_draft.draft_contract(lot_of(walk), actor=walk.office.handler)
    assert contract.lines.exists() and [person.name for person in contract.key_people.all()] == ["叶青"]
    assert {found.level for found in departures.departures(contract)} == {"follows"}


def test_nobody_else_sees_it_or_may_answer():
    walk = again(small("asked"))
    other = make_provider(office=walk.office, place=walk.office.street)
    refused("not_invited", bids.start_bid, other.organization, lot_of(walk), actor=other.user)
    assert not Tender.objects.visible_to(other.user).filter(pk=walk.tender.pk).exists()
    assert Tender.objects.visible_to(walk.supplier.user).open_for_responses(clock.now()).filter(pk=walk.tender.pk).exists()
    assert Notice.objects.filter(user=walk.supplier.user, kind="response_wanted").count() == 1


def test_without_a_response_it_is_asked_again_or_stopped():
    walk = again(small("asked"))
    handler, later = walk.office.handler, walk.tender.deadline + DAYS
    refused("running", single_response.ask_response, walk.single, actor=handler, deadline=later)
    travel(walk.tender.deadline)
    refused("too_few", opening.open_with, walk.tender, actor=walk.office.leader, passphrase="x")
    refused("past", single_response.ask_response, walk.single, actor=handler, deadline=clock.now())
    single_response.ask_response(walk.single, actor=handler, deadline=later)
    assert again(walk).tender.deadline == later and Notice.objects.filter(kind="response_wanted").count() == 2
    make_bid(lot_of(walk), walk.supplier, 260000)
    travel(later)
    refused("answered", single_response.ask_response, walk.single, actor=handler, deadline=later + DAYS)
    refused("single", tender.fail, walk.tender, actor=handler, reason="停止")
    refused("single", tender.clarify, walk.tender, actor=handler, text="更正")
    single_source.drop(walk.single, actor=handler, reason="价格未能达成一致")
    assert again(walk).tender.status == "failed" and Project.objects.get(lots__tender=walk.tender).status == "approved"
    assert Announcement.objects.filter(tender=walk.tender, kind="termination").exists()


def test_an_invalid_response_is_not_negotiated():
    walk = small("opened")
    Bid.objects.filter(lot__tender=walk.tender).update(status="invalid")
    refused("no_response", single_source.negotiate, walk.single, actor=walk.office.handler, price=Decimal(250000), **AGREED)


def test_it_is_asked_for_only_when_nothing_stands_before_the_talks():
    walk = make_single("publicized", start=MONDAY)
    ask = dict(actor=walk.office.handler, deadline=clock.now() + DAYS)
    refused("approval", single_response.ask_response, walk.single, **ask)
    walk = small("draft")
    refused("not_asked", single_source.negotiate, walk.single, actor=walk.office.handler, price=Decimal(250000), **AGREED)
    Tender.objects.filter(pk=walk.tender.pk).update(venue="external", external_platform="省平台", external_url="https://example.org/1")
    refused("external", single_response.ask_response, again(walk).single, actor=walk.office.handler, deadline=clock.now() + DAYS)
    assert single_source.negotiate(walk.single, actor=walk.office.handler, price=Decimal(250000), **AGREED).status == "negotiated"


def test_without_named_openers_handler_and_witness_open_it():
    walk = small("draft")
    walk.tender.openers.all().delete()
    walk.single = single_response.ask_response(walk.single, actor=walk.office.handler, deadline=clock.now() + DAYS)
    assert again(walk).tender.seal == "platform"
    make_bid(lot_of(walk), walk.supplier, 260000)
    travel(walk.tender.deadline)
    opening.open_with_witness(walk.tender, actor=walk.office.handler, witness=walk.office.supervisor)
    assert single_source.response_of(walk.single).price == 260000


def test_half_named_openers_come_first():
    walk = small("draft")
    walk.tender.openers.filter(alternate=True).delete()
    refused("openers", single_response.ask_response, walk.single, actor=walk.office.handler, deadline=clock.now() + DAYS)


def test_in_the_browser(client):
    walk = small("draft")
    client.force_login(walk.office.handler)
    url = reverse("act", args=["singlesource", walk.single.pk, "ask_response"])
    assert client.get(url).status_code == 200
    assert client.post(url, {"deadline": (clock.now() + DAYS).strftime("%Y-%m-%dT%H:%M")}).status_code == 302
    for address in (walk.single.get_absolute_url(), walk.tender.get_absolute_url(), reverse("tender_timetable", args=[walk.tender.pk])):
        assert client.get(address).status_code == 200
    assert "密封至" in client.get(walk.single.get_absolute_url()).content.decode()
    assert "组建" not in client.get(walk.tender.get_absolute_url()).content.decode()
    client.force_login(walk.supplier.user)
    page = client.get(walk.tender.get_absolute_url()).content.decode()
    assert "采购邀请函" in page or "YQ1" in page
    client.post(reverse("bid_start", args=[lot_of(walk).pk]))
    assert client.get(reverse("bid_edit", args=[Bid.objects.get().public_id])).status_code == 200
    letter = walk.tender.invitations.get()
    assert client.get(reverse("invitation_letter", args=[letter.pk])).content[:4] == b"%PDF"
    client.force_login(walk.office.handler)
    walk.single = SingleSource.objects.get(pk=walk.single.pk)
    make_bid(lot_of(walk), walk.supplier, 260000)
    travel(again(walk).tender.deadline)
    assert "密封" not in client.get(walk.single.get_absolute_url()).content.decode().split("供应商响应")[1][:200]
    open_tender(walk.tender, walk.office)
    assert "260,000.00" in client.get(walk.single.get_absolute_url()).content.decode()
    assert client.get(reverse("opening_record", args=[walk.tender.pk])).status_code == 200
    assert client.get(reverse("desk")).status_code == 200
