"""From the award to the contract: price lines, key people, stages and plan are the winning response's; what is other is shown, explained or refused."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse

from procurement import bid_content, departures
from procurement.lifecycle import award, contract_lines, selfrun
from procurement.lifecycle import bid as bids
from procurement.lifecycle import contract as contracts
from procurement.lifecycle import contract_draft as drafting
from procurement.models import PriceEntry
from tests.factories import projects
from tests.factories.bids import lines_of, plan_of
from tests.factories.providers import make_provider
from tests.factories.tenders import (
    conclusion,
    hours,
    make_panel,
    make_tender,
    quote_all,
    score_all,
)
from tests.procurement.refusals import refused

pytestmark = pytest.mark.django_db
STAGES = [
    {"name": "签约款", "percent": "40", "condition": "signed", "date": ""},
    {"name": "年中款", "percent": "40.5", "condition": "date", "date": "2027-06-30"},
    {"name": "尾款", "percent": "19.5", "condition": "closing", "date": ""},
]


def awarded(quotes=None, **kwargs):
    """An announced award; `quotes`: what final quotes are, as a share of each response's price."""
    walk = make_tender(state="opened", **kwargs)
    hours()
    walk.panel = make_panel(walk.tender, walk.office, quoted=quotes is None)
    if quotes is not None:
        quote_all(walk.tender, walk.office, {one.pk: (one.price * quotes).quantize(Decimal("0.01")) for one in walk.bids})
    score_all(walk.panel)
    hours()
    conclusion.conclude(walk.panel, actor=walk.panel.sitting().first().user, report="评审结束，推荐候选人。")
    hours()
    award.decide_award(walk.lot, actor=walk.office.leader)
    hours()
    walk.tender.refresh_from_db()
    award.publish_result(walk.tender, actor=walk.office.handler)
    walk.lot.refresh_from_db()
    return walk


def rows(contract):
    return departures.rows_of(contract)


def test_the_draft_holds_what_the_winner_offered():
    walk = awarded()
    contract = drafting.draft_contract(walk.lot, actor=walk.office.handler)
    offered = lines_of(walk.lot, contract.amount)
    assert [(row.name, str(row.price), row.line_id) for row in contract.lines.all()] == [(row["name"], row["price"], int(row["id"]) if row["id"] else None) for row in offered]
    assert contract_lines.sum_of(rows(contract)) == contract.amount == walk.lot.award.amount
    assert [person.name for person in contract.key_people.all()] == ["叶青"]
    assert contract.activities.count() == sum(int(row["sessions"]) for row in plan_of(walk.lot))
    assert departures.departures(contract) == []
    assert contracts.sign(contract, actor=walk.office.handler).status == "performing"


def submit_with(monkeypatch, **parts):
    """Every response of the factory also holds these parts."""
    from tests.factories import tenders

    plain = tenders.save_structured

    def saved(row, price, *, actor, **declared):
        plain(row, price, actor=actor, **declared)
        for key, content in parts.items():
            bids.save_part(row, key, bid_content.dump(key, content), actor=actor)

    monkeypatch.setattr(tenders, "save_structured", saved)


def test_stages_and_activities_of_its_own_come_along(monkeypatch):
    own = {"order": "9", "title": "邻里节", "when": "每季度", "sessions": "2", "headcount": "80", "by_whom": "叶青"}
    walk = make_tender(state="published", prices=(250000, 240001, 260000), title="有自列活动的采购")
    first = str(walk.lot.project.plan.order_by("order").first().order)
    further = [{**own, "order": number, "title": title, "sessions": "1"} for number, title in ((first, "与计划同号"), ("9", "与自列同号"), ("", "未编号"))]
    submit_with(monkeypatch, stages=STAGES, plan=[*plan_of(walk.lot), own, *further])
    walk = awarded(prices=(250000, 240001, 260000), title="有自列活动的采购")
    contract = drafting.draft_contract(walk.lot, actor=walk.office.handler)
    assert [(row.name, row.percent, row.condition, row.condition_date) for row in contract.stages.all()] == [
        ("签约款", 40, "signed", None), ("年中款", Decimal("40.5"), "date", datetime.date(2027, 6, 30)), ("尾款", Decimal("19.5"), "closing", None),
    ]  # fmt: skip
    assert contract.activities.filter(title__startswith="邻里节", plan=None, planned_headcount=80).count() == 2
    assert {row.title for row in contract.activities.filter(plan=None)} >= {"与计划同号", "与自列同号", "未编号"}
    numbers = [row.order for row in drafting.agreed_plan(contract)]
    assert len(set(numbers)) == len(numbers) and 9 in numbers
    assert departures.departures(contract) == []
    usual = [{"name": "首付款", "percent": Decimal(100), "condition": "signed"}]
    drafting.edit_contract(contract, actor=walk.office.handler, stages=usual)
    assert refused("departs_silently", contracts.sign, contract, actor=walk.office.handler).field == "departure_reason"


def test_where_nobody_priced_lines_the_contract_has_none():
    office = projects.make_office()
    row = projects.make_project(office, "approved", 40000)
    quotes = [{"organization": make_provider(office=office, place=office.street).organization, "price": Decimal(price)} for price in (38000, 39000, 40000)]
    chosen = selfrun.choose_provider(row, actor=office.handler, organization=quotes[0]["organization"], amount=Decimal(38000), reason="最低价", quotes=quotes, declared=True)
    contract = drafting.draft_contract(chosen.lot, actor=office.handler)
    assert not contract.lines.exists() and contract_lines.objection(contract) is None


def test_proposed_stages_are_sealed_only_when_they_add_up():
    assert bid_content.finish_rows("stages", STAGES)[1] == {"name": "年中款", "percent": "40.5", "condition": "date", "date": "2027-06-30"}
    assert bid_content.finish_rows("stages", [{**STAGES[0], "percent": "1,00"}])[0]["percent"] == "100"
    with pytest.raises(ValueError, match="100"):
        bid_content.finish_rows("stages", STAGES[:2])
    for cell, value in (("percent", "0"), ("percent", "101"), ("percent", "33.333"), ("condition", "soon"), ("date", "30.6."), ("date", ""), ("name", "")):
        assert cell in bid_content.check_row("stages", {**STAGES[1], cell: value}), (cell, value)


def test_a_line_settled_by_the_award_is_not_changed():
    walk = awarded()
    handler = walk.office.handler
    contract = drafting.draft_contract(walk.lot, actor=handler)
    changed = rows(contract)
    changed[0] = {**changed[0], "price": changed[0]["price"] + 5}
    assert "46" in refused("lines_sum", drafting.edit_lines, contract, actor=handler, rows=changed).article
    changed[-1] = {**changed[-1], "price": changed[-1]["price"] - 5}
    assert changed[0]["name"] in str(refused("departs", drafting.edit_lines, contract, actor=handler, rows=changed))
    refused("departs", drafting.edit_lines, contract, actor=handler, rows=[])
    worded = [{**row, "note": "含税"} for row in rows(contract)]
    assert {row.note for row in drafting.edit_lines(contract, actor=handler, rows=worded).lines.all()} == {"含税"}
    drafting.edit_contract(contract, actor=handler, departure_reason="说明")
    contract.lines.filter(order=1).update(quantity=2, price=changed[0]["price"], amount=changed[0]["price"] * 2)
    refused("lines_sum", contracts.sign, contract, actor=handler)


def test_a_final_quote_brings_the_unit_prices_in_line(client):
    walk = awarded(quotes=Decimal("0.9137"))
    handler, lot = walk.office.handler, walk.lot
    offered = departures.offered(lot)["lines"]
    contract = drafting.draft_contract(lot, actor=handler)
    assert contract.amount == lot.award.amount != bid_content.total_of(offered)
    assert contract_lines.sum_of(rows(contract)) == contract.amount
    assert all(row.price <= Decimal(offer["price"]) for row, offer in zip(contract.lines.all(), offered, strict=True))
    assert {row.level for row in departures.departures(contract)} == {"follows"}
    client.force_login(handler)
    page = client.get(reverse("contract_price_lines", args=[contract.pk])).content.decode()
    assert "没有与响应不一致之处" in page and "随最后报价调整" in page and ">不一致<" not in page
    assert contracts.sign(contract, actor=handler).status == "performing"


def test_another_amount_proposes_lines_anew_but_never_over_what_was_settled_by_hand():
    walk = awarded(quotes=Decimal("0.9137"))
    handler = walk.office.handler
    contract = drafting.draft_contract(walk.lot, actor=handler)
    lower = contract.amount - 1000
    contract = drafting.edit_contract(contract, actor=handler, amount=lower)
    assert contract_lines.sum_of(rows(contract)) == lower
    settled = [{**row, "note": "双方商定"} for row in rows(contract)]
    drafting.edit_lines(contract, actor=handler, rows=settled)
    contract = drafting.edit_contract(contract, actor=handler, amount=lower - 1000, departure_reason="另行商定")
    assert rows(contract) == settled
    refused("lines_sum", contracts.sign, contract, actor=handler)


def test_with_a_final_quote_quantities_need_a_cause():
    walk = awarded(quotes=Decimal("0.95"))
    handler = walk.office.handler
    contract = drafting.draft_contract(walk.lot, actor=handler)
    moved = rows(contract)
    moved[-1] = {**moved[-1], "quantity": Decimal(2), "price": moved[-1]["price"] / 2}
    contract.amount = contract_lines.sum_of(moved)
    drafting.edit_lines(contract, actor=handler, rows=moved)
    assert "驻点社工" in str(refused("departs_silently", contracts.sign, contract, actor=handler))
    drafting.edit_contract(contract, actor=handler, departure_reason="磋商中增加一名社工，总价不变（磋商记录第3页）。")
    assert contracts.sign(contract, actor=handler).departure_reason


def test_another_key_person_needs_a_recorded_cause():
    walk = awarded()
    handler = walk.office.handler
    contract = drafting.draft_contract(walk.lot, actor=handler, key_people=[{"name": "周敏", "duty": "项目负责人"}])
    assert [(row.what, row.name) for row in departures.to_explain(contract)] == [("person", "叶青")]
    refusal = refused("departs_silently", contracts.sign, contract, actor=handler)
    assert "叶青" in str(refusal) and "46" in refusal.article
    drafting.edit_contract(contract, actor=handler, departure_reason="叶青生育休假，周敏资格相同（函 2026-3）。")
    assert contracts.sign(contract, actor=handler).status == "performing"


def test_an_open_tender_names_its_own_article_too():
    walk = awarded()
    contract = drafting.draft_contract(walk.lot, actor=walk.office.handler)
    assert "第71条" not in departures.article_of(contract)
    contract.lot.tender.method = "open_tender"
    assert "第46条" in departures.article_of(contract) and "第87号 第71条" in departures.article_of(contract)


@pytest.mark.parametrize("total", ["0.07", "1", "99999.99", "123456.78"])
def test_proportion_adds_up_where_one_line_stands_alone(total):
    offers = [{"quantity": Decimal(3), "price": Decimal("33.33")}, {"quantity": Decimal("2.5"), "price": Decimal("10.01")}, {"quantity": Decimal(1), "price": Decimal("7.77")}]
    assert contract_lines.sum_of(contract_lines.in_proportion(offers, Decimal(total))) == Decimal(total)


def test_what_no_quantity_takes_stands_in_a_line_of_its_own():
    found = contract_lines.in_proportion([{"quantity": Decimal(6000), "price": Decimal("12")}, {"quantity": Decimal(100), "price": Decimal("28")}], Decimal("70000.37"))
    assert contract_lines.sum_of(found) == Decimal("70000.37") and [row.get("name") for row in found[2:]] == [departures.ROUNDING] and found[2]["price"] < 1


def test_the_price_library_learns_the_contract_not_the_budget():
    from procurement.lifecycle.price import keep_contract_prices

    walk = awarded()
    contract = contracts.sign(drafting.draft_contract(walk.lot, actor=walk.office.handler), actor=walk.office.handler)
    keep_contract_prices(contract, walk.office.handler)
    agreed = {row.line_id: row.price for row in contract.lines.exclude(line=None)}
    assert agreed and {row.line_id: row.price for row in PriceEntry.objects.filter(contract=contract)} == agreed


def test_the_pages_show_both_sides_and_the_editor_refuses(client):
    walk = awarded()
    contract = drafting.draft_contract(walk.lot, actor=walk.office.handler)
    client.force_login(walk.office.handler)
    page = client.get(contract.get_absolute_url()).content.decode()
    assert "与中标（成交）响应对照" in page and "没有与响应不一致之处" in page
    page = client.get(reverse("contract_price_lines", args=[contract.pk])).content.decode()
    assert "驻点社工" in page and f"{contract.amount:,.2f}" in page
    url = reverse("contract_lines_edit", args=[contract.pk])
    assert client.get(url).status_code == 200
    data = {f"line_{name}": [row[name] for row in lines_of(walk.lot, contract.amount)] for name in ("id", "kind", "activity", "name", "unit", "quantity", "price", "note")}
    assert client.post(url, data).status_code == 302
    data["line_price"][0] = "1"
    answer = client.post(url, data)
    assert answer.status_code == 422 and "合计" in answer.content.decode() and 'value="1"' in answer.content.decode()
    assert client.get(reverse("contract_pdf", args=[contract.pk])).status_code == 200
    client.force_login(contract.organization.members.first().user)
    assert client.get(url).status_code == 403 and client.get(reverse("contract_price_lines", args=[contract.pk])).status_code == 200


def test_lines_of_one_side_alone_are_shown_too(client):
    walk = awarded(quotes=Decimal("0.95"))
    contract = drafting.draft_contract(walk.lot, actor=walk.office.handler)
    contract_lines.set_lines(contract, [*rows(contract)[1:], {**rows(contract)[0], "line": None, "name": "另列一项"}])
    client.force_login(walk.office.handler)
    page = client.get(reverse("contract_price_lines", args=[contract.pk])).content.decode()
    assert "另列一项" in page and "响应文件中没有" in page and "合同中没有" in page


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_editor_adds_up_while_typing(browse):
    walk = awarded()
    contract = drafting.draft_contract(walk.lot, actor=walk.office.handler)
    page = browse(walk.office.handler)
    page.goto(reverse("contract_lines_edit", args=[contract.pk]))
    first = contract.lines.first().price
    assert page.inner_text("[data-total]") == f"{contract.amount:,.2f}" and not page.locator("[name=line_gone]").first.is_visible()
    page.locator("[name=line_price]").first.fill(str(first + 5))
    assert page.inner_text("[data-total]") == f"{contract.amount + 5:,.2f}"
    groups = page.locator("[data-group-title]").all_inner_texts()
    assert len(groups) == walk.lot.project.plan.count() + 2 and not any("计划中没有" in title for title in groups)
