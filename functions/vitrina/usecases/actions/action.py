"""What an action of the menu is, and the parts of schemas that several actions share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from vitrina.operations.answer import Answer
from vitrina.operations.clicks.access import MANAGING
from vitrina.operations.run import Run
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.workbook.reading.team import Role

Params = Mapping[str, Any]


def params_schema(**properties: Json) -> Json:
    """The schema of parameters; those without a default are required, and no others are allowed."""
    required = [name for name, schema in properties.items() if "default" not in schema]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


NO_PARAMS = params_schema()
TEXT = {"type": "string", "pattern": r"\S", "maxLength": 200}
ID = {"type": "string", "pattern": r"^[A-Za-z0-9_-]{1,100}\Z"}
#: Id of a tab, or a row, both counted from zero; ``None`` where nothing is selected.
PLACE = {"type": ["integer", "null"], "minimum": 0, "default": None}
#: Number of an item.
NUMBER: Json = {"type": "integer", "minimum": 1, "maximum": 10_000_000}


def _nothing_to_check(_services: Services, _spreadsheet_id: str, _params: Params) -> None:
    """Accept the click: problems of this action are found while it runs."""


class Action(Struct, frozen=True):
    """One action of the menu.

    A quick action runs while the menu waits. With ``is_queued`` the click only runs ``check`` and queues the
    action; the ``task`` entry point runs it later. ``holds`` are the keys of the leases that a run takes,
    with ``{book}`` in place of the workbook's id. ``roles`` are those of the people who may do it.
    A quick action that ``reads_rows`` of a client's workbook is queued where its backlog is long.
    One that ``is_noted`` gets a line in *Журнал*; where it ``changes_hours``, *Загрузка* is drawn after it.
    """

    book_kind: str
    params: Json
    run: Callable[[Run, str, Params], Answer]
    roles: frozenset[Role] = MANAGING
    is_noted: bool = False
    changes_hours: bool = False
    is_queued: bool = False
    reads_rows: bool = False
    holds: tuple[str, ...] = ("{book}",)
    check: Callable[[Services, str, Params], None] = _nothing_to_check
