"""Guarded writes: the one way in which the product changes a workbook.

A change is one ``batchUpdate``, which Google applies whole or not at all. It fails as a whole when
the workbook is not as it was read. Where a row is, follows from three rules (google.md section 2):
metadata follows its row and dies with it, and an id that is in use cannot be created. So

- before a known row is written, its mark is deleted *at the place where it was read* and made
  again: where the row has moved, one of the two is refused; the same is done with the marks of the
  tab's header, of its columns and of its last row;
- a row that moves to another tab is deleted here and its mark made there: should another row have
  been deleted all the same, the mark is still in use and everything is rolled back.

A write that rests on a promise in the store holds the fence (``fence``), so that it cannot come after
somebody else has taken the promise back.

What stands in the cells that are written, or that the change rests on, is compared by the batch itself
(``compare``). Rows that leave a tab are not lost with what people added to them: they move whole to
the shelf, a hidden tab, and come back from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vitrina.ports import Json
from vitrina.workbook.reading.book import CONTENT, ROW_KEY, Book, Field, Mark, Repair, Row, Tab
from vitrina.workbook.writing.compare import Area, compare_requests
from vitrina.workbook.writing.fence import hold_fence
from vitrina.workbook.writing.requests import (
    create_mark,
    delete_mark,
    delete_rows,
    guard_mark,
    row_range,
    runs,
    update_cells,
    whole_row,
)
from vitrina.workbook.writing.shelf import Return, shelve_requests, unshelve_requests
from vitrina.workbook.writing.trace import Trace
from vitrina.workbook.writing.values import Formula, Value, cell_data

__all__ = ["Formula", "NewRow", "Value", "WorkbookChange"]


@dataclass(frozen=True)
class NewRow:
    """A row to be put below the header."""

    number: int
    values: dict[str, Value]


@dataclass(frozen=True)
class _Landing:
    """Where new rows come to stand, where room is made for them, and the row that they look like."""

    first: int
    opened_at: int
    like: int


class WorkbookChange:
    """Gathers what an action writes, and gives it as the requests of one batch.

    ``trace`` says what the change does, for undoing it.
    """

    def __init__(self) -> None:
        self.trace = Trace()
        self._cells: dict[int, dict[tuple[int, int], Json]] = defaultdict(dict)
        self._notes: dict[int, dict[tuple[int, int], Json]] = defaultdict(dict)
        self._expected: dict[tuple[int, bool], tuple[Tab, set[int], set[int]]] = {}
        self._guarded: dict[tuple[int, int], int] = {}
        self._identified: dict[tuple[int, int], int] = {}
        self._forgotten: dict[tuple[int, int], int] = {}
        self._repairs: dict[tuple[int, Mark], Repair] = {}
        self._moved: list[tuple[Tab, Row, int]] = []
        self._deleted: dict[int, set[int]] = defaultdict(set)
        self._brought_back: list[tuple[Tab, int, Row, int | None]] = []
        self._shelf: Tab | None = None
        self._shelf_title = ""
        self._inserted: list[tuple[Tab, _Landing, Sequence[NewRow]]] = []
        self._layouts: dict[int, Tab] = {}
        self._grown: list[Json] = []
        self._fences: list[str] = []
        self._final_cells: dict[int, dict[tuple[int, int], Json]] = defaultdict(dict)

    def __bool__(self) -> bool:
        return bool(
            self._cells
            or self._notes
            or self._identified
            or self._forgotten
            or self._repairs
            or self._moved
            or self._deleted
            or self._brought_back
            or self._inserted
        )

    def set(self, tab: Tab, row: Row, column: str, value: Value) -> None:
        """Write a cell of a row; refused when it does not hold any more what was read of it."""
        self.set_at(tab, row, tab.column(column), value)

    def set_at(self, tab: Tab, row: Row, column: int, value: Value) -> None:
        """The same by the index of the column."""
        self._expect(tab, row, [column], leaves=False)
        self._cells[tab.sheet_id][row.index, column] = cell_data(value)
        self.trace.cell(tab, row, column, value)

    def note(self, tab: Tab, row: Row, column: str, text: str) -> None:
        """Write the note of a cell; an empty text takes it away."""
        self.note_at(tab, row, tab.column(column), text)

    def note_at(self, tab: Tab, row: Row, column: int, text: str) -> None:
        """The same by the index of the column."""
        self._expect(tab, row, [], leaves=False)
        self._notes[tab.sheet_id][row.index, column] = {"note": text}
        self.trace.note(tab, row, column, text)

    def expect(self, tab: Tab, row: Row, *columns: str) -> None:
        """Fail unless these cells of the row hold what was read, and the row is where it was read."""
        self._expect(tab, row, [tab.column(column) for column in columns], leaves=False)

    def set_field(self, tab: Tab, place: Field, value: Value) -> None:
        """Write a field of the form on *tab*."""
        self.guard_layout(tab)
        self._cells[tab.sheet_id][place.row_index, place.column_index] = cell_data(value)
        self.trace.field(place, value)

    def set_block(
        self, tab: Tab, row_index: int, column_index: int, values: Sequence[Sequence[Value]]
    ) -> None:
        """Write a rectangle that belongs to the add-on whole, such as a calendar."""
        self.guard_layout(tab)
        for down, line in enumerate(values):
            for right, value in enumerate(line):
                row, column = row_index + down, column_index + right
                self._cells[tab.sheet_id][row, column] = cell_data(value)
                self.trace.cell(tab, Row(row, None, ()), column, value)

    def identify(self, tab: Tab, row: Row, number: int) -> None:
        """Give a number to a row that has none."""
        self.guard_layout(tab)
        self._identified[tab.sheet_id, row.index] = number
        self.trace.identified(tab, row, number)

    def recognise(self, tab: Tab, row: Row, number: int, code: str, *, by: Collection[str]) -> None:
        """Let mark and ID text of a row agree on the number that it has had before.

        What the columns *by* hold must still be there. Undoing the action does not take this back.
        """
        self.expect(tab, row, "id", *by)
        if row.number != number:
            self._identified[tab.sheet_id, row.index] = number
            self.trace.recognised(tab, row, number)
        self._cells[tab.sheet_id][row.index, tab.column("id")] = cell_data(code)

    def forget(self, tab: Tab, row: Row) -> None:
        """Take its number from a row."""
        if row.number is None:
            raise ValueError(row)
        self._guard(tab, row)
        self.guard_layout(tab)
        self._forgotten[tab.sheet_id, row.index] = row.number

    def repair(self, book: Book) -> None:
        """Make the lost marks of tabs and columns again, and take away the doubled ones."""
        tabs = {tab.sheet_id: tab for tab in book.tabs.values()}
        for repair in book.repairs:
            self._repairs[repair.sheet_id, repair.mark] = repair
            tab = tabs.get(repair.sheet_id)
            if tab is not None and repair.mark.dimension == "COLUMNS":
                # A column is known by its title.
                self._expect(tab, Row(tab.header_index, None, ()), [repair.mark.index], leaves=False)

    def shelve_on(self, shelf: Tab | None, title: str) -> None:
        """Say where rows go that leave a tab: on *shelf*, or on a new one of this *title*."""
        self._shelf, self._shelf_title = shelf, title

    def move_out(self, tab: Tab, row: Row, number: int, *expected: str) -> None:
        """Put a row on the shelf; a row of another tab takes over its *number*.

        Every row of the tab is guarded, not only this one: were it deleted meanwhile, the row below would
        stand in its place, and that row's own mark is a witness that Google cannot overlook. The change
        rests on the cells of the columns *expected*.
        """
        for one in tab.rows:
            self._guard(tab, one)
        self._expect(tab, row, [tab.column(column) for column in expected], leaves=True)
        self._moved.append((tab, row, number))
        self._deleted[tab.sheet_id].add(row.index)
        self.trace.moved(tab, row, number)

    def bring_back(self, tab: Tab, index: int, shelf_row: Row, number: int | None) -> None:
        """Put a row of the shelf before the row that stands at *index* of a tab, under its old *number*."""
        self.guard_layout(tab)
        self._brought_back.append((tab, index, shelf_row, number))

    def delete(self, tab: Tab, row: Row) -> None:
        """Delete a row of the add-on's own, unless people have put something into it since the reading."""
        for one in tab.rows:
            self._guard(tab, one)
        self._expect(tab, row, range(tab.column_count), leaves=True)
        self._deleted[tab.sheet_id].add(row.index)

    def insert(self, tab: Tab, rows: Sequence[NewRow]) -> None:
        """Put rows right below the header, in this order; the rows of *tab* need not be known."""
        first = tab.header_index + 1
        self._insert(tab, rows, _Landing(first, first, like=first + len(rows)))

    def append(self, tab: Tab, rows: Sequence[NewRow]) -> None:
        """Put rows below those of the table, in this order; what people keep further down moves on.

        Formulas of people that begin in the first row, such as ``=ARRAYFORMULA(E2:E)``, then cover the new
        ones. In an empty tab the first row is one that is there, and has to be empty still.
        """
        first = _last_row(tab) + 1
        if first > tab.header_index + 1:
            # Like the empty row below: the one above may be coloured by somebody.
            landing = _Landing(first, first, first + len(rows) if first < tab.row_count else first - 1)
        else:
            empty = Row(first, None, ())
            self._expect(tab, empty, sorted(tab.columns.values()), leaves=True)
            landing = _Landing(first, first + 1, like=first)
        self._insert(tab, rows, landing)

    def _insert(self, tab: Tab, rows: Sequence[NewRow], landing: _Landing) -> None:
        self.guard_layout(tab)
        self._inserted.append((tab, landing, rows))
        self.trace.inserted(tab, landing.opened_at, {row.number: row.values for row in rows})

    def set_at_last(self, sheet_id: int, row_index: int, column_index: int, value: Value) -> None:
        """Write a cell after all rows have moved, at its place then."""
        self._final_cells[sheet_id][row_index, column_index] = cell_data(value)

    def hold_fence(self, book: Book) -> None:
        """Fail where a promise of this workbook was taken back since *book* was read."""
        self._fences = [book.fence]

    def guard_layout(self, tab: Tab) -> None:
        """Fail unless header, columns and last row stand where *tab* has them."""
        self._layouts[tab.sheet_id] = tab

    def make_room(self, tab: Tab, row_count: int) -> None:
        """Add rows at the end of a tab until it has *row_count*; they look like its first row."""
        if row_count > tab.row_count:
            length = row_count - tab.row_count
            self._grown.append(
                {"appendDimension": {"sheetId": tab.sheet_id, "dimension": "ROWS", "length": length}}
            )
            source = whole_row(tab.sheet_id, tab.header_index + 1, tab.column_count)
            target = source | {"startRowIndex": tab.row_count, "endRowIndex": row_count}
            if tab.row_count > tab.header_index + 1:
                self._grown.append(_paste(source, target, "PASTE_FORMAT"))

    def requests(self) -> list[Json]:
        """The batch: guards, cells and notes where they were read, then deletions, then insertions."""
        return [
            *self._grown,
            *(request for fence in self._fences for request in hold_fence(fence)),
            *self._guards(),
            *compare_requests(self._areas()),
            *self._writes(),
            *self._shelve(),
            *self._deletions(),
            *self._unshelve(),
            *(request for inserted in self._inserted for request in _insert_rows(*inserted)),
            *_all_cells(self._final_cells, "userEnteredValue"),
        ]

    def _guards(self) -> Iterator[Json]:
        for tab in self._layouts.values():
            for mark in tab.marks:
                yield from guard_mark(tab.sheet_id, mark)
        for (sheet_id, index), number in self._guarded.items():
            yield from guard_mark(sheet_id, _row_mark(index, number))

    def _writes(self) -> Iterator[Json]:
        for (sheet_id, mark), repair in self._repairs.items():
            yield create_mark(sheet_id, mark) if repair.is_lost else delete_mark(sheet_id, mark)
        for (sheet_id, index), number in self._forgotten.items():
            yield delete_mark(sheet_id, _row_mark(index, number))
        for (sheet_id, index), number in self._identified.items():
            yield create_mark(sheet_id, _row_mark(index, number))
        yield from _all_cells(self._cells, "userEnteredValue")
        yield from _all_cells(self._notes, "note")

    def _deletions(self) -> Iterator[Json]:
        """From below, so that the places of the others still hold."""
        for sheet_id, indices in self._deleted.items():
            for index, count in reversed(list(runs(sorted(indices)))):
                yield delete_rows(sheet_id, index, count)

    def _expect(self, tab: Tab, row: Row, columns: Sequence[int], *, leaves: bool) -> None:
        """Compare cells of a row, and what it is about: a row that is cut leaves its mark behind."""
        self._guard(tab, row)
        self.guard_layout(tab)
        _, rows, indices = self._expected.setdefault((tab.sheet_id, leaves), (tab, set(), set()))
        rows.add(row.index)
        indices.update(columns)
        indices.update(tab.columns[key] for key in CONTENT.get(tab.key, ()) if key in tab.columns)

    def _guard(self, tab: Tab, row: Row) -> None:
        if row.number is not None:
            self._guarded[tab.sheet_id, row.index] = row.number

    def _areas(self) -> list[Area]:
        """What is compared; rows that leave by themselves, as more of their cells count."""
        return [
            Area(tab.sheet_id, sorted(rows), sorted(columns), tab.cell_at)
            for tab, rows, columns in self._expected.values()
        ]

    def _shelve(self) -> list[Json]:
        places = [(tab, row.index, number) for tab, row, number in self._moved]
        return shelve_requests(self._shelf, self._shelf_title, places)

    def _unshelve(self) -> list[Json]:
        """Rows come back when others have been deleted above them."""
        places = []
        for tab, index, shelf_row, number in self._brought_back:
            above = sum(deleted < index for deleted in self._deleted[tab.sheet_id])
            mark = None if number is None else _row_mark(index - above, number)
            places.append(Return(tab, index - above, shelf_row, mark))
        return unshelve_requests(self._shelf, places)


def _all_cells(changes: Mapping[int, Mapping[tuple[int, int], Json]], fields: str) -> Iterator[Json]:
    for sheet_id, cells in changes.items():
        yield from update_cells(sheet_id, cells, fields)


def _row_mark(index: int, number: int) -> Mark:
    return Mark(number, ROW_KEY, "", "ROWS", index)


def _paste(source: Json, target: Json, kind: str) -> Json:
    return {"copyPaste": {"source": source, "destination": target, "pasteType": kind}}


def _last_row(tab: Tab) -> int:
    """Index of the table's last row, or of its header.

    What stands far below or beside the table is no row of it. Rows without a number count where there
    are no others, from the header to the first gap.
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


def _insert_rows(tab: Tab, landing: _Landing, rows: Sequence[NewRow]) -> list[Json]:
    """New rows with the formats and choices of one that is there."""
    first, count = landing.first, len(rows)
    opened = row_range(tab.sheet_id, landing.opened_at, count)
    inherits = landing.opened_at > tab.header_index + 1
    batch: list[Json] = [{"insertDimension": {"range": opened, "inheritFromBefore": inherits}}]
    source = whole_row(tab.sheet_id, landing.like, tab.column_count)
    target = source | {"startRowIndex": first, "endRowIndex": first + count}
    batch += [_paste(source, target, kind) for kind in ("PASTE_FORMAT", "PASTE_DATA_VALIDATION")]
    cells = {
        (first + down, tab.column(column)): cell_data(value)
        for down, row in enumerate(rows)
        for column, value in row.values.items()
    }
    batch += update_cells(tab.sheet_id, cells, "userEnteredValue")
    batch += [create_mark(tab.sheet_id, _row_mark(first + down, row.number)) for down, row in enumerate(rows)]
    return batch
