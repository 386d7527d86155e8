"""A person who edits the spreadsheet and finds rows by their texts.

Each edit is noted in the expected state at the same moment. If the row is gone, or the edit is refused,
nothing is changed and nothing is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.chaos.agency import DOUBLE_COLUMN, PROFILE_TITLES
from benchmarks.chaos.expected import HOURS, ExpectedState
from benchmarks.chaos.grid import Grid, Line
from benchmarks.chaos.history import Json
from emulators.google import edits
from emulators.google.errors import ApiError
from emulators.google.store import Store
from vitrina.workbook.reading.book import column_letters

#: Columns of the backlog into which people do not type.
ADDON_COLUMNS = frozenset({"id", "task", "hours_total", "source", "reason"})


class TargetMissingError(Exception):
    """The row or column to edit does not exist."""


class Person:
    """Edits one workbook.

    Parameters
    ----------
    titles
        Headings by tab and key.
    """

    def __init__(
        self,
        store: Store,
        spreadsheet_id: str,
        titles: Mapping[str, Mapping[str, str]],
        expected: ExpectedState,
        email: str,
    ) -> None:
        self._store = store
        self._spreadsheet_id = spreadsheet_id
        self._titles = titles
        self.expected = expected
        self._email = email
        self._handlers: Mapping[str, Callable[..., None]] = {
            "type": self._type,
            "remark": self._remark,
            "note": self._note,
            "add": self._add,
            "delete": self._delete,
            "insert_rows": self._insert_rows,
            "sort": self._sort,
            "drag": self._drag,
            "copy_row": self._copy_row,
            "cut_row": self._cut_row,
            "insert_column": self._insert_column,
            "move_column": self._move_column,
            "rename_tab": self._rename_tab,
            "move_tab": self._move_tab,
            "filter": self._filter,
            "own_columns": self._own_columns,
        }

    def do(self, edit: Json) -> bool:
        """Make an edit; returns whether it was possible."""
        arguments = dict(edit)
        handler = self._handlers[arguments.pop("do")]
        with self._store.lock:
            try:
                handler(**arguments)
            except (TargetMissingError, ApiError):
                return False
        return True

    def grid(self, tab: str) -> Grid:
        """The current state of a tab."""
        return Grid(self._store.book(self._spreadsheet_id), tab, self._titles[tab])

    # --- Cells -----------------------------------------------------------------------------------

    def _type(self, task: str, column: str, text: str) -> None:
        """Type into a cell of the backlog."""
        grid = self.grid("backlog")
        line = self._single(grid.find(task))
        self._enter(grid, line, {column: text})
        self.expected.items[task].type(column, self.grid("backlog").value(line, column))

    def _remark(self, task: str, profile: str, column: str, text: str) -> None:
        """Type into a cell of a row in progress."""
        grid = self.grid("in_progress")
        line = self._single(grid.find(task, profile=PROFILE_TITLES[profile]))
        self._enter(grid, line, {column: text})
        value = self.grid("in_progress").value(line, column)
        self.expected.items[task].remarks[profile, column] = value

    def _note(self, task: str, column: str, text: str) -> None:
        """Set the note of a cell of the backlog."""
        grid = self.grid("backlog")
        line = self._single(grid.find(task))
        address = grid.address(line, column)
        self._apply({"type": "note", "sheet": grid.title, "cell": address, "text": text})
        self.expected.items[task].notes[column] = text

    # --- Rows ------------------------------------------------------------------------------------

    def _add(self, task: str, cells: Mapping[str, str], above: str = "") -> None:
        """Type a new task below the last one, or into a new row above an existing one."""
        grid = self.grid("backlog")
        if above:
            line = Line(self._single(grid.find(above)).index, ())
            self._apply({"type": "insert_rows", "sheet": grid.title, "at": line.index + 1, "count": 1})
        else:
            line = self._first_free_line(grid)
        self._enter(self.grid("backlog"), line, {"task": task, **cells})
        item = self.expected.add(task)
        grid = self.grid("backlog")
        for key in cells:
            item.type(key, grid.value(line, key))

    def _delete(self, task: str) -> None:
        """Delete the row of a task that is still in the backlog."""
        grid = self.grid("backlog")
        line = self._single(grid.find(task))
        self._apply({"type": "delete_rows", "sheet": grid.title, "at": line.index + 1, "count": 1})
        self.expected.items[task].is_deleted = True

    def _insert_rows(self, tab: str, count: int, above: str = "") -> None:
        """Insert empty rows above a task, or above the headings."""
        grid = self.grid(tab)
        at = grid.find(above)[0].index if above and grid.find(above) else grid.header_index
        self._apply({"type": "insert_rows", "sheet": grid.title, "at": at + 1, "count": count})

    def _sort(self, tab: str, column: str, order: str) -> None:
        """Sort all rows below the headings."""
        grid = self.grid(tab)
        last = max((one.index for one in grid.used), default=grid.header_index)
        if last == grid.header_index or column not in grid.columns:
            raise TargetMissingError
        width = column_letters(len(grid.sheet.columns) - 1)
        area = f"A{grid.header_index + 2}:{width}{last + 1}"
        by = column_letters(grid.columns[column])
        self._apply({"type": "sort", "sheet": grid.title, "range": area, "column": by, "order": order})

    def _drag(self, tab: str, task: str, to: str) -> None:
        """Drag the row of a task to the place of another one."""
        grid = self.grid(tab)
        line, target = self._first(grid.find(task)), self._first(grid.find(to))
        if line.index == target.index:
            raise TargetMissingError
        move = {"type": "move_rows", "sheet": grid.title, "at": line.index + 1, "count": 1}
        self._apply({**move, "to": target.index + 1})

    def _copy_row(self, task: str, new_task: str) -> None:
        """Copy the row of a task, with its ID, below the last one, and type another task into the copy."""
        grid = self.grid("backlog")
        line = self._single(grid.find(task))
        target = self._first_free_line(grid)
        self._paste("copy_paste", grid, line, target)
        self._enter(self.grid("backlog"), target, {"task": new_task})
        grid = self.grid("backlog")
        item, original = self.expected.add(new_task), self.expected.items[task]
        for key in grid.columns:
            value = grid.value(target, key)
            if value is None or key in ADDON_COLUMNS or key == DOUBLE_COLUMN:
                continue
            # The add-on still knows the original's figures, so it treats them as its own in the copy too.
            if key.startswith(HOURS) and original.typed.get(key) is None:
                item.has_copied_figures = True
            else:
                item.type(key, value)
        self._mark_ambiguous(grid)

    def _cut_row(self, task: str) -> None:
        """Cut the row of a task and paste it below the last one. The mark of the row is not moved."""
        grid = self.grid("backlog")
        self._paste("cut_paste", grid, self._single(grid.find(task)), self._first_free_line(grid))
        self._mark_ambiguous(self.grid("backlog"))

    def _mark_ambiguous(self, grid: Grid) -> None:
        """Mark rows as ambiguous that have the same ID and no mark: they cannot be told apart."""
        by_id: dict[str, list[Line]] = {}
        for line in grid.used:
            by_id.setdefault(grid.text(line, "id"), []).append(line)
        for text, lines in by_id.items():
            if text and len(lines) > 1 and not any(line.numbers for line in lines):
                for line in lines:
                    self.expected.items[grid.text(line, "task")].is_ambiguous = True

    def _paste(self, kind: str, grid: Grid, line: Line, target: Line) -> None:
        width = column_letters(len(grid.sheet.columns) - 1)
        source = f"A{line.index + 1}:{width}{line.index + 1}"
        self._apply({"type": kind, "sheet": grid.title, "from": source, "to": f"A{target.index + 1}"})

    @staticmethod
    def _first_free_line(grid: Grid) -> Line:
        return Line(max((one.index for one in grid.used), default=grid.header_index) + 1, ())

    # --- Columns, tabs, views --------------------------------------------------------------------

    def _insert_column(self, tab: str, before: str) -> None:
        grid = self.grid(tab)
        at = column_letters(grid.columns[before])
        self._apply({"type": "insert_columns", "sheet": grid.title, "at": at, "count": 1})

    def _move_column(self, tab: str, column: str, before: str) -> None:
        grid = self.grid(tab)
        if column == before:
            raise TargetMissingError
        at, to = column_letters(grid.columns[column]), column_letters(grid.columns[before])
        self._apply({"type": "move_columns", "sheet": grid.title, "at": at, "count": 1, "to": to})

    def _rename_tab(self, tab: str, title: str) -> None:
        self._apply({"type": "rename_tab", "sheet": self.grid(tab).title, "title": title})

    def _move_tab(self, tab: str, index: int) -> None:
        self._apply({"type": "move_tab", "sheet": self.grid(tab).title, "index": index})

    def _filter(self, tab: str) -> None:
        grid = self.grid(tab)
        width = column_letters(len(grid.sheet.columns) - 1)
        area = f"A{grid.header_index + 1}:{width}{len(grid.sheet.rows)}"
        self._apply({"type": "filter", "sheet": grid.title, "range": area})

    def _own_columns(self, titles: Sequence[str]) -> None:
        """Add columns of the person's own at the right of the backlog."""
        grid = self.grid("backlog")
        for offset, title in enumerate(titles):
            at = column_letters(len(grid.sheet.columns) + offset)
            self._apply({"type": "insert_columns", "sheet": grid.title, "at": at, "count": 1})
            cell = f"{at}{grid.header_index + 1}"
            self._apply({"type": "type", "sheet": grid.title, "cell": cell, "text": title})

    def add_formula(self, task: str) -> None:
        """Type a formula beside a task: twice its quantity."""
        grid = self.grid("backlog")
        line = self._single(grid.find(task))
        self._enter(grid, line, {DOUBLE_COLUMN: f"={grid.address(line, 'quantity')}*2"})

    # --- Finding and typing ----------------------------------------------------------------------

    def _enter(self, grid: Grid, line: Line, cells: Mapping[str, str]) -> None:
        missing = cells.keys() - grid.columns.keys()
        if missing:
            raise TargetMissingError
        self._apply(
            *(
                {"type": "type", "sheet": grid.title, "cell": grid.address(line, key), "text": text}
                for key, text in cells.items()
            )
        )

    def _apply(self, *actions: Mapping[str, Any]) -> None:
        body = {"spreadsheet_id": self._spreadsheet_id, "as": self._email, "edits": list(actions)}
        edits.apply(self._store, body)

    @staticmethod
    def _first(lines: Sequence[Line]) -> Line:
        if not lines:
            raise TargetMissingError
        return lines[0]

    @staticmethod
    def _single(lines: Sequence[Line]) -> Line:
        """The only row. If there are two, something is already wrong, and neither is edited."""
        if len(lines) != 1:
            raise TargetMissingError
        return lines[0]
