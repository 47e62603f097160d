"""Cells of budget rows as typed or pasted, and the pure functions around a budget: nothing is lost silently, every figure is exact to the fen."""

import datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import yuan
from kernel.spreadsheet import _denature, neutralise
from procurement.budget_cells import CELLS, LineRow, check, number, pasted
from procurement.lifecycle.budget import groups, line_amount, percent, within_cut
from procurement.lifecycle.budget_copy import moved, shifted
from procurement.lifecycle.project_funds import split
from procurement.models import BudgetLine

NAME = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Nd", "Sc", "Po", "Pd"), exclude_characters='"'), min_size=1, max_size=40)
FEN = st.integers(0, 10_000_000)
DAY = st.dates(datetime.date(2020, 1, 1), datetime.date(2035, 12, 31))


@pytest.mark.parametrize(
    ("typed", "value"), [("2", "2"), ("1,234.50", "1234.5"), ("１２．５", "12.5"), ("¥30", "30"), ("￥3，000元", "3000"), (" 0.10 ", "0.1"), (".5", "0.5"), ("3.", "3"), ("2.500", "2.5")]
)
def test_numbers_as_people_write_them(typed, value):
    assert number(typed) == Decimal(value)


@pytest.mark.parametrize("typed", ["三十", "1e3", "nan", "inf", "--1", "1.2.3", "12元3", "-1", "2.005", "0x10", "9" * 31, ""])
def test_what_is_no_number_is_said_and_never_guessed(typed):
    with pytest.raises(ValueError, match="."):
        number(typed)


def test_every_faulty_cell_of_a_row_is_named():
    row = LineRow("activity", 7, {"name": "x" * 81, "unit": "", "quantity": "0", "price": "三", "note": "a\x07"})
    assert not check(row, {1, 2})
    assert set(row.errors) == {*CELLS, "activity"}


@given(st.lists(st.tuples(NAME, st.integers(1, 999_999), FEN, st.sampled_from(["", "备注"])), min_size=1, max_size=20), st.booleans())
def test_a_pasted_block_gives_exactly_its_rows(rows, headed):
    block = [f"{name}\t个\t{quantity / 100:.2f}\t{fen // 100}.{fen % 100:02}\t{note}" for name, quantity, fen, note in rows]
    found, leftovers = pasted("\r\n".join((["名称\t单位\t数量\t单价(元)\t备注"] if headed else []) + block) + "\r\n", "people")
    assert leftovers == []
    assert [(row.kind, row.cells["name"], row.clean["quantity"], row.clean["price"], row.clean["note"]) for row in found] == [
        ("people", name, Decimal(quantity) / 100, Decimal(fen) / 100, note) for name, quantity, fen, note in rows
    ]


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=300))
def test_any_block_at_all_is_read_without_losing_a_written_cell(text):
    found, leftovers = pasted(text, "activity", 1)
    kept = "".join("".join(row.cells.values()) for row in found) + "".join(map(str, leftovers))
    if "\t" not in text and '"' not in text and "\n" not in text and "\r" not in text:
        assert "".join(text.split()) in "".join(kept.split())
    for row in found:
        assert row.errors or row.clean["quantity"] > 0


def test_columns_by_heading_and_what_found_none():
    found, leftovers = pasted("序号\t物品名称\t规格\t单价\t数量\t单位\t金额\n1\t签字笔\t黑色\t2\t3\t支\t6\n\n2\t\"桌布\n（红）\"\t\t20\t1\t块\t20", "activity", 2)
    assert [[row.cells[name] for name in CELLS] for row in found] == [["签字笔", "支", "3", "2", ""], ["桌布 （红）", "块", "1", "20", ""]]
    assert len(leftovers) == 1
    assert "黑色" in leftovers[0]


@given(st.integers(1, 10**10), st.integers(0, 10**11))
def test_amounts_round_half_up_to_the_fen(quantity, price):
    assert int(line_amount(Decimal(quantity) / 100, Decimal(price) / 100) * 100) == (quantity * price + 50) // 100


@given(st.lists(FEN, min_size=1, max_size=12))
def test_percentages_round_half_up_and_make_a_hundred(fens):
    total = sum(fens)
    found = [percent(Decimal(fen) / 100, Decimal(total) / 100) for fen in fens]
    assert found == [Decimal((2000 * fen + total) // (2 * total)) / 10 if total else Decimal("0.0") for fen in fens]
    assert not total or abs(sum(found) - 100) <= Decimal("0.05") * len(fens)


@given(st.lists(st.tuples(st.sampled_from([None, 1, 2, 9]), st.sampled_from(["activity", "people", "running"]), FEN), max_size=30))
def test_groups_lose_no_line_and_their_totals_make_the_whole(rows):
    lines = [BudgetLine(pk=number, kind=kind, activity_id=activity if kind == "activity" else None, amount=yuan(Decimal(fen) / 100)) for number, (activity, kind, fen) in enumerate(rows, 1)]
    plan = [SimpleNamespace(pk=1), SimpleNamespace(pk=2)]
    found = groups(plan, lines)
    assert sorted(line.pk for group in found for line in group.lines) == [line.pk for line in lines]
    assert sum(group.total for group in found) == sum(line.amount for line in lines)
    assert all(group.total == sum(line.amount for line in group.lines) for group in found)


@given(st.lists(DAY, max_size=15), DAY, DAY, st.integers(0, 800))
def test_shifted_dates_lie_in_the_new_term_in_their_order(days, old_start, new_start, length):
    end = new_start + datetime.timedelta(days=length)
    found = shifted(days, old_start, new_start, end)
    assert len(found) == len(days)
    assert all(new_start <= day <= end for day in found)
    assert all(found[a] <= found[b] for a in range(len(days)) for b in range(len(days)) if days[a] <= days[b])


def test_a_festival_keeps_its_day_and_leap_days_fall_back():
    term = datetime.date(2027, 3, 1), datetime.date(2028, 2, 28)
    assert shifted([datetime.date(2026, 10, 18)], datetime.date(2026, 3, 1), *term) == [datetime.date(2027, 10, 18)]
    assert moved(datetime.date(2028, 2, 29), 1) == datetime.date(2029, 2, 28)


@given(st.lists(st.tuples(FEN, FEN), min_size=1, max_size=8), FEN)
def test_an_amount_split_over_funds_adds_up_and_overdraws_none(rows, fen):
    fundings = [(SimpleNamespace(amount=Decimal(a) / 100, committed=Decimal(min(a, c)) / 100), number) for number, (a, c) in enumerate(rows)]
    amount = Decimal(fen) / 100
    parts, rest = split(fundings, amount)
    assert sum((part for _row, _fund, part in parts), rest) == amount
    assert all(0 < part <= row.amount - row.committed for row, _fund, part in parts)
    assert rest >= 0
    assert not rest or sum(part for *_x, part in parts) == sum(row.amount - row.committed for row, _fund in fundings)


@given(st.lists(FEN, min_size=1, max_size=10), FEN)
def test_within_a_cut_the_limit_itself_still_fits(fens, limit):
    total = Decimal(sum(fens)) / 100
    shot = {"facts": {}, "plan": [], "lines": [{"id": n, "amount": str(Decimal(fen) / 100)} for n, fen in enumerate(fens)], "total": str(total)}
    assert within_cut(shot, shot, total)
    assert within_cut(shot, shot, Decimal(limit) / 100) == (total <= Decimal(limit) / 100)
    added = {**shot, "lines": [*shot["lines"], {"id": 999, "amount": "0.00"}]}
    assert not within_cut(shot, added, total)
    assert not within_cut(shot, {**shot, "plan": [{"id": 1}]}, total)


@given(st.text(max_size=30))
def test_what_excel_must_not_run_comes_back_as_it_was(text):
    clean = "".join(sign for sign in text if sign.isprintable()).strip()
    written = neutralise(clean)
    assert not written.startswith(("=", "+", "-", "@"))
    assert _denature(written) == clean


def test_half_a_fen_goes_up():
    assert line_amount(Decimal("0.5"), Decimal("0.01")) == Decimal("0.01")
    assert line_amount(Decimal("0.1"), Decimal("0.04")) == Decimal("0.00")
