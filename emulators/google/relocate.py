"""Updates formulas, ranges and objects of the workbook when rows or columns are added, removed or moved.

Cells, properties of lines and developer metadata need no update: they are parts of the lines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulators.google import references
from emulators.google.a1 import GridRange
from emulators.google.models import Book, Cell, Sheet
from emulators.google.references import Span

_KEYS = {"ROWS": ("startRowIndex", "endRowIndex"), "COLUMNS": ("startColumnIndex", "endColumnIndex")}


def insertion(at: int, count: int) -> Span:
    """The change of spans when *count* lines are inserted before line *at*."""

    def span(start: int, end: int | None) -> tuple[int, int | None]:
        return (
            start + count if start >= at else start,
            None if end is None else end + count if end > at else end,
        )

    return span


def deletion(first: int, past: int) -> Span:
    """The change of spans when lines *first* to *past* are deleted."""

    def place(index: int) -> int:
        return index if index <= first else max(first, index - (past - first))

    def span(start: int, end: int | None) -> tuple[int, int | None] | None:
        if end is None:
            return place(start), None
        moved = place(start), place(end)
        return None if moved[0] == moved[1] else moved

    return span


def move_order(count: int, first: int, past: int, target: int) -> list[int]:
    """The order of *count* lines after lines *first* to *past* moved before line *target*."""
    rest = [*range(first), *range(past, count)]
    at = target if target <= first else target - (past - first)
    return rest[:at] + list(range(first, past)) + rest[at:]


def reordering(order: list[int]) -> Span:
    """The change of spans when position ``i`` gets line ``order[i]``; both ends follow their lines."""
    place = {old: new for new, old in enumerate(order)}

    def span(start: int, end: int | None) -> tuple[int, int | None]:
        if end is None:
            return start, None
        first, last = place.get(start, start), place.get(end - 1, end - 1)
        return min(first, last), max(first, last) + 1

    return span


def span_range(grid_range: GridRange, dimension: str, span: Span) -> GridRange | None:
    """A grid range after the change."""
    start_key, end_key = _KEYS[dimension]
    start, end = grid_range.get(start_key), grid_range.get(end_key)
    if start is None and end is None:
        return grid_range
    mapped = span(start or 0, end)
    if mapped is None:
        return None
    result = dict(grid_range)
    if start is not None:
        result[start_key] = mapped[0]
    if end is not None:
        result[end_key] = mapped[1]
    return result


def lines_changed(book: Book, sheet: Sheet, dimension: str, span: Span, *, formulas: bool = True) -> None:
    """Update everything that refers to *sheet* after a change of its lines."""

    def follow(grid_range: GridRange) -> GridRange | None:
        if grid_range.get("sheetId", 0) != sheet.sheet_id:
            return grid_range
        return span_range(grid_range, dimension, span)

    if formulas:
        for other in book.sheets:
            change_formulas(
                other,
                lambda text, own=other.title: references.relocate(text, own, sheet.title, dimension, span),
            )
    _follow_ranges(book, sheet, follow)
    groups = "row_groups" if dimension == "ROWS" else "column_groups"
    setattr(sheet, groups, _follow_groups(getattr(sheet, groups), span))
    for other in book.sheets:
        other.charts = [
            _follow_chart(chart, sheet.sheet_id, dimension, span, follow) for chart in other.charts
        ]


def change_formulas(sheet: Sheet, change: Callable[[str], str]) -> None:
    """Rewrite every formula of a tab, including those of its rules."""
    for row, column, text in list(sheet.formulas()):
        new = change(text)
        if new != text:
            cell = sheet.cell(row, column)
            sheet.put(row, column, cell | {"userEnteredValue": {"formulaValue": new}})
    if sheet.conditional_formats:
        sheet.conditional_formats = [_change_rule(rule, change) for rule in sheet.conditional_formats]


def _change_rule(rule: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    condition = rule.get("booleanRule", {}).get("condition", {})
    values = condition.get("values", [])
    if not any(str(value.get("userEnteredValue", "")).startswith("=") for value in values):
        return rule
    new_values = [
        value | {"userEnteredValue": change(value["userEnteredValue"])}
        if str(value.get("userEnteredValue", "")).startswith("=")
        else value
        for value in values
    ]
    return rule | {"booleanRule": rule["booleanRule"] | {"condition": condition | {"values": new_values}}}


def _follow_ranges(book: Book, sheet: Sheet, follow: Callable[[GridRange], GridRange | None]) -> None:
    if book.named_ranges:
        book.named_ranges = _follow_items(book.named_ranges, follow)
    sheet.merges = [
        moved for merge in sheet.merges if (moved := follow(merge)) is not None and not _is_one_cell(moved)
    ]
    sheet.banded_ranges = _follow_items(sheet.banded_ranges, follow)
    sheet.filter_views = _follow_items(sheet.filter_views, follow)
    sheet.protected_ranges = [
        item
        | (
            {"unprotectedRanges": [r for part in item["unprotectedRanges"] if (r := follow(part))]}
            if "unprotectedRanges" in item
            else {}
        )
        for item in _follow_items(sheet.protected_ranges, follow)
    ]
    rules = []
    for rule in sheet.conditional_formats:
        kept = [moved for part in rule["ranges"] if (moved := follow(part)) is not None]
        if kept:
            rules.append(rule | {"ranges": kept} if kept != rule["ranges"] else rule)
    sheet.conditional_formats = rules
    if sheet.basic_filter:
        moved = follow(sheet.basic_filter["range"])
        sheet.basic_filter = sheet.basic_filter | {"range": moved} if moved else None


def _follow_items(
    items: list[dict[str, Any]], follow: Callable[[GridRange], GridRange | None]
) -> list[dict[str, Any]]:
    result = []
    for item in items:
        if "range" not in item:
            result.append(item)
            continue
        moved = follow(item["range"])
        if moved is not None:
            result.append(item if moved is item["range"] else item | {"range": moved})
    return result


def _is_one_cell(grid_range: GridRange) -> bool:
    return (
        grid_range["endRowIndex"] - grid_range["startRowIndex"] == 1
        and grid_range["endColumnIndex"] - grid_range["startColumnIndex"] == 1
    )


def _follow_groups(groups: list[dict[str, Any]], span: Span) -> list[dict[str, Any]]:
    result = []
    for group in groups:
        mapped = span(group["range"]["startIndex"], group["range"]["endIndex"])
        if mapped is not None:
            result.append(
                group | {"range": group["range"] | {"startIndex": mapped[0], "endIndex": mapped[1]}}
            )
    return result


def _follow_chart(
    chart: dict[str, Any],
    sheet_id: int,
    dimension: str,
    span: Span,
    follow: Callable[[GridRange], GridRange | None],
) -> dict[str, Any]:
    index_key = "rowIndex" if dimension == "ROWS" else "columnIndex"

    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [moved for item in node if (moved := walk(item)) is not None]
        if not isinstance(node, dict):
            return node
        if "startRowIndex" in node or "startColumnIndex" in node:
            return follow(node)
        result = {name: walk(item) for name, item in node.items()}
        if "anchorCell" in result and result["anchorCell"].get("sheetId", 0) == sheet_id:
            anchor = result["anchorCell"]
            mapped = span(anchor.get(index_key, 0), anchor.get(index_key, 0) + 1)
            place = mapped[0] if mapped else max(anchor.get(index_key, 0) - 1, 0)
            result["anchorCell"] = anchor | {index_key: place}
        return result

    return walk(chart)


def copied_cell(cell: Cell, rows: int, columns: int) -> Cell:
    """The cell as a copy at another place: relative references change."""
    value = cell.get("userEnteredValue")
    if value and "formulaValue" in value:
        formula = references.shift(value["formulaValue"], rows, columns)
        return cell | {"userEnteredValue": {"formulaValue": formula}}
    return cell
