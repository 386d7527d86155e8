"""The ``task`` entry point: work that was queued, delivered at least once."""

from __future__ import annotations

import logging
from typing import Any

from flask import Request, Response

from vitrina.errors import AuthenticationError, RequestError, UnknownWorkbookError, VitrinaError
from vitrina.ports import Identity, Json
from vitrina.usecases.records import load_project
from vitrina.usecases.services import Services
from vitrina.usecases.sync import sync_touched
from vitrina.web.envelope import response
from vitrina.web.menu import bearer_token, parse_body, run_operation

log = logging.getLogger("vitrina.task")

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
            "properties": {"kind": {"const": "sync"}, "spreadsheet_id": {"type": "string"}},
            "required": ["kind", "spreadsheet_id"],
            "additionalProperties": False,
        },
    ]
}


def handle_task(request: Request, services: Services, identity: Identity) -> Response:
    """Do queued work. 2xx means done; anything else has the queue try again later."""
    try:
        identity.check_task_caller(bearer_token(request))
        _do(services, parse_body(request, _BODY))
    except AuthenticationError as error:
        return response({"error": error.code}, error.http_status)
    except (RequestError, UnknownWorkbookError) as error:
        # It would be refused again: let the queue forget it, but not silently.
        log.exception("task dropped")
        return response({"dropped": error.code}, 200)
    except VitrinaError as error:
        log.warning("task postponed: %s", error.code)
        return response({"error": error.code}, 503)
    return response({}, 200)


def _do(services: Services, body: Any) -> None:
    if body["kind"] == "operation":
        run_operation(services, body["id"])
    else:
        sync_touched(services, load_project(services.store, body["spreadsheet_id"]))
