"""What is assumed of the comparison of contents that a batch makes by itself (``workbook/compare.py``)."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.cli.doctor.check import NotSoError, check, expect
from vitrina.cli.doctor.scratch import Scratch, row_of
from vitrina.errors import ChangedMeanwhileError, ServiceError
from vitrina.ports import Json
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.requests import update_cells
from vitrina.workbook.writing.values import Value, cell_data

COLUMN = "result"

#: What stands in a cell when it is read, and what a person types there before it is written.
EDITS: Mapping[str, tuple[Value, Value]] = {
    "another text": ("read", "typed"),
    "another number": (1.5, 2.5),
    "a number for a text": ("7", 7.0),
    "a text where nothing was": (None, "typed"),
    "nothing where a text was": ("read", None),
    "a space behind it": ("read", "read "),
}

#: What stands in cells that nobody changes: each kind of value, and texts that look like another kind.
CONTENTS: tuple[Value, ...] = ("text", "007", "=1+1", "~", 1 / 3, -2.0, 46_350.0, None, "два\nряда")


def fill(scratch: Scratch, tab: Tab, contents: Mapping[str, Value]) -> None:
    """Write cells as a person does, each in the row of its task."""
    places = {(row_of(tab, task).index, tab.column(COLUMN)): cell_data(it) for task, it in contents.items()}
    scratch.batch(*update_cells(tab.sheet_id, places, "userEnteredValue"))


def ours(tab: Tab, *tasks: str) -> list[Json]:
    """The product's write into the cells of these rows, as they were read."""
    change = WorkbookChange()
    for task in tasks:
        change.set(tab, row_of(tab, task), COLUMN, "ours")
    return change.requests()


@check(35, is_vital=True)
def changed_cell_is_not_overwritten(scratch: Scratch) -> None:
    """Read cells, change each as a person would, and write them: every write has to be refused."""
    scratch.insert(*EDITS)
    fill(scratch, scratch.tab(), {task: before for task, (before, _) in EDITS.items()})
    read = scratch.tab()
    fill(scratch, read, {task: after for task, (_, after) in EDITS.items()})
    accepted = []
    for task in EDITS:
        try:
            scratch.batch(*ours(read, task))
        except (ChangedMeanwhileError, ServiceError):
            continue
        accepted.append(task)
    expect(not accepted, f"overwritten without a word: {', '.join(accepted)}")
    now = scratch.tab()
    left = [task for task, (_, after) in EDITS.items() if now.cell(row_of(now, task), COLUMN).value != after]
    expect(not left, f"refused, and written all the same: {', '.join(left)}")


@check(36, is_vital=True)
def unchanged_cells_are_written(scratch: Scratch) -> None:
    """Write cells of every kind that nobody has changed, all at once."""
    contents = {f"content {number}": value for number, value in enumerate(CONTENTS, start=1)}
    scratch.insert(*contents)
    fill(scratch, scratch.tab(), contents)
    try:
        scratch.batch(*ours(scratch.tab(), *contents))
    except ChangedMeanwhileError as error:
        raise NotSoError(f"a good write is refused: {error.__notes__}") from error
    book = scratch.book()
    tab = book.tab("backlog")
    left = [task for task in contents if tab.cell(row_of(tab, task), COLUMN).value != "ours"]
    expect(not left, f"accepted, and not written: {', '.join(left)}")


@check(37)
def letter_case_is_not_compared(scratch: Scratch) -> None:
    """Change the case of letters alone, and write the cell."""
    scratch.insert("letters")
    fill(scratch, scratch.tab(), {"letters": "Слово"})
    read = scratch.tab()
    fill(scratch, read, {"letters": "СЛОВО"})
    try:
        scratch.batch(*ours(read, "letters"))
    except ChangedMeanwhileError as error:
        raise NotSoError(f"a change of case alone is noticed: {error.__notes__}") from error


CHECKS = (changed_cell_is_not_overwritten, unchanged_cells_are_written, letter_case_is_not_compared)
