"""Reads days and figures as people keep them in a table: a day in each row, its figure beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from vitrina.domain.quantities import day_of_serial, parse_day, parse_number
from vitrina.metric_port import DayValue, Facts, Gap

#: Serial numbers of days that a spreadsheet may mean: from 1982 to 2091.
SERIALS = range(30_000, 70_000)
#: A table without newer rows for so long is not being filled.
PATIENCE = timedelta(days=7)

#: A cell as it was read or pasted.
Content = str | float | bool | None


@dataclass(frozen=True)
class RowProblem:
    """A row that cannot be read: its number from 1, and the code of why, ``metric_row.<code>``."""

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
                problems.append(RowProblem(line, "no_day", str(day_cell)))
        elif figure is None:
            problems.append(RowProblem(line, "no_figure", str(figure_cell)))
        elif day in found:
            problems.append(RowProblem(line, "day_twice", str(day_cell)))
        else:
            found[day] = figure
        is_first = False
    return found, problems


def facts_of(
    figures: Mapping[date, float], first: date, last: date, now: datetime, *, is_told: bool
) -> Facts:
    """The facts of a table: a day without a row is not known; it may be filled in later.

    Parameters
    ----------
    is_told
        Whether a table that has had no new rows for long is a gap.
    """
    days = {day: DayValue(figure) for day, figure in figures.items() if first <= day <= last}
    newest = max((day for day in figures if day <= last), default=None)
    is_late = is_told and newest is not None and last - newest > PATIENCE
    return Facts(days, now, min(newest or first, last), gap=Gap("not_filled") if is_late else None)


def gap_of(problem: RowProblem) -> Gap:
    """The gap of a table in which a row cannot be read: what is around it may be shifted."""
    return Gap(f"bad_row_{problem.code}", {"line": str(problem.line), "value": problem.value})


def _is_empty(content: Content) -> bool:
    return content is None or (isinstance(content, str) and not content.strip())


def _day(content: Content, today: date) -> date | None:
    if isinstance(content, bool) or content is None:
        return None
    if isinstance(content, float):
        return day_of_serial(content) if int(content) in SERIALS else None
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
