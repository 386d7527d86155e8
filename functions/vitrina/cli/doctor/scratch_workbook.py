"""The spreadsheet that the probes work on: a client workbook from the template, deleted at the end."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from itertools import count

from msgspec.structs import replace

from vitrina.cli.doctor.adapter import DoctorWorkbooks
from vitrina.ports import Json
from vitrina.workbook.reading.book import Book, Cell, Row, Tab, parse_book
from vitrina.workbook.template.compiler import BookValues, compile_book
from vitrina.workbook.template.definition import Locale, load_template
from vitrina.workbook.writing.change import NewRow, WorkbookChange
from vitrina.workbook.writing.protection import Editors

TITLE = "Vitrina doctor, may be deleted"
TAB = "backlog"


#: Shows a person an instruction and returns when the person has done it.
AskPerson = Callable[[str], None]


class NoScratchWorkbookError(Exception):
    """The scratch workbook could not be created or filled, so nothing can be tested on it."""


class ScratchWorkbook:
    """A temporary client workbook, written and read as the product does.

    Parameters
    ----------
    editors
        Who may edit cells that the template protects; probes by hand need the staff among them.
    ask_person
        Asks somebody at the page to do something, or ``None`` if nobody is there.
    """

    def __init__(
        self, workbooks: DoctorWorkbooks, *, editors: Sequence[str] = (), ask_person: AskPerson | None = None
    ) -> None:
        self.workbooks = workbooks
        self.ask_person = ask_person
        self.tag = f"doctor-{uuid.uuid4().hex}"
        self._editors = tuple(editors)
        self._spreadsheet_id: str | None = None
        self._is_filled = False
        self._numbers = count(1)
        self._sheet_ids = count(900_001)

    def create(self) -> None:
        """Create the empty file."""
        self._spreadsheet_id = self.workbooks.create(TITLE, tag=self.tag)

    def fill(self, locale: Locale) -> None:
        """Turn the file into a client workbook."""
        template = load_template("client")
        requests = compile_book(
            template,
            locale=locale,
            profiles=template.standard_profiles(locale),
            values=BookValues(),
            editors=Editors(tuple(one for one in self._editors if not one.startswith("@"))),
        )
        self.workbooks.batch_update(self.file_id, requests)
        self._is_filled = True

    def discard(self) -> None:
        """Put the file into the bin, even if its creation was not confirmed."""
        spreadsheet_id = self._spreadsheet_id or self.workbooks.find_by_tag(self.tag)
        if spreadsheet_id is not None:
            self.workbooks.trash(spreadsheet_id)

    @property
    def file_id(self) -> str:
        """Id of the file, filled or not.

        Raises
        ------
        NoScratchWorkbookError
            If the file could not be created.
        """
        if self._spreadsheet_id is None:
            raise NoScratchWorkbookError("the scratch spreadsheet could not be created")
        return self._spreadsheet_id

    @property
    def book_id(self) -> str:
        """Id of the filled workbook.

        Raises
        ------
        NoScratchWorkbookError
            If the file could not be created or filled.
        """
        if not self._is_filled:
            raise NoScratchWorkbookError("the scratch spreadsheet could not be filled")
        return self.file_id

    def book(self) -> Book:
        """Read the workbook."""
        return parse_book(self.workbooks.read(self.book_id))

    def tab(self) -> Tab:
        """Read the workbook and return the tab that the probes use."""
        return self.book().tab(TAB)

    def batch(self, *requests: Json) -> Json:
        """Send requests without any guard, as another editor would."""
        return self.workbooks.batch_update(self.book_id, requests)

    def apply(self, change: WorkbookChange) -> None:
        """Send a change with the guards of the product."""
        self.workbooks.batch_update(self.book_id, change.requests())

    def insert(self, *tasks: str) -> dict[str, int]:
        """Insert rows with these tasks below the header and return their numbers by task."""
        numbers = {task: next(self._numbers) for task in tasks}
        change = WorkbookChange()
        rows = [NewRow(number, {"id": f"D-{number}", "task": task}) for task, number in numbers.items()]
        # Without marks there are no guards; other probes test whether guards work.
        change.insert(replace(self.tab(), marks=()), rows)
        self.apply(change)
        return numbers

    def new_sheet_id(self) -> int:
        """Return an id for a tab that a probe adds."""
        return next(self._sheet_ids)


def row_with_task(tab: Tab, task: str) -> Row:
    """Return the first row with this task."""
    return next(row for row in tab.rows if tab.cell(row, "task").value == task)


def numbers_by_task(tab: Tab, tasks: Sequence[str]) -> dict[str, int | None]:
    """Return the numbers of the rows with these tasks, in the order of the rows."""
    cells: list[tuple[Row, Cell]] = [(row, tab.cell(row, "task")) for row in tab.rows]
    return {str(cell.value): row.number for row, cell in cells if cell.value in tasks}


def row_range(tab: Tab, start: int, end: int) -> Json:
    """Return a GridRange of whole rows, from index *start* up to but without *end*."""
    return {
        "sheetId": tab.sheet_id,
        "startRowIndex": start,
        "endRowIndex": end,
        "startColumnIndex": 0,
        "endColumnIndex": tab.column_count,
    }


def row_span(tab: Tab, start: int, end: int) -> Json:
    """Return a DimensionRange of rows, from index *start* up to but without *end*."""
    return {"sheetId": tab.sheet_id, "dimension": "ROWS", "startIndex": start, "endIndex": end}
