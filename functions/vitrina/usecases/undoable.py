"""Writes that can be taken back: what an action changed is kept before it is written.

A workbook keeps its last few actions, the newest last. One whose write got no answer stays *pending*:
the sheet knows whether it happened, and is asked when somebody wants it undone.
"""

from __future__ import annotations

from typing import Any

from vitrina.ports import Json, Store
from vitrina.usecases.records import Project
from vitrina.usecases.services import Services
from vitrina.workbook.book import Book
from vitrina.workbook.change import WorkbookChange

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
        "action": action,
        "at": services.clock.now().isoformat(),
        "is_pending": True,
        "trace": change.trace.kept(),
        **more,
    }
    if change.trace.has_moved:
        # Rows that move drag the references of people's formulas with them, and not always back.
        record["formulas"] = [[*place, text] for place, text in book.formulas.items()]
    stack = [one for one in load_stack(services.store, project.spreadsheet_id) if not one["is_pending"]]
    save_stack(services.store, project.spreadsheet_id, [*stack, record])
    services.workbooks.batch_update(project.spreadsheet_id, change.requests())
    save_stack(services.store, project.spreadsheet_id, [*stack, record | {"is_pending": False}])


def load_stack(store: Store, spreadsheet_id: str) -> list[Json]:
    """The last actions of a workbook, the newest last."""
    record = store.get(UNDO, spreadsheet_id)
    return record.data["actions"] if record else []


def save_stack(store: Store, spreadsheet_id: str, actions: list[Json]) -> None:
    """Keep the last actions of a workbook."""
    store.put(UNDO, spreadsheet_id, {"actions": actions[-DEPTH:]})
