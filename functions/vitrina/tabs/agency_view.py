"""The tabs of the agency's workbook that show all clients at once: *Загрузка*, *Общая доска*, *Проекты*.

The first two belong to the add-on whole. Of *Проекты* it writes its own columns only, and only where
the row still stands for the same project.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.checking.feasibility import TOLERANCE_HOURS
from vitrina.domain.quantities import serial_of_day
from vitrina.operations.services import Services
from vitrina.project.commitments import People
from vitrina.records.records import Item, Project
from vitrina.texts import Days, render, sentence
from vitrina.workbook.reading.book import Book, Tab
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import Formula, Value, WorkbookChange

DAY_PREFIX = "day."
ROOM_PREFIX = "room."


@dataclass(frozen=True)
class BoardLine:
    """One person's work for a client, as the board shows it. What is not known of it is empty."""

    project: Project
    code: str
    action: str
    specialist: str
    hours: float | None
    start_on: date | None
    due_on: date | None
    status: str = ""
    logged_hours: float | None = None
    progress: str = ""
    card: Value = None


def line_of_row(project: Project, row: WorkRow, status: str) -> BoardLine:
    """A row of *В работе*; *status* in the language of the agency."""
    return BoardLine(
        project=project,
        code=row.code,
        action=row.action if not row.profile else f"{row.action} · {row.profile}",
        specialist=row.specialist,
        hours=row.hours,
        start_on=row.first_day,
        due_on=row.last_day,
        status=status,
        logged_hours=row.logged_hours,
        progress=row.progress,
        card=Formula(row.card.formula) if row.card.formula else row.card.text or None,
    )


def lines_of_item(project: Project, item: Item, profiles: Mapping[str, str]) -> Iterable[BoardLine]:
    """What the store knows of an item whose workbook cannot be read."""
    for action in item.actions:
        days = sorted(date.fromisoformat(day) for day in action.day_hours)
        if days and not item.is_done and not action.is_done:
            yield BoardLine(
                project=project,
                code=item.code,
                action=f"{item.task} · {profiles.get(action.profile, action.profile)}",
                specialist=action.specialist,
                hours=action.hours,
                start_on=days[0],
                due_on=days[-1],
            )


def is_late(line: BoardLine, today: date) -> bool:
    """Whether its last day has passed."""
    return line.due_on is not None and line.due_on < today


# --- Load ----------------------------------------------------------------------------------------


def write_load(
    services: Services,
    change: WorkbookChange,
    book: Book,
    people: People,
    committed: Mapping[str, Mapping[date, float]],
) -> None:
    """Hours of each person on each working day from this week on; beside them, what he can do.

    The latter stand in hidden columns, for the colours: a day off and a short day differ from person to
    person. Workbooks that were made before these columns existed do without.
    """
    tab = book.tabs.get("load")
    if tab is None or "specialist" not in tab.columns:
        return
    day_keys, room_keys = _group(tab, DAY_PREFIX), _group(tab, ROOM_PREFIX)
    days = load_days(services, len(day_keys))
    lines = load_lines(people, committed, days)
    first = tab.header_index + 1
    blank_count = max(0, _used_rows(tab, ["specialist"]) - len(lines))
    change.make_room(tab, first + len(lines))
    keys = ["specialist", "hours_per_day", "load", *day_keys]
    for key, day in zip(day_keys, days, strict=True):
        change.set_block(tab, tab.header_index, tab.columns[key], [[day]])
    for position, key in enumerate(keys):
        _write_column(change, tab, key, [line.cells[position] for line in lines], blank_count)
    for position, key in enumerate(room_keys[: len(days)]):
        _write_column(change, tab, key, [line.room[position] for line in lines], blank_count)
    if tab.header_index > 0:
        moment = services.clock.now().astimezone(services.time_zone)
        today = Days(moment.date(), moment.date())
        told = sentence("load.refreshed", days=today, time=f"{moment:%H:%M}")
        cells: list[list[Value]] = [[render(told, locale_of(book))]]
        change.set_block(tab, tab.header_index - 1, tab.columns["specialist"], cells)


@dataclass(frozen=True)
class LoadLine:
    """A person's line: name, hours of an ordinary day, all hours shown, hours of each day; and his room."""

    cells: tuple[Value, ...]
    room: tuple[Value, ...]


def load_days(services: Services, count: int) -> list[date]:
    """The days shown: working days from this week's Monday on."""
    monday = services.calendar.current_period(services.today(), PeriodKind.WEEK).start_on
    return services.calendar.working_days_from(monday, count=count)


def load_lines(
    people: People, committed: Mapping[str, Mapping[date, float]], days: Sequence[date]
) -> list[LoadLine]:
    """The team in its order, then whoever else has work."""
    team = [one.name for one in people.resources.specialists]
    strangers = sorted(
        name
        for name, by_day in committed.items()
        if name not in team and any(by_day.get(day) for day in days)
    )
    lines: list[LoadLine] = []
    for name in [*team, *strangers]:
        specialist = people.find(name)
        usual = specialist.hours_per_day * people.resources.load_factor if specialist else None
        by_day = committed.get(name, {})
        room = [round(people.capacity(name, day), 2) for day in days]
        hours = [_shown(by_day.get(day, 0.0), free) for day, free in zip(days, room, strict=True)]
        cells: list[Value] = [one or None for one in hours]
        load = round(sum(hours), 2)
        lines.append(LoadLine((name, round(usual, 2) if usual is not None else None, load, *cells), (*room,)))
    return lines


def _shown(hours: float, room: float) -> float:
    """Hours as they are shown: half a minute more than a person has is a matter of rounding."""
    return room if abs(hours - room) <= TOLERANCE_HOURS else round(hours, 2)


# --- Board ---------------------------------------------------------------------------------------


def write_board(services: Services, change: WorkbookChange, book: Book, lines: Iterable[BoardLine]) -> None:
    """All that is in progress everywhere, what is due first at the top."""
    tab = book.tabs.get("board")
    if tab is None:
        return
    title = render(sentence("card.open"), locale_of(book))
    ordered = sorted(lines, key=_by_due_day)
    first = tab.header_index + 1
    rows: list[dict[str, Value]] = [
        {
            "client": line.project.client_name,
            "project": line.project.project_name,
            "id": line.code,
            "action": line.action,
            "specialist": line.specialist,
            "status": line.status or None,
            "hours": line.hours,
            "logged_hours": line.logged_hours,
            "start_on": line.start_on,
            "due_on": line.due_on,
            "progress": line.progress or None,
            "card": line.card,
            "workbook": Formula(
                f'=HYPERLINK("{services.workbooks.url(line.project.spreadsheet_id)}";"{title}")'
            ),
        }
        for line in ordered
    ]
    own = [key for key in tab.columns if not rows or key in rows[0]]
    blank_count = max(0, _used_rows(tab, own) - len(rows))
    change.make_room(tab, first + len(rows))
    for key in own:
        _write_column(change, tab, key, [row[key] for row in rows], blank_count)


def _by_due_day(line: BoardLine) -> tuple[date, date, str, str, str]:
    return (
        line.due_on or date.max,
        line.start_on or date.max,
        line.project.client_name,
        line.code,
        line.specialist,
    )


# --- Projects ------------------------------------------------------------------------------------


def write_projects(
    services: Services,
    change: WorkbookChange,
    book: Book,
    projects: Iterable[Project],
    lines: Iterable[BoardLine],
) -> None:
    """The next due day of each of *projects*, and how much of it is late."""
    tab = book.tabs.get("projects")
    if tab is None or "code" not in tab.columns:
        return
    today = services.today()
    by_project: dict[str, list[BoardLine]] = {}
    for line in lines:
        by_project.setdefault(line.project.spreadsheet_id, []).append(line)
    by_code = {project.code.casefold(): project for project in projects}
    for row in tab.rows:
        project = by_code.get(tab.cell(row, "code").text.casefold())
        if project is None:
            continue
        own = by_project.get(project.spreadsheet_id, [])
        next_due = min((line.due_on for line in own if line.due_on), default=None)
        late_count = sum(is_late(line, today) for line in own)
        wanted: dict[str, Value] = {"next_due": next_due, "late_count": late_count}
        for key, value in wanted.items():
            if key in tab.columns and not _is_same(tab.cell(row, key).value, value):
                change.expect(tab, row, "code")
                change.set(tab, row, key, value)


def _is_same(shown: str | float | bool | None, value: Value) -> bool:
    if isinstance(value, date):
        return shown == float(serial_of_day(value))
    return shown == value


# --- All of them ---------------------------------------------------------------------------------


def _group(tab: Tab, prefix: str) -> list[str]:
    """Columns of a repeated group, in the order of their numbers."""
    keys = (key for key in tab.columns if key.startswith(prefix))
    return sorted(keys, key=lambda key: int(key.removeprefix(prefix)))


def _used_rows(tab: Tab, keys: Sequence[str]) -> int:
    """Count of rows from the header to the last one with something in one of the columns."""
    columns = [key for key in keys if key in tab.columns]
    used = [row.index for row in tab.rows if any(not tab.cell(row, key).is_empty for key in columns)]
    return max(used, default=tab.header_index) - tab.header_index


def _write_column(
    change: WorkbookChange, tab: Tab, key: str, values: Sequence[Value], blank_count: int
) -> None:
    if key in tab.columns:
        cells: list[list[Value]] = [[value] for value in (*values, *[None] * blank_count)]
        change.set_block(tab, tab.header_index + 1, tab.columns[key], cells)
