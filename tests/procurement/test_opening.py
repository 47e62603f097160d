"""Openings: two of five and nobody alone, a changed byte is found, too few responses stop."""

import datetime
import json

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import crypto, seal
from kernel.models import Notice
from procurement import sealing
from procurement.lifecycle import bid, opening, tender
from procurement.models import Bid, BidPart, TenderOpener
from tests.factories import projects
from tests.factories.tenders import check_credit, make_tender, open_tender, passphrase_of, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk():
    return make_tender(state="closed")


def enter(walk, role, **kwargs):
    person = getattr(walk.office, role)
    return opening.open_with(walk.tender, actor=person, passphrase=passphrase_of(person), **kwargs)


@pytest.mark.rule("B27")
def test_not_before_the_deadline(walk):
    travel(walk.tender.deadline - datetime.timedelta(seconds=1))
    found = refused("early", enter, walk, "leader")
    assert "74号" in str(found)
    assert not TenderOpener.objects.exclude(partial={}).exists()


@pytest.mark.parametrize("first, second", [("leader", "section"), ("section", "leader"), ("supervisor", "legal"), ("committee", "supervisor")])
def test_any_two_on_their_own_sessions(walk, first, second):
    assert enter(walk, first).status == "published"
    assert Bid.objects.filter(status="submitted").count() == 3
    refused_again = enter(walk, first)  # the same one again changes nothing
    assert refused_again.status == "published" and not Bid.objects.filter(status="opened").exists()
    row = enter(walk, second)
    assert row.status == "opened"
    assert sorted(Bid.objects.values_list("price", flat=True)) == [240000, 250000, 260000]
    assert {one.organization for one in Bid.objects.all()} == {provider.organization for provider in walk.providers}
    assert [line["intact"] for line in row.opening_record["rows"]] == [True] * 3 and len(row.opening_record["present"]) == 2
    assert not TenderOpener.objects.exclude(partial={}).exists()


def test_two_at_one_desk(walk):
    refused("passphrase", enter, walk, "leader", second=walk.office.section, second_passphrase="wrong wrong wrong")
    refused("same", enter, walk, "leader", second=walk.office.leader, second_passphrase=passphrase_of(walk.office.leader))
    assert enter(walk, "leader", second=walk.office.section, second_passphrase=passphrase_of(walk.office.section)).status == "opened"


def test_who_is_no_opener_cannot(walk):
    refused("passphrase", opening.open_with, walk.tender, actor=walk.office.leader, passphrase="not the passphrase")
    opening.enrol_opener(walk.office.accountant, "an enrolled accountant 7")
    with pytest.raises(PermissionDenied):
        opening.open_with(walk.tender, actor=walk.office.accountant, passphrase="an enrolled accountant 7")
    with pytest.raises(PermissionDenied):
        opening.open_with(walk.tender, actor=walk.providers[0].user, passphrase="x")
    refused("openers", opening.open_with_witness, walk.tender, actor=walk.office.handler, witness=walk.office.leader)


def test_what_one_opener_left_opens_with_nobody_elses_key(walk):
    """The stored halves, the platform's keys and the whole database do not make a key."""
    enter(walk, "leader")
    row = TenderOpener.objects.get(user=walk.office.leader)
    assert set(row.partial) == {str(person.pk) for person in (walk.office.section, walk.office.committee, walk.office.legal, walk.office.supervisor)}
    sealed = sealing.key_of(walk.tender)
    with pytest.raises(seal.SealBroken):
        crypto.open_platform_key(sealed)
    own = sealing.private_of(walk.office.leader, passphrase_of(walk.office.leader))
    for name, half in row.partial.items():
        with pytest.raises(seal.SealBroken):
            seal.proven(sealed, sealing.raw(half))
        with pytest.raises(seal.SealBroken):
            seal.second_half(sealed, str(walk.office.leader.pk), name, sealing.raw(half), own)


@pytest.mark.parametrize("key", ["price", "technical", "meta"])
def test_a_changed_byte_breaks_that_response_only(walk, key):
    victim = walk.bids[1]
    part = BidPart.objects.get(bid=victim, key=key)
    content = bytearray(part.sealed)
    content[-30] ^= 1
    BidPart.objects.filter(pk=part.pk).update(sealed=bytes(content))
    row = open_tender(walk.tender, walk.office)
    states = dict(Bid.objects.values_list("pk", "status"))
    assert states[victim.pk] == "broken" and sorted(states.values()) == ["broken", "opened", "opened"]
    assert [line["intact"] for line in row.opening_record["rows"]].count(False) == 1
    assert Notice.objects.filter(kind="bid_broken", user=walk.office.supervisor).exists()


def test_a_swapped_part_and_digest_are_found(walk):
    """Somebody with the database puts another bidder's sealed price here and mends the digest: the receipt and the seal's place betray it."""
    one, two = (BidPart.objects.get(bid=row, key="price") for row in walk.bids[:2])
    BidPart.objects.filter(pk=one.pk).update(sealed=two.sealed, digest=two.digest)
    open_tender(walk.tender, walk.office)
    assert Bid.objects.get(pk=walk.bids[0].pk).status == "broken"


@pytest.mark.rule("B10")
@pytest.mark.parametrize("prices, opened", [((1000, 2000), True), ((1000,), False), ((), False)])
def test_two_go_on_one_stops(prices, opened):
    walk = make_tender(state="closed", prices=prices)
    if opened:
        assert open_tender(walk.tender, walk.office).status == "opened"
        return
    found = refused("too_few", enter, walk, "leader")
    assert "214号" in str(found) and found.todo
    row = tender.fail(walk.tender, actor=walk.office.handler, reason="提交响应文件的供应商不足")
    assert row.status == "failed" and row.announcements.filter(kind="termination").exists()
    assert not Bid.objects.exclude(organization=None).exists()  # they stay sealed


def test_one_short_lot_fails_alone():
    office = projects.make_office()
    rows = [projects.make_project(office, "approved", 300000) for _number in range(2)]
    walk = make_tender(office, "closed", rows=rows)
    row = open_tender(walk.tender, office)
    assert list(row.lots.order_by("order").values_list("status", flat=True)) == ["opened", "failed"]
    assert row.opening_record["short"][0]["count"] == 0


def test_too_few_openers_postpone(walk):
    new = walk.tender.deadline + datetime.timedelta(days=1)
    row = tender.postpone(walk.tender, actor=walk.office.handler, opens_at=new, reason="仅一名开启人到场")
    assert "未到场开启人" in row.announcements.filter(kind="correction").first().body
    refused("postponed", enter, walk, "leader")
    travel(new)
    assert open_tender(row, walk.office).status == "opened"


@pytest.mark.rule("H03", "H04")
def test_related_bidders_are_pointed_out_and_judged_by_the_purchaser(walk):
    for provider in walk.providers[:2]:
        provider.organization.contact_phone = "13900000000"
        provider.organization.legal_representative = provider.organization.name
        provider.organization.save()
    open_tender(walk.tender, walk.office)
    warned = [row for row in Bid.objects.all() if any(found["rule"] == "H04" for found in row.warnings)]
    assert len(warned) == 3  # same contact person by the factory; two of them share the telephone
    check_credit(walk.tender, walk.office)
    row = bid.invalidate(warned[0], actor=walk.office.handler, reason="与其他供应商存在关联关系")
    assert row.status == "invalid" and row.invalid_reason
    with pytest.raises(PermissionDenied):
        bid.invalidate(warned[1], actor=walk.providers[0].user, reason="x")


def test_the_opening_through_the_screens(walk, client):
    address = reverse("opening", args=[walk.tender.pk])
    client.force_login(walk.office.observer)
    assert client.get(address).status_code == 200 and 'name="passphrase"' not in client.get(address).content.decode()
    client.force_login(walk.providers[0].user)
    assert client.get(address).status_code == 403
    client.force_login(walk.office.leader)
    answer = client.post(address, {"passphrase": "wrong words entirely"})
    assert answer.status_code == 422 and "wrong words" not in answer.content.decode()
    assert client.post(address, {"passphrase": passphrase_of(walk.office.leader)}).url == address
    client.force_login(walk.office.section)
    record = client.post(address, {"passphrase": passphrase_of(walk.office.section)}).url
    page = client.get(record).content.decode()
    assert all(provider.organization.name in page for provider in walk.providers) and "250,000.00" in page
    client.force_login(walk.providers[0].user)
    assert client.get(record).status_code == 200  # bidders may read the record
    assert json.dumps(walk.providers[0].organization.name)


def test_rehearsals(walk):
    draft = make_tender(walk.office, "draft").tender
    refused("passphrase", opening.rehearse, draft, actor=walk.office.leader, passphrase="wrong wrong wrong")
    with pytest.raises(PermissionDenied):
        opening.rehearse(draft, actor=walk.office.handler, passphrase="x")
    refused("weak", opening.enrol_opener, walk.office.cashier, "short")
    refused("weak", opening.enrol_opener, walk.office.cashier, "111111111111")
    refused("in_use", opening.enrol_opener, walk.office.leader, "another good passphrase")
    again = opening.rehearse(walk.tender, actor=walk.office.leader, passphrase=passphrase_of(walk.office.leader))
    assert again.rehearsed_again_at
