"""The tab *План-график*: who works on what on which day, as the client may see it.

Work for other clients is summed as «другие проекты» and never named. Where the agency has switched that on, a
line under each person shows the free hours of the days. Short days, part-time work and absences reduce them
and are not shown separately; nor are days with too many hours. What was finished this week stays until the
week is over, with a tick; it takes nobody's hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.checking.feasibility import TOLERANCE_HOURS
from vitrina.domain.quantities import serial_of_day
from vitrina.project.commitments import People
from vitrina.project.snapshot import Snapshot
from vitrina.records.books import Project
from vitrina.records.work import Hours, Item, ItemAction, add_hours, committed_hours
from vitrina.texts import render, sentence
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.template.definition import ACTION_INDENT
from vitrina.workbook.writing.change import Value, WorkbookChange

DAY_PREFIX = "day."
#: Before the ID of work that is done: the checker reads lines that begin with an ID.
DONE_MARK = "✓ "


class _Titles(Struct, frozen=True):
    """Texts of the lines that belong to no item."""

    other_projects: str
    own_rows: str
    free: str


def write_schedule(snapshot: Snapshot, change: WorkbookChange, items: Iterable[Item]) -> bool:
    """Write the calendar if its contents differ; return whether they did.

    The calendar has the working days from this week on, with a line for each person and each action. If
    people removed its tab or one of its columns, it is left alone: it only shows data of other tabs.

    Parameters
    ----------
    items
        Work in progress of all clients, as it will be after this action.
    """
    services, book, project = snapshot.services, snapshot.book, snapshot.project
    tab = book.tabs.get("schedule")
    if tab is None or "label" not in tab.columns or "load" not in tab.columns:
        return False
    day_columns = sorted(
        (key for key in tab.columns if key.startswith(DAY_PREFIX)),
        key=lambda key: int(key.removeprefix(DAY_PREFIX)),
    )
    monday = services.calendar.current_period(services.today(), PeriodKind.WEEK).start_on
    days = services.calendar.working_days_from(monday, count=len(day_columns))
    team = snapshot.stored.team
    people = People(team, services.calendar) if team and team.shows_free_hours else None
    lines = _lines(project, list(items), snapshot.typed_hours, people, days, _titles(locale_of(book)))
    keys = ("label", "load", *day_columns)
    if _is_shown(tab, keys, lines, days):
        return False
    old_line_count = sum(1 for row in tab.rows if tab.cell(row, "label").text)
    blank: list[Value] = [None] * (2 + len(days))
    lines += [blank] * max(0, old_line_count - len(lines))
    first = tab.header_index + 1
    change.make_room(tab, first + len(lines))
    _write_header(change, tab, day_columns, days)
    for position, key in enumerate(keys):
        column = [[line[position]] for line in lines]
        change.set_block(tab, first, tab.columns[key], column)
    return True


def _titles(locale: str) -> _Titles:
    return _Titles(
        *(
            ACTION_INDENT + render(sentence(f"schedule.{key}"), locale)
            for key in ("other_projects", "own_rows", "free")
        )
    )


def _is_shown(tab: Tab, keys: Sequence[str], lines: list[list[Value]], days: Sequence[date]) -> bool:
    """Whether the tab already shows exactly these lines."""
    first = tab.header_index + 1
    header = [tab.cell_at(tab.header_index, tab.columns[key]).value for key in keys[2:]]
    if header != [float(serial_of_day(day)) for day in days]:
        return False
    used = [row.index for row in tab.rows if any(not tab.cell(row, key).is_empty for key in keys)]
    if [index for index in used if index >= first] != list(range(first, first + len(lines))):
        return False
    return all(
        tab.cell_at(first + down, tab.columns[key]).value == line[position]
        for down, line in enumerate(lines)
        for position, key in enumerate(keys)
    )


def _write_header(change: WorkbookChange, tab: Tab, day_columns: list[str], days: list[date]) -> None:
    for key, day in zip(day_columns, days, strict=True):
        change.set_block(tab, tab.header_index, tab.columns[key], [[day]])


def _lines(
    project: Project,
    items: list[Item],
    typed_hours: Mapping[str, Hours],
    people: People | None,
    days: list[date],
    titles: _Titles,
) -> list[list[Value]]:
    own = sorted(
        (item for item in items if item.spreadsheet_id == project.spreadsheet_id and not item.is_done),
        key=lambda item: (item.start_on, item.number),
    )
    typed = dict(typed_hours)
    own_rows = typed.pop(project.spreadsheet_id, {})
    others = committed_hours(item for item in items if item.spreadsheet_id != project.spreadsheet_id)
    for hours in typed.values():
        add_hours(others, hours)
    total = committed_hours(own)
    done = _done_this_week(project, items, days[0])
    at_work = {action.specialist for item in own for action in item.actions}
    names = sorted(at_work | {name for name, *_ in done} | own_rows.keys())
    for hours in (own_rows, others):
        add_hours(total, hours)
    lines: list[list[Value]] = []
    for name in names:
        lines.append(_line(name, total.get(name, {}), days))
        lines += [
            _line(f"{ACTION_INDENT}{DONE_MARK}{item.code} {item.task}", action.day_hours, days)
            for who, item, action in done
            if who == name
        ]
        for item in own:
            for action in item.actions:
                if action.specialist == name and not action.is_done:
                    label = f"{ACTION_INDENT}{item.code} {item.task}"
                    lines.append(_line(label, action.day_hours, days))
        for title, more in ((titles.own_rows, own_rows), (titles.other_projects, others)):
            if any(more.get(name, {}).get(day) for day in days):
                lines.append(_line(title, more[name], days))
        if people and people.find(name):
            lines.append(_line(titles.free, _left(people, name, total.get(name, {}), days), days))
    return lines


def _done_this_week(
    project: Project, items: Iterable[Item], monday: date
) -> list[tuple[str, Item, ItemAction]]:
    """Work of the project that was finished since *monday*, with who did it, on the days planned for it."""
    found = [
        (action.specialist, item, action)
        for item in items
        if item.spreadsheet_id == project.spreadsheet_id
        for action in item.actions
        if (item.is_done or action.is_done) and any(day >= monday for day in action.day_hours)
        if not item.is_done or (item.finished_on or date.min) >= monday
    ]
    return sorted(found, key=lambda one: (one[1].number, one[2].row_number))


def _left(people: People, name: str, hours: Mapping[date, float], days: Iterable[date]) -> dict[date, float]:
    """Free hours of a person by day."""
    left = {day: people.capacity(name, day) - hours.get(day, 0.0) for day in days}
    return {day: one for day, one in left.items() if one > TOLERANCE_HOURS}


def _line(label: str, hours: Mapping[date, float], days: list[date]) -> list[Value]:
    cells: list[Value] = [round(hours[day], 2) if hours.get(day) else None for day in days]
    return [label, round(sum(hours.get(day, 0.0) for day in days), 2), *cells]
