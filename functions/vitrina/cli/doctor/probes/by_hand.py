"""Probes that need a person at the page: each says what to do, waits, and then reads the marks."""

from __future__ import annotations

from vitrina.cli.doctor.probe import NotTriedError, expect, probe
from vitrina.cli.doctor.probes.rows import expect_cut_and_copied
from vitrina.cli.doctor.scratch_workbook import ScratchWorkbook, numbers_by_task, row_with_task
from vitrina.workbook.reading.book import Tab, column_letters


def ask_for_steps(scratch: ScratchWorkbook, tab: Tab, *steps: str) -> None:
    """Ask the person to do *steps* on *tab*, and wait.

    Raises
    ------
    NotTriedError
        If no person is there.
    """
    if scratch.ask_person is None:
        raise NotTriedError("needs a person: --by-hand")
    lines = [f"  {number}. {step}" for number, step in enumerate(steps, start=1)]
    scratch.ask_person(
        "\n".join([f"On the tab «{tab.title}» of {scratch.workbooks.url(scratch.book_id)}", *lines])
    )


@probe(3, is_by_hand=True)
def mark_follows_row_sorted_and_dragged(scratch: ScratchWorkbook) -> None:
    """A person sorts three rows and drags one."""
    tasks = ("person 3", "person 1", "person 2")
    numbers = scratch.insert(*tasks)
    tab = scratch.tab()
    first = row_with_task(tab, tasks[0]).index + 1
    letter = column_letters(tab.column("task"))
    ask_for_steps(
        scratch,
        tab,
        f"select the rows {first} to {first + 2} by their numbers;",
        f"Data > Sort range > Advanced options: by column {letter}, A to Z;",
        f"drag the row {first} by its number below the row {first + 2}.",
    )
    found = numbers_by_task(scratch.tab(), tasks)
    if list(found) == list(tasks):
        raise NotTriedError("the rows are in the same order as before")
    expect(found == numbers, f"marks were {numbers} and are {found}")


@probe(32, is_by_hand=True)
def mark_stays_when_a_person_cuts_or_copies(scratch: ScratchWorkbook) -> None:
    """A person cuts a row and copies another."""
    numbers = scratch.insert("cut", "copied")
    tab = scratch.tab()
    cut, copied, free = row_with_task(tab, "cut").index, row_with_task(tab, "copied").index, tab.row_count - 8
    ask_for_steps(
        scratch,
        tab,
        f"select the row {cut + 1} by its number, Ctrl+X, select the row {free + 1}, Ctrl+V;",
        f"select the row {copied + 1} by its number, Ctrl+C, select the row {free + 2}, Ctrl+V.",
    )
    tab = scratch.tab()
    if row_with_task(tab, "cut").index == cut:
        raise NotTriedError("the row is where it was before")
    expect_cut_and_copied(tab, numbers, (cut, copied), (free, free + 1))


@probe(33, is_by_hand=True)
def undone_deletion_gives_no_foreign_mark(scratch: ScratchWorkbook) -> None:
    """A person deletes a row and undoes the deletion."""
    numbers = scratch.insert("undone", "below undone")
    tab = scratch.tab()
    row = row_with_task(tab, "undone").index + 1
    ask_for_steps(scratch, tab, f"right click on the number of the row {row} > Delete row;", "Ctrl+Z.")
    _expect_no_foreign_marks(scratch.tab(), numbers)


@probe(34, is_by_hand=True)
def restored_version_gives_no_foreign_mark(scratch: ScratchWorkbook) -> None:
    """A person restores a version of the workbook from before a row was moved."""
    numbers = scratch.insert("restored 2", "restored 1")
    tab = scratch.tab()
    first = row_with_task(tab, "restored 2").index + 1
    ask_for_steps(
        scratch,
        tab,
        "File > Version history > Name current version: give it any name;",
        f"drag the row {first} by its number below the row {first + 1};",
        "File > Version history > See version history: restore the version that you named.",
    )
    _expect_no_foreign_marks(scratch.tab(), numbers)


def _expect_no_foreign_marks(tab: Tab, numbers: dict[str, int]) -> None:
    found = numbers_by_task(tab, tuple(numbers))
    if len(found) < len(numbers):
        raise NotTriedError(f"of the rows {', '.join(numbers)} only {', '.join(found) or 'none'} is there")
    foreign = {task: number for task, number in found.items() if number not in (None, numbers[task])}
    expect(not foreign, f"marks were {numbers}, and some rows have the mark of another row: {foreign}")


PROBES = (
    mark_follows_row_sorted_and_dragged,
    mark_stays_when_a_person_cuts_or_copies,
    undone_deletion_gives_no_foreign_mark,
    restored_version_gives_no_foreign_mark,
)
