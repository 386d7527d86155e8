"""Reads days and figures as people keep them in a table: a day in each row, its figure beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from vitrina.domain.quantities import known_day, parse_day, parse_number

#: What may stand between day and figure in a line of text, as it is looked for: a comma may be a decimal one.
SEPARATORS = ("\t", ";", ",")
#: Most characters of a bad line that are shown.
MOST_SHOWN = 40

#: A cell as it was read or pasted.
Content = str | float | bool | None


class RowProblem(Struct, frozen=True):
    """A row that cannot be read: its number from 1, and the code of why."""

    line: int
    code: str
    value: str = ""


def read_rows(
    rows: Iterable[tuple[int, Content, Content]], today: date
) -> tuple[dict[date, float], list[RowProblem]]:
    """Figures by day, and the rows that cannot be read.

    The first row may be a heading. A row without a day, or with a day and no figure yet, is passed over.

    Parameters
    ----------
    rows
        Number, day and figure of each row.
    today
        Completes days that were typed without a year.
    """
    found: dict[date, float] = {}
    problems: list[RowProblem] = []
    is_first = True
    for line, day_cell, figure_cell in rows:
        if _is_empty(day_cell) or (_is_empty(figure_cell) and _day(day_cell, today) is not None):
            continue
        day, figure = _day(day_cell, today), _figure(figure_cell)
        if day is None:
            if not is_first:
                problems.append(RowProblem(line, "no_day", str(day_cell)[:MOST_SHOWN]))
        elif figure is None:
            problems.append(RowProblem(line, "no_figure", str(figure_cell)[:MOST_SHOWN]))
        elif day in found:
            problems.append(RowProblem(line, "day_twice", str(day_cell)[:MOST_SHOWN]))
        else:
            found[day] = figure
        is_first = False
    return found, problems


def parse_text(text: str, today: date) -> tuple[dict[date, float], list[RowProblem]]:
    """Figures by day of pasted text, and the lines that cannot be read; they are numbered from 1."""
    rows: list[tuple[int, Content, Content]] = []
    problems: list[RowProblem] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        separator = next((one for one in SEPARATORS if one in line), None)
        if separator is None:
            problems.append(RowProblem(number, "no_separator", line.strip()[:MOST_SHOWN]))
            continue
        day, _, figure = line.partition(separator)
        rows.append((number, _unquoted(day), _unquoted(figure)))
    found, more = read_rows(rows, today)
    return found, sorted([*problems, *more], key=lambda one: one.line)


def _is_empty(content: Content) -> bool:
    return content is None or (isinstance(content, str) and not content.strip())


def _day(content: Content, today: date) -> date | None:
    if isinstance(content, bool) or content is None:
        return None
    if isinstance(content, float):
        return known_day(content)
    try:
        return parse_day(content, today=today)
    except ValueError:
        return None


def _figure(content: Content) -> float | None:
    if isinstance(content, bool) or content is None:
        return None
    if isinstance(content, float):
        return content
    try:
        return parse_number(content)
    except ValueError:
        return None


def _unquoted(text: str) -> str:
    return text.strip().strip('"').strip()
