"""How a project is doing, for its line in *Проекты*: read from the client's workbook, so that both agree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from vitrina.domain.backlog import ActionStatus
from vitrina.texts import Sentence, sentence
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.choices import Choices
from vitrina.workbook.reading.work_rows import WorkRow, WorkRows
from vitrina.workbook.writing.client_needs import open_needs

LATE, WAITING, ON_PLAN, IDLE = "late", "waiting", "on_plan", "idle"
#: Code of the answer in *Приёмка* of work that the client is not asked about yet.
UNASKED = "none"
#: Most IDs in one sentence.
MOST_SHOWN = 5


class ProjectSigns(Struct, frozen=True):
    """A mark of health, what waits for whom, the finish as the client reads it, and when it was refreshed.

    ``refreshed_at`` is the serial number of a moment, as in the cell.
    """

    health: str
    waits: tuple[Sentence, ...] = ()
    finish: str = ""
    refreshed_at: float | None = None


def read_signs(book: Book, rows: WorkRows, choices: Choices, today: date) -> ProjectSigns:
    """The signs of a client's workbook; *rows* are those of its *В работе*.

    Work in review is not late: it waits for the client, unless he has accepted or returned it.
    """
    open_rows = [row for row in rows.rows if not row.is_done and not row.is_copy]
    in_review = [row for row in open_rows if row.status is ActionStatus.REVIEW]
    late = [
        row for row in open_rows if row not in in_review and row.last_day is not None and row.last_day < today
    ]
    accepted = [row for row in in_review if _approval(row, rows, choices) == "accepted"]
    returned = [row for row in open_rows if _approval(row, rows, choices) == "returned"]
    to_check = [row for row in in_review if _approval(row, rows, choices) == UNASKED]
    decided = [*accepted, *returned, *to_check]
    to_accept = _codes([row.code for row in in_review if row not in decided])
    questions = _codes(_questions(book, choices))
    needs = open_needs(book)
    past = sum(line.due_on is not None and line.due_on < today for line in needs)
    waits = []
    if late:
        waits.append(sentence("signs.late", items=_shown(_codes([row.code for row in late]))))
    if returned:
        waits.append(sentence("signs.returned", items=_shown(_codes([row.code for row in returned]))))
    if accepted:
        waits.append(sentence("signs.accepted", items=_shown(_codes([row.code for row in accepted]))))
    if to_check:
        waits.append(sentence("signs.to_check", items=_shown(_codes([row.code for row in to_check]))))
    if to_accept:
        waits.append(sentence("signs.to_accept", items=_shown(to_accept)))
    if needs:
        waits.append(sentence("signs.needs_late" if past else "signs.needs", count=len(needs), late=past))
    if questions:
        waits.append(sentence("signs.questions", items=_shown(questions)))
    health = LATE if late else WAITING if to_accept or questions or needs else ON_PLAN if open_rows else IDLE
    finish, refreshed = book.fields.get("expected_finish"), book.fields.get("refreshed_at")
    moment = refreshed.cell.value if refreshed is not None else None
    return ProjectSigns(
        health,
        tuple(waits),
        finish.cell.text if finish is not None else "",
        moment if isinstance(moment, float) else None,
    )


def _approval(row: WorkRow, rows: WorkRows, choices: Choices) -> str | None:
    """What the client has chosen in a row, as far as the tab has a column for it."""
    if "approval" not in rows.tab.columns:
        return None
    return choices.code("approval", rows.tab.cell(row.row, "approval").text)


def _questions(book: Book, choices: Choices) -> list[str]:
    """IDs of backlog rows that need an answer of the client."""
    tab = book.tabs.get("backlog")
    if tab is None or not {"id", "status"} <= tab.columns.keys():
        return []
    return [
        tab.cell(row, "id").text
        for row in tab.rows
        if choices.code("backlog_status", tab.cell(row, "status").text) == "clarify"
    ]


def _codes(codes: Sequence[str]) -> list[str]:
    """Each once, in their order; rows without an ID are left out."""
    return list(dict.fromkeys(code for code in codes if code))


def _shown(codes: Sequence[str]) -> Sequence[str | Sentence]:
    if len(codes) <= MOST_SHOWN:
        return codes
    return [*codes[: MOST_SHOWN - 1], sentence("signs.more", count=len(codes) - MOST_SHOWN + 1)]
