"""Actions of the menu: requests to accounting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from vitrina.domain.invoicing import RequestKind
from vitrina.errors import UserError
from vitrina.ports import Json
from vitrina.usecases.accounting.ask import (
    AskingForm,
    accounting_options,
    ask_accounting,
    preview_accounting,
    request_file,
)
from vitrina.usecases.accounting.withdraw import withdraw_request
from vitrina.usecases.actions.action import ID, NO_PARAMS, Action, params_schema

_DAY: Json = {"type": ["string", "null"], "pattern": r"^\d{4}-\d{2}-\d{2}\Z", "default": None}

_ASKING: Mapping[str, Json] = {
    "project": ID,
    "kind": {"enum": [one.value for one in RequestKind]},
    "month": {"enum": ["current", "previous", "days"], "default": "current"},
    "start_on": _DAY,
    "end_on": _DAY,
}


ACTIONS: Mapping[str, Action] = {
    "accounting_options": Action(
        "agency", NO_PARAMS, lambda run, book, _: accounting_options(run, book), holds=()
    ),
    "preview_accounting": Action(
        "agency",
        params_schema(**_ASKING),
        lambda run, book, params: preview_accounting(run, book, _asking(params)),
        holds=(),
    ),
    "ask_accounting": Action(
        "agency",
        params_schema(**_ASKING, preview_id=ID),
        lambda run, book, params: ask_accounting(run, book, _asking(params), preview_id=params["preview_id"]),
        # Of two people at the same time the second one finds what the first has asked for.
        holds=("accounting:{book}",),
        is_noted=True,
    ),
    "request_file": Action(
        "agency",
        params_schema(key=ID),
        lambda run, book, params: request_file(run, book, key=params["key"]),
        holds=(),
    ),
    "withdraw_request": Action(
        "agency",
        params_schema(key=ID),
        lambda run, book, params: withdraw_request(run, book, key=params["key"]),
        holds=("accounting:{book}",),
        is_noted=True,
    ),
}


def _asking(params: Mapping[str, Any]) -> AskingForm:
    return AskingForm(
        project_id=params["project"],
        kind=RequestKind(params["kind"]),
        month=params.get("month", "current"),
        start_on=_day(params.get("start_on")),
        end_on=_day(params.get("end_on")),
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UserError("accounting.period") from error
