"""Rows of *Бэклог*."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from vitrina.domain.backlog import BacklogItem, Priority
from vitrina.errors import CellProblem, CellsError
from vitrina.workbook.reading.book import SHELF, Book, Row, Tab, item_number_of_row
from vitrina.workbook.reading.cells import CellReader, item_numbers_in
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.identity import BacklogIdentity
from vitrina.workbook.reading.settings import locale_of

#: Keys of the hours columns begin with this; the profile follows.
HOURS_PREFIX = "hours."


@dataclass(frozen=True)
class BacklogRow:
    """A row of the backlog that holds a task.

    ``hours`` holds what stands in the hours columns, 0 where a person typed 0; a profile whose cell is
    empty is absent.
    """

    row: Row
    number: int
    code: str
    #: The item that a person copied the row from.
    copy_of: int | None
    task: str
    result: str
    priority: Priority
    work_type: str
    size: str
    quantity: float
    hours: Mapping[str, float]
    formula_profiles: frozenset[str]
    wanted_on: date | None
    depends_on: tuple[int, ...]
    source: str | None

    def item(self, rank: int) -> BacklogItem:
        """The item that the row stands for."""
        return BacklogItem(
            number=self.number,
            code=self.code,
            task=self.task,
            priority=self.priority,
            rank=rank,
            hours={profile: hours for profile, hours in self.hours.items() if hours > 0},
            work_type=self.work_type or None,
            size=self.size,
            quantity=self.quantity,
            wanted_on=self.wanted_on,
            depends_on=self.depends_on,
            result=self.result,
        )


@dataclass(frozen=True)
class Backlog:
    """The backlog as it was read."""

    identity: BacklogIdentity
    rows: tuple[BacklogRow, ...]
    problems: tuple[CellProblem, ...]
    profiles: tuple[str, ...]

    @property
    def tab(self) -> Tab:
        """Its tab."""
        return self.identity.tab

    @property
    def last_number(self) -> int:
        """The highest number ever given to an item."""
        return self.identity.last_number

    def require_good_cells(self) -> None:
        """Raise ``CellsError`` with every bad cell, if there are any."""
        if self.problems:
            raise CellsError(list(self.problems))


def read_backlog(
    book: Book, choices: Choices, *, identity: BacklogIdentity, prefix: str, today: date
) -> Backlog:
    """The rows of the backlog that hold a task, from the top."""
    tab = identity.tab
    reader = CellReader(tab, choices, locale=locale_of(book), today=today)
    reader.problems += identity.problems
    profiles = tuple(key.removeprefix(HOURS_PREFIX) for key in tab.columns if key.startswith(HOURS_PREFIX))
    known = {item_number_of_row(number) for number in book.row_numbers} | set(identity.numbers.values())
    rows: list[BacklogRow] = []
    depends: list[tuple[Row, str]] = []
    for row in tab.rows:
        if not reader.text(row, "task"):
            continue
        number = identity.numbers[row.index]
        cells = {profile: reader.hours(row, HOURS_PREFIX + profile) for profile in profiles}
        depends.append((row, reader.text(row, "depends_on")))
        rows.append(
            BacklogRow(
                row=row,
                number=number,
                code=f"{prefix}-{number}",
                copy_of=identity.copies.get(row.index),
                task=reader.text(row, "task"),
                result=reader.text(row, "result"),
                priority=Priority(reader.choice(row, "priority", "priority", Priority.NORMAL)),
                work_type=reader.text(row, "work_type"),
                size=reader.choice(row, "size", "size", "") if "size" in tab.columns else "",
                quantity=reader.quantity(row, "quantity"),
                hours={profile: hours for profile, hours in cells.items() if hours is not None},
                formula_profiles=frozenset(
                    profile
                    for profile in profiles
                    if tab.cell(row, HOURS_PREFIX + profile).formula is not None
                ),
                wanted_on=reader.day(row, "wanted_on"),
                depends_on=item_numbers_in(reader.text(row, "depends_on")),
                source=choices.code("source", reader.text(row, "source")),
            )
        )
    for (row, text), item in zip(depends, rows, strict=True):
        if text and (not item.depends_on or not set(item.depends_on) <= known - {item.number}):
            reader.add_problem(row, "depends_on", "cell.depends_on", value=text, example=f"{prefix}-1")
    return Backlog(identity, tuple(rows), tuple(reader.problems), profiles)


def read_started_after(book: Book) -> Mapping[int, tuple[int, ...]]:
    """Numbers of the items that started ones had to wait for, from their rows on the shelf.

    The columns of the shelf carry no marks; the one that is wanted has the title that it has in *Бэклог*.
    """
    shelf, backlog = book.tabs.get(SHELF), book.tabs.get("backlog")
    if shelf is None or backlog is None or "depends_on" not in backlog.columns:
        return {}
    title = backlog.cell_at(backlog.header_index, backlog.columns["depends_on"]).text
    column = next((index for index, cell in enumerate(shelf.header) if cell.text == title), None)
    if column is None:
        return {}
    return {
        int(row.shelf_mark.value): numbers
        for row in shelf.rows
        if row.shelf_mark is not None and (numbers := item_numbers_in(shelf.cell_at(row.index, column).text))
    }
