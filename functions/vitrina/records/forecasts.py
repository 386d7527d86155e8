"""Forecasts that first tabs showed: the open ones of a project together, the ended ones by year."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from vitrina.domain.planning.forecast import Forecast, ForecastOutcome
from vitrina.ports import Document, Json, Key, Store
from vitrina.records.packing import Packed, Tracked, unpack, unpack_one

FORECASTS = "forecasts"
OUTCOMES = "outcomes"


class ShownForecast(Struct, frozen=True):
    """A forecast as a first tab showed it, the last of a day, and the ``numbers`` of items it spoke of."""

    forecast: Forecast
    numbers: frozenset[int]


Shown = Mapping[date, ShownForecast]
"""Forecasts by the day on which they were shown."""


def forecasts_key(spreadsheet_id: str) -> Key:
    """Where the open forecasts of a project are kept."""
    return FORECASTS, spreadsheet_id


def outcomes_key(spreadsheet_id: str, day: date) -> Key:
    """Where forecasts are kept of which all was finished in the year of *day*."""
    return OUTCOMES, f"{spreadsheet_id}:{day.year}"


def tracked_forecasts(
    store: Store, document: Document | None, spreadsheet_id: str, agency_id: str
) -> Tracked[Shown]:
    """Return the forecasts of a project whose work is not finished."""
    return _tracked(unpack_one(store, FORECASTS, spreadsheet_id, document), agency_id)


def find_open_forecasts(store: Store, agency_id: str) -> dict[str, Tracked[Shown]]:
    """The open forecasts of all projects of an agency by the workbook's id."""
    heads = store.find(FORECASTS, where={"agency_id": agency_id, "is_open": True})
    return {packed.key: _tracked(packed, agency_id) for packed in unpack(store, heads)}


def _tracked(packed: Packed, agency_id: str) -> Tracked[Shown]:
    return Tracked(
        packed,
        encode=lambda shown: [_data(one) for _, one in sorted(shown.items())],
        decode=_all_shown,
        fields=lambda shown: {"agency_id": agency_id, "is_open": bool(shown)},
    )


def _all_shown(payload: Any) -> Shown:
    return {one.forecast.made_on: one for one in map(_shown, payload or ())}


class Settled(Struct, frozen=True):
    """What became of open forecasts: those still open, and outcomes of the others."""

    open: Shown
    outcomes: tuple[ForecastOutcome, ...]


def settle(
    shown: Shown,
    finished_on: Mapping[int, date],
    is_waited_for: Collection[int],
) -> Settled:
    """Tell forecasts whose items are all finished from those that still wait.

    Parameters
    ----------
    finished_on
        Days on which items were finished, by number.
    is_waited_for
        Numbers of items that are not finished. An item that is neither there nor finished was dropped, and
        nobody waits for it; a forecast of which all was dropped has no outcome.
    """
    still_open: dict[date, ShownForecast] = {}
    outcomes: list[ForecastOutcome] = []
    for made_on, one in shown.items():
        if any(number in is_waited_for for number in one.numbers):
            still_open[made_on] = one
            continue
        days = [finished_on[number] for number in one.numbers if number in finished_on]
        if days:
            outcomes.append(ForecastOutcome(one.forecast, max(days)))
    return Settled(still_open, tuple(outcomes))


def load_outcomes_of_year(
    store: Store, spreadsheet_id: str, agency_id: str, day: date
) -> Tracked[Mapping[date, ForecastOutcome]]:
    """Outcomes that became known in the year of *day*, by the day on which the forecast was shown."""
    key = outcomes_key(spreadsheet_id, day)
    return Tracked(
        unpack_one(store, *key, store.get_many([key]).get(key)),
        encode=lambda outcomes: [_outcome_data(one) for _, one in sorted(outcomes.items())],
        decode=_outcomes,
        fields=lambda _: {"agency_id": agency_id},
    )


def load_outcomes(store: Store, agency_id: str) -> list[ForecastOutcome]:
    """Forecasts of an agency that came to their end."""
    found = unpack(store, store.find(OUTCOMES, where={"agency_id": agency_id}))
    return [outcome for packed in found for outcome in _outcomes(packed.payload).values()]


def _outcomes(payload: Any) -> Mapping[date, ForecastOutcome]:
    outcomes = (
        ForecastOutcome(_shown(data).forecast, date.fromisoformat(data["finished_on"]))
        for data in payload or ()
    )
    return {one.forecast.made_on: one for one in outcomes}


def _data(one: ShownForecast) -> Json:
    made = one.forecast
    return {
        "made_on": made.made_on.isoformat(),
        "likely_on": made.likely_on.isoformat(),
        "almost_certain_on": made.almost_certain_on.isoformat(),
        "error_count": made.error_count,
        "numbers": sorted(one.numbers),
    }


def _outcome_data(outcome: ForecastOutcome) -> Json:
    data = _data(ShownForecast(outcome.forecast, frozenset()))
    return {**data, "finished_on": outcome.finished_on.isoformat() if outcome.finished_on else ""}


def _shown(data: Mapping[str, Any]) -> ShownForecast:
    made_on, likely_on, sure_on = (
        date.fromisoformat(data[key]) for key in ("made_on", "likely_on", "almost_certain_on")
    )
    forecast = Forecast(made_on, likely_on, sure_on, data["error_count"])
    return ShownForecast(forecast, frozenset(data["numbers"]))
