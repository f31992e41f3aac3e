"""Tables as files: CSV, spreadsheet (XLSX). A cell is a number, a day, or text, never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import xlsxwriter
from django.http import HttpResponse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from portal.monitoring.tables import Cell, Moment, Table, shown

# What makes spreadsheet programs read text as a formula; https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WIDEST = 60


def respond(table: Table, ending: str) -> HttpResponse:
    """The table as a file to keep; `ending` is csv or xlsx."""
    make, media = WRITERS[ending]
    response = HttpResponse(make(replace(table, rows=list(table.rows))), content_type=media)
    name = f"{slugify(table.name) or 'tabel'}-{table.as_of:%Y%m%d}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def as_csv(table: Table) -> bytes:
    """UTF-8 with a mark at its beginning, without which spreadsheet programs read it as Latin-1."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([plain(column.label) for column in table.columns])
    writer.writerows([_value(cell) for cell in row] for row in table.rows)
    return file.getvalue().encode("utf-8-sig")


def as_xlsx(table: Table) -> bytes:
    """One sheet of data, one that says what it is, as of when, and how it was counted."""
    file = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        _fill(book, table)
        _explain(book, table)
    return file.getvalue()


def plain(text: str) -> str:
    """Text that no spreadsheet program takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) or text.startswith(FORMULA) else text


def _value(cell: Cell) -> object:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return shown(cell)
    if isinstance(cell, int | float):
        return cell
    if isinstance(cell, date):
        return cell.isoformat()
    return plain(str(cell))


def _fill(book: xlsxwriter.Workbook, table: Table) -> None:
    sheet = book.add_worksheet(_("Data"))
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    formats = {
        "number": book.add_format({"num_format": "#,##0"}),
        "decimal": book.add_format({"num_format": "#,##0.0"}),
        "percent": book.add_format({"num_format": "0.0"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }
    for position, column in enumerate(table.columns):
        sheet.write_string(0, position, column.label, bold)
    for number, row in enumerate(table.rows, start=1):
        for position, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
            _write(sheet, number, position, cell, formats.get(column.kind))
    for position, column in enumerate(table.columns):
        widest = max((len(str(row[position])) for row in table.rows), default=0)
        sheet.set_column(position, position, min(WIDEST, max(len(column.label) // 2, widest, 8) + 2))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(table.rows)), max(0, len(table.columns) - 1))


def _write(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: Cell, look: object) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_string(row, column, shown(cell))
    elif isinstance(cell, int | float):
        sheet.write_number(row, column, cell, look)
    elif isinstance(cell, Moment):
        sheet.write_datetime(row, column, cell.local.replace(tzinfo=None), look)
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), look)  # noqa: DTZ001 - a day
    else:
        sheet.write_string(row, column, str(cell)[:32_000])


def _explain(book: xlsxwriter.Workbook, table: Table) -> None:
    sheet = book.add_worksheet(_("Keterangan"))
    lines = [
        (_("Tabel"), table.title),
        *((_("Saringan"), chosen) for chosen in table.filters),
        (_("Data per"), str(Moment(table.as_of))),
        (_("Ringkasan"), table.summary),
        (_("Cara hitung"), table.counted),
    ]
    for number, (label, text) in enumerate((label, text) for label, text in lines if text):
        sheet.write_string(number, 0, label)
        sheet.write_string(number, 1, text)
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 110, book.add_format({"text_wrap": True}))


WRITERS: dict[str, tuple[Callable[[Table], bytes], str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "xlsx": (as_xlsx, XLSX),
}
