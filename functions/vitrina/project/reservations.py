"""Items whose start may not stand in the sheet: the sheet shows which of them were started.

The write of a reservation may or may not have reached the sheet. An item that has no card yet and whose row
is back in the backlog, as in an older version of the workbook that a person brought back, was not started
either. Items of another workbook count as they are: its own next reading decides about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from vitrina.records.books import Agency, Project
from vitrina.records.work import Item, ProjectWork
from vitrina.workbook.reading.book import Book, item_number_of_row
from vitrina.workbook.reading.identity import (
    BacklogIdentity,
    ProgressIdentity,
    StartedItem,
    identify_backlog,
    identify_progress,
)

#: Columns by which the rows of a tab are known.
BACKLOG_COLUMNS = frozenset({"id", "task"})
PROGRESS_COLUMNS = frozenset({"id", "action", "profile"})


class RowIdentities(Struct, frozen=True):
    """Who the rows of both tabs are, ``None`` where the rows of a tab cannot be known."""

    progress: ProgressIdentity | None
    backlog: BacklogIdentity | None


class Resolution(Struct, frozen=True):
    """Which of the items that were read are started by the sheet, and which are not."""

    started: Mapping[int, Item]
    not_started: Mapping[int, Item]

    def is_open_reservation(self, book: Book) -> bool:
        """Whether the write of an item that is not in the sheet may still be on its way to it."""
        return any(item.is_reserved and item.fence == book.fence for item in self.not_started.values())

    def applied(self, work: ProjectWork, fence: str) -> ProjectWork:
        """The work of the project without what was not started, and with nothing reserved that was.

        An item that somebody changed since it was read is left as it is. A reservation made under the
        *fence* that the workbook has may still be written, so that it stays.
        """
        for number, item in self.not_started.items():
            is_final = not item.is_reserved or item.fence != fence
            if is_final and work.items.get(number) == item:
                work = work.without_items([number])
        return work.with_seen([number for number in work.items if number in self.started])


def identify_rows(project: Project, agency: Agency, book: Book, items: Iterable[Item]) -> RowIdentities:
    """Who the rows of *Бэклог* and *В работе* are; *items* are all that left the backlog."""
    started = _started_items(agency, items)
    progress, in_progress = None, frozenset(item.number for item in started)
    if has_columns(book, "in_progress", PROGRESS_COLUMNS):
        progress = identify_progress(book, started, prefix=project.code)
        in_progress = progress.items
    if not has_backlog(book):
        return RowIdentities(progress, None)
    backlog = identify_backlog(
        book,
        started,
        in_progress=in_progress,
        prefix=project.code,
        last_number=project.last_number,
    )
    return RowIdentities(progress, backlog)


def resolve_reservations(book: Book, items: Mapping[int, Item], identities: RowIdentities) -> Resolution:
    """Tell items that were started from those that were not, by the sheet as it was read.

    Raises
    ------
    WorkbookShapeError
        If the tab *В работе* is gone.
    """
    # Marks on emptied rows too: the write reached the sheet, whatever people did there since.
    seen = {item_number_of_row(row.number) for row in book.tab("in_progress").rows if row.number}
    seen |= identities.progress.items if identities.progress else items.keys()
    gone = {number for number, item in items.items() if item.is_reserved and number not in seen}
    if identities.backlog:
        gone |= identities.backlog.returned & items.keys()
    return Resolution(
        _with_moved_days({number: item for number, item in items.items() if number not in gone}),
        {number: item for number, item in items.items() if number in gone},
    )


def _with_moved_days(items: Mapping[int, Item]) -> Mapping[int, Item]:
    """The items with the days that reserved ones among them have moved in the sheet."""
    moved = {row: days for item in items.values() for row, days in item.moved_days.items()}
    return ProjectWork("", "", items).with_days(moved).items if moved else items


def has_backlog(book: Book) -> bool:
    """Whether the tab is there and its rows can be known."""
    return has_columns(book, "backlog", BACKLOG_COLUMNS)


def has_columns(book: Book, tab: str, columns: frozenset[str]) -> bool:
    """Whether a tab is there with all of these columns."""
    return tab in book.tabs and columns <= book.tabs[tab].columns.keys()


def require_columns(book: Book, tab: str, columns: frozenset[str]) -> None:
    """Raise ``WorkbookShapeError`` where a tab or one of these columns is gone."""
    for column in sorted(columns):
        book.tab(tab).column(column)


def _started_items(agency: Agency, items: Iterable[Item]) -> list[StartedItem]:
    """Items as the identity of rows needs them."""
    return [
        StartedItem(
            number=item.number,
            task=item.task,
            profiles={
                action.row_number: agency.profiles.get(action.profile, action.profile)
                for action in item.actions
            },
            has_card=bool(item.card_id),
            is_done=item.is_done,
            is_reserved=item.is_reserved,
        )
        for item in items
    ]
