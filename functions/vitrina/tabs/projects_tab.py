"""The tab *Проекты* of the agency's workbook: a row for each client's project.

A new row is written without reading the workbook first: where the tab's header and columns stood when
it was last read is remembered, and the batch fails as a whole when they have moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from vitrina.errors import ChangedMeanwhileError
from vitrina.operations.services import Services
from vitrina.ports import Store
from vitrina.records.records import Agency
from vitrina.workbook.reading.book import Book, Mark, Tab, parse_book
from vitrina.workbook.writing.change import NewRow, Value, WorkbookChange

TAB = "projects"
LAYOUT = "layout"


def remember_projects_tab(store: Store, book: Book) -> None:
    """Keep where the header and the columns of the tab stand."""
    store.put(LAYOUT, book.spreadsheet_id, asdict(book.tab(TAB)) | {"rows": [], "header": []})


def register_project(services: Services, agency: Agency, number: int, values: Mapping[str, Value]) -> None:
    """Put the row of a project below the header, once; *number* is the project's own."""
    record = services.store.get(LAYOUT, agency.spreadsheet_id)
    if record is not None:
        try:
            _write(services, agency, _tab(record.data), number, values)
        except ChangedMeanwhileError:
            pass
        else:
            return
    # The tab was changed since it was read, or an earlier try has written the row: look.
    book = parse_book(services.workbooks.read(agency.spreadsheet_id))
    remember_projects_tab(services.store, book)
    if number not in book.row_numbers:
        _write(services, agency, book.tab(TAB), number, values)


def _write(services: Services, agency: Agency, tab: Tab, number: int, values: Mapping[str, Value]) -> None:
    change = WorkbookChange()
    change.insert(tab, [NewRow(number, dict(values))])
    services.workbooks.batch_update(agency.spreadsheet_id, change.requests())


def _tab(data: Mapping[str, object]) -> Tab:
    marks = tuple(Mark(**mark) for mark in data["marks"])  # type: ignore[attr-defined]
    return Tab(**{**data, "rows": (), "marks": marks, "header": ()})  # type: ignore[arg-type]
