"""Rows of *В работе*."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from vitrina.domain.backlog import ActionStatus
from vitrina.errors import CellProblem
from vitrina.workbook.reading.book import Book, Cell, Row, Tab, item_number_of_row
from vitrina.workbook.reading.cells import CellReader
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.identity import ProgressIdentity
from vitrina.workbook.reading.settings import locale_of


@dataclass(frozen=True)
class ActionRow:
    """A row of what is in progress: one person's part of an item."""

    row: Row
    number: int
    code: str
    action: str
    profile: str
    specialist: str
    hours: float
    start_on: date | None
    due_on: date | None
    status: ActionStatus
    card: str
    logged_hours: float

    @property
    def item_number(self) -> int:
        """The item that the action belongs to."""
        return item_number_of_row(self.number)


def read_actions(
    book: Book, choices: Choices, *, identity: ProgressIdentity, today: date
) -> tuple[ActionRow, ...]:
    """The rows of what is in progress, from the top.

    The add-on wrote them all; a figure that a person spoilt is read as 0 or nothing, and put right
    when the row is written again.
    """
    tab = identity.tab
    reader = CellReader(tab, choices, locale=locale_of(book), today=today)
    return tuple(
        ActionRow(
            row=row,
            number=identity.numbers[row.index],
            code=reader.text(row, "id"),
            action=reader.text(row, "action"),
            profile=reader.text(row, "profile"),
            specialist=reader.text(row, "specialist"),
            hours=reader.hours(row, "hours") or 0.0,
            start_on=reader.day(row, "start_on"),
            due_on=reader.day(row, "due_on"),
            status=ActionStatus(reader.choice(row, "status", "status", ActionStatus.ONBOARDING)),
            card=reader.text(row, "card"),
            logged_hours=(reader.hours(row, "logged_hours") or 0.0) if "logged_hours" in tab.columns else 0.0,
        )
        for row in tab.rows
        if row.index in identity.numbers
    )


@dataclass(frozen=True)
class WorkRow:
    """A row of *В работе* as it stands there, whoever put it in.

    ``number`` is ``None`` for a row of a person's own, and for a copy of an action. Hours and days are
    ``None`` where the cells do not tell them; ``is_readable`` says whether all of them could be understood.
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
    is_readable: bool = True

    @property
    def is_done(self) -> bool:
        """Whether nobody has to work on it any more."""
        return self.status is ActionStatus.DONE


@dataclass(frozen=True)
class WorkRows:
    """All that stands in *В работе*, from the top, and the cells that cannot be understood."""

    tab: Tab
    rows: tuple[WorkRow, ...]
    problems: tuple[CellProblem, ...]

    @cached_property
    def by_number(self) -> Mapping[int, WorkRow]:
        """The rows of actions by their numbers."""
        return {row.number: row for row in self.rows if row.number is not None}


def read_work(book: Book, choices: Choices, *, identity: ProgressIdentity, today: date) -> WorkRows:
    """The rows of *В работе* with people's own among them.

    What is done may say what it likes. Everything else needs a person, hours, and days in their order;
    one day is enough.
    """
    tab = identity.tab
    reader = CellReader(tab, choices, locale=locale_of(book), today=today)
    rows: list[WorkRow] = []
    for row in tab.rows:
        known = len(reader.problems)
        number = identity.numbers.get(row.index)
        action, hours = reader.text(row, "action"), reader.hours(row, "hours")
        if number is None and not action and (not hours or not reader.text(row, "specialist")):
            del reader.problems[known:]
            continue
        start_on, due_on = reader.day(row, "start_on"), reader.day(row, "due_on")
        line = WorkRow(
            row=row,
            number=number,
            code=reader.text(row, "id"),
            action=action,
            profile=reader.text(row, "profile"),
            specialist=reader.text(row, "specialist"),
            hours=hours,
            start_on=start_on or due_on,
            due_on=due_on or start_on,
            status=ActionStatus(reader.choice(row, "status", "status", ActionStatus.ONBOARDING)),
            progress=reader.text(row, "progress"),
            logged_hours=reader.hours(row, "logged_hours"),
            card=tab.cell(row, "card"),
            is_copy=row.index in identity.doubles,
        )
        if line.is_done:
            del reader.problems[known:]
        else:
            _complain_of_gaps(reader, line)
        rows.append(replace(line, is_readable=len(reader.problems) == known))
    return WorkRows(tab, tuple(rows), tuple(reader.problems))


def _complain_of_gaps(reader: CellReader, line: WorkRow) -> None:
    tab, row = reader.tab, line.row
    if not line.specialist:
        reader.add_problem(row, "specialist", "cell.no_person")
    if tab.cell(row, "hours").is_empty:
        reader.add_problem(row, "hours", "cell.no_hours")
    if tab.cell(row, "start_on").is_empty and tab.cell(row, "due_on").is_empty:
        reader.add_problem(row, "due_on", "cell.no_days")
    if line.start_on and line.due_on and line.due_on < line.start_on:
        reader.add_problem(row, "due_on", "cell.days_order", first=line.start_on, last=line.due_on)
