"""Outcomes of promises, by month."""

from __future__ import annotations

from datetime import date

import pytest

from vitrina.domain.estimating.norms import FinishedWork
from vitrina.domain.estimating.outcomes import MonthOfForecasts, by_month, forecasts_by_month
from vitrina.domain.planning.forecast import Forecast, ForecastOutcome


def finished(
    on: date, hours: float, planned: float | None, typical: float | None = None, p85: float | None = None
) -> FinishedWork:
    """One finished piece of work with the figures from its start."""
    return FinishedWork("Баннер", "design", hours, 1.0, on, "", None, typical, planned, p85)


def test_months_tell_shares_and_sums() -> None:
    """May: of 2, 3 and 10 h two are within their typical 3 h and two within 6 h; 12 h planned, 15 spent.

    June: planned by a specialist alone, so there is a sum and no share. What was never planned is left out.
    """
    may, june = by_month(
        [
            finished(date(2026, 6, 2), 8, 10),
            finished(date(2026, 5, 4), 2, 4, 3, 6),
            finished(date(2026, 5, 12), 3, 4, 3, 6),
            finished(date(2026, 5, 31), 10, 4, 3, 6),
            finished(date(2026, 5, 20), 50, None),
        ]
    )

    assert (may.month, may.finished_count) == (date(2026, 5, 1), 3)
    assert (may.within_typical, may.within_p85) == pytest.approx((2 / 3, 2 / 3))
    assert (may.planned_hours, may.actual_hours, may.planned_ratio) == (12, 15, 0.8)
    assert (june.month, june.finished_count, june.within_typical, june.within_p85) == (
        date(2026, 6, 1),
        1,
        None,
        None,
    )
    assert june.planned_ratio == 1.25


def test_no_promises_no_months() -> None:
    """Imported history has no promises and no months."""
    assert by_month([finished(date(2026, 5, 4), 2, None)]) == []


def test_forecasts_are_counted_in_the_month_of_their_end() -> None:
    """In December one forecast kept both days and one only the second; in January none; one is still open."""
    told = Forecast(date(2026, 11, 23), date(2026, 12, 1), date(2026, 12, 10), 50)
    ends = [date(2027, 1, 11), date(2026, 12, 1), date(2026, 12, 2), None]

    assert forecasts_by_month(ForecastOutcome(told, end) for end in ends) == [
        MonthOfForecasts(date(2026, 12, 1), 2, 1, 2),
        MonthOfForecasts(date(2027, 1, 1), 1, 0, 0),
    ]


def test_the_order_in_which_works_are_kept_does_not_matter() -> None:
    """3.06 + 20.48 + 8.59 + 4.44 + 5.26 + 12.82 = 54.65 h in any order, to the last digit."""
    hours = (3.06, 20.48, 8.59, 4.44, 5.26, 12.82)
    works = [finished(date(2022, 7, 1), one, 1.0) for one in hours]

    assert by_month(works) == by_month(sorted(works)) == by_month(works[::-1])
    assert by_month(works)[0].actual_hours == 54.65
