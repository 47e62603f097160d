"""The qualification check: nobody is judged and no scoring starts before the credit records are queried (H06)."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kernel import clock, files
from kernel.models import TrailRow
from procurement import methods
from procurement.lifecycle import bid as bids
from procurement.lifecycle import qualification
from procurement.models import Bid, CreditCheck, QualificationVerdict, Tender
from tests.factories.projects import scan
from tests.factories.tenders import check_credit, make_tender
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
GOOD = {"channel": "credit_china", "result": "clean"}


@pytest.fixture
def walk():
    return make_tender(state="opened", checked=False)


def check(walk, bid, **fields):
    return qualification.record_check(bid, actor=fields.pop("actor", walk.office.handler), **{**GOOD, "checked_at": clock.now(), "file": scan("截图.png"), **fields})


@pytest.mark.rule("H06", mutate="channels")
def test_both_sites_of_the_rule_are_wanted(walk):
    assert qualification.required_channels(walk.tender) == ["credit_china", "ccgp"]
    refusal = qualification.objection_unchecked(walk.tender)
    assert refusal.code == "credit_unchecked" and "第20条" in refusal.article
    first, *rest = Bid.objects.filter(lot=walk.lot)
    check(walk, first)
    assert qualification.missing_channels(first) == ["ccgp"]
    found = refused("credit_unchecked", qualification.record_verdict, first, actor=walk.office.handler, passed=True)
    assert "中国政府采购网" in str(found)
    refused("credit_unchecked", bids.invalidate, first, actor=walk.office.handler, reason="不合格")
    check(walk, first, channel="ccgp")
    assert qualification.record_verdict(first, actor=walk.office.handler, passed=True).passed
    assert [bid.pk for bid in qualification.unchecked(walk.tender)] == [bid.pk for bid in sorted(rest, key=lambda bid: bid.submitted_at)]
    check_credit(walk.tender, walk.office)
    assert qualification.objection_unchecked(walk.tender) is None  # a consultation's panel judges the qualification itself


def test_in_a_tender_the_purchaser_judges_everybody_first(walk):
    Tender.objects.filter(pk=walk.tender.pk).update(method="open_tender", frozen={**walk.tender.frozen, "method": methods.freeze("open_tender")})
    tender = Tender.objects.get(pk=walk.tender.pk)
    check_credit(tender, walk.office)
    assert qualification.objection_unchecked(tender).code == "unjudged"
    for bid in Bid.objects.filter(lot=walk.lot):
        with pytest.raises(PermissionDenied):
            qualification.record_verdict(bid, actor=walk.office.leader, passed=True, by_panel=True)
        qualification.record_verdict(bid, actor=walk.office.handler, passed=True, items=[{"name": "独立承担民事责任", "passed": True}])
    assert qualification.objection_unchecked(tender) is None


def test_what_fails_is_told_to_its_bidder_alone(walk):
    check_credit(walk.tender, walk.office)
    bid = walk.bids[0]
    refused("reason_missing", qualification.record_verdict, bid, actor=walk.office.handler, passed=False)
    refused("items", qualification.record_verdict, bid, actor=walk.office.handler, passed=True, items=[{"name": "纳税证明", "passed": False}])
    row = qualification.record_verdict(bid, actor=walk.office.handler, passed=False, reason="未提供纳税证明", items=[{"name": "纳税证明", "passed": False, "remark": "缺"}])
    bid.refresh_from_db()
    assert (bid.status, bid.invalid_reason, qualification.qualified(bid), row.items[0]["passed"]) == ("invalid", "未提供纳税证明", False, False)
    assert qualification.qualified(walk.bids[1]) is None
    refused("not_opened", qualification.record_verdict, bid, actor=walk.office.handler, passed=True)
    refused("not_opened", check, walk, bid)


def test_the_panel_judges_in_a_consultation(walk):
    check_credit(walk.tender, walk.office)
    row = qualification.record_verdict(walk.bids[0], actor=walk.office.leader, passed=False, reason="资格不符", by_panel=True)
    assert row.by_panel and Bid.objects.get(pk=walk.bids[0].pk).status == "invalid"


def test_a_barred_bidder_never_passes(walk):
    bid = walk.bids[0]
    refused("detail_missing", check, walk, bid, result="barred")
    check(walk, bid, result="barred", detail="列入政府采购严重违法失信行为记录名单")
    check(walk, bid, channel="ccgp")
    found = refused("barred", qualification.record_verdict, bid, actor=walk.office.handler, passed=True)
    assert "125号" in str(found)


@pytest.mark.parametrize("fields, code", [({"checked_at": 1}, "future"), ({"checked_at": -60}, "too_old"), ({"channel": "elsewhere"}, "unknown"), ({"result": "maybe"}, "unknown")])
def test_what_is_no_query(walk, fields, code):
    if "checked_at" in fields:
        fields = {"checked_at": clock.now() + datetime.timedelta(days=fields["checked_at"])}
    refused(code, check, walk, walk.bids[0], **fields)
    assert not CreditCheck.objects.exists()


def test_the_queries_of_one_bidder_are_recorded_whole_or_not_at_all(walk, client):
    """The second of two queries is refused: the first is not left behind."""
    client.force_login(walk.office.handler)
    address, now = reverse("credit_check", args=[walk.bids[0].public_id]), clock.now().astimezone(clock.ZONE)
    late = now - datetime.timedelta(days=60)
    data = {"credit-TOTAL_FORMS": "2", "credit-INITIAL_FORMS": "2"}
    for number, (channel, at) in enumerate((("credit_china", now), ("ccgp", late))):
        data |= {f"credit-{number}-channel": channel, f"credit-{number}-checked_at": f"{at:%Y-%m-%dT%H:%M}", f"credit-{number}-result": "clean", f"credit-{number}-file": scan("截图.png")}
    answer = client.post(address, data)
    assert answer.status_code == 422 and not CreditCheck.objects.exists()
    data |= {"credit-1-checked_at": data["credit-0-checked_at"], "credit-0-file": scan("截图.png"), "credit-1-file": scan("截图.png")}
    assert client.post(address, data).status_code == 302 and CreditCheck.objects.count() == 2


def test_only_the_handler_records_and_the_trail_says_it(walk):
    for person in (walk.office.leader, walk.providers[0].user):
        with pytest.raises(PermissionDenied):
            check(walk, walk.bids[0], actor=person)
        with pytest.raises(PermissionDenied):
            qualification.record_verdict(walk.bids[0], actor=person, passed=True)
    row = check(walk, walk.bids[0])
    assert row.file.original_name == "截图.png" and files.of(walk.bids[0], role="credit") == [row.file]
    assert TrailRow.objects.filter(verb="credit_check", actor=walk.office.handler).count() == 1


def test_nothing_is_recorded_before_the_opening_or_wanted_below_the_limit():
    walk = make_tender(state="closed")
    refused("not_opened", check, walk, walk.bids[0])
    walk.tender.method = "self_run"
    assert qualification.objection_unchecked(walk.tender) is None
    assert not QualificationVerdict.objects.exists() and reverse("tender_list")
