"""The ``task`` entry point: work that was queued, delivered at least once."""

from __future__ import annotations

import logging
import math

from flask import Request, Response

from vitrina.errors import AuthenticationError, MethodNotAllowedError, RetriableServiceError, VitrinaError
from vitrina.jobs.registry import JOBS, PASSING, run_job
from vitrina.ports import Json
from vitrina.web.http import (
    OTHER_BODY_BYTES,
    OpenApplication,
    bearer_token,
    check_method,
    limit_body,
    parse_body,
    response,
)

log = logging.getLogger("vitrina.task")

#: A name of the outbox, which is removed when its task is carried out.
_WISH: Json = {"type": "string", "maxLength": 500}

_BODY: Json = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": kind}, "wish": _WISH, **job.fields},
            "required": ["kind"],
            "additionalProperties": False,
        }
        for kind, job in JOBS.items()
    ]
}


def handle_task(request: Request, application: OpenApplication) -> Response:
    """Do queued work. 2xx means done; anything else has the queue try again later."""
    limit_body(request, OTHER_BODY_BYTES)
    try:
        check_method(request)
        app = application()
        app.identity.check_task_caller(bearer_token(request))
        body = parse_body(request, _BODY)
        run_job(app.services, body)
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
