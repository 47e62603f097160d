"""Tables out and in: nothing runs as a formula, nothing is lost on the way back, broken files get a sentence."""

import datetime
import io
import re
import zipfile
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from kernel import clock, spreadsheet
from kernel.spreadsheet import Column, TableError, amount, day, neutralise, read_table, text, write_csv, write_xlsx

FORMULAS = ["=1+1", "+86 138", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"]


def upload(content, name="表.xlsx"):
    return SimpleUploadedFile(name, content)


@pytest.mark.parametrize("cell", FORMULAS)
def test_formulas_are_text_everywhere(cell):
    assert neutralise(cell) == "'" + cell
    sheet = load_workbook(io.BytesIO(write_xlsx("t", [cell], [[cell]]))).active
    assert {sheet["A1"].data_type, sheet["A2"].data_type} == {"s"} and sheet["A2"].value.startswith("'")
    assert all(line.lstrip('"').startswith("'") for line in re.split(r"\r\n(?!=)", write_csv([cell], [[cell]]).decode("utf-8-sig").strip()) if line)


@pytest.mark.parametrize("cell", ["普通", "5-10人", 3, Decimal("-2.50"), None, datetime.date(2026, 6, 1)])
def test_other_cells_stay(cell):
    assert neutralise(cell) == cell


def test_types_and_formats_reach_excel():
    moment = datetime.datetime(2026, 6, 1, 9, 30, tzinfo=clock.ZONE).astimezone(datetime.UTC)
    columns = [Column("名称"), Column("金额", "money"), Column("日期", "date"), Column("时间", "datetime")]
    sheet = load_workbook(io.BytesIO(write_xlsx("项目/一览[2026]", columns, iter([["甲", Decimal("1234.50"), datetime.date(2026, 6, 1), moment]])))).active
    assert sheet.title == "项目 一览 2026" and sheet.freeze_panes == "A2"
    assert sheet["B2"].value == 1234.5 and sheet["B2"].number_format == "#,##0.00"
    assert sheet["D2"].value == datetime.datetime.fromisoformat("2026-06-01 09:30")


def test_csv_opens_with_chinese_in_excel():
    content = write_csv(["名称", "金额"], [["社区，活动\n二", Decimal("2.00")], [None, 1]])
    assert content.startswith(b"\xef\xbb\xbf")
    table = read_table(upload(content, "a.csv"))
    assert table.header == ["名称", "金额"] and table.rows[0] == ["社区，活动\n二", "2.00"]


@given(cells=st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_import_matches_export(cells):
    cells = [cell.strip().lstrip("'") for cell in cells]
    header = [f"c{place}" for place in range(len(cells))]
    for name, content in (("a.xlsx", write_xlsx("t", header, [cells, ["end"] * len(cells)])), ("a.csv", write_csv(header, [cells, ["end"] * len(cells)]))):
        table = read_table(upload(content, name))
        assert [text(cell) for cell in table.rows[0]] == [cell.strip() for cell in cells]


def test_records_skip_empty_rows_and_keep_the_files_numbers():
    content = write_xlsx("t", ["名称", "数量"], [["甲", 1], [None, None], ["乙", 2.0]])
    assert [(number, row["名称"], text(row["数量"])) for number, row in read_table(upload(content)).records()] == [(2, "甲", "1"), (4, "乙", "2")]


def test_chinese_windows_csv_and_semicolons():
    assert read_table(upload("名称;数量\r\n甲;1\r\n".encode("gb18030"), "a.csv")).rows == [["甲", "1"]]


def sparse():
    book = Workbook()
    book.active["A1"], book.active["XFD900000"] = "a", "b"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def damaged():
    out, source = io.BytesIO(), zipfile.ZipFile(io.BytesIO(write_xlsx("t", ["a"], [["1"]])))
    with zipfile.ZipFile(out, "w") as made:
        for name in source.namelist():
            made.writestr(name, b"<broken" if "sheet1" in name else source.read(name))
    return out.getvalue()


def lying():
    """A part that unpacks to more than the directory declares."""
    made = bytearray(write_xlsx("t", ["a"], [["text" * 50]]))
    name = b"xl/sharedStrings.xml" if b"xl/sharedStrings.xml" in made else b"xl/styles.xml"
    entry = made.rindex(name) - 46
    assert made[entry : entry + 4] == b"PK\x01\x02"
    made[entry + 24 : entry + 28] = (10).to_bytes(4, "little")
    return bytes(made)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (lying(), "a.xlsx", "damaged"),
        (b"", "a.xlsx", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.xls", "wrong_kind"),
        (b"%PDF-1.4", "a.xlsx", "wrong_kind"),
        (write_xlsx("t", ["a"], [["1"]])[:-300], "a.xlsx", "damaged"),
        (damaged(), "a.xlsx", "damaged"),
        (sparse(), "a.xlsx", "too_many_rows"),
        (write_xlsx("t", [""], []), "a.xlsx", "empty"),
        (write_xlsx("t", ["a", "a"], [["1", "2"]]), "a.xlsx", "doubled"),
        (write_xlsx("t", ["a", "", "c"], [["1", "2", "3"]]), "a.xlsx", "header"),
        (write_xlsx("t", ["a"], [[number] for number in range(11)]), "a.xlsx", "too_many_rows"),
        (b"a\n" * 12, "a.csv", "too_many_rows"),
        (b"a,b\n" + b"," * 300 + b"\n", "a.csv", "too_wide"),
        (b'a,b\n"open,1\n', "a.csv", "damaged"),
        ("\n".join(["a", "x" * 200_000]).encode(), "a.csv", "damaged"),
    ],
)
def test_bad_tables_get_a_sentence(content, name, code):
    with pytest.raises(TableError) as refused:
        read_table(upload(content, name), max_rows=10)
    assert refused.value.code == code and refused.value.messages[0]


@pytest.mark.parametrize(
    ("cell", "value"), [("1,234.50", Decimal("1234.50")), ("￥2元", Decimal(2)), (2.5, Decimal("2.5")), ("", None), (None, None), (3.0, Decimal(3))]
)
def test_amounts(cell, value):
    assert amount(cell) == value


@pytest.mark.parametrize("cell", ["abc", "1.2.3", "NaN", "Infinity", "一百"])
def test_no_amount(cell):
    with pytest.raises(ValueError):
        amount(cell)


@pytest.mark.parametrize("cell", ["2026-06-01", "2026/6/1", "2026.6.1", "2026年6月1日", "2026-06-01 00:00:00", datetime.date(2026, 6, 1), datetime.datetime.fromisoformat("2026-06-01")])
def test_days(cell):
    assert day(cell) == datetime.date(2026, 6, 1)


def test_no_day():
    assert day("") is None
    for cell in ("2026-02-30", "6月1日", "20260601", 45000.5):
        with pytest.raises(ValueError):
            day(cell)


def test_export_streams_its_rows():
    assert len(read_table(upload(write_xlsx("t", ["n"], ([number] for number in range(5000))))).rows) == 5000
    assert spreadsheet.MAX_ROWS >= 20_000
