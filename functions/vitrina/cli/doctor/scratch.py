"""The spreadsheet that the checks play with: a client workbook from the template, thrown away at the end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from vitrina.cli.doctor.workbooks import DoctorsWorkbooks
from vitrina.ports import Json
from vitrina.workbook.reading.book import Book, Cell, Row, Tab, parse_book
from vitrina.workbook.template.compiler import BookValues, compile_book
from vitrina.workbook.template.definition import Locale, load_template
from vitrina.workbook.writing.change import NewRow, WorkbookChange

TITLE = "Vitrina doctor, may be deleted"
TAB = "backlog"

#: Tells a person what to do, and returns when it is done.
Human = Callable[[str], None]


class NoScratchError(Exception):
    """There is no scratch spreadsheet to try it on."""


class Scratch:
    """A workbook of nobody's, written and read as the product does.

    Parameters
    ----------
    editors
        Who may edit what the template protects: the checks by hand need the staff among them.
    human
        Somebody at the page, or ``None``.
    """

    def __init__(
        self, workbooks: DoctorsWorkbooks, *, editors: Sequence[str] = (), human: Human | None = None
    ) -> None:
        self.workbooks = workbooks
        self.human = human
        self.tag = f"doctor-{uuid.uuid4().hex}"
        self._editors = tuple(editors)
        self._spreadsheet_id: str | None = None
        self._is_filled = False
        self._numbers = count(1)
        self._sheet_ids = count(900_001)

    # --- The file --------------------------------------------------------------------------------

    def create(self) -> None:
        """Make the file."""
        self._spreadsheet_id = self.workbooks.create(TITLE, tag=self.tag)

    def fill(self, locale: Locale) -> None:
        """Make a client workbook of it."""
        template = load_template("client")
        requests = compile_book(
            template,
            locale=locale,
            profiles=template.standard_profiles(locale),
            values=BookValues(),
            editors=self._editors,
        )
        self.workbooks.batch_update(self.file_id, requests)
        self._is_filled = True

    def discard(self) -> None:
        """Put the file into the bin, also one of which nobody told that it was made."""
        spreadsheet_id = self._spreadsheet_id or self.workbooks.find_by_tag(self.tag)
        if spreadsheet_id is not None:
            self.workbooks.trash(spreadsheet_id)

    @property
    def file_id(self) -> str:
        """Id of the file, filled or not."""
        if self._spreadsheet_id is None:
            raise NoScratchError("no scratch spreadsheet could be made")
        return self._spreadsheet_id

    @property
    def book_id(self) -> str:
        """Id of the filled workbook."""
        if not self._is_filled:
            raise NoScratchError("the scratch spreadsheet could not be filled")
        return self.file_id

    # --- Reading and writing ---------------------------------------------------------------------

    def book(self) -> Book:
        """The workbook as it is now."""
        return parse_book(self.workbooks.read(self.book_id))

    def tab(self) -> Tab:
        """The table that the checks use."""
        return self.book().tab(TAB)

    def batch(self, *requests: Json) -> Json:
        """Send requests as somebody else would, without any guard."""
        return self.workbooks.batch_update(self.book_id, requests)

    def apply(self, change: WorkbookChange) -> None:
        """Send a guarded write of the product."""
        self.workbooks.batch_update(self.book_id, change.requests())

    def insert(self, *tasks: str) -> dict[str, int]:
        """Put rows with these tasks below the header; gives their numbers."""
        numbers = {task: next(self._numbers) for task in tasks}
        change = WorkbookChange()
        rows = [NewRow(number, {"id": f"D-{number}", "task": task}) for task, number in numbers.items()]
        # Without marks there are no guards: whether those work is a question of its own.
        change.insert(replace(self.tab(), marks=()), rows)
        self.apply(change)
        return numbers

    def new_sheet_id(self) -> int:
        """Id for a tab that a check makes."""
        return next(self._sheet_ids)


def row_of(tab: Tab, task: str) -> Row:
    """The first row with this task."""
    return next(row for row in tab.rows if tab.cell(row, "task").value == task)


def numbers_of(tab: Tab, tasks: Sequence[str]) -> dict[str, int | None]:
    """Numbers of the rows with these tasks, from the top."""
    cells: list[tuple[Row, Cell]] = [(row, tab.cell(row, "task")) for row in tab.rows]
    return {str(cell.value): row.number for row, cell in cells if cell.value in tasks}


def row_range(tab: Tab, start: int, end: int) -> Json:
    """Whole rows as a range of cells."""
    return {
        "sheetId": tab.sheet_id,
        "startRowIndex": start,
        "endRowIndex": end,
        "startColumnIndex": 0,
        "endColumnIndex": tab.column_count,
    }


def rows_span(tab: Tab, start: int, end: int) -> Json:
    """Whole rows as rows."""
    return {"sheetId": tab.sheet_id, "dimension": "ROWS", "startIndex": start, "endIndex": end}
