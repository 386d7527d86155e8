"""What sources know of the metrics of a workbook, as the store keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from msgspec import Struct, field

from vitrina.domain.metrics.goals import DayFact
from vitrina.ports import Store
from vitrina.records.metrics.facts import load_series
from vitrina.records.metrics.sources import load_sources
from vitrina.tabs.metrics.rows import MetricRow
from vitrina.workbook.reading.book import METRIC_BASE

#: Days that a state rests on: the period, the weeks before it, and the same months of the last year.
MOST_DAYS = timedelta(days=400)


class SourceFacts(Struct, frozen=True):
    """What sources know of the metrics of a workbook, by the number of the row.

    Parameters
    ----------
    days
        Days of the metrics that have a source.
    unknown_since
        The first day without data, where a source cannot be read.
    """

    days: Mapping[int, Mapping[date, DayFact]] = field(default_factory=dict)
    unknown_since: Mapping[int, date] = field(default_factory=dict)


def read_source_facts(
    store: Store, spreadsheet_id: str, agency_id: str, rows: Iterable[MetricRow], today: date
) -> SourceFacts:
    """Two reads of the store where a row has or had a source, otherwise none."""
    if not any((one.row.number or 0) > METRIC_BASE for one in rows):
        return SourceFacts()
    sources = load_sources(store, spreadsheet_id, agency_id)
    if not sources.chosen:
        return SourceFacts()
    series = load_series(store, spreadsheet_id, today - MOST_DAYS, today)
    return SourceFacts(
        # Days of a source that was chosen before are another metric's.
        {
            number: series[number].days
            for number, one in sources.chosen.items()
            if number in series and series[number].origin == one.origin
        },
        {number: date.fromisoformat(one.since_on) for number, one in sources.gaps.items()},
    )
