"""The tab *План-график*: who works on what on which day, for the client's eyes.

Other clients' work is summed as «другие проекты» and never named.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from vitrina.domain.calendar import PeriodKind
from vitrina.texts import render, sentence
from vitrina.usecases.records import Item, Project, committed_hours
from vitrina.usecases.services import Services
from vitrina.workbook.book import Book, Tab
from vitrina.workbook.change import Value, WorkbookChange
from vitrina.workbook.rows import locale_of
from vitrina.workbook.template import ACTION_INDENT

DAY_PREFIX = "day."


def write_schedule(
    services: Services, change: WorkbookChange, book: Book, project: Project, items: Iterable[Item]
) -> None:
    """Write the calendar anew: working days from this week on, one line a person and one an action.

    The calendar is left alone where people took its tab or a column of it away: it only shows what
    stands elsewhere.
    """
    tab = book.tabs.get("schedule")
    if tab is None or "label" not in tab.columns or "load" not in tab.columns:
        return
    day_columns = sorted(
        (key for key in tab.columns if key.startswith(DAY_PREFIX)),
        key=lambda key: int(key.removeprefix(DAY_PREFIX)),
    )
    monday = services.calendar.current_period(services.today(), PeriodKind.WEEK).start_on
    days = services.calendar.working_days_from(monday, count=len(day_columns))
    lines = _lines(project, list(items), days, render(sentence("schedule.other_projects"), locale_of(book)))
    old_line_count = sum(1 for row in tab.rows if tab.cell(row, "label").text)
    blank: list[Value] = [None] * (2 + len(days))
    lines += [blank] * max(0, old_line_count - len(lines))
    first = tab.header_index + 1
    change.make_room(tab, first + len(lines))
    _write_header(change, tab, day_columns, days)
    for position, key in enumerate(("label", "load", *day_columns)):
        column = [[line[position]] for line in lines]
        change.set_block(tab, first, tab.columns[key], column)


def _write_header(change: WorkbookChange, tab: Tab, day_columns: list[str], days: list[date]) -> None:
    for key, day in zip(day_columns, days, strict=True):
        change.set_block(tab, tab.header_index, tab.columns[key], [[day]])


def _lines(project: Project, items: list[Item], days: list[date], other_title: str) -> list[list[Value]]:
    own = sorted(
        (item for item in items if item.spreadsheet_id == project.spreadsheet_id and not item.is_done),
        key=lambda item: (item.start_on, item.number),
    )
    others = committed_hours(item for item in items if item.spreadsheet_id != project.spreadsheet_id)
    people = sorted({action.specialist for item in own for action in item.actions})
    total = committed_hours(own)
    lines: list[list[Value]] = []
    for name in people:
        elsewhere = others.get(name, {})
        together = {day: total[name].get(day, 0.0) + elsewhere.get(day, 0.0) for day in days}
        lines.append(_line(name, together, days))
        for item in own:
            for action in item.actions:
                if action.specialist == name:
                    hours = {date.fromisoformat(day): one for day, one in action.day_hours.items()}
                    lines.append(_line(f"{ACTION_INDENT}{item.code} {item.task}", hours, days))
        if any(elsewhere.get(day) for day in days):
            lines.append(_line(ACTION_INDENT + other_title, elsewhere, days))
    return lines


def _line(label: str, hours: dict[date, float], days: list[date]) -> list[Value]:
    cells: list[Value] = [round(hours[day], 2) if hours.get(day) else None for day in days]
    return [label, round(sum(hours.get(day, 0.0) for day in days), 2), *cells]
