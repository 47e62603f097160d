"""Panels: drawn and replayable, sworn, alone, complete; scores as the law counts them."""

import random
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from evaluation import scoring
from evaluation.lifecycle import conclusion, drawing, panel, questions, sheets
from evaluation.models import Expert, Panel, PanelUserPermission, Score
from kernel import clock, rules
from kernel.models import Notice
from procurement.lifecycle import quotes
from procurement.models import Bid, Tender
from tests.factories import projects
from tests.factories.tenders import cheap_scrypt, hours, make_experts, make_panel, make_tender, score_all, travel
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    cheap_scrypt(monkeypatch)


@pytest.mark.rule("C03")
@pytest.mark.parametrize("quote, base, points, score", [("100", "100", 20, "20.00"), ("120", "100", 20, "16.67"), ("300", "100", 10, "3.33"), ("160", "100", 1, "0.63")])
def test_price_score(quote, base, points, score):
    assert scoring.price_score(Decimal(quote), Decimal(base), points) == Decimal(score)


class Named:
    def __init__(self, name):
        self.public_id = self.pk = name


@pytest.mark.rule("C05")
def test_ties_by_price_then_by_a_recorded_draw():
    def lines(*rows):
        return [scoring.Line(Named(name), Decimal(quote), Decimal(judged), Decimal(price)) for name, quote, judged, price in rows]

    order = scoring.ranked(lines(("a", 120, 70, 16), ("b", 100, 66, 20), ("c", 90, 60, 20)), "seed")
    assert [line.bid.pk for line in order] == ["b", "a", "c"] and not any(line.drawn for line in order)
    equal = [("a", 100, 60, 20), ("b", 100, 60, 20), ("c", 100, 60, 20)]
    orders = {tuple(line.bid.pk for line in scoring.ranked(lines(*equal), seed)) for seed in map(str, range(40))}
    assert len(orders) == 6
    again = [tuple(line.bid.pk for line in scoring.ranked(lines(*equal), "one")) for _times in range(2)]
    assert again[0] == again[1] and all(line.drawn for line in scoring.ranked(lines(*equal), "one"))


@pytest.mark.rule("C08")
def test_low_prices_are_strictly_below():
    rule = rules.get("C08")
    assert scoring.low_prices({"a": Decimal(50), "b": Decimal(100), "c": Decimal(150)}, 100, rule) == {}
    found = scoring.low_prices({"a": Decimal("44.99"), "b": Decimal(100), "c": Decimal(150)}, 100, rule)
    assert found == {"a": ["mean", "second", "ceiling"]}
    assert scoring.low_prices({"a": Decimal(46)}, 100, rule) == {}


@pytest.fixture
def walk():
    return make_tender(state="opened")


@pytest.mark.rule("C14", "B11")
def test_the_draw_can_be_replayed(walk):
    make_experts(6)
    sitting = panel.create_panel(walk.tender, actor=walk.office.handler)
    refused("size", panel.form, sitting, actor=walk.office.handler)
    refused("pool", panel.draw_experts, sitting, actor=walk.office.handler, count=7)
    sitting = panel.draw_experts(sitting, actor=walk.office.handler, count=3)
    record = sitting.draw_record
    pool = list(Expert.objects.filter(pk__in=record["pool"]).order_by("pk"))
    order = random.Random(record["seed"]).sample(pool, len(pool))
    assert [expert.pk for expert in order[:3]] == record["drawn"] and [expert.pk for expert in order[3:5]] == record["reserves"]
    assert PanelUserPermission.objects.filter(content_object=sitting).count() == 3
    panel.name_member(sitting, walk.office.leader, actor=walk.office.handler)
    refused("size", panel.form, sitting, actor=walk.office.handler)  # four is even
    panel.name_member(sitting, walk.office.section, actor=walk.office.handler)
    found = refused("experts", panel.form, sitting, actor=walk.office.handler)  # three of five
    assert "214号" in str(found)


@pytest.mark.rule("H02")
def test_ties_to_a_bidder_keep_an_expert_out(walk):
    experts = make_experts(4)
    experts[0].earlier_employers = f"2024年—2025年 {walk.providers[0].organization.name}"
    experts[0].save()
    from providers.models import OrganizationMember

    OrganizationMember.objects.create(organization=walk.providers[1].organization, user=experts[1].user, role="staff")
    sitting = panel.create_panel(walk.tender, actor=walk.office.handler)
    refused("pool", panel.draw_experts, sitting, actor=walk.office.handler, count=3)
    sitting = panel.draw_experts(sitting, actor=walk.office.handler, count=2)
    assert {row["expert"] for row in sitting.draw_record["left_out"]} == {experts[0].pk, experts[1].pk}


def test_a_declared_conflict_brings_the_reserve(walk):
    make_experts(5)
    sitting = panel.create_panel(walk.tender, actor=walk.office.handler)
    sitting = panel.form(panel.draw_experts(sitting, actor=walk.office.handler, count=3), actor=walk.office.handler)
    leaver = sitting.sitting().get(is_leader=True)
    refused("undeclared", panel.start, sitting, actor=walk.office.handler)
    reserve = panel.declare(sitting, actor=leaver.user, conflict="配偶在投标单位任职")
    assert reserve.is_leader is False and sitting.sitting().count() == 3 and sitting.sitting().get(is_leader=True).user == reserve.user
    assert not leaver.user.has_perm("evaluation.score_panel", sitting)
    with pytest.raises(PermissionDenied):
        panel.declare(sitting, actor=leaver.user)


@pytest.mark.rule("C04", "C12")
def test_complete_alone_and_equal_on_facts(walk):
    sitting = make_panel(walk.tender, walk.office)
    one, two, three = sitting.sitting()
    bids, items = list(panel.valid_bids(sitting)), panel.judged_items(sitting)
    subjective, objective = items
    refused("range", panel.score, sitting, actor=one.user, points={(bids[0].pk, subjective.pk): Decimal("60.01")})
    refused("strange", panel.score, sitting, actor=one.user, points={(999999, subjective.pk): Decimal(1)})
    full = {(bid.pk, item.pk): Decimal(5) for bid in bids for item in items}
    sheets.score(sitting, actor=one.user, points={**full, (bids[0].pk, subjective.pk): None})
    refused("incomplete", sheets.submit_scores, sitting, actor=one.user)  # missing is not zero
    sheets.score(sitting, actor=one.user, points={(bids[0].pk, subjective.pk): Decimal(0)})
    sheets.submit_scores(sitting, actor=one.user)
    refused("handed_in", panel.score, sitting, actor=one.user, points=full)
    for member, fact in ((two, 5), (three, 10)):
        sheets.score(sitting, actor=member.user, points={**full, (bids[1].pk, objective.pk): Decimal(fact)})
        if member is two:
            sheets.submit_scores(sitting, actor=member.user)
    refused("waiting", conclusion.conclude, sitting, actor=one.user)
    sheets.submit_scores(sitting, actor=three.user)
    found = refused("objective", conclusion.conclude, sitting, actor=one.user)
    assert str(bids[1].organization) in str(found)
    with pytest.raises(PermissionDenied):
        sheets.reopen_scores(sitting, three, actor=two.user, reason="x")
    sheets.reopen_scores(sitting, three, actor=one.user, reason="客观分不一致")
    sheets.score(sitting, actor=three.user, points={(bids[1].pk, objective.pk): Decimal(5)})
    sheets.submit_scores(sitting, actor=three.user)
    assert conclusion.conclude(sitting, actor=one.user, report="一致").status == "concluded"


@pytest.mark.rule("C03", "C04", "C05", "D01")
def test_the_result_is_computed_by_hand(walk):
    sitting = make_panel(walk.tender, walk.office)
    score_all(sitting, lambda number, item: 40 - number if item.kind == "subjective" else 10)
    sitting = conclusion.conclude(sitting, actor=walk.office.handler, report="评审报告")
    base = Decimal(240000)
    for number, bid in enumerate(panel.valid_bids(sitting)):
        assert bid.score == Decimal(50 - number) + (base / bid.price * 20).quantize(Decimal("0.01"))
    ranks = list(Bid.objects.order_by("-score", "price").values_list("rank", flat=True))
    assert ranks == [1, 2, 3]
    walk.tender.refresh_from_db()
    assert walk.tender.status == "evaluated" and walk.tender.award_due_on
    refused("wrong_state", conclusion.conclude, sitting, actor=walk.office.handler)


def test_a_leavers_scores_stay_but_are_void(walk):
    sitting = make_panel(walk.tender, walk.office)
    score_all(sitting)
    leaver = sitting.sitting().last()
    reserve = panel.replace(sitting, leaver, actor=walk.office.handler, why="突发疾病")
    assert leaver.scores.exists()
    refused("waiting", conclusion.conclude, sitting, actor=walk.office.handler)
    panel.declare(sitting, actor=reserve.user)
    given = {(bid.pk, item.pk): Decimal(10) + number for number, bid in enumerate(panel.valid_bids(sitting)) for item in panel.judged_items(sitting)}
    for (bid_id, item_id), value in list(given.items()):  # the objective item must agree with the others'
        other = Score.objects.get(member=sitting.sitting().first(), bid_id=bid_id, item_id=item_id)
        given[bid_id, item_id] = other.points if other.item.kind == "objective" else value
    sheets.score(sitting, actor=reserve.user, points=given)
    sheets.submit_scores(sitting, actor=reserve.user)
    result = conclusion.conclude(sitting, actor=walk.office.handler, report="更换成员后评审").result
    members = set(result["lots"][0]["lines"][0]["members"])
    assert str(leaver.pk) not in members and str(reserve.pk) in members


@pytest.mark.rule("C08")
def test_a_low_price_is_judged_before_the_end():
    walk = make_tender(state="scoring", prices=(100000, 250000, 260000), start=clock.now())
    row = Bid.objects.get(price=100000)
    assert set(walk.panel.low_prices) == {str(row.pk)}
    score_all(walk.panel)
    refused("low_price", conclusion.conclude, walk.panel, actor=walk.office.handler)
    with pytest.raises(PermissionDenied):
        conclusion.explain_low(walk.panel, row, actor=walk.providers[0].user, accepted=True, note="合理")
    refused("reason_missing", conclusion.explain_low, walk.panel, row, actor=walk.office.handler, accepted=False, note=" ")
    conclusion.explain_low(walk.panel, row, actor=walk.office.handler, accepted=False, note="未能说明成本构成")
    conclusion.conclude(walk.panel, actor=walk.office.handler, report="审查异常低价")
    row.refresh_from_db()
    assert row.status == "invalid" and row.rank is None and "异常低" in row.invalid_reason
    assert sorted(Bid.objects.exclude(rank=None).values_list("rank", "status")) == [(1, "opened"), (2, "opened")]


@pytest.mark.rule("B12")
def test_final_quotes_are_sealed_again(walk):
    until = clock.now() + clock.datetime.timedelta(hours=2)
    quotes.call_quotes(walk.tender, actor=walk.office.handler, until=until)
    assert Notice.objects.filter(kind="quotes_called").count() == 3
    bid = walk.bids[0]
    refused("over_ceiling", quotes.give_quote, bid, actor=walk.providers[0].user, price=Decimal(300001))
    with pytest.raises(PermissionDenied):
        quotes.give_quote(bid, actor=walk.providers[1].user, price=Decimal(1))
    quotes.give_quote(bid, actor=walk.providers[0].user, price=Decimal(230000))
    refused("early", quotes.read_quotes, walk.tender, actor=walk.office.handler)
    bid.refresh_from_db()
    assert bid.final_price is None
    travel(until)
    refused("late", quotes.give_quote, bid, actor=walk.providers[0].user, price=Decimal(220000))
    sitting = make_panel(Tender.objects.get(pk=walk.tender.pk), walk.office)
    score_all(sitting)
    refused("quotes", conclusion.conclude, sitting, actor=walk.office.handler)
    assert quotes.read_quotes(walk.tender, actor=walk.office.handler) == 1
    sitting = conclusion.conclude(sitting, actor=walk.office.handler, report="最后报价")
    line = next(line for line in sitting.result["lots"][0]["lines"] if line["bid"] == bid.pk)
    assert line["quote"] == "230000.00" and line["price"] == "20.00"


def test_who_sees_what(walk, client):
    sitting = make_panel(walk.tender, walk.office)
    member = sitting.sitting().first()
    address = reverse("panel_detail", args=[sitting.pk])
    stranger = projects.make_user()
    for person, expected in ((member.user, 200), (walk.office.handler, 200), (walk.providers[0].user, 404), (stranger, 404), (walk.office.finance, 404)):
        client.force_login(person)
        assert client.get(address).status_code == expected
    assert not Panel.objects.visible_to(stranger).exists()
    client.force_login(walk.office.handler)
    assert client.get(reverse("score_sheet", args=[sitting.pk])).status_code == 403
    client.force_login(member.user)
    bids, items = list(panel.valid_bids(sitting)), panel.judged_items(sitting)
    sheet = reverse("score_sheet", args=[sitting.pk])
    data = {f"s{bid.pk}-{item.pk}": "7" for bid in bids for item in items}
    answer = client.post(sheet, {**data, f"s{bids[0].pk}-{items[0].pk}": "61"})
    assert answer.status_code == 422 and 'value="61"' in answer.content.decode()
    assert client.post(sheet, {**data, f"s{bids[0].pk}-{items[0].pk}": "", "submit": "1"}).status_code == 422
    assert client.post(sheet, {**data, "submit": "1"}).status_code == 302
    member.refresh_from_db()
    assert member.submitted_at
    assert client.get(reverse("panel_response", args=[sitting.pk, bids[0].pk])).status_code == 200
    client.force_login(walk.providers[0].user)
    assert client.get(reverse("panel_response", args=[sitting.pk, bids[0].pk])).status_code == 404
    hours()


def test_the_report_as_a_page(client):
    walk = make_tender(state="evaluated")
    client.force_login(walk.office.leader)
    page = client.get(reverse("panel_report", args=[walk.panel.pk]) + "?html=1").content.decode()
    assert all(provider.organization.name in page for provider in walk.providers) and "评审结束，推荐候选人。" in page
