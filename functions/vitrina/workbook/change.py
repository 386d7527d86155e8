"""Guarded writes: the one way in which the product changes a workbook.

A change is one ``batchUpdate``, which Google applies whole or not at all. It fails as a whole when
a row is not where it was read, by three rules (google.md section 2): metadata follows its row and
dies with it, and an id that is in use cannot be created. So

- before a known row is written, its mark is deleted *at the place where it was read* and made
  again: where the row has moved, one of the two is refused; the same is done with the marks of the
  tab's header, of its columns and of its last row;
- a row that moves to another tab is deleted here and its mark made there: should another row have
  been deleted all the same, the mark is still in use and everything is rolled back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from vitrina.domain.quantities import serial_of_day
from vitrina.ports import Json
from vitrina.workbook.book import ROW_KEY, Field, Mark, Row, Tab


@dataclass(frozen=True)
class Formula:
    """A formula of ours: ``;`` between arguments, English names, no decimal literals."""

    text: str


Value = str | float | date | Formula | None
"""What can be written into a cell; ``None`` empties it, a text is never taken for a formula."""


@dataclass(frozen=True)
class NewRow:
    """A row to be put below the header."""

    number: int
    values: dict[str, Value]


class WorkbookChange:
    """Gathers what an action writes, and gives it as the requests of one batch."""

    def __init__(self) -> None:
        self._cells: dict[int, dict[tuple[int, int], Json]] = defaultdict(dict)
        self._notes: dict[int, dict[tuple[int, int], Json]] = defaultdict(dict)
        self._guarded: dict[tuple[int, int], int] = {}
        self._identified: dict[tuple[int, int], int] = {}
        self._deleted: dict[int, tuple[Tab, set[int]]] = {}
        self._inserted: dict[str, tuple[Tab, list[NewRow]]] = {}
        self._layouts: dict[int, Tab] = {}
        self._grown: list[Json] = []

    def __bool__(self) -> bool:
        return bool(self._cells or self._notes or self._identified or self._deleted or self._inserted)

    def set(self, tab: Tab, row: Row, column: str, value: Value) -> None:
        """Write a cell of a row."""
        self._guard(tab, row)
        self.guard_layout(tab)
        self._cells[tab.sheet_id][row.index, tab.column(column)] = _cell_data(value)

    def note(self, tab: Tab, row: Row, column: str, text: str) -> None:
        """Write the note of a cell; an empty text takes it away."""
        self._guard(tab, row)
        self.guard_layout(tab)
        self._notes[tab.sheet_id][row.index, tab.column(column)] = {"note": text}

    def set_field(self, tab: Tab, place: Field, value: Value) -> None:
        """Write a field of the form on *tab*."""
        self.guard_layout(tab)
        self._cells[place.sheet_id][place.row_index, place.column_index] = _cell_data(value)

    def set_block(
        self, tab: Tab, row_index: int, column_index: int, values: Sequence[Sequence[Value]]
    ) -> None:
        """Write a rectangle that belongs to the add-on whole, such as a calendar."""
        self.guard_layout(tab)
        for down, line in enumerate(values):
            for right, value in enumerate(line):
                self._cells[tab.sheet_id][row_index + down, column_index + right] = _cell_data(value)

    def identify(self, tab: Tab, row: Row, number: int) -> None:
        """Give a number to a row that has none."""
        self.guard_layout(tab)
        self._identified[tab.sheet_id, row.index] = number

    def move_out(self, tab: Tab, row: Row) -> None:
        """Delete a row, whose number a row of another tab takes over.

        Every row of the tab is guarded, not only this one: were it deleted meanwhile, the row below would
        stand in its place, and that row's own mark is a witness that Google cannot overlook.
        """
        for one in tab.rows:
            self._guard(tab, one)
        self.guard_layout(tab)
        self._deleted.setdefault(tab.sheet_id, (tab, set()))[1].add(row.index)

    def insert(self, tab: Tab, rows: Sequence[NewRow]) -> None:
        """Put rows below the header, in this order."""
        self.guard_layout(tab)
        self._inserted.setdefault(tab.key, (tab, []))[1].extend(rows)

    def guard_layout(self, tab: Tab) -> None:
        """Fail unless header, columns and last row stand where *tab* has them."""
        self._layouts[tab.sheet_id] = tab

    def make_room(self, tab: Tab, row_count: int) -> None:
        """Add rows at the end of a tab until it has *row_count*."""
        if row_count > tab.row_count:
            length = row_count - tab.row_count
            self._grown.append(
                {"appendDimension": {"sheetId": tab.sheet_id, "dimension": "ROWS", "length": length}}
            )

    def requests(self) -> list[Json]:
        """The batch: guards, cells and notes where they were read, then deletions, then insertions."""
        batch: list[Json] = list(self._grown)
        for tab in self._layouts.values():
            for mark in tab.marks:
                batch += _guard_requests(tab.sheet_id, mark)
        for (sheet_id, index), number in self._guarded.items():
            batch += _guard_requests(sheet_id, _row_mark(index, number))
        for (sheet_id, index), number in self._identified.items():
            batch.append(_create_mark(sheet_id, _row_mark(index, number)))
        for field, changes in (("userEnteredValue", self._cells), ("note", self._notes)):
            for sheet_id, cells in changes.items():
                batch += _update_cells(sheet_id, cells, field)
        for tab, indices in self._deleted.values():
            batch += [_delete_row(tab.sheet_id, index) for index in sorted(indices, reverse=True)]
        for tab, rows in self._inserted.values():
            batch += _insert_rows(tab, rows)
        return batch

    def _guard(self, tab: Tab, row: Row) -> None:
        if row.number is not None:
            self._guarded[tab.sheet_id, row.index] = row.number


def _cell_data(value: Value) -> Json:
    match value:
        case None:
            return {}
        case Formula(text):
            return {"userEnteredValue": {"formulaValue": text}}
        case str():
            return {"userEnteredValue": {"stringValue": value}}
        case date():
            return {"userEnteredValue": {"numberValue": serial_of_day(value)}}
        case _:
            return {"userEnteredValue": {"numberValue": value}}


def _row_range(sheet_id: int, index: int, count: int = 1) -> Json:
    return {"sheetId": sheet_id, "dimension": "ROWS", "startIndex": index, "endIndex": index + count}


def _row_mark(index: int, number: int) -> Mark:
    return Mark(number, ROW_KEY, "", "ROWS", index)


def _guard_requests(sheet_id: int, mark: Mark) -> list[Json]:
    """Delete a mark at the place where it was read and make it again: refused where it has moved."""
    lookup = {
        "metadataId": mark.metadata_id,
        "locationMatchingStrategy": "EXACT_LOCATION",
        "metadataLocation": _location(sheet_id, mark),
    }
    return [
        {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}},
        _create_mark(sheet_id, mark),
    ]


def _create_mark(sheet_id: int, mark: Mark) -> Json:
    metadata = {
        "metadataId": mark.metadata_id,
        "metadataKey": mark.key,
        "visibility": "DOCUMENT",
        "location": _location(sheet_id, mark),
    }
    if mark.value:
        metadata["metadataValue"] = mark.value
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def _location(sheet_id: int, mark: Mark) -> Json:
    span = {"dimension": mark.dimension, "startIndex": mark.index, "endIndex": mark.index + 1}
    return {"dimensionRange": {"sheetId": sheet_id, **span}}


def _delete_row(sheet_id: int, index: int) -> Json:
    return {"deleteDimension": {"range": _row_range(sheet_id, index)}}


def _update_cells(sheet_id: int, cells: dict[tuple[int, int], Json], fields: str) -> list[Json]:
    """Few requests for many cells: runs along a row, joined with equal runs of the rows below."""
    runs: list[tuple[int, int, list[Json]]] = []
    for row, column in sorted(cells):
        if runs and runs[-1][0] == row and runs[-1][1] + len(runs[-1][2]) == column:
            runs[-1][2].append(cells[row, column])
        else:
            runs.append((row, column, [cells[row, column]]))
    blocks: list[tuple[int, int, list[list[Json]]]] = []
    for row, left, line in sorted(runs, key=lambda run: (run[1], len(run[2]), run[0])):
        if blocks:
            top, block_left, lines = blocks[-1]
            if (block_left, len(lines[0]), top + len(lines)) == (left, len(line), row):
                lines.append(line)
                continue
        blocks.append((row, left, [line]))
    return [
        {
            "updateCells": {
                "range": {
                    "sheetId": sheet_id,
                    "startRowIndex": top,
                    "endRowIndex": top + len(lines),
                    "startColumnIndex": left,
                    "endColumnIndex": left + len(lines[0]),
                },
                "rows": [{"values": line} for line in lines],
                "fields": fields,
            }
        }
        for top, left, lines in blocks
    ]


def _insert_rows(tab: Tab, rows: Sequence[NewRow]) -> list[Json]:
    """Rows right below the header, with the formats and choices of the row that was there."""
    first, count = tab.header_index + 1, len(rows)
    batch: list[Json] = [{"insertDimension": {"range": _row_range(tab.sheet_id, first, count)}}]
    width = {"startColumnIndex": 0, "endColumnIndex": tab.column_count}
    source = {
        "sheetId": tab.sheet_id,
        "startRowIndex": first + count,
        "endRowIndex": first + count + 1,
        **width,
    }
    target = {"sheetId": tab.sheet_id, "startRowIndex": first, "endRowIndex": first + count, **width}
    batch += [
        {"copyPaste": {"source": source, "destination": target, "pasteType": kind}}
        for kind in ("PASTE_FORMAT", "PASTE_DATA_VALIDATION")
    ]
    cells = {
        (first + down, tab.column(column)): _cell_data(value)
        for down, row in enumerate(rows)
        for column, value in row.values.items()
    }
    batch += _update_cells(tab.sheet_id, cells, "userEnteredValue")
    batch += [
        _create_mark(tab.sheet_id, _row_mark(first + down, row.number)) for down, row in enumerate(rows)
    ]
    return batch
