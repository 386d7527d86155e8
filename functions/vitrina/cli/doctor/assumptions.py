"""Reads the table of ``docs/assumptions.md``: each assumption and the fallback if it does not hold."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

PATH = Path(__file__).resolve().parents[4] / "docs" / "assumptions.md"
HEADING = ["#", "we assume", "used in", "if it is not so", "checked by"]

#: How the last column names a probe.
_PROBE_NAME = re.compile(r"`(\w+)`")
#: How the last column begins where no probe is possible.
_NO_PROBE = "cannot: "


class Assumption(Struct, frozen=True):
    """One row. ``checked_by`` names a probe; where it is empty, ``reason`` says why there is no probe."""

    number: int
    service: str
    statement: str
    fallback: str
    checked_by: str
    reason: str


def read_assumptions(path: Path = PATH) -> list[Assumption]:
    """Read all rows, in the order of the document.

    Raises
    ------
    ValueError
        If a table has other columns, or a row names neither a probe nor a reason.
    """
    rows: list[Assumption] = []
    service = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            service = line.removeprefix("## ")
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if not line.startswith("|") or set(line) <= set("|- "):
            continue
        if cells[0] == "#":
            if cells != HEADING:
                raise ValueError(f"{path.name}: the table {service} has the columns {', '.join(cells)}")
            continue
        rows.append(_assumption(service, cells))
    return rows


def _assumption(service: str, cells: list[str]) -> Assumption:
    number, statement, _, fallback, checked_by = cells
    name = _PROBE_NAME.search(checked_by)
    if not name and not checked_by.startswith(_NO_PROBE):
        raise ValueError(f"{PATH.name}: row {number} names no check and gives no reason")
    return Assumption(
        int(number),
        service,
        statement,
        fallback,
        name[1] if name else "",
        "" if name else checked_by.removeprefix(_NO_PROBE),
    )
