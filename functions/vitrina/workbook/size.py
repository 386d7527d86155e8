"""Tabs that have more rows or columns than Vitrina works with, and those that soon will."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vitrina.domain.limits import MOST_COLUMNS, MOST_ROWS, is_soon
from vitrina.errors import CellProblem
from vitrina.texts import Sentence, sentence
from vitrina.workbook.reading.book import Book, Row, Tab, column_letters


def size_problems(book: Book) -> list[CellProblem]:
    """A problem for each tab that is too large, at the first row or column that is too many."""
    found = [
        tab.problem(rows[most], column, "limit.rows", count=len(rows), most=most)
        for tab, column, rows, most in _counted(book)
        if len(rows) > most
    ]
    for tab in book.tabs.values():
        if tab.column_count > MOST_COLUMNS:
            cell = f"{column_letters(MOST_COLUMNS)}{tab.header_index + 1}"
            where = (("count", tab.column_count), ("most", MOST_COLUMNS))
            found.append(CellProblem(tab.title, cell, "limit.columns", where))
    return found


def size_warnings(book: Book) -> list[Sentence]:
    """A sentence for each tab that will soon be too large."""
    return [
        sentence("limit.rows_soon", sheet=tab.title, count=len(rows), most=most)
        for tab, _, rows, most in _counted(book)
        if is_soon(len(rows), most)
    ]


def filled_rows(tab: Tab, column: str) -> list[Row]:
    """Rows with something in a column; none where it is gone."""
    if column not in tab.columns:
        return []
    return [row for row in tab.rows if not tab.cell(row, column).is_empty]


def _counted(book: Book) -> Iterator[tuple[Tab, str, Sequence[Row], int]]:
    """Tabs with the rows that count for a limit; not those that are far from it with all their rows."""
    for (key, column), most in MOST_ROWS.items():
        tab = book.tabs.get(key)
        if tab is not None and (len(tab.rows) > most or is_soon(len(tab.rows), most)):
            yield tab, column, filled_rows(tab, column), most
