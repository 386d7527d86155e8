"""The tab *Нормы* of the agency's workbook: learned norms beside those that people typed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from vitrina.domain.estimating.learning import start_with
from vitrina.domain.estimating.norms import Basis, EffortNorm, FinishedWork, NormCell, Norms, NormSource
from vitrina.operations.services import Services
from vitrina.project.agency_book import StoredAgency
from vitrina.records.books import Agency
from vitrina.records.norms import KeptNorms
from vitrina.tabs.blocks import SHARE_DIGITS, holds
from vitrina.workbook.reading.book import Book, Tab
from vitrina.workbook.reading.norm_rows import NormRow, read_norm_rows
from vitrina.workbook.reading.settings import locale_of, wants
from vitrina.workbook.template.starting_norms import starting_norms
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.values import Value

#: Key of the setting.
STARTING_NORMS = "starting_norms"


class LearnedNorms(Struct, frozen=True):
    """Contents of the tab: ``facts`` are norms without those that people typed, ``norms`` with them."""

    facts: Norms
    norms: Norms
    units: Mapping[str, str]
    rows: Mapping[NormCell, NormRow]


def with_typed_norms(
    services: Services, agency: Agency, book: Book, kept: KeptNorms, norms: Norms
) -> LearnedNorms:
    """Add to the norms those that people typed in the tab, and the starting table if they want it."""
    rows = read_norm_rows(
        book, services.choices, profiles=agency.profiles, shown=kept.shown, today=services.today()
    )
    units = {row.cell.work_type: row.unit for row in reversed(rows) if row.unit}
    facts = norms
    if wants(book, STARTING_NORMS):
        guesses = starting_norms(locale_of(book), agency.profiles)
        facts = start_with(norms, {one.cell: (one.work_type, one.typical_hours) for one in guesses})
        units = {one.cell.work_type: one.unit for one in guesses} | units
    pins = {row.cell: (row.work_type, row.pinned_hours) for row in rows if row.pinned_hours is not None}
    # Of two rows for the same norm the upper one counts, because the facts are written into that row.
    by_cell = {row.cell: row for row in reversed(rows)}
    return LearnedNorms(facts, facts.pinned(pins), units, by_cell)


def write_norms(
    change: WorkbookChange, services: Services, agency: Agency, book: Book, learned: LearnedNorms
) -> dict[NormCell, tuple[float, ...]]:
    """Update the rows of norms that the tab has, and add new norms below the last row in use.

    Returns
    -------
    dict[NormCell, tuple[float, ...]]
        Mean hours that the add-on has written, by norm; empty where a person typed the value.
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
    learned: LearnedNorms,
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


#: Columns that people fill in. The add-on fills them in rows that it adds, and never changes them later.
OF_PEOPLE = ("work_type", "profile", "size", "unit")


def _write_row(change: WorkbookChange, tab: Tab, known: NormRow, values: Mapping[str, Value]) -> None:
    ours = {key: value for key, value in values.items() if key in tab.columns and key not in OF_PEOPLE}
    differing = [key for key, value in ours.items() if not holds(tab, known.row, key, value)]
    if not set(differing) - {"changed_on"}:
        return
    change.expect(tab, known.row, "work_type", "profile", *(("size",) if "size" in tab.columns else ()))
    for key in differing:
        change.set(tab, known.row, key, ours[key])


def own_work_types(
    services: Services, stored: StoredAgency, book: Book, imported: Iterable[FinishedWork]
) -> tuple[str, ...]:
    """Work types that every client may see: the agency's own, never those of another client's workbook.

    They are the types of *imported* work, of the starting norms, and those that staff typed in *Нормы*. A
    norm that was only learned in clients' workbooks has a type that a client may have typed.
    """
    found = [one.work_type for one in imported]
    if wants(book, STARTING_NORMS):
        found += [one.work_type for one in starting_norms(locale_of(book), stored.agency.profiles)]
    shown = stored.norms.value.shown
    rows = read_norm_rows(
        book, services.choices, profiles=stored.agency.profiles, shown=shown, today=services.today()
    )
    found += [row.work_type for row in rows if _is_typed(book.tab("norms"), row, shown)]
    by_name = {one.casefold(): one for one in reversed(found) if one}
    return tuple(by_name[name] for name in sorted(by_name))


def _is_typed(tab: Tab, row: NormRow, shown: Collection[NormCell]) -> bool:
    """Whether staff made a row, or gave it a norm: rows of the add-on have a count of facts."""
    is_counted = "fact_count" in tab.columns and bool(tab.cell(row.row, "fact_count").text)
    return row.pinned_hours is not None or not (is_counted or row.cell in shown)
