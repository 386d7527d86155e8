"""Fields of the first tab that tell of the work: what was finished this week, how many tasks are in progress.

The week stands in the text, so that it stays true until it is written anew. What changes from day to day,
such as whether something is overdue, is told by formulas of the template.
"""

from __future__ import annotations

from collections.abc import Iterable

from vitrina.domain.calendar import PeriodKind
from vitrina.project.snapshot import Snapshot
from vitrina.records.work import Item
from vitrina.texts import Days, render, sentence
from vitrina.workbook.reading.settings import locale_of
from vitrina.workbook.writing.change import WorkbookChange

DONE_FIELD, COUNT_FIELD = "done_lately", "in_progress_count"
#: Most titles: a phone shows no more.
MOST_SHOWN = 3


def write_brief(snapshot: Snapshot, change: WorkbookChange, items: Iterable[Item]) -> None:
    """Write the fields that differ; workbooks of older releases lack some.

    Parameters
    ----------
    items
        Items of any client, as they will be after this action.
    """
    own = [item for item in items if item.spreadsheet_id == snapshot.project.spreadsheet_id]
    _write(snapshot, change, DONE_FIELD, _done_this_week(snapshot, own))
    _write(snapshot, change, COUNT_FIELD, float(sum(not item.is_done for item in own)))


def _write(snapshot: Snapshot, change: WorkbookChange, key: str, value: str | float) -> None:
    book = snapshot.book
    if key not in book.fields or "client" not in book.tabs:
        return
    place = book.field(key)
    if place.cell.formula is not None or place.cell.value != value:
        change.set_field(book.tab("client"), place, value)


def _done_this_week(snapshot: Snapshot, own: Iterable[Item]) -> str:
    week = snapshot.services.calendar.current_period(snapshot.today, PeriodKind.WEEK)
    done = sorted(
        (
            item
            for item in own
            if item.is_done and week.start_on <= (item.finished_on or snapshot.today) <= week.end_on
        ),
        key=lambda item: item.number,
    )
    shown = [f"{item.code} {item.task}" for item in done[:MOST_SHOWN]]
    more = len(done) - len(shown)
    code = "done_lately.none" if not done else "done_lately.more" if more else "done_lately.some"
    days = Days(week.start_on, week.end_on)
    return render(sentence(code, days=days, items=shown, count=more), locale_of(snapshot.book))
