"""Several sheets in one Excel file; cells that look like formulas are made harmless."""

import io
from datetime import date
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from kernel.spreadsheet import neutralise

FORMATS = {Decimal: "#,##0.00", date: "yyyy-mm-dd"}


def write_workbook(sheets):
    """`sheets`: title -> rows, the first row being the heading. Returns xlsx bytes."""
    book = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for column, width in enumerate(widths(rows), start=1):
            sheet.column_dimensions[get_column_letter(column)].width = width
        sheet.freeze_panes = "A2"
        for index, row in enumerate(rows):
            sheet.append([cell_of(sheet, value, bold=index == 0) for value in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def cell_of(sheet, value, bold):
    value = neutralise(value) if isinstance(value, str) else value
    cell = WriteOnlyCell(sheet, value=value)
    if bold:
        cell.font = Font(bold=True)
    if number_format := FORMATS.get(type(value)):
        cell.number_format = number_format
    return cell


def widths(rows, most=40):
    """Column widths that fit the first rows; a Chinese character takes two places."""
    found = []
    for row in rows[:200]:
        for column, value in enumerate(row):
            text = f"{value:,.2f}" if isinstance(value, Decimal) else str(value or "")
            width = min(most, 2 + sum(2 if ord(letter) > 255 else 1 for letter in text))
            if column == len(found):
                found.append(width)
            found[column] = max(found[column], width)
    return found
