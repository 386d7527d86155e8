"""The lines of «Что нужно от вас» on the first tab: what the client has to hand over, by when, and his tick.

The template has a fixed count of lines. Those that are empty are hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from vitrina.domain.quantities import known_day
from vitrina.ports import Json
from vitrina.workbook.reading.book import Book, Field
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import is_same, value_of_kept

#: Fields with what is needed; the day and the tick stand in fields with a suffix.
_TEXT = re.compile(r"need_\d+")
_DAY, _TICK = "_by", "_done"


class NeedLine(Struct, frozen=True):
    """A line: its three cells."""

    text: Field
    day: Field
    tick: Field

    @property
    def is_free(self) -> bool:
        """Whether nothing stands in it."""
        return self.text.cell.is_empty

    @property
    def is_done(self) -> bool:
        """Whether the client has ticked it."""
        return self.tick.cell.value is True

    @property
    def due_on(self) -> date | None:
        """The day by which it is needed, ``None`` where the cell has none."""
        return known_day(self.day.cell.value)


def need_lines(book: Book) -> list[NeedLine]:
    """All lines from the top; a workbook of an earlier release has none."""
    names = (name for name in book.fields if _TEXT.fullmatch(name))
    lines = [
        NeedLine(book.fields[name], book.fields[name + _DAY], book.fields[name + _TICK])
        for name in names
        if name + _DAY in book.fields and name + _TICK in book.fields
    ]
    return sorted(lines, key=lambda line: line.text.row_index)


def open_needs(book: Book) -> list[NeedLine]:
    """Lines that the client has not ticked."""
    return [line for line in need_lines(book) if not line.is_free and not line.is_done]


def add_needs(change: WorkbookChange, book: Book, needs: Iterable[tuple[str, date]]) -> None:
    """Write *needs* into free lines and show these; what finds no line is left out."""
    free = [line for line in need_lines(book) if line.is_free]
    if not free or "client" not in book.tabs:
        return
    tab = book.tab("client")
    for line, (text, due_on) in zip(free, needs, strict=False):
        change.set_field(tab, line.text, text)
        change.set_field(tab, line.day, due_on)
        if line.is_done:
            # Left from a line that was undone.
            change.set_field(tab, line.tick, value=False)
        change.show_row(tab, line.text.row_index, is_shown=True)


def hide_emptied(change: WorkbookChange, book: Book, fields: Sequence[Sequence[Json]]) -> None:
    """Hide lines that an undo empties; *fields* are those of the trace of the action."""
    for name, before, after in fields:
        place = book.fields.get(str(name))
        if place is None or not _TEXT.fullmatch(place.name) or "client" not in book.tabs:
            continue
        if value_of_kept(before) is None and is_same(place.cell, value_of_kept(after)):
            change.show_row(book.tab("client"), place.row_index, is_shown=False)
