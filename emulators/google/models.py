"""The state: files, workbooks, tabs, their rows and columns.

A cell is a ``CellData`` dict of the API with what a user entered. It is never changed in place; a change
replaces it by a new dict. So a copy of a workbook (:meth:`Book.clone`) shares its cells and costs about a
millisecond per thousand rows. A batch works on such a copy, which replaces the original when every request of
the batch has succeeded.

A row or column is an object with its own developer metadata, so metadata follows it through insertion,
deletion, moves and sorting without further work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from emulators.google.a1 import Bounds, Box, GridRange, bounds_of
from emulators.google.errors import invalid

Cell = dict[str, Any]
Dimension = Literal["ROWS", "COLUMNS"]

DEFAULT_ROWS, DEFAULT_COLUMNS = 1000, 26
DEFAULT_PIXELS = {"ROWS": 21, "COLUMNS": 100}
MAX_CELLS = 10_000_000
"""Google's limit for one workbook; the sentence of the refusal quotes it."""

EMPTY: Cell = {}

OWNER = "owner@example.com"
"""Who calls the API unless ``Behaviour.account`` says otherwise; the emulator asks for no credentials."""


class Line:
    """A row, which has cells, or a column, which has none."""

    __slots__ = ("cells", "formula_count", "metadata", "properties")

    def __init__(
        self,
        cells: list[Cell] | None = None,
        properties: dict[str, Any] | None = None,
        metadata: tuple[int, ...] = (),
        formula_count: int = 0,
    ) -> None:
        self.cells = cells if cells is not None else []
        self.properties = properties
        self.metadata = metadata
        self.formula_count = formula_count

    def clone(self) -> Line:
        """A copy that shares the cells."""
        return Line(self.cells.copy(), self.properties, self.metadata, self.formula_count)

    @property
    def blank(self) -> bool:
        """Whether the line has nothing that must be stored."""
        return not (self.cells or self.properties or self.metadata)


def formula_of(cell: Cell) -> str | None:
    """The formula that the user entered in *cell*."""
    value = cell.get("userEnteredValue")
    return value.get("formulaValue") if value else None


class Sheet:
    """One tab."""

    def __init__(self, properties: dict[str, Any], rows: list[Line], columns: list[Line]) -> None:
        self.properties = properties
        self.rows = rows
        self.columns = columns
        self.merges: list[GridRange] = []
        self.conditional_formats: list[dict[str, Any]] = []
        self.protected_ranges: list[dict[str, Any]] = []
        self.banded_ranges: list[dict[str, Any]] = []
        self.filter_views: list[dict[str, Any]] = []
        self.charts: list[dict[str, Any]] = []
        self.row_groups: list[dict[str, Any]] = []
        self.column_groups: list[dict[str, Any]] = []
        self.basic_filter: dict[str, Any] | None = None
        self.formula_count = sum(row.formula_count for row in rows)
        #: What was computed from the tab, by a name; ``None`` while the tab may change, as in a draft.
        self.derived: dict[Any, Any] | None = None
        self._positions: dict[str, dict[int, int]] = {}

    # Lists that a tab has beside its grid, by their name in the API and in the state file.
    LISTS = (
        "merges",
        "conditional_formats",
        "protected_ranges",
        "banded_ranges",
        "filter_views",
        "charts",
        "row_groups",
        "column_groups",
    )

    @classmethod
    def blank(cls, properties: dict[str, Any], row_count: int, column_count: int) -> Sheet:
        """An empty tab."""
        return cls(properties, [Line() for _ in range(row_count)], [Line() for _ in range(column_count)])

    @property
    def sheet_id(self) -> int:
        """Id of the tab, which never changes."""
        return self.properties["sheetId"]

    @property
    def title(self) -> str:
        """Title of the tab."""
        return self.properties["title"]

    def lines(self, dimension: str) -> list[Line]:
        """The rows or the columns."""
        return self.rows if dimension == "ROWS" else self.columns

    def clone(self) -> Sheet:
        """A copy that shares the cells."""
        copy = Sheet(self.properties, [row.clone() for row in self.rows], [c.clone() for c in self.columns])
        for name in self.LISTS:
            setattr(copy, name, getattr(self, name).copy())
        copy.basic_filter = self.basic_filter
        return copy

    def is_same_as(self, other: Sheet) -> bool:
        """Whether nothing differs. It is fast where both share their cells."""
        return (
            self.properties == other.properties
            and self.basic_filter == other.basic_filter
            and all(getattr(self, name) == getattr(other, name) for name in self.LISTS)
            and _are_same(self.columns, other.columns)
            and _are_same(self.rows, other.rows)
        )

    # Cells

    def cell(self, row: int, column: int) -> Cell:
        """The entered contents of a cell; an empty dict if there are none."""
        cells = self.rows[row].cells
        return cells[column] if column < len(cells) else EMPTY

    def put(self, row: int, column: int, cell: Cell) -> None:
        """Replace a cell."""
        line = self.rows[row]
        cells = line.cells
        if column < len(cells):
            if line.formula_count and formula_of(cells[column]):
                line.formula_count -= 1
                self.formula_count -= 1
            cells[column] = cell
            if not cell:
                while cells and not cells[-1]:
                    cells.pop()
        elif cell:
            if column > len(cells):
                cells.extend([EMPTY] * (column - len(cells)))
            cells.append(cell)
        if cell and formula_of(cell):
            line.formula_count += 1
            self.formula_count += 1

    def formulas(self) -> Iterator[tuple[int, int, str]]:
        """Every formula with its row and column."""
        if not self.formula_count:
            return
        for index, line in enumerate(self.rows):
            if line.formula_count:
                for column, cell in enumerate(line.cells):
                    text = formula_of(cell)
                    if text:
                        yield index, column, text

    # Ranges

    @property
    def whole(self) -> Box:
        """The whole grid."""
        return Box(0, 0, len(self.rows), len(self.columns))

    def box(self, bounds: Bounds | GridRange) -> Box:
        """*bounds* clipped to the grid."""
        if isinstance(bounds, dict):
            bounds = bounds_of(bounds)
        rows, columns = len(self.rows), len(self.columns)
        return Box(
            min(bounds.top or 0, rows),
            min(bounds.left or 0, columns),
            rows if bounds.bottom is None else min(bounds.bottom, rows),
            columns if bounds.right is None else min(bounds.right, columns),
        )

    def used(self, *, values_only: bool = False) -> Box:
        """The smallest rectangle from A1 that contains every cell (or every value)."""
        bottom = right = 0
        for index, line in enumerate(self.rows):
            cells = line.cells
            width = len(cells)
            if values_only:
                while width and "userEnteredValue" not in cells[width - 1]:
                    width -= 1
            if width:
                bottom = index + 1
                right = max(right, width)
        return Box(0, 0, bottom, min(right, len(self.columns)))

    # Lines

    def positions(self, dimension: str) -> dict[int, int]:
        """Current index of each piece of developer metadata of the rows (columns)."""
        found = self._positions.get(dimension)
        if found is None:
            found = {
                metadata_id: index
                for index, line in enumerate(self.lines(dimension))
                if line.metadata
                for metadata_id in line.metadata
            }
            self._positions[dimension] = found
        return found

    def note_position(self, dimension: str, metadata_id: int, index: int | None) -> None:
        """Note that a piece of metadata is now at line *index*, or at no line (``None``)."""
        known = self._positions.get(dimension)
        if known is not None:
            if index is None:
                known.pop(metadata_id, None)
            else:
                known[metadata_id] = index

    def forget_positions(self) -> None:
        """Clear cached positions, after lines or their metadata changed."""
        self._positions.clear()

    def insert(self, dimension: str, at: int, count: int, like: Line | None = None) -> None:
        """Insert *count* new lines before *at*, with the formats of *like*."""
        self.forget_positions()
        if dimension == "ROWS":
            cells = _formats_only(like.cells) if like else []
            properties = like.properties if like else None
            self.rows[at:at] = [Line(cells.copy(), properties) for _ in range(count)]
            return
        source = self.columns.index(like) if like is not None else None
        for row in self.rows:
            if at < len(row.cells) or (source is not None and source < len(row.cells)):
                cell = row.cells[source] if source is not None and source < len(row.cells) else EMPTY
                row.cells.extend([EMPTY] * (at - len(row.cells)))
                row.cells[at:at] = [_format_only(cell)] * count
                _trim(row.cells)
        self.columns[at:at] = [Line(properties=like.properties if like else None) for _ in range(count)]

    def remove(self, dimension: str, start: int, end: int) -> list[Line]:
        """Remove lines and return them."""
        self.forget_positions()
        lines = self.lines(dimension)
        removed = lines[start:end]
        del lines[start:end]
        if dimension == "COLUMNS":
            for row in self.rows:
                if start < len(row.cells):
                    del row.cells[start:end]
                    row.formula_count = sum(1 for cell in row.cells if formula_of(cell))
                    _trim(row.cells)
        self.formula_count = sum(row.formula_count for row in self.rows) if self.formula_count else 0
        return removed

    def reorder(self, dimension: str, order: list[int]) -> None:
        """Put the lines in a new order: position ``i`` gets the line that was at ``order[i]``."""
        self.forget_positions()
        if dimension == "ROWS":
            self.rows[:] = [self.rows[index] for index in order]
            return
        self.columns[:] = [self.columns[index] for index in order]
        for row in self.rows:
            if row.cells:
                cells = row.cells + [EMPTY] * (len(order) - len(row.cells))
                row.cells = [cells[index] for index in order]
                _trim(row.cells)

    # The state file

    def dump(self) -> dict[str, Any]:
        """The tab as JSON-able data; empty lines are left out."""
        return {
            "properties": self.properties,
            "rowCount": len(self.rows),
            "columnCount": len(self.columns),
            "rows": _dump_lines(self.rows),
            "columns": _dump_lines(self.columns),
            "basic_filter": self.basic_filter,
            **{name: getattr(self, name) for name in self.LISTS},
        }

    @classmethod
    def load(cls, data: dict[str, Any]) -> Sheet:
        """The opposite of :meth:`dump`."""
        sheet = cls.blank(data["properties"], data["rowCount"], data["columnCount"])
        for lines, stored in ((sheet.rows, data["rows"]), (sheet.columns, data["columns"])):
            for index, line in stored:
                cells = line.get("cells", [])
                lines[index] = Line(
                    cells,
                    line.get("properties"),
                    tuple(line.get("metadata", ())),
                    sum(1 for cell in cells if formula_of(cell)),
                )
        sheet.formula_count = sum(row.formula_count for row in sheet.rows)
        for name in cls.LISTS:
            setattr(sheet, name, data.get(name, []))
        sheet.basic_filter = data.get("basic_filter")
        return sheet


def _are_same(lines: list[Line], others: list[Line]) -> bool:
    return len(lines) == len(others) and all(
        line.cells == other.cells and line.properties == other.properties and line.metadata == other.metadata
        for line, other in zip(lines, others, strict=True)
    )


def _trim(cells: list[Cell]) -> None:
    while cells and not cells[-1]:
        cells.pop()


def _format_only(cell: Cell) -> Cell:
    kept = {name: cell[name] for name in ("userEnteredFormat", "dataValidation") if name in cell}
    return kept or EMPTY


def _formats_only(cells: list[Cell]) -> list[Cell]:
    result = [_format_only(cell) for cell in cells]
    _trim(result)
    return result


def _dump_lines(lines: list[Line]) -> list[list[Any]]:
    stored = []
    for index, line in enumerate(lines):
        if not line.blank:
            parts = {"cells": line.cells, "properties": line.properties, "metadata": list(line.metadata)}
            stored.append([index, {name: part for name, part in parts.items() if part}])
    return stored


@dataclass
class Book:
    """One spreadsheet."""

    spreadsheet_id: str
    properties: dict[str, Any]
    sheets: list[Sheet] = field(default_factory=list)
    named_ranges: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Developer metadata by id: key, value, visibility, and where it is (``spreadsheet``, ``sheet``,
    ``ROWS`` or ``COLUMNS``; for the last two the line itself names the id)."""
    owner: str = OWNER
    """Who made it, and may edit every protected range."""
    results: Any = None
    """Computed values of the formulas, kept until the next change; see ``formulas``."""
    answers: tuple[Any, dict[bytes, bytes]] = (None, {})
    """The minute, and the texts that ``spreadsheets.get`` answered in it, by query."""

    def clone(self) -> Book:
        """A copy that shares the cells."""
        return Book(
            self.spreadsheet_id,
            self.properties,
            [sheet.clone() for sheet in self.sheets],
            self.named_ranges.copy(),
            self.metadata.copy(),
            self.owner,
        )

    def keep_tabs_of(self, former: Book | None) -> None:
        """Keep the tabs of the *former* workbook that are as they were, with what was computed from them.

        From then on no tab of this workbook may change.
        """
        tabs = {sheet.sheet_id: sheet for sheet in former.sheets} if former is not None else {}
        for index, sheet in enumerate(self.sheets):
            same = tabs.get(sheet.sheet_id)
            if same is not None and sheet.is_same_as(same):
                self.sheets[index] = same
        for sheet in self.sheets:
            if sheet.derived is None:
                sheet.derived = {}

    @property
    def locale(self) -> str:
        """For example ``ru_RU``."""
        return self.properties.get("locale", "en_US")

    def find(self, sheet_id: int) -> Sheet | None:
        """The tab with this id."""
        return next((sheet for sheet in self.sheets if sheet.sheet_id == sheet_id), None)

    def sheet(self, sheet_id: int) -> Sheet:
        """The tab with this id; raises Google's error if there is none."""
        sheet = self.find(sheet_id)
        if sheet is None:
            raise invalid(f"No grid with id: {sheet_id}")
        return sheet

    def by_title(self, title: str) -> Sheet | None:
        """The tab with this title; case does not matter, as in Google."""
        wanted = title.casefold()
        return next((sheet for sheet in self.sheets if sheet.title.casefold() == wanted), None)

    def check_size(self) -> None:
        """Refuse a size above Google's limit."""
        if sum(len(sheet.rows) * len(sheet.columns) for sheet in self.sheets) > MAX_CELLS:
            raise invalid(
                "This action would increase the number of cells in the workbook above the limit of "
                f"{MAX_CELLS} cells."
            )

    def renumber(self) -> None:
        """Set the indexes of all tabs, after a tab was added, removed or moved."""
        for index, sheet in enumerate(self.sheets):
            if sheet.properties.get("index") != index:
                sheet.properties = sheet.properties | {"index": index}

    def ids_in_use(self) -> set[int]:
        """Ids of tabs and of the objects on them; Google keeps them unique in a workbook."""
        used = {sheet.sheet_id for sheet in self.sheets}
        for sheet in self.sheets:
            for name, key in (
                ("protected_ranges", "protectedRangeId"),
                ("banded_ranges", "bandedRangeId"),
                ("filter_views", "filterViewId"),
                ("charts", "chartId"),
            ):
                used.update(item[key] for item in getattr(sheet, name))
        return used

    def dump(self) -> dict[str, Any]:
        """The workbook as JSON-able data."""
        return {
            "spreadsheet_id": self.spreadsheet_id,
            "properties": self.properties,
            "sheets": [sheet.dump() for sheet in self.sheets],
            "named_ranges": self.named_ranges,
            "metadata": list(self.metadata.items()),
            "owner": self.owner,
        }

    @classmethod
    def load(cls, data: dict[str, Any]) -> Book:
        """The opposite of :meth:`dump`."""
        return cls(
            data["spreadsheet_id"],
            data["properties"],
            [Sheet.load(sheet) for sheet in data["sheets"]],
            data["named_ranges"],
            {int(key): value for key, value in data["metadata"]},
            data.get("owner", OWNER),
        )
