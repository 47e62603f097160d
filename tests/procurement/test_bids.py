"""Responses: written encrypted, submitted sealed, seen by nobody else before the opening."""

import datetime
import re

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, registry, seal
from kernel.models.trail import TrailRow
from procurement import responses, sealing
from procurement.lifecycle import bid
from procurement.models import Bid, BidPart, Tender
from providers.models import Exclusion
from tests.factories import projects
from tests.factories.bids import posted, save_structured
from tests.factories.providers import make_provider
from tests.factories.tenders import make_bid, make_tender, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk():
    return make_tender(state="published")


@pytest.fixture
def provider(walk):
    return make_provider(office=walk.office, place=walk.office.street)


def written(provider, lot, price="250000"):
    row = bid.start_bid(provider.organization, lot, actor=provider.user)
    for key, text in (("qualification", "证书"), ("technical", "方案"), ("price", price)):
        bid.save_part(row, key, text.encode(), actor=provider.user)
    return save_structured(row, price, actor=provider.user)


def test_a_draft_is_read_by_its_own_people_only(walk, provider):
    row = written(provider, walk.lot)
    assert row.organization_id is None and row.created_by_id is None
    assert responses.draft_texts(row)["price"] == "250000.00"
    stranger = make_provider(office=walk.office, place=walk.office.street)
    for person in (walk.office.handler, walk.office.leader, walk.office.finance, stranger.user, projects.make_user(is_platform_admin=True)):
        assert not Bid.objects.visible_to(person).exists()
        with pytest.raises(PermissionDenied):
            bid.save_part(row, "price", b"1", actor=person)
    assert Bid.objects.visible_to(provider.user).get() == row


def test_submitting_seals_and_gives_a_receipt(walk, provider):
    row = bid.submit(written(provider, walk.lot), actor=provider.user)
    parts = {part.key: part for part in row.parts.all()}
    assert row.status == "submitted" and set(parts) == {"meta", "qualification", "technical", "price", "lines", "plan", "team", "declare"}
    assert row.receipt == seal.receipt_of_digests({key: part.digest for key, part in parts.items()})
    assert all(bytes(part.sealed).startswith(seal.MAGIC) and not part.is_draft for part in parts.values())
    assert responses.readable_parts(row) == []  # not even its bidder can read it now
    assert not TrailRow.objects.filter(subject_type__model="bid").exclude(actor=None).exists()


def test_every_state(walk, provider):
    row = bid.start_bid(provider.organization, walk.lot, actor=provider.user)
    refused("incomplete", bid.submit, row, actor=provider.user)
    refused("wrong_state", bid.withdraw_bid, row, actor=provider.user)
    row = bid.submit(written(provider, walk.lot), actor=provider.user)
    refused("incomplete", bid.submit, row, actor=provider.user) if not row.parts.exists() else None
    refused("sealed", bid.save_part, row, "price", b"1", actor=provider.user)
    first = row.receipt
    row = bid.withdraw_bid(row, actor=provider.user)
    assert row.status == "withdrawn" and not BidPart.objects.filter(bid=row, is_draft=False).exists()
    row = bid.submit(written(provider, walk.lot, "240000"), actor=provider.user)
    assert row.status == "submitted" and row.version == 2 and row.receipt != first and Bid.objects.count() == 1


@pytest.mark.rule("B27")
def test_late_is_refused_kindly_with_the_server_time(walk, provider):
    row = written(provider, walk.lot)
    travel(walk.tender.deadline - datetime.timedelta(seconds=1))
    other = make_provider(office=walk.office, place=walk.office.street)
    second = written(other, walk.lot)
    assert bid.submit(second, actor=other.user).status == "submitted"
    travel(walk.tender.deadline)
    found = refused("late", bid.submit, row, actor=provider.user)
    assert "10:00:00" in str(found) and "87号" in str(found)
    refused("late", bid.withdraw_bid, second, actor=other.user)
    refused("late", bid.save_part, row, "price", b"1", actor=provider.user)


@pytest.mark.parametrize("price, code", [("0", "over_ceiling"), ("300000.01", "over_ceiling"), ("-5", "over_ceiling")])
def test_the_price_stays_under_the_ceiling(walk, provider, price, code):
    row = bid.start_bid(provider.organization, walk.lot, actor=provider.user)
    refused(code, bid.save_part, row, "price", price.encode(), actor=provider.user)
    assert not row.parts.filter(key="price").exists()


@pytest.mark.rule("H01", "H03", "H05")
def test_who_may_not_bid(walk, provider):
    walk.lot.project.drafting_help.add(provider.organization)
    refused("drafted", bid.start_bid, provider.organization, walk.lot, actor=provider.user)
    committee = make_provider(office=walk.office, place=walk.office.community, kind="residents_committee", account=False)
    refused("orders_itself", bid.start_bid, committee.organization, walk.lot, actor=committee.user)
    banned = make_provider(office=walk.office, place=walk.office.street)
    row = written(banned, walk.lot)
    Exclusion.objects.create(organization=banned.organization, kind="debarred", document="财罚〔2026〕1号", starts_on=clock.today(), entered_by=walk.office.section)
    refused("H05", bid.submit, row, actor=banned.user)


def test_a_part_changed_meanwhile_stops_the_submission(walk, provider, monkeypatch):
    row = written(provider, walk.lot)
    real = bid.advance

    def meanwhile(*args, **kwargs):
        bid._keep(row, "technical", "另一份方案".encode())
        return real(*args, **kwargs)

    monkeypatch.setattr(bid, "advance", meanwhile)
    refused("changed", bid.submit, row, actor=provider.user)
    row.refresh_from_db()
    assert row.status == "draft" and row.receipt == ""


def paper_purchase():
    """A self-run purchase with the platform's key that takes paper."""
    from procurement.lifecycle import tender
    from procurement.models import SelfRunProfile

    office = projects.make_office()
    SelfRunProfile.objects.filter(purchaser=office.purchaser).delete()
    SelfRunProfile.objects.create(
        purchaser=office.purchaser, name="五万以下", amount_to=50000, channel="open", seal="platform", scoring="lowest", min_days=3, min_count=1, paper_allowed=True,
        confirmed_at=clock.now(), valid_from=clock.today(),
    )  # fmt: skip
    row = tender.create_tender([projects.make_project(office, "approved", 40000)], actor=office.handler, method="self_run", qualification="独立承担民事责任")
    return office, tender.publish(row, actor=office.handler).lots.get()


@pytest.mark.rule("B26")
def test_paper_is_registered_by_two_and_sealed_like_the_rest(walk):
    provider = make_provider(office=walk.office, place=walk.office.street)
    refused("no_paper", bid.register_paper, walk.lot, provider.organization, actor=walk.office.handler, witness=walk.office.leader, received_at=clock.now(), price=1)
    office, lot = paper_purchase()
    given = {"actor": office.handler, "witness": office.leader, "received_at": clock.now(), "price": 38000}
    refused("witness", bid.register_paper, lot, provider.organization, **{**given, "witness": office.handler})
    refused("late", bid.register_paper, lot, provider.organization, **{**given, "received_at": clock.now() + datetime.timedelta(minutes=1)})
    with pytest.raises(PermissionDenied):
        bid.register_paper(lot, provider.organization, **{**given, "actor": office.leader})
    row = bid.register_paper(lot, provider.organization, **given)
    assert row.status == "submitted" and row.on_paper and row.organization_id is None and row.submitted_at == given["received_at"]
    refused("twice", bid.register_paper, lot, provider.organization, **given)
    from procurement.lifecycle import opening

    travel(lot.tender.deadline)
    opening.open_with_witness(lot.tender, actor=office.handler, witness=office.leader)
    row.refresh_from_db()
    assert row.price == 38000 and row.organization == provider.organization


@pytest.mark.rule("B27")
def test_no_page_tells_a_number_or_a_name(walk, client):
    """Every page the office can reach looks the same with no response and with two."""
    people = (walk.office.handler, walk.office.leader, walk.office.finance, projects.make_user(is_platform_admin=True))
    pages = [reverse("tender_detail", args=[walk.tender.pk]), reverse("tender_list"), reverse("tender_list") + "?export=csv", reverse("bid_list"), reverse("search") + "?q=社区", reverse("desk")]

    def seen():
        found = {}
        for person in people:
            client.force_login(person)
            for page in pages:
                answer = client.get(page)
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
                found[person.pk, page] = (answer.status_code, re.sub(r"csrf\w*\W+\w*=?\W*\"[^\"]*\"|（\d{4}-\d\d-\d\d \d\d:\d\d）|nonce-\S+", "", body.decode(errors="replace")))
        return found

    before = seen()
    providers = [make_provider(office=walk.office, place=walk.office.street) for _number in range(2)]
    for number, provider in enumerate(providers):
        make_bid(walk.lot, provider, 250000 + number)
    after = seen()
    for key, (status, text) in after.items():
        assert status == before[key][0]
        for provider in providers:
            assert provider.organization.name not in text
            assert str(Bid.objects.first().public_id) not in text
        if "desk" not in key[1] and "search" not in key[1]:
            assert text == before[key][1], key


@pytest.mark.rule("B27")
def test_strangers_get_404_and_own_people_their_pages(walk, client):
    provider = make_provider(office=walk.office, place=walk.office.street)
    row = make_bid(walk.lot, provider, 250000)
    addresses = [reverse(name, args=[row.public_id]) for name in ("bid_detail", "bid_edit", "bid_receipt")]
    for person in (walk.office.handler, walk.office.finance, make_provider(office=walk.office, place=walk.office.street).user):
        client.force_login(person)
        assert {client.get(address).status_code for address in addresses} == {404}
        assert client.post(reverse("bid_submit", args=[row.public_id])).status_code == 404
        assert client.post(reverse("bid_withdraw", args=[row.public_id])).status_code == 404
    client.force_login(provider.user)
    assert client.get(addresses[0]).status_code == 200 and client.get(addresses[1]).status_code == 302
    page = client.get(addresses[2]).content.decode()
    assert row.receipt in page and "data:image/svg+xml" in page
    client.logout()
    assert client.get(reverse("receipt_check", args=[row.receipt])).status_code == 200
    assert client.get(reverse("receipt_check", args=["0" * 64])).status_code == 404


def test_the_market_shows_what_is_open(walk, client):
    provider = make_provider(office=walk.office, place=walk.office.street)
    client.force_login(provider.user)
    assert walk.tender.title in client.get(reverse("market")).content.decode()
    assert client.get(reverse("tender_detail", args=[walk.tender.pk])).status_code == 200
    travel(walk.tender.deadline)
    assert walk.tender.title not in client.get(reverse("market")).content.decode()
    draft = make_tender(walk.office, "draft")
    assert client.get(reverse("tender_detail", args=[draft.tender.pk])).status_code == 404
    assert Tender.objects.visible_to(walk.office.handler).count() == 2


def test_writing_and_submitting_through_the_screens(walk, client):
    provider = make_provider(office=walk.office, place=walk.office.street)
    client.force_login(provider.user)
    answer = client.post(reverse("bid_start", args=[walk.lot.pk]))
    row = Bid.objects.get()
    assert answer.url == reverse("bid_edit", args=[row.public_id])
    data = {"qualification": "证书齐全", "technical": "方案", "price": "999999"}
    answer = client.post(answer.url, data)
    assert answer.status_code == 422 and "方案" in answer.content.decode()  # input kept
    from tests.factories.projects import scan

    assert client.post(reverse("bid_submit", args=[row.public_id])).url == reverse("bid_detail", args=[row.public_id])
    assert "报价明细" in client.get(reverse("bid_detail", args=[row.public_id])).content.decode()  # still missing
    complete = {**data, **posted(walk.lot, 240000), "price": "240000", "file": scan("证书.png"), "file_kind": "licence", "review": "1"}
    answer = client.post(reverse("bid_edit", args=[row.public_id]), complete)
    assert answer.status_code == 302
    assert [file.kind for file in responses.files_of(row)] == ["licence"]
    assert [file.name for file in responses.files_of(row)] == ["证书.png"]
    assert client.get(reverse("bid_file", args=[row.public_id, "file-1"])).status_code == 200
    answer = client.post(reverse("bid_submit", args=[row.public_id]))
    assert answer.url == reverse("bid_receipt", args=[row.public_id])
    row.refresh_from_db()
    assert row.status == "submitted" and client.get(reverse("bid_file", args=[row.public_id, "file-1"])).status_code == 404


def test_an_unfinished_response_is_on_the_bidders_desk_only(walk, provider):
    row = written(provider, walk.lot)
    assert any(task.url == reverse("bid_edit", args=[row.public_id]) for task in registry.tasks_for(provider.user))
    assert not any("bid" == task.kind for task in registry.tasks_for(walk.office.handler))
    assert sealing.read_part(row.parts.get(key="price")) == b"250000.00"
