"""The ``menu`` entry point: clicks of staff in the add-on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from flask import Request, Response

from vitrina.deadline import limited_to
from vitrina.errors import NotStaffError, RequestError, TooManyRequestsError, UserError, VitrinaError
from vitrina.logs import note
from vitrina.operations.actor import Actor, person
from vitrina.operations.answer import Answer, answer_json, error_answer, unexpected_answer
from vitrina.operations.clicks.access import access_keys, require_role
from vitrina.operations.clicks.runner import Click, operation_status, run_click
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.project.team_renewal import renew_team
from vitrina.texts import pick_locale
from vitrina.usecases.actions import ACTIONS
from vitrina.web.http import (
    MENU_BODY_BYTES,
    Application,
    OpenApplication,
    bearer_token,
    check,
    check_method,
    limit_body,
    read_json,
    response,
)

log = logging.getLogger("vitrina.menu")

OPERATION_STATUS = "operation"
#: Seconds in which it is known who asks, and then in which an operation is accepted or its progress is told.
ACCESS_S, OPERATION_S = 5.0, 5.0


def _client_options(services: Services, spreadsheet_id: str) -> Answer:
    from vitrina.usecases.clients.create_client import client_options

    return client_options(services, spreadsheet_id)


def _ask_before_undo(services: Services, spreadsheet_id: str) -> Answer:
    from vitrina.usecases.undo import ask_before_undo

    return ask_before_undo(services, spreadsheet_id)


#: Questions that the add-on asks before an action; they change nothing. A process imports what is asked for.
QUESTIONS: Mapping[str, Callable[[Services, str], Answer]] = {
    "new_client_options": _client_options,
    "undo_question": _ask_before_undo,
}

_ENVELOPE: Json = {
    "type": "object",
    "properties": {
        "action": {"type": "string", "maxLength": 50},
        "spreadsheet_id": {"type": "string", "pattern": r"^[A-Za-z0-9_-]{1,100}\Z"},
        "request_id": {"type": "string", "pattern": r"^[A-Za-z0-9_-]{8,100}\Z"},
        "locale": {"type": "string", "maxLength": 20},
        "params": {"type": "object"},
    },
    "required": ["action", "spreadsheet_id", "request_id"],
    "additionalProperties": False,
}
_OPERATION_PARAMS: Json = {
    "type": "object",
    "properties": {"operation_id": {"type": "string", "pattern": r"^[a-f0-9]{8,64}\Z"}},
    "required": ["operation_id"],
    "additionalProperties": False,
}


def handle_menu(request: Request, application: OpenApplication) -> Response:
    """Answer one click. Every result, good or bad, is an envelope with a sentence."""
    # Until the body is read, errors are in the language of the header.
    locale = pick_locale(request.headers.get("Accept-Language"))
    limit_body(request, MENU_BODY_BYTES)
    try:
        check_method(request)
        with limited_to(ACCESS_S):
            app = application()
            account = app.identity.person(bearer_token(request))
        body = read_json(request)
        locale = _locale_of(body, locale)
        check(body, _ENVELOPE)
        actor = person(account.email, account.domain)
        note(actor=actor.logged, workbook=body["spreadsheet_id"])
        app.limits.count_click(actor.name, is_poll=body["action"] == OPERATION_STATUS)
        envelope, status = _share(app, body, actor, locale)
        return response(envelope, status)
    except TooManyRequestsError as error:
        log.info("refused", extra={"code": error.code})
        told = answer_json(error_answer(error), locale)
        return response(told, error.http_status, retry_after_s=error.where["seconds"])
    except VitrinaError as error:
        log.info("refused", extra={"code": error.code})
        return response(answer_json(error_answer(error), locale), error.http_status)
    except Exception:
        log.exception("unexpected")
        return response(answer_json(unexpected_answer(), locale), 500)


def _locale_of(body: Any, default: str) -> str:
    """The language that the body asks for, otherwise *default*."""
    wanted = body.get("locale") if isinstance(body, dict) else None
    return pick_locale(wanted) if isinstance(wanted, str) else default


def _share(app: Application, body: Json, actor: Actor, locale: str) -> tuple[Json, int]:
    """Answer within the share of the agency; questions for progress are short, and have none."""
    services, limits, spreadsheet_id = app.services, app.limits, body["spreadsheet_id"]
    if body["action"] == OPERATION_STATUS:
        return _answer(services, body, actor, locale)
    sharer = limits.sharer(actor.name, services.known_agencies.get(spreadsheet_id))
    with limits.agencies.serve_or_raise(sharer, "request.too_many"):
        try:
            answer = _answer(services, body, actor, locale)
        except UserError:
            # It was refused after the person was let in.
            limits.note_staff(actor.name, services.known_agencies[spreadsheet_id])
            raise
    limits.note_staff(actor.name, services.known_agencies[spreadsheet_id])
    return answer


def _answer(services: Services, body: Json, actor: Actor, locale: str) -> tuple[Json, int]:
    try:
        return _answer_known(services, body, actor, locale)
    except NotStaffError:
        # The person may have been put into *Специалисты* since it was read.
        if not renew_team(services, services.known_agencies[body["spreadsheet_id"]]):
            raise
    return _answer_known(services, body, actor, locale)


def _answer_known(services: Services, body: Json, actor: Actor, locale: str) -> tuple[Json, int]:
    spreadsheet_id, params, name = body["spreadsheet_id"], body.get("params", {}), body["action"]
    if name == OPERATION_STATUS:
        check(params, _OPERATION_PARAMS)
        with limited_to(OPERATION_S):
            return operation_status(services, params["operation_id"], spreadsheet_id, actor, locale)
    if name in QUESTIONS:
        found = services.store.get_many(access_keys(services, actor, spreadsheet_id))
        require_role(services, actor, spreadsheet_id, found)
        return answer_json(QUESTIONS[name](services, spreadsheet_id), locale), 200
    action = ACTIONS.get(name)
    if action is None:
        raise RequestError("request.unknown_action", action=name)
    check(params, action.params)
    click = Click(actor, spreadsheet_id, name, params, body["request_id"], locale)
    note(operation=click.operation_id)
    with limited_to(OPERATION_S) if action.is_queued else nullcontext():
        envelope, status = run_click(services, click, action)
    log.info("clicked", extra={"action": name, "outcome": envelope["outcome"], "workbook": spreadsheet_id})
    return envelope, status
