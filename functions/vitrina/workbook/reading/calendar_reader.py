"""Reads the calendar of a client workbook from the cells of *План-график*."""

from __future__ import annotations

import re
from datetime import date

from vitrina.domain.checking.check_sheets import CalendarLine, ShownCalendar
from vitrina.domain.quantities import known_day
from vitrina.workbook.reading.book import Book, Tab
from vitrina.workbook.reading.identity import number_of_id
from vitrina.workbook.template.definition import ACTION_INDENT

DAY_PREFIX = "day."


def read_calendar(book: Book, *, prefix: str) -> ShownCalendar | None:
    """Lines of the project's own work; ``None`` if the tab or its first column is gone.

    The heading with the name of a person is above the lines of his work, which are indented and begin with an
    ID of *prefix*.
    """
    tab = book.tabs.get("schedule")
    if tab is None or "label" not in tab.columns:
        return None
    days = _days(tab)
    lines: list[CalendarLine] = []
    person = ""
    for row in tab.rows:
        label = tab.cell(row, "label")
        if not isinstance(label.value, str) or not label.text:
            continue
        if not label.value.startswith(ACTION_INDENT[:1]):
            person = label.text
            continue
        code = re.split(r"\s", label.text, maxsplit=1)[0]
        number = number_of_id(code, prefix)
        if number is None:
            continue
        cells = {day: tab.cell_at(row.index, column).value for column, day in days.items()}
        hours = {day: value for day, value in cells.items() if isinstance(value, float) and value > 0}
        lines.append(CalendarLine(book.spreadsheet_id, f"{prefix}-{number}", number, person, hours))
    return ShownCalendar(book.spreadsheet_id, tuple(sorted(days.values())), tuple(lines))


def _days(tab: Tab) -> dict[int, date]:
    """Days in the header by column."""
    days: dict[int, date] = {}
    for key, column in tab.columns.items():
        day = known_day(tab.cell_at(tab.header_index, column).value)
        if key.startswith(DAY_PREFIX) and day is not None:
            days[column] = day
    return days
