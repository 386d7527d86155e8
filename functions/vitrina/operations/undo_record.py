"""Writes that can be taken back: what an action changes is kept before it is written.

A workbook keeps its last few actions, the newest last. One whose write got no answer stays *pending*: the
sheet shows whether it happened, and is asked when somebody wants to undo it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from vitrina.errors import ChangedMeanwhileError
from vitrina.operations.long_write import write_change
from vitrina.operations.retry_on_conflict import SHEET_CHANGED_PARTLY
from vitrina.operations.run import Run, Update
from vitrina.ports import Json, Write
from vitrina.records.undo import UndoEntry, UndoList, record_writes
from vitrina.workbook.reading.book import Book
from vitrina.workbook.writing.change import WorkbookChange


def write_undoably(
    run: Run,
    undo_list: UndoList,
    book: Book,
    change: WorkbookChange,
    *,
    action: str,
    writes: Iterable[Write] = (),
    updates: Iterable[Update] = (),
    if_refused: Iterable[Write] = (),
    **more: Any,
) -> None:
    """Commit *writes* and *updates* with the record of *change*, then write *change* to the workbook.

    *more* is what undoing the *action* needs beside the cells. Of a change that only repaired marks there
    is nothing to undo. That the write was answered is noted at the end of the run. *if_refused* are writes
    to be carried out where the sheet changed and nothing was written.

    Raises
    ------
    ChangedMeanwhileError
        If Google refused the batch. The record is withdrawn, except where a part of a long change was
        written: then it stays pending.
    """
    if not change.trace:
        run.commit(*writes, updates=updates)
        with _withdrawing(run, if_refused):
            write_change(run, book.spreadsheet_id, change)
        return
    record: Json = {"action": action, "trace": change.trace.kept(), **more}
    if change.trace.has_moved:
        # Rows that move drag the references of people's formulas with them, and not always back.
        record["formulas"] = [[*place, text] for place, text in book.formulas.items()]
    record_id = uuid.uuid4().hex
    keeping, part_count = record_writes(record_id, record)
    entry = UndoEntry(record_id, action, run.services.clock.now().isoformat(), True, part_count)
    pending = undo_list.with_entry(entry)
    token = run.commit(*writes, *keeping, *undo_list.writes(pending), updates=updates)
    kept = replace(undo_list, entries=pending, version=token)
    withdrawal = kept.writes([one for one in pending if one != entry])
    with _withdrawing(run, [*withdrawal, *if_refused]):
        write_change(run, book.spreadsheet_id, change)
    run.at_end(*kept.writes(kept.with_entry(replace(entry, is_pending=False))))


@contextmanager
def _withdrawing(run: Run, writes: Iterable[Write]) -> Iterator[None]:
    """Carry out *writes* if Google refuses the batch of the block as a whole."""
    try:
        yield
    except ChangedMeanwhileError as error:
        if error.code != SHEET_CHANGED_PARTLY:
            run.commit(*writes)
        raise
