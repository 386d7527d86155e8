"""The facts of a project's metrics by day: one packed document for each year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.metric_port import DayValue
from vitrina.ports import Document, Json, Key, Store
from vitrina.records.packing import Change, Tracked, unpack_one

METRIC_FACTS = "metric_facts"
#: Decimals of a figure; more say nothing and need room.
DECIMALS = 4


class Series(Struct, frozen=True):
    """The days of a metric as far as they are known.

    Parameters
    ----------
    origin
        See ``ChosenSource.origin``.
    read_at
        When its source was read last, ISO text.
    settled_to
        The last day that does not change any more, ISO text.
    is_sampled, is_withheld
        See ``metric_port.Facts``.
    days
        A day that is not there is not known.
    """

    origin: str
    read_at: str
    settled_to: str
    is_sampled: bool = False
    is_withheld: bool = False
    days: Mapping[date, DayValue] = field(default_factory=dict)

    @property
    def last_known(self) -> date | None:
        """The newest day that is known."""
        return max(self.days, default=None)

    def renewed(self, newer: Series, first: date, last: date) -> Series:
        """With the days from *first* to *last* as they are in *newer*."""
        if newer.origin != self.origin:
            return newer
        kept = {day: one for day, one in self.days.items() if not first <= day <= last}
        return replace(newer, days=dict(sorted({**kept, **newer.days}.items())))

    def in_year(self, year: int) -> Series:
        """The part of a year."""
        return replace(self, days={day: one for day, one in self.days.items() if day.year == year})


YearOfFacts = Mapping[int, Series]
"""Series by the number of the row."""


def facts_key(spreadsheet_id: str, year: int) -> Key:
    """Where the facts of a year are kept."""
    return METRIC_FACTS, f"{spreadsheet_id}:{year}"


class ProjectFacts:
    """The facts of some years of a project, as they were read, and the changes that keep newer ones.

    Parameters
    ----------
    documents
        The documents of ``facts_key`` that there are.
    """

    def __init__(
        self, store: Store, documents: Mapping[Key, Document], spreadsheet_id: str, years: Iterable[int]
    ) -> None:
        self._years = {
            year: tracked_facts(store, documents.get(facts_key(spreadsheet_id, year)), spreadsheet_id, year)
            for year in sorted(set(years))
        }

    @property
    def series(self) -> dict[int, Series]:
        """The series of all years, by the number of the row."""
        found: dict[int, Series] = {}
        for tracked in self._years.values():
            for number, one in tracked.value.items():
                known = found.get(number)
                if known is not None and known.origin == one.origin:
                    found[number] = replace(one, days={**known.days, **one.days})
                else:
                    found[number] = one
        return found

    def changes(self, series: Mapping[int, Series]) -> list[Change[YearOfFacts]]:
        """Changes that put *series* in place of what is kept of these years."""
        return [tracked.put(_of_year(series, year)) for year, tracked in self._years.items()]


def load_series(store: Store, spreadsheet_id: str, first: date, last: date) -> dict[int, Series]:
    """The facts of a project from *first* to *last*, by the number of the row: one round trip.

    Where a metric has got another source since, they are of the one before: compare ``origin``.
    """
    years = range(first.year, last.year + 1)
    keys = [facts_key(spreadsheet_id, year) for year in years]
    found = ProjectFacts(store, store.get_many(keys), spreadsheet_id, years).series
    return {
        number: replace(one, days={day: value for day, value in one.days.items() if first <= day <= last})
        for number, one in found.items()
    }


def tracked_facts(
    store: Store, document: Document | None, spreadsheet_id: str, year: int
) -> Tracked[YearOfFacts]:
    """The facts of one year of a project."""
    key = facts_key(spreadsheet_id, year)[1]
    return Tracked(unpack_one(store, METRIC_FACTS, key, document), encode=_encoded, decode=_decoded)


def _of_year(series: Mapping[int, Series], year: int) -> dict[int, Series]:
    parts = {number: one.in_year(year) for number, one in series.items()}
    return {number: one for number, one in parts.items() if one.days}


def _encoded(year: YearOfFacts) -> Json:
    return {str(number): _series_data(one) for number, one in year.items()}


def _series_data(series: Series) -> Json:
    """The days from the first to the last as lists, with ``None`` where nothing is known."""
    first, last = min(series.days), max(series.days)
    days = [series.days.get(first + timedelta(days=number)) for number in range((last - first).days + 1)]
    data = {
        "origin": series.origin,
        "read_at": series.read_at,
        "settled_to": series.settled_to,
        "is_sampled": series.is_sampled,
        "is_withheld": series.is_withheld,
        "first_on": first.isoformat(),
        "values": [None if one is None else _short(one.value) for one in days],
    }
    if any(one is not None and one.base != 1.0 for one in days):
        data["bases"] = [None if one is None else _short(one.base) for one in days]
    return data


def _short(number: float) -> float | int:
    rounded = round(number, DECIMALS)
    return int(rounded) if rounded == int(rounded) else rounded


def _decoded(payload: Any) -> YearOfFacts:
    return {int(number): _series(data) for number, data in (payload or {}).items()}


def _series(data: Json) -> Series:
    first = date.fromisoformat(data["first_on"])
    values: Sequence[float | None] = data["values"]
    bases: Sequence[float | None] = data.get("bases") or [1.0] * len(values)
    days = {
        first + timedelta(days=number): DayValue(float(value), float(base or 0.0))
        for number, (value, base) in enumerate(zip(values, bases, strict=True))
        if value is not None
    }
    return Series(
        data["origin"], data["read_at"], data["settled_to"], data["is_sampled"], data["is_withheld"], days
    )
