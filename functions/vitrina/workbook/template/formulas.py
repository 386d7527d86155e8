"""Formulas of a template with addresses and texts put in place of their placeholders.

They are written so that they mean the same in every language of the workbook: `;` between arguments,
English names, whole numbers only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from vitrina.workbook.reading.book import column_letters
from vitrina.workbook.template.definition import PLACEHOLDER, BookTemplate, Locale, Profile, TabTemplate

#: Index of the form's column that holds the values; the named ranges lie in it.
VALUE_COLUMN = 2


@dataclass(frozen=True)
class Formulas:
    """Formulas of one workbook as it is when it is made: titles and places are the template's."""

    template: BookTemplate
    locale: Locale
    profiles: tuple[Profile, ...]

    def fill(
        self, formula: str, *, letters: Mapping[str, str] | None = None, row: int = 0, day_row: int = 0
    ) -> str:
        """Put addresses and texts in place of the placeholders.

        Parameters
        ----------
        letters
            Letter of every column of the tab by its unfolded key.
        row
            Number of the row that ``{cell:…}``, ``{first:…}`` and ``{last:…}`` speak of, from 1.
        day_row
            Number of the row that holds a calendar's dates, from 1.
        """

        def replaced(found: re.Match[str]) -> str:
            kind, target = found[1], found[2]
            if kind in ("cell", "first", "last"):
                return _cell(kind, target, letters or {}, row)
            if kind == "day":
                return f"{_first_of(target, letters or {})}${day_row}"
            if kind == "field":
                return f"${column_letters(VALUE_COLUMN)}${self.field_row(target) + 1}"
            return self._of_book(kind, target)

        return PLACEHOLDER.sub(replaced, formula)

    def letters(self, tab: TabTemplate) -> dict[str, str]:
        """Letter of every column of a new tab by its unfolded key."""
        return {column.key: column_letters(index) for index, column in enumerate(tab.expand(self.profiles))}

    def field_row(self, key: str) -> int:
        """Index of the form's row that holds the field."""
        rows = (numbered for tab in self.template.tabs for numbered in enumerate(tab.form))
        return next(index for index, row in rows if row.kind == "field" and row.key == key)

    def _of_book(self, kind: str, target: str) -> str:
        """What does not depend on the place of the formula: other tabs, and texts."""
        if kind == "headers":
            return str(self.template.tab(target).header_rows)
        if kind == "column":
            tab_key, column_key = target.split(".", 1)
            letter = _first_of(column_key, self.letters(self.template.tab(tab_key)))
            title = self.template.text(self.locale, tab_key).replace("'", "''")
            # A whole column has no first row that an inserted one could push down.
            return f"'{title}'!{letter}:{letter}"
        key = f"choice.{target}" if kind == "choice" else target
        return '"' + self.template.text(self.locale, key).replace('"', '""') + '"'


def _cell(kind: str, target: str, letters: Mapping[str, str], row: int) -> str:
    """Address in the current row. The column is fixed, except where it stands for a whole group."""
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
