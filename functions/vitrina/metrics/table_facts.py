"""Facts from the rows of a table: a range of a sheet, or pasted text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from vitrina.domain.dated_rows import RowProblem
from vitrina.metric_port import DayValue, Facts, Gap

#: A table without newer rows for so long is not being filled.
PATIENCE = timedelta(days=7)


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
