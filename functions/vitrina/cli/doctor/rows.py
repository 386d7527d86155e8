"""What is assumed about marks of rows and about batches: what guarded writes rest on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vitrina.cli.doctor.check import NotSoError, check, expect
from vitrina.cli.doctor.scratch import Scratch, numbers_of, row_of, row_range, rows_span
from vitrina.errors import ChangedMeanwhileError, ServiceError
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.writing.change import Formula, WorkbookChange
from vitrina.workbook.writing.fence import hold_fence, move_fence


def written(tab: Tab, task: str) -> WorkbookChange:
    """A guarded write into the row of *task*: of a note, as contents are compared besides."""
    change = WorkbookChange()
    change.note(tab, row_of(tab, task), "result", "written")
    return change


def misplaced(tab: Tab, task: str) -> WorkbookChange:
    """The same write by somebody who believes that the row stands one below its place."""
    row, change = row_of(tab, task), WorkbookChange()
    change.note(tab, replace(row, index=row.index + 1), "result", "written")
    return change


def result_of(tab: Tab, task: str) -> str:
    """The note that the checks write."""
    return tab.cell(row_of(tab, task), "result").note


@check(1, is_vital=True)
def freed_id_is_free_again(scratch: Scratch) -> None:
    """Send the guarded write of a row that is where it was read."""
    scratch.insert("freed")
    try:
        scratch.apply(written(scratch.tab(), "freed"))
    except ChangedMeanwhileError as error:
        raise NotSoError(f"a good write is refused: {error.__notes__}") from error
    result = result_of(scratch.tab(), "freed")
    expect(result == "written", f"the write was accepted, and the note is {result}")


@check(2, is_vital=True)
def misplaced_write_is_refused(scratch: Scratch) -> None:
    """Send a guarded write for a row that is not where the write believes."""
    scratch.insert("misplaced", "below")
    try:
        scratch.apply(misplaced(scratch.tab(), "misplaced"))
    except (ChangedMeanwhileError, ServiceError):
        result = result_of(scratch.tab(), "below")
        expect(not result, f"it was refused, and the wrong row has the note {result}")
        return
    raise NotSoError("a write into the wrong row was accepted")


@check(28, is_vital=True)
def refused_batch_writes_nothing(scratch: Scratch) -> None:
    """Send a good write and a misplaced one in one batch."""
    scratch.insert("good", "bad", "below bad")
    tab = scratch.tab()
    requests = [*written(tab, "good").requests(), *misplaced(tab, "bad").requests()]
    try:
        scratch.batch(*requests)
    except (ChangedMeanwhileError, ServiceError):
        result = result_of(scratch.tab(), "good")
        expect(not result, f"the batch was refused, and its first part wrote {result}")
        return
    raise NotSoError("the batch was accepted, with a misplaced write in it")


@check(38, is_vital=True)
def moved_fence_keeps_writes_out(scratch: Scratch) -> None:
    """Move the fence, and send writes that hold it as it was and as it is."""
    for to in ("first", "second"):
        old = scratch.book().fence
        scratch.batch(*hold_fence(old))
        scratch.batch(*move_fence(old, to))
        expect(scratch.book().fence == to, f"the fence was moved to {to}, and says {scratch.book().fence}")
        try:
            scratch.batch(*hold_fence(old))
        except (ChangedMeanwhileError, ServiceError):
            continue
        raise NotSoError("a write was accepted whose fence had been moved")
    scratch.batch(*hold_fence("second"))


@check(5)
def refused_batch_is_400(scratch: Scratch) -> None:
    """Look at the status with which a misplaced write is refused."""
    scratch.insert("status", "below status")
    try:
        scratch.apply(misplaced(scratch.tab(), "status"))
    except ChangedMeanwhileError:
        return
    except ServiceError as error:
        raise NotSoError(f"a failed guard answers {error.status}") from error
    raise NotSoError("a write into the wrong row was accepted")


@check(27, is_vital=True)
def mark_follows_sorted_and_moved_row(scratch: Scratch) -> None:
    """Sort rows and move one through the API."""
    numbers = scratch.insert("moved 3", "moved 1", "moved 2")
    tab = scratch.tab()
    first = row_of(tab, "moved 3").index
    by_task = {"dimensionIndex": tab.column("task"), "sortOrder": "ASCENDING"}
    scratch.batch({"sortRange": {"range": row_range(tab, first, first + 3), "sortSpecs": [by_task]}})
    _expect_order(scratch.tab(), numbers, "moved 1", "moved 2", "moved 3")
    source = rows_span(tab, first, first + 1)
    scratch.batch({"moveDimension": {"source": source, "destinationIndex": first + 3}})
    _expect_order(scratch.tab(), numbers, "moved 2", "moved 3", "moved 1")


def _expect_order(tab: Tab, numbers: Mapping[str, int], *tasks: str) -> None:
    found = numbers_of(tab, tasks)
    expect(list(found) == list(tasks), f"the rows stand in the order {', '.join(found)}")
    expect(found == dict(numbers), f"marks were {dict(numbers)} and are {found}")


@check(4)
def mark_stays_when_cells_are_cut_or_copied(scratch: Scratch) -> None:
    """Cut the cells of a row and copy those of another, through the API."""
    numbers = scratch.insert("cut", "copied")
    tab = scratch.tab()
    cut, copied, free = row_of(tab, "cut").index, row_of(tab, "copied").index, tab.row_count - 4
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
    """The rows *before* keep their marks, and the rows where the cells are now have none."""
    marks = {row.index: row.number for row in tab.rows}
    expected = [numbers["cut"], numbers["copied"], None, None]
    found = [marks.get(index) for index in (*before, *after)]
    expect(found == expected, f"marks of emptied, copied and both new rows: {found}, expected {expected}")


@check(31)
def cells_cut_away_and_back_are_the_same(scratch: Scratch) -> None:
    """Cut a row with formula, note, format and choices to another tab and back, and compare the whole tab."""
    scratch.insert("away", "beside")
    tab, sheet_id = scratch.tab(), scratch.new_sheet_id()
    away, beside = row_of(tab, "away"), row_of(tab, "beside")
    change = WorkbookChange()
    change.set(tab, away, "quantity", Formula(f"={tab.address(beside, 'hours.design')}+2"))
    change.set(tab, beside, "quantity", Formula(f"={tab.address(away, 'quantity')}+1"))
    change.note(tab, away, "task", "a note")
    scratch.apply(change)
    before = _everything(scratch, tab)
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
    after = _everything(scratch, tab)
    lines = zip(before.pop("rows"), after.pop("rows"), strict=False)
    other = [index + 1 for index, (was, now) in enumerate(lines) if was != now]
    expect(not other, f"rows that are not as they were: {other[:10]}")
    expect(before == after, "rules or protections of the tab are not as they were")


def _everything(scratch: Scratch, tab: Tab) -> dict[str, Any]:
    """All that a person can put into the tab; its own name in front of a reference says nothing."""
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


CHECKS = (
    moved_fence_keeps_writes_out,
    freed_id_is_free_again,
    misplaced_write_is_refused,
    refused_batch_writes_nothing,
    refused_batch_is_400,
    mark_follows_sorted_and_moved_row,
    mark_stays_when_cells_are_cut_or_copied,
    cells_cut_away_and_back_are_the_same,
)
