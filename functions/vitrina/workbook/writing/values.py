"""Values of cells in the forms of Google and of the store."""

from __future__ import annotations

import re
from datetime import date

from msgspec import Struct

from vitrina.domain.quantities import serial_of_day
from vitrina.ports import Json
from vitrina.workbook.reading.book import Cell


class Formula(Struct, frozen=True):
    """A formula that the add-on writes: ``;`` between arguments, English names, no decimal literals."""

    text: str


Value = str | float | date | Formula | None
"""What can be written into a cell; ``None`` empties it, a text is never taken for a formula."""

_SHEET_NAME = re.compile(r"(?:'(?:[^']|'')+'|[^\W\d][\w.]*)!")
_REFERENCE = re.compile(r"\$?\b([A-Z]{1,3})\$?(\d+)\b")


def cell_data(value: Value) -> Json:
    """The ``CellData`` of a value."""
    match value:
        case None:
            return {}
        case Formula(text):
            return {"userEnteredValue": {"formulaValue": text}}
        case bool():
            return {"userEnteredValue": {"boolValue": value}}
        case str():
            return {"userEnteredValue": {"stringValue": value}}
        case date():
            return {"userEnteredValue": {"numberValue": serial_of_day(value)}}
        case _:
            return {"userEnteredValue": {"numberValue": value}}


def kept_value(value: Value) -> Json:
    """A value as JSON of the store: ``{}``, ``{"v": 3.5}`` or ``{"f": "=A1"}``."""
    match value:
        case None:
            return {}
        case Formula(text):
            return {"f": text}
        case date():
            return {"v": serial_of_day(value)}
        case _:
            return {"v": value}


def kept_content(cell: Cell) -> Json:
    """The content of a cell in the same form as ``kept_value``."""
    if cell.formula is not None:
        return {"f": cell.formula}
    return {} if cell.value is None else {"v": cell.value}


def value_of_kept(data: Json) -> Value:
    """The value from JSON of ``kept_value``."""
    return Formula(data["f"]) if "f" in data else data.get("v")


def value_of_cell(cell: Cell) -> Value:
    """The content of a cell: its formula, or its value without one."""
    return Formula(cell.formula) if cell.formula is not None else cell.value


def formula_shape(text: str) -> str:
    """A formula without its references, which change when rows move within or between tabs."""
    places = _REFERENCE.sub("#", _SHEET_NAME.sub("", text)).replace("#REF!", "#")
    return re.sub("#(:#)+", "#", places)


def is_same(cell: Cell, value: Value) -> bool:
    """Whether a cell holds *value*; references of formulas are not compared, as they follow moved rows."""
    now = value_of_cell(cell)
    if isinstance(value, Formula) and isinstance(now, Formula):
        return formula_shape(now.text) == formula_shape(value.text)
    return kept_content(cell) == kept_value(value)


def at_row(formula: Formula, row_index: int, old_index: int) -> Formula:
    """A formula whose references to its own row are changed from *old_index* to *row_index*."""

    def moved(reference: re.Match[str]) -> str:
        is_own = int(reference[2]) == old_index + 1
        return f"{reference[1]}{row_index + 1}" if is_own else reference[0]

    return Formula(_REFERENCE.sub(moved, formula.text))
