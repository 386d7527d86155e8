"""The rows of *Метрики* as goals with their figures."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from vitrina.domain.calendar import PeriodKind
from vitrina.domain.metrics.goals import Better, Goal, Kind
from vitrina.domain.quantities import known_day, parse_number
from vitrina.workbook.reading.book import Book, Row, Tab
from vitrina.workbook.reading.choices import Choices

TAB = "metrics"
#: Larger figures are mistakes; nothing is computed from them.
MOST_FIGURE = 1e12


class MetricRow(Struct, frozen=True):
    """A row with a metric. ``goal`` is ``None`` where there is no target."""

    row: Row
    name: str
    goal: Goal | None
    facts: tuple[float | None, ...]

    @property
    def key(self) -> str:
        """By what the row is known in the store."""
        return str(self.row.number) if self.row.number is not None else self.name.casefold()


def metric_rows(book: Book, choices: Choices) -> list[MetricRow]:
    """The rows in which a metric stands; of two with one key only the first."""
    tab = book.tabs.get(TAB)
    if tab is None or "metric" not in tab.columns:
        return []
    found: dict[str, MetricRow] = {}
    for one in _rows(tab, period_kind(book, choices), choices):
        found.setdefault(one.key, one)
    return list(found.values())


def _rows(tab: Tab, period: PeriodKind, choices: Choices) -> Iterator[MetricRow]:
    columns = fact_columns(tab)
    for row in tab.rows:
        name = _text(tab, row, "metric")
        if name:
            facts = tuple(_figure(tab, row, column) for column in columns)
            yield MetricRow(row, name, _goal(tab, row, period, choices), facts)


def _goal(tab: Tab, row: Row, period: PeriodKind, choices: Choices) -> Goal | None:
    target = _figure(tab, row, "target")
    if target is None:
        return None
    better = Better(choices.code("better", _text(tab, row, "better")) or Better.MORE)
    # Prices are the usual case of less is better; they are never added up by mistake.
    usual = Kind.SUM if better is Better.MORE else Kind.AVERAGE
    kind = Kind(choices.code("metric_kind", _text(tab, row, "kind")) or usual)
    value = tab.cell(row, "since_on").value if "since_on" in tab.columns else None
    return Goal(target, kind, better, period, known_day(value), _text(tab, row, "unit"))


def period_kind(book: Book, choices: Choices) -> PeriodKind:
    """Whether the periods are weeks or months; weeks where the first tab does not say it."""
    place = book.fields.get("period")
    code = choices.code("period", place.cell.text) if place is not None else None
    return PeriodKind(code) if code else PeriodKind.WEEK


def fact_columns(tab: Tab) -> list[str]:
    """Keys of the columns with facts, in the order of the periods."""
    numbers = {
        key: int(key.rpartition(".")[2])
        for key in tab.columns
        if key.startswith("fact.") and key.rpartition(".")[2].isdecimal()
    }
    return sorted(numbers, key=numbers.__getitem__)


def _text(tab: Tab, row: Row, column: str) -> str:
    if column not in tab.columns or tab.cell(row, column).is_error:
        return ""
    return tab.cell(row, column).text


def _figure(tab: Tab, row: Row, column: str) -> float | None:
    """A figure, also one that was typed as text; ``None`` for anything else."""
    if column not in tab.columns or tab.cell(row, column).is_error:
        return None
    cell = tab.cell(row, column)
    value = cell.value
    if isinstance(value, str):
        try:
            value = parse_number(value)
        except ValueError:
            return None
    return value if isinstance(value, float) and abs(value) <= MOST_FIGURE else None
