"""The ``schedule`` entry point: Cloud Scheduler calls it every quarter of an hour."""

from __future__ import annotations

import logging

from flask import Request, Response

from vitrina.errors import VitrinaError
from vitrina.jobs.registry import call_timer
from vitrina.logs import note
from vitrina.operations.actor import CLOCK
from vitrina.web.http import (
    OTHER_BODY_BYTES,
    OpenApplication,
    bearer_token,
    check_method,
    limit_body,
    response,
)

log = logging.getLogger("vitrina.schedule")


def handle_schedule(request: Request, application: OpenApplication) -> Response:
    """Plan the periodic jobs. Tasks do the work itself, because it may take longer than a call."""
    limit_body(request, OTHER_BODY_BYTES)
    try:
        check_method(request)
        app = application()
        app.identity.check_schedule_caller(bearer_token(request))
        note(actor=CLOCK.logged)
        counts = call_timer(app.services)
    except VitrinaError as error:
        log.warning("schedule refused: %s", error.code)
        return response({"error": error.code}, error.http_status)
    log.info("planned: %s", ", ".join(f"{name} {count}" for name, count in counts.items()))
    return response(counts, 200)
