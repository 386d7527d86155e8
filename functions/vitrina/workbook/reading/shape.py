"""Tabs and columns of the last reading, to identify them when marks are lost or doubled.

While each key has exactly one mark the marks are believed. Otherwise a tab is identified by its sheet id,
which does not change; a column by the id of its mark, or by its exact title if no mark is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field, to_builtins

from vitrina.ports import Json


class KnownColumn(Struct, frozen=True):
    """A column: the title in its header, and the id of its mark."""

    title: str
    mark_id: int


class KnownTab(Struct, frozen=True):
    """A tab, with its columns by key."""

    sheet_id: int
    mark_id: int
    columns: Mapping[str, KnownColumn] = field(default_factory=dict)


class Shape(Struct, frozen=True):
    """The tabs of a workbook by key."""

    tabs: Mapping[str, KnownTab] = field(default_factory=dict)

    def renewed(self, now: Shape) -> Shape:
        """The shape updated by *now*; tabs and columns missing there are kept."""
        tabs = dict(self.tabs)
        for key, tab in now.tabs.items():
            old = tabs.get(key)
            columns = {**old.columns, **tab.columns} if old and old.sheet_id == tab.sheet_id else tab.columns
            tabs[key] = KnownTab(tab.sheet_id, tab.mark_id or (old.mark_id if old else 0), columns)
        return Shape(tabs)

    def data(self) -> Json:
        """The shape as a document of the store."""
        return {"tabs": {key: to_builtins(tab) for key, tab in self.tabs.items()}}


def shape_from_document(data: Mapping[str, Any]) -> Shape:
    """The shape from a document of the store."""
    return Shape(
        {
            key: KnownTab(
                tab["sheet_id"],
                tab["mark_id"],
                {
                    name: KnownColumn(column["title"], column["mark_id"])
                    for name, column in tab["columns"].items()
                },
            )
            for key, tab in data["tabs"].items()
        }
    )
