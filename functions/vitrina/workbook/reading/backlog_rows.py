"""Rows of *Бэклог*."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import date
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from operator import itemgetter

from msgspec import Struct
from msgspec.structs import astuple

from vitrina.domain.backlog import Priority
from vitrina.errors import CellProblem, CellsError
from vitrina.workbook.reading.book import (
    EMPTY,
    MOST_KEPT_ROWS,
    SHELF,
    Book,
    Cell,
    Row,
    Tab,
    item_number_of_row,
)
from vitrina.workbook.reading.cells import CellReader, item_numbers_in
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.identity import BacklogIdentity
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.size import size_problems

#: Keys of the hours columns begin with this; the profile follows.
HOURS_PREFIX = "hours."
#: The other columns whose cells are read.
_READ = frozenset(
    ("depends_on", "priority", "quantity", "result", "size", "source", "task", "wanted_on", "work_type")
)


class _Contents(Struct, frozen=True):
    """Contents of a backlog row, without its position in the sheet.

    ``hours`` are the values of the hours columns by profile, including a typed 0; a profile with an empty
    cell is missing. ``formula_profiles`` are the profiles whose hours are a formula.
    """

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


class BacklogRow(_Contents, frozen=True):
    """A row of the backlog with a task."""

    row: Row
    number: int
    code: str
    #: The item that a person copied the row from.
    copy_of: int | None


class Backlog(Struct, frozen=True):
    """The rows of the backlog, their numbers, and the problems of bad cells."""

    identity: BacklogIdentity
    rows: tuple[BacklogRow, ...]
    problems: tuple[CellProblem, ...]
    profiles: tuple[str, ...]

    @property
    def tab(self) -> Tab:
        """The tab *Бэклог*."""
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
    """Reads the rows of the backlog with a task, from the top.

    Parameters
    ----------
    identity
        Numbers of the rows; its problems are included in those of the result.
    prefix
        Letters of the project's IDs.
    today
        Completes days that were typed without a year.
    """
    tab, locale = identity.tab, locale_of(book)
    reader = CellReader(tab, choices, locale=locale, today=today)
    reader.problems += [*size_problems(book), *identity.problems]
    layout = _layout(tab.title, tuple(tab.columns.items()), choices, locale, today)
    rows = tuple(_read_rows(reader, layout, identity, prefix))
    waiting = [row for row in rows if tab.cell(row.row, "depends_on") is not EMPTY]
    if waiting:
        known = {item_number_of_row(number) for number in book.row_numbers} | set(identity.numbers.values())
        for row in waiting:
            _check_dependencies(reader, row, known, example=f"{prefix}-1")
        _check_circles(reader, rows)
    return Backlog(identity, rows, tuple(reader.problems), tuple(layout.hours))


class _Layout(Struct, frozen=True, eq=False):
    """The columns of the backlog that are read, and what else the meaning of their cells depends on.

    ``tab`` has only the columns that are read, without gaps. ``choose`` takes their cells from the first
    *width* cells of a row. ``hours`` are the keys of the hours columns by profile.
    """

    tab: Tab
    choose: Callable[[tuple[Cell, ...]], tuple[Cell, ...]]
    width: int
    choices: Choices
    locale: str
    today: date
    hours: Mapping[str, str]

    def cells_of(self, row: Row) -> tuple[Cell, ...]:
        """The cells of a row that are read."""
        cells = row.cells
        if len(cells) < self.width:
            cells += (EMPTY,) * (self.width - len(cells))
        return self.choose(cells)


@lru_cache(maxsize=64)
def _layout(
    title: str, columns: tuple[tuple[str, int], ...], choices: Choices, locale: str, today: date
) -> _Layout:
    """The layout of a tab with these columns: the same object each time."""
    hours = {key.removeprefix(HOURS_PREFIX): key for key, _ in columns if key.startswith(HOURS_PREFIX)}
    read = {key: index for key, index in columns if key in _READ or key in hours.values()}
    tab = Tab(
        key="backlog",
        sheet_id=0,
        title=title,
        header_index=0,
        columns={key: place for place, key in enumerate(read)},
        rows=(),
        row_count=0,
        column_count=len(read),
    )
    choose, width = itemgetter(*read.values()), max(read.values()) + 1
    return _Layout(tab, choose, width, choices, locale, today, hours)


def _read_rows(
    reader: CellReader, layout: _Layout, identity: BacklogIdentity, prefix: str
) -> Iterator[BacklogRow]:
    """The rows with a task."""
    for row in reader.tab.rows:
        contents = _good_contents(layout.cells_of(row), layout)
        if contents is None and reader.text(row, "task"):
            contents = _contents(reader, row, layout.hours)
        if contents is not None and contents.task:
            number = identity.numbers[row.index]
            place = row, number, f"{prefix}-{number}", identity.copies.get(row.index)
            # The fields of the base class come first; mypy does not know how many they are.
            yield BacklogRow(*astuple(contents), *place)  # type: ignore[call-arg]


@lru_cache(maxsize=MOST_KEPT_ROWS)
def _good_contents(cells: tuple[Cell, ...], layout: _Layout) -> _Contents | None:
    """What a row with these cells says; ``None`` where one of them is bad, as its problem names the row."""
    reader = CellReader(layout.tab, layout.choices, locale=layout.locale, today=layout.today)
    contents = _contents(reader, Row(0, None, cells), layout.hours)
    return None if reader.problems else contents


def _contents(reader: CellReader, row: Row, columns: Mapping[str, str]) -> _Contents:
    """What a row says; *columns* are those of hours, by profile."""
    tab = reader.tab
    hours: dict[str, float] = {}
    formula_profiles = []
    for profile, column in columns.items():
        cell = tab.cell(row, column)
        if cell is EMPTY:
            continue
        if cell.formula is not None:
            formula_profiles.append(profile)
        read = reader.hours(row, column)
        if read is not None:
            hours[profile] = read
    return _Contents(
        task=reader.text(row, "task"),
        result=reader.text(row, "result"),
        priority=Priority(reader.choice(row, "priority", "priority", Priority.NORMAL)),
        work_type=reader.text(row, "work_type"),
        size=reader.choice(row, "size", "size", "") if "size" in tab.columns else "",
        quantity=reader.quantity(row, "quantity"),
        hours=hours,
        formula_profiles=frozenset(formula_profiles),
        wanted_on=reader.day(row, "wanted_on"),
        depends_on=item_numbers_in(reader.text(row, "depends_on")),
        source=reader.choices.code("source", reader.text(row, "source")),
    )


def _check_dependencies(reader: CellReader, row: BacklogRow, known: Set[int], *, example: str) -> None:
    """Add a problem if the cell names no item, an unknown one, or the item itself."""
    text = reader.text(row.row, "depends_on")
    if row.number in row.depends_on:
        reader.add_problem(row.row, "depends_on", "cell.depends_on_itself", id=row.code)
    elif text and not (row.depends_on and all(number in known for number in row.depends_on)):
        reader.add_problem(row.row, "depends_on", "cell.depends_on", value=text, example=example)


def _check_circles(reader: CellReader, rows: Sequence[BacklogRow]) -> None:
    """Add a problem for each circle of rows that wait for each other, at its first row."""
    by_number = {row.number: row for row in rows}
    after = {
        row.number: {one for one in row.depends_on if one in by_number and one != row.number} for row in rows
    }
    while circle := find_circle(after):
        members = [row for row in rows if row.number in circle]
        codes = [row.code for row in members]
        reader.add_problem(members[0].row, "depends_on", "cell.depends_on_circle", items=codes)
        after = {number: before - circle for number, before in after.items() if number not in circle}


def find_circle(after: Mapping[int, Set[int]]) -> frozenset[int]:
    """Members of one circle, empty where there is none."""
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        return frozenset(error.args[1])
    return frozenset()


def read_started_after(book: Book) -> Mapping[int, tuple[int, ...]]:
    """Predecessors of started items by item number, from their rows on the shelf.

    The columns of the shelf have no marks, so the column is found by its title in *Бэклог*.
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
