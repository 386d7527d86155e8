"""Actions of the menu: the preview and the assignment of a task to a specialist."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.usecases.actions.action import ID, PLACE, Action, params_schema
from vitrina.usecases.batch.assign_task import assign_task
from vitrina.usecases.batch.draft_assignment import request_from_data
from vitrina.usecases.batch.preview_assignment import preview_assignment
from vitrina.usecases.batch.task_source import Selection

#: Google's longest note.
_LONG_TEXT = {"type": "string", "maxLength": 50_000, "default": ""}

_PART = params_schema(
    profile={"type": "string", "maxLength": 100},
    specialist={"type": "string", "maxLength": 200, "default": ""},
    hours={"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1000, "default": None},
)

_ASSIGNMENT_FORM = params_schema(
    sheet_id=PLACE,
    row=PLACE,
    note=_LONG_TEXT,
    is_filled={"type": "boolean", "default": False},
    number={"type": ["integer", "null"], "minimum": 1, "default": None},
    work_type={"type": "string", "maxLength": 200, "default": ""},
    parts={"type": "array", "items": _PART, "maxItems": 20, "default": []},
    wanted_on={"type": ["string", "null"], "pattern": r"^\d{4}-\d{2}-\d{2}\Z", "default": None},
    is_urgent={"type": "boolean", "default": False},
    allows_over={"type": "boolean", "default": False},
)

_ASSIGNMENT = params_schema(
    preview_id=ID,
    title={"type": "string", "pattern": r"\S", "maxLength": 500},
    result=_LONG_TEXT,
)


ACTIONS: Mapping[str, Action] = {
    "preview_assignment": Action(
        "client",
        _ASSIGNMENT_FORM,
        lambda run, book, params: preview_assignment(
            run,
            book,
            selection=Selection(params.get("sheet_id"), params.get("row"), params.get("note", "")),
            request=request_from_data(params),
            is_filled=params.get("is_filled", False),
        ),
        holds=(),
        reads_rows=True,
    ),
    "assign_task": Action(
        "client",
        _ASSIGNMENT,
        lambda run, book, params: assign_task(
            run,
            book,
            preview_id=params["preview_id"],
            title=params["title"],
            result=params.get("result", ""),
        ),
        is_noted=True,
        changes_hours=True,
        reads_rows=True,
    ),
}
