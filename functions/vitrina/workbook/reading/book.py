"""Parses a workbook: tabs and columns by key, rows with their numbers from developer metadata.

People rename, move and sort tabs, columns and rows. So nothing is found by a title, a letter or a row index;
those are used only in messages to people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.errors import CellProblem, UnknownWorkbookError, WorkbookShapeError
from vitrina.ports import GridData, Json, Sheet, Spreadsheet
from vitrina.texts import TITLE_PREFIX, Sentence, sentence
from vitrina.workbook.reading.shape import KnownColumn, KnownTab, Shape

#: Keys of Google's developer metadata. Keys of rows are short because a sheet has 30,000 characters for all.
BOOK_KEY = "vitrina.book"
#: Version of the template from which the workbook was made, or to which it was brought along.
VERSION_KEY = "vitrina.template"
#: Says ``none`` in a workbook whose project has no tracker, and ``guests`` where the tracker may invite the
#: client; the add-on reads it for its menu.
TRACKER_KEY = "vitrina.tracker"
NO_TRACKER, WITH_GUESTS = "none", "guests"
#: Says ``on`` in a workbook whose agency has a chat; the add-on reads it for its menu.
CHAT_KEY = "vitrina.chat"
WITH_CHAT = "on"
FENCE_KEY = "vitrina.fence"
TAB_KEY = "vitrina.tab"
COLUMN_KEY = "c"
HEADER_KEY = "h"
END_KEY = "e"
ROW_KEY = "r"
SHELF_KEY = "s"

#: Key of the shelf, the hidden tab that keeps backlog rows whose work was begun.
SHELF = "taken"

#: Columns with the content of a row, by tab. They show when a mark stayed behind after the content was cut.
CONTENT: Mapping[str, tuple[str, ...]] = {
    "backlog": ("task",),
    "in_progress": ("action", "profile"),
    "metrics": ("metric",),
}

#: Rows of sheets that a process remembers with their cells, because most rows of a workbook are the same when
#: it is read the next time: those of the longest backlog and more.
MOST_KEPT_ROWS = 16_384

#: Named ranges of the form's fields begin with this.
FIELD_PREFIX = "vt_"

#: Rows of the first action of an item carry the item's number. Those of its other actions carry
#: numbers from here on: Google's metadata ids are positive 32-bit integers, unique in a workbook.
ACTION_BASE = 1_000_000_000
MAX_ACTIONS = 99
#: Rows of metrics with a source carry numbers from here on, which no item has.
METRIC_BASE = 500_000_000
MAX_ITEM_NUMBER = (2**31 - 1 - ACTION_BASE) // 100 - 1


def row_number_of_action(item_number: int, position: int) -> int:
    """Number of the row of an action; *position* is its place in the item, from 0.

    Raises
    ------
    ValueError
        If one of the two is out of range.
    """
    if not 0 < item_number <= MAX_ITEM_NUMBER or not 0 <= position <= MAX_ACTIONS:
        raise ValueError((item_number, position))
    return item_number if position == 0 else ACTION_BASE + 100 * item_number + position


def item_number_of_row(row_number: int) -> int:
    """The item that a row belongs to."""
    return row_number if row_number < ACTION_BASE else (row_number - ACTION_BASE) // 100


def position_of_row(row_number: int) -> int:
    """Place of the action of a row in its item, from 0."""
    return 0 if row_number < ACTION_BASE else (row_number - ACTION_BASE) % 100


def tracker_mark(*, has_cards: bool, invites_guests: bool) -> str:
    """What the workbook of a project says of its tracker; see ``TRACKER_KEY``."""
    if not has_cards:
        return NO_TRACKER
    return WITH_GUESTS if invites_guests else ""


class Cell(Struct, frozen=True, gc=False):
    """Content of a cell; ``value`` is the result of the formula if there is one."""

    value: str | float | bool | None = None
    formula: str | None = None
    is_error: bool = False
    note: str = ""
    #: Whether it shows a part of the result of a formula in another cell.
    is_spilled: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a value nor a formula; a formula with an empty result is content."""
        return self.formula is None and (self.value is None or self.value == "")

    @property
    def text(self) -> str:
        """The value as text, without spaces around it; a whole number without decimals."""
        value = self.value
        if value is None:
            return ""
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return str(value).strip()


class LogicalCell(Cell, frozen=True, gc=False):
    """A cell that is true or false. It is equal to none with 1 or 0, so that either can be a key."""


EMPTY = Cell()


class Row(Struct, frozen=True):
    """A row below the header. ``index`` counts from 0; ``number`` is ``None`` for a row without one.

    ``shelf_mark`` is set for rows of the shelf; its value is the number of the item.
    """

    index: int
    number: int | None
    cells: tuple[Cell, ...]
    shelf_mark: Mark | None = None


class Mark(Struct, frozen=True):
    """Developer metadata of a tab, its header, a column, its last row, or a row of the shelf.

    The mark of the last row guards rows without a number: it moves when a row above it is inserted or
    deleted.
    """

    metadata_id: int
    key: str
    value: str
    dimension: str
    index: int


class Tab(Struct, frozen=True):
    """A sheet that the template made; ``marks`` are those of its header, columns and last row."""

    key: str
    sheet_id: int
    title: str
    header_index: int
    columns: Mapping[str, int]
    rows: tuple[Row, ...]
    row_count: int
    column_count: int
    marks: tuple[Mark, ...] = ()
    header: tuple[Cell, ...] = ()
    mark_id: int = 0

    def column(self, key: str) -> int:
        """Index of a column.

        Raises
        ------
        WorkbookShapeError
            If the column is gone.
        """
        try:
            return self.columns[key]
        except KeyError:
            raise WorkbookShapeError(
                "shape.column_gone", sheet=self.title, title=_title(self.key, key)
            ) from None

    def cell(self, row: Row, key: str) -> Cell:
        """The cell of *row* in a column."""
        index = self.columns.get(key)
        if index is None:
            index = self.column(key)
        return row.cells[index] if index < len(row.cells) else EMPTY

    def cell_at(self, row_index: int, column_index: int) -> Cell:
        """The cell of the header or of a row below it, by indices."""
        cells = self.cells_at(row_index)
        return cells[column_index] if column_index < len(cells) else EMPTY

    def cells_at(self, row_index: int) -> Sequence[Cell]:
        """The cells of the header or of a row below it, from the first column on; there may be none."""
        at = row_index - self.header_index - 1
        return self.header if at < 0 else self.rows[at].cells if at < len(self.rows) else ()

    def with_cells(self, cells: Mapping[tuple[int, int], Cell]) -> Tab:
        """The same tab with other cells, by the indices of row and column."""
        rows = []
        for row in self.rows:
            now = list(row.cells)
            for (at, column), cell in cells.items():
                if at == row.index:
                    now += [EMPTY] * (column + 1 - len(now))
                    now[column] = cell
            rows.append(replace(row, cells=tuple(now)))
        return replace(self, rows=tuple(rows))

    def address(self, row: Row, key: str) -> str:
        """Address of a cell, such as ``F7``."""
        return f"{column_letters(self.column(key))}{row.index + 1}"

    def problem(self, row: Row, key: str, code: str, **where: Any) -> CellProblem:
        """A problem of a cell; *where* are placeholders of the message."""
        return CellProblem(self.title, self.address(row, key), code, tuple(where.items()))


class Field(Struct, frozen=True):
    """A field of a form, found by its named range."""

    name: str
    sheet_id: int
    sheet_title: str
    row_index: int
    column_index: int
    cell: Cell

    @property
    def address(self) -> str:
        """Address of the value, such as ``B12``."""
        return f"{column_letters(self.column_index)}{self.row_index + 1}"


class Repair(Struct, frozen=True):
    """A mark of a tab or a column to be made again, where ``is_lost``, or to be deleted.

    The dimension of a tab's mark is ``SHEET``; ``message`` says what was repaired.
    """

    sheet_id: int
    mark: Mark
    is_lost: bool
    message: Sentence


class Grid(Struct, frozen=True):
    """All cells of a sheet from its first row on; ``shape`` are the counts of rows and columns."""

    title: str
    shape: tuple[int, int]
    cells: Sequence[tuple[Cell, ...]]


class ProtectedRange(Struct, frozen=True):
    """Cells or a whole tab that only *editors* may edit; ``unprotected`` are cells that everybody may.

    ``area`` and ``unprotected`` are ranges of Google; those of a whole tab have no bounds.
    """

    range_id: int
    sheet_id: int
    description: str
    area: Json
    unprotected: tuple[Json, ...] = ()
    editors: Json = field(default_factory=dict)
    is_warning: bool = False

    @property
    def is_whole_sheet(self) -> bool:
        """Whether the whole tab is protected."""
        return not self.area.keys() - {"sheetId"}


class Book(Struct, frozen=True, dict=True):
    """A workbook that the product made."""

    spreadsheet_id: str
    kind: str
    title: str
    locale: str
    time_zone: str
    tabs: Mapping[str, Tab]
    fields: Mapping[str, Field] = field(default_factory=dict)
    #: Cells of all sheets by sheet id, including sheets that people added.
    grids: Mapping[int, Grid] = field(default_factory=dict)
    repairs: tuple[Repair, ...] = ()
    #: Value of the fence (``workbook/writing/fence.py``), empty until it is moved for the first time.
    fence: str = ""
    protected_ranges: tuple[ProtectedRange, ...] = ()
    #: What the add-on's menu asks: see ``TRACKER_KEY``. Empty for a tracker without guests.
    tracker_mark: str = ""
    #: See ``CHAT_KEY``; empty where there is no chat.
    chat_mark: str = ""
    #: Version of the template, 1 where that is not known.
    version: int = 1

    @property
    def shape(self) -> Shape:
        """Tabs and columns to remember for the next reading."""
        return Shape({key: _shape_of_tab(tab) for key, tab in self.tabs.items()})

    @cached_property
    def formulas(self) -> Mapping[tuple[int, int, int], str]:
        """All formulas by sheet id, row and column, including those that people added."""
        return {
            (sheet_id, row, column): cell.formula
            for sheet_id, grid in self.grids.items()
            for row, line in enumerate(grid.cells)
            for column, cell in enumerate(line)
            if cell.formula is not None
        }

    def tab(self, key: str) -> Tab:
        """A tab by its key.

        Raises
        ------
        WorkbookShapeError
            If the tab is gone.
        """
        try:
            return self.tabs[key]
        except KeyError:
            raise WorkbookShapeError("shape.tab_gone", book=self.title, title=_title(key)) from None

    def field(self, key: str) -> Field:
        """A field of the form.

        Raises
        ------
        WorkbookShapeError
            If its named range is gone.
        """
        try:
            return self.fields[key]
        except KeyError:
            raise WorkbookShapeError("shape.field_gone", title=_title("client", key)) from None

    @cached_property
    def row_numbers(self) -> frozenset[int]:
        """Numbers of all rows of items."""
        return frozenset(
            row.number
            for tab in self.tabs.values()
            for row in tab.rows
            if row.number is not None and not METRIC_BASE <= row.number < ACTION_BASE
        )


def parse_book(resource: Spreadsheet, known: Shape | None = None) -> Book:
    """Parses a spreadsheet; *known* are the tabs and columns of the last reading.

    Raises
    ------
    UnknownWorkbookError
        If the spreadsheet has no mark of the product.
    WorkbookShapeError
        If two sheets, or two columns of a sheet, have the same key and *known* does not decide between them.
    """
    kind = _value_of(resource.get("developerMetadata", ()), BOOK_KEY)
    if kind is None:
        raise UnknownWorkbookError("workbook.unknown")
    known_tabs = known.tabs if known else {}
    properties, sheets = resource["properties"], resource.get("sheets", ())
    grids: dict[int, Grid] = {}
    for sheet in sheets:
        size = sheet["properties"].get("gridProperties", {})
        shape = size.get("rowCount", 0), size.get("columnCount", 0)
        cells = [_cells(bytes(row)) for row in _data(sheet).get("rowData", ())]
        grids[_sheet_id(sheet)] = Grid(sheet["properties"]["title"], shape, cells)
    keys, repairs = _keys_of_sheets(sheets, known_tabs)
    tabs: dict[str, Tab] = {}
    for sheet in sheets:
        key = keys.get(_sheet_id(sheet))
        if key is not None:
            tabs[key], found = _tab(key, sheet, grids[_sheet_id(sheet)].cells, known_tabs.get(key))
            repairs += found
    return Book(
        spreadsheet_id=resource["spreadsheetId"],
        kind=kind,
        title=properties["title"],
        locale=properties.get("locale", "ru_RU"),
        time_zone=properties.get("timeZone", "Europe/Moscow"),
        tabs=tabs,
        fields=dict(_fields(resource.get("namedRanges", ()), grids)),
        grids=grids,
        repairs=tuple(repairs),
        fence=_value_of(resource.get("developerMetadata", ()), FENCE_KEY) or "",
        tracker_mark=_value_of(resource.get("developerMetadata", ()), TRACKER_KEY) or "",
        chat_mark=_value_of(resource.get("developerMetadata", ()), CHAT_KEY) or "",
        protected_ranges=tuple(
            _protected(one) for sheet in sheets for one in sheet.get("protectedRanges", ())
        ),
        version=_version(_value_of(resource.get("developerMetadata", ()), VERSION_KEY)),
    )


def _version(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 1


def _protected(data: Json) -> ProtectedRange:
    area = data.get("range", {})
    return ProtectedRange(
        range_id=data["protectedRangeId"],
        sheet_id=area.get("sheetId", 0),
        description=data.get("description", ""),
        area=area,
        unprotected=tuple(data.get("unprotectedRanges", ())),
        editors=data.get("editors", {}),
        is_warning=data.get("warningOnly", False),
    )


def _sheet_id(sheet: Sheet) -> int:
    sheet_id: int = sheet["properties"].get("sheetId", 0)
    return sheet_id


def _keys_of_sheets(
    sheets: Iterable[Sheet], known: Mapping[str, KnownTab]
) -> tuple[dict[int, str], list[Repair]]:
    """Keys of sheets by id, and repairs: of copies the known sheet is kept; known sheets may lack a mark."""
    claims: dict[str, list[tuple[Sheet, Mark]]] = {}
    for sheet in sheets:
        mark = _mark(sheet.get("developerMetadata", ()), TAB_KEY, "SHEET", 0)
        if mark is not None:
            claims.setdefault(mark.value, []).append((sheet, mark))
    keys: dict[int, str] = {}
    repairs: list[Repair] = []
    for key, claimants in claims.items():
        original = next((sheet for sheet, _ in claimants if key in known and _is(sheet, known[key])), None)
        titles = [sheet["properties"]["title"] for sheet, _ in claimants]
        if original is None and len(claimants) > 1:
            raise WorkbookShapeError("shape.tab_twice", sheet=titles[0], other=titles[1])
        original = original or claimants[0][0]
        keys[_sheet_id(original)] = key
        for sheet, mark in claimants:
            if sheet is not original:
                where = {"sheet": sheet["properties"]["title"], "of": original["properties"]["title"]}
                message = sentence("heal.tab_copy", **where)
                repairs.append(Repair(_sheet_id(sheet), mark, is_lost=False, message=message))
    for sheet in sheets:
        lost = next((key for key, tab in known.items() if key not in claims and _is(sheet, tab)), None)
        if lost is not None and _sheet_id(sheet) not in keys:
            keys[_sheet_id(sheet)] = lost
            mark = Mark(known[lost].mark_id, TAB_KEY, lost, "SHEET", 0)
            message = sentence("heal.tab_known", sheet=sheet["properties"]["title"])
            repairs.append(Repair(_sheet_id(sheet), mark, is_lost=True, message=message))
    return keys, repairs


def _is(sheet: Sheet, known: KnownTab) -> bool:
    return _sheet_id(sheet) == known.sheet_id


def _columns(
    sheet: Sheet, header: Sequence[Cell], known: Mapping[str, KnownColumn]
) -> tuple[dict[str, Mark], list[Repair]]:
    """Marks of the columns by key, including lost ones, and the repairs."""
    title, sheet_id = sheet["properties"]["title"], _sheet_id(sheet)
    claims: dict[str, list[Mark]] = {}
    for index, metadata in enumerate(_data(sheet).get("columnMetadata", ())):
        mark = _mark(metadata.get("developerMetadata", ()), COLUMN_KEY, "COLUMNS", index)
        if mark is not None:
            claims.setdefault(mark.value, []).append(mark)
    columns: dict[str, Mark] = {}
    repairs: list[Repair] = []
    for key, marks in claims.items():
        mine = [mark for mark in marks if key in known and mark.metadata_id == known[key].mark_id]
        if len(marks) > 1 and not mine:
            first, second = (column_letters(mark.index) for mark in marks[:2])
            raise WorkbookShapeError("shape.column_twice", sheet=title, first=first, second=second)
        columns[key] = (mine or marks)[0]
        for mark in marks:
            if mark is not columns[key]:
                message = sentence("heal.column_copy", sheet=title, column=column_letters(mark.index))
                repairs.append(Repair(sheet_id, mark, is_lost=False, message=message))
    taken = {mark.index for marks in claims.values() for mark in marks}
    for key, column in known.items():
        places = [
            index
            for index, cell in enumerate(header)
            if index not in taken and column.title and cell.text == column.title
        ]
        if key not in claims and len(places) == 1:
            columns[key] = Mark(column.mark_id, COLUMN_KEY, key, "COLUMNS", places[0])
            message = sentence("heal.column_known", sheet=title, title=column.title)
            repairs.append(Repair(sheet_id, columns[key], is_lost=True, message=message))
            taken.add(places[0])
    return columns, repairs


def _shape_of_tab(tab: Tab) -> KnownTab:
    marks = {mark.value: mark.metadata_id for mark in tab.marks if mark.key == COLUMN_KEY}
    columns = {
        key: KnownColumn(tab.header[index].text if index < len(tab.header) else "", marks[key])
        for key, index in tab.columns.items()
        if key in marks
    }
    return KnownTab(tab.sheet_id, tab.mark_id, columns)


def _tab(
    key: str, sheet: Sheet, grid: Sequence[tuple[Cell, ...]], known: KnownTab | None
) -> tuple[Tab, list[Repair]]:
    properties = sheet["properties"]
    # Most rows have no metadata.
    marked_rows = {
        index: one["developerMetadata"]
        for index, one in enumerate(_data(sheet).get("rowMetadata", ()))
        if one.get("developerMetadata")
    }
    row_marks = _row_marks(marked_rows)
    # The header is found by its mark, or by the frozen rows if a restored copy has lost the mark.
    frozen = properties.get("gridProperties", {}).get("frozenRowCount", 1) - 1
    header_mark = next(iter(row_marks[HEADER_KEY].values()), None)
    header = header_mark.index if header_mark else frozen
    titles = tuple(grid[header]) if header < len(grid) else ()
    columns, repairs = _columns(sheet, titles, known.columns if known else {})
    lost = [repair.mark for repair in repairs if repair.is_lost]
    marks = [mark for mark in columns.values() if mark not in lost]
    marks += [header_mark] if header_mark else []
    marks += row_marks[END_KEY].values()
    numbers = {index: mark.metadata_id for index, mark in row_marks[ROW_KEY].items()}
    shelf = row_marks[SHELF_KEY]
    # A row whose content was cut keeps its mark and may be the last row.
    end = max(len(grid), max(numbers, default=-1) + 1)
    rows = tuple(
        Row(
            index,
            numbers.get(index),
            grid[index] if index < len(grid) else (),
            shelf.get(index),
        )
        for index in range(header + 1, end)
    )
    tab_mark = _mark(sheet.get("developerMetadata", ()), TAB_KEY, "SHEET", 0)
    tab = Tab(
        key=key,
        sheet_id=properties.get("sheetId", 0),
        title=properties["title"],
        header_index=header,
        columns={name: mark.index for name, mark in columns.items()},
        rows=rows,
        row_count=properties.get("gridProperties", {}).get("rowCount", len(grid)),
        column_count=properties.get("gridProperties", {}).get("columnCount", 26),
        marks=tuple(marks),
        header=titles,
        mark_id=tab_mark.metadata_id if tab_mark else 0,
    )
    return tab, repairs


def _data(sheet: Sheet) -> GridData:
    return next(iter(sheet.get("data", ())), GridData())


class _Value(Struct, rename="camel", gc=False):
    """Google's ExtendedValue."""

    string_value: str | None = None
    number_value: float | None = None
    bool_value: bool | None = None
    formula_value: str | None = None
    error_value: Json | None = None


class _CellData(Struct, rename="camel"):
    """The fields of Google's CellData that are read."""

    effective_value: _Value | None = None
    user_entered_value: _Value | None = None
    note: str = ""


class _RowData(Struct):
    values: list[_CellData] = []


#: Not strict: JSON of Google has texts for numbers that it knows no figures for, such as ``"NaN"``.
_ROW = msgspec.json.Decoder(_RowData, strict=False)


@lru_cache(maxsize=MOST_KEPT_ROWS)
def _cells(row: bytes) -> tuple[Cell, ...]:
    """The cells of a row that is JSON of Google."""
    return tuple([_cell(cell) for cell in _ROW.decode(row).values])


def _cell(data: _CellData) -> Cell:
    effective, entered = data.effective_value, data.user_entered_value
    formula = None if entered is None else entered.formula_value
    if effective is None:
        return Cell(None, formula, False, data.note) if formula or data.note else EMPTY
    is_error, is_spilled = effective.error_value is not None, entered is None
    if effective.bool_value is not None:
        return LogicalCell(effective.bool_value, formula, is_error, data.note, is_spilled)
    value = effective.number_value if effective.string_value is None else effective.string_value
    return Cell(value, formula, is_error, data.note, is_spilled)


def _fields(named_ranges: Iterable[Json], grids: Mapping[int, Grid]) -> Iterator[tuple[str, Field]]:
    for named in named_ranges:
        name, place = named["name"], named.get("range", {})
        sheet_id = place.get("sheetId", 0)
        if not name.startswith(FIELD_PREFIX) or sheet_id not in grids:
            continue
        title, grid = grids[sheet_id].title, grids[sheet_id].cells
        row, column = place.get("startRowIndex", 0), place.get("startColumnIndex", 0)
        cell = grid[row][column] if row < len(grid) and column < len(grid[row]) else EMPTY
        key = name.removeprefix(FIELD_PREFIX)
        yield key, Field(key, sheet_id, title, row, column, cell)


def _title(*keys: str) -> Sentence:
    """Title of a tab, column or field in the template; a column of a group has the title of the group."""
    *place, last = keys
    group, _, name = last.partition(".")
    return sentence(TITLE_PREFIX + ".".join([*place, group]), name=name, n=name)


def _value_of(metadata: Any, key: str) -> str | None:
    return next(
        (str(one.get("metadataValue", "")) for one in metadata if one.get("metadataKey") == key), None
    )


def _mark(metadata: Any, key: str, dimension: str, index: int) -> Mark | None:
    found = next((one for one in metadata if one.get("metadataKey") == key), None)
    if found is None:
        return None
    return Mark(int(found["metadataId"]), key, str(found.get("metadataValue", "")), dimension, index)


def _row_marks(marked_rows: Mapping[int, Sequence[Json]]) -> Mapping[str, Mapping[int, Mark]]:
    """Our marks of rows by key and index, from the top row down: of two with one key the first."""
    found: dict[str, dict[int, Mark]] = {key: {} for key in (HEADER_KEY, END_KEY, ROW_KEY, SHELF_KEY)}
    for index, metadata in marked_rows.items():
        for one in metadata:
            key = one.get("metadataKey", "")
            if key in found and index not in found[key]:
                value = str(one.get("metadataValue", ""))
                found[key][index] = Mark(int(one["metadataId"]), key, value, "ROWS", index)
    return found


@lru_cache(maxsize=1024)
def column_letters(index: int) -> str:
    """Letters of a column: ``A`` for 0, ``AA`` for 26."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
