"""Where the facts of a project's metrics come from: what people have chosen, and how reading went.

A metric is a row of *Метрики*. It is known by the number of its mark, so that a renamed metric keeps its
source.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from vitrina.metric_port import Measure, MeasureKind
from vitrina.ports import Document, Json, Key, Store
from vitrina.records.packing import Tracked, known_fields, unpack, unpack_one

METRIC_SOURCES = "metric_sources"


class ChosenSource(Struct, frozen=True):
    """What is taken for a metric, and from where.

    Parameters
    ----------
    number
        The row; see ``workbook.reading.book.METRIC_BASE``.
    metric
        The metric's name as it was read last.
    system
        Key of ``Services.metrics``.
    account_id, account_name
        The account there.
    measure_id, measure_name, code, kind, unit
        See ``Measure``.
    since_on
        First day of the first period, ISO text; empty if the row has none.
    chosen_at
        ISO text.
    """

    number: int
    metric: str
    system: str
    account_id: str
    account_name: str
    measure_id: str
    measure_name: str
    code: str
    kind: str
    unit: str
    chosen_at: str
    since_on: str = ""

    @property
    def measure(self) -> Measure:
        """The measure as its source listed it."""
        return Measure(
            self.measure_id, self.measure_name, MeasureKind(self.kind), unit=self.unit, code=self.code
        )

    @property
    def origin(self) -> str:
        """What the facts are from; facts of another origin are not this metric's."""
        return f"{self.system}:{self.account_id}:{self.measure_id}"


class KnownGap(Struct, frozen=True):
    """Why the newest facts of a metric are missing.

    Parameters
    ----------
    reason, params
        See ``metric_port.Gap``.
    since_on
        The first day without data, ISO text.
    is_told
        Whether the agency was told.
    """

    reason: str
    since_on: str
    params: Mapping[str, str] = field(default_factory=dict)
    is_told: bool = False


class MetricSources(Struct, frozen=True):
    """The sources of one project, by the number of the row.

    Parameters
    ----------
    written
        What the add-on wrote into a cell, by row and column; two figures where the last write was not
        confirmed. So a figure that a person typed is told from its own.
    last_number
        The highest number that was given to a row, counted from 0.
    due_at
        When they are read next, ISO text.
    failed_since
        When reading a metric failed for the first time since it worked, ISO text.
    missing
        Numbers whose row was not there at the last look; at the next one their sources are forgotten.
    """

    spreadsheet_id: str
    agency_id: str
    chosen: Mapping[int, ChosenSource] = field(default_factory=dict)
    gaps: Mapping[int, KnownGap] = field(default_factory=dict)
    written: Mapping[int, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    failed_since: Mapping[int, str] = field(default_factory=dict)
    last_number: int = 0
    due_at: str = ""
    missing: tuple[int, ...] = ()

    def with_source(self, source: ChosenSource, due_at: str) -> MetricSources:
        """With a source of a metric, to be read at once."""
        others = self.without(source.number)
        chosen = {**others.chosen, source.number: source}
        return replace(others, chosen=dict(sorted(chosen.items())), written=self.written, due_at=due_at)

    def without(self, number: int) -> MetricSources:
        """Without the source of a metric; what was written stays a person's from now on."""

        def rest(values: Mapping[int, Any]) -> dict[int, Any]:
            return {key: one for key, one in values.items() if key != number}

        return replace(
            self,
            chosen=rest(self.chosen),
            gaps=rest(self.gaps),
            written=rest(self.written),
            failed_since=rest(self.failed_since),
        )


def sources_key(spreadsheet_id: str) -> Key:
    """Where the sources of a project are kept."""
    return METRIC_SOURCES, spreadsheet_id


def tracked_sources(
    store: Store, document: Document | None, spreadsheet_id: str, agency_id: str
) -> Tracked[MetricSources]:
    """The sources of a project, none before somebody has chosen one."""
    return Tracked(
        unpack_one(store, METRIC_SOURCES, spreadsheet_id, document),
        encode=_encoded,
        decode=lambda payload: _decoded(payload, spreadsheet_id, agency_id),
        fields=_fields,
    )


def load_sources(store: Store, spreadsheet_id: str, agency_id: str) -> MetricSources:
    """The sources of a project: one round trip."""
    key = sources_key(spreadsheet_id)
    return tracked_sources(store, store.get_many([key]).get(key), spreadsheet_id, agency_id).value


def find_sources(store: Store, agency_id: str) -> list[MetricSources]:
    """The sources of all projects of an agency that have some."""
    found = store.find(METRIC_SOURCES, where={"agency_id": agency_id, "is_open": True})
    return [_decoded(one.payload, one.key, agency_id) for one in unpack(store, found)]


def find_due(store: Store, now: datetime, limit: int) -> list[Tracked[MetricSources]]:
    """Projects whose sources are to be read by now, those that wait longest first."""
    # What is due at this very moment is due as well.
    until = now + timedelta(microseconds=1)
    found = store.find(METRIC_SOURCES, before=("due_at", until.isoformat()), limit=limit)
    return [tracked_sources(store, one, one.key, str(one.data["agency_id"])) for one in found]


def _fields(sources: MetricSources) -> Json:
    due = {"due_at": sources.due_at} if sources.chosen and sources.due_at else {}
    return {"agency_id": sources.agency_id, "is_open": bool(sources.chosen), **due}


def _encoded(sources: MetricSources) -> Json:
    return {
        "chosen": [to_builtins(one) for one in sources.chosen.values()],
        "gaps": {str(number): to_builtins(one) for number, one in sources.gaps.items()},
        "written": {
            str(number): {column: list(figures) for column, figures in cells.items()}
            for number, cells in sources.written.items()
        },
        "failed_since": {str(number): one for number, one in sources.failed_since.items()},
        "last_number": sources.last_number,
        "due_at": sources.due_at,
        "missing": list(sources.missing),
    }


def _decoded(payload: Any, spreadsheet_id: str, agency_id: str) -> MetricSources:
    if payload is None:
        return MetricSources(spreadsheet_id, agency_id)
    chosen = (ChosenSource(**known_fields(ChosenSource, one)) for one in payload["chosen"])
    written = payload["written"].items()
    return MetricSources(
        spreadsheet_id,
        agency_id,
        chosen={one.number: one for one in chosen},
        gaps={
            int(number): KnownGap(**known_fields(KnownGap, one)) for number, one in payload["gaps"].items()
        },
        written={
            int(number): {column: tuple(figures) for column, figures in cells.items()}
            for number, cells in written
        },
        failed_since={int(number): one for number, one in payload["failed_since"].items()},
        last_number=payload["last_number"],
        due_at=payload["due_at"],
        missing=tuple(payload["missing"]),
    )
