"""Where tabs, columns and fields of a workbook stand that exists: people have moved and renamed them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from vitrina.ports import Json
from vitrina.workbook.reading.book import Book
from vitrina.workbook.template.compiler import Compilation
from vitrina.workbook.template.definition import TabTemplate
from vitrina.workbook.template.formulas import Formulas

#: A reference to another tab whose title needs no quotes; Google may write it either way.
_QUOTED = re.compile(r"'([^\W\d][\w.]*)'!")
_TEXT = re.compile(r'("(?:[^"]|"")*")')


class Places(Struct, frozen=True):
    """Titles of tabs, and indices of their columns and header rows, by key; places of the form's fields."""

    titles: Mapping[str, str] = field(default_factory=dict)
    sheet_ids: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    header_rows: Mapping[str, int] = field(default_factory=dict)
    #: Row and column.
    fields: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def places_of(book: Book) -> Places:
    """The places of a workbook as it was read."""
    tabs = book.tabs.items()
    return Places(
        {key: tab.title for key, tab in tabs},
        {key: tab.sheet_id for key, tab in tabs},
        {key: dict(tab.columns) for key, tab in tabs},
        {key: tab.header_index + 1 for key, tab in tabs},
        {key: (one.row_index, one.column_index) for key, one in book.fields.items()},
    )


class PresentFormulas(Formulas, frozen=True):
    """Formulas with the addresses of a workbook that exists; a new tab has those of the template."""

    places: Places = field(default_factory=Places)

    def indices(self, tab: TabTemplate) -> Mapping[str, int]:
        """See ``Formulas``; columns that people removed are not there."""
        found = self.places.columns.get(tab.key)
        return super().indices(tab) if found is None else found

    def field_place(self, key: str) -> tuple[int, int]:
        """See ``Formulas``; raises ``KeyError`` for a field that people removed."""
        return self.places.fields[key] if self.places.fields else super().field_place(key)

    def sheet_title(self, tab: TabTemplate) -> str:
        """See ``Formulas``."""
        title = self.places.titles.get(tab.key)
        return super().sheet_title(tab) if title is None else title.replace("'", "''")

    def header_rows(self, tab: TabTemplate) -> int:
        """See ``Formulas``."""
        return self.places.header_rows.get(tab.key, tab.header_rows)


class PresentBook(Compilation, frozen=True):
    """A compilation for a workbook that exists."""

    places: Places = field(default_factory=Places)

    @property
    def formulas(self) -> PresentFormulas:
        """See ``Compilation``."""
        return PresentFormulas(self.template, self.locale, self.profiles, self.trackers, self.places)

    def tab(self, key: str) -> TabTemplate:
        """The template of a tab, with the id of the sheet that the workbook has."""
        tab = self.template.tab(key)
        return replace(tab, sheet_id=self.places.sheet_ids.get(key, tab.sheet_id))

    def filled(self, formula: str, tab: TabTemplate, *, row: int = 0) -> str | None:
        """A formula of the template where it stands here, ``None`` if it speaks of what people removed."""
        letters, days = self.formulas.letters(tab), self.formulas.header_rows(tab)
        try:
            return self.formulas.fill(formula, letters=letters, row=row, day_row=days)
        except (KeyError, IndexError):
            return None


def at_places(base: Compilation, places: Places) -> PresentBook:
    """The same compilation for a workbook with these *places*."""
    return PresentBook(**asdict(base), places=places)


def same_formula(one: str | None, other: str | None) -> bool:
    """Whether two formulas are the same but for spaces, letter case and quotes that Google may change."""
    return one is not None and other is not None and _plain(one) == _plain(other)


def _plain(formula: str) -> str:
    parts = _TEXT.split(formula)
    return "".join(
        part if index % 2 else re.sub(r"\s+", "", _QUOTED.sub(r"\1!", part)).upper()
        for index, part in enumerate(parts)
    )


def cells_below(sheet: Json, header_rows: int, column: int) -> Iterator[tuple[int, Json]]:
    """Index of the row and data of each cell of a column below the header, of Google's *sheet*."""
    for index, row in enumerate(_rows(sheet)):
        cells = row.get("values", ())
        if index >= header_rows and column < len(cells):
            yield index, cells[column]


def cell_data_at(sheet: Json, row: int, column: int) -> Json:
    """Data of a cell of Google's *sheet*, empty where it has none."""
    rows = _rows(sheet)
    cells = rows[row].get("values", []) if row < len(rows) else []
    return dict(cells[column]) if column < len(cells) else {}


def _rows(sheet: Json) -> Any:
    data: Json = next(iter(sheet.get("data", ())), {})
    return data.get("rowData", ())
