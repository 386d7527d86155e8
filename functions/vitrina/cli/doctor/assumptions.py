"""The table of ``docs/assumptions.md``: what is assumed, and what else can be done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).resolve().parents[4] / "docs" / "assumptions.md"
HEADING = ["#", "we assume", "used in", "if it is not so", "checked by"]

#: How the last column names a check.
_CHECK = re.compile(r"`(\w+)`")
_CANNOT = "cannot: "


@dataclass(frozen=True)
class Assumption:
    """One row. ``checked_by`` is the name of a check, or empty where ``reason`` says why there is none."""

    number: int
    service: str
    words: str
    fallback: str
    checked_by: str
    reason: str


def read_assumptions(path: Path = PATH) -> list[Assumption]:
    """All rows, in the order of the document.

    Raises
    ------
    ValueError
        If a table has other columns, or a row names neither a check nor a reason.
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
                raise ValueError(f"{path.name}: {service} has the columns {', '.join(cells)}")
            continue
        rows.append(_assumption(service, cells))
    return rows


def _assumption(service: str, cells: list[str]) -> Assumption:
    number, words, _, fallback, checked_by = cells
    found = _CHECK.search(checked_by)
    if not found and not checked_by.startswith(_CANNOT):
        raise ValueError(f"{PATH.name}: {number} is checked by nothing, and does not say why")
    return Assumption(
        int(number),
        service,
        words,
        fallback,
        found[1] if found else "",
        "" if found else checked_by.removeprefix(_CANNOT),
    )
