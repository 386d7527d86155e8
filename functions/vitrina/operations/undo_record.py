"""Writes that can be taken back: what an action changed is kept before it is written.

A workbook keeps its last few actions, the newest last. One whose write got no answer stays *pending*:
the sheet knows whether it happened, and is asked when somebody wants it undone.
"""

from __future__ import annotations

import uuid
from typing import Any

from vitrina.errors import ChangedMeanwhileError
from vitrina.operations.services import Services
from vitrina.ports import Json, Store
from vitrina.records.records import Project
from vitrina.workbook.reading.book import Book
from vitrina.workbook.writing.change import WorkbookChange

UNDO = "undo"

#: So many actions of a workbook can be undone, one after the other.
DEPTH = 3


def write_undoably(
    services: Services, project: Project, book: Book, change: WorkbookChange, *, action: str, **more: Any
) -> None:
    """Write *change* and keep what it did. *more* is what undoing the *action* needs beside the cells.

    Of a change that only healed there is nothing to undo.
    """
    if not change.trace:
        services.workbooks.batch_update(project.spreadsheet_id, change.requests())
        return
    record = {
        "id": uuid.uuid4().hex,
        "action": action,
        "at": services.clock.now().isoformat(),
        "is_pending": True,
        "trace": change.trace.kept(),
        **more,
    }
    if change.trace.has_moved:
        # Rows that move drag the references of people's formulas with them, and not always back.
        record["formulas"] = [[*place, text] for place, text in book.formulas.items()]
    store, spreadsheet_id = services.store, project.spreadsheet_id
    _keep(store, spreadsheet_id, record)
    try:
        services.workbooks.batch_update(spreadsheet_id, change.requests())
    except ChangedMeanwhileError:
        save_stack(store, spreadsheet_id, _others(store, spreadsheet_id, record))
        raise
    _keep(store, spreadsheet_id, record | {"is_pending": False})


def _keep(store: Store, spreadsheet_id: str, record: Json) -> None:
    """Put a record on top; one that came meanwhile stays, and those pending take no place of others."""
    stack = [*_others(store, spreadsheet_id, record), record]
    done = [one for one in stack if not one["is_pending"]][-DEPTH:]
    pending = [one for one in stack if one["is_pending"]][-DEPTH:]
    save_stack(store, spreadsheet_id, [one for one in stack if one in done or one in pending])


def _others(store: Store, spreadsheet_id: str, record: Json) -> list[Json]:
    return [one for one in load_stack(store, spreadsheet_id) if one["id"] != record["id"]]


def load_stack(store: Store, spreadsheet_id: str) -> list[Json]:
    """The last actions of a workbook, the newest last."""
    record = store.get(UNDO, spreadsheet_id)
    return record.data["actions"] if record else []


def save_stack(store: Store, spreadsheet_id: str, actions: list[Json]) -> None:
    """Keep the last actions of a workbook."""
    store.put(UNDO, spreadsheet_id, {"actions": actions})
