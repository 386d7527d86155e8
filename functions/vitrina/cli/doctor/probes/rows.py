"""Probes of row marks and batches, on which guarded writes depend."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from vitrina.cli.doctor.probe import AssumptionFailedError, expect, probe
from vitrina.cli.doctor.scratch_workbook import (
    ScratchWorkbook,
    numbers_by_task,
    row_range,
    row_span,
    row_with_task,
)
from vitrina.errors import ChangedMeanwhileError, ServiceError
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.writing.change import Formula, WorkbookChange
from vitrina.workbook.writing.fence import hold_fence, move_fence


def note_write(tab: Tab, task: str) -> WorkbookChange:
    """Return a guarded write of a note into the row of *task*.

    A note and not a value: then only the row's mark guards it, and no content is compared.
    """
    change = WorkbookChange()
    change.note(tab, row_with_task(tab, task), "result", "written")
    return change


def misplaced_note_write(tab: Tab, task: str) -> WorkbookChange:
    """Return the same write for a row that is believed to be one row lower than it is."""
    row, change = row_with_task(tab, task), WorkbookChange()
    change.note(tab, replace(row, index=row.index + 1), "result", "written")
    return change


def note_of(tab: Tab, task: str) -> str:
    """Return the note that the probes write."""
    return tab.cell(row_with_task(tab, task), "result").note


@probe(1, is_vital=True)
def freed_id_is_free_again(scratch: ScratchWorkbook) -> None:
    """Send a guarded write for a row that is where it was read."""
    scratch.insert("freed")
    try:
        scratch.apply(note_write(scratch.tab(), "freed"))
    except ChangedMeanwhileError as error:
        raise AssumptionFailedError(f"a correct write was refused: {error.__notes__}") from error
    result = note_of(scratch.tab(), "freed")
    expect(result == "written", f"the write was accepted, and the note is {result}")


@probe(2, is_vital=True)
def misplaced_write_is_refused(scratch: ScratchWorkbook) -> None:
    """Send a guarded write for a row that is elsewhere."""
    scratch.insert("misplaced", "below")
    try:
        scratch.apply(misplaced_note_write(scratch.tab(), "misplaced"))
    except (ChangedMeanwhileError, ServiceError):
        result = note_of(scratch.tab(), "below")
        expect(not result, f"the write was refused, but the wrong row has the note {result}")
        return
    raise AssumptionFailedError("a write into the wrong row was accepted")


@probe(28, is_vital=True)
def refused_batch_writes_nothing(scratch: ScratchWorkbook) -> None:
    """Send a correct write and a misplaced one in one batch."""
    scratch.insert("good", "bad", "below bad")
    tab = scratch.tab()
    requests = [*note_write(tab, "good").requests(), *misplaced_note_write(tab, "bad").requests()]
    try:
        scratch.batch(*requests)
    except (ChangedMeanwhileError, ServiceError):
        result = note_of(scratch.tab(), "good")
        expect(not result, f"the batch was refused, but its first part wrote {result}")
        return
    raise AssumptionFailedError("a batch with a misplaced write was accepted")


@probe(38, is_vital=True)
def moved_fence_keeps_writes_out(scratch: ScratchWorkbook) -> None:
    """Move the fence, then send a write that expects its old value and one that expects the new value."""
    for new in ("first", "second"):
        old = scratch.book().fence
        scratch.batch(*hold_fence(old))
        scratch.batch(*move_fence(old, new))
        expect(scratch.book().fence == new, f"the fence was moved to {new}, but is {scratch.book().fence}")
        try:
            scratch.batch(*hold_fence(old))
        except (ChangedMeanwhileError, ServiceError):
            continue
        raise AssumptionFailedError("a write that expects the old value of the fence was accepted")
    scratch.batch(*hold_fence("second"))


@probe(5)
def refused_batch_is_400(scratch: ScratchWorkbook) -> None:
    """Read the HTTP status with which a misplaced write is refused."""
    scratch.insert("status", "below status")
    try:
        scratch.apply(misplaced_note_write(scratch.tab(), "status"))
    except ChangedMeanwhileError:
        return
    except ServiceError as error:
        raise AssumptionFailedError(f"a failed guard answers {error.status}") from error
    raise AssumptionFailedError("a write into the wrong row was accepted")


@probe(27, is_vital=True)
def mark_follows_sorted_and_moved_row(scratch: ScratchWorkbook) -> None:
    """Sort rows and move one through the API."""
    numbers = scratch.insert("moved 3", "moved 1", "moved 2")
    tab = scratch.tab()
    first = row_with_task(tab, "moved 3").index
    by_task = {"dimensionIndex": tab.column("task"), "sortOrder": "ASCENDING"}
    scratch.batch({"sortRange": {"range": row_range(tab, first, first + 3), "sortSpecs": [by_task]}})
    _expect_order(scratch.tab(), numbers, "moved 1", "moved 2", "moved 3")
    source = row_span(tab, first, first + 1)
    scratch.batch({"moveDimension": {"source": source, "destinationIndex": first + 3}})
    _expect_order(scratch.tab(), numbers, "moved 2", "moved 3", "moved 1")


def _expect_order(tab: Tab, numbers: Mapping[str, int], *tasks: str) -> None:
    found = numbers_by_task(tab, tasks)
    expect(list(found) == list(tasks), f"the rows are in the order {', '.join(found)}")
    expect(found == dict(numbers), f"marks were {dict(numbers)} and are {found}")


@probe(4)
def mark_stays_when_cells_are_cut_or_copied(scratch: ScratchWorkbook) -> None:
    """Cut the cells of a row and copy those of another, through the API."""
    numbers = scratch.insert("cut", "copied")
    tab = scratch.tab()
    cut, copied, free = row_with_task(tab, "cut").index, row_with_task(tab, "copied").index, tab.row_count - 4
    target = {"sheetId": tab.sheet_id, "rowIndex": free, "columnIndex": 0}
    scratch.batch(
        {
            "cutPaste": {
                "source": row_range(tab, cut, cut + 1),
                "destination": target,
                "pasteType": "PASTE_NORMAL",
            }
        },
        {
            "copyPaste": {
                "source": row_range(tab, copied, copied + 1),
                "destination": row_range(tab, free + 1, free + 2),
                "pasteType": "PASTE_NORMAL",
            }
        },
    )
    expect_cut_and_copied(scratch.tab(), numbers, (cut, copied), (free, free + 1))


def expect_cut_and_copied(
    tab: Tab, numbers: Mapping[str, int], before: tuple[int, int], after: tuple[int, int]
) -> None:
    """Check that the rows *before* keep their marks and the rows *after* have none.

    *before* holds the indices of the rows that were cut and copied, *after* of those pasted into.
    """
    marks = {row.index: row.number for row in tab.rows}
    expected = [numbers["cut"], numbers["copied"], None, None]
    found = [marks.get(index) for index in (*before, *after)]
    expect(
        found == expected,
        f"marks of the cut, the copied and both pasted rows are {found}, expected {expected}",
    )


@probe(31)
def cells_cut_away_and_back_are_the_same(scratch: ScratchWorkbook) -> None:
    """Cut a row with formula, note, format and choices to another tab and back, and compare the whole tab."""
    scratch.insert("away", "beside")
    tab, sheet_id = scratch.tab(), scratch.new_sheet_id()
    away, beside = row_with_task(tab, "away"), row_with_task(tab, "beside")
    change = WorkbookChange()
    change.set(tab, away, "quantity", Formula(f"={tab.address(beside, 'hours.design')}+2"))
    change.set(tab, beside, "quantity", Formula(f"={tab.address(away, 'quantity')}+1"))
    change.note(tab, away, "task", "a note")
    scratch.apply(change)
    before = _read_everything(scratch, tab)
    here, there = (
        {"sheetId": one, "rowIndex": index, "columnIndex": 0}
        for one, index in ((tab.sheet_id, away.index), (sheet_id, 0))
    )
    source = row_range(tab, away.index, away.index + 1)
    size = {"rowCount": 1, "columnCount": tab.column_count}
    scratch.batch(
        {"addSheet": {"properties": {"sheetId": sheet_id, "hidden": True, "gridProperties": size}}},
        {"cutPaste": {"source": source, "destination": there, "pasteType": "PASTE_NORMAL"}},
    )
    back = {**row_range(tab, 0, 1), "sheetId": sheet_id}
    scratch.batch(
        {"cutPaste": {"source": back, "destination": here, "pasteType": "PASTE_NORMAL"}},
        {"deleteSheet": {"sheetId": sheet_id}},
    )
    after = _read_everything(scratch, tab)
    lines = zip(before.pop("rows"), after.pop("rows"), strict=False)
    changed = [index + 1 for index, (was, now) in enumerate(lines) if was != now]
    expect(not changed, f"rows that have changed: {changed[:10]}")
    expect(before == after, "rules or protections of the tab have changed")


@probe(127)
def existing_mark_can_be_moved(scratch: ScratchWorkbook) -> None:
    """Move the mark of a row to the workbook and then to another row, in one batch that deletes its row."""
    [number] = scratch.insert("old place").values()
    [other] = scratch.insert("new place").values()
    tab = scratch.tab()
    old, new = row_with_task(tab, "old place"), row_with_task(tab, "new place")
    place = row_span(tab, new.index, new.index + 1)
    scratch.batch(
        _pointed(number, {"spreadsheet": True}),
        {"deleteDimension": {"range": row_span(tab, old.index, old.index + 1)}},
        _pointed(number, {"dimensionRange": _raised(place, by=int(old.index < new.index))}),
    )
    marks = [
        mark["metadataId"]
        for sheet in scratch.workbooks.read(scratch.book_id)["sheets"]
        for data in sheet.get("data", ())
        for line in data.get("rowMetadata", ())
        for mark in line.get("developerMetadata", ())
    ]
    expect(number in marks and other in marks, f"of the marks {number} and {other} there are {marks[:10]}")


def _pointed(number: int, location: Any) -> Any:
    """Request that gives a mark another place."""
    return {
        "updateDeveloperMetadata": {
            "dataFilters": [{"developerMetadataLookup": {"metadataId": number}}],
            "developerMetadata": {"location": location},
            "fields": "location",
        }
    }


def _raised(span: Any, *, by: int) -> Any:
    return {**span, "startIndex": span["startIndex"] - by, "endIndex": span["endIndex"] - by}


def _read_everything(scratch: ScratchWorkbook, tab: Tab) -> dict[str, Any]:
    """Read all that a person can put into the tab, without the tab's own name in references."""
    cells = "data(rowData.values(userEnteredValue,note,userEnteredFormat,dataValidation))"
    fields = f"sheets(properties(sheetId),merges,conditionalFormats,protectedRanges(range),{cells})"
    sheets = scratch.workbooks.read_fields(scratch.book_id, fields)["sheets"]
    sheet: dict[str, Any] = next(one for one in sheets if one["properties"].get("sheetId", 0) == tab.sheet_id)
    lines = [row.get("values", []) for data in sheet.pop("data") for row in data.get("rowData", ())]
    for cell in (cell for line in lines for cell in line):
        value = cell.get("userEnteredValue", {})
        if "formulaValue" in value:
            value["formulaValue"] = re.sub(rf"'?{re.escape(tab.title)}'?!", "", value["formulaValue"])
    return {**sheet, "rows": lines}


PROBES = (
    moved_fence_keeps_writes_out,
    freed_id_is_free_again,
    misplaced_write_is_refused,
    refused_batch_writes_nothing,
    refused_batch_is_400,
    mark_follows_sorted_and_moved_row,
    mark_stays_when_cells_are_cut_or_copied,
    cells_cut_away_and_back_are_the_same,
    existing_mark_can_be_moved,
)
