"""The data of one Asana account: tables of rows in memory, which can be saved as JSON."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from emulators.asana.errors import missing
from emulators.asana.limits import DEFAULTS
from emulators.common.clock import Clock, stamp, utc_now

Row = dict[str, Any]

#: All tables count together from here, in the length of real ids.
FIRST_GID = 1200000000000001

TABLES = (
    "users", "workspaces", "teams", "workspace_memberships", "projects", "project_memberships", "sections",
    "custom_fields", "custom_field_settings", "tasks", "stories", "time_tracking_entries",
    "attachments", "webhooks",
)  # fmt: skip

#: What the plan of a workspace includes. ``field_privacy`` makes the privacy of a custom field writable.
FEATURES: Mapping[str, bool] = {
    "custom_fields": True,
    "time_tracking": True,
    "guest_invites": True,
    "field_privacy": False,
}


class State:
    """Rows by table and gid; assigns gids and times.

    Parameters
    ----------
    clock
        The clock for the times of rows.
    """

    def __init__(self, clock: Clock = utc_now) -> None:
        self.clock = clock
        self.clear()

    def clear(self) -> None:
        """Delete everything."""
        self.tables: dict[str, dict[str, Row]] = {name: {} for name in TABLES}
        self.last_gid = FIRST_GID - 1
        self.limits: dict[str, int] = dict(DEFAULTS)

    def now(self) -> str:
        """The current moment as Asana writes it."""
        return stamp(self.clock())

    def add(self, table: str, **fields: Any) -> Row:
        """Add a row to *table*, with the time and, unless *fields* has one, a new gid."""
        gid = str(fields.pop("gid", None) or self.last_gid + 1)
        self.last_gid = max(self.last_gid, int(gid))
        row: Row = {"gid": gid, "created_at": self.now(), **fields}
        self.tables[table][gid] = row
        return row

    def get(self, table: str, gid: object) -> Row:
        """The row, or Asana's 404."""
        row = self.tables[table].get(str(gid))
        if row is None:
            raise missing(table.removesuffix("s"), gid)
        return row

    def select(self, table: str, **equals: Any) -> Iterator[Row]:
        """Rows with these values, in the order in which they were added."""
        for row in list(self.tables[table].values()):
            if all(row.get(key) == value for key, value in equals.items()):
                yield row

    def find(self, table: str, **equals: Any) -> Row | None:
        """The oldest row with these values, or ``None``."""
        return next(self.select(table, **equals), None)

    def remove(self, table: str, gid: str) -> None:
        """Remove a row from its table."""
        del self.tables[table][gid]

    def dump(self) -> Row:
        """A copy of all tables as JSON-able data."""
        tables = {name: copy.deepcopy(list(rows.values())) for name, rows in self.tables.items()}
        return {"last_gid": self.last_gid, "limits": dict(self.limits), "tables": tables}

    def load(self, data: Row) -> None:
        """Restore what ``dump`` returned."""
        self.clear()
        self.last_gid, self.limits = data["last_gid"], dict(data["limits"])
        for name, rows in data["tables"].items():
            self.tables[name] = {row["gid"]: row for row in rows}
