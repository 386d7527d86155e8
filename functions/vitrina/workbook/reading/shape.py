"""How a workbook looked at the last reading: a witness for tabs and columns without a mark, or with two.

The marks are believed while there is one for each key. A tab is known again by its sheet id, which stays
through renaming and moving; a column by the id of its mark, or by its exact title where no mark is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from vitrina.ports import Json


@dataclass(frozen=True)
class KnownColumn:
    """A column as it was: the title in its header, and the id of its mark."""

    title: str
    mark_id: int


@dataclass(frozen=True)
class KnownTab:
    """A tab as it was, with its columns by key."""

    sheet_id: int
    mark_id: int
    columns: Mapping[str, KnownColumn] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """The tabs of a workbook by key."""

    tabs: Mapping[str, KnownTab] = field(default_factory=dict)

    def renewed(self, now: Shape) -> Shape:
        """With what is seen *now*; what is missing now is still remembered."""
        tabs = dict(self.tabs)
        for key, tab in now.tabs.items():
            old = tabs.get(key)
            columns = {**old.columns, **tab.columns} if old and old.sheet_id == tab.sheet_id else tab.columns
            tabs[key] = KnownTab(tab.sheet_id, tab.mark_id or (old.mark_id if old else 0), columns)
        return Shape(tabs)

    def data(self) -> Json:
        """The shape as a document."""
        return {"tabs": {key: asdict(tab) for key, tab in self.tabs.items()}}


def shape_from_document(data: Mapping[str, Any]) -> Shape:
    """The shape of a document."""
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
