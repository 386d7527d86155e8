"""The shelf: a hidden tab that keeps whole backlog rows whose work was begun.

*Shelf* is a term of the glossary. A row holds more than the add-on knows: columns, notes, formats and
formulas of people. All of it stays on the shelf, and formulas elsewhere still refer to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from vitrina.ports import Json
from vitrina.workbook.reading.book import HEADER_KEY, SHELF, SHELF_KEY, TAB_KEY, Mark, Row, Tab
from vitrina.workbook.writing.protection import protect_range
from vitrina.workbook.writing.requests import (
    create_mark,
    cut_row,
    delete_rows,
    guard_mark,
    row_range,
    runs,
    whole_row,
)

#: Sheet id of the shelf, next to those of the template.
SHELF_SHEET_ID = 107


class Return(Struct, frozen=True):
    """A row that returns from the shelf to *index* of *tab*, with its *mark*."""

    tab: Tab
    index: int
    shelf_row: Row
    mark: Mark


class NewShelf(Struct, frozen=True):
    """Title of a shelf that has to be created, with the text and the editors of its protection."""

    title: str
    description: str = ""
    editors: Json | None = None


def shelve_requests(shelf: Tab | None, new: NewShelf, rows: Sequence[tuple[Tab, int, int]]) -> list[Json]:
    """Move rows to the top of the shelf; each is a tab, an index and the number of its item.

    The emptied rows stay in their tab. Without a *shelf* a *new* one is created.
    """
    if not rows:
        return []
    rows = sorted(rows, key=lambda row: (row[0].sheet_id, row[1]))
    width = max(tab.column_count for tab, _, _ in rows)
    batch: list[Json] = []
    if shelf is None:
        shelf_id, first = SHELF_SHEET_ID, 1
        batch += _new_shelf(new, rows[0][0], 1 + len(rows), width)
    else:
        shelf_id, first = shelf.sheet_id, shelf.header_index + 1
        missing = width - shelf.column_count
        if missing > 0:
            grow = {"sheetId": shelf_id, "dimension": "COLUMNS", "length": missing}
            batch.append({"appendDimension": grow})
        batch.append({"insertDimension": {"range": row_range(shelf_id, first, len(rows))}})
    for place, (tab, index, number) in enumerate(rows, start=first):
        batch.append(cut_row(tab.sheet_id, index, shelf_id, place))
        batch.append(create_mark(shelf_id, Mark(0, SHELF_KEY, str(number), "ROWS", place)))
    return batch


def unshelve_requests(shelf: Tab | None, rows: Sequence[Return]) -> list[Json]:
    """Move rows back from the shelf, and delete the shelf if it is empty then."""
    if shelf is None or not rows:
        return []
    marks = [one.shelf_row.shelf_mark for one in rows if one.shelf_row.shelf_mark is not None]
    batch = [request for mark in marks for request in guard_mark(shelf.sheet_id, mark)]
    # From below, so that the indices of other rows stay valid.
    for one in sorted(rows, key=lambda one: (one.index, one.shelf_row.index), reverse=True):
        sheet_id = one.tab.sheet_id
        batch.append({"insertDimension": {"range": row_range(sheet_id, one.index)}})
        batch.append(cut_row(shelf.sheet_id, one.shelf_row.index, sheet_id, one.index, one.tab.column_count))
        batch.append(create_mark(sheet_id, one.mark))
    if len(rows) == sum(row.shelf_mark is not None for row in shelf.rows):
        return [*batch, {"deleteSheet": {"sheetId": shelf.sheet_id}}]
    taken = sorted(one.shelf_row.index for one in rows)
    return batch + [delete_rows(shelf.sheet_id, *run) for run in reversed(list(runs(taken)))]


def _new_shelf(new: NewShelf, model: Tab, row_count: int, column_count: int) -> list[Json]:
    """Create a hidden tab with the header of *model*, the tab of its rows."""
    size = {"rowCount": row_count, "columnCount": column_count, "frozenRowCount": 1}
    properties = {"sheetId": SHELF_SHEET_ID, "title": new.title, "hidden": True, "gridProperties": size}
    mark = {
        "metadataKey": TAB_KEY,
        "metadataValue": SHELF,
        "visibility": "DOCUMENT",
        "location": {"sheetId": SHELF_SHEET_ID},
    }
    return [
        {"addSheet": {"properties": properties}},
        {"createDeveloperMetadata": {"developerMetadata": mark}},
        create_mark(SHELF_SHEET_ID, Mark(0, HEADER_KEY, "", "ROWS", 0)),
        {
            "copyPaste": {
                "source": whole_row(model.sheet_id, model.header_index, column_count),
                "destination": whole_row(SHELF_SHEET_ID, 0, column_count),
                "pasteType": "PASTE_NORMAL",
            }
        },
        *([protect_range({"sheetId": SHELF_SHEET_ID}, new.description, new.editors)] if new.editors else []),
    ]
