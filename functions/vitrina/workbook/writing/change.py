"""Guarded writes: all changes of a workbook are made by ``WorkbookChange``.

A change is one ``batchUpdate``, or several where it is long (``WorkbookChange.batches``). Google applies each
as a whole or not at all, and refuses it if the workbook is not as it was read. The guards of rows use three
rules (google.md section 2): metadata moves with its row, is deleted with its row, and cannot be created with
an id that is in use. So

- before a row is written, its mark is deleted *at the place where it was read* and created again. If the row
  has moved, one of the two requests is refused. The marks of the header, of the columns and of the last row
  of the tab are guarded in the same way;
- a row that moves to another tab is deleted, and its mark is created in the other tab. If another row was
  deleted instead, the mark is still in use and the whole batch is refused.

A write that moves rows holds the fence (``fence``), so that it is refused after its reservation was taken
back, or the lease of its run was taken over.

The batch itself compares the cells that are written, or that the change depends on, with what was read
(``compare``). Rows that leave a tab keep what people added to them: they move to the shelf as a whole and can
come back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from vitrina.ports import Json
from vitrina.workbook.reading.book import Book, Field, Row, Tab
from vitrina.workbook.writing.fence import hold_fence
from vitrina.workbook.writing.requests import (
    create_mark,
    delete_rows,
    guard_mark,
    hide_rows,
    make_chat_mark,
    replace_tracker_mark,
    row_range,
    runs,
    update_cells,
    whole_row,
)
from vitrina.workbook.writing.row_writes import RowWrites, all_cells, row_mark
from vitrina.workbook.writing.shelf import NewShelf, Return, shelve_requests, unshelve_requests
from vitrina.workbook.writing.undoing.trace import Trace
from vitrina.workbook.writing.values import Formula, Value, cell_data

__all__ = ["Formula", "NewRow", "Value", "WorkbookChange"]


class NewRow(Struct, frozen=True):
    """A row to be inserted, with notes of its cells by column."""

    number: int
    values: dict[str, Value]
    notes: dict[str, str] = field(default_factory=dict)


class _Landing(Struct, frozen=True):
    """Place of new rows, place where rows are inserted for them, and the row whose format they take."""

    first: int
    opened_at: int
    like: int


class WorkbookChange:
    """Collects the writes of an action and returns them as the requests of one batch.

    ``trace`` records the change, to undo it.
    """

    def __init__(self) -> None:
        self.trace = Trace()
        self._rows = RowWrites()
        self._moved: list[tuple[Tab, Row, int]] = []
        self._deleted: dict[int, set[int]] = defaultdict(set)
        self._brought_back: list[tuple[Tab, int, Row, int]] = []
        self._shelf: Tab | None = None
        self._new_shelf = NewShelf("")
        self._inserted: list[tuple[Tab, _Landing, Sequence[NewRow]]] = []
        self._lines: list[tuple[Tab, Sequence[Mapping[str, Value]], int]] = []
        self._layouts: dict[int, Tab] = {}
        self._grown: list[Json] = []
        self._fences: list[str] = []
        self._book_marks: list[Json] = []
        self._shown_rows: dict[tuple[int, int], bool] = {}
        self._final_cells: dict[int, dict[tuple[int, int], Json]] = defaultdict(dict)

    def __bool__(self) -> bool:
        return bool(
            self._rows
            or self._moved
            or self._deleted
            or self._brought_back
            or self._inserted
            or self._lines
            or self._book_marks
        )

    def set(self, tab: Tab, row: Row, column: str, value: Value) -> None:
        """Write a cell of a row; the batch is refused if the cell has changed since it was read."""
        self.set_at(tab, row, tab.column(column), value)

    def set_at(self, tab: Tab, row: Row, column: int, value: Value) -> None:
        """As ``set``, by the index of the column."""
        self._set_compared(tab, row, {column: value})

    def set_cells(self, tab: Tab, row: Row, values: Mapping[str, Value]) -> None:
        """Write several cells of a row, by column; each is compared as in ``set``."""
        self._set_compared(tab, row, {tab.column(column): value for column, value in values.items()})

    def note(self, tab: Tab, row: Row, column: str, text: str) -> None:
        """Write the note of a cell; an empty text deletes it."""
        self.note_at(tab, row, tab.column(column), text)

    def note_at(self, tab: Tab, row: Row, column: int, text: str) -> None:
        """As ``note``, by the index of the column."""
        self._expect(tab, row, [], leaves=False)
        self._rows.notes[tab.sheet_id][row.index, column] = {"note": text}
        self.trace.note(tab, row, column, text)

    def expect(self, tab: Tab, row: Row, *columns: str) -> None:
        """Refuse the batch if the row has moved or one of these cells has changed since the reading."""
        self._expect(tab, row, [tab.column(column) for column in columns], leaves=False)

    def set_field(self, tab: Tab, place: Field, value: Value) -> None:
        """Write a field of the form on *tab*."""
        self.guard_layout(tab)
        self._rows.cells[tab.sheet_id][place.row_index, place.column_index] = cell_data(value)
        self.trace.field(place, value)

    def set_field_if_same(
        self, tab: Tab, place: Field, value: Value, *, rests_on: Collection[Field] = ()
    ) -> None:
        """As ``set_field``; the batch is refused if it, or a field that it rests on, has changed since."""
        for one in (place, *rests_on):
            self._expect(tab, Row(one.row_index, None, ()), [one.column_index], leaves=False)
        self.set_field(tab, place, value)

    def show_row(self, tab: Tab, row_index: int, *, is_shown: bool) -> None:
        """Show or hide a row of a form."""
        self.guard_layout(tab)
        self._shown_rows[tab.sheet_id, row_index] = is_shown

    def set_block(
        self, tab: Tab, row_index: int, column_index: int, values: Sequence[Sequence[Value]]
    ) -> None:
        """Write cells that only the add-on fills, such as a calendar; they are not compared."""
        self.guard_layout(tab)
        for down, line in enumerate(values):
            row = Row(row_index + down, None, ())
            self._set_cells(tab, row, dict(enumerate(line, start=column_index)))

    def identify(self, tab: Tab, row: Row, number: int) -> None:
        """Give a number to a row without one."""
        self.guard_layout(tab)
        self._rows.identified[tab.sheet_id, row.index] = number
        self.trace.identified(tab, row, number)

    def recognise(self, tab: Tab, row: Row, number: int, code: str, *, by: Collection[str]) -> None:
        """Repair mark and ID text of a row that has had *number* before.

        The batch is refused if a cell of the columns *by* has changed. Undoing the action keeps the repair.
        """
        self.expect(tab, row, "id", *by)
        if row.number != number:
            self._rows.identified[tab.sheet_id, row.index] = number
            self.trace.recognised(tab, row, number)
        self._rows.cells[tab.sheet_id][row.index, tab.column("id")] = cell_data(code)

    def forget(self, tab: Tab, row: Row) -> None:
        """Delete the mark of a row, and with it its number."""
        if row.number is None:
            raise ValueError(row)
        self._rows.guard(tab, row)
        self.guard_layout(tab)
        self._rows.forgotten[tab.sheet_id, row.index] = row.number

    def repair(self, book: Book) -> None:
        """Create lost marks of tabs and columns again, and delete doubled ones."""
        tabs = {tab.sheet_id: tab for tab in book.tabs.values()}
        for repair in book.repairs:
            self._rows.repairs[repair.sheet_id, repair.mark] = repair
            tab = tabs.get(repair.sheet_id)
            if tab is not None and repair.mark.dimension == "COLUMNS":
                # The column was identified by its title.
                self._expect(tab, Row(tab.header_index, None, ()), [repair.mark.index], leaves=False)

    def shelve_on(self, shelf: Tab | None, new: NewShelf) -> None:
        """Set the shelf for rows that leave a tab; without one a *new* shelf is created."""
        self._shelf, self._new_shelf = shelf, new

    def move_out(self, tab: Tab, row: Row, number: int, *expected: str) -> None:
        """Move a row to the shelf; a row of another tab takes over its *number*.

        All rows of the tab are guarded: if this row was deleted meanwhile, the row below is in its place and
        the guard of that row's mark is refused. The batch is also refused if a cell of the columns *expected*
        has changed.
        """
        for one in tab.rows:
            self._rows.guard(tab, one)
        self._expect(tab, row, [tab.column(column) for column in expected], leaves=True)
        self._moved.append((tab, row, number))
        self._deleted[tab.sheet_id].add(row.index)
        self.trace.moved(tab, row, number)

    def bring_back(self, tab: Tab, index: int, shelf_row: Row, number: int) -> None:
        """Move a row of the shelf before the row at *index* of a tab, with its *number*."""
        self.guard_layout(tab)
        self._brought_back.append((tab, index, shelf_row, number))

    def delete(self, tab: Tab, row: Row) -> None:
        """Delete a row of the add-on; the batch is refused if people have changed it since the reading."""
        for one in tab.rows:
            self._rows.guard(tab, one)
        self._expect(tab, row, range(tab.column_count), leaves=True)
        self._deleted[tab.sheet_id].add(row.index)

    def insert(self, tab: Tab, rows: Sequence[NewRow]) -> None:
        """Insert rows right below the header, in this order; other rows of *tab* may have changed."""
        first = tab.header_index + 1
        self._insert(tab, rows, _Landing(first, first, like=first + len(rows)))

    def append(self, tab: Tab, rows: Sequence[NewRow]) -> None:
        """Insert rows below those of the table, in this order; content further down moves down.

        So formulas of people that begin in the first row, such as ``=ARRAYFORMULA(E2:E)``, include the new
        rows. In an empty tab the first of them is an existing row, and the batch is refused if it is not
        empty.
        """
        first = _last_row(tab) + 1
        if first > tab.header_index + 1:
            # The format of the empty row below is taken, as people may have coloured the row above.
            landing = _Landing(first, first, first + len(rows) if first < tab.row_count else first - 1)
        else:
            empty = Row(first, None, ())
            self._expect(tab, empty, sorted(tab.columns.values()), leaves=True)
            landing = _Landing(first, first + 1, like=first)
        self._insert(tab, rows, landing)

    def insert_lines(self, tab: Tab, lines: Sequence[Mapping[str, Value]], *, most: int) -> None:
        """Insert rows without numbers right below the header; rows beyond *most* are deleted at the end."""
        if lines:
            self.guard_layout(tab)
            self._lines.append((tab, lines, most))

    def _insert(self, tab: Tab, rows: Sequence[NewRow], landing: _Landing) -> None:
        self.guard_layout(tab)
        self._inserted.append((tab, landing, rows))
        self.trace.inserted(tab, landing.opened_at, {row.number: row.values for row in rows})

    def set_at_last(self, sheet_id: int, row_index: int, column_index: int, value: Value) -> None:
        """Write a cell after all rows have moved, by its place then."""
        self._final_cells[sheet_id][row_index, column_index] = cell_data(value)

    def set_tracker_mark(self, book: Book, value: str) -> None:
        """Have the workbook say something else of its project's tracker; see ``tracker_mark``."""
        self._book_marks += replace_tracker_mark(book.tracker_mark, value)

    def set_chat_mark(self, value: str) -> None:
        """Have the workbook say that its agency has a chat; it must not say so already."""
        self._book_marks += make_chat_mark(value)

    def hold_fence(self, book: Book) -> None:
        """Refuse the batch if somebody moved the fence of this workbook since *book* was read."""
        self._fences = [book.fence]

    def guard_layout(self, tab: Tab) -> None:
        """Refuse the batch if header, columns or last row of *tab* have moved."""
        self._layouts[tab.sheet_id] = tab

    def make_room(self, tab: Tab, row_count: int) -> None:
        """Append rows to a tab until it has *row_count*, with the format of its first row."""
        if row_count > tab.row_count:
            length = row_count - tab.row_count
            self._grown.append(
                {"appendDimension": {"sheetId": tab.sheet_id, "dimension": "ROWS", "length": length}}
            )
            source = whole_row(tab.sheet_id, tab.header_index + 1, tab.column_count)
            target = source | {"startRowIndex": tab.row_count, "endRowIndex": row_count}
            if tab.row_count > tab.header_index + 1:
                self._grown.append(_paste(source, target, "PASTE_FORMAT"))

    def batches(self) -> list[list[Json]]:
        """The requests in batches that each write at most ``MOST_ROWS`` rows. Send them one after the other.

        The last one adds, moves and deletes rows, so that the rows of the others are where they were read.
        Each has its own guards.
        """
        first = self._rows.take_long_runs(guarded_sheets=self._deleted)
        return [*([*self._held(), *part.requests()] for part in first), self.requests()]

    def requests(self) -> list[Json]:
        """One batch: guards, cells and notes at the places where they were read, deletions, insertions."""
        return [
            *self._grown,
            *self._held(),
            *self._book_marks,
            *self._rows.requests(),
            *(
                hide_rows(sheet_id, row, 1, hidden=not is_shown)
                for (sheet_id, row), is_shown in self._shown_rows.items()
            ),
            *self._shelve(),
            *self._deletions(),
            *self._unshelve(),
            *(request for inserted in self._inserted for request in _insert_rows(*inserted)),
            *(request for lines in self._lines for request in _insert_lines(*lines)),
            *all_cells(self._final_cells, "userEnteredValue"),
        ]

    def _held(self) -> Iterator[Json]:
        """Requests that are refused if the fence, or header, columns or last row of a tab, were moved."""
        for fence in self._fences:
            yield from hold_fence(fence)
        for tab in self._layouts.values():
            for mark in tab.marks:
                yield from guard_mark(tab.sheet_id, mark)

    def _deletions(self) -> Iterator[Json]:
        """Deletions from below, so that the indices of other rows stay valid."""
        for sheet_id, indices in self._deleted.items():
            for index, count in reversed(list(runs(sorted(indices)))):
                yield delete_rows(sheet_id, index, count)

    def _set_compared(self, tab: Tab, row: Row, values: Mapping[int, Value]) -> None:
        self._expect(tab, row, values, leaves=False)
        self._set_cells(tab, row, values)

    def _set_cells(self, tab: Tab, row: Row, values: Mapping[int, Value]) -> None:
        """Write and record cells of a row, by the index of the column; they are not compared."""
        cells = self._rows.cells[tab.sheet_id]
        for column, value in values.items():
            cells[row.index, column] = cell_data(value)
        self.trace.cells(tab, row, values)

    def _expect(self, tab: Tab, row: Row, columns: Iterable[int], *, leaves: bool) -> None:
        self.guard_layout(tab)
        self._rows.expect(tab, row, columns, leaves=leaves)

    def _shelve(self) -> list[Json]:
        places = [(tab, row.index, number) for tab, row, number in self._moved]
        return shelve_requests(self._shelf, self._new_shelf, places)

    def _unshelve(self) -> list[Json]:
        """Rows come back after other rows were deleted, so their indices are corrected."""
        places = []
        for tab, index, shelf_row, number in self._brought_back:
            above = sum(deleted < index for deleted in self._deleted[tab.sheet_id])
            places.append(Return(tab, index - above, shelf_row, row_mark(index - above, number)))
        return unshelve_requests(self._shelf, places)


def _paste(source: Json, target: Json, kind: str) -> Json:
    return {"copyPaste": {"source": source, "destination": target, "pasteType": kind}}


def _last_row(tab: Tab) -> int:
    """Index of the last row of the table, or of its header if the table is empty.

    It is the last row with a number; without such rows, the last before the first gap below the header.
    Content further down or beside the table does not belong to it.
    """
    numbered = [row.index for row in tab.rows if row.number]
    if numbered:
        return max(numbered)
    last = tab.header_index
    for row in tab.rows:
        if all(tab.cell_at(row.index, column).is_empty for column in tab.columns.values()):
            break
        last = row.index
    return last


def _insert_lines(tab: Tab, lines: Sequence[Mapping[str, Value]], most: int) -> list[Json]:
    """Insert rows below the header, and delete as many of the last ones as are too many."""
    first = tab.header_index + 1
    batch = _open_rows(tab, _Landing(first, first, like=first + len(lines)), lines)
    too_many = tab.row_count + len(lines) - first - most
    return [*batch, delete_rows(tab.sheet_id, first + most, too_many)] if too_many > 0 else batch


def _open_rows(tab: Tab, landing: _Landing, rows: Sequence[Mapping[str, Value]]) -> list[Json]:
    """Insert rows with the formats and drop-downs of an existing row, and write their values."""
    first, count = landing.first, len(rows)
    opened = row_range(tab.sheet_id, landing.opened_at, count)
    inherits = landing.opened_at > tab.header_index + 1
    batch: list[Json] = [{"insertDimension": {"range": opened, "inheritFromBefore": inherits}}]
    source = whole_row(tab.sheet_id, landing.like, tab.column_count)
    target = source | {"startRowIndex": first, "endRowIndex": first + count}
    batch += [_paste(source, target, kind) for kind in ("PASTE_FORMAT", "PASTE_DATA_VALIDATION")]
    cells = {
        (first + down, tab.column(column)): cell_data(value)
        for down, values in enumerate(rows)
        for column, value in values.items()
    }
    return [*batch, *update_cells(tab.sheet_id, cells, "userEnteredValue")]


def _insert_rows(tab: Tab, landing: _Landing, rows: Sequence[NewRow]) -> list[Json]:
    """Insert rows with their notes and numbers."""
    first = landing.first
    batch = _open_rows(tab, landing, [row.values for row in rows])
    notes: dict[tuple[int, int], Json] = {
        (first + down, tab.column(column)): {"note": text}
        for down, row in enumerate(rows)
        for column, text in row.notes.items()
    }
    batch += update_cells(tab.sheet_id, notes, "note")
    batch += [create_mark(tab.sheet_id, row_mark(first + down, row.number)) for down, row in enumerate(rows)]
    return batch
