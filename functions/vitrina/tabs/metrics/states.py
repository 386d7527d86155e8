"""Columns *Состояние* and *План на сегодня* of *Метрики*: values with a note, where a formula stood before.

A state rests on a calendar, on looks of former weeks and on distributions, which no formula has. So it is
written whenever the add-on looks at the workbook anyway, and only where it differs.
"""

from __future__ import annotations

import hashlib
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from vitrina.domain.metrics.goals import State
from vitrina.domain.metrics.state import Kept, MetricState, state_of
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.records.metrics.looks import LookedAt, Looks, load_looks
from vitrina.tabs.metrics.rows import TAB, MetricRow, metric_rows
from vitrina.tabs.metrics.source_facts import SourceFacts, read_source_facts
from vitrina.tabs.metrics.words import note_of, shown
from vitrina.texts import render, sentence
from vitrina.workbook.reading.book import Book, Cell, Tab
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

STATE, PLAN = "state", "plan_to_date"
#: Notes that are remembered as ours: the newest may not have arrived, and the one before stands then.
MOST_NOTES = 3
_ROUNDING = 1e-6


def write_states(run: Run, book: Book) -> Drawing:
    """Write the states of a workbook that was just read.

    One read of the store where there are metrics, two more where sources fill them; one commit and one write
    of the workbook where something differs.

    Raises
    ------
    ChangedMeanwhileError
        If people changed these cells after the workbook was read.
    """
    services = run.services
    if not metric_rows(book, services.choices):
        return Drawing({}, book)
    known, change = load_looks(services.store, book.spreadsheet_id), WorkbookChange()
    drawing = draw_states(run, change, book, known.value)
    if drawing.looks != known.value:
        # Before the write: a note that has arrived must be known as ours.
        run.commit(updates=[known.put(drawing.looks)])
    if change:
        services.workbooks.batch_update(book.spreadsheet_id, change.requests())
    return drawing


class MetricLine(Struct, frozen=True):
    """What is said of a metric."""

    name: str
    unit: str
    state: State
    since_on: date
    fact: float | None
    plan: float | None
    told: str


class Drawing(Struct, frozen=True):
    """What is to be remembered of all rows, the workbook after the write, and the rows with a state."""

    looks: Looks
    book: Book
    lines: tuple[MetricLine, ...] = ()


def draw_states(run: Run, change: WorkbookChange, book: Book, before: Looks) -> Drawing:
    """Write the states that differ into *change*.

    Nothing is written over a formula or a note of a person.
    """
    tab = book.tabs.get(TAB)
    if tab is None or STATE not in tab.columns:
        return Drawing(before, book)
    services = run.services
    today, locale = services.today(), locale_of(book)
    rows = metric_rows(book, services.choices)
    sources = read_source_facts(services.store, book.spreadsheet_id, run.agency_id, rows, today)
    pen = _Pen(change, tab)
    looks: dict[str, LookedAt] = {}
    lines: list[MetricLine] = []
    for one in rows:
        known = _known(before, one) or LookedAt()
        found = _state(services, one, known.kept, sources)
        if one.goal is None or found is None:
            looks[one.key] = _without_state(pen, one, known)
            continue
        line = _line(one, found, known, today, locale)
        pen.set(one, STATE, services.choices.label("state", found.state.value, locale))
        pen.set(one, PLAN, line.plan)
        hashes = pen.note(one, line.told, known.note_hashes)
        looks[one.key] = LookedAt(found.kept, found.state.value, line.since_on.isoformat(), hashes)
        lines.append(line)
    tabs = {**book.tabs, TAB: tab.with_cells(pen.cells)}
    return Drawing(looks, replace(book, tabs=tabs), tuple(lines))


def _line(one: MetricRow, found: MetricState, known: LookedAt, today: date, locale: str) -> MetricLine:
    """What is said of a metric with a target."""
    if one.goal is None:
        raise AssertionError("there is a state, so that there is a target")
    verdict = found.verdict
    return MetricLine(
        one.name,
        one.goal.unit,
        found.state,
        _since(found, known, today),
        None if verdict is None else shown(verdict.fact),
        None if verdict is None else shown(verdict.middle),
        note_of(one.goal, found, today, locale),
    )


def _known(looks: Looks, one: MetricRow) -> LookedAt | None:
    """What is remembered of a row, also from before it got its number."""
    return looks.get(one.key) or looks.get(one.name.casefold())


def _state(services: Services, one: MetricRow, kept: Kept, sources: SourceFacts) -> MetricState | None:
    if one.goal is None:
        return None
    number = one.row.number
    return state_of(
        one.goal,
        one.facts,
        services.today(),
        services.calendar,
        days=sources.days.get(number) if number is not None else None,
        unknown_since=sources.unknown_since.get(number) if number is not None else None,
        kept=kept,
    )


def _without_state(pen: _Pen, one: MetricRow, known: LookedAt) -> LookedAt:
    """A row whose target or figures are gone: what the add-on wrote goes as well."""
    if known.state:
        pen.set(one, STATE, None)
        pen.set(one, PLAN, None)
        pen.note(one, "", known.note_hashes)
    return LookedAt(known.kept)


def _since(found: MetricState, known: LookedAt, today: date) -> date:
    """Since when the state holds: by its looks, or since it was written first."""
    if found.since_on is not None:
        return found.since_on
    if known.state == found.state.value and known.since_on:
        return date.fromisoformat(known.since_on)
    return today


def told_of_metrics(book: Book, choices: Choices, looks: Looks) -> dict[int, str]:
    """What the add-on's own notes say, by the index of the row, without what the state says already."""
    tab = book.tabs.get(TAB)
    if tab is None or STATE not in tab.columns:
        return {}
    found, said = {}, render(sentence("metric_state.on_track"), locale_of(book))
    for one in metric_rows(book, choices):
        note = tab.cell(one.row, STATE).note
        known = _known(looks, one)
        if note and known is not None and hash_of(note) in known.note_hashes:
            found[one.row.index] = " ".join(line for line in note.splitlines() if line != said)
    return found


class _Pen:
    """Writes cells of *Метрики* where they differ, and keeps how they are then."""

    def __init__(self, change: WorkbookChange, tab: Tab) -> None:
        self._change = change
        self._tab = tab
        self.cells: dict[tuple[int, int], Cell] = {}

    def set(self, one: MetricRow, column: str, value: Value) -> None:
        """Write a value, unless a formula of people stands there."""
        if column not in self._tab.columns:
            return
        cell = self._tab.cell(one.row, column)
        if cell.formula is not None or _shows(cell, value):
            return
        self._change.set(self._tab, one.row, column, value)
        place = one.row.index, self._tab.column(column)
        self.cells[place] = replace(cell, value=value if isinstance(value, str | float) else None)

    def note(self, one: MetricRow, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """Write the note of the state, unless one of a person stands there; gives the hashes of ours."""
        place = one.row.index, self._tab.column(STATE)
        cell = self.cells.get(place, self._tab.cell(one.row, STATE))
        is_ours = not cell.note or cell.note == text or hash_of(cell.note) in known
        if cell.formula is not None or not is_ours:
            return known
        if cell.note != text:
            self._change.note(self._tab, one.row, STATE, text)
            self.cells[place] = replace(cell, note=text)
        newest = hash_of(text)
        return (*(one for one in known if one != newest), newest)[-MOST_NOTES:]


def _shows(cell: Cell, value: Value) -> bool:
    if value is None:
        return cell.is_empty
    if isinstance(value, float) and isinstance(cell.value, float):
        return abs(cell.value - value) < _ROUNDING
    return cell.value == value


def hash_of(text: str) -> str:
    """The hash under which a note is remembered."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
