"""Forecasts that first tabs showed: the open ones of a project together, the ended ones by year."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from vitrina.domain.planning.forecast import Forecast, ForecastOutcome
from vitrina.ports import Document, Json, Key, Store, Write
from vitrina.records.packing import Packed, packed_writes, unpack, unpack_one

FORECASTS = "forecasts"
OUTCOMES = "outcomes"


@dataclass(frozen=True)
class ShownForecast:
    """A forecast as a first tab showed it, the last of a day, and the ``numbers`` of items it spoke of."""

    forecast: Forecast
    numbers: frozenset[int]


@dataclass(frozen=True)
class StoredForecasts:
    """The open forecasts of a project by day, with the document that they came from."""

    agency_id: str
    shown: Mapping[date, ShownForecast]
    packed: Packed

    def writes(self, shown: Mapping[date, ShownForecast]) -> list[Write]:
        """Writes that put *shown* in their place, none where they are the same."""
        if shown == self.shown:
            return []
        payload = [_data(one) for _, one in sorted(shown.items())]
        return packed_writes(self.packed, payload, agency_id=self.agency_id, is_open=bool(shown))


def forecasts_key(spreadsheet_id: str) -> Key:
    """Where the open forecasts of a project are kept."""
    return FORECASTS, spreadsheet_id


def outcomes_key(spreadsheet_id: str, day: date) -> Key:
    """Where forecasts are kept of which all was finished in the year of *day*."""
    return OUTCOMES, f"{spreadsheet_id}:{day.year}"


def forecasts_from_document(
    store: Store, document: Document | None, spreadsheet_id: str, agency_id: str
) -> StoredForecasts:
    """The open forecasts of a project."""
    packed = unpack_one(store, FORECASTS, spreadsheet_id, document)
    shown = (_shown(data) for data in packed.payload or ())
    return StoredForecasts(agency_id, {one.forecast.made_on: one for one in shown}, packed)


def find_open_forecasts(store: Store, agency_id: str) -> list[StoredForecasts]:
    """The open forecasts of all projects of an agency."""
    found = unpack(store, store.find(FORECASTS, where={"agency_id": agency_id, "is_open": True}))
    return [
        StoredForecasts(agency_id, {one.forecast.made_on: one for one in map(_shown, packed.payload)}, packed)
        for packed in found
    ]


@dataclass(frozen=True)
class Settled:
    """What became of open forecasts: those still open, and outcomes of the others."""

    open: Mapping[date, ShownForecast]
    outcomes: tuple[ForecastOutcome, ...]


def settle(
    shown: Mapping[date, ShownForecast],
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


class OutcomesUpdate:
    """Adds outcomes of forecasts to what is kept of them; made anew where the document changed meanwhile."""

    def __init__(self, spreadsheet_id: str, agency_id: str, year: date, outcomes: Iterable[ForecastOutcome]) -> None:
        self.keys: tuple[Key, ...] = (outcomes_key(spreadsheet_id, year),)
        self._agency_id = agency_id
        self._outcomes = list(outcomes)
        self._before: Packed | None = None

    def writes(self, store: Store) -> list[Write]:
        """The writes: one round trip before the first ones."""
        if self._before is None:
            self.reload(store)
        before = self._before or Packed(*self.keys[0], 0, None)
        known = {one["made_on"]: one for one in before.payload or ()}
        known |= {data["made_on"]: data for data in map(_outcome_data, self._outcomes)}
        rows = [known[day] for day in sorted(known)]
        return packed_writes(before, rows, agency_id=self._agency_id)

    def reload(self, store: Store) -> None:
        """Read the document again."""
        [key] = self.keys
        self._before = unpack_one(store, *key, store.get_many([key]).get(key))


def load_outcomes(store: Store, agency_id: str) -> list[ForecastOutcome]:
    """Forecasts of an agency that came to their end."""
    found = unpack(store, store.find(OUTCOMES, where={"agency_id": agency_id}))
    return [
        ForecastOutcome(_shown(data).forecast, date.fromisoformat(data["finished_on"]))
        for packed in found
        for data in packed.payload
    ]


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
