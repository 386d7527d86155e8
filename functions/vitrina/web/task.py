"""The ``task`` entry point: queued work, which is delivered at least once."""

from __future__ import annotations

import logging
import math

from flask import Request, Response

from vitrina.errors import AuthenticationError, MethodNotAllowedError, RetriableServiceError, VitrinaError
from vitrina.jobs.registry import JOBS, PASSING, Job, run_job
from vitrina.logs import note
from vitrina.operations.actor import CLOCK
from vitrina.ports import Json
from vitrina.web.http import (
    OTHER_BODY_BYTES,
    OpenApplication,
    bearer_token,
    check,
    check_method,
    limit_body,
    read_json,
    response,
)

log = logging.getLogger("vitrina.task")

#: Name of an outbox entry, which is removed when its task is carried out.
_WISH: Json = {"type": "string", "maxLength": 500}

#: What every body has.
_BODY: Json = {"type": "object", "properties": {"kind": {"enum": sorted(JOBS)}}, "required": ["kind"]}


def _schema_of(job: Job) -> Json:
    """The schema of the body of a kind of work."""
    return {
        "type": "object",
        "properties": {"kind": {}, "wish": _WISH, **job.fields},
        "required": ["kind", *job.needed],
        "additionalProperties": False,
    }


def handle_task(request: Request, application: OpenApplication) -> Response:
    """Do queued work. A status 2xx means done; after any other the queue tries again later."""
    limit_body(request, OTHER_BODY_BYTES)
    try:
        check_method(request)
        app = application()
        app.identity.check_task_caller(bearer_token(request))
        body = read_json(request)
        check(body, _BODY)
        check(body, _schema_of(JOBS[body["kind"]]))
        # An operation notes who clicked.
        note(actor=CLOCK.logged, job=body["kind"], **_workbook_in(body))
        run_job(app.services, body)
    except (AuthenticationError, MethodNotAllowedError) as error:
        return response({"error": error.code}, error.http_status)
    except PASSING as error:
        log.warning("task postponed: %s", error.code)
        return _later(error)
    except VitrinaError as error:
        # The task would fail again: tell the queue that it is done, and log the error.
        log.exception("task dropped")
        return response({"dropped": error.code}, 200)
    return response({}, 200)


def _workbook_in(body: Json) -> dict[str, str]:
    return {"workbook": body["spreadsheet_id"]} if "spreadsheet_id" in body else {}


def _later(error: VitrinaError) -> Response:
    """Response that makes the queue try again, not before the time that the outside system named."""
    answer = response({"error": error.code}, 503)
    if isinstance(error, RetriableServiceError) and error.retry_after_s is not None:
        answer.headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    return answer
