"""The selected cell or row of a client's workbook as the beginning of a task for a specialist."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from vitrina.errors import CellsError, UserError
from vitrina.project.planner_input import PlannedPart, parts_of
from vitrina.project.snapshot import Snapshot
from vitrina.records.backlog_state import hash_of_note
from vitrina.workbook.reading.backlog_rows import HOURS_PREFIX, BacklogRow
from vitrina.workbook.reading.book import Tab
from vitrina.workbook.reading.work_rows import WorkRow

#: Most characters of a title that is taken from a longer text.
MOST_TITLE = 120


class Selection(Struct, frozen=True):
    """What a person selected: the cell's sheet and its row, both ``None`` if unknown, and the cell's note.

    ``row`` counts from 1, as people see it.
    """

    sheet_id: int | None = None
    row: int | None = None
    note: str = ""


class TaskSource(Struct, frozen=True):
    """The texts that the form of a task is filled with, and the row that they come from.

    ``backlog_row`` is a row that is started with the task. ``row_choice`` is a row of the backlog whose cell
    has the note that was taken instead. ``work_row`` is a row in progress whose words were taken.
    """

    title: str = ""
    result: str = ""
    work_type: str = ""
    is_note: bool = False
    backlog_row: BacklogRow | None = None
    row_choice: BacklogRow | None = None
    work_row: WorkRow | None = None


def source_of(snapshot: Snapshot, selection: Selection) -> TaskSource:
    """The texts that the form is filled with: those of the cell's note, else of its row, else none.

    Raises
    ------
    CellsError
        If cells of the row that is started cannot be understood.
    """
    tab = _tab_of(snapshot, selection)
    row = _backlog_row_at(snapshot, selection) if tab is not None and tab.key == "backlog" else None
    note = selection.note.strip()
    if note and not _is_ours(snapshot, tab, selection):
        title = title_of(note)
        return TaskSource(title, "" if title == note else note, is_note=True, row_choice=row)
    if row is not None:
        return source_of_row(snapshot, row.number)
    work_row = _work_row_at(snapshot, selection) if tab is not None and tab.key == "in_progress" else None
    if work_row is None:
        return TaskSource()
    item = snapshot.items.get(work_row.item_number) if work_row.number is not None else None
    title = title_of(work_row.action)
    return TaskSource(
        title,
        item.result if item else "" if title == work_row.action else work_row.action,
        work_type=item.work_type if item else "",
        work_row=work_row,
    )


def source_of_row(snapshot: Snapshot, number: int) -> TaskSource:
    """The row of the backlog with this number; raises ``UserError`` where it is gone, and ``CellsError``."""
    row = next((one for one in snapshot.backlog.rows if one.number == number), None)
    if row is None:
        raise UserError("assign.row_gone", id=f"{snapshot.project.code}-{number}")
    line = str(row.row.index + 1)
    bad = [one for one in snapshot.backlog.problems if re.sub(r"\D", "", one.cell) == line]
    if bad:
        raise CellsError(bad)
    return TaskSource(row.task, row.result, work_type=row.work_type, backlog_row=row)


def parts_of_row(snapshot: Snapshot, row: BacklogRow) -> Mapping[str, PlannedPart]:
    """Hours of a backlog row by profile, as a batch plans them, in the order of the columns."""
    norms = snapshot.stored.norms.value.norms
    backlog = snapshot.backlog
    parts = parts_of(snapshot.stored.backlog_state.value, backlog, norms)[row.number]
    columns = backlog.tab.columns
    sequence = sorted(backlog.profiles, key=lambda profile: columns[HOURS_PREFIX + profile])
    return {profile: parts[profile] for profile in sequence if profile in parts}


def title_of(text: str) -> str:
    """The first line of a text; a long one is cut after a word."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    first = re.sub(r"\s+", " ", first).strip()
    if len(first) <= MOST_TITLE:
        return first
    cut = first[:MOST_TITLE]
    # A text without spaces is cut where it is.
    words = cut if first[MOST_TITLE] == " " else cut.rpartition(" ")[0]
    return (words or cut[:-1]).rstrip(" ,.;:–—-") + "…"


def _tab_of(snapshot: Snapshot, selection: Selection) -> Tab | None:
    return next((one for one in snapshot.book.tabs.values() if one.sheet_id == selection.sheet_id), None)


def _is_ours(snapshot: Snapshot, tab: Tab | None, selection: Selection) -> bool:
    """Whether the note is an explanation of the add-on's."""
    if tab is None or selection.row is None:
        return False
    if tab.header_index >= selection.row - 1:
        return True
    hashes = snapshot.stored.backlog_state.value.note_hashes
    return tab.key == "backlog" and hash_of_note(selection.note) in hashes


def _backlog_row_at(snapshot: Snapshot, selection: Selection) -> BacklogRow | None:
    at = None if selection.row is None else selection.row - 1
    return next((one for one in snapshot.backlog.rows if one.row.index == at), None)


def _work_row_at(snapshot: Snapshot, selection: Selection) -> WorkRow | None:
    at = None if selection.row is None else selection.row - 1
    return next((one for one in snapshot.work_rows.rows if one.row.index == at), None)
