"""Panels: drawn and replayable, sworn, alone, complete; scores as the law counts them."""

import hashlib
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from evaluation import scoring
from evaluation.lifecycle import conclusion, drawing, panel, questions, sheets
from evaluation.lifecycle.low_prices import low_found
from evaluation.models import Expert, Panel, PanelUserPermission, Score
from kernel import clock, rules
from kernel.models import Notice
from procurement.models import Bid, EvaluationTerms
from tests.factories import projects
from tests.factories.tenders import (
    check_credit,
    draw_panel,
    form_panel,
    hours,
    make_experts,
    make_panel,
    make_tender,
    open_tender,
    quote_all,
    score_all,
    travel,
)
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db


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
def test_the_draw_can_be_repeated_by_anyone(walk):
    make_experts(6)
    office = walk.office
    sitting = panel.create_panel(walk.tender, actor=office.handler)
    refused("size", panel.form, sitting, actor=office.handler)
    refused("pool", drawing.freeze_pool, sitting, actor=office.handler, count=7)
    refused("not_frozen", drawing.draw_experts, sitting, actor=office.handler)
    sitting = drawing.freeze_pool(sitting, actor=office.handler, count=3)
    frozen = dict(sitting.draw_record)
    assert "seed" not in frozen and "secret" not in frozen and not sitting.members.exists()
    assert Notice.objects.filter(kind="pool_frozen", user=office.supervisor).get().params["digest"] == frozen["digest"][:16]
    refused("frozen", drawing.freeze_pool, sitting, actor=office.handler, count=3)
    Expert.objects.create(user=projects.make_user("后来的专家"), specialities="社会工作", employer="某大学")  # comes too late for this draw
    sitting = drawing.draw_experts(sitting, actor=office.handler, word="三十六")
    record = sitting.draw_record
    assert record["pool"] == frozen["pool"] and record["commitment"] == frozen["commitment"] == sha(record["secret"])
    seed = sha(f"{record['secret']}|三十六|{record['digest']}")
    order = sorted(record["pool"], key=lambda number: sha(f"{seed}:{number}"))
    assert record["seed"] == seed and record["drawn"] == order[:3] and record["reserves"] == order[3:5]
    assert all(stored == again for _what, stored, again in drawing.repeat_draw(record))
    forged = {**record, "drawn": [record["pool"][0]] * 3}
    assert [what for what, stored, again in drawing.repeat_draw(forged) if stored != again] == ["drawn"]
    assert PanelUserPermission.objects.filter(content_object=sitting).count() == 3
    panel.name_member(sitting, office.leader, actor=office.handler)
    refused("size", panel.form, sitting, actor=office.handler)  # four is even
    panel.name_member(sitting, office.section, actor=office.handler)
    found = refused("experts", panel.form, sitting, actor=office.handler)  # three of five
    assert "214号" in str(found)


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.rule("H02", mutate="years_before")
def test_ties_to_a_bidder_keep_an_expert_out(walk):
    experts = make_experts(8)
    one, two, three = (provider.organization for provider in walk.providers)
    experts[0].earlier_employers = f"2024年—2025年 {one.name}"
    experts[1].ties = f"配偶任职于{two.name}"
    experts[2].employer = walk.tender.purchaser.name
    for row in experts[:3]:
        row.save()
    today = clock.today()
    from providers.models import OrganizationMember

    OrganizationMember.objects.create(organization=three, user=experts[3].user, role="staff")
    left = {number: today.replace(year=today.year - years, day=1) + clock.datetime.timedelta(days=days) for number, years, days in ((4, 3, 31), (5, 3, -40), (6, 4, 0))}
    for number, day in left.items():
        OrganizationMember.objects.create(organization=three, user=experts[number].user, role="staff", starts_on=day.replace(year=day.year - 1), ends_on=day)
    sitting = panel.create_panel(walk.tender, actor=walk.office.handler)
    refused("pool", drawing.freeze_pool, sitting, actor=walk.office.handler, count=4)
    sitting = drawing.freeze_pool(sitting, actor=walk.office.handler, count=3)
    assert {row["expert"] for row in sitting.draw_record["left_out"]} == {row.pk for row in experts[:5]}


@pytest.mark.rule("H02")
def test_drawn_before_the_opening_and_matched_again_after_it():
    walk = make_tender(state="submitted")
    sitting = form_panel(walk.tender, walk.office)
    member = sitting.sitting().last()
    Expert.objects.filter(user=member.user).update(earlier_employers=walk.providers[0].organization.name)
    travel(walk.tender.deadline + clock.datetime.timedelta(minutes=5))
    refused("sealed", panel.start, sitting, actor=walk.office.handler)
    open_tender(walk.tender, walk.office)
    refused("credit_unchecked", panel.start, Panel.objects.get(pk=sitting.pk), actor=walk.office.handler)
    check_credit(walk.tender, walk.office)
    found = refused("conflict", panel.start, Panel.objects.get(pk=sitting.pk), actor=walk.office.handler)
    assert "成员3" in str(found) and str(member.user) not in str(found)  # names are secret, also from the handler


@pytest.mark.rule("C14")
def test_experts_are_chosen_only_for_a_complex_purchase_with_the_superior_units_document():
    walk = make_tender(state="published")
    chosen = make_experts(1)[0]
    sitting = panel.create_panel(walk.tender, actor=walk.office.handler)
    given = {"actor": walk.office.handler, "document": "民函〔2026〕3号", "reason": "需要失智照护专家"}
    refused("not_complex", drawing.choose_expert, sitting, chosen, file=projects.scan(), **given)
    EvaluationTerms.objects.create(tender=walk.tender, complex=True)
    refused("document", drawing.choose_expert, sitting, chosen, **given)
    member = drawing.choose_expert(sitting, chosen, file=projects.scan(), **given)
    assert member.is_expert and "民函" in member.chosen


def test_a_declared_conflict_brings_the_reserve(walk):
    sitting = panel.form(draw_panel(walk.tender, walk.office), actor=walk.office.handler)
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
    refused("range", sheets.score, sitting, actor=one.user, points={(bids[0].pk, subjective.pk): Decimal("60.01")})
    refused("strange", sheets.score, sitting, actor=one.user, points={(999999, subjective.pk): Decimal(1)})
    full = {(bid.pk, item.pk): Decimal(10 if item is subjective else 5) for bid in bids for item in items}
    sheets.score(sitting, actor=one.user, points={**full, (bids[0].pk, subjective.pk): None})
    refused("incomplete", sheets.submit_scores, sitting, actor=one.user)  # missing is not zero
    sheets.score(sitting, actor=one.user, points={(bids[0].pk, subjective.pk): Decimal(0)})
    refused("note", sheets.submit_scores, sitting, actor=one.user)  # nought lies in the outermost tenth
    sheets.score(sitting, actor=one.user, remarks={(bids[0].pk, subjective.pk): "方案缺失"})
    sheets.submit_scores(sitting, actor=one.user)
    refused("handed_in", sheets.score, sitting, actor=one.user, points=full)
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
    refused("undeclared", sheets.score, sitting, actor=reserve.user, points={})
    panel.declare(sitting, actor=reserve.user)
    given = {(bid.pk, item.pk): Decimal(28) + number for number, bid in enumerate(panel.valid_bids(sitting)) for item in panel.judged_items(sitting)}
    for (bid_id, item_id), value in list(given.items()):  # the objective item must agree with the others'
        other = Score.objects.get(member=sitting.sitting().first(), bid_id=bid_id, item_id=item_id)
        given[bid_id, item_id] = other.points if other.item.kind == "objective" else value
    sheets.score(sitting, actor=reserve.user, points=given)
    sheets.submit_scores(sitting, actor=reserve.user)
    result = conclusion.conclude(sitting, actor=walk.office.handler, report="更换成员后评审").result
    members = set(result["lots"][0]["lines"][0]["members"])
    assert str(leaver.pk) not in members and str(reserve.pk) in members


@pytest.mark.rule("C08", mutate="explain")
def test_a_low_price_is_explained_and_judged_before_the_end():
    walk = make_tender(state="scoring", prices=(134999, 250000, 260000), start=clock.now())
    row, sitting, bidder = Bid.objects.get(price=134999), walk.panel, walk.providers[0].user
    assert set(sitting.low_prices) == {str(row.pk)}  # 45 percent of the ceiling of 300,000
    score_all(sitting)
    leader, handler = sitting.sitting().get(is_leader=True).user, walk.office.handler
    refused("low_price", conclusion.conclude, sitting, actor=handler)
    for person in (bidder, handler):
        with pytest.raises(PermissionDenied):
            conclusion.explain_low(sitting, row, actor=person, accepted=True, note="合理")
    refused("not_asked", conclusion.explain_low, sitting, row, actor=leader, accepted=False, note="无")
    ask = {"actor": leader, "kind": "low_price", "text": "请说明报价的成本构成。"}
    minutes = clock.datetime.timedelta
    refused("short", questions.ask, sitting, row, until=clock.now() + minutes(minutes=29), **ask)
    asked = questions.ask(sitting, row, until=clock.now() + minutes(minutes=30), **ask)
    assert Notice.objects.filter(kind="bid_asked", user=bidder).exists()
    refused("open", questions.ask, sitting, row, until=clock.now() + minutes(minutes=40), **ask)
    refused("explaining", conclusion.explain_low, sitting, row, actor=leader, accepted=False, note="等不及")
    with pytest.raises(PermissionDenied):
        questions.answer_question(asked, actor=walk.providers[1].user, answer="我来")
    refused("answer", questions.answer_question, asked, actor=bidder, answer=" ")
    questions.answer_question(asked, actor=bidder, answer="自有场地，志愿者参与。", attachments=[projects.scan()])
    refused("answered", questions.answer_question, asked, actor=bidder, answer="再补充")
    refused("reason_missing", conclusion.explain_low, sitting, row, actor=leader, accepted=False, note=" ")
    conclusion.explain_low(sitting, row, actor=leader, accepted=False, note="未能说明成本构成")
    conclusion.conclude(sitting, actor=handler, report="审查异常低价")
    row.refresh_from_db()
    assert row.status == "invalid" and row.rank is None and "异常低" in row.invalid_reason
    assert sorted(Bid.objects.exclude(rank=None).values_list("rank", "status")) == [(1, "opened"), (2, "opened")]


@pytest.mark.rule("C08")
def test_who_lets_the_window_pass_is_judged_without_an_answer():
    walk = make_tender(state="scoring", prices=(100000, 250000, 260000))
    row, leader = Bid.objects.get(price=100000), walk.panel.sitting().get(is_leader=True).user
    asked = questions.ask(walk.panel, row, actor=leader, kind="low_price", text="请说明。", until=clock.now() + clock.datetime.timedelta(minutes=30))
    travel(asked.until)
    refused("late", questions.answer_question, asked, actor=walk.providers[0].user, answer="迟到的说明")
    conclusion.explain_low(walk.panel, row, actor=leader, accepted=True, note="虽未说明，类似项目成本可以印证")
    score_all(walk.panel)
    assert conclusion.conclude(walk.panel, actor=leader, report="接受").status == "concluded"


@pytest.mark.rule("C08")
def test_a_member_may_find_a_price_too_low_and_a_new_quote_is_judged_anew(walk):
    sitting = make_panel(walk.tender, walk.office, quoted=False)
    row, (one, two, _three) = walk.bids[0], sitting.sitting()
    assert sitting.low_prices == {}
    refused("reason_missing", conclusion.raise_low, sitting, row, actor=two.user, note=" ")
    sitting = conclusion.raise_low(sitting, row, actor=two.user, note="社工工资低于当地最低标准")
    assert sitting.low_prices[str(row.pk)]["reasons"] == ["expert"]
    asked = questions.ask(sitting, row, actor=one.user, kind="low_price", text="请说明。", until=clock.now() + clock.datetime.timedelta(minutes=30))
    questions.answer_question(asked, actor=walk.providers[0].user, answer="另有志愿者。")
    conclusion.explain_low(sitting, row, actor=one.user, accepted=True, note="可以接受")
    quote_all(walk.tender, walk.office, prices={row.pk: Decimal(100000)})
    score_all(sitting)
    refused("low_price", conclusion.conclude, sitting, actor=one.user)  # judged at 250,000, not at 100,000
    found = low_found(Panel.objects.get(pk=sitting.pk))[str(row.pk)]
    assert found["accepted"] is None and found["history"][0]["accepted"] is True and set(found["reasons"]) == {"second", "ceiling", "expert"}  # exactly half the mean is not low


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
    data = {f"i{item.pk}": "7" for item in items}
    one = reverse("score_bid", args=[sitting.pk, bids[0].pk])
    answer = client.post(one, {**data, f"i{items[0].pk}": "61"})
    assert answer.status_code == 422 and 'value="61"' in answer.content.decode()
    kept = client.post(reverse("score_keep", args=[sitting.pk, bids[0].pk]), {**data, f"i{items[0].pk}": "61"}).content.decode()
    assert items[0].name in kept and list(member.scores.values_list("item", "points")) == [(items[1].pk, Decimal(7))]
    for bid in bids:
        assert client.post(reverse("score_bid", args=[sitting.pk, bid.pk]), data).status_code == 302
    client.post(one, {**data, f"i{items[0].pk}": ""})
    client.post(sheet)
    member.refresh_from_db()
    assert member.submitted_at is None  # one is missing
    client.post(one, data)
    client.post(sheet)
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
