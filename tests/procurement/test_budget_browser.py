"""The budget editor in a real browser: keyboard, paste, totals to the fen while typing, the draft that comes back, and the same page without script."""

import json
import random
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse

from kernel.models import Draft
from kernel.money import yuan
from procurement.budget_cells import number
from procurement.lifecycle import configuration
from procurement.lifecycle.budget import line_amount, percent
from procurement.models import BudgetBounds, Project
from tests.factories.projects import make_office, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCRIPT = (Path(__file__).resolve().parents[2] / "static/js/fen.js").read_text(encoding="utf-8")
PASTE = """([field, text]) => { const data = new DataTransfer(); data.setData("text/plain", text);
  field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })); }"""


@pytest.fixture
def office():
    return make_office()


def opened(browse, office, **options):
    row = make_project(office, "ready", amount=40000)
    page = browse(office.staff, **options)
    page.goto(reverse("project_budget", args=[row.pk]))
    return row, page


def names(page, group):
    return [field.input_value() for field in page.locator(f"tbody{group} input[name=line_name]").all()]


FIRST, SECOND, PEOPLE = '[data-activity="1"]', '[data-activity="2"]', '[data-kind="people"]'


def paste(page, field, text):
    field.evaluate("(field, text) => (" + PASTE + ")([field, text])", text)


def test_the_script_counts_as_the_server_does(browse):
    draw, page = random.Random(28), browse()
    page.evaluate(SCRIPT)
    pairs = [("0.5", "0.01"), ("0.01", "0.01"), ("0.01", "0.49"), ("0.01", "0.50"), ("1,000.10", "３.05"), ("99999999.99", "999.99"), ("1.5", "0.33")]
    pairs += [(f"{draw.randint(1, 10**7) / 100:.2f}", f"{draw.randint(0, 10**7) / 100:.2f}") for _turn in range(400)]
    found = page.evaluate("pairs => pairs.map(([q, p]) => { const D = window.DianFen; return D.shown(D.amount(D.read(q).hundredths, D.read(p).hundredths)); })", pairs)
    assert found == [f"{line_amount(number(q), number(p)):,.2f}" for q, p in pairs]
    parts = [(draw.randint(0, 10**6), draw.randint(10**6, 10**7)) for _turn in range(300)] + [(1, 2000), (1, 8), (0, 5), (3, 2000)]
    found = page.evaluate("parts => parts.map(([a, b]) => window.DianFen.percent(BigInt(a), BigInt(b)))", parts)
    assert found == [str(percent(Decimal(a) / 100, Decimal(b) / 100)) for a, b in parts]
    odd = ["三十", "1e3", "-1", "-0.00", "2.005", "2.500", "1.2.3", "", "¥30元", "9" * 31, "NaN", ".5", "3.", "+2"]
    found = page.evaluate("odd => odd.map(text => { const r = window.DianFen.read(text); return r.error ? null : String(r.hundredths); })", odd)
    assert found == [_hundredths(text) for text in odd]


def _hundredths(text):
    try:
        return str(int(number(text) * 100))
    except ValueError:
        return None


def test_keyboard_goes_on_adds_rows_moves_and_the_server_agrees(browse, office):
    row, page = opened(browse, office)
    page.locator(f"tbody{FIRST} input[name=line_note]").first.press("Enter")
    for text in ("签字笔", "支", "3", "2.15", ""):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    assert names(page, FIRST) == ["图书", "签字笔", ""]
    for text in ("桌布", "块", "0.5", "0.01", "红"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    assert names(page, FIRST) == ["图书", "签字笔", "桌布", ""]
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.value") == "桌布"
    page.keyboard.press("Alt+ArrowUp")
    assert names(page, FIRST) == ["图书", "桌布", "签字笔", ""]
    page.keyboard.press("Control+d")
    page.keyboard.press("Control+Delete")
    page.locator('[data-do="down"]').click()
    assert names(page, SECOND) == ["签字笔", "手工材料", ""]
    total = page.inner_text("[data-total]")
    assert total == "40,006.46"
    assert page.inner_text(f"tbody{PEOPLE} [data-group-sum]") == "10,000.00"
    page.get_by_role("button", name="保存计划与预算", exact=True).click()
    page.wait_for_url(f"**{row.get_absolute_url()}")
    saved = Project.objects.get(pk=row.pk)
    assert saved.budget_total == yuan("40006.46") == sum(line.amount for line in saved.lines.all())
    assert saved.lines.count() == 6


def test_a_block_from_excel_fills_rows_marks_cells_and_can_be_undone(browse, office):
    row, page = opened(browse, office)
    field = page.locator(f"tbody{SECOND} input[name=line_name]").last
    paste(page, field, "名称\t单位\t数量\t单价\t金额\t备注\r\n签字笔\t支\t3\t2\t6\t黑\r\n桌布\t块\t一\t20\t20\t\r\n\"彩旗\n（大）\"\t面\t10\t1,200.50\t\t")
    assert names(page, SECOND) == ["手工材料", "签字笔", "桌布", "彩旗 （大）", ""]
    assert page.locator(".dd-cell-error").all_inner_texts() == ["不是数字。"]
    assert page.inner_text("[data-total]") == "52,011.00"
    assert "3 行" in page.inner_text("[data-said]")
    page.locator('[data-do="undo"]').click()
    assert names(page, SECOND) == ["手工材料", ""]
    paste(page, page.locator(f"tbody{SECOND} input[name=line_price]").first, "1\n2\n3")
    assert [field.input_value() for field in page.locator(f"tbody{SECOND} input[name=line_price]").all()] == ["1", "2", "3", ""]
    page.get_by_role("button", name="保存计划与预算", exact=True).click()
    page.locator(".dd-cell-error").first.wait_for()
    assert names(page, SECOND)[0] == "手工材料"
    row.refresh_from_db()
    assert row.budget_total == yuan(40000)


def test_warned_while_typing_and_a_new_activity_gets_its_group(browse, office):
    configuration.confirm(configuration.propose(BudgetBounds, office.section, purchaser=office.purchaser, people_min=30, people_max=50), office.leader)
    row, page = opened(browse, office)
    assert "25.0%" in page.inner_text("[data-warnings]")
    page.locator(f"tbody{PEOPLE} input[name=line_price]").first.fill("20000")
    assert page.inner_text("[data-warnings]") == ""
    page.locator(f"tbody{PEOPLE} input[name=line_price]").first.fill("90000")
    assert "高于" in page.inner_text("[data-warnings]")
    page.fill("[name=plan-2-title]", "重阳敬老")
    assert "3. 重阳敬老" in page.inner_text('tbody[data-activity="3"] .dd-group-head')
    page.fill("[name=plan-2-order]", "8")
    assert page.locator('tbody[data-activity="8"] input[name=line_activity]').first.input_value() == "8"


def test_the_draft_of_a_moved_and_grown_table_comes_back(browse, office):
    row, page = opened(browse, office)
    paste(page, page.locator(f"tbody{FIRST} input[name=line_name]").last, "甲\t个\t1\t2\n乙\t个\t3\t4.5")
    page.locator(".dd-draft-note", has_text="草稿已保存").wait_for()
    assert Draft.objects.exists()
    page.goto(reverse("project_budget", args=[row.pk]))
    page.locator(".dd-draft-note", has_text="已恢复").wait_for()
    assert names(page, FIRST) == ["图书", "甲", "乙", ""]
    assert page.inner_text("[data-total]") == "40,015.50"
    page.get_by_role("button", name="保存计划与预算", exact=True).click()
    page.wait_for_url(f"**{row.get_absolute_url()}")
    assert [line.name for line in Project.objects.get(pk=row.pk).lines.all()][:3] == ["图书", "甲", "乙"]
    assert not Draft.objects.exists()


def test_without_script_rows_are_written_removed_and_pasted(browse, office):
    row, page = opened(browse, office, javascript=False)
    page.locator(f"tbody{FIRST} input[name=line_gone]").first.check()
    cells = page.locator(f"tbody{FIRST} tr[data-line]").nth(1)
    for name, text in {"name": "签字笔", "unit": "支", "quantity": "3", "price": "2"}.items():
        cells.locator(f"[name=line_{name}]").fill(text)
    page.get_by_role("button", name="保存并继续填写", exact=True).click()
    assert [line.name for line in row.lines.all()] == ["签字笔", "手工材料", "社工人工", "管理费"]
    page.locator(".dd-paste summary").click()
    page.select_option("[name=paste_into]", "running")
    page.fill("[name=paste]", "保险\t份\t2\t30")
    page.get_by_role("button", name="填入表格", exact=True).click()
    page.get_by_role("button", name="保存计划与预算", exact=True).click()
    assert row.lines.get(name="保险").amount == yuan(60)


def test_a_phone_shows_large_buttons_and_no_sideways_scroll(browse, office):
    _row, page = opened(browse, office, phone=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for button in page.locator("[data-do]:visible, [data-add-line]").all():
        assert button.bounding_box()["height"] >= 37
    page.locator("input[name=line_name]").first.focus()
    page.locator('[data-do="duplicate"]').click()
    assert names(page, FIRST) == ["图书", "图书", ""]
    assert json.loads(page.get_attribute("[data-lines]", "data-lengths"))["name"] == 80
