"""Requests that add, remove, move and describe rows and columns."""

from __future__ import annotations

from typing import Any

from emulators.google import formats, metadata
from emulators.google.batch.registry import Batch, Reply, Request, request
from emulators.google.errors import invalid
from emulators.google.grid import shown_range
from emulators.google.locales import locale
from emulators.google.models import Book, Line, Sheet
from emulators.google.relocate import deletion, insertion, lines_changed, move_order, reordering

NOUNS = {"ROWS": "row", "COLUMNS": "column"}


def line_span(batch: Batch, given: dict[str, Any]) -> tuple[Sheet, str, int, int]:
    """The tab, the dimension and the half-open span of a ``DimensionRange``."""
    sheet = batch.book.sheet(given.get("sheetId", 0))
    dimension = given.get("dimension")
    if dimension not in NOUNS:
        raise invalid("range.dimension must be specified.")
    start = given.get("startIndex", 0)
    end = given.get("endIndex", len(sheet.lines(dimension)))
    if start < 0:
        raise invalid(f"range.startIndex[{start}] must be greater than or equal to zero.")
    if end <= start:
        raise invalid(f"range.endIndex[{end}] must be after range.startIndex[{start}].")
    return sheet, dimension, start, end


def _check_start(sheet: Sheet, dimension: str, start: int) -> None:
    """Refuse lines that begin past the grid; lines that only end past it are clipped."""
    count = len(sheet.lines(dimension))
    if start >= count:
        raise invalid(f"range.startIndex[{start}] exceeds grid limits. Max {NOUNS[dimension]}s: {count}")


@request("insertDimension")
def insert_dimension(batch: Batch, body: Request) -> None:
    """Insert empty rows or columns, formatted like those before or after."""
    if "endIndex" not in body.get("range", {}):
        raise invalid("range.endIndex must be specified.")
    sheet, dimension, start, end = line_span(batch, body["range"])
    insert_lines(
        batch.book, sheet, dimension, start, end - start, inherit_before=body.get("inheritFromBefore", False)
    )


def insert_lines(
    book: Book, sheet: Sheet, dimension: str, at: int, count: int, *, inherit_before: bool
) -> None:
    """Insert lines and update everything that refers to them."""
    lines = sheet.lines(dimension)
    if at > len(lines) or (at == len(lines) and not inherit_before):
        raise invalid(
            f"range.startIndex[{at}] must be less than the grid size[{len(lines)}]"
            + (" if inheritFromBefore is false." if at == len(lines) else ".")
        )
    if inherit_before and at == 0:
        raise invalid("inheritFromBefore cannot be true when inserting at index 0.")
    like = lines[at - 1] if inherit_before else lines[at]
    sheet.insert(dimension, at, count, like)
    book.check_size()
    lines_changed(book, sheet, dimension, insertion(at, count))


@request("appendDimension")
def append_dimension(batch: Batch, body: Request) -> None:
    """Add rows or columns at the end."""
    sheet = batch.book.sheet(body.get("sheetId", 0))
    dimension, count = body.get("dimension"), body.get("length", 0)
    if dimension not in NOUNS:
        raise invalid("dimension must be specified.")
    if count < 1:
        raise invalid("length must be greater than zero.")
    sheet.insert(dimension, len(sheet.lines(dimension)), count)
    batch.book.check_size()


@request("deleteDimension")
def delete_dimension(batch: Batch, body: Request) -> None:
    """Delete rows or columns with everything on them."""
    sheet, dimension, start, end = line_span(batch, body.get("range", {}))
    delete_lines(batch.book, sheet, dimension, start, end)


def delete_lines(book: Book, sheet: Sheet, dimension: str, start: int, end: int) -> None:
    """Delete lines and update everything that refers to them."""
    count, noun = len(sheet.lines(dimension)), NOUNS[dimension]
    if end > count:
        missing = max(start, count)
        raise invalid(
            f"Cannot delete a {noun} that doesn't exist. Tried to delete {noun} index {missing} "
            f"but there are only {count} {noun}s."
        )
    frozen_key = "frozenRowCount" if dimension == "ROWS" else "frozenColumnCount"
    frozen = sheet.properties.get("gridProperties", {}).get(frozen_key, 0)
    if end - start == count:
        raise invalid(f"You can't delete all the {noun}s on the sheet.")
    if frozen and start <= frozen and end == count:
        raise invalid(f"Sorry, it is not possible to delete all non-frozen {noun}s.")
    metadata.lines_removed(book, sheet.remove(dimension, start, end))
    if start < frozen:
        left = frozen - (min(end, frozen) - start)
        own = {key: part for key, part in sheet.properties["gridProperties"].items() if key != frozen_key}
        sheet.properties = sheet.properties | {"gridProperties": own | ({frozen_key: left} if left else {})}
    lines_changed(book, sheet, dimension, deletion(start, end))


@request("moveDimension")
def move_dimension(batch: Batch, body: Request) -> None:
    """Move rows or columns; the destination is counted before the move."""
    sheet, dimension, start, end = line_span(batch, body.get("source", {}))
    move_lines(batch.book, sheet, dimension, start, end, body.get("destinationIndex", 0))


def move_lines(book: Book, sheet: Sheet, dimension: str, start: int, end: int, target: int) -> None:
    """Move lines and update everything that refers to them."""
    count = len(sheet.lines(dimension))
    if end > count:
        raise invalid(f"source.endIndex[{end}] is beyond the grid size[{count}].")
    if not 0 <= target <= count:
        raise invalid(f"destinationIndex[{target}] must be between 0 and {count}.")
    if start < target < end:
        raise invalid(f"destinationIndex[{target}] cannot be inside the source range.")
    _check_merges(sheet, dimension, (start, end), target)
    order = move_order(count, start, end, target)
    sheet.reorder(dimension, order)
    lines_changed(book, sheet, dimension, reordering(order))


def _check_merges(sheet: Sheet, dimension: str, moved: tuple[int, int], target: int) -> None:
    """Refuse a move that would tear a merged range: it takes a part of it, or lands inside it."""
    start, end = moved
    for merge in sheet.merges:
        box = sheet.box(merge)
        first, past = (box.top, box.bottom) if dimension == "ROWS" else (box.left, box.right)
        is_torn = first < end and start < past and not (start <= first and past <= end)
        if is_torn or first < target < past:
            raise invalid(
                f"You can't move a {NOUNS[dimension]} through a merged range. Unmerge its cells first."
            )


@request("updateDimensionProperties")
def update_dimension_properties(batch: Batch, body: Request) -> None:
    """Set the size of rows or columns, or hide them."""
    mask = batch.mask("DimensionProperties", body.get("fields"))
    if "dataSourceSheetRange" in body:
        raise invalid("dataSourceSheetRange names no data source sheet.")
    sheet, dimension, start, end = line_span(batch, body.get("range", {}))
    _check_start(sheet, dimension, start)
    given = body.get("properties", {})
    names = [name for name in ("pixelSize", "hiddenByUser") if name in mask or "*" in mask]
    if given.get("pixelSize", 1) < 0:
        raise invalid("pixelSize must not be negative.")
    for line in sheet.lines(dimension)[start:end]:
        own = {name: part for name, part in (line.properties or {}).items() if name not in names}
        line.properties = own | {name: given[name] for name in names if given.get(name)} or None


@request("autoResizeDimensions")
def auto_resize_dimensions(batch: Batch, body: Request) -> None:
    """Fit columns to their longest text, with seven pixels for each letter; rows get the default height."""
    given = body.get("dimensions", {})
    sheet, dimension, start, end = line_span(batch, given)
    _check_start(sheet, dimension, start)
    own_locale = locale(batch.book.locale)
    for index in range(start, min(end, len(sheet.lines(dimension)))):
        line = sheet.lines(dimension)[index]
        own = {name: part for name, part in (line.properties or {}).items() if name != "pixelSize"}
        if dimension == "COLUMNS":
            longest = max((_text_length(row, index, own_locale) for row in sheet.rows), default=0)
            if longest:
                own["pixelSize"] = 7 * longest + 6
        line.properties = own or None


def _text_length(row: Line, column: int, own_locale: Any) -> int:
    value = row.cells[column].get("userEnteredValue") if column < len(row.cells) else None
    if not value or "formulaValue" in value:
        return 0
    number_format = row.cells[column].get("userEnteredFormat", {}).get("numberFormat")
    return len(formats.show(next(iter(value.values())), number_format, own_locale))


# Groups


def _groups_name(dimension: str) -> str:
    return "row_groups" if dimension == "ROWS" else "column_groups"


def _group(sheet: Sheet, dimension: str, start: int, end: int, depth: int) -> dict[str, Any]:
    span = {"sheetId": sheet.sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}
    return {"range": span, "depth": depth}


def _shown(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [group | {"range": shown_range(group["range"])} for group in groups]


def _depths(sheet: Sheet, dimension: str) -> list[int]:
    depths = [0] * len(sheet.lines(dimension))
    for group in getattr(sheet, _groups_name(dimension)):
        for index in range(group["range"]["startIndex"], min(group["range"]["endIndex"], len(depths))):
            depths[index] = max(depths[index], group["depth"])
    return depths


def _rebuild(sheet: Sheet, dimension: str, depths: list[int]) -> list[dict[str, Any]]:
    """Groups from the depth of every line: one group for each run of lines with at least that depth."""
    groups = []
    for depth in range(1, max(depths, default=0) + 1):
        start = None
        for index, own in enumerate([*depths, 0]):
            if own >= depth and start is None:
                start = index
            elif own < depth and start is not None:
                groups.append(_group(sheet, dimension, start, index, depth))
                start = None
    old = {
        (g["range"]["startIndex"], g["range"]["endIndex"], g["depth"]): g
        for g in getattr(sheet, _groups_name(dimension))
    }
    for group in groups:
        before = old.get((group["range"]["startIndex"], group["range"]["endIndex"], group["depth"]))
        if before and before.get("collapsed"):
            group["collapsed"] = True
    groups.sort(key=lambda group: (group["depth"], group["range"]["startIndex"]))
    setattr(sheet, _groups_name(dimension), groups)
    return groups


@request("addDimensionGroup")
def add_dimension_group(batch: Batch, body: Request) -> Reply:
    """Move lines one level deeper."""
    sheet, dimension, start, end = line_span(batch, body.get("range", {}))
    depths = _depths(sheet, dimension)
    if end > len(depths):
        raise invalid(f"range.endIndex[{end}] is beyond the grid size[{len(depths)}].")
    for index in range(start, end):
        depths[index] += 1
    groups = _rebuild(sheet, dimension, depths)
    key = "rowGroupControlAfter" if dimension == "ROWS" else "columnGroupControlAfter"
    own = sheet.properties.get("gridProperties", {})
    # Recorded: from its first group on, a tab shows the control after the group.
    sheet.properties = sheet.properties | {"gridProperties": own | {key: True}}
    return {"dimensionGroups": _shown(groups)}


@request("deleteDimensionGroup")
def delete_dimension_group(batch: Batch, body: Request) -> Reply:
    """Move lines one level up."""
    sheet, dimension, start, end = line_span(batch, body.get("range", {}))
    depths = _depths(sheet, dimension)
    if not any(depths[start:end]):
        raise invalid(f"Cannot delete a {NOUNS[dimension]} group that doesn't exist.")
    for index in range(start, min(end, len(depths))):
        depths[index] = max(depths[index] - 1, 0)
    groups = _rebuild(sheet, dimension, depths)
    return {"dimensionGroups": _shown(groups)} if groups else {}


@request("updateDimensionGroup")
def update_dimension_group(batch: Batch, body: Request) -> None:
    """Collapse or expand a group."""
    batch.mask("DimensionGroup", body.get("fields"))
    given = body.get("dimensionGroup", {})
    sheet, dimension, start, end = line_span(batch, given.get("range", {}))
    wanted = (start, end, given.get("depth", 0))
    groups = getattr(sheet, _groups_name(dimension))
    for index, group in enumerate(groups):
        if (group["range"]["startIndex"], group["range"]["endIndex"], group["depth"]) == wanted:
            own = {name: part for name, part in group.items() if name != "collapsed"}
            groups[index] = own | ({"collapsed": True} if given.get("collapsed") else {})
            for line in sheet.lines(dimension)[start:end]:
                hidden = {
                    name: part for name, part in (line.properties or {}).items() if name != "hiddenByUser"
                }
                line.properties = hidden | ({"hiddenByUser": True} if given.get("collapsed") else {}) or None
            return
    raise invalid("There is no group with that range and depth.")
