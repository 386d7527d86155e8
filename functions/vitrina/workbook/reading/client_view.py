"""A client's workbook as the client sees it: what each tab shows, what he may edit, and what is hidden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from vitrina.ports import GridData, Json, Sheet, Spreadsheet
from vitrina.workbook.reading.book import Book, Tab, column_letters


class SeenCell(Struct, frozen=True):
    """A cell with a text, a note or choices. ``is_hidden`` cells can be read in a copy of the file."""

    row: int
    column: int
    text: str
    note: str = ""
    choices: tuple[str, ...] = ()
    formula: str = ""
    is_hidden: bool = False

    @property
    def address(self) -> str:
        """Address such as ``F7``."""
        return f"{column_letters(self.column)}{self.row + 1}"


class SeenTab(Struct, frozen=True):
    """A tab with its cells; ``key`` is empty for a tab that people added."""

    key: str
    title: str
    sheet_id: int
    is_hidden: bool
    header_rows: int
    cells: tuple[SeenCell, ...]

    def shown_rows(self) -> list[list[SeenCell]]:
        """Rows below the header with what can be seen in them, from the top."""
        rows: dict[int, list[SeenCell]] = {}
        for cell in self.cells:
            if cell.row >= self.header_rows and cell.text and not cell.is_hidden:
                rows.setdefault(cell.row, []).append(cell)
        return [rows[index] for index in sorted(rows)]

    def headings(self) -> Mapping[int, str]:
        """Titles of the columns by index."""
        last = self.header_rows - 1
        return {cell.column: cell.text for cell in self.cells if cell.row == last and cell.text}


def seen_tabs(resource: Spreadsheet, book: Book) -> list[SeenTab]:
    """The tabs of a spreadsheet, which ``Workbooks.read_as_shown`` has read."""
    by_id = {tab.sheet_id: tab for tab in book.tabs.values()}
    return [_seen_tab(sheet, by_id) for sheet in resource.get("sheets", ())]


def _seen_tab(sheet: Sheet, by_id: Mapping[int, Tab]) -> SeenTab:
    properties = sheet["properties"]
    sheet_id = properties.get("sheetId", 0)
    own = by_id.get(sheet_id)
    data = next(iter(sheet.get("data", ())), GridData())
    rows, columns = _hidden(data.get("rowMetadata", ())), _hidden(data.get("columnMetadata", ()))
    is_hidden = bool(properties.get("hidden"))
    return SeenTab(
        key=own.key if own else "",
        title=properties["title"],
        sheet_id=sheet_id,
        is_hidden=is_hidden,
        header_rows=properties.get("gridProperties", {}).get("frozenRowCount", 0),
        cells=tuple(_cells(data, rows, columns, is_hidden=is_hidden)),
    )


def _hidden(lines: Sequence[Json]) -> set[int]:
    return {
        index for index, line in enumerate(lines) if line.get("hiddenByUser") or line.get("hiddenByFilter")
    }


def _cells(data: GridData, rows: set[int], columns: set[int], *, is_hidden: bool) -> Iterator[SeenCell]:
    for row, line in enumerate(data.get("rowData", ())):
        for column, cell in enumerate(msgspec.json.decode(line).get("values", ())):
            condition = cell.get("dataValidation", {}).get("condition", {})
            choices = condition.get("values", ()) if condition.get("type") == "ONE_OF_LIST" else ()
            seen = SeenCell(
                row=row,
                column=column,
                text=cell.get("formattedValue", ""),
                note=cell.get("note", ""),
                choices=tuple(one.get("userEnteredValue", "") for one in choices),
                formula=cell.get("userEnteredValue", {}).get("formulaValue", ""),
                is_hidden=is_hidden or row in rows or column in columns,
            )
            if seen.text or seen.note or seen.choices or seen.formula:
                yield seen
