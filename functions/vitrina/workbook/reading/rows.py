"""Rows of the workbooks, and the things of the domain that they stand for.

Reading never stops at the first bad cell: problems are gathered, and whoever needs the rows raises
them together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

from vitrina.domain.backlog import ActionStatus, BacklogItem, Priority, Specialist
from vitrina.domain.calendar import PeriodKind
from vitrina.domain.estimating.norms import Cell as NormCell
from vitrina.domain.quantities import MAX_HOURS, day_of_serial, parse_day, parse_hours, parse_number
from vitrina.errors import CellProblem, CellsError
from vitrina.workbook.reading.book import SHELF, Book, Cell, Row, Tab, item_number_of_row
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.identity import BacklogIdentity, ProgressIdentity

HOURS_PREFIX = "hours."

#: Serial numbers of the days from 1982 to 2091: no figure of hours lies there.
DATE_SERIALS = range(30_000, 70_000)

#: What people answer in a setting.
#: An absence of everybody: a day off of the agency's own.
EVERYBODY = frozenset({"все", "everybody", "everyone", "all"})
YES = frozenset({"да", "yes", "true", "истина", "1"})

MINUTES_OF_DAY = 24 * 60
#: What computing with fractions leaves over.
NOISE = 1e-6

_NUMBER_OF_ID = re.compile(r"(\d+)\s*$")


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


class _BadCellError(Exception):
    """A cell that cannot be understood: the code of the sentence and what it tells."""

    def __init__(self, code: str, **where: object) -> None:
        super().__init__(code)
        self.code = code
        self.where = where


def _date_taken(cell: Cell) -> date | None:
    """The day for which the spreadsheet took a number: in Russian workbooks 1.5 is the first of May."""
    if not isinstance(cell.value, float) or int(cell.value) not in DATE_SERIALS:
        return None
    return day_of_serial(cell.value)


def _clock_taken(cell: Cell) -> float | None:
    """The hours that were typed as 1:30, of which the spreadsheet makes a fraction of a day.

    Whole minutes of a day that nobody would write as a figure of hours: it takes more than two decimals.
    """
    if cell.formula is not None or not isinstance(cell.value, float) or not 0 < cell.value < 1:
        return None
    minutes, hundredths = cell.value * MINUTES_OF_DAY, cell.value * 100
    is_clock = abs(minutes - round(minutes)) < NOISE < abs(hundredths - round(hundredths))
    return round(minutes / 60, 2) if is_clock else None


def _hours(cell: Cell) -> float | None:
    """Hours as somebody typed them, of any size; ``None`` for an empty cell."""
    if cell.is_error:
        raise _BadCellError("cell.formula_error")
    if cell.text == "":
        return None
    day = _date_taken(cell)
    if day is not None:
        raise _BadCellError("cell.hours_date", day=day, hint=f"{day.day},{day.month}")
    clock = _clock_taken(cell)
    if clock is not None:
        raise _BadCellError("cell.hours_clock", hint=clock)
    if isinstance(cell.value, float):
        return cell.value
    try:
        return parse_hours(cell.text)
    except ValueError as error:
        raise _BadCellError("cell.hours_text", value=cell.text) from error


class _Reader:
    """Reads typed values from the cells of one tab and gathers what cannot be understood."""

    def __init__(self, tab: Tab, choices: Choices, *, locale: str, today: date) -> None:
        self.tab = tab
        self.problems: list[CellProblem] = []
        self._choices = choices
        self._locale = locale
        self._today = today

    def complain(self, row: Row, column: str, code: str, **where: object) -> None:
        problem = self.tab.problem(row, column, code, **where)
        # A cell may be read more than once.
        if problem not in self.problems:
            self.problems.append(problem)

    def text(self, row: Row, column: str) -> str:
        cell = self.tab.cell(row, column)
        if cell.is_error:
            self.complain(row, column, "cell.formula_error")
        return cell.text

    def hours(self, row: Row, column: str) -> float | None:
        try:
            hours = _hours(self.tab.cell(row, column))
        except _BadCellError as bad:
            self.complain(row, column, bad.code, **bad.where)
            return None
        if hours is not None and not 0 <= hours <= MAX_HOURS:
            self.complain(row, column, "cell.hours_range", value=hours, most=MAX_HOURS)
            return None
        return hours

    def quantity(self, row: Row, column: str) -> float:
        text, cell = self.text(row, column), self.tab.cell(row, column)
        if text == "":
            return 1.0
        day = _date_taken(cell)
        if day is not None:
            self.complain(row, column, "cell.quantity_date", day=day, hint=f"{day.day},{day.month}")
            return 1.0
        try:
            quantity = cell.value if isinstance(cell.value, float) else parse_number(text)
        except ValueError:
            quantity = -1.0
        if quantity <= 0:
            self.complain(row, column, "cell.quantity", value=text)
            return 1.0
        return quantity

    def day(self, row: Row, column: str) -> date | None:
        text, value = self.text(row, column), self.tab.cell(row, column).value
        if text == "":
            return None
        if isinstance(value, float) and int(value) in DATE_SERIALS:
            return day_of_serial(value)
        try:
            return parse_day(text, today=self._today)
        except ValueError:
            self.complain(row, column, "cell.day", value=text)
            return None

    def choice(self, row: Row, column: str, group: str, default: str) -> str:
        text = self.text(row, column)
        if not text:
            return default
        code = self._choices.code(group, text)
        if code is None:
            allowed = self._choices.all_labels(group, self._locale)
            self.complain(row, column, "cell.choice", value=text, allowed=allowed)
            return default
        return code


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
    reader = _Reader(tab, choices, locale=locale_of(book), today=today)
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
                depends_on=_numbers(reader.text(row, "depends_on")),
                source=choices.code("source", reader.text(row, "source")),
            )
        )
    for (row, text), item in zip(depends, rows, strict=True):
        if text and (not item.depends_on or not set(item.depends_on) <= known - {item.number}):
            reader.complain(row, "depends_on", "cell.depends_on", value=text, example=f"{prefix}-1")
    return Backlog(identity, tuple(rows), tuple(reader.problems), profiles)


def read_actions(
    book: Book, choices: Choices, *, identity: ProgressIdentity, today: date
) -> tuple[ActionRow, ...]:
    """The rows of what is in progress, from the top.

    The add-on wrote them all; a figure that a person spoilt is read as 0 or nothing, and put right
    when the row is written again.
    """
    tab = identity.tab
    reader = _Reader(tab, choices, locale=locale_of(book), today=today)
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
    reader = _Reader(tab, choices, locale=locale_of(book), today=today)
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


def _complain_of_gaps(reader: _Reader, line: WorkRow) -> None:
    tab, row = reader.tab, line.row
    if not line.specialist:
        reader.complain(row, "specialist", "cell.no_person")
    if tab.cell(row, "hours").is_empty:
        reader.complain(row, "hours", "cell.no_hours")
    if tab.cell(row, "start_on").is_empty and tab.cell(row, "due_on").is_empty:
        reader.complain(row, "due_on", "cell.no_days")
    if line.start_on and line.due_on and line.due_on < line.start_on:
        reader.complain(row, "due_on", "cell.days_order", first=line.start_on, last=line.due_on)


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
        if row.shelf_mark is not None and (numbers := _numbers(shelf.cell_at(row.index, column).text))
    }


@dataclass(frozen=True)
class ProjectTerms:
    """What the first tab of the client workbook says about the batch."""

    period: PeriodKind
    limit_hours: float | None


def read_terms(book: Book, choices: Choices) -> ProjectTerms:
    """Period and hour limit of a project; raises ``CellsError`` where they cannot be understood."""
    problems: list[CellProblem] = []
    period, limit = book.field("period"), book.field("limit_hours")
    kind = choices.code("period", period.cell.text) if period.cell.text else PeriodKind.WEEK.value
    if kind is None:
        allowed = choices.all_labels("period", locale_of(book))
        told = (("value", period.cell.text), ("allowed", allowed))
        problems.append(CellProblem(period.sheet_title, period.address, "cell.choice", told))
    hours = None
    try:
        hours = _limit(limit.cell)
    except _BadCellError as bad:
        where = tuple(bad.where.items())
        problems.append(CellProblem(limit.sheet_title, limit.address, bad.code, where))
    if problems:
        raise CellsError(problems)
    return ProjectTerms(PeriodKind(kind or PeriodKind.WEEK), hours)


def _limit(cell: Cell) -> float | None:
    """Hours, ``None`` for no limit."""
    try:
        hours = _hours(cell)
    except _BadCellError as bad:
        if bad.code != "cell.hours_text":
            raise
        raise _BadCellError("cell.limit", value=cell.text) from bad
    if hours is not None and hours < 0:
        raise _BadCellError("cell.limit", value=cell.text)
    return hours


@dataclass(frozen=True)
class Team:
    """The agency's people and rules, from its own workbook. ``profiles`` are titles by key.

    ``week_limit_hours`` are those of all people for all clients in a week, ``None`` for no such limit.
    """

    specialists: tuple[Specialist, ...]
    profiles: Mapping[str, str]
    load_factor: float = 1.0
    week_limit_hours: float | None = None


def read_team(book: Book, choices: Choices, *, profiles: Mapping[str, str], today: date) -> Team:
    """The specialists with their days away, those of everybody among them.

    Raises
    ------
    CellsError
        If a specialist has no hours, no profile, or a profile or day that cannot be understood; if two
        have one name, or an absence is of nobody.
    """
    tab = book.tab("specialists")
    reader = _Reader(tab, choices, locale=locale_of(book), today=today)
    keys = {title.casefold(): key for key, title in profiles.items()} | {key: key for key in profiles}
    specialists: list[Specialist] = []
    names = {tab.cell(row, "name").text.casefold() for row in tab.rows}
    away = _days_away(book, choices, today=today, names=names | EVERYBODY, problems=reader.problems)
    everybody = {day for name in EVERYBODY for day in away.get(name, ())}
    for row in tab.rows:
        name = reader.text(row, "name")
        if not name:
            continue
        if any(name.casefold() == other.name.casefold() for other in specialists):
            reader.complain(row, "name", "cell.name_twice", name=name)
        hours = reader.hours(row, "hours_per_day")
        if hours is None and tab.cell(row, "hours_per_day").text == "":
            reader.complain(row, "hours_per_day", "cell.no_day_hours", name=name)
        elif hours is not None and not 0 < hours <= 24:
            reader.complain(row, "hours_per_day", "cell.day_hours", name=name, value=hours)
        named = [part.strip() for part in re.split(r"[,;]", reader.text(row, "profiles")) if part.strip()]
        unknown = [part for part in named if part.casefold() not in keys]
        if unknown or not named:
            reader.complain(row, "profiles", "cell.profiles", name=name, allowed=list(profiles.values()))
        specialists.append(
            Specialist(
                name=name,
                profiles=tuple(keys[part.casefold()] for part in named if part.casefold() in keys),
                hours_per_day=hours or 0.0,
                email=reader.text(row, "email"),
                tracker_id=reader.text(row, "kaiten_id") or None,
                days_away=frozenset(everybody | away.get(name.casefold(), set())),
            )
        )
    load_factor = _setting(book, "load_factor", _ratio, problems=reader.problems)
    week_limit_hours = _setting(book, "week_limit_hours", _limit, problems=reader.problems)
    if reader.problems:
        raise CellsError(reader.problems)
    return Team(tuple(specialists), profiles, load_factor or 1.0, week_limit_hours)


def _days_away(
    book: Book, choices: Choices, *, today: date, names: set[str], problems: list[CellProblem]
) -> Mapping[str, set[date]]:
    tab = book.tab("absences")
    reader = _Reader(tab, choices, locale=locale_of(book), today=today)
    away: dict[str, set[date]] = {}
    for row in tab.rows:
        name = reader.text(row, "specialist")
        if not name:
            continue
        first, last = reader.day(row, "first_day"), reader.day(row, "last_day")
        if first is None:
            if tab.cell(row, "first_day").is_empty:
                reader.complain(row, "first_day", "cell.absence_first", name=name)
            continue
        last = last or first
        if name.casefold() not in names and last >= today:
            reader.complain(row, "specialist", "cell.unknown_person", name=name)
        if last < first:
            reader.complain(row, "last_day", "cell.absence_order", first=first, last=last)
        days = away.setdefault(name.casefold(), set())
        days.update(first + timedelta(days=offset) for offset in range((last - first).days + 1))
    problems += reader.problems
    return away


@dataclass(frozen=True)
class NormRow:
    """A row of *Нормы*.

    ``pinned_hours`` is a norm that a person typed: ``in_place`` of ours, or in the column for it.
    """

    row: Row
    cell: NormCell
    work_type: str
    unit: str
    pinned_hours: float | None
    in_place: bool


def read_norm_rows(
    book: Book,
    choices: Choices,
    *,
    profiles: Mapping[str, str],
    shown: Mapping[NormCell, tuple[float, ...]],
    today: date,
) -> list[NormRow]:
    """The rows of *Нормы* that name a work type and a profile of ours.

    ``shown`` are the figures that the add-on wrote: another one in their place was typed by a person, and
    so was one beside which no count of facts stands.

    Raises
    ------
    CellsError
        If a norm by hand cannot be understood.
    """
    tab = book.tab("norms")
    reader = _Reader(tab, choices, locale=locale_of(book), today=today)
    keys = {title.casefold(): key for key, title in profiles.items()} | {key: key for key in profiles}

    def text(row: Row, column: str) -> str:
        return tab.cell(row, column).text if column in tab.columns else ""

    def typed(row: Row, column: str) -> float | None:
        hours = reader.hours(row, column) if column in tab.columns else None
        if hours == 0:
            reader.complain(row, column, "cell.norm_zero")
        return hours or None

    rows = []
    for row in tab.rows:
        work_type, profile = text(row, "work_type"), keys.get(text(row, "profile").casefold())
        if not work_type or profile is None:
            continue
        size = reader.choice(row, "size", "size", "") if "size" in tab.columns else ""
        cell = NormCell(work_type.casefold(), size, profile)
        pinned, in_place = typed(row, "pinned_hours"), False
        if pinned is None:
            figure = typed(row, "hours_per_unit")
            written = shown.get(cell)
            is_ours = bool(text(row, "fact_count")) if written is None else figure in written
            if figure is not None and not is_ours:
                pinned, in_place = figure, True
        rows.append(NormRow(row, cell, work_type, text(row, "unit"), pinned, in_place))
    if reader.problems:
        raise CellsError(reader.problems)
    return rows


def wants_starting_norms(book: Book) -> bool:
    """Whether the agency takes the starting table."""
    found = read_settings(book).get("starting_norms") if "settings" in book.tabs else None
    return found is not None and found[2].text.casefold() in YES


def read_settings(book: Book) -> Mapping[str, tuple[Tab, Row, Cell]]:
    """Values of the tab *Настройки* by their key."""
    tab = book.tab("settings")
    return {key: (tab, row, tab.cell(row, "value")) for row in tab.rows if (key := tab.cell(row, "key").text)}


def _setting(
    book: Book, key: str, read: Callable[[Cell], float | None], *, problems: list[CellProblem]
) -> float | None:
    """A setting, ``None`` where nothing is set; what cannot be understood is added to *problems*."""
    found = read_settings(book).get(key)
    if found is None or found[2].text == "":
        return None
    tab, row, cell = found
    try:
        return read(cell)
    except _BadCellError as bad:
        problems.append(tab.problem(row, "value", bad.code, **bad.where))
        return None


def _ratio(cell: Cell) -> float:
    try:
        value = cell.value if isinstance(cell.value, float) else _share(cell.text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise _BadCellError("cell.ratio", value=cell.text)
    return value


def _share(text: str) -> float:
    return parse_number(text.removesuffix("%")) / (100 if text.endswith("%") else 1)


def locale_of(book: Book) -> str:
    """Language of a workbook: ``en`` for English ones, else ``ru``."""
    return "en" if book.locale.startswith("en") else "ru"


def _numbers(text: str) -> tuple[int, ...]:
    found = (_NUMBER_OF_ID.search(part) for part in re.split(r"[,;]", text))
    return tuple(int(one[1]) for one in found if one)
