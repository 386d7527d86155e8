"""Replaces placeholders in the formulas of a template by addresses and texts.

The formulas have the same meaning in every language of the workbook: `;` between arguments, English names,
whole numbers only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct, field

from vitrina.workbook.reading.book import column_letters
from vitrina.workbook.template.definition import PLACEHOLDER, BookTemplate, Locale, Profile, TabTemplate

#: Index of the column of the form with the values and their named ranges.
VALUE_COLUMN = 2


class Formulas(Struct, frozen=True, dict=True):
    """Formulas of a new workbook, whose titles and addresses are those of the template.

    A workbook that exists has others: ``upgrade`` overrides the methods that tell them.
    """

    template: BookTemplate
    locale: Locale
    profiles: tuple[Profile, ...]
    #: Titles of trackers by the name of the connection.
    trackers: Mapping[str, str] = field(default_factory=dict)

    def fill(
        self, formula: str, *, letters: Mapping[str, str] | None = None, row: int = 0, day_row: int = 0
    ) -> str:
        """Replaces the placeholders of a formula.

        Parameters
        ----------
        letters
            Letters of the columns of the tab by unfolded key.
        row
            Number of the row for ``{cell:…}``, ``{first:…}`` and ``{last:…}``, from 1.
        day_row
            Number of the row with the dates of a calendar, from 1.
        """

        def replaced(found: re.Match[str]) -> str:
            kind, target = found[1], found[2]
            if kind in ("cell", "first", "last"):
                return _cell(kind, target, letters or {}, row)
            if kind == "form":
                field_row, column = self.field_place(target)
                return f"'{self.sheet_title(self._form)}'!${column_letters(column)}${field_row + 1}"
            if kind == "upto":
                letter = _first_of(target, letters or {})
                return f"${letter}$1:${letter}{row}"
            if kind == "day":
                return f"{_first_of(target, letters or {})}${day_row}"
            if kind in ("field", "row"):
                field_row, column = self.field_place(target)
                return f"${column_letters(column)}{'$' if kind == 'field' else ''}{field_row + 1}"
            return self._of_book(kind, target)

        return PLACEHOLDER.sub(replaced, formula)

    def letters(self, tab: TabTemplate) -> dict[str, str]:
        """Letters of the columns of a new tab by unfolded key."""
        return {key: column_letters(index) for key, index in self.indices(tab).items()}

    def indices(self, tab: TabTemplate) -> Mapping[str, int]:
        """Indices of the columns of a new tab by unfolded key."""
        return self._new_indices[tab.key]

    @cached_property
    def _new_indices(self) -> Mapping[str, Mapping[str, int]]:
        return {
            tab.key: {
                column.key: index for index, column in enumerate(tab.expand(self.profiles, self.trackers))
            }
            for tab in self.template.tabs
        }

    def field_place(self, key: str) -> tuple[int, int]:
        """Indices of row and column of a field of the form."""
        return self._new_places[key]

    @cached_property
    def _new_places(self) -> Mapping[str, tuple[int, int]]:
        places: dict[str, tuple[int, int]] = {}
        for tab in self.template.tabs:
            for index, row in enumerate(tab.form):
                if row.kind == "field":
                    places[row.key] = index, VALUE_COLUMN
                for right, part in enumerate(row.parts):
                    places[part.key] = index, VALUE_COLUMN - 1 + right
        return places

    @property
    def _form(self) -> TabTemplate:
        return next(tab for tab in self.template.tabs if tab.kind == "form")

    def sheet_title(self, tab: TabTemplate) -> str:
        """Title of a tab, as it stands between quotes in a reference."""
        return self.template.text(self.locale, tab.key).replace("'", "''")

    def header_rows(self, tab: TabTemplate) -> int:
        """Count of the rows from the first one to the header, included."""
        return tab.header_rows

    def _of_book(self, kind: str, target: str) -> str:
        """Replacement that does not depend on the place of the formula: other tabs, texts."""
        if kind == "headers":
            return str(self.header_rows(self.template.tab(target)))
        if kind == "column":
            tab_key, column_key = target.split(".", 1)
            tab = self.template.tab(tab_key)
            letter = _first_of(column_key, self.letters(tab))
            # A whole column, as it has no first row that an inserted row could move.
            return f"'{self.sheet_title(tab)}'!{letter}:{letter}"
        key = f"choice.{target}" if kind == "choice" else target
        return '"' + self.template.text(self.locale, key).replace('"', '""') + '"'


def _cell(kind: str, target: str, letters: Mapping[str, str], row: int) -> str:
    """Address in the current row. The column is absolute, except for a column of a group."""
    if target in letters:
        return f"${letters[target]}{row}"
    members = _members(target, letters)
    if kind == "cell":
        return f"{members[0]}{row}"
    return f"${members[-1 if kind == 'last' else 0]}{row}"


def _first_of(key: str, letters: Mapping[str, str]) -> str:
    return letters[key] if key in letters else _members(key, letters)[0]


def _members(group: str, letters: Mapping[str, str]) -> list[str]:
    return [letter for key, letter in letters.items() if key.rpartition(".")[0] == group]
