"""*Пересчитать нормы*: what the finished work teaches, into the store and the agency's workbook.

The tab *Нормы* is the agency's as much as ours: norms that people type there win over the facts and stay,
and the difference is shown beside them. *Обещания* shows by month how estimates and days came out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from vitrina.domain.estimating.learning import learn, start_with
from vitrina.domain.estimating.norms import Basis, EffortNorm, FinishedWork, NormCell, Norms, NormSource
from vitrina.domain.estimating.outcomes import by_month, forecasts_by_month
from vitrina.domain.planning.forecast import ForecastOutcome
from vitrina.domain.quantities import serial_of_day
from vitrina.errors import UserError
from vitrina.operations.lease import lease
from vitrina.operations.retry_on_conflict import again
from vitrina.operations.services import Answer, Outcome, Services
from vitrina.project.snapshot import read_book
from vitrina.records.records import (
    Agency,
    KeptNorms,
    items_of,
    load_history,
    load_norms,
    projects_of,
    save_norms,
)
from vitrina.tabs.finish_forecast import load_outcomes, settle_forecasts
from vitrina.texts import sentence
from vitrina.workbook.reading.book import Book, Row, Tab
from vitrina.workbook.reading.norm_rows import NormRow, read_norm_rows
from vitrina.workbook.reading.settings import locale_of, wants_starting_norms
from vitrina.workbook.template.starting_norms import starting_norms
from vitrina.workbook.writing.change import Value, WorkbookChange

#: A share of a hundred with one digit is finer than anyone reads.
SHARE_DIGITS = 3

#: Columns of *Обещания* beside the month.
PROMISED_OF_WORK = (
    "finished_count",
    "within_typical",
    "within_p85",
    "planned_hours",
    "actual_hours",
    "planned_ratio",
)
PROMISED_OF_BACKLOGS = ("forecast_count", "within_likely", "within_sure")


@dataclass(frozen=True)
class _Learned:
    """What goes into the tab: ``facts`` are norms without those by hand, ``norms`` with them."""

    facts: Norms
    norms: Norms
    units: Mapping[str, str]
    rows: Mapping[NormCell, NormRow]


def recalculate_norms(services: Services, agency: Agency) -> Answer:
    """Learn from the history anew and show the norms: one read and one write of the agency's workbook."""
    with lease(services, agency.spreadsheet_id):
        history = load_history(services.store, agency.spreadsheet_id)
        norms = learn(history)
        learned = again(lambda: _show(services, agency, history, norms))
    shown = learned.norms.shown
    pinned = sum(norm.source is NormSource.PINNED for norm in shown)
    guessed = sum(norm.source is NormSource.START for norm in shown)
    details = []
    if pinned:
        details.append(sentence("norms.pinned", count=pinned))
    if guessed:
        details.append(sentence("norms.guessed", count=guessed))
    return Answer(
        Outcome.DONE,
        sentence("norms.done", norms=len(shown), types=len(learned.norms.work_types), facts=len(history)),
        details=tuple(details),
        data={"norms": len(shown), "facts": len(history)},
    )


def _show(services: Services, agency: Agency, history: list[FinishedWork], norms: Norms) -> _Learned:
    book = read_book(services, agency.spreadsheet_id)
    kept = load_norms(services.store, agency.spreadsheet_id)
    learned = _with_tab(services, agency, book, kept, norms)
    if not learned.norms.shown:
        raise UserError("norms.no_history")
    change = WorkbookChange()
    shown = _write_norms(change, services, agency, book, learned)
    _write_promises(change, book, history, _outcomes(services, agency))
    after = KeptNorms(learned.norms, learned.units, shown)
    if change:
        # The write may fail, or succeed and its answer be lost: until then both figures are the add-on's.
        either = {
            cell: (*kept.shown.get(cell, ()), *after.shown.get(cell, ()))
            for cell in {*kept.shown, *after.shown}
        }
        save_norms(services.store, agency.spreadsheet_id, replace(after, shown=either))
        services.workbooks.batch_update(agency.spreadsheet_id, change.requests())
    save_norms(services.store, agency.spreadsheet_id, after)
    return learned


def _outcomes(services: Services, agency: Agency) -> list[ForecastOutcome]:
    """How forecasts of whole backlogs came out, by what the store knows to be done."""
    items = items_of(services.store, agency_id=agency.spreadsheet_id)
    for project in projects_of(services.store, agency.spreadsheet_id):
        settle_forecasts(services, project, items)
    return load_outcomes(services.store, agency.spreadsheet_id)


def _with_tab(services: Services, agency: Agency, book: Book, kept: KeptNorms, norms: Norms) -> _Learned:
    """The norms with what people typed into the tab, and with the starting table where they want it."""
    rows = read_norm_rows(
        book, services.choices, profiles=agency.profiles, shown=kept.shown, today=services.today()
    )
    units = {row.cell.work_type: row.unit for row in reversed(rows) if row.unit}
    facts = norms
    if wants_starting_norms(book):
        guesses = starting_norms(locale_of(book), agency.profiles)
        facts = start_with(norms, {one.cell: (one.work_type, one.typical_hours) for one in guesses})
        units = {one.cell.work_type: one.unit for one in guesses} | units
    pins = {row.cell: (row.work_type, row.pinned_hours) for row in rows if row.pinned_hours is not None}
    # Of two rows for the same the upper one counts, as it is the one that the facts are written into.
    by_cell = {row.cell: row for row in reversed(rows)}
    return _Learned(facts, facts.pinned(pins), units, by_cell)


def _write_norms(
    change: WorkbookChange, services: Services, agency: Agency, book: Book, learned: _Learned
) -> dict[NormCell, tuple[float, ...]]:
    """Norms that the tab has are written where they stand; new ones below the last row in use.

    Gives the means that stand there by our hand, none where a person's does.
    """
    tab, locale = book.tab("norms"), locale_of(book)
    used = [row.index for row in tab.rows if any(not cell.is_empty for cell in row.cells)]
    free = max(used, default=tab.header_index) + 1
    shown: dict[NormCell, tuple[float, ...]] = {}
    for norm in learned.norms.shown:
        if norm.size and "size" not in tab.columns:
            continue
        facts = learned.facts.cells.get(norm.cell)
        values = _values(services, agency, learned, norm, facts, locale)
        known = learned.rows.get(norm.cell)
        if known is None:
            for key, value in values.items():
                if key in tab.columns:
                    change.set_block(tab, free, tab.column(key), [[value]])
            free += 1
        else:
            if known.in_place:
                del values["hours_per_unit"]
            _write_row(change, tab, known, values)
        if known is not None and known.in_place:
            shown[norm.cell] = ()
        elif facts is not None:
            shown[norm.cell] = (round(facts.hours_per_unit, 2),)
    change.make_room(tab, free)
    return shown


def _values(
    services: Services,
    agency: Agency,
    learned: _Learned,
    norm: EffortNorm,
    facts: EffortNorm | None,
    locale: str,
) -> dict[str, Value]:
    basis = Basis.SIZE if norm.size else Basis.TYPE
    high = learned.norms.promise_ratios[basis]
    difference = None
    if norm.source is NormSource.PINNED and norm.facts_hours:
        difference = round(norm.hours_per_unit / norm.facts_hours - 1, SHARE_DIGITS)
    return {
        "work_type": norm.work_type,
        "profile": agency.profiles.get(norm.profile, norm.profile),
        "size": services.choices.label("size", norm.size, locale) if norm.size else None,
        "unit": learned.units.get(norm.cell.work_type),
        "hours_per_unit": round(facts.hours_per_unit, 2) if facts else None,
        "typical_hours": round(facts.typical_hours, 2) if facts else None,
        "p85_hours": round(facts.hours_per_unit * high, 2) if facts and high else None,
        "fact_count": norm.fact_count,
        "spread_hours": round(norm.spread_hours, 2),
        "difference": difference,
        "source": services.choices.label("norm_source", norm.source, locale),
        "changed_on": services.today(),
    }


#: What people write in a row of theirs; the add-on fills these in rows that it adds, and leaves them then.
OF_PEOPLE = ("work_type", "profile", "size", "unit")


def _write_row(change: WorkbookChange, tab: Tab, known: NormRow, values: Mapping[str, Value]) -> None:
    ours = {key: value for key, value in values.items() if key in tab.columns and key not in OF_PEOPLE}
    differing = [key for key, value in ours.items() if not _holds(tab, known.row, key, value)]
    if not set(differing) - {"changed_on"}:
        return
    change.expect(tab, known.row, "work_type", "profile", *(("size",) if "size" in tab.columns else ()))
    for key in differing:
        change.set(tab, known.row, key, ours[key])


def _write_promises(
    change: WorkbookChange, book: Book, history: list[FinishedWork], outcomes: list[ForecastOutcome]
) -> None:
    """The tab *Обещания*, which is the add-on's whole; workbooks of an older release have none."""
    if "promises" not in book.tabs:
        return
    tab = book.tab("promises")
    by_day: dict[date, dict[str, Value]] = {
        one.month: {
            "month": one.month,
            "finished_count": one.finished_count,
            "within_typical": _share(one.within_typical),
            "within_p85": _share(one.within_p85),
            "planned_hours": round(one.planned_hours, 1),
            "actual_hours": round(one.actual_hours, 1),
            "planned_ratio": _share(one.planned_ratio),
        }
        for one in by_month(history)
    }
    # A month of forecasts alone shows no work; where a line moves down, nothing of the old one may stay.
    blank: dict[str, Value] = dict.fromkeys(PROMISED_OF_WORK)
    for told in forecasts_by_month(outcomes):
        line = by_day.setdefault(told.month, {**blank, "month": told.month})
        line["forecast_count"] = told.count
        line["within_likely"] = round(told.likely_kept / told.count, SHARE_DIGITS)
        line["within_sure"] = round(told.almost_certain_kept / told.count, SHARE_DIGITS)
    lines = [{**dict.fromkeys(PROMISED_OF_BACKLOGS), **line} for _, line in sorted(by_day.items())]
    standing = {row.index: row for row in tab.rows}
    first = tab.header_index + 1
    for place, line in enumerate(lines):
        row = standing.get(first + place)
        for key, value in line.items():
            if key in tab.columns and (row is None or not _holds(tab, row, key, value)):
                change.set_block(tab, first + place, tab.column(key), [[value]])
    change.make_room(tab, first + len(lines))


def _holds(tab: Tab, row: Row, key: str, value: Value) -> bool:
    current = tab.cell(row, key).value
    return current == (serial_of_day(value) if isinstance(value, date) else value)


def _share(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, SHARE_DIGITS)
