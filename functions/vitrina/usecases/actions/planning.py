"""Actions of the menu: the batch of a period, and what was started."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.usecases.actions.action import ID, NO_PARAMS, Action, params_schema
from vitrina.usecases.batch.build_batch import build_batch
from vitrina.usecases.batch.plan_wishes import WISHES_SCHEMA
from vitrina.usecases.batch.replan_work import preview_replan, replan_work
from vitrina.usecases.batch.start_batch import start_batch

ACTIONS: Mapping[str, Action] = {
    "build_batch": Action(
        "client",
        params_schema(period={"enum": ["current", "next"], "default": "current"}, wishes=WISHES_SCHEMA),
        lambda run, book, params: build_batch(
            run, book, period=params.get("period", "current"), wishes=params.get("wishes")
        ),
        holds=(),
        reads_rows=True,
    ),
    "preview_replan": Action(
        "client", NO_PARAMS, lambda run, book, _: preview_replan(run, book), holds=(), reads_rows=True
    ),
    "replan_work": Action(
        "client",
        params_schema(preview_id=ID),
        lambda run, book, params: replan_work(run, book, preview_id=params["preview_id"]),
        is_noted=True,
        changes_hours=True,
        reads_rows=True,
    ),
    "start_batch": Action(
        "client",
        params_schema(preview_id=ID),
        lambda run, book, params: start_batch(run, book, preview_id=params["preview_id"]),
        is_noted=True,
        changes_hours=True,
        reads_rows=True,
    ),
}
