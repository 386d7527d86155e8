"""Actions of the menu: showing finished work to the client, and his decisions about it."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.ports import Json
from vitrina.records.outside.decisions import DecisionKind
from vitrina.usecases.actions.action import NO_PARAMS, NUMBER, Action, params_schema
from vitrina.usecases.decisions.decide import MOST_ITEMS
from vitrina.usecases.decisions.decide_for_client import decide_for_client
from vitrina.usecases.decisions.show_to_client import finished_work, show_to_client
from vitrina.usecases.decisions.take_back_accepted import accepted_work, take_back_accepted
from vitrina.usecases.decisions.typed_text import MOST_TEXT

_NUMBERS: Json = {
    "type": "array",
    "items": NUMBER,
    "minItems": 1,
    "maxItems": MOST_ITEMS,
    "uniqueItems": True,
}

_SHOWING = params_schema(
    numbers=_NUMBERS,
    result_url={"type": "string", "pattern": r"^(\s*|\s*https://\S+\s*)\Z", "maxLength": 2000, "default": ""},
)

_CLIENTS_DECISION = params_schema(
    numbers=_NUMBERS,
    kind={"enum": [one.value for one in DecisionKind]},
    text={"type": "string", "maxLength": MOST_TEXT, "default": ""},
    note={"type": "string", "pattern": r"\S", "maxLength": 500},
)


ACTIONS: Mapping[str, Action] = {
    "finished_work": Action("client", NO_PARAMS, lambda run, book, _: finished_work(run, book), holds=()),
    "show_to_client": Action(
        "client",
        _SHOWING,
        lambda run, book, params: show_to_client(
            run, book, numbers=params["numbers"], result_url=params.get("result_url", "")
        ),
        is_noted=True,
        reads_rows=True,
    ),
    "decide_for_client": Action(
        "client",
        _CLIENTS_DECISION,
        lambda run, book, params: decide_for_client(
            run,
            book,
            numbers=params["numbers"],
            kind=DecisionKind(params["kind"]),
            text=params.get("text", ""),
            note=params["note"],
        ),
        is_noted=True,
        changes_hours=True,
        reads_rows=True,
    ),
    "accepted_work": Action("client", NO_PARAMS, lambda run, book, _: accepted_work(run, book), holds=()),
    "take_back_accepted": Action(
        "client",
        params_schema(number=NUMBER),
        lambda run, book, params: take_back_accepted(run, book, number=params["number"]),
        is_noted=True,
        changes_hours=True,
        reads_rows=True,
    ),
}
