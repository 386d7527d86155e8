"""Actions of the menu: sources of metrics, and reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from vitrina.errors import UserError
from vitrina.ports import Json
from vitrina.records.told.metric_reports import MOST_ASKED, MOST_OWNER, MOST_REASON, MOST_TITLE
from vitrina.usecases.actions.action import NUMBER, PLACE, TEXT, Action, Params, params_schema
from vitrina.usecases.metric_report.act import ReportPlace, add_action, approve
from vitrina.usecases.metric_report.draft import ReportForm, preview_report
from vitrina.usecases.metrics.choose_source import (
    Place,
    Wanted,
    choose_source,
    remove_source,
    show_measures,
    show_sources,
)

#: What is taken for a metric: an account of a list, or a link with an area, or pasted text.
_WANTED: Mapping[str, Json] = {
    "system": {"type": "string", "pattern": r"^[a-z_]{1,30}\Z"},
    "account_id": {"type": "string", "maxLength": 200, "default": ""},
    "measure_id": {"type": "string", "maxLength": 300, "default": ""},
    "link": {"type": "string", "maxLength": 1000, "default": ""},
    "area": {"type": "string", "maxLength": 40, "default": ""},
    "text": {"type": "string", "maxLength": 200_000, "default": ""},
}

_REPORT: Mapping[str, Json] = {
    "number": NUMBER,
    "revision": NUMBER,
    "reason": {"type": "string", "maxLength": MOST_REASON, "default": ""},
    "asked": {"type": "string", "maxLength": MOST_ASKED, "default": ""},
}


ACTIONS: Mapping[str, Action] = {
    "metric_sources": Action(
        "client",
        params_schema(sheet_id=PLACE, row=PLACE),
        lambda run, book, params: show_sources(
            run, book, sheet_id=params.get("sheet_id"), row=params.get("row")
        ),
        holds=(),
    ),
    "metric_measures": Action(
        "client",
        params_schema(**_WANTED),
        lambda run, book, params: show_measures(run, book, _wanted(params)),
        holds=(),
    ),
    "choose_metric_source": Action(
        "client",
        params_schema(
            row={"type": "integer", "minimum": 1, "maximum": 100_000},
            metric={"type": "string", "pattern": r"\S", "maxLength": 5000},
            **_WANTED,
        ),
        lambda run, book, params: choose_source(
            run, book, Place(params["row"], params["metric"]), _wanted(params)
        ),
        is_noted=True,
    ),
    "remove_metric_source": Action(
        "client",
        params_schema(number={"type": "integer", "minimum": 1, "maximum": 2**31 - 1}),
        lambda run, book, params: remove_source(run, book, params["number"]),
        is_noted=True,
    ),
    "preview_metric_report": Action(
        "client",
        params_schema(
            sheet_id=PLACE,
            row=PLACE,
            metric={"type": "string", "pattern": r"^[0-9a-f]{0,16}\Z", "default": ""},
            corrects={"type": "boolean", "default": False},
        ),
        lambda run, book, params: preview_report(
            run,
            book,
            ReportForm(
                params.get("sheet_id"),
                params.get("row"),
                params.get("metric", ""),
                params.get("corrects", False),
            ),
        ),
        # Of two drafts at the same time the second one finds the first.
        holds=("metric_report:{book}",),
    ),
    "add_report_action": Action(
        "client",
        params_schema(
            **_REPORT,
            title={**TEXT, "maxLength": MOST_TITLE},
            owner={**TEXT, "maxLength": MOST_OWNER},
            due_on={"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}\Z"},
        ),
        lambda run, book, params: add_action(
            run,
            book,
            _report_place(params),
            title=params["title"],
            owner=params["owner"],
            due_on=_report_day(params["due_on"]),
        ),
        holds=("{book}", "metric_report:{book}"),
        is_noted=True,
        reads_rows=True,
    ),
    "approve_metric_report": Action(
        "client",
        params_schema(**_REPORT, mark={"type": "string", "pattern": r"^[0-9a-f]{32}\Z"}),
        lambda run, book, params: approve(run, book, _report_place(params), mark=params["mark"]),
        holds=("metric_report:{book}",),
        is_noted=True,
    ),
}


def _wanted(params: Params) -> Wanted:
    return Wanted(**{name: params[name] for name in _WANTED if name in params})


def _report_place(params: Mapping[str, Any]) -> ReportPlace:
    return ReportPlace(
        params["number"], params["revision"], params.get("reason", ""), params.get("asked", "")
    )


def _report_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UserError("metric_report.bad_day", value=text) from error
