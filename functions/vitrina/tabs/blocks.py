"""Helpers for tabs that only the add-on fills: they write columns below the header and clear the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from vitrina.domain.quantities import serial_of_day
from vitrina.workbook.reading.book import Row, Tab
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

#: Digits of a ratio: a percentage with one decimal digit.
SHARE_DIGITS = 3


#: Empty rows that a client always finds below the last one: he may not add rows to a protected tab.
SPARE_ROWS = 20


def last_used_row(tab: Tab) -> int:
    """Count of the tab's rows down to the last one that is not empty."""
    used = (row.index for row in reversed(tab.rows) if any(not cell.is_empty for cell in row.cells))
    return next(used, tab.header_index) + 1


def column_group(tab: Tab, prefix: str) -> list[str]:
    """Columns of a repeated group, in the order of their numbers."""
    keys = (key for key in tab.columns if key.startswith(prefix))
    return sorted(keys, key=lambda key: int(key.removeprefix(prefix)))


def used_row_count(tab: Tab, keys: Sequence[str]) -> int:
    """Count of rows from the header to the last one that has a value in one of the columns."""
    columns = [key for key in keys if key in tab.columns]
    used = (row for row in reversed(tab.rows) if any(not tab.cell(row, key).is_empty for key in columns))
    last = next(used, None)
    return last.index - tab.header_index if last else 0


def write_column(
    change: WorkbookChange, tab: Tab, key: str, values: Sequence[Value], blank_count: int
) -> None:
    """Write *values* below the header of a column, and clear *blank_count* cells below them."""
    if key in tab.columns:
        cells: list[list[Value]] = [[value] for value in (*values, *[None] * blank_count)]
        change.set_block(tab, tab.header_index + 1, tab.columns[key], cells)


def holds(tab: Tab, row: Row, key: str, value: Value) -> bool:
    """Whether a cell already shows a value."""
    current = tab.cell(row, key).value
    return current == (serial_of_day(value) if isinstance(value, date) else value)


def share(ratio: float | None) -> float | None:
    """A ratio, rounded as it is shown."""
    return None if ratio is None else round(ratio, SHARE_DIGITS)
