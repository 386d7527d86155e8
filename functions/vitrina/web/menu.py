"""The ``menu`` entry point: a click of a member of staff."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from flask import Request, Response

from vitrina.errors import BusyError, RequestError, UnknownWorkbookError, VitrinaError
from vitrina.operations.journal import (
    ENDED,
    Journal,
    end_operation,
    load_operation,
    queue_operation,
    run_at_once,
)
from vitrina.operations.lease import Lease, lease
from vitrina.operations.services import Answer, Outcome, Services
from vitrina.ports import Identity, Json
from vitrina.records.records import load_book_kind
from vitrina.texts import Sentence, pick_locale, render, sentence
from vitrina.usecases.actions import ACTIONS
from vitrina.web.envelope import (
    STATUS_OF_OUTCOME,
    answer_json,
    error_answer,
    response,
    unexpected_answer,
)
from vitrina.web.http import MENU_BODY_BYTES, bearer_token, check, check_method, limit_body, read_json

log = logging.getLogger("vitrina.menu")

OPERATION_STATUS = "operation"

_ENVELOPE: Json = {
    "type": "object",
    "properties": {
        "action": {"type": "string", "maxLength": 50},
        "spreadsheet_id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$"},
        "request_id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,100}$"},
        "locale": {"type": "string", "maxLength": 20},
        "params": {"type": "object"},
    },
    "required": ["action", "spreadsheet_id", "request_id"],
    "additionalProperties": False,
}
_OPERATION_PARAMS: Json = {
    "type": "object",
    "properties": {"operation_id": {"type": "string", "pattern": "^[a-f0-9]{8,64}$"}},
    "required": ["operation_id"],
    "additionalProperties": False,
}


def handle_menu(request: Request, services: Services, identity: Identity) -> Response:
    """Answer one click. Every ending, good or bad, is an envelope with a sentence."""
    # Before the body is read, a refusal is in the language of the header.
    locale = pick_locale(request.headers.get("Accept-Language"))
    limit_body(request, MENU_BODY_BYTES)
    try:
        check_method(request)
        email = identity.staff_email(bearer_token(request))
        body = read_json(request)
        locale = _locale_of(body, locale)
        check(body, _ENVELOPE)
        if body["action"] == OPERATION_STATUS:
            return _operation_status(services, body, email, locale)
        return _run(services, body, email, locale)
    except VitrinaError as error:
        log.info("refused", extra={"code": error.code})
        return response(answer_json(error_answer(error), locale), error.http_status)
    except Exception:
        log.exception("unexpected")
        return response(answer_json(unexpected_answer(), locale), 500)


def _locale_of(body: Any, default: str) -> str:
    """The language that the body asks for, if it does."""
    wanted = body.get("locale") if isinstance(body, dict) else None
    return pick_locale(wanted) if isinstance(wanted, str) else default


def _run(services: Services, body: Json, email: str, locale: str) -> Response:
    spreadsheet_id, params = body["spreadsheet_id"], body.get("params", {})
    action = ACTIONS.get(body["action"])
    if action is None:
        raise RequestError("request.unknown_action", action=body["action"])
    check(params, action.params)
    if load_book_kind(services.store, spreadsheet_id) != action.book_kind:
        raise UnknownWorkbookError(f"workbook.not_{action.book_kind}")
    # The id of the click decides: the same click is the same operation.
    key = f"{spreadsheet_id}:{body['action']}:{body['request_id']}"
    operation_id = hashlib.sha256(key.encode()).hexdigest()[:32]
    operation = {
        "action": body["action"],
        "spreadsheet_id": spreadsheet_id,
        "params": params,
        "email": email,
        "locale": locale,
        "at": services.clock.now().isoformat(),
    }
    run = action.run
    if run is not None:
        envelope = run_at_once(
            services.store,
            operation_id,
            operation,
            lambda: answer_json(run(services, spreadsheet_id, params), locale),
        )
    else:
        operation_id = queue_operation(
            services, operation_id, operation, check=lambda: action.check(services, spreadsheet_id, params)
        )
        answer = Answer(Outcome.ACCEPTED, sentence("operation.accepted"), operation_id=operation_id)
        envelope = answer_json(answer, locale)
    log.info(
        "clicked",
        extra={"action": body["action"], "outcome": envelope["outcome"], "workbook": spreadsheet_id},
    )
    return response(envelope, STATUS_OF_OUTCOME.get(envelope["outcome"], 200))


def _operation_status(services: Services, body: Json, email: str, locale: str) -> Response:
    params = body.get("params", {})
    check(params, _OPERATION_PARAMS)
    operation = load_operation(services.store, params["operation_id"])
    if operation["spreadsheet_id"] != body["spreadsheet_id"] or operation["email"] != email:
        raise RequestError("request.unknown_operation")
    if operation["state"] == ENDED:
        return response(
            {**operation["answer"], "operation_id": params["operation_id"]}, operation["http_status"]
        )
    progress = operation.get("progress", {"done": 0, "total": 0, "code": "operation.accepted", "where": {}})
    step = Sentence(progress["code"], progress["where"])
    answer = Answer(
        Outcome.RUNNING,
        step,
        data={"done": progress["done"], "total": progress["total"], "step": render(step, locale)},
        operation_id=params["operation_id"],
    )
    return response(answer_json(answer, locale), 200)


def run_operation(services: Services, operation_id: str) -> None:
    """Run a queued operation to its end and keep its answer, for the sidebar to ask for.

    A delivery of an operation that has ended does nothing. An error is an end as well: the person is
    told and clicks again. Only a sudden death leaves the operation open, and the next delivery goes on.
    """
    with lease(services, f"operation:{operation_id}") as held:
        _run_operation(services, operation_id, held)


def _run_operation(services: Services, operation_id: str, held: Lease) -> None:
    operation = load_operation(services.store, operation_id)
    if operation["state"] == ENDED:
        return
    action, locale = ACTIONS[operation["action"]], operation["locale"]
    run = action.run_operation
    if run is None:
        raise RequestError("request.unknown_action", action=operation["action"])
    status = 200
    try:
        journal = Journal(services.store, operation_id, operation, held)
        answer = run(services, operation["spreadsheet_id"], operation["params"], journal)
    except BusyError:
        # Somebody else holds the workbook, or a dead process still does: the queue tries again.
        raise
    except VitrinaError as error:
        answer, status = error_answer(error), error.http_status
        log.info("operation refused", extra={"operation": operation_id, "code": error.code})
    except Exception:
        answer, status = unexpected_answer(), 500
        log.exception("operation broke off", extra={"operation": operation_id})
    end_operation(services.store, operation_id, answer_json(answer, locale), status)
    log.info(
        "operation ended",
        extra={
            "operation": operation_id,
            "action": operation["action"],
            "outcome": answer.outcome.value,
            "workbook": operation["spreadsheet_id"],
        },
    )
