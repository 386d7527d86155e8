"""Actions of the menu: the chat with the client, his questions, results of calls, and digests."""

from __future__ import annotations

from collections.abc import Mapping

from vitrina.ports import Json
from vitrina.usecases.actions.action import NO_PARAMS, Action, params_schema
from vitrina.usecases.chats.answer_question import answer_question, open_questions
from vitrina.usecases.chats.note_call import note_call
from vitrina.usecases.chats.show_chat import show_chat
from vitrina.usecases.digest.send_digest import preview_digest, send_digest

#: With some words around it, it fits into one message.
_CHAT_TEXT: Json = {"type": "string", "pattern": r"\S", "maxLength": 3500}

_DECISIONS: Json = {
    "type": "array",
    "items": {"type": "string", "maxLength": 500},
    "maxItems": 30,
    "default": [],
}


ACTIONS: Mapping[str, Action] = {
    "show_chat": Action(
        "client",
        NO_PARAMS,
        lambda run, book, _: show_chat(run, book, agency_id=run.agency_id),
        holds=(),
    ),
    "show_agency_chat": Action(
        "agency", NO_PARAMS, lambda run, book, _: show_chat(run, book, agency_id=book), holds=()
    ),
    "open_questions": Action("client", NO_PARAMS, lambda run, book, _: open_questions(run, book), holds=()),
    "answer_question": Action(
        "client",
        params_schema(number={"type": "integer", "minimum": 1}, text=_CHAT_TEXT),
        lambda run, book, params: answer_question(run, book, number=params["number"], text=params["text"]),
        # Of two answers at the same time the second one finds the question answered.
        holds=("questions:{book}",),
        is_noted=True,
    ),
    "note_call": Action(
        "client",
        params_schema(text={**_CHAT_TEXT, "pattern": "", "default": ""}, decisions=_DECISIONS),
        lambda run, book, params: note_call(
            run, book, text=params.get("text", ""), decisions=params.get("decisions", ())
        ),
        is_noted=True,
        reads_rows=True,
    ),
    "preview_digest": Action("client", NO_PARAMS, lambda run, book, _: preview_digest(run, book), holds=()),
    "send_digest": Action(
        "client",
        params_schema(mark={"type": "string", "pattern": r"^[0-9a-f]{32}\Z"}),
        lambda run, book, params: send_digest(run, book, mark=params["mark"]),
        holds=("digest:{book}",),
        is_noted=True,
    ),
}
