"""Columns *Состояние* and *План на сегодня* of *Метрики*: values with a note, where a formula stood before.

A state rests on a calendar, on looks of former weeks and on distributions, which no formula has. So it is
written whenever the add-on looks at the workbook anyway, and only where it differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from vitrina.domain.metrics.goals import DayFact
from vitrina.domain.metrics.state import Kept, MetricState, state_of
from vitrina.operations.services import Services
from vitrina.records.metrics.looks import LookedAt, Looks
from vitrina.tabs.metrics.rows import TAB, MetricRow, metric_rows
from vitrina.tabs.metrics.words import note_of, shown
from vitrina.workbook.reading.book import Book, Tab
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

STATE, PLAN = "state", "plan_to_date"
_ROUNDING = 1e-6


@dataclass(frozen=True)
class SourceFacts:
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


def draw_states(
    services: Services,
    change: WorkbookChange,
    book: Book,
    before: Looks,
    sources: SourceFacts = SourceFacts(),
) -> Looks:
    """Write the states that differ, and give what is to be remembered of all rows.

    Nothing is written over a formula or a note of a person.
    """
    tab = book.tabs.get(TAB)
    if tab is None or STATE not in tab.columns:
        return before
    today, after = services.today(), dict[str, LookedAt]()
    for one in metric_rows(book, services.choices):
        known = before.get(one.key, LookedAt())
        found = _state(services, one, known.kept, sources)
        after[one.key] = _write(services, change, book, tab, one, found, known, today)
    return after


def _state(services: Services, one: MetricRow, kept: Kept, sources: SourceFacts) -> MetricState | None:
    if one.goal is None:
        return None
    number = one.row.number
    days = sources.days.get(number) if number is not None else None
    unknown_since = sources.unknown_since.get(number) if number is not None else None
    return state_of(
        one.goal,
        one.facts,
        services.today(),
        services.calendar,
        days=days,
        unknown_since=unknown_since,
        kept=kept,
    )


def _write(
    services: Services,
    change: WorkbookChange,
    book: Book,
    tab: Tab,
    one: MetricRow,
    found: MetricState | None,
    known: LookedAt,
    today: date,
) -> LookedAt:
    """Write one row; gives what is to be remembered of it."""
    if one.goal is None or found is None:
        if known.state:
            # It had a state: its target or its figures are gone.
            _set(change, tab, one, STATE, None)
            _set(change, tab, one, PLAN, None)
            _note(change, tab, one, "", known.note_hash)
        return LookedAt(known.kept)
    locale = locale_of(book)
    label = services.choices.label("state", found.state.value, locale)
    plan = None if found.verdict is None else shown(found.verdict.middle)
    _set(change, tab, one, STATE, label)
    _set(change, tab, one, PLAN, plan)
    note_hash = _note(change, tab, one, note_of(one.goal, found, today, locale), known.note_hash)
    since_on = found.since_on.isoformat() if found.since_on else ""
    if not since_on and known.state == found.state.value:
        since_on = known.since_on or today.isoformat()
    return LookedAt(found.kept, found.state.value, since_on or today.isoformat(), note_hash)


def _set(change: WorkbookChange, tab: Tab, one: MetricRow, column: str, value: Value) -> None:
    if column not in tab.columns:
        return
    cell = tab.cell(one.row, column)
    if cell.formula is not None or (value is None and cell.is_empty):
        return
    is_same = (
        abs(cell.value - value) < _ROUNDING
        if isinstance(value, float) and isinstance(cell.value, float)
        else cell.value == value
    )
    if not is_same:
        change.set(tab, one.row, column, value)


def _note(change: WorkbookChange, tab: Tab, one: MetricRow, text: str, known_hash: str) -> str:
    """Write the note of the state; gives its hash, or an empty one where a person's note stands."""
    cell = tab.cell(one.row, STATE)
    if cell.formula is not None or (cell.note and hash_of(cell.note) != known_hash and cell.note != text):
        return ""
    if cell.note != text:
        change.note(tab, one.row, STATE, text)
    return hash_of(text) if text else ""


def hash_of(text: str) -> str:
    """The hash under which a note is remembered."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
