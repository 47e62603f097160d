"""The opening as people see it: who watches, what each reader sees of the record, what bidders say of it; paper responses by rule."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock
from procurement import methods, responses
from procurement.lifecycle import bid, ceremony, opening
from procurement.models import Bid, BidPart, Tender
from tests.factories.projects import scan
from tests.factories.providers import make_provider
from tests.factories.tenders import make_tender, open_tender, travel
from tests.procurement.refusals import refused
from tests.procurement.test_bids import paper_purchase

pytestmark = pytest.mark.django_db


def as_open_tender(walk):
    """The same purchase under the profile of an open tender."""
    Tender.objects.filter(pk=walk.tender.pk).update(method="open_tender", frozen={**walk.tender.frozen, "method": methods.freeze("open_tender")})
    walk.tender = Tender.objects.get(pk=walk.tender.pk)


def test_an_observer_attends_and_stands_in_the_record(client):
    walk = make_tender(state="submitted")
    observer = walk.office.observer
    refused("early", ceremony.observe, walk.tender, actor=observer)
    travel(walk.tender.deadline)
    refused("opener", ceremony.observe, walk.tender, actor=walk.office.legal)
    with pytest.raises(PermissionDenied):
        ceremony.observe(walk.tender, actor=walk.providers[0].user)
    client.force_login(observer)
    page = client.get(reverse("opening", args=[walk.tender.pk])).content.decode()
    assert 'name="passphrase"' not in page and "我到场观察" in page
    assert client.post(reverse("opening_observe", args=[walk.tender.pk])).status_code == 302
    ceremony.observe(walk.tender, actor=observer)  # twice is once
    row = open_tender(walk.tender, walk.office)
    assert [one["name"] for one in row.opening_record["observers"]] == [observer.name]
    assert observer.name in client.get(reverse("opening_record", args=[walk.tender.pk])).content.decode()


def test_the_page_counts_by_the_servers_clock_before_and_says_the_steps(client):
    walk = make_tender(state="submitted")
    client.force_login(walk.office.leader)
    travel(walk.tender.deadline - datetime.timedelta(minutes=5))
    page = client.get(reverse("opening", args=[walk.tender.pk])).content.decode()
    assert f'data-countdown="{walk.tender.opens_at.isoformat()}"' in page and 'name="passphrase"' not in page
    assert [state for _text, state in ceremony.steps(walk.tender, [], None)] == ["now", "", "", "", "", "", ""]
    travel(walk.tender.deadline)
    page = client.get(reverse("opening", args=[walk.tender.pk])).content.decode()
    assert 'name="passphrase"' in page and 'aria-current="step"' in page


@pytest.mark.rule("B10")
def test_too_few_shows_the_way_on(client):
    walk = make_tender(state="closed", prices=(1000,))
    address = reverse("opening", args=[walk.tender.pk])
    client.force_login(walk.office.handler)
    page = client.get(address).content.decode()
    assert "财政部门批准" not in page  # far below the open-tender threshold
    assert "终止公告" in page and reverse("act", args=["tender", walk.tender.pk, "fail"]) in page and "214号" in page and 'name="passphrase"' not in page
    client.force_login(walk.office.observer)
    assert reverse("act", args=["tender", walk.tender.pk, "fail"]) not in client.get(address).content.decode()


def test_a_consultation_shows_a_bidder_nothing_of_the_others(client):
    walk = make_tender(state="opened")
    own, other = walk.providers[:2]
    client.force_login(own.user)
    page = client.get(reverse("opening_record", args=[walk.tender.pk])).content.decode()
    assert own.organization.name in page and "250,000.00" in page
    assert not any(words in page for provider in (other, walk.providers[2]) for words in (provider.organization.name,)) and "240,000.00" not in page
    refused("not_public", ceremony.remark, walk.bids[0], actor=own.user, agrees=True)
    client.force_login(walk.office.handler)
    assert all(provider.organization.name in client.get(reverse("opening_record", args=[walk.tender.pk])).content.decode() for provider in walk.providers)


def test_a_tender_sings_out_names_and_prices_and_its_bidders_confirm(client):
    walk = make_tender(state="submitted")
    as_open_tender(walk)
    own, other = walk.providers[:2]
    travel(walk.tender.deadline)
    client.force_login(own.user)
    assert client.get(reverse("opening", args=[walk.tender.pk])).status_code == 200
    client.force_login(make_provider(office=walk.office, place=walk.office.street).user)
    assert client.get(reverse("opening", args=[walk.tender.pk])).status_code == 403
    open_tender(walk.tender, walk.office)
    client.force_login(own.user)
    record = reverse("opening_record", args=[walk.tender.pk])
    page = client.get(record).content.decode()
    assert other.organization.name in page and "240,000.00" in page and reverse("opening_remark", args=[walk.bids[0].public_id]) in page
    assert not any(warning["text"] in page for row in Bid.objects.all() for warning in row.warnings)
    assert client.post(reverse("opening_remark", args=[walk.bids[0].public_id]), {"agrees": "yes"}).url == record
    refused("twice", ceremony.remark, walk.bids[0], actor=own.user, agrees=True)
    refused("reason_missing", ceremony.remark, walk.bids[1], actor=other.user, agrees=False)
    with pytest.raises(PermissionDenied):
        ceremony.remark(walk.bids[1], actor=own.user, agrees=True)
    row = ceremony.remark(walk.bids[1], actor=other.user, agrees=False, text="报价大写与小写是否一致？")
    assert client.get(reverse("opening_remark", args=[walk.bids[1].public_id])).status_code == 404  # another's
    client.force_login(walk.office.handler)
    assert "报价大写与小写" in client.get(record).content.decode()
    assert client.post(reverse("opening_remark", args=[walk.bids[1].public_id]), {"text": "一致，以开标一览表为准。"}).url == record
    refused("nothing_open", ceremony.answer, row, actor=walk.office.handler, text="再答")
    assert client.get(record + "?pdf=1")["Content-Type"] == "application/pdf"


@pytest.mark.rule("B26")
def test_paper_its_envelope_with_the_register_its_scan_after_the_opening(client):
    office, lot = paper_purchase()
    provider = make_provider(office=office, place=office.street)
    client.force_login(office.handler)
    address = reverse("bid_paper", args=[lot.tender_id])
    data = {"lot": lot.pk, "organization": provider.organization.pk, "received_at": f"{clock.now().astimezone(clock.ZONE):%Y-%m-%dT%H:%M}", "witness": office.leader.pk, "price": "38000", "note": "封口完好"}
    assert client.post(address, data).status_code == 422  # the photo of the envelope is missing
    assert client.post(address, {**data, "envelope": scan("信封.png")}).status_code == 302
    row = Bid.objects.get()
    part = BidPart.objects.get(bid=row, key=bid.ENVELOPE)
    assert not part.is_draft and part.opened is None and responses.files_of(row) == []
    refused("not_opened", bid.add_scan, row, b"x", actor=office.handler)
    assert client.get(reverse("bid_scan", args=[row.public_id])).status_code == 404
    travel(lot.tender.deadline)
    opening.open_with_witness(lot.tender, actor=office.handler, witness=office.leader)
    row.refresh_from_db()
    receipt = row.receipt
    assert [str(file.kind_label) for file in responses.files_of(row)] == ["信封照片"]
    assert client.post(reverse("bid_scan", args=[row.public_id]), {"file": scan("响应文件.png")}).status_code == 302
    assert [file.name for file in responses.files_of(row)] == ["信封.png", "响应文件.png"] and row.receipt == receipt
    refused("twice", bid.add_scan, row, b"x", actor=office.handler)
    with pytest.raises(PermissionDenied):
        bid.add_scan(row, b"x", actor=office.leader)
