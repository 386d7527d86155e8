"""The tables of one Kaiten company, in memory and as JSON."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from typing import Any

from emulators.common.clock import Clock, stamp, utc_now
from emulators.kaiten.errors import missing

Row = dict[str, Any]

FIRST_ID = 1001
"""All tables count together from here: an id of one kind is never by accident one of another."""

TABLES = (
    "users", "spaces", "accesses", "webhooks", "boards", "columns", "lanes", "cards", "members", "comments",
    "checklists", "checklist_items", "time_logs", "links", "children", "tags", "card_tags", "moves",
    "properties",
)  # fmt: skip

INDEXED = frozenset({"space_id", "board_id", "card_id", "child_id", "checklist_id", "external_id", "user_id"})
"""Columns by which rows are looked up often enough to keep their ids at hand."""

DEFAULT_LIMIT_PER_S = 50


class State:
    """Rows by table and id; assigns ids and times.

    Parameters
    ----------
    clock
        The clock for the times of rows.
    """

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Delete everything."""
        self.tables: dict[str, dict[int, Row]] = {name: {} for name in TABLES}
        self._index: dict[tuple[str, str, Any], dict[int, Row]] = {}
        self.last_id = FIRST_ID - 1
        self.limit_per_s = DEFAULT_LIMIT_PER_S

    def now(self) -> str:
        """The current moment as Kaiten writes it."""
        return stamp(self._clock())

    def add(self, table: str, **fields: Any) -> Row:
        """Add a new row to *table*, with the time and, unless *fields* has one, a new id."""
        given_id = fields.pop("id", None)
        row_id = self.last_id + 1 if given_id is None else int(given_id)
        self.last_id = max(self.last_id, row_id)
        now = self.now()
        row = {
            "id": row_id,
            "uid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{table}/{row_id}")),
            "created": now,
            "updated": now,
        }
        row.update(fields)
        self._put(table, row)
        return row

    def change(self, table: str, row: Row, fields: Row) -> Row:
        """Write the fields that differ, and the time; return what was written, or nothing."""
        changes = {key: value for key, value in fields.items() if row.get(key) != value}
        if changes:
            changes["updated"] = self.now()
            self.remove(table, row)
            row.update(changes)
            self._put(table, row)
        return changes

    def get(self, table: str, row_id: object) -> Row:
        """The row, or Kaiten's 404."""
        try:
            return self.tables[table][int(row_id)]  # type: ignore[call-overload]
        except (KeyError, ValueError, TypeError):
            raise missing() from None

    def find(self, table: str, **equals: Any) -> Row | None:
        """The oldest row with these values, or ``None``."""
        return next(self.select(table, **equals), None)

    def select(self, table: str, **equals: Any) -> Iterator[Row]:
        """Rows with these values, by id."""
        buckets = [self._index.get((table, key, equals[key]), {}) for key in INDEXED & equals.keys()]
        rows = min(buckets, key=len, default=self.tables[table])
        for _, row in sorted(rows.items()):
            if all(row.get(key) == value for key, value in equals.items()):
                yield row

    def remove(self, table: str, row: Row) -> None:
        """Remove the row from its table."""
        del self.tables[table][row["id"]]
        for key in INDEXED & row.keys():
            del self._index[table, key, row[key]][row["id"]]

    def _put(self, table: str, row: Row) -> None:
        self.tables[table][row["id"]] = row
        for key in INDEXED & row.keys():
            self._index.setdefault((table, key, row[key]), {})[row["id"]] = row

    def dump(self) -> Row:
        """A copy of all tables as JSON-able data."""
        return {
            "last_id": self.last_id,
            "limit_per_s": self.limit_per_s,
            "tables": {name: copy.deepcopy(list(rows.values())) for name, rows in self.tables.items()},
        }

    def load(self, data: Row) -> None:
        """Restore what ``dump`` returned."""
        self.clear()
        self.last_id, self.limit_per_s = data["last_id"], data["limit_per_s"]
        for name, rows in data["tables"].items():
            for row in rows:
                self._put(name, row)
