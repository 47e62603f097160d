"""The structured parts of a response: lines add up to the price to the fen, drafts keep what was typed, what is sealed is clean."""

import json
from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.money import yuan
from procurement import bid_content as content
from procurement import finishing, responses
from procurement.lifecycle import award, bid, contract_draft
from procurement.models import BidPart, Tender
from tests.factories.bids import LETTER, TEAM, lines_of, posted, save_structured, structured
from tests.factories.projects import make_office, make_project
from tests.factories.providers import make_provider
from tests.factories.tenders import make_draft, make_tender
from tests.procurement.refusals import refused

money = st.decimals(min_value="0.01", max_value="99999.99", places=2)
LINES = st.lists(st.tuples(money, money), min_size=1, max_size=30)
KNOWN = {"may_be_small": True, "consortium": True, "subcontract": True, "least_days": 90}


def typed(rows):
    return [{"id": "", "kind": "people", "activity": "", "name": f"明细{number}", "unit": "次", "quantity": str(quantity), "price": str(price), "note": ""} for number, (quantity, price) in enumerate(rows)]


@given(LINES)
@settings(max_examples=60, deadline=None)
def test_the_sum_of_the_lines_is_exact_to_the_fen(rows):
    found, total = content.finish_lines(typed(rows), set())
    fen = sum(int((quantity * price * 100).quantize(Decimal(1), rounding="ROUND_HALF_UP")) for quantity, price in rows)
    assert total == content.total_of(found) == Decimal(fen) / 100
    again = content.load("lines", content.dump("lines", found))
    assert content.total_of(again) == total and all(yuan(Decimal(row["quantity"]) * Decimal(row["price"])) == Decimal(row["amount"]) for row in again)


@given(st.lists(st.text(max_size=12), min_size=8, max_size=8))
@settings(max_examples=60, deadline=None)
def test_whatever_was_typed_is_kept_or_named(cells):
    row = dict(zip(("id", "kind", "activity", "name", "unit", "quantity", "price", "note"), cells, strict=True))
    kept = content.load("lines", content.kept("lines", content.dump("lines", [row])))[0]
    assert all(kept.get(name, "") == value for name, value in row.items())
    try:
        content.finish_lines([row], {1})
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize("raw", [b"", b"[]", b'{"v":2,"part":"lines","content":[]}', b'{"v":1,"part":"team","content":[]}', b'{"v":1,"part":"lines","content":{}}', b'{"v":1,"part":"lines","content":[{"evil":"x"}]}', b'{"v":1,"part":"lines","content":[{"name":1}]}'])
def test_what_is_no_part_is_refused(raw):
    with pytest.raises(content.BadPart):
        content.kept("lines", raw)


def test_rows_without_quantity_and_price_are_left_out_and_half_ones_named():
    rows = typed([(Decimal(2), Decimal("10"))])
    offered = {**rows[0], "quantity": "", "price": ""}
    assert content.finish_lines([*rows, offered], set())[1] == 20
    with pytest.raises(ValueError, match="1"):
        content.finish_lines([*rows, {**offered, "quantity": "2"}], set())


@pytest.mark.parametrize("given_, known, field", [
    ({"sme": "small"}, {"may_be_small": False}, "sme"),
    ({"sme": "small"}, {}, "sme_staff"),
    ({"sme": "huge"}, {}, "sme"),
    ({"subcontract": "保洁"}, {"subcontract": False}, "subcontract"),
    ({"subcontract": "保洁", "subcontract_to": "某公司"}, {}, "subcontract_share"),
    ({"subcontract": "保洁", "subcontract_to": "某公司", "subcontract_share": "130"}, {}, "subcontract_share"),
    ({"consortium": "甲、乙"}, {"consortium": False}, "consortium"),
    ({"validity": "30"}, {}, "validity"),
    ({"validity": "三个月"}, {}, "validity"),
])  # fmt: skip
@pytest.mark.rule("D13")
def test_declarations_that_do_not_hold(given_, known, field):
    assert field in content.check_declarations(given_, **{**KNOWN, **known})
    with pytest.raises(ValueError):
        content.finish_declarations(given_, **{**KNOWN, **known})


def test_clean_declarations_and_rows():
    found = content.finish_declarations({**LETTER, "sme": "micro", "sme_industry": "居民服务业", "sme_staff": "9", "sme_revenue": "1,200.5", "sme_assets": "30"}, **KNOWN)
    assert (found["letter"], found["validity"], found["sme_staff"], found["sme_revenue"]) == (True, 90, 9, "1200.5")
    people = content.finish_rows("team", [*TEAM, dict.fromkeys(content.TEAM, "")])
    assert [row["key"] for row in people] == [True, False] and people[0]["years"] == 8
    with pytest.raises(ValueError):
        content.finish_rows("plan", [{"order": "1", "title": "走访", "when": "每月", "sessions": "x", "headcount": "3", "by_whom": "叶青"}])
    assert content.finish_rows("plan", [{"order": "1", "title": "只有名称"}]) == []


# -- with a purchase ---------------------------------------------------------------------------------


@pytest.fixture
def walk(db):
    return make_tender(state="published")


def begin(walk, price="250000", **kwargs):
    provider = make_provider(office=walk.office, place=walk.office.street, **kwargs)
    row = bid.start_bid(provider.organization, walk.lot, actor=provider.user)
    for key, text in (("qualification", "证书"), ("technical", "方案"), ("price", price)):
        bid.save_part(row, key, text.encode(), actor=provider.user)
    return provider, row


def states(row):
    return {item.key: item.state for item in finishing.checklist(row, responses.plain_of(row))}


def test_the_checklist_says_what_is_missing_and_the_submission_says_the_same(walk):
    provider, row = begin(walk)
    assert states(row) == {"qualification": "done", "technical": "done", "price": "done", "lines": "missing", "plan": "optional", "team": "optional", "stages": "optional", "declare": "missing", "files": "optional"}
    found = refused("incomplete", bid.submit, row, actor=provider.user)
    assert "报价明细" in str(found) and "声明" in str(found)
    parts = structured(walk.lot, 250000)
    for key, raw in parts.items():
        bid.save_part(row, key, raw, actor=provider.user)
    assert set(states(row).values()) == {"done", "optional"}
    assert bid.submit(row, actor=provider.user).status == "submitted"


def test_lines_that_do_not_add_up_to_the_price_are_refused_beside_the_article(walk):
    provider, row = begin(walk, "249999.99")
    save_structured(row, 250000, actor=provider.user)
    found = refused("wrong_part", bid.submit, row, actor=provider.user)
    assert "249,999.99" in str(found) and "第59条" in str(found)
    bid.save_part(row, "price", b"250000", actor=provider.user)
    assert bid.submit(row, actor=provider.user).receipt


def test_a_social_organization_declares_no_size(walk):
    provider, row = begin(walk)
    save_structured(row, 250000, actor=provider.user, sme="micro")
    assert states(row)["declare"] == "wrong"
    company, other = begin(walk, kind="company")
    save_structured(other, 250000, actor=company.user, sme="micro", sme_industry="居民服务业", sme_staff="8", sme_revenue="90", sme_assets="20")
    assert states(other)["declare"] == "done"


def test_what_opens_is_what_was_typed_and_the_contract_begins_with_it(db):
    walk = make_tender(state="evaluated")
    row = walk.bids[1]
    opened = responses.content_of(row)
    expected = lines_of(walk.lot, row.price)
    assert [(line["name"], line["price"]) for line in opened["lines"]] == [(line["name"], line["price"]) for line in expected]
    assert content.total_of(opened["lines"]) == row.price == 240000
    assert responses.declared(row).letter and responses.declared(row).size == ""
    award.decide_award(walk.lot, actor=walk.office.leader)
    award.publish_result(walk.tender, actor=walk.office.handler)
    walk.lot.refresh_from_db()
    contract = contract_draft.draft_contract(walk.lot, actor=walk.office.handler)
    assert [(person.name, person.duty) for person in contract.key_people.all()] == [("叶青", "项目负责人")]


def test_a_self_run_purchase_stays_light(db):
    office = make_office()
    row = make_draft(office, [make_project(office, "approved", 40000)], method="self_run")
    assert not finishing.is_full(row) and finishing.is_full(Tender(method="consultation"))


def test_it_saves_itself_and_keeps_wrong_cells(walk, client):
    provider = make_provider(office=walk.office, place=walk.office.street)
    client.force_login(provider.user)
    client.post(reverse("bid_start", args=[walk.lot.pk]))
    row = bid.Bid.objects.get()
    page = client.get(reverse("bid_edit", args=[row.public_id])).content.decode()
    assert all(line.name in page for line in walk.lot.project.lines.all())  # the project's names are offered
    data = {**posted(walk.lot, 240000), "technical": "方案"}
    data["line_price"][0] = "很多"
    answer = client.post(reverse("bid_autosave", args=[row.public_id]), data)
    assert answer.status_code == 200 and "需核对" in answer.json()["checklist"] and "金额" not in answer.json()
    answer = client.post(reverse("bid_autosave", args=[row.public_id]), {**data, "price": "9999999", "technical": "更好的方案"})
    assert answer.status_code == 422 and "300,000" in answer.json()["refusal"].replace("300000", "300,000")
    assert responses.draft_texts(row) == {"technical": "更好的方案"}  # the price alone is not kept
    page = client.get(reverse("bid_edit", args=[row.public_id])).content.decode()
    assert "很多" in page and "dd-cell-error" in page
    answer = client.post(reverse("bid_edit", args=[row.public_id]), {**data, "review": "1"})
    assert answer.status_code == 422 and "很多" in answer.content.decode()
    answer = client.post(reverse("bid_edit", args=[row.public_id]), {**posted(walk.lot, 240000), "technical": "方案", "qualification": "证", "review": "1"})
    assert answer.status_code == 302
    assert responses.draft_texts(row)["price"] == "240000.00"  # an empty price takes the sum
    assert client.post(reverse("bid_submit", args=[row.public_id])).url == reverse("bid_receipt", args=[row.public_id])
    assert client.post(reverse("bid_autosave", args=[row.public_id]), data).status_code == 422
    stranger = make_provider(office=walk.office, place=walk.office.street)
    client.force_login(stranger.user)
    assert client.post(reverse("bid_autosave", args=[row.public_id]), data).status_code == 404


def test_no_size_of_a_part_tells_a_number(walk):
    """What is sealed is padded and its stored size is that of the seal."""
    provider, row = begin(walk)
    save_structured(row, 250000, actor=provider.user)
    bid.submit(row, actor=provider.user)
    for part in BidPart.objects.filter(bid=row):
        assert part.size == len(bytes(part.sealed)) and not part.is_draft
        with pytest.raises(ValueError):
            json.loads(bytes(part.sealed))
