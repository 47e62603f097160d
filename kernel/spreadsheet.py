"""Excel and CSV out and in. Out: no cell runs as a formula, CSV opens in Excel with Chinese. In: clear sentences for broken or endless files."""

import csv
import datetime
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from kernel import clock, filetypes

RISKY = ("=", "+", "-", "@", "\t", "\r")
MAX_ROWS, MAX_COLUMNS = 20_000, 200
ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
FORMATS = {"money": "#,##0.00", "number": "#,##0", "percent": "0.00%", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm"}
WIDTHS = {"money": 16, "number": 10, "percent": 10, "date": 12, "datetime": 17}
CELL = 32_767


@dataclass(frozen=True)
class Column:
    """A column of an export. `kind`: text, money (Decimal yuan), number, percent (ratio), date, datetime."""

    header: object
    kind: str = "text"
    width: float | None = None


class TableError(ValidationError):
    """A file that can't be read as a table, in a sentence for the form."""


class Table(NamedTuple):
    """A header and rows of the same width; cells as the file had them (str, number, date, bool or '')."""

    header: list
    rows: list

    def records(self):
        """(number of the row in the file, {header: cell}) of every row that isn't empty."""
        for number, row in enumerate(self.rows, start=2):
            if any(cell != "" for cell in row):
                yield number, dict(zip(self.header, row, strict=True))


def neutralise(cell):
    """Text that Excel would run as a formula gets an apostrophe in front; signs no file may hold are left out. Other types stay."""
    if not isinstance(cell, str):
        return cell
    cell = ILLEGAL.sub("", cell)[: CELL - 1]
    return f"'{cell}" if cell.lstrip("'").startswith(RISKY) else cell  # also what has one already, so that taking it off again gives back the same


def write_xlsx(title, columns, rows):
    """The bytes of a workbook with one sheet, written row by row. `columns`: Column or plain headers; cells in their order."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    columns = _columns(columns)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", ILLEGAL.sub("", str(title))).strip("' ")[:31] or "1")
    sheet.freeze_panes = "A2"
    for place, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = column.width or WIDTHS.get(column.kind) or max(12, min(40, 2.2 * len(str(column.header))))

    def styled(value, number_format=None, bold=False):
        cell = WriteOnlyCell(sheet, value)
        if number_format:
            cell.number_format = number_format
        if bold:
            cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
        return cell

    sheet.append([styled(neutralise(str(column.header)), bold=True) for column in columns])
    for row in rows:
        sheet.append([styled(_cell(value), FORMATS.get(column.kind)) for column, value in zip(columns, row, strict=True)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def write_csv(columns, rows):
    """The same as CSV bytes: UTF-8 with BOM, so that Excel shows Chinese."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([neutralise(str(column.header)) for column in _columns(columns)])
    for row in rows:
        writer.writerow([_csv_cell(value) for value in row])
    return out.getvalue().encode("utf-8-sig")


def read_table(upload, *, max_rows=MAX_ROWS, max_bytes=None):
    """First sheet of an xlsx, or a CSV, as Table. Headers are trimmed; a leading apostrophe of our own exports is taken off again.

    Raises TableError: wrong type, damaged, empty, header missing or doubled, too many rows or columns.
    """
    kind = _inspected(upload, max_bytes)
    upload.seek(0)
    raw = upload.read()
    rows = _read_xlsx(raw, max_rows) if kind == "xlsx" else _read_csv(raw, max_rows)
    rows = [[_denature(cell) for cell in row] for row in rows]
    while rows and not any(cell != "" for cell in rows[-1]):
        rows.pop()
    start = next((place for place, row in enumerate(rows) if any(cell != "" for cell in row)), None)
    if start is None:
        raise TableError(_("The table is empty. Put the headings into the first row and the data below."), code="empty")
    header = [text(cell) for cell in rows[start]]
    while header and not header[-1]:
        header.pop()
    if start or "" in header:
        raise TableError(_("The first row must hold the headings, one for each column."), code="header")
    if doubled := sorted({name for name in header if header.count(name) > 1}):
        raise TableError(_("These headings stand there twice: %(names)s."), code="doubled", params={"names": ", ".join(doubled)})
    if len(rows) - 1 > max_rows:
        raise _too_many(max_rows)
    width = len(header)
    return Table(header, [(row + [""] * width)[:width] for row in rows[1:]])


def text(cell):
    """A cell as text: 1.0 → '1', dates as ISO, trimmed."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        cell = cell.date()
    return str(cell).strip()


def amount(cell):
    """A cell as Decimal, thousands separators and 元 left out; None when empty. Raises ValueError."""
    plain = text(cell).replace(",", "").replace("，", "").removesuffix("元").removeprefix("¥").removeprefix("￥").strip()
    if not plain:
        return None
    try:
        value = Decimal(plain)
    except InvalidOperation as error:
        raise ValueError(plain) from error
    if not value.is_finite():
        raise ValueError(plain)
    return value


def day(cell):
    """A cell as date (Excel date, 2026-06-01, 2026/6/1, 2026.6.1, 2026年6月1日); None when empty. Raises ValueError."""
    if isinstance(cell, datetime.datetime):
        return cell.date()
    if isinstance(cell, datetime.date):
        return cell
    plain = text(cell)
    if not plain:
        return None
    found = re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00:00(?::00)?)?", plain)
    if not found:
        raise ValueError(plain)
    return datetime.date(*map(int, found.groups()))


def _columns(columns):
    return [column if isinstance(column, Column) else Column(column) for column in columns]


def _cell(value):
    if isinstance(value, datetime.datetime) and value.tzinfo:
        return value.astimezone(clock.ZONE).replace(tzinfo=None)
    if value is None or isinstance(value, (bool, int, float, Decimal, datetime.date)):
        return value
    return neutralise(str(value))


def _csv_cell(value):
    value = _cell(value)
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return "" if value is None else value


def _denature(cell):
    if not isinstance(cell, str):
        return "" if cell is None else cell
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell.lstrip("'").startswith(RISKY) else cell


def _inspected(upload, max_bytes):
    try:
        kind = filetypes.inspect(upload, (*filetypes.TABLES, "txt"), max_bytes).key
    except ValidationError as error:
        if error.code == "wrong_kind":
            raise TableError(_("This is no Excel (xlsx) or CSV file. Old .xls files: open and save as .xlsx."), code="wrong_kind") from error
        raise TableError(error.message, code=error.code, params=error.params) from error
    return kind


def _too_many(limit):
    return TableError(_("More than %(limit)d rows. Split the file."), code="too_many_rows", params={"limit": limit})


def _read_csv(raw, max_rows):
    content = filetypes.decode_text(raw)
    first = content.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = []
    try:
        for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True):
            rows.append(row)
            if len(row) > MAX_COLUMNS:
                raise _too_wide()
            if len(rows) > max_rows + 1:
                raise _too_many(max_rows)
    except csv.Error as error:
        raise TableError(_("The CSV is damaged: a quotation mark is not closed or a cell is endless."), code="damaged") from error
    return rows


def _read_xlsx(raw, max_rows):
    from python_calamine import CalamineError, CalamineWorkbook

    damaged = TableError(_("The Excel file is damaged. Open it, save it again and upload that."), code="damaged")
    try:
        _refuse_sparse(raw, max_rows)
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        if not book.sheet_names:
            raise damaged
        return book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError, KeyError, OverflowError, EOFError, zlib.error) as error:
        raise damaged from error


def _too_wide():
    return TableError(_("More than %(limit)d columns. Leave out what isn't asked for."), code="too_wide", params={"limit": MAX_COLUMNS})


def _refuse_sparse(raw, max_rows):
    """Two cells far apart make a reader build the whole rectangle between them: look at the addresses first, in a stream.

    Reading every part to its end also proves that none unpacks to more than it declares (BadZipFile).
    """
    address = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br=["\']([A-Z]+)([0-9]+)["\']')
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        for entry in archive.infolist():
            is_sheet, tail = entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"), b""
            with archive.open(entry) as part:
                while piece := part.read(1 << 20):
                    for letters, number in address.findall(tail + piece) if is_sheet else ():
                        if int(number) > max_rows + 1:
                            raise _too_many(max_rows)
                        if _column_number(letters) > MAX_COLUMNS:
                            raise _too_wide()
                    tail = (tail + piece)[-200:]


def _column_number(letters):
    number = 0
    for letter in letters[:6]:
        number = number * 26 + letter - 64
    return number
