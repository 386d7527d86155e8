"""The tab *Продажи* of the agency's workbook: how many requests become sales."""

from __future__ import annotations

from collections.abc import Sequence

from vitrina.domain.sales import Conversion
from vitrina.tabs.blocks import share, used_row_count, write_column
from vitrina.workbook.reading.book import Book
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

TAB = "sales"
COLUMNS = ("funnel", "month", "requests", "won", "open", "conversion")


def write_sales(change: WorkbookChange, book: Book, found: Sequence[Conversion]) -> None:
    """Write the tab if its cells differ; a workbook that was not upgraded yet has no such tab."""
    tab = book.tabs.get(TAB)
    if tab is None:
        return
    wanted = [_values(one) for one in found]
    standing = [[tab.cell(row, key).value for key in COLUMNS if key in tab.columns] for row in tab.rows]
    shown = [[one for key, one in zip(COLUMNS, line, strict=True) if key in tab.columns] for line in wanted]
    blank_count = max(used_row_count(tab, COLUMNS) - len(wanted), 0)
    if standing[: len(shown)] == shown and blank_count == 0:
        return
    change.make_room(tab, tab.header_index + 1 + len(wanted))
    for column, key in enumerate(COLUMNS):
        write_column(change, tab, key, [line[column] for line in wanted], blank_count)


def _values(one: Conversion) -> list[Value]:
    return [
        one.funnel,
        f"{one.month:%m.%Y}",
        float(one.request_count),
        float(one.won_count),
        float(one.open_count),
        share(one.ratio),
    ]
