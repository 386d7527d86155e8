"""Actions of the menu: cards, and the move to another tracker."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.usecases.actions.action import ID, NO_PARAMS, Action, params_schema
from vitrina.usecases.tracker.push import push
from vitrina.usecases.tracker.refresh import refresh
from vitrina.usecases.tracker.settle_conflicts import KEEP_SHEET, KEEP_TRACKER, settle_conflicts
from vitrina.usecases.tracker.switch_tracker import (
    check_switch,
    preview_switch,
    switch_options,
    switch_tracker,
)

_SWITCH = params_schema(
    tracker={"type": "string", "pattern": r"^[a-z][a-z0-9-]{0,30}\Z"},
    projects={"type": "array", "items": ID, "minItems": 1, "maxItems": 500, "uniqueItems": True},
)

#: Number of the item, row, field, and what stands on both sides.
_CONFLICTS = {
    "type": "array",
    "items": {"type": "string", "pattern": r"^\d{1,10}-\d{1,10}-[a-z_]{1,20}-[0-9a-f]{10}\Z"},
    "maxItems": 500,
}

_CHOICE = params_schema(
    keep={"enum": [KEEP_SHEET, KEEP_TRACKER]},
    conflicts={**_CONFLICTS, "minItems": 1},
    shown={**_CONFLICTS, "default": []},
)


ACTIONS: Mapping[str, Action] = {
    "push": Action("client", NO_PARAMS, lambda run, book, _: push(run, book), is_queued=True, is_noted=True),
    "refresh": Action(
        "client",
        NO_PARAMS,
        lambda run, book, _: refresh(run, book),
        is_queued=True,
        is_noted=True,
        changes_hours=True,
    ),
    "settle_conflicts": Action(
        "client",
        _CHOICE,
        lambda run, book, params: settle_conflicts(
            run,
            book,
            keep=params["keep"],
            conflicts=params["conflicts"],
            shown=params.get("shown", ()),
        ),
        is_queued=True,
        is_noted=True,
        changes_hours=True,
    ),
    "switch_options": Action("agency", NO_PARAMS, lambda run, book, _: switch_options(run, book), holds=()),
    "preview_switch": Action(
        "agency",
        _SWITCH,
        lambda run, book, params: preview_switch(run, book, params["tracker"], params["projects"]),
        holds=(),
    ),
    "switch_tracker": Action(
        "agency",
        _SWITCH,
        lambda run, book, params: switch_tracker(run, book, params["tracker"], params["projects"]),
        is_queued=True,
        holds=("switch_tracker:{book}",),
        check=lambda services, book, params: check_switch(
            services, book, params["tracker"], params["projects"]
        ),
        is_noted=True,
    ),
}
