"""The list of works of a request as an XLSX, which accounting's programs load."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from vitrina.records.outside.invoice_requests import InvoiceRequest
from vitrina.texts import render, sentence

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_COLUMNS = (
    ("code", 14),
    ("title", 60),
    ("hours", 12),
    ("unit", 10),
    ("price", 12),
    ("sum", 14),
    ("accepted_on", 13),
)
#: Excel takes no longer text in a cell.
_MOST_TEXT = 32_000


def lines_file(request: InvoiceRequest) -> bytes:
    """The file. Text is text: nothing in it is a formula or a link; amounts are those of the request."""
    # It takes a fifth of a second to load, and only a letter needs it.
    import xlsxwriter  # noqa: PLC0415

    file = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet(_word(request, "name")[:31])
        for column, (key, width) in enumerate(_COLUMNS):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, _word(request, key), bold)
        for place, line in enumerate(request.lines, start=1):
            _text(sheet, place, 0, line.code)
            _text(sheet, place, 1, line.title, wrapped)
            sheet.write_number(place, 2, float(line.hours), money)
            _text(sheet, place, 3, line.unit)
            if line.price_kop is not None and line.sum_kop is not None:
                sheet.write_number(place, 4, line.price_kop / 100, money)
                sheet.write_number(place, 5, line.sum_kop / 100, money)
            sheet.write_datetime(place, 6, date.fromisoformat(line.accepted_on), day)
        last = len(request.lines) + 1
        sheet.write_string(last, 0, _word(request, "total"), bold)
        if request.total_kop is not None:
            sheet.write_number(last, 5, request.total_kop / 100, money)
        sheet.freeze_panes(1, 0)
    return file.getvalue()


def file_name(request: InvoiceRequest) -> str:
    """Name of the file, of letters that every system takes."""
    return f"{request.human_number}-{request.revision}.xlsx".replace("/", "-")


def _text(sheet: Any, row: int, column: int, text: str, look: Any = None) -> None:
    sheet.write_string(row, column, text[:_MOST_TEXT], look)


def _word(request: InvoiceRequest, key: str) -> str:
    return render(sentence(f"accounting.sheet.{key}"), request.locale)
