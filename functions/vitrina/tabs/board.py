"""The tab *Общая доска* of the agency's workbook: the work in progress of all clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct

from vitrina.operations.services import Services
from vitrina.records.books import Project
from vitrina.records.work import Item
from vitrina.tabs.blocks import used_row_count, write_column
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.reading.work_rows import WorkRow
from vitrina.workbook.writing.change import WorkbookChange
from vitrina.workbook.writing.open_link import open_link
from vitrina.workbook.writing.values import Formula, Value


class BoardLine(Struct, frozen=True):
    """A line of the board: one person's work for a client. Unknown fields are empty."""

    project: Project
    code: str
    action: str
    specialist: str
    hours: float | None
    start_on: date | None
    due_on: date | None
    status: str = ""
    logged_hours: float | None = None
    progress: str = ""
    card: Value = None


def line_of_row(project: Project, row: WorkRow, status: str) -> BoardLine:
    """Line for a row of *В работе*; *status* is in the language of the agency."""
    return BoardLine(
        project=project,
        code=row.code,
        action=row.action if not row.profile else f"{row.action} · {row.profile}",
        specialist=row.specialist,
        hours=row.hours,
        start_on=row.first_day,
        due_on=row.last_day,
        status=status,
        logged_hours=row.logged_hours,
        progress=row.progress,
        card=Formula(row.card.formula) if row.card.formula else row.card.text or None,
    )


def lines_of_item(project: Project, item: Item, profiles: Mapping[str, str]) -> Iterable[BoardLine]:
    """Lines for an item of the store, used where its workbook cannot be read."""
    for action in item.actions:
        days = sorted(action.day_hours)
        if days and not item.is_done and not action.is_done:
            yield BoardLine(
                project=project,
                code=item.code,
                action=f"{item.task} · {profiles.get(action.profile, action.profile)}",
                specialist=action.specialist,
                hours=action.hours,
                start_on=days[0],
                due_on=days[-1],
            )


def is_late(line: BoardLine, today: date) -> bool:
    """Whether the last day of the work has passed."""
    return line.due_on is not None and line.due_on < today


def write_board(services: Services, change: WorkbookChange, book: Book, lines: Iterable[BoardLine]) -> None:
    """Write the work in progress of all clients, the earliest due day at the top."""
    tab = book.tabs.get("board")
    if tab is None:
        return
    locale = locale_of(book)
    ordered = sorted(lines, key=_by_due_day)
    first = tab.header_index + 1
    rows: list[dict[str, Value]] = [
        {
            "client": line.project.client_name,
            "project": line.project.project_name,
            "id": line.code,
            "action": line.action,
            "specialist": line.specialist,
            "status": line.status or None,
            "hours": line.hours,
            "logged_hours": line.logged_hours,
            "start_on": line.start_on,
            "due_on": line.due_on,
            "progress": line.progress or None,
            "card": line.card,
            "workbook": open_link(services.workbooks.url(line.project.spreadsheet_id), locale),
        }
        for line in ordered
    ]
    own = [key for key in tab.columns if not rows or key in rows[0]]
    blank_count = max(0, used_row_count(tab, own) - len(rows))
    change.make_room(tab, first + len(rows))
    for key in own:
        write_column(change, tab, key, [row[key] for row in rows], blank_count)


def _by_due_day(line: BoardLine) -> tuple[date, date, str, str, str]:
    return (
        line.due_on or date.max,
        line.start_on or date.max,
        line.project.client_name,
        line.code,
        line.specialist,
    )
