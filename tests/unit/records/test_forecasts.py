"""Shown forecasts and their outcomes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.unit.records.helpers import AGENCY, BOOK, TODAY, assert_all_fit, commit, document
from vitrina.domain.planning.forecast import Forecast, ForecastOutcome
from vitrina.records.forecasts import (
    ShownForecast,
    find_open_forecasts,
    forecasts_key,
    load_outcomes,
    load_outcomes_of_year,
    settle,
    tracked_forecasts,
)
from vitrina.records.packing import Tracked
from vitrina.store.memory import MemoryStore


def shown(made_on: date, *numbers: int) -> ShownForecast:
    """A forecast of some items."""
    made = Forecast(made_on, made_on + timedelta(days=10), made_on + timedelta(days=20), 31)
    return ShownForecast(made, frozenset(numbers))


def load(store: MemoryStore, spreadsheet_id: str = BOOK) -> Tracked[dict[date, ShownForecast]]:
    """The open forecasts of a project."""
    key = forecasts_key(spreadsheet_id)
    return tracked_forecasts(store, document(store, key), spreadsheet_id, AGENCY)  # type: ignore[return-value]


def by_day(*forecasts: ShownForecast) -> dict[date, ShownForecast]:
    """Forecasts by day, as they are stored."""
    return {one.forecast.made_on: one for one in forecasts}


def test_forecasts_come_back() -> None:
    """Forecasts are stored with days and item numbers."""
    store = MemoryStore()
    value = by_day(shown(TODAY, 3, 1), shown(TODAY + timedelta(days=1)))
    commit(store, load(store).put(value))

    assert load(store).value == value
    assert load(MemoryStore()).value == {}


def test_open_forecasts_are_found() -> None:
    """Open forecasts are found, without projects that have none any more."""
    store = MemoryStore()
    commit(store, load(store, "open").put(by_day(shown(TODAY, 1))))
    ended = load(store, "ended")
    commit(store, ended.put(by_day(shown(TODAY, 1))))
    commit(store, ended.put({}))

    found = find_open_forecasts(store, AGENCY)
    assert {key: one.value for key, one in found.items()} == {"open": by_day(shown(TODAY, 1))}
    assert find_open_forecasts(store, "other") == {}


@pytest.mark.slow
def test_forecasts_of_ten_years_fit() -> None:
    """A forecast of a thousand items on each day of ten years fits."""
    store = MemoryStore()
    value = by_day(*(shown(TODAY + timedelta(days=n), *range(n, n + 1000)) for n in range(3650)))
    commit(store, load(store).put(value))

    assert_all_fit(store)
    assert load(store).value == value


def test_outcomes_come_back() -> None:
    """Outcomes are stored by year, and can be read for the whole agency."""
    store = MemoryStore()
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 11, 25)]
    outcomes = [ForecastOutcome(shown(day - timedelta(days=30)).forecast, day) for day in days]
    for outcome in outcomes:
        assert outcome.finished_on is not None
        year = load_outcomes_of_year(store, BOOK, AGENCY, outcome.finished_on)
        made_on = outcome.forecast.made_on
        commit(store, year.change(lambda known, day=made_on, one=outcome: {**known, day: one}))  # type: ignore[misc]

    assert sorted(load_outcomes(store, AGENCY), key=lambda one: one.forecast.made_on) == outcomes
    assert len(load_outcomes_of_year(store, BOOK, AGENCY, date(2026, 5, 1)).value) == 2
    assert load_outcomes(store, "other") == []
    assert len(store.find("outcomes")) == 2


def test_forecasts_end_when_all_is_finished() -> None:
    """A forecast ends with its last item; dropped items are not waited for and alone give no outcome."""
    first, second = date(2026, 11, 2), date(2026, 11, 9)
    waits, ended, dropped = (
        shown(TODAY, 1, 2),
        shown(TODAY + timedelta(days=1), 2, 3, 9),
        shown(date(2026, 1, 1), 9),
    )

    settled = settle(by_day(waits, ended, dropped), {2: second, 3: first}, {1})

    assert settled.open == by_day(waits)
    assert settled.outcomes == (ForecastOutcome(ended.forecast, second),)
