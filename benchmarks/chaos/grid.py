"""A tab as somebody sees it who looks at it: headings, and texts below them.

This is on purpose not the product's own reading: it looks at no metadata to find a thing, and so it can
tell where the product went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulators.google.models import Book, Sheet
from vitrina.workbook.book import ROW_KEY, column_letters

#: Ids of the tabs in every workbook of a client; they stay when people rename or move a tab.
SHEET_IDS = {"client": 101, "backlog": 102, "in_progress": 103, "schedule": 104}

#: The column by whose texts rows are told apart.
MAIN_COLUMNS = {"backlog": "task", "in_progress": "action"}

Value = Any


@dataclass(frozen=True)
class Line:
    """A row below the headings, counted from 0."""

    index: int
    numbers: tuple[int, ...]


class Grid:
    """One tab of a workbook of the emulator.

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
        texts = [_text(cell) for cell in self.sheet.rows[self.header_index].cells]
        by_title = {text: index for index, text in reversed(list(enumerate(texts))) if text}
        self.columns = {key: by_title[title] for key, title in titles.items() if title in by_title}

    def _find_header(self, title: str) -> int:
        return next(
            index
            for index, line in enumerate(self.sheet.rows)
            if any(_text(cell) == title for cell in line.cells)
        )

    @property
    def title(self) -> str:
        """What stands on the tab."""
        return self.sheet.title

    @property
    def lines(self) -> Iterator[Line]:
        """All rows below the headings."""
        for index in range(self.header_index + 1, len(self.sheet.rows)):
            found = tuple(
                number
                for number in self.sheet.rows[index].metadata
                if self._book.metadata[number]["key"] == ROW_KEY
            )
            yield Line(index, found)

    @property
    def used(self) -> list[Line]:
        """Rows below the headings in which something stands."""
        return [line for line in self.lines if any(_value(cell) for cell in self._cells(line))]

    def find(self, text: str, **more: str) -> list[Line]:
        """Rows whose main column has *text*, and whose other columns have what *more* says."""
        wanted = {MAIN_COLUMNS[self.tab]: text, **more}
        return [
            line for line in self.lines if all(self.text(line, key) == shown for key, shown in wanted.items())
        ]

    def value(self, line: Line, key: str) -> Value:
        """What was entered: ``{"numberValue": 3.5}``; ``None`` for an empty cell."""
        return _value(self.sheet.cell(line.index, self.columns[key]))

    def text(self, line: Line, key: str) -> str:
        """What was entered, as a text."""
        return _text(self.sheet.cell(line.index, self.columns[key]))

    def note(self, line: Line, key: str) -> str:
        """The note of a cell."""
        return str(self.sheet.cell(line.index, self.columns[key]).get("note", ""))

    def address(self, line: Line, key: str) -> str:
        """``F7``."""
        return f"{column_letters(self.columns[key])}{line.index + 1}"

    def _cells(self, line: Line) -> list[Any]:
        return self.sheet.rows[line.index].cells


def _value(cell: Mapping[str, Any]) -> Value:
    return cell.get("userEnteredValue") or None


def _text(cell: Mapping[str, Any]) -> str:
    value = _value(cell)
    return "" if value is None else str(next(iter(value.values())))
