"""Projects side by side: what counts as the same thing, who is highest and lowest, and the three forms of the table."""

import io
from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from procurement import comparing, portfolio
from procurement.models import BudgetLine, Project
from tests.factories.projects import make_office, make_project

BACKEND = "django.contrib.auth.backends.ModelBackend"


@given(st.lists(st.none() | st.integers(0, 5), min_size=2, max_size=6))
def test_marks_stand_at_the_extremes_or_nowhere(values):
    known = [value for value in values if value is not None]
    for value, mark in zip(values, comparing.marked(values), strict=True):
        if len(set(known)) < 2 or value is None:
            assert mark == ""
        else:
            assert mark == ("high" if value == max(known) else "low" if value == min(known) else "")


def test_the_same_thing_is_written_in_many_ways():
    assert comparing.same_thing("大巴 租赁", "辆") == comparing.same_thing("大巴租赁", " 辆") != comparing.same_thing("大巴租赁", "天")
    assert comparing.per_head(Decimal("100.00"), 3) == Decimal("33.33") and comparing.per_head(Decimal(1), 0) is None and comparing.per_head(None, 3) is None


@pytest.fixture
def pair(db):
    office = make_office()
    rows = [make_project(office, "ready", 20000, headcount=100), make_project(office, "submitted", 40000, headcount=100)]
    for row, price in zip(rows, (2000, 4000), strict=True):
        BudgetLine.objects.create(project=row, order=9, kind="running", name="展板", unit="块", quantity=1, price=price)
    return office, rows


def read(rows):
    found = portfolio.with_facts(Project.objects.filter(pk__in=[row.pk for row in rows])).select_related("place", "item", "handler").prefetch_related("lines", "plan", "gate_runs")
    return sorted(found, key=lambda row: row.pk)


def test_money_per_head_and_unit_prices(pair):
    _office, rows = pair
    found = read(rows)
    heads = next(line for line in comparing.facts(found) if line.label == "人均预算")
    assert [(cell.value, cell.mark) for cell in heads.cells] == [(Decimal("200.00"), "low"), (Decimal("400.00"), "high")]
    board = next(line for line in comparing.prices(found) if line.label == "展板（块）")
    assert [(cell.value, cell.mark) for cell in board.cells] == [(Decimal("2000.00"), "low"), (Decimal("4000.00"), "high")]


def test_screen_excel_and_who_sees_them(pair, client, django_assert_max_num_queries):
    from openpyxl import load_workbook

    office, rows = pair
    client.force_login(office.section, backend=BACKEND)
    sent = client.post(reverse("project_compare"), {"ids": [row.pk for row in rows]})
    assert sent.status_code == 302 and sent["Location"].endswith(f"?ids={rows[0].pk}-{rows[1].pk}")
    with django_assert_max_num_queries(12):
        page = client.get(sent["Location"])
    assert [project.pk for project in page.context["projects"]] == [row.pk for row in rows]
    sheet = load_workbook(io.BytesIO(client.get(sent["Location"] + "&export=xlsx").content)).active
    assert ["展板（块）", "2,000.00 × 1（最低）", "4,000.00 × 1（最高）"] in [[cell.value for cell in row] for row in sheet.iter_rows()]
    back = client.post(reverse("project_compare"), {"ids": [rows[0].pk], "_back": reverse("project_list") + "?q=x"})
    assert back["Location"].endswith("?q=x")
    client.force_login(make_office("外街道").section, backend=BACKEND)
    assert client.get(sent["Location"]).context["projects"] == []


def test_the_paper_is_a_pdf(pair, client):
    office, rows = pair
    client.force_login(office.section, backend=BACKEND)
    paper = client.get(reverse("project_compare"), {"ids": f"{rows[0].pk}-{rows[1].pk}", "export": "pdf"})
    assert paper["Content-Type"] == "application/pdf" and paper.content.startswith(b"%PDF")
