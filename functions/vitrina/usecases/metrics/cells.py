"""Facts in the cells of *Метрики*: the figure of each period, where no person has typed one.

A figure stands there only where every day of the period is known up to now. Otherwise the cell stays empty:
a sum without some days would be read as a bad result.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from msgspec import Struct, field

from vitrina.domain.calendar import PeriodKind
from vitrina.metric_port import DayValue, Measure, MeasureKind
from vitrina.records.metrics.facts import Series
from vitrina.records.metrics.sources import MetricSources
from vitrina.tabs.metrics.rows import TAB, fact_columns
from vitrina.texts import LOCALES, render, sentence
from vitrina.usecases.metrics.rows import MetricRow, metric_rows, period_days, rows_by_number
from vitrina.workbook.reading.book import Book, Cell, Tab
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange

#: Decimals of a figure that is not counted.
DECIMALS = 2
#: Notes of figures that a source has counted from a part of its data, or without some of it.
NOTES = ("metrics.note_sampled", "metrics.note_withheld")
#: Percent of a whole.
HUNDRED = 100.0
_ROUNDING = 1e-6

Figures = Mapping[int, Mapping[str, float | None]]
"""By row and column what the add-on writes; ``None`` empties a cell that it had filled."""


class Filling(Struct, frozen=True):
    """What is to be written into *Метрики*, and what was learnt of its rows.

    ``names`` and ``begins`` are the metrics and the first days as they stand there now, by number.
    """

    figures: Figures = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    begins: Mapping[int, str] = field(default_factory=dict)


def fill(
    change: WorkbookChange,
    book: Book,
    choices: Choices,
    sources: MetricSources,
    series: Mapping[int, Series],
    kind: PeriodKind,
    today: date,
) -> Filling:
    """Write the facts of all metrics with a source whose cells differ."""
    if TAB not in book.tabs:
        return Filling()
    tab, locale = book.tab(TAB), locale_of(book)
    known, lost = rows_by_number(metric_rows(tab, choices), sources)
    recognise(change, tab, lost)
    figures: dict[int, dict[str, float | None]] = {}
    everything = {**known, **lost}
    for number, one in everything.items():
        source, found = sources.chosen[number], series.get(number)
        # Facts of the source before this one are not of this metric.
        own = found if found is not None and found.origin == source.origin else None
        wanted = _wanted(tab, one, source.measure, own, kind, today)
        written = sources.written.get(number, {})
        for column, figure in wanted.items():
            cell = tab.cell(one.row, column)
            if not _is_ours(cell, written.get(column, ())):
                continue
            _write_note(change, tab, one, column, own if figure is not None else None, locale)
            if not _shows(cell, figure):
                change.set(tab, one.row, column, figure)
                figures.setdefault(number, {})[column] = figure
    return Filling(
        figures,
        {number: one.metric for number, one in everything.items()},
        {number: one.since_on.isoformat() if one.since_on else "" for number, one in everything.items()},
    )


def recognise(change: WorkbookChange, tab: Tab, lost: Mapping[int, MetricRow]) -> None:
    """Give rows their marks back; one that stayed on an emptied row is taken from there."""
    holders = {row.number: row for row in tab.rows if row.number is not None}
    for number, one in lost.items():
        if number in holders:
            change.forget(tab, holders[number])
        change.identify(tab, one.row, number)


def _wanted(
    tab: Tab, row: MetricRow, measure: Measure, series: Series | None, kind: PeriodKind, today: date
) -> dict[str, float | None]:
    """What the facts of each period that has begun are; ``None`` where they are not known."""
    if row.since_on is None:
        return {}
    settled = min(date.fromisoformat(series.settled_to), today - timedelta(days=1)) if series else None
    wanted: dict[str, float | None] = {}
    for number, column in enumerate(fact_columns(tab)):
        first, last = period_days(kind, row.since_on, number)
        if first > today:
            break
        end = last if settled is None else min(last, settled)
        # A period that is over and not settled is not known yet.
        is_open = last >= today
        is_late = settled is None or (settled < last and not is_open)
        known = None if is_late or series is None else _days(series, first, end)
        wanted[column] = None if not known else figure_of(known, measure, row.kind)
    return wanted


def _days(series: Series, first: date, last: date) -> list[DayValue] | None:
    """The days of a period, ``None`` if one of them is not known, or none has passed."""
    count = (last - first).days + 1
    days = [series.days.get(first + timedelta(days=number)) for number in range(count)]
    known = [one for one in days if one is not None]
    return known if count > 0 and len(known) == count else None


def figure_of(days: list[DayValue], measure: Measure, kind: str) -> float | None:
    """The figure of some days; *kind* is what a person has chosen in the row, empty for the measure's own."""
    if measure.kind is MeasureKind.RATIO:
        base = sum(one.base for one in days)
        scale = HUNDRED if measure.unit == "%" else 1.0
        return round(scale * sum(one.value for one in days) / base, DECIMALS) if base else None
    if kind == "last":
        return round(days[-1].value, DECIMALS)
    total = sum(one.value for one in days)
    return round(total / len(days) if kind == "average" else total, DECIMALS)


def _write_note(
    change: WorkbookChange, tab: Tab, row: MetricRow, column: str, series: Series | None, locale: str
) -> None:
    """Say in the note of a figure that its source has counted a part only; a note of a person stays."""
    known, code = tab.cell(row.row, column).note, _note_code(series)
    wanted = render(sentence(code), locale) if code else ""
    ours = {"", *(render(sentence(one), any_locale) for one in NOTES for any_locale in LOCALES)}
    if known != wanted and known in ours:
        change.note(tab, row.row, column, wanted)


def _note_code(series: Series | None) -> str:
    if series is None:
        return ""
    return NOTES[0] if series.is_sampled else NOTES[1] if series.is_withheld else ""


def _is_ours(cell: Cell, written: tuple[float, ...]) -> bool:
    """Whether a cell is empty, or has what the add-on wrote there."""
    if cell.is_empty:
        return True
    if cell.formula is not None or not isinstance(cell.value, float):
        return False
    return any(abs(cell.value - one) < _ROUNDING for one in written)


def _shows(cell: Cell, figure: float | None) -> bool:
    if figure is None:
        return cell.is_empty
    return isinstance(cell.value, float) and abs(cell.value - figure) < _ROUNDING
