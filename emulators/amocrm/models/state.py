"""The tables of one amoCRM account, in memory and as JSON."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from emulators.common.clock import Clock, utc_now

Row = dict[str, Any]

#: Ids of all tables are counted together from here.
FIRST_ID = 10_000_001
TABLES = ("users", "pipelines", "fields", "companies", "contacts", "deals", "notes", "tasks", "webhooks")
ACCOUNT: Row = {"id": 30_000_001, "name": "Агентство", "subdomain": "agency", "has_webhooks": True}


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
        self.last_id = FIRST_ID - 1
        self.account: Row = dict(ACCOUNT)
        #: Triggers of pipelines: pipeline, status and address of each.
        self.triggers: list[Row] = []

    def now(self) -> int:
        """The current moment as amoCRM writes it: whole seconds."""
        return int(self._clock().timestamp())

    def add(self, table: str, **fields: Any) -> Row:
        """Add a row, with a new id unless *fields* has one."""
        row_id = int(fields.pop("id", None) or self.last_id + 1)
        self.last_id = max(self.last_id, row_id)
        row = {"id": row_id, **fields}
        self.tables[table][row_id] = row
        return row

    def find(self, table: str, **equals: Any) -> Row | None:
        """The oldest row with these values, or ``None``."""
        return next(self.select(table, **equals), None)

    def select(self, table: str, **equals: Any) -> Iterator[Row]:
        """Rows with these values, by id."""
        for _, row in sorted(self.tables[table].items()):
            if all(row.get(key) == value for key, value in equals.items()):
                yield row

    def dump(self) -> Row:
        """A copy of everything as JSON-able data."""
        tables = {name: list(rows.values()) for name, rows in self.tables.items()}
        kept = {"last_id": self.last_id, "account": self.account, "triggers": self.triggers, "tables": tables}
        return copy.deepcopy(kept)

    def load(self, data: Row) -> None:
        """Restore what ``dump`` returned."""
        self.clear()
        self.last_id, self.account, self.triggers = data["last_id"], data["account"], data["triggers"]
        for name, rows in data["tables"].items():
            self.tables[name] = {row["id"]: row for row in rows}
