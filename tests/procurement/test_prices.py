"""The price library, a budget beside it, explanations before submitting, what is frozen, what a closed contract leaves."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kernel import clock, files, trail
from kernel.lifecycle import Refusal, withdraw
from procurement.lifecycle import configuration, gates, price, price_check, project
from procurement.lifecycle import contract as contracts
from procurement.lifecycle.completeness import lacks
from procurement.models import BudgetLine, PriceAlias, PriceEntry, PriceExplanation, PriceFlag, PriceItem, PriceRule, Project
from procurement.permissions_price import district_of
from procurement.pricing import key_of
from tests.factories.contracts import make_contract
from tests.factories.prices import make_price, make_prices
from tests.factories.projects import join, make_office, make_place, make_project, make_user, scan
from tests.factories.providers import make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return make_office()


@pytest.fixture
def make_contract_paid():
    return make_contract(state="paid")


def line_of(row, name="图书"):
    return row.lines.get(name=name)


def one(row, name="图书"):
    return next(found for found in price_check.evidence(row) if found.line.name == name)


def keys(row):
    return {lack.key for lack in lacks(row)}


def test_a_price_is_entered_with_its_paper_found_by_key_and_withdrawn_with_a_reason(office):
    row = make_price(office, "2000", "展板（大）", "块", source="survey", note="")
    again = make_price(office, 2100, " 展板(大)", "块")
    assert again.item == row.item
    assert PriceAlias.objects.filter(item=row.item).count() == 1
    assert [paper.role for paper in files.of(row, office.observer)] == ["proof"]
    with pytest.raises(Refusal, match="理由|原因|why"):
        price.void(row, actor=office.section)
    price.void(row, actor=office.section, reason="看错了小数点")
    assert list(PriceEntry.objects.filter(status="in_use")) == [again]
    assert [step.verb for step in trail.rows_of(row)] == ["create", "attach", "void"]


@pytest.mark.parametrize("fields,code", [
    ({"source": "survey", "proof": None}, "proof_missing"), ({"note": " "}, "note_missing"), ({"days": -1}, "future"), ({"amount": 0}, "price"),
])  # fmt: skip
def test_a_price_without_source_or_sense_is_refused(office, fields, code):
    with pytest.raises(Refusal) as refusal:
        make_price(office, fields.pop("amount", 10), **fields)
    assert refusal.value.code == code


def test_who_enters(office):
    others = make_office("别区街道")
    for person in (office.staff, office.accountant, others.handler, others.finance, make_user()):
        with pytest.raises(Refusal, match="."):
            make_price(office, 10, actor=person)
    bureau = join(make_user(), "finance", place=office.district)
    for person in (office.handler, office.section, bureau):
        make_price(office, 10, actor=person)
    with pytest.raises(PermissionDenied):
        price.void(PriceEntry.objects.first(), actor=others.handler, reason="不对")


def test_four_thousand_stands_out_from_two_thousand_and_must_be_explained(office):
    make_prices(office, *[2000] * 13, 2200)
    row = make_project(office, "ready", 20000)  # 图书 costs a fifth: 4,000
    found = one(row)
    assert (found.line.price, found.side, found.times, found.found.median, found.found.count) == (4000, "high", Decimal("2.00"), 2000, 14)
    assert keys(row) == {"price_unexplained"}
    assert next(lack.url_name for lack in lacks(row)) == "project_prices"
    with pytest.raises(Refusal) as refusal:
        project.submit(row, actor=office.staff)
    assert refusal.value.code == "incomplete"
    assert price_check.explain(row, {found.line.pk: "含三年更新"}, actor=office.staff) == 1
    assert lacks(row) == []
    assert project.submit(row, actor=office.staff).status == "in_review"


def test_an_explanation_for_one_price_does_not_cover_another(office):
    make_prices(office, 2000, 2000, 2000)
    row = make_project(office, "ready", 20000)
    line = line_of(row)
    price_check.explain(row, {line.pk: "含三年更新"}, actor=office.staff)
    BudgetLine.objects.filter(pk=line.pk).update(price=5000)
    row.refresh_from_db()
    assert "price_unexplained" in keys(row)
    BudgetLine.objects.filter(pk=line.pk).update(price=4000)
    assert "price_unexplained" not in keys(row)


def test_who_explains_and_when(office):
    make_prices(office, 2000, 2000, 2000)
    row = make_project(office, "ready", 20000)
    line, other = line_of(row), line_of(row, "手工材料")
    for person in (office.leader, office.finance, make_user()):
        with pytest.raises(PermissionDenied):
            price_check.explain(row, {line.pk: "好"}, actor=person)
    with pytest.raises(Refusal) as refusal:
        price_check.explain(row, {other.pk: "好"}, actor=office.staff)
    assert refusal.value.code == "not_far_off"
    assert price_check.explain(row, {line.pk: "  "}, actor=office.staff) == 0
    price_check.explain(row, {line.pk: "含三年更新"}, actor=office.staff)
    assert price_check.explain(row, {line.pk: "含三年更新"}, actor=office.staff) == 0
    project.submit(row, actor=office.staff)
    with pytest.raises(Refusal) as refusal:
        price_check.explain(row, {line.pk: "改一改"}, actor=office.staff)
    assert refusal.value.code == "submitted_already"
    assert PriceExplanation.objects.get().text == "含三年更新"


def test_what_a_gate_judged_stays_when_the_library_changes(office):
    entries = make_prices(office, 2000, 2000, 2000)
    row = make_project(office, "ready", 20000)
    price_check.explain(row, {line_of(row).pk: "含三年更新"}, actor=office.staff)
    row = project.submit(row, actor=office.staff)
    price.void(entries[0], actor=office.handler, reason="不实")
    make_prices(office, 4000, 4000, 4000, 4000)
    kept = price_check.flags_of(row)
    assert [(flag.revision, flag.name, flag.times, flag.count, flag.explanation, flag.explained_by) for flag in kept] == [(1, "图书", Decimal("2.00"), 3, "含三年更新", office.staff)]
    assert sorted(kept[0].sources) == sorted(entry.pk for entry in entries)
    assert one(row).side == ""
    row = withdraw(row, actor=office.staff)
    assert price_check.flags_of(row) == []  # a draft again: the library of today
    row = project.submit(row, actor=office.staff)
    assert price_check.flags_of(row) == []
    assert PriceFlag.objects.filter(project=row).count() == 1


def test_a_resubmitted_revision_has_flags_of_its_own(office):
    make_prices(office, 2000, 2000, 2000)
    row = make_project(office, "ready", 20000)
    line = line_of(row)
    price_check.explain(row, {line.pk: "含三年更新"}, actor=office.staff)
    row = gates.send_back(project.submit(row, actor=office.staff), actor=office.section, reason="请说明。")
    price_check.explain(row, {line.pk: "含五年更新"}, actor=office.staff)
    row = project.resubmit(row, actor=office.staff, reason="已补充说明")
    assert [(flag.revision, flag.explanation) for flag in PriceFlag.objects.filter(project=row)] == [(1, "含三年更新"), (2, "含五年更新")]
    assert [flag.revision for flag in price_check.flags_of(row)] == [2]


def test_comparable_is_the_street_where_enough_are_known_else_the_district(office):
    street = make_place("street", "邻街", office.district)
    far = make_place("community", "邻社区", street)
    make_prices(office, 1000, 1000, 1000, place=far)
    row = make_project(office, "ready", 20000)
    assert (one(row).narrow, one(row).found.median) == (False, 1000)
    make_prices(office, 4000, 4000, 4000)
    assert (one(row).narrow, one(row).found.median, one(row).found.count, one(row).side) == (True, 4000, 3, "")


def test_old_withdrawn_other_unit_and_other_district_prices_do_not_count(office):
    others = make_office("别区街道")
    make_prices(office, 1, 1, 1, days=800)
    make_prices(office, 1, 1, 1, unit="本")
    make_prices(others, 1, 1, 1)
    price.void(make_price(office, 1), actor=office.handler, reason="不实")
    row = make_project(office, "ready", 20000)
    assert one(row).found is None
    make_prices(office, 2000, 2000)
    assert (one(row).found.count, one(row).side) == (2, "")  # fewer than three say nothing


def test_the_streets_own_rule_counts_once_a_second_person_confirmed_it(office, client):
    make_prices(office, 3000, 3000)
    row = make_project(office, "ready", 20000)
    assert one(row).side == ""
    old = PriceRule.in_force().get(purchaser=office.purchaser)
    client.force_login(office.section)
    answer = client.post(f"{reverse('setting_propose', args=['price_rule'])}?purchaser={office.purchaser.pk}&replaces={old.pk}", {"months_back": 12, "minimum": 2, "high": "1.30", "low": "0.40", "valid_from": clock.today()})
    assert answer.status_code == 302
    proposed = PriceRule.objects.get(confirmed_at=None)
    assert one(row).side == ""
    with pytest.raises(Refusal):
        configuration.confirm(proposed, office.section)
    configuration.confirm(proposed, office.leader)
    assert one(row).side == "high"
    assert "1.30" in client.get(reverse("configuration")).content.decode()
    for bad in ({"high": "1.00"}, {"low": "1.00"}, {"minimum": 0}):
        fields = {"months_back": 12, "minimum": 2, "high": "1.30", "low": "0.40", "valid_from": clock.today(), **bad}
        assert client.post(reverse("setting_propose", args=["price_rule"]), fields).status_code == 422


def test_a_correction_is_learned_for_later_lines(office):
    make_prices(office, 2000, 2000, 2000, name="读物", unit="套")
    row = make_project(office, "ready", 20000)
    item, district = PriceItem.objects.get(name="读物"), district_of(office.community)
    assert one(row).item is None
    alias = price.learn(district, "图书", "批", item, actor=office.handler)
    assert (alias.learned_by, trail.rows_of(item).last().verb) == (office.handler, "learn")
    assert one(row).item == item
    assert one(make_project(office, "ready", 20000)).side == "high"
    assert make_price(office, 2000).item == item  # prices under that name go to the same item
    for actor, code in ((office.staff, "role"), (make_office("别区街道").handler, "role")):
        with pytest.raises(Refusal) as refusal:
            price.learn(district, "图书", "批", item, actor=actor)
        assert refusal.value.code == code
    make_price(office, 5, "画册", "本")
    with pytest.raises(Refusal) as refusal:
        price.learn(district, "画册", "本", item, actor=office.handler)
    assert refusal.value.code == "own_item"


def thousand(row, count):
    return [BudgetLine(pk=-number, project=row, name=f"物品{number}", unit="件", quantity=1, price=10, amount=10) for number in range(1, count + 1)]


def test_one_line_costs_one_query_and_a_thousand_cost_no_more_than_ten(office, django_assert_num_queries):
    row = Project.objects.select_related("place", "purchaser").get(pk=make_project(office, "ready", 20000).pk)
    items = price.items_for(district_of(office.community), [(f"物品{number}", "件") for number in range(1, 1001)])
    PriceEntry.objects.bulk_create(
        PriceEntry(status="in_use", created_by=office.handler, district=office.district, item=item, place=office.community, price=10, priced_on=clock.today(), source="standard")
        for item in items.values() for _number in range(3)
    )
    with django_assert_num_queries(1):
        assert price.known_items(office.district.pk, [key_of("物品7", "件")])
    counts = {}
    for size in (10, 1000):
        with CaptureQueriesContext(connection) as captured:
            found = price_check.evidence(row, thousand(row, size))
        assert all(one.found.count == 3 for one in found)
        counts[size] = len(captured)
    assert counts[10] == counts[1000] == 3  # the rule, the keys, the prices


def plan_of(queryset):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        sql, parameters = queryset.query.sql_with_params()
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + sql, parameters)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def test_keys_and_prices_are_answered_from_their_indexes(office):
    make_prices(office, 10, 20)
    item = PriceItem.objects.get()
    keys_plan = plan_of(PriceAlias.objects.filter(district=office.district, key__in=[item.key, "x/y"]))
    prices_plan = plan_of(PriceEntry.objects.filter(item__in=[item.pk], status="in_use", priced_on__gte=clock.today()).order_by())
    if connection.vendor == "sqlite":
        assert keys_plan.startswith("SEARCH")
        assert prices_plan.startswith("SEARCH")
        assert "price_comparable (item_id=? AND status=? AND priced_on>?)" in prices_plan
        assert "(district_id=? AND key=?)" in keys_plan
    assert "SCAN" not in keys_plan + prices_plan
    for plan in (keys_plan, prices_plan):
        assert "Seq Scan" not in plan
        assert "INDEX" in plan.upper()


def sheet(*rows):
    out = io.StringIO()
    csv.writer(out).writerows([["名称", "单位", "地区", "单价", "日期", "来源", "来源说明"], *rows])
    return SimpleUploadedFile("价格.csv", out.getvalue().encode("utf-8-sig"), "text/csv")


def test_a_sheet_is_previewed_then_taken_over_once(client, office):
    client.force_login(office.section)
    good = ["展板", "块", "和睦社区", "1,200元", "2026/1/5", "市场调查", "广告店三家询价"], ["横幅", "条", office.district.name, "90", "2026-02-01", "官方标准", "区指导价"]
    answer = client.post(reverse("price_import"), {"file": sheet(*good)})
    assert answer.status_code == 200
    assert not PriceEntry.objects.exists()
    token = answer.context["token"]
    assert client.post(reverse("price_import"), {"take": token}).status_code == 302
    client.post(reverse("price_import"), {"take": token})
    assert [(row.item.name, row.price, row.place.name, row.source, row.priced_on) for row in PriceEntry.objects.order_by("pk")] == [
        ("展板", 1200, "和睦社区", "survey", datetime.date(2026, 1, 5)), ("横幅", 90, office.district.name, "standard", datetime.date(2026, 2, 1))
    ]


def test_all_faulty_rows_of_a_sheet_are_named(client, office):
    make_office("别区街道")
    rows = [
        ["展板", "块", "和睦社区", "12", "2026/1/5", "市场调查", "询价"], ["", "块", "和睦社区", "12", "2026/1/5", "市场调查", "询价"], ["展板", "块", "别区街道", "12", "2026/1/5", "市场调查", "询价"],
        ["展板", "块", "和睦社区", "十二", "2026/1/5", "市场调查", "询价"], ["展板", "块", "和睦社区", "0", "2026/1/5", "市场调查", "询价"], ["展板", "块", "和睦社区", "12", "2999/1/5", "市场调查", "询价"],
        ["展板", "块", "和睦社区", "12", "2026/1/5", "听说", "询价"], ["展板", "块", "和睦社区", "12", "2026/1/5", "市场调查", ""],
    ]  # fmt: skip
    client.force_login(office.handler)
    answer = client.post(reverse("price_import"), {"file": sheet(*rows)})
    assert [number for number, _sentence in answer.context["wrong"]] == [3, 4, 5, 6, 7, 8, 9]
    assert "token" not in answer.context


def test_the_library_is_open_to_staff_of_the_district_and_closed_to_others(client, office):
    row = make_price(office, 10)
    others, provider = make_office("别区街道"), make_provider(office=office, place=office.street)
    for person, listed, shown, entering in (
        (office.staff, 200, 200, 403), (office.accountant, 200, 200, 403), (office.handler, 200, 200, 200), (others.handler, 200, 404, 200), (provider.user, 403, 404, 403),
    ):  # fmt: skip
        client.force_login(person)
        got = [client.get(address).status_code for address in (reverse("price_list"), row.get_absolute_url(), reverse("price_enter"))]
        assert got == [listed, shown, entering], person
    client.force_login(others.handler)
    assert "图书" not in client.get(reverse("price_list")).content.decode()
    client.force_login(office.staff)
    assert client.get(reverse("price_list"), {"export": "xlsx"}).content[:2] == b"PK"


def test_the_screens_from_entering_to_the_gate(client, office):
    client.force_login(office.handler)
    fields = {"name": "图书", "unit": "批", "place": office.community.pk, "price": "2000", "priced_on": clock.today(), "source": "survey"}
    assert client.post(reverse("price_enter"), fields).status_code == 422
    for number in range(3):
        assert client.post(reverse("price_enter"), {**fields, "proof": scan(f"报价{number}.png")}).status_code == 302
    row = make_project(office, "ready", 20000)
    line, where = line_of(row), reverse("project_prices", args=[row.pk])
    client.force_login(office.staff)
    assert where in client.get(row.get_absolute_url()).content.decode()
    page = client.get(where).content.decode()
    assert "2.00" in page
    assert client.post(where, {f"line_{line.pk}": "含三年更新"}).status_code == 302
    row = project.submit(row, actor=office.staff)
    assert client.post(where, {f"line_{line.pk}": "改"}).status_code == 403
    client.force_login(office.section)
    for address in (row.get_absolute_url(), reverse("act", args=["project", row.pk, "pass_gate"]), where):
        page = client.get(address).content.decode()
        assert "含三年更新" in page
        assert "2.00× " in page or "2.00" in page
    assert client.get(reverse("project_prices_xlsx", args=[row.pk])).content[:2] == b"PK"
    assert client.get(reverse("price_match", args=[row.pk, line.pk])).status_code == 200
    assert client.post(reverse("price_match", args=[row.pk, line.pk]), {"name": "没有的", "unit": "批"}).status_code == 422


def test_notes_for_the_editor(client, office):
    make_prices(office, 2000, 2000, 2000)
    make_price(office, 1, "管理费", "项")
    row = make_project(office, "ready", 20000)
    notes = price_check.price_notes(row, row.lines.all())
    assert "2.00" in notes[line_of(row).pk]
    assert "1.00" in notes[line_of(row, "管理费").pk]
    assert set(notes) == {line_of(row).pk, line_of(row, "管理费").pk}
    client.force_login(office.staff)
    assert notes[line_of(row).pk] in client.get(reverse("project_budget", args=[row.pk])).content.decode()


def test_an_intended_provider_sees_the_medians_but_no_sources(client, office):
    make_prices(office, 2000, 2000, 2000, note="秘密来源")
    provider = make_provider(office=office, place=office.street)
    row = make_project(office, "ready", 10000, way="intended", intended=provider.organization, intended_reason="熟悉", alternatives="两家")
    client.force_login(provider.user)
    page = client.get(reverse("project_prices", args=[row.pk])).content.decode()
    assert "2,000.00" in page
    assert "秘密来源" not in page


@pytest.mark.parametrize("day,months,found", [("2026-03-31", 1, "2026-02-28"), ("2026-01-15", 1, "2025-12-15"), ("2024-02-29", 12, "2023-02-28"), ("2026-11-27", 24, "2024-11-27")])
def test_months_back(day, months, found):
    assert price_check.months_before(datetime.date.fromisoformat(day), months) == datetime.date.fromisoformat(found)


def test_a_closed_contract_leaves_its_unit_prices_once(make_contract_paid):
    scene = make_contract_paid
    lines = {line.name: line.price for line in scene.contract.project.lines.all()}
    assert not PriceEntry.objects.exists()
    contracts.close(scene.contract, actor=scene.office.handler)
    rows = PriceEntry.objects.select_related("item", "contract")
    assert {row.item.name: row.price for row in rows} == lines
    assert {(row.source, row.contract_id, row.created_by_id, row.priced_on) for row in rows} == {("contract", scene.contract.pk, scene.office.handler.pk, scene.contract.signed_on)}
    scene.contract.refresh_from_db()
    assert price.keep_contract_prices(scene.contract, scene.office.handler) == 0
    assert rows.count() == len(lines)
