"""Conditional formats and banding, computed on the server into ``effectiveFormat``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

from emulators.google import formulas, references
from emulators.google.a1 import Box
from emulators.google.cells import color
from emulators.google.conditions import holds
from emulators.google.locales import locale
from emulators.google.models import Book, Sheet

Value = dict[str, Any]
ValueAt = Callable[[int, int], "Value | None"]


class Painted(dict[str, Any]):
    """Formats of a cell from rules and banding: ``{"banding": format, "rule": format}``."""


class Conditional:
    """The rules of one tab, prepared for lookups by cell."""

    def __init__(
        self, book: Book, sheet: Sheet, now: datetime, value_at: ValueAt, shown: Iterable[Box]
    ) -> None:
        self._shown = list(shown)
        self._book, self._sheet, self._now, self._value_at = book, sheet, now, value_at
        self._locale = locale(book.locale)
        self._rules = [_Rule(rule, sheet) for rule in sheet.conditional_formats]
        self._bands = [_Band(band, sheet) for band in sheet.banded_ranges]
        self._memo: dict[Any, Painted | None] = {}
        if self._rules:
            self._values = self._formula_values()

    def painted_box(self) -> Box | None:
        """A rectangle that contains all empty cells with a format from rules or banding."""
        boxes = [box for rule in self._rules for box in rule.boxes] + [band.box for band in self._bands]
        if not boxes:
            return None
        return Box(
            min(box.top for box in boxes),
            min(box.left for box in boxes),
            max(box.bottom for box in boxes),
            max(box.right for box in boxes),
        )

    @staticmethod
    def banding_part(painted: dict[str, Any] | None) -> dict[str, Any] | None:
        """Format from banding, which the user's own format overrides."""
        return painted.get("banding") if painted else None

    @staticmethod
    def rule_part(painted: dict[str, Any] | None) -> dict[str, Any] | None:
        """Format from rules, which overrides the user's own format."""
        return painted.get("rule") if painted else None

    def format_at(self, row: int, column: int) -> Painted | None:
        """Format of a cell from rules and banding; equal formats are the same object."""
        if not self._rules and not self._bands:
            return None
        band = next((b.format_at(row, column) for b in self._bands if b.box.holds(row, column)), None)
        layers = self._layers(row, column)
        if not layers and band is None:
            return None
        key = (band, tuple(name for name, _ in layers))
        if key not in self._memo:
            painted = Painted()
            if band is not None:
                painted["banding"] = _background(dict(band))
            if layers:
                painted["rule"] = _stack([layer for _, layer in layers])
            self._memo[key] = painted
        return self._memo[key]

    def _layers(self, row: int, column: int) -> list[tuple[str, dict[str, Any]]]:
        """Formats of the rules that apply, each with a name that is equal for equal formats."""
        layers: list[tuple[str, dict[str, Any]]] = []
        for index, rule in enumerate(self._rules):
            if not rule.covers(row, column):
                continue
            if rule.gradient:
                found = rule.gradient_color(self._number_at(row, column), self._value_at)
                if found is not None:
                    layers.append((f"{index}:{sorted(found.items())}", _background(found)))
            elif self._holds(rule, row, column):
                layers.append((str(index), rule.format))
        return layers

    def _number_at(self, row: int, column: int) -> float | None:
        value = self._value_at(row, column)
        return None if value is None else value.get("numberValue")

    def _holds(self, rule: _Rule, row: int, column: int) -> bool:
        arguments = []
        for text in rule.arguments:
            if text.startswith("="):
                formula = rule.formula_for(text, row, column, self._sheet.title)
                arguments.append(_as_extended(self._values.get(formula)))
            else:
                arguments.append(text)
        return holds(rule.type, arguments, self._value_at(row, column), self._locale, self._now)

    def _formula_values(self) -> dict[str, Any]:
        wanted: dict[str, None] = {}
        for rule in self._rules:
            formulas_of_rule = [text for text in rule.arguments if text.startswith("=")]
            if formulas_of_rule:
                for row, column in self._shown_cells(rule):
                    for text in formulas_of_rule:
                        wanted[rule.formula_for(text, row, column, self._sheet.title)] = None
        return formulas.rule_values(self._book, wanted, self._now) if wanted else {}

    def _shown_cells(self, rule: _Rule) -> Iterator[tuple[int, int]]:
        for box in rule.boxes:
            for shown in self._shown:
                for row in range(max(box.top, shown.top), min(box.bottom, shown.bottom)):
                    for column in range(max(box.left, shown.left), min(box.right, shown.right)):
                        yield row, column


@lru_cache(maxsize=1024)
def _relative(formula: str) -> tuple[bool, bool]:
    """Whether a formula changes in another row, and in another column."""
    ends = [
        end
        for token in references.tokens(formula)
        if token.reference
        for end in (token.reference.first, token.reference.last)
        if end
    ]
    return (
        any(end.row is not None and not end.row_fixed for end in ends),
        any(end.column is not None and not end.column_fixed for end in ends),
    )


def _as_extended(value: Any) -> Value | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"stringValue": value} if isinstance(value, str) else {"numberValue": value}


def _background(found: dict[str, float]) -> dict[str, Any]:
    return {"backgroundColor": found, "backgroundColorStyle": {"rgbColor": found}}


def _stack(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Merged format of several rules; the first rule wins if two set the same property."""
    result: dict[str, Any] = {}
    for layer in layers:
        text = layer.get("textFormat", {}) | result.get("textFormat", {})
        result = layer | result
        if text:
            result["textFormat"] = text
    return result


class _Rule:
    def __init__(self, rule: dict[str, Any], sheet: Sheet) -> None:
        self.boxes = [sheet.box(part) for part in rule["ranges"]]
        self.gradient = rule.get("gradientRule")
        boolean = rule.get("booleanRule", {})
        condition = boolean.get("condition", {})
        self.type = condition.get("type", "")
        self.arguments = [
            value.get("userEnteredValue") or value.get("relativeDate", "")
            for value in condition.get("values", [])
        ]
        self.format = boolean.get("format", {})
        self._scale: list[tuple[float, dict[str, float]]] | None = None
        self._anchor = (self.boxes[0].top, self.boxes[0].left) if self.boxes else (0, 0)
        self._shifted: dict[tuple[str, int | None, int | None], str] = {}

    def covers(self, row: int, column: int) -> bool:
        return any(box.holds(row, column) for box in self.boxes)

    def formula_for(self, text: str, row: int, column: int, title: str) -> str:
        """The formula for a cell; it is written for the top left cell of the first range."""
        by_row, by_column = _relative(text)
        key = (text, row if by_row else None, column if by_column else None)
        found = self._shifted.get(key)
        if found is None:
            shifted = references.shift(text, row - self._anchor[0], column - self._anchor[1])
            found = self._shifted[key] = references.qualify(shifted, title)
        return found

    def gradient_color(self, number: float | None, value_at: ValueAt) -> dict[str, float] | None:
        if number is None:
            return None
        scale = self._points(value_at)
        if not scale:
            return None
        if number <= scale[0][0]:
            return color(scale[0][1])
        for (low, low_color), (high, high_color) in pairwise(scale):
            if number <= high:
                share = 0.0 if high == low else (number - low) / (high - low)
                return color(
                    {
                        name: low_color.get(name, 0)
                        + share * (high_color.get(name, 0) - low_color.get(name, 0))
                        for name in ("red", "green", "blue")
                    }
                )
        return color(scale[-1][1])

    def _points(self, value_at: ValueAt) -> list[tuple[float, dict[str, float]]]:
        if self._scale is None:
            numbers = sorted(
                value["numberValue"]
                for box in self.boxes
                for row in range(box.top, box.bottom)
                for column in range(box.left, box.right)
                if (value := value_at(row, column)) is not None and "numberValue" in value
            )
            points = [
                self.gradient[name] for name in ("minpoint", "midpoint", "maxpoint") if name in self.gradient
            ]
            self._scale = (
                [(_point(point, numbers), point.get("color", {})) for point in points] if numbers else []
            )
        return self._scale


def _point(point: dict[str, Any], numbers: list[float]) -> float:
    kind = point.get("type")
    if kind == "MIN":
        return numbers[0]
    if kind == "MAX":
        return numbers[-1]
    value = float(str(point.get("value", "0")).replace(",", "."))
    if kind == "PERCENT":
        return numbers[0] + (numbers[-1] - numbers[0]) * value / 100
    if kind == "PERCENTILE":
        place = (len(numbers) - 1) * value / 100
        low = int(place)
        high = min(low + 1, len(numbers) - 1)
        return numbers[low] + (numbers[high] - numbers[low]) * (place - low)
    return value


class _Band:
    def __init__(self, band: dict[str, Any], sheet: Sheet) -> None:
        self.box = sheet.box(band["range"])
        self._by_row = "rowProperties" in band
        self._colors = band.get("rowProperties") or band.get("columnProperties") or {}

    def format_at(self, row: int, column: int) -> tuple[tuple[str, float], ...] | None:
        index, count = (
            (row - self.box.top, self.box.height)
            if self._by_row
            else (column - self.box.left, self.box.width)
        )
        name = "firstBandColor" if index % 2 == 0 else "secondBandColor"
        if "headerColor" in self._colors:
            name = "headerColor" if index == 0 else ("firstBandColor" if index % 2 else "secondBandColor")
        if "footerColor" in self._colors and index == count - 1:
            name = "footerColor"
        found = self._colors.get(name)
        return None if found is None else tuple(sorted(color(found).items()))
