"""Records what a change does to a workbook, so that it can be undone.

Rows are recorded by their number, so that they are found after people have moved them; rows without a number
by their index.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from vitrina.ports import Json
from vitrina.workbook.reading.book import Field, Row, Tab
from vitrina.workbook.writing.values import Value, kept_content, kept_value


class Trace(Struct):
    """Cells with their contents before and after, and rows that got a number, left or were inserted.

    ``kept`` returns JSON:

    ``columns``     by tab: index by column key, as the change found them
    ``cells``       ``[tab, number or None, row index, column index, before, after]``
    ``notes``       the same with texts
    ``fields``      ``[name, before, after]``
    ``identified``  ``[tab, number]``
    ``moved``       ``[tab, row index, number, had_number]``, in the order of the rows
    ``orders``      by tab that rows leave: index of the header, and ``[row index, number]`` of all rows
    ``inserted``    by tab: ``at``, where room was made, and ``rows``, ``[number, {column: value}]``
    """

    _numbers: dict[tuple[str, int], int] = field(default_factory=dict)
    _left: dict[str, Tab] = field(default_factory=dict)
    _data: Json = field(
        default_factory=lambda: {
            "columns": {},
            "cells": [],
            "notes": [],
            "fields": [],
            "identified": [],
            "moved": [],
            "inserted": {},
        }
    )

    def cells(self, tab: Tab, row: Row, values: Mapping[int, Value]) -> None:
        """Record written cells of a row, by the index of the column; not those that stay as they are."""
        number, line, records = self._number(tab, row), tab.cells_at(row.index), self._data["cells"]
        known_count = len(records)
        for column, value in values.items():
            before = kept_content(line[column]) if column < len(line) else {}
            after = kept_value(value)
            if before != after:
                records.append([tab.key, number, row.index, column, before, after])
        if len(records) > known_count:
            self._remember(tab)

    def note(self, tab: Tab, row: Row, column: int, text: str) -> None:
        """Record a written note."""
        self._remember(tab)
        before = tab.cell_at(row.index, column).note
        self._data["notes"].append([tab.key, self._number(tab, row), row.index, column, before, text])

    def field(self, place: Field, value: Value) -> None:
        """Record a written field of the form."""
        self._data["fields"].append([place.name, kept_content(place.cell), kept_value(value)])

    def identified(self, tab: Tab, row: Row, number: int) -> None:
        """Record that a row gets its number."""
        self._numbers[tab.key, row.index] = number
        self._data["identified"].append([tab.key, number])

    def recognised(self, tab: Tab, row: Row, number: int) -> None:
        """Record that a row has had this number before, although it had no such mark."""
        self._numbers[tab.key, row.index] = number

    def moved(self, tab: Tab, row: Row, number: int) -> None:
        """Record that a row moves to the shelf."""
        self._remember(tab)
        self._left[tab.key] = tab
        self._data["moved"].append([tab.key, row.index, number, row.number is not None])

    def inserted(self, tab: Tab, at: int, rows: Mapping[int, Mapping[str, Value]]) -> None:
        """Record new rows, for which room is made before the row at *at*."""
        self._remember(tab)
        kept = [
            [number, {column: kept_value(value) for column, value in values.items()}]
            for number, values in rows.items()
        ]
        self._data["inserted"][tab.key] = {"at": at, "rows": kept}

    def __bool__(self) -> bool:
        """Whether there is anything to undo; fields alone, such as the time of a refresh, are not undone."""
        return any(self._data[kind] for kind in ("cells", "notes", "identified", "moved", "inserted"))

    @property
    def has_moved(self) -> bool:
        """Whether rows leave a tab."""
        return bool(self._left)

    def kept(self) -> Json:
        """The record of the change, as JSON."""
        orders = {
            key: {
                "header": tab.header_index,
                "rows": [[row.index, number] for row in tab.rows if (number := self._number(tab, row))],
            }
            for key, tab in self._left.items()
        }
        return {**self._data, "orders": orders}

    def _number(self, tab: Tab, row: Row) -> int | None:
        return self._numbers.get((tab.key, row.index)) or row.number

    def _remember(self, tab: Tab) -> None:
        if tab.key not in self._data["columns"]:
            self._data["columns"][tab.key] = dict(tab.columns)
