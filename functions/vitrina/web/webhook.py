"""The ``webhook`` entry point: a tracker reports a change.

Kaiten does not sign webhooks. So the last part of the path is a secret, and the body is used only as a hint
which card to read.
"""

from __future__ import annotations

import hmac
import logging

from flask import Request, Response

from vitrina.errors import RequestError, VitrinaError
from vitrina.jobs.sync_touched import take_hint
from vitrina.operations.services import Services
from vitrina.web.http import WEBHOOK_BODY_BYTES, limit_body, read_json, response

log = logging.getLogger("vitrina.webhook")


def handle_webhook(request: Request, services: Services, *, secret: str) -> Response:
    """Store the hint and answer at once; 404 for a path without the secret."""
    limit_body(request, WEBHOOK_BODY_BYTES)
    given = request.path.rstrip("/").rsplit("/", 1)[-1]
    if request.method != "POST" or not hmac.compare_digest(given.encode(), secret.encode()):
        return response({}, 404)
    try:
        body = read_json(request)
    except RequestError as error:
        return response({}, error.http_status)
    if not isinstance(body, dict):
        return response({}, 400)
    try:
        known = take_hint(services, body)
    except VitrinaError as error:
        log.warning("webhook not kept: %s", error.code, exc_info=error)
        return response({}, 503)
    log.info("webhook %s", "noted" if known else "of no card of ours")
    return response({}, 200)
