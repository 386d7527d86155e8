"""*Пересчитать нормы*: averages of the agency's finished work, into the store and the tab *Нормы*."""

from __future__ import annotations

from vitrina.domain.norms import EffortNorm, average
from vitrina.errors import UserError
from vitrina.texts import sentence
from vitrina.usecases.again import again
from vitrina.usecases.backlog import read_book
from vitrina.usecases.lease import lease
from vitrina.usecases.records import Agency, load_history, save_norms
from vitrina.usecases.services import Answer, Outcome, Services
from vitrina.workbook.book import Tab
from vitrina.workbook.change import Value, WorkbookChange


def recalculate_norms(services: Services, agency: Agency) -> Answer:
    """Average the history anew and show the norms: one read and one write of the agency's workbook."""
    with lease(services, agency.spreadsheet_id):
        history = load_history(services.store, agency.spreadsheet_id)
        norms = average(history)
        if not norms:
            raise UserError("norms.no_history")
        save_norms(services.store, agency.spreadsheet_id, norms)
        again(lambda: _show(services, agency, norms))
    return Answer(
        Outcome.DONE,
        sentence(
            "norms.done",
            norms=len(norms),
            types=len({norm.work_type for norm in norms}),
            facts=len(history),
        ),
        data={"norms": len(norms), "facts": len(history)},
    )


def _show(services: Services, agency: Agency, norms: list[EffortNorm]) -> None:
    book = read_book(services, agency.spreadsheet_id)
    change = WorkbookChange()
    _write(change, services, agency, book.tab("norms"), norms)
    if change:
        services.workbooks.batch_update(agency.spreadsheet_id, change.requests())


def _write(
    change: WorkbookChange, services: Services, agency: Agency, tab: Tab, norms: list[EffortNorm]
) -> None:
    """Norms that the tab has are written where they stand; new ones below the last row in use."""
    places = {
        (tab.cell(row, "work_type").text.casefold(), tab.cell(row, "profile").text.casefold()): row.index
        for row in tab.rows
        if tab.cell(row, "work_type").text
    }
    used = [row.index for row in tab.rows if any(not cell.is_empty for cell in row.cells)]
    free = max(used, default=tab.header_index) + 1
    rows = {row.index: row for row in tab.rows}
    today = services.today()
    for norm in norms:
        title = agency.profiles.get(norm.profile, norm.profile)
        index = places.get((norm.work_type.casefold(), title.casefold()))
        if index is None:
            index, free = free, free + 1
        values: dict[str, Value] = {
            "work_type": norm.work_type,
            "profile": title,
            "hours_per_unit": round(norm.hours_per_unit, 2),
            "fact_count": norm.fact_count,
            "spread_hours": round(norm.spread_hours, 2),
        }
        row = rows.get(index)
        same = row is not None and all(tab.cell(row, key).value == value for key, value in values.items())
        if same:
            continue
        if row is not None:
            change.expect(tab, row, "work_type", "profile")
        for key, value in {**values, "changed_on": today}.items():
            if row is not None:
                change.set(tab, row, key, value)
            else:
                change.set_block(tab, index, tab.column(key), [[value]])
    change.make_room(tab, free)
