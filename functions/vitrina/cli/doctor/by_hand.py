"""What only a person at the page can try. Each check says what to do, waits, and looks at the marks."""

from __future__ import annotations

from vitrina.cli.doctor.check import UntriedError, check, expect
from vitrina.cli.doctor.rows import expect_cut_and_copied
from vitrina.cli.doctor.scratch import Scratch, numbers_of, row_of
from vitrina.workbook.reading.book import Tab, column_letters


def ask(scratch: Scratch, tab: Tab, *steps: str) -> None:
    """Have a person do *steps* on *tab*."""
    if scratch.human is None:
        raise UntriedError("needs a person: --by-hand")
    lines = [f"  {number}. {step}" for number, step in enumerate(steps, start=1)]
    scratch.human(
        "\n".join([f"On the tab «{tab.title}» of {scratch.workbooks.url(scratch.book_id)}", *lines])
    )


@check(3, is_by_hand=True)
def mark_follows_row_sorted_and_dragged(scratch: Scratch) -> None:
    """A person sorts three rows, and drags one."""
    tasks = ("person 3", "person 1", "person 2")
    numbers = scratch.insert(*tasks)
    tab = scratch.tab()
    first = row_of(tab, tasks[0]).index + 1
    letter = column_letters(tab.column("task"))
    ask(
        scratch,
        tab,
        f"select the rows {first} to {first + 2} by their numbers;",
        f"Data > Sort range > Advanced options: by column {letter}, A to Z;",
        f"drag the row {first} by its number below the row {first + 2}.",
    )
    found = numbers_of(scratch.tab(), tasks)
    if list(found) == list(tasks):
        raise UntriedError("the rows stand as they stood")
    expect(found == numbers, f"marks were {numbers} and are {found}")


@check(32, is_by_hand=True)
def mark_stays_when_a_person_cuts_or_copies(scratch: Scratch) -> None:
    """A person cuts a row and copies another."""
    numbers = scratch.insert("cut", "copied")
    tab = scratch.tab()
    cut, copied, free = row_of(tab, "cut").index, row_of(tab, "copied").index, tab.row_count - 8
    ask(
        scratch,
        tab,
        f"select the row {cut + 1} by its number, Ctrl+X, select the row {free + 1}, Ctrl+V;",
        f"select the row {copied + 1} by its number, Ctrl+C, select the row {free + 2}, Ctrl+V.",
    )
    tab = scratch.tab()
    if row_of(tab, "cut").index == cut:
        raise UntriedError("the row stands where it stood")
    expect_cut_and_copied(tab, numbers, (cut, copied), (free, free + 1))


@check(33, is_by_hand=True)
def undone_deletion_gives_no_foreign_mark(scratch: Scratch) -> None:
    """A person deletes a row and takes it back."""
    numbers = scratch.insert("undone", "below undone")
    tab = scratch.tab()
    row = row_of(tab, "undone").index + 1
    ask(scratch, tab, f"right click on the number of the row {row} > Delete row;", "Ctrl+Z.")
    _expect_own_or_none(scratch.tab(), numbers)


@check(34, is_by_hand=True)
def restored_version_gives_no_foreign_mark(scratch: Scratch) -> None:
    """A person restores a version of the workbook from before a sort."""
    numbers = scratch.insert("restored 2", "restored 1")
    tab = scratch.tab()
    first = row_of(tab, "restored 2").index + 1
    ask(
        scratch,
        tab,
        "File > Version history > Name current version: give it any name;",
        f"drag the row {first} by its number below the row {first + 1};",
        "File > Version history > See version history: restore the version that you named.",
    )
    _expect_own_or_none(scratch.tab(), numbers)


def _expect_own_or_none(tab: Tab, numbers: dict[str, int]) -> None:
    found = numbers_of(tab, tuple(numbers))
    if len(found) < len(numbers):
        raise UntriedError(f"only {', '.join(found) or 'nothing'} of {', '.join(numbers)} is there")
    foreign = {task: number for task, number in found.items() if number not in (None, numbers[task])}
    expect(not foreign, f"marks were {numbers}, and some rows have another's: {foreign}")


CHECKS = (
    mark_follows_row_sorted_and_dragged,
    mark_stays_when_a_person_cuts_or_copies,
    undone_deletion_gives_no_foreign_mark,
    restored_version_gives_no_foreign_mark,
)
