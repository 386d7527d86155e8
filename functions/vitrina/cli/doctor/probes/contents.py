"""Probes of the comparison of cell contents inside a batch (``workbook/writing/compare.py``)."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.cli.doctor.probe import AssumptionFailedError, expect, probe
from vitrina.cli.doctor.scratch_workbook import ScratchWorkbook, row_with_task
from vitrina.errors import ChangedMeanwhileError, ServiceError
from vitrina.ports import Json
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.requests import update_cells
from vitrina.workbook.writing.values import Value, cell_data

COLUMN = "result"

#: Content of a cell when it is read, and after a person has changed it before the write.
EDITS: Mapping[str, tuple[Value, Value]] = {
    "another text": ("read", "typed"),
    "another number": (1.5, 2.5),
    "a number instead of a text": ("7", 7.0),
    "a text in an empty cell": (None, "typed"),
    "a text deleted": ("read", None),
    "a space at the end": ("read", "read "),
}

#: Contents that nobody changes: each kind of value, and texts that look like another kind.
CONTENTS: tuple[Value, ...] = ("text", "007", "=1+1", "~", 1 / 3, -2.0, 46_350.0, None, "два\nряда")


def type_cells(scratch: ScratchWorkbook, tab: Tab, contents: Mapping[str, Value]) -> None:
    """Write cells without a guard, as a person does; *contents* are by the task of the row."""
    places = {
        (row_with_task(tab, task).index, tab.column(COLUMN)): cell_data(it) for task, it in contents.items()
    }
    scratch.batch(*update_cells(tab.sheet_id, places, "userEnteredValue"))


def guarded_requests(tab: Tab, *tasks: str) -> list[Json]:
    """Return the product's guarded write into these rows, based on *tab* as it was read."""
    change = WorkbookChange()
    for task in tasks:
        change.set(tab, row_with_task(tab, task), COLUMN, "ours")
    return change.requests()


@probe(35, is_vital=True)
def changed_cell_is_not_overwritten(scratch: ScratchWorkbook) -> None:
    """Read cells, change each as a person would, then write them: every write has to be refused."""
    scratch.insert(*EDITS)
    type_cells(scratch, scratch.tab(), {task: before for task, (before, _) in EDITS.items()})
    read = scratch.tab()
    type_cells(scratch, read, {task: after for task, (_, after) in EDITS.items()})
    accepted = []
    for task in EDITS:
        try:
            scratch.batch(*guarded_requests(read, task))
        except (ChangedMeanwhileError, ServiceError):
            continue
        accepted.append(task)
    expect(not accepted, f"a changed cell was overwritten: {', '.join(accepted)}")
    now = scratch.tab()
    left = [
        task
        for task, (_, after) in EDITS.items()
        if now.cell(row_with_task(now, task), COLUMN).value != after
    ]
    expect(not left, f"the write was refused, but the cell has changed: {', '.join(left)}")


@probe(36, is_vital=True)
def unchanged_cells_are_written(scratch: ScratchWorkbook) -> None:
    """Write cells of every kind that nobody has changed, in one batch."""
    contents = {f"content {number}": value for number, value in enumerate(CONTENTS, start=1)}
    scratch.insert(*contents)
    type_cells(scratch, scratch.tab(), contents)
    try:
        scratch.batch(*guarded_requests(scratch.tab(), *contents))
    except ChangedMeanwhileError as error:
        raise AssumptionFailedError(f"a correct write was refused: {error.__notes__}") from error
    book = scratch.book()
    tab = book.tab("backlog")
    left = [task for task in contents if tab.cell(row_with_task(tab, task), COLUMN).value != "ours"]
    expect(not left, f"the write was accepted, but the cell has not changed: {', '.join(left)}")


@probe(37)
def letter_case_is_not_compared(scratch: ScratchWorkbook) -> None:
    """Change only the case of letters, then write the cell."""
    scratch.insert("letters")
    type_cells(scratch, scratch.tab(), {"letters": "Слово"})
    read = scratch.tab()
    type_cells(scratch, read, {"letters": "СЛОВО"})
    try:
        scratch.batch(*guarded_requests(read, "letters"))
    except ChangedMeanwhileError as error:
        raise AssumptionFailedError(f"a change of only the case was noticed: {error.__notes__}") from error


PROBES = (changed_cell_is_not_overwritten, unchanged_cells_are_written, letter_case_is_not_compared)
