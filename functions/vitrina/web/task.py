"""The ``task`` entry point: work that was queued, delivered at least once."""

from __future__ import annotations

import logging
import math
from typing import Any

from flask import Request, Response

from vitrina.errors import (
    AccessDeniedError,
    AuthenticationError,
    BusyError,
    ChangedMeanwhileError,
    MethodNotAllowedError,
    RetriableServiceError,
    VitrinaError,
)
from vitrina.jobs.nightly import recalculate_at_night
from vitrina.jobs.reconcile import reconcile
from vitrina.operations.services import Services
from vitrina.ports import Identity, Json
from vitrina.records.records import load_agency, load_project
from vitrina.usecases.sync import sync_touched
from vitrina.web.envelope import response
from vitrina.web.http import OTHER_BODY_BYTES, bearer_token, check_method, limit_body, parse_body
from vitrina.web.menu import run_operation

log = logging.getLogger("vitrina.task")

#: What may be otherwise at the next delivery: access may be given back by then.
PASSING = (BusyError, ChangedMeanwhileError, RetriableServiceError, AccessDeniedError)

_BODY: Json = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": "operation"}, "id": {"type": "string"}},
            "required": ["kind", "id"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {
                "kind": {"enum": ["sync", "reconcile", "norms"]},
                "spreadsheet_id": {"type": "string"},
                # A moment, in seconds of Unix time.
                "turn": {"type": "number", "minimum": 0, "maximum": 1e11},
            },
            "required": ["kind", "spreadsheet_id"],
            "additionalProperties": False,
        },
    ]
}


def handle_task(request: Request, services: Services, identity: Identity) -> Response:
    """Do queued work. 2xx means done; anything else has the queue try again later."""
    limit_body(request, OTHER_BODY_BYTES)
    try:
        check_method(request)
        identity.check_task_caller(bearer_token(request))
        _do(services, parse_body(request, _BODY))
    except (AuthenticationError, MethodNotAllowedError) as error:
        return response({"error": error.code}, error.http_status)
    except PASSING as error:
        log.warning("task postponed: %s", error.code)
        return _later(error)
    except VitrinaError as error:
        # It would be refused again: let the queue forget it, but not silently.
        log.exception("task dropped")
        return response({"dropped": error.code}, 200)
    return response({}, 200)


def _later(error: VitrinaError) -> Response:
    """Have the queue try again, not before the moment that the outside system named."""
    answer = response({"error": error.code}, 503)
    if isinstance(error, RetriableServiceError) and error.retry_after_s is not None:
        answer.headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    return answer


def _do(services: Services, body: Any) -> None:
    if body["kind"] == "operation":
        run_operation(services, body["id"])
    elif body["kind"] == "norms":
        agency = load_agency(services.store, body["spreadsheet_id"])
        recalculate_at_night(services.in_background(), agency, turn=body.get("turn"))
    else:
        look = {"sync": sync_touched, "reconcile": reconcile}[body["kind"]]
        project = load_project(services.store, body["spreadsheet_id"])
        look(services.in_background(), project, turn=body.get("turn"))
