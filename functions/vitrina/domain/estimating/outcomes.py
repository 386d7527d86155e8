"""Compares promised hours and forecast days with what happened, by month."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from itertools import groupby

from msgspec import Struct

from vitrina.domain.estimating.norms import FinishedWork
from vitrina.domain.planning.forecast import ForecastOutcome


class MonthOfPromises(Struct, frozen=True):
    """Work that was finished in a month; a share is ``None`` if nothing was promised."""

    month: date
    finished_count: int
    within_typical: float | None
    within_p85: float | None
    planned_hours: float
    actual_hours: float

    @property
    def planned_ratio(self) -> float:
        """Planned hours divided by actual hours; below 1 if too little was planned."""
        return self.planned_hours / self.actual_hours


def by_month(history: Iterable[FinishedWork]) -> list[MonthOfPromises]:
    """Months in which planned work was finished, the oldest first.

    Notes
    -----
    Worked example: ``tests/unit/domain/test_outcomes.py``.
    """
    planned = sorted(
        (work for work in history if work.planned_hours and work.hours > 0),
        key=lambda work: work.finished_on,
    )
    return [
        _month(month, list(works))
        for month, works in groupby(planned, key=lambda work: work.finished_on.replace(day=1))
    ]


def _month(month: date, works: list[FinishedWork]) -> MonthOfPromises:
    return MonthOfPromises(
        month,
        len(works),
        _share([work.hours <= work.typical_hours for work in works if work.typical_hours]),
        _share([work.hours <= work.p85_hours for work in works if work.p85_hours]),
        # Exact sums do not depend on the order in which works are kept.
        math.fsum(work.planned_hours or 0.0 for work in works),
        math.fsum(work.hours for work in works),
    )


def _share(kept: list[bool]) -> float | None:
    return sum(kept) / len(kept) if kept else None


class MonthOfForecasts(Struct, frozen=True):
    """Forecasts whose backlog was finished in a month, and how many of their days were kept."""

    month: date
    count: int
    likely_kept: int
    almost_certain_kept: int


def forecasts_by_month(outcomes: Iterable[ForecastOutcome]) -> list[MonthOfForecasts]:
    """Months in which a forecast backlog was finished, the oldest first."""
    over = sorted(
        ((one.finished_on, one.forecast) for one in outcomes if one.finished_on is not None),
        key=lambda one: one[0],
    )
    months = []
    for month, group in groupby(over, key=lambda one: one[0].replace(day=1)):
        ended = list(group)
        months.append(
            MonthOfForecasts(
                month,
                len(ended),
                sum(finished_on <= made.likely_on for finished_on, made in ended),
                sum(finished_on <= made.almost_certain_on for finished_on, made in ended),
            )
        )
    return months
