"""Rules for writes to cells and formats: masks, the two fields of a colour, colours in eight bits."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

from emulators.google import masks
from emulators.google.errors import invalid
from emulators.google.models import EMPTY, Cell

READ_ONLY = ("effectiveValue", "effectiveFormat", "formattedValue", "hyperlink")
"""Fields of a cell that the service computes; Google ignores them on input."""

THEME_COLORS = {
    "TEXT": {},
    "BACKGROUND": {"red": 1, "green": 1, "blue": 1},
    "ACCENT1": {"red": 66, "green": 133, "blue": 244},
    "ACCENT2": {"red": 234, "green": 67, "blue": 53},
    "ACCENT3": {"red": 251, "green": 188, "blue": 4},
    "ACCENT4": {"red": 52, "green": 168, "blue": 83},
    "ACCENT5": {"red": 255, "green": 109, "blue": 1},
    "ACCENT6": {"red": 70, "green": 189, "blue": 198},
    "LINK": {"red": 17, "green": 85, "blue": 204},
}
"""The standard theme of a new spreadsheet; accents in 0..255."""

Color = dict[str, float]


@lru_cache(maxsize=4096)
def _channel(value: float) -> float:
    """A colour channel as the service stores it: rounded to eight bits, shown as a 32-bit float."""
    byte = min(max(int(_single(_single(value) * 255)), 0), 255)
    return byte // 255 if byte in (0, 255) else _shortest(_single(byte / 255))


def _shortest(value: float) -> float:
    """A number of 32 bits in as few digits as tell it from its neighbours, as JSON shows it."""
    texts = (f"{value:.{digits}g}" for digits in (8, 9))
    return next(float(text) for text in texts if _single(float(text)) == value)


def _single(value: float) -> float:
    """The nearest number of 32 bits, with which the service calculates: a colour that is sent back stays."""
    nearest: float = struct.unpack("f", struct.pack("f", value))[0]
    return nearest


def color(value: Color) -> Color:
    """*value* as the service returns it: rounded, without channels that are zero."""
    result = {name: _channel(value[name]) for name in ("red", "green", "blue") if value.get(name)}
    return {name: part for name, part in result.items() if part}


def theme_color(name: str) -> Color:
    """The colour of *name* in the standard theme."""
    raw = THEME_COLORS.get(name, {})
    scale = 1 if max(raw.values(), default=0) <= 1 else 255
    return {key: _channel(part / scale + 1e-9) for key, part in raw.items() if part}


def both_spellings(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """*holder* with the same colour in ``name`` and ``nameStyle``; the style wins, as documented."""
    style_name = f"{name}Style"
    style, plain = holder.get(style_name), holder.get(name)
    if style is None and plain is None:
        return holder
    if style is not None and "themeColor" in style:
        return holder | {
            name: theme_color(style["themeColor"]),
            style_name: {"themeColor": style["themeColor"]},
        }
    if style is not None:
        plain = style.get("rgbColor", {})
    clean = color(plain or {})
    return holder | {name: clean, style_name: {"rgbColor": clean}}


def clean_format(cell_format: dict[str, Any]) -> dict[str, Any]:
    """A format as the service returns it."""
    result = both_spellings(cell_format, "backgroundColor")
    text = result.get("textFormat")
    if text:
        result = result | {"textFormat": both_spellings(text, "foregroundColor")}
    borders = result.get("borders")
    if borders:
        result = result | {
            "borders": {
                side: clean_border(border) for side, border in borders.items() if border_is_drawn(border)
            }
        }
        if not result["borders"]:
            del result["borders"]
    number = result.get("numberFormat")
    if number is not None and "type" not in number and "pattern" not in number:
        result = {name: part for name, part in result.items() if name != "numberFormat"}
    return result


BORDER_WIDTHS = {"SOLID": 1, "SOLID_MEDIUM": 2, "SOLID_THICK": 3, "DOTTED": 1, "DASHED": 1, "DOUBLE": 3}


def border_is_drawn(border: dict[str, Any]) -> bool:
    """Whether the border has a visible line."""
    return border.get("style", "NONE") not in ("NONE", "STYLE_UNSPECIFIED")


def clean_border(border: dict[str, Any]) -> dict[str, Any]:
    """A border with its width and both fields of its colour."""
    result = {"style": border["style"], "width": BORDER_WIDTHS[border["style"]]}
    return both_spellings(result | {"color": {}} | _pick(border, "color", "colorStyle"), "color")


def _pick(source: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: source[name] for name in names if name in source}


def clean_value(value: dict[str, Any]) -> dict[str, Any] | None:
    """The checked value that a user entered; ``None`` if it clears the cell."""
    if len(value) > 1:
        raise invalid("Only one field of ExtendedValue may be set.")
    if "errorValue" in value:
        raise invalid("Cell error values may not be set.")
    if "stringValue" in value and value["stringValue"] == "":
        return None
    if "formulaValue" in value and not value["formulaValue"].startswith("="):
        raise invalid(f"Formulas must begin with '=': {value['formulaValue']}")
    return value or None


def clean_cell(cell: Cell) -> Cell:
    """A cell from a request as it is stored."""
    result = {name: part for name, part in cell.items() if name not in READ_ONLY}
    if "userEnteredValue" in result:
        value = clean_value(result["userEnteredValue"])
        if value is None:
            del result["userEnteredValue"]
        else:
            result["userEnteredValue"] = value
    if "userEnteredFormat" in result:
        result["userEnteredFormat"] = clean_format(result["userEnteredFormat"])
    if result.get("note") == "":
        del result["note"]
    return result


_COLOR_TWINS = {
    "backgroundColor": "backgroundColorStyle",
    "backgroundColorStyle": "backgroundColor",
    "foregroundColor": "foregroundColorStyle",
    "foregroundColorStyle": "foregroundColor",
}


def with_color_twins(mask: masks.Mask | None) -> masks.Mask | None:
    """The mask of a format update: with one field of a colour it also contains the other."""
    if mask is None:
        return None
    result: masks.Mask = {}
    for name, inner in mask.items():
        # Both fields were made equal before, so a colour is replaced as a whole.
        whole = name in _COLOR_TWINS
        result[name] = None if whole else with_color_twins(inner)
        if whole:
            result[_COLOR_TWINS[name]] = None
    return result


def merge(old: Cell, new: Cell, mask: masks.Mask) -> Cell:
    """*old* with the masked fields of *new*, which is a result of :func:`clean_cell`."""
    result = masks.update(old, new, mask) if mask.get("*", 0) is not None else new
    if "userEnteredValue" in mask and "textFormatRuns" not in mask and "textFormatRuns" in result:
        result = {name: part for name, part in result.items() if name != "textFormatRuns"}
    if "userEnteredValue" in mask and "chipRuns" not in mask and "chipRuns" in result:
        result = {name: part for name, part in result.items() if name != "chipRuns"}
    return {name: part for name, part in result.items() if part not in (None, {}, [])} or EMPTY
