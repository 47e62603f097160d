"""The item-level budget: exact sums, the editor, Excel out and in, the printed paper."""

import io
import re
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from kernel import pdf
from kernel.money import yuan
from kernel.spreadsheet import read_table, write_xlsx
from procurement.documents import HEADINGS, budget_pdf, budget_xlsx
from procurement.forms.budget import COLUMNS
from procurement.lifecycle import project
from procurement.lifecycle.budget import line_amount, line_changes, shares, snapshot, total_of, within_cut
from procurement.models import BudgetLine
from tests.factories.projects import make_office, make_project

QUANTITY = st.decimals(min_value="0.01", max_value="9999.99", places=2)
PRICE = st.decimals(min_value="0.00", max_value="99999.99", places=2)
LINES = st.lists(st.tuples(st.sampled_from(["activity", "people", "running"]), QUANTITY, PRICE), min_size=1, max_size=30)


def as_lines(rows):
    return [BudgetLine(kind=kind, name="x", quantity=quantity, price=price, amount=line_amount(quantity, price)) for kind, quantity, price in rows]


@given(LINES)
def test_the_total_is_the_exact_sum_of_rounded_lines_and_shares_add_up(rows):
    lines = as_lines(rows)
    fen = sum(int((quantity * price * 100).quantize(Decimal(1), rounding="ROUND_HALF_UP")) for _kind, quantity, price in rows)
    assert total_of(lines) == Decimal(fen) / 100
    found = shares(lines)
    assert [key for key, *_rest in found] == ["activity", "people", "running"]
    assert sum(amount for _key, _label, amount, _percent in found) == total_of(lines)
    if total_of(lines):
        assert abs(sum(percent for *_rest, percent in found) - 100) <= Decimal("0.2")


@given(LINES, st.data())
def test_lowering_lines_stays_within_a_cut_and_raising_one_does_not(rows, data):
    old = {"lines": [{"id": n, "amount": str(line_amount(q, p))} for n, (_k, q, p) in enumerate(rows)], "plan": [], "facts": {}}
    old["total"] = str(sum((Decimal(row["amount"]) for row in old["lines"]), Decimal(0)))
    keep = data.draw(st.lists(st.sampled_from(range(len(rows))), unique=True))
    lowered = [{**row, "amount": str(yuan(Decimal(row["amount"]) / 2))} if row["id"] in keep else row for row in old["lines"]]
    new = {**old, "lines": lowered, "total": str(sum((Decimal(row["amount"]) for row in lowered), Decimal(0)))}
    assert within_cut(old, new, Decimal(old["total"]))
    raised = [{**row, "amount": str(Decimal(row["amount"]) + Decimal("0.01"))} if row["id"] == 0 else row for row in old["lines"]]
    assert not within_cut(old, {**old, "lines": raised}, Decimal("1e12"))


@pytest.fixture
def office(db):
    return make_office()


def post(row, plan=(), lines=(), **extra):
    data = {"plan-TOTAL_FORMS": len(plan), "plan-INITIAL_FORMS": row.plan.count(), **extra}
    for number, values in enumerate(plan):
        data |= {f"plan-{number}-{name}": value for name, value in values.items() if value is not None}
    return data | {f"line_{name}": ["" if line.get(name) is None else str(line[name]) for line in lines] for name in COLUMNS}


def editor_rows(row):
    plan = [{"id": a.pk, "order": a.order, "title": a.title, "planned_on": a.planned_on, "location": a.location, "headcount": a.headcount, "times": a.times, "by_whom": a.by_whom} for a in row.plan.all()]
    lines = [
        {"id": n.pk, "kind": n.kind, "activity": n.activity.order if n.activity else "", "name": n.name, "unit": n.unit, "quantity": n.quantity, "price": n.price, "note": n.note}
        for n in row.lines.select_related("activity")
    ]
    return plan, lines


def test_the_editor_saves_changes_adds_removes_and_keeps_ids(client, office):
    row = make_project(office, "ready", amount=40000)
    kept = row.lines.first().pk
    client.force_login(office.staff)
    plan, lines = editor_rows(row)
    lines[0]["price"] = "10000"
    lines.append({"kind": "activity", "activity": 2, "name": "签字笔", "unit": "支", "quantity": "3", "price": "2"})
    assert client.post(reverse("project_budget", args=[row.pk]), post(row, plan, lines, line_gone=[lines[1]["id"]])).status_code == 302
    row.refresh_from_db()
    assert row.lines.get(pk=kept).price == yuan(10000)
    assert row.lines.get(name="签字笔").amount == yuan(6)
    assert not row.lines.filter(name="手工材料").exists()
    assert row.budget_total == sum(line.amount for line in row.lines.all())
    assert row.fundings.get().amount == row.budget_total


@pytest.mark.parametrize(
    ("change", "field"),
    [({"price": "-1"}, "price"), ({"quantity": "0"}, "quantity"), ({"price": "1e30"}, "price"), ({"price": "2.005"}, "price"), ({"quantity": "三"}, "quantity"), ({"unit": ""}, "unit"), ({"name": "x" * 81}, "name"), ({"name": "a\x00b"}, "name"), ({"activity": "7"}, "activity"), ({"activity": ""}, "activity")],
)
def test_nonsense_stands_beside_its_cell_and_nothing_is_saved(client, office, change, field):
    row = make_project(office, "ready", amount=40000)
    client.force_login(office.staff)
    plan, lines = editor_rows(row)
    lines[0] |= change
    answer = client.post(reverse("project_budget", args=[row.pk]), post(row, plan, lines))
    assert answer.status_code == 422
    assert field in answer.context["lines"].rows[0].errors
    assert f'value="{change[field]}"' in answer.content.decode() or "\x00" in change[field] or field == "activity"
    row.refresh_from_db()
    assert row.budget_total == yuan(40000)


def test_a_foreign_line_id_cannot_be_taken_over(client, office):
    row, other = make_project(office, "ready"), make_project(office, "ready")
    stranger = other.lines.first()
    client.force_login(office.staff)
    plan, lines = editor_rows(row)
    lines[0]["id"], lines[0]["name"] = stranger.pk, "夺取"
    client.post(reverse("project_budget", args=[row.pk]), post(row, plan, lines))
    stranger.refresh_from_db()
    assert stranger.project == other
    assert stranger.name != "夺取"


def test_what_goes_out_as_excel_comes_back_unchanged(client, office):
    row = make_project(office, "ready", amount=40000)
    before = snapshot(row)
    client.force_login(office.staff)
    file = SimpleUploadedFile("budget.xlsx", budget_xlsx(row))
    assert client.post(reverse("project_budget_import", args=[row.pk]), {"file": file}).status_code == 302
    row.refresh_from_db()
    assert snapshot(row) == before


def test_all_faulty_rows_of_a_sheet_are_named_and_nothing_changes(client, office):
    row = make_project(office, "ready", amount=40000)
    good = ["活动费用", 1, "读书", "2026-12-30", "活动室", 20, 1, "书", "本", 10, 30, 300, ""]
    rows = [good, ["魔法", *good[1:]], [*good[:3], "不是日期", *good[4:]], [*good[:10], "三十", 300, ""], ["人员费用", "", "", "", "", "", "", "社工", "人", -1, 5000, 0, ""]]
    client.force_login(office.staff)
    answer = client.post(reverse("project_budget_import", args=[row.pk]), {"file": SimpleUploadedFile("b.xlsx", write_xlsx("预算", [name for name in HEADINGS if name != "负责人"], rows))})
    assert answer.status_code == 422
    assert [number for number, _sentence in answer.context["row_errors"]] == [3, 4, 5, 6]
    row.refresh_from_db()
    assert row.budget_total == yuan(40000)


def test_formula_like_names_do_not_run_in_excel(office):
    row = make_project(office, "ready", amount=40000)
    BudgetLine.objects.filter(pk=row.lines.first().pk).update(name="=cmd()")
    from openpyxl import load_workbook

    cells = [cell.value for line in load_workbook(io.BytesIO(budget_xlsx(row))).active for cell in line]
    assert "'=cmd()" in cells
    assert "=cmd()" in {cell for line in read_table(SimpleUploadedFile("b.xlsx", budget_xlsx(row))).rows for cell in line if isinstance(cell, str)}


def test_the_printed_budget_says_its_total_in_words(office):
    from pypdf import PdfReader

    row = make_project(office, "ready", amount=40000)
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(budget_pdf(row))).pages))
    for words in ("项目预算书", row.title, "肆万元整", "40,000.00", "手工材料", "第1页/共"):
        assert words in text


def test_without_pango_the_button_says_what_is_missing(client, office, monkeypatch):
    from kernel.lifecycle import Refusal

    row = make_project(office, "ready")
    monkeypatch.setattr(pdf, "missing", lambda: Refusal("pdf_libraries", "缺少 Pango"))
    client.force_login(office.staff)
    answer = client.get(reverse("project_budget_pdf", args=[row.pk]), follow=True)
    assert "缺少 Pango" in answer.content.decode()


def test_reviewers_see_what_changed_line_by_line(office):
    row = make_project(office, "ready", amount=40000)
    old = snapshot(row)
    plan, lines = editor_rows(row)
    lines[0]["price"] += 1
    row = project.set_budget(row, plan, [*lines[:3], {"kind": "running", "name": "新增", "unit": "项", "quantity": 1, "price": 5}], office.staff)
    assert [change.what for change in line_changes(old, snapshot(row))] == ["changed", "same", "same", "added", "removed"]
