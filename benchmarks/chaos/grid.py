"""A tab as a person sees it: headings, and texts below them.

It deliberately does not use the product's reading code, nor metadata, so that it can find the product's
mistakes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from emulators.google.models import Book, Sheet
from vitrina.workbook.reading.book import ROW_KEY, column_letters

#: Ids of the tabs of a client's workbook; they do not change when a tab is renamed or moved.
SHEET_IDS = {"client": 101, "backlog": 102, "in_progress": 103, "schedule": 104, "done": 106, "taken": 107}

#: The column whose text identifies a row.
MAIN_COLUMNS = {"backlog": "task", "in_progress": "action", "done": "task"}


def shelf_rows(book: Book) -> list[list[Mapping[str, Any]]]:
    """Cells of the shelf, the hidden tab of the rows that left the backlog."""
    sheet = book.find(SHEET_IDS["taken"])
    return [line.cells for line in sheet.rows[1:]] if sheet is not None else []


Value = Any


@dataclass(frozen=True)
class Line:
    """A row below the headings: its index, and the item numbers of its marks."""

    index: int
    numbers: tuple[int, ...]


class Grid:
    """The current state of one tab in the Google emulator.

    Parameters
    ----------
    titles
        Headings by the key of their column.
    """

    def __init__(self, book: Book, tab: str, titles: Mapping[str, str]) -> None:
        self._book = book
        self.tab = tab
        self.sheet: Sheet = book.sheet(SHEET_IDS[tab])
        self.header_index = self._find_header(titles[MAIN_COLUMNS[tab]])
        texts = [text_in(cell) for cell in self.sheet.rows[self.header_index].cells]
        by_title = {text: index for index, text in reversed(list(enumerate(texts))) if text}
        self.columns = {key: by_title[title] for key, title in titles.items() if title in by_title}

    def _find_header(self, title: str) -> int:
        return next(
            index
            for index, line in enumerate(self.sheet.rows)
            if any(text_in(cell) == title for cell in line.cells)
        )

    @property
    def title(self) -> str:
        """The title of the tab."""
        return self.sheet.title

    @cached_property
    def lines(self) -> list[Line]:
        """All rows below the headings."""
        metadata = self._book.metadata
        return [
            Line(index, tuple(number for number in row.metadata if metadata[number]["key"] == ROW_KEY))
            for index, row in enumerate(self.sheet.rows)
            if index > self.header_index
        ]

    @cached_property
    def _by_text(self) -> Mapping[str, list[Line]]:
        """Rows below the headings by the text of their main column."""
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            found.setdefault(self.text(line, MAIN_COLUMNS[self.tab]), []).append(line)
        return found

    @cached_property
    def used(self) -> list[Line]:
        """Rows below the headings that are not empty."""
        return [line for line in self.lines if any(value_in(cell) for cell in self._cells(line))]

    def find(self, text: str, **more: str) -> list[Line]:
        """Rows whose main column has *text* and whose other columns have the texts of *more*."""
        return [
            line
            for line in self._by_text.get(text, ())
            if all(self.text(line, key) == shown for key, shown in more.items())
        ]

    def value(self, line: Line, key: str) -> Value:
        """The value entered into a cell, as ``{"numberValue": 3.5}``; ``None`` if the cell is empty."""
        return value_in(self._cell(line, key))

    def text(self, line: Line, key: str) -> str:
        """The value entered into a cell, as a text."""
        return text_in(self._cell(line, key))

    def note(self, line: Line, key: str) -> str:
        """The note of a cell."""
        return str(self._cell(line, key).get("note", ""))

    def address(self, line: Line, key: str) -> str:
        """The address of a cell, as ``F7``."""
        return f"{column_letters(self.columns[key])}{line.index + 1}"

    def _cell(self, line: Line, key: str) -> Mapping[str, Any]:
        """A cell; empty where its column is gone, as a broken product may write over a heading."""
        return self.sheet.cell(line.index, self.columns[key]) if key in self.columns else {}

    def _cells(self, line: Line) -> list[Any]:
        return self.sheet.rows[line.index].cells


def value_in(cell: Mapping[str, Any]) -> Value:
    """The value entered into a cell, or ``None``."""
    return cell.get("userEnteredValue") or None


def text_in(cell: Mapping[str, Any]) -> str:
    """The value entered into a cell, as a text."""
    value = value_in(cell)
    return "" if value is None else str(next(iter(value.values())))
