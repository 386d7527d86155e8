"""Rows of *В работе*: those that the add-on wrote, and those that people added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.backlog import ActionStatus
from vitrina.errors import CellProblem
from vitrina.workbook.reading.book import Book, Cell, Row, Tab, item_number_of_row, position_of_row
from vitrina.workbook.reading.cells import CellReader
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.identity import ProgressIdentity
from vitrina.workbook.reading.settings import locale_of


class WorkRow(Struct, frozen=True):
    """A row of *В работе*: one person's part of an item, or work that a person added.

    ``number`` is ``None`` for a row that a person added and for a copy of an action. Hours and days are
    as typed, ``None`` where the cell is empty or bad.
    """

    row: Row
    number: int | None
    code: str
    action: str
    profile: str
    specialist: str
    hours: float | None
    start_on: date | None
    due_on: date | None
    status: ActionStatus
    progress: str
    logged_hours: float | None
    card: Cell
    is_copy: bool = False
    #: Whether logged hours are typed that cannot be understood.
    has_bad_log: bool = False
    #: Whether no cell of the row is bad and nothing is missing that open work needs.
    is_readable: bool = True

    @property
    def row_number(self) -> int:
        """Number of an action's row.

        Raises
        ------
        ValueError
            If a person added the row.
        """
        if self.number is None:
            raise ValueError(self)
        return self.number

    @property
    def item_number(self) -> int:
        """The item that the action belongs to; ``ValueError`` if a person added the row."""
        return item_number_of_row(self.row_number)

    @property
    def position(self) -> int:
        """Place of the action among those of its item, from 0; ``ValueError`` if a person added the row."""
        return position_of_row(self.row_number)

    @property
    def planned_hours(self) -> float:
        """Hours of the row, 0 where the cell does not tell them."""
        return self.hours or 0.0

    @property
    def first_day(self) -> date | None:
        """First day of the work: the start, or the due day where no start is given."""
        return self.start_on or self.due_on

    @property
    def last_day(self) -> date | None:
        """Last day of the work: the due day, or the start where no due day is given."""
        return self.due_on or self.start_on

    @property
    def is_done(self) -> bool:
        """Whether the work is finished."""
        return self.status is ActionStatus.DONE


class WorkRows(Struct, frozen=True, dict=True):
    """All rows of *В работе*, from the top, and the bad cells of open ones.

    ``log_problems`` are bad cells with logged hours in rows that are done.
    """

    tab: Tab
    rows: tuple[WorkRow, ...]
    problems: tuple[CellProblem, ...]
    log_problems: tuple[CellProblem, ...] = ()

    @cached_property
    def actions(self) -> tuple[WorkRow, ...]:
        """The rows of the project's actions, from the top."""
        return tuple(row for row in self.rows if row.number is not None)

    @cached_property
    def by_number(self) -> Mapping[int, WorkRow]:
        """The rows of actions by their numbers."""
        return {row.row_number: row for row in self.actions}

    @cached_property
    def _by_item(self) -> Mapping[int, Sequence[WorkRow]]:
        found: dict[int, list[WorkRow]] = {}
        for row in self.actions:
            found.setdefault(row.item_number, []).append(row)
        return found

    def of_item(self, number: int) -> Sequence[WorkRow]:
        """The rows of an item's actions, from the top."""
        return self._by_item.get(number, ())


def read_work(book: Book, choices: Choices, *, identity: ProgressIdentity, today: date) -> WorkRows:
    """The rows of *В работе*: all that are an action, and those of people that hold work.

    Open work needs a person, hours and at least one day; what is missing is a problem. Of finished work only
    the logged hours matter.
    """
    tab = identity.tab
    rows: list[WorkRow] = []
    problems: list[CellProblem] = []
    log_problems: list[CellProblem] = []
    for row in tab.rows:
        reader = CellReader(tab, choices, locale=locale_of(book), today=today)
        number = identity.numbers.get(row.index)
        if number is None and not _holds_work(reader, row):
            continue
        work_row = _read_row(reader, row, number, is_copy=row.index in identity.doubles)
        if not work_row.is_done:
            _add_missing(reader, work_row)
            problems += reader.problems
            work_row = replace(work_row, is_readable=not reader.problems)
        elif work_row.has_bad_log:
            address = tab.address(row, "logged_hours")
            log_problems += [problem for problem in reader.problems if problem.cell == address]
        rows.append(work_row)
    return WorkRows(tab, tuple(rows), tuple(problems), tuple(log_problems))


def _holds_work(reader: CellReader, row: Row) -> bool:
    """Whether a row that is no action names work, or a person and his hours."""
    if reader.text(row, "action"):
        return True
    return bool(reader.hours(row, "hours") and reader.text(row, "specialist"))


def _read_row(reader: CellReader, row: Row, number: int | None, *, is_copy: bool) -> WorkRow:
    """The row as it stands. Workbooks of early versions have no columns of progress and logged hours."""
    columns = reader.tab.columns
    logged_hours = reader.hours(row, "logged_hours") if "logged_hours" in columns else None
    return WorkRow(
        row=row,
        number=number,
        action=reader.text(row, "action"),
        hours=reader.hours(row, "hours"),
        start_on=reader.day(row, "start_on"),
        due_on=reader.day(row, "due_on"),
        code=reader.text(row, "id"),
        profile=reader.text(row, "profile"),
        specialist=reader.text(row, "specialist"),
        status=ActionStatus(reader.choice(row, "status", "status", ActionStatus.ONBOARDING)),
        progress=reader.text(row, "progress") if "progress" in columns else "",
        logged_hours=logged_hours,
        card=reader.tab.cell(row, "card"),
        is_copy=is_copy,
        has_bad_log=(
            logged_hours is None
            and "logged_hours" in columns
            and not reader.tab.cell(row, "logged_hours").is_empty
        ),
    )


def _add_missing(reader: CellReader, work_row: WorkRow) -> None:
    """Add the problems of open work that lacks a person, hours or days, or ends before it starts."""
    tab, row = reader.tab, work_row.row
    if not work_row.specialist:
        reader.add_problem(row, "specialist", "cell.no_person")
    if tab.cell(row, "hours").is_empty:
        reader.add_problem(row, "hours", "cell.no_hours")
    if tab.cell(row, "start_on").is_empty and tab.cell(row, "due_on").is_empty:
        reader.add_problem(row, "due_on", "cell.no_days")
    first, last = work_row.first_day, work_row.last_day
    if first and last and last < first:
        reader.add_problem(row, "due_on", "cell.days_order", first=first, last=last)
