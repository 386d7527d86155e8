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
from vitrina.web.http import WEBHOOK_BODY_BYTES, OpenApplication, limit_body, read_json, response

log = logging.getLogger("vitrina.webhook")


def handle_webhook(request: Request, application: OpenApplication) -> Response:
    """Store the hint and answer at once; 404 for a path without the secret."""
    limit_body(request, WEBHOOK_BODY_BYTES)
    try:
        app = application()
        if request.method != "POST" or not _has_secret(request, app.settings.webhook_secret):
            return response({}, 404)
        body = read_json(request)
        known = isinstance(body, dict) and take_hint(app.services, body)
    except RequestError as error:
        return response({}, error.http_status)
    except VitrinaError as error:
        log.warning("webhook not kept: %s", error.code, exc_info=error)
        return response({}, 503)
    if not isinstance(body, dict):
        return response({}, 400)
    log.info("webhook %s", "noted" if known else "of no card of ours")
    return response({}, 200)


def _has_secret(request: Request, secret: str) -> bool:
    given = request.path.rstrip("/").rsplit("/", 1)[-1]
    return hmac.compare_digest(given.encode(), secret.encode())
