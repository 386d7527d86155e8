"""Actions of the menu: norms, load, checks, and undo."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.usecases.actions.action import NO_PARAMS, Action, params_schema
from vitrina.usecases.agency.check_books import check_all, check_book
from vitrina.usecases.agency.recalculate_norms import recalculate_norms
from vitrina.usecases.agency.update_load import update_load
from vitrina.usecases.agency.upgrade_books import upgrade_books
from vitrina.usecases.undo import undo

ACTIONS: Mapping[str, Action] = {
    "recalculate_norms": Action(
        "agency", NO_PARAMS, lambda run, book, _: recalculate_norms(run, book), is_noted=True
    ),
    "update_load": Action(
        "agency",
        NO_PARAMS,
        lambda run, book, _: update_load(run, book),
        is_queued=True,
        holds=("load:{book}",),
        is_noted=True,
    ),
    "upgrade_books": Action(
        "agency",
        NO_PARAMS,
        lambda run, book, _: upgrade_books(run, book),
        is_queued=True,
        holds=("upgrade:{book}",),
        is_noted=True,
    ),
    "check_book": Action(
        "client", NO_PARAMS, lambda run, book, _: check_book(run, book), is_queued=True, holds=()
    ),
    "check_all": Action(
        "agency", NO_PARAMS, lambda run, book, _: check_all(run, book), is_queued=True, holds=()
    ),
    "undo": Action(
        "client",
        params_schema(record_id={"type": "string", "maxLength": 64, "default": ""}),
        lambda run, book, params: undo(run, book, params.get("record_id", "")),
        is_queued=True,
        is_noted=True,
        changes_hours=True,
    ),
}
