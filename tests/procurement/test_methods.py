"""Methods as data: what each asks of a publication, of numbers and days; what is frozen stays."""

import datetime
from decimal import Decimal

import pytest

from kernel import clock, holidays, rules
from kernel.rulebook import BadRule, NoRule
from procurement import methods, timetable
from procurement.lifecycle import opening, quotes, tender
from procurement.models import Tender
from tests.factories import projects
from tests.factories.tenders import ITEMS, make_draft, make_tender
from tests.procurement.refusals import refusal

MONDAY = datetime.datetime(2026, 3, 2, 9, tzinfo=clock.ZONE)
CASES = {"open_tender": "", "consultation": "services", "negotiation": "complex", "invited_tender": "limited"}


@pytest.fixture
def office(db):
    clock.set_to(MONDAY)
    holidays.seed()
    return projects.make_office()


def draft(office, method, **fields):
    items = () if method == "negotiation" else ITEMS
    return make_draft(office, method=method, items=items, method_case=CASES[method], **fields)


def test_every_method_reads_and_names_only_figures_that_exist():
    found = {method.code: method for method in methods.known()}
    assert set(found) == {code for code, _label in Tender.METHODS}
    assert all(method.words.keys() == {"response", "bidder", "opening", "award", "documents"} for method in found.values())
    row = methods.freeze("open_tender")
    assert methods.read_method(row) == found["open_tender"]
    with pytest.raises(BadRule, match="B03.nothing"):
        methods.read_method({**row, "figures": {"bid_time": "B03.nothing"}})
    with pytest.raises(BadRule, match="entry"):
        methods.read_method({**row, "entry": "lottery"})
    with pytest.raises(NoRule):
        methods.get("open_tender", datetime.date(2016, 1, 1))


@pytest.mark.rule("B01", "B02", "B03", "B09", "B13", "B14")
@pytest.mark.parametrize(
    "method, deadline, documents, notice",
    [
        ("open_tender", (2026, 3, 23), (2026, 3, 9), (2026, 3, 9)),  # twenty days end on Sunday 22 March
        ("consultation", (2026, 3, 12), (2026, 3, 9), (2026, 3, 5)),
        ("negotiation", (2026, 3, 5), (2026, 3, 2), (2026, 3, 5)),
    ],
)
def test_each_method_has_its_own_days(office, method, deadline, documents, notice):
    row = tender.publish(draft(office, method), actor=office.handler)
    assert row.deadline.astimezone(clock.ZONE).date() == datetime.date(*deadline)
    assert row.documents_until == datetime.date(*documents) and row.notice_until == datetime.date(*notice)


@pytest.mark.rule("B04", "B09", "B14")
@pytest.mark.parametrize("method, left", [("open_tender", (2026, 4, 7)), ("consultation", (2026, 3, 17)), ("negotiation", (2026, 3, 16))])
def test_a_late_clarification_leaves_what_the_method_wants(office, method, left):
    row = tender.publish(draft(office, method), actor=office.handler)
    clock.set_to(row.deadline - datetime.timedelta(days=1) if method != "consultation" else row.deadline - datetime.timedelta(hours=1))
    day = clock.today()
    expected = {"open_tender": 15, "consultation": 5}
    row = tender.clarify(row, actor=office.handler, text="服务地点以附件为准。")
    moved = row.deadline.astimezone(clock.ZONE).date()
    if method in expected:
        assert moved >= day + datetime.timedelta(days=expected[method])
    assert moved == timetable.clarified_deadline(row).date


@pytest.mark.rule("B06", "B10", "B15")
@pytest.mark.parametrize("method, least", [("open_tender", 3), ("consultation", 2), ("negotiation", 3)])
def test_how_many_must_respond(office, method, least):
    walk = make_tender(office, "closed", prices=(250000, 240000), start=MONDAY, method=method, method_case=CASES[method], items=() if method == "negotiation" else ITEMS)
    assert opening.minimum_of(walk.tender) == least
    found = opening.objection_to_opening(walk.tender, office.leader)
    assert (found is None) == (least == 2)
    if found:
        assert found.code == "too_few" and found.article == methods.figure(walk.tender, "bidders_at_opening").article


@pytest.mark.rule("B15")
def test_after_a_failed_open_tender_two_may_negotiate_with_approval(office):
    row = draft(office, "negotiation")
    assert methods.least(row, "bidders_at_opening") == methods.least(row, "final_quotes") == 3
    row.follows = Tender(method="open_tender", status="failed", pk=1)
    assert methods.least(row, "bidders_at_opening") == 3
    row.approval_document = "青财采〔2026〕3号"
    assert methods.least(row, "bidders_at_opening") == methods.least(row, "final_quotes") == 2
    row.follows = Tender(method="consultation", status="failed", pk=1)
    assert methods.least(row, "bidders_at_opening") == 3


@pytest.mark.rule("C01", "C02")
@pytest.mark.parametrize("method, points, lawful", [("open_tender", 9, False), ("open_tender", 60, True), ("consultation", 60, False), ("consultation", 30, True)])
def test_the_price_has_an_upper_bound_in_a_consultation_only(office, method, points, lawful):
    items = ({**ITEMS[0], "points": Decimal(points)}, {**ITEMS[1], "points": Decimal(100 - points)})
    row = make_draft(office, method=method, items=items, method_case=CASES[method])
    if lawful:
        assert tender.publish(row, actor=office.handler).status == "published"
    else:
        found = refusal(tender.publish, row, actor=office.handler)
        assert found.code == "price_weight" and found.article == methods.figure(row, "price_min").article


@pytest.mark.rule("C06")
def test_a_method_is_ranked_only_as_it_may_be(office):
    row = draft(office, "consultation", ranking="lowest")
    found = refusal(tender.publish, row, actor=office.handler)
    assert found.code == "ranking" and found.field == "ranking"
    lowest = make_draft(office, method="open_tender", items=(), ranking="lowest")
    assert tender.publish(lowest, actor=office.handler).status == "published"
    assert methods.ranking_of(lowest) == "lowest" and methods.ranking_of(draft(office, "negotiation")) == "lowest"


def test_a_lawful_case_is_chosen_and_explained(office):
    row = make_draft(office, method="negotiation", items=())
    found = refusal(tender.publish, row, actor=office.handler)
    assert found.code == "method_reason" and "政府采购法 第30条第1项" in found.article
    row = tender.edit(row, actor=office.handler, method_case="urgent", method_reason="汛期将至。")
    assert tender.publish(row, actor=office.handler).status == "published"


@pytest.mark.rule("B18")
def test_price_inquiry_of_a_service_is_refused(office):
    found = refusal(tender.create_tender, [projects.make_project(office, "approved")], actor=office.handler, method="inquiry")
    assert found.code == "goods_only" and found.article == rules.get("B18").article and found.field == "method"
    assert not Tender.objects.exists()


def test_a_running_purchase_keeps_its_method(office, monkeypatch):
    row = tender.publish(draft(office, "open_tender"), actor=office.handler)
    later = [{**one, "figures": {**one["figures"], "bid_time": "B09.bid_time"}, "reveals": []} if one["code"] == "open_tender" else one for one in methods._rows()]
    monkeypatch.setattr(methods, "_rows", lambda: tuple(later))
    methods.known.cache_clear()
    try:
        assert methods.get("open_tender").reveals == () and methods.of(row).reveals == ("names", "prices")
        assert methods.figure(Tender.objects.get(pk=row.pk), "bid_time").rule.id == "B03"
    finally:
        monkeypatch.undo()
        methods.known.cache_clear()


def test_final_quotes_belong_to_talks(office):
    walk = make_tender(office, "opened", start=MONDAY, method="open_tender")
    found = refusal(quotes.call_quotes, walk.tender, actor=office.handler, until=clock.now() + datetime.timedelta(hours=1))
    assert found.code == "no_quotes"


def test_a_case_of_another_method_is_refused_beside_its_field(office):
    row = draft(office, "open_tender")
    found = refusal(tender.edit, row, actor=office.handler, method_case="sole")
    assert found.code == "case" and found.field == "method_case"
    found = refusal(tender.create_tender, [projects.make_project(office, "approved")], actor=office.handler, method="negotiation", method_case="services")
    assert found.code == "case"


def test_a_negotiation_keeps_no_scoring_items(office):
    row = tender.create_tender([projects.make_project(office, "approved")], actor=office.handler, method="negotiation", score_items=ITEMS)
    assert not row.score_items.exists()


def test_the_form_of_a_purchase_offers_points_only_where_points_rank(office, client):
    assert methods.unscored() == ["framework", "negotiation", "single_source"]
    client.force_login(office.handler)
    page = client.get("/tenders/new/").content.decode()
    assert 'data-unless="method" data-values="framework negotiation single_source"' in page and 'data-groups-by="method"' in page
