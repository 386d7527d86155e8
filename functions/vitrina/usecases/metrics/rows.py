"""The rows of *Метрики*: which metric each is, and what a person has said of it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from msgspec import Struct

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.quantities import known_day
from vitrina.records.metrics.sources import MetricSources
from vitrina.workbook.reading.book import METRIC_BASE, Row, Tab
from vitrina.workbook.reading.choices import Choices


class MetricRow(Struct, frozen=True):
    """A row with a metric. ``kind`` is a code of *metric_kind*, empty where nobody has chosen one."""

    row: Row
    metric: str
    kind: str
    since_on: date | None


def metric_rows(tab: Tab, choices: Choices) -> list[MetricRow]:
    """The rows in which a metric stands, from the first to the last."""
    return [_metric_row(tab, row, choices) for row in tab.rows if tab.cell(row, "metric").text]


def rows_by_number(
    rows: list[MetricRow], sources: MetricSources
) -> tuple[dict[int, MetricRow], dict[int, MetricRow]]:
    """Rows of the metrics with a source by number, and those whose mark is lost and known by their name.

    Cut and pasted cells leave the mark on an empty row, and a copy has none: a name that stands in one
    unmarked row only is believed then.
    """
    marked = {one.row.number: one for one in rows if one.row.number is not None}
    known = {number: marked[number] for number in sources.chosen if number in marked}
    names = Counter(one.metric.casefold() for one in rows)
    by_name = {one.metric.casefold(): one for one in rows if one.row.number is None}
    lost: dict[int, MetricRow] = {}
    for number, source in sources.chosen.items():
        name = source.metric.casefold()
        if number not in known and name in by_name and names[name] == 1:
            lost[number] = by_name[name]
    return known, lost


def new_number(tab: Tab, sources: MetricSources) -> int:
    """The number of the next row that gets a source; it was given to no row, kept or not."""
    marks = [row.number for row in tab.rows if row.number is not None]
    return max([METRIC_BASE + sources.last_number, *marks]) + 1


def period_days(kind: PeriodKind, since_on: date, number: int) -> tuple[date, date]:
    """First and last day of a period; *number* counts from 0.

    Weeks begin on the day of the week of *since_on*; months are those of the calendar, the first from
    *since_on* on.
    """
    if kind is PeriodKind.WEEK:
        first = since_on + timedelta(days=7 * number)
        return first, first + timedelta(days=6)
    begins = _month_begin(since_on, number)
    return max(begins, since_on), _month_begin(since_on, number + 1) - timedelta(days=1)


def _month_begin(day: date, further: int) -> date:
    months = day.year * 12 + day.month - 1 + further
    return date(months // 12, months % 12 + 1, 1)


def _metric_row(tab: Tab, row: Row, choices: Choices) -> MetricRow:
    kind = choices.code("metric_kind", tab.cell(row, "kind").text) if "kind" in tab.columns else None
    value = tab.cell(row, "since_on").value if "since_on" in tab.columns else None
    return MetricRow(row, tab.cell(row, "metric").text, kind or "", known_day(value))
