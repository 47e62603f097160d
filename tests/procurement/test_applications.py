"""The application: measurable results, declarations, what the catalogue asks, and the paper."""

import io

import pytest
from django.urls import reverse

from procurement.lifecycle import completeness, gates, project
from procurement.lifecycle.budget import differs, snapshot
from procurement.lifecycle.indicators import indicator_changes
from procurement.models import CatalogueItem, Indicator
from providers.models import Organization
from tests.factories.projects import INDICATORS, make_item, make_office, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def office():
    return make_office()


def make_provider(name="某社工中心"):
    return Organization.objects.create(kind="company", name=name, contact_name="甲", contact_phone="1", status="verified")


def keys(row):
    return [lack.key for lack in completeness.lacks(row)]


def test_an_output_and_an_outcome_are_needed(office):
    row = make_project(office, "ready")
    assert keys(row) == []
    for kind, missing in (("cost", ["outcome_indicator"]), ("benefit", ["output_indicator"])):
        project.edit_project(row, actor=office.staff, indicators=[{"kind": kind, "name": "某项", "target": 1, "unit": "项", "how": "台账"}])
        assert keys(row) == missing
    project.edit_project(row, actor=office.staff, indicators=[])
    assert keys(row) == ["output_indicator", "outcome_indicator"]


def test_changed_indicators_are_a_change_and_are_named(client, office):
    row = gates.send_back(make_project(office, "submitted"), actor=office.section, reason="指标偏低")
    old = row.revisions.get(number=1).snapshot
    assert not differs(old, snapshot(row))
    higher = [INDICATORS[0] | {"target": 8}, INDICATORS[1]]
    row = project.edit_project(row, actor=office.staff, indicators=higher)
    assert differs(old, snapshot(row))
    ((was, now),) = indicator_changes(old, snapshot(row))
    assert (was["target"], now["target"]) == ("6", "8")
    row = project.resubmit(row, actor=office.staff)
    client.force_login(office.section)
    page = client.get(row.get_absolute_url()).content.decode()
    assert "<del>开展读书活动 6 场" in page
    assert "<ins>开展读书活动 8 场" in page


def test_added_and_removed_indicators_are_told_apart():
    one, two = ({"kind": "quantity", "name": name, "target": "1", "unit": "场", "how": "台账", "order": number} for number, name in enumerate("甲乙", 1))
    assert indicator_changes({"indicators": [one]}, {"indicators": [two | {"order": 1}]}) == [
        (None, {name: value for name, value in two.items() if name != "order"}), ({name: value for name, value in one.items() if name != "order"}, None)
    ]  # fmt: skip
    assert indicator_changes({}, {"indicators": []}) == []
    assert indicator_changes({"indicators": [one, two]}, {"indicators": [two | {"order": 1}, one | {"order": 2}]}) == []


def test_who_helped_is_declared_before_an_open_project_is_submitted(office):
    helper = make_provider()
    row = make_project(office, "ready", declared=False)
    assert keys(row) == ["declaration"]
    row = project.edit_project(row, actor=office.staff, declared=True)
    assert (row.declared_by, keys(row)) == (office.staff, [])
    declared_at = row.declared_at
    row = project.edit_project(row, actor=office.handler, declared=True)
    assert (row.declared_by, row.declared_at) == (office.staff, declared_at)
    row = project.edit_project(row, actor=office.staff, drafting_help=[helper])
    assert keys(row) == ["declaration"]
    row = project.edit_project(row, actor=office.handler, drafting_help=[helper], declared=True)
    assert (row.declared_by, keys(row)) == (office.handler, [])


def test_an_intended_provider_needs_reason_alternatives_and_prices(office):
    facts = {"way": "intended", "intended": make_provider(), "intended_reason": "熟悉", "alternatives": "两家"}
    row = make_project(office, "ready", amount=10000, price_comparison="", **facts)
    assert keys(row) == ["price_comparison"]
    row = project.edit_project(row, actor=office.staff, price_comparison="两家报价 9,800 与 10,200 元")
    assert keys(row) == []
    assert row.declared_at is None
    opened = project.edit_project(row, actor=office.staff, way="open", drafting_help=[])
    assert (opened.price_comparison, keys(opened)) == ("", ["declaration"])


def test_the_form_keeps_indicators_and_says_what_is_wrong_beside_the_cell(client, office):
    row = make_project(office, "ready")
    client.force_login(office.staff)
    where = reverse("project_edit", args=[row.pk])
    page = client.get(where)
    fields = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    data = {name: value for name, value in fields.items() if value not in (None, "", [], False)} | {"declared": "on"}
    rows = {"indicators-TOTAL_FORMS": 3, "indicators-INITIAL_FORMS": 2, "indicators-2-kind": "benefit", "indicators-2-name": "就近参与", "indicators-2-target": "80", "indicators-2-unit": "%", "indicators-2-how": "访谈"}
    for number, one in enumerate(INDICATORS):
        rows |= {f"indicators-{number}-{name}": str(value) for name, value in one.items()}
    assert client.post(where, data | rows).status_code == 302
    assert [one.kind for one in row.indicators.all()] == ["quantity", "satisfaction", "benefit"]
    twice = client.post(where, data | rows | {"indicators-2-kind": "quantity", "indicators-2-name": "开展读书活动"})
    assert twice.status_code == 422
    bad = client.post(where, data | rows | {"indicators-0-target": "许多"})
    assert bad.status_code == 422
    assert "target" in bad.context["formsets"][0].forms[0].errors
    assert Indicator.objects.filter(project=row).count() == 3


def test_what_the_catalogue_asks_stands_beside_the_form(client, office):
    item = make_item("助浴服务")
    CatalogueItem.objects.filter(pk=item.pk).update(content="上门助浴", requirement="两人一组", standard="每次不少于四十分钟")
    client.force_login(office.staff)
    shown = client.get(reverse("project_create"), {"item": item.pk}).content.decode()
    assert all(text in shown for text in ("上门助浴", "两人一组", "每次不少于四十分钟"))
    for nonsense in ("x", "9" * 40, str(make_item("路灯安装", nature="works").pk)):
        assert client.get(reverse("project_create"), {"item": nonsense}).context["chosen"] is None
    row = make_project(office, item=item)
    assert "每次不少于四十分钟" in client.get(reverse("project_edit", args=[row.pk])).content.decode()


def test_the_application_paper_says_it_all(client, office):
    from pypdf import PdfReader

    row = make_project(office, "submitted", drafting_help=[make_provider("邻里社工中心")])
    client.force_login(office.section)
    answer = client.get(reverse("project_application_pdf", args=[row.pk]))
    assert answer["Content-Type"] == "application/pdf"
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).replace("\n", "")
    for part in ("项目申报书", "开展读书活动", "产出—数量", "满意度", "读书分享会", "社区社工", "八成家长希望", "声明人：社区干事", "邻里社工中心", "肆万元整", "申报社区（盖章）"):
        assert part in text, part
