"""Writes to cells and marks of rows at the places where they were read, with what guards them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from vitrina.ports import Json
from vitrina.workbook.reading.book import CONTENT, ROW_KEY, Mark, Repair, Row, Tab
from vitrina.workbook.writing.compare import Area, compare_requests
from vitrina.workbook.writing.requests import create_mark, delete_mark, guard_mark, update_cells

#: Rows that one batch writes. With the guards of all rows of a long backlog it stays far below the 10 MB that
#: Google accepts at once (decision 0065).
MOST_ROWS = 2_000

#: Id of a sheet and index of a row.
RowPlace = tuple[int, int]
#: By sheet: data of a cell by row and column.
Cells = defaultdict[int, dict[tuple[int, int], Json]]


class RowWrites(Struct):
    """What is written to rows, and compared with what was read.

    Parameters
    ----------
    guarded, identified, forgotten
        Numbers of rows: those that must still be there, those that are given, those whose marks are deleted.
    expected
        By sheet, and whether the rows leave it: rows and columns that are compared.
    """

    cells: Cells = field(default_factory=lambda: defaultdict(dict))
    notes: Cells = field(default_factory=lambda: defaultdict(dict))
    guarded: dict[RowPlace, int] = field(default_factory=dict)
    identified: dict[RowPlace, int] = field(default_factory=dict)
    forgotten: dict[RowPlace, int] = field(default_factory=dict)
    repairs: dict[tuple[int, Mark], Repair] = field(default_factory=dict)
    expected: dict[tuple[int, bool], tuple[Tab, set[int], set[int]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((self.cells, self.notes, self.identified, self.forgotten, self.repairs))

    def expect(self, tab: Tab, row: Row, columns: Iterable[int], *, leaves: bool) -> None:
        """Refuse the batch if these cells of the row, or its content, have changed.

        The content is compared because a cut moves it and leaves the mark on the emptied row.
        """
        self.guard(tab, row)
        known = self.expected.get((tab.sheet_id, leaves))
        if known is None:
            content = {tab.columns[key] for key in CONTENT.get(tab.key, ()) if key in tab.columns}
            known = self.expected[tab.sheet_id, leaves] = (tab, set(), content)
        _, rows, indices = known
        rows.add(row.index)
        indices.update(columns)

    def guard(self, tab: Tab, row: Row) -> None:
        """Refuse the batch if the row is not where it was read."""
        if row.number is not None:
            self.guarded[tab.sheet_id, row.index] = row.number

    def take_long_runs(self, *, guarded_sheets: Collection[int]) -> list[RowWrites]:
        """Take out the rows of each sheet beyond ``MOST_ROWS``, as writes that come before these.

        Rows that leave their sheet stay, and so do the guards of all rows of *guarded_sheets*.
        """
        taken: list[RowWrites] = []
        for (sheet_id, leaves), (_, rows, _) in self.expected.items():
            waiting = [] if leaves else sorted(rows - self._leaving(sheet_id))
            for first in range(0, len(waiting) - MOST_ROWS, MOST_ROWS):
                part = self._take(
                    sheet_id,
                    waiting[first : first + MOST_ROWS],
                    keep_guards=sheet_id in guarded_sheets,
                )
                taken.append(part)
        if taken:
            # A number that is given may only be free then.
            taken[0].repairs, self.repairs = self.repairs, {}
            taken[0].forgotten, self.forgotten = self.forgotten, {}
            for one in (*taken, self):
                for place in taken[0].forgotten:
                    one.guarded.pop(place, None)
            taken[0].guarded |= taken[0].forgotten
        return taken

    def _leaving(self, sheet_id: int) -> set[int]:
        return self.expected[sheet_id, True][1] if (sheet_id, True) in self.expected else set()

    def _take(self, sheet_id: int, rows: Sequence[int], *, keep_guards: bool) -> RowWrites:
        """Move the writes to these rows of a sheet into an object of their own."""
        part, taken = RowWrites(), set(rows)
        tab, left, columns = self.expected[sheet_id, False]
        part.expected[sheet_id, False] = (tab, taken, columns)
        left -= taken
        for mine, others in ((self.cells, part.cells), (self.notes, part.notes)):
            for place in [one for one in mine[sheet_id] if one[0] in taken]:
                others[sheet_id][place] = mine[sheet_id].pop(place)
        for row in rows:
            if (sheet_id, row) in self.identified:
                part.identified[sheet_id, row] = self.identified.pop((sheet_id, row))
            if (sheet_id, row) in self.guarded:
                part.guarded[sheet_id, row] = self.guarded[sheet_id, row]
                if not keep_guards:
                    del self.guarded[sheet_id, row]
        return part

    def requests(self) -> list[Json]:
        """Guards, comparison and writes."""
        return [
            *self._guards(),
            *compare_requests(self.areas()),
            *self._marks(),
            *all_cells(self.cells, "userEnteredValue"),
            *all_cells(self.notes, "note"),
        ]

    def _guards(self) -> Iterator[Json]:
        for (sheet_id, index), number in self.guarded.items():
            yield from guard_mark(sheet_id, row_mark(index, number))

    def _marks(self) -> Iterator[Json]:
        for (sheet_id, mark), repair in self.repairs.items():
            yield create_mark(sheet_id, mark) if repair.is_lost else delete_mark(sheet_id, mark)
        for (sheet_id, index), number in self.forgotten.items():
            yield delete_mark(sheet_id, row_mark(index, number))
        for (sheet_id, index), number in self.identified.items():
            yield create_mark(sheet_id, row_mark(index, number))

    def areas(self) -> list[Area]:
        """Areas to compare; rows that leave have areas of their own, as more of their cells are compared."""
        areas = []
        for tab, rows, columns in self.expected.values():
            in_order = sorted(rows)
            lines = [tab.cells_at(row) for row in in_order]
            areas.append(Area(tab.sheet_id, in_order, sorted(columns), lines))
        return areas


def row_mark(index: int, number: int) -> Mark:
    """The mark that gives a row its number."""
    return Mark(number, ROW_KEY, "", "ROWS", index)


def all_cells(changes: Mapping[int, Mapping[tuple[int, int], Json]], fields: str) -> Iterator[Json]:
    """Requests that write cells of several sheets."""
    for sheet_id, cells in changes.items():
        yield from update_cells(sheet_id, cells, fields)
