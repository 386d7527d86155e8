"""The ``webhook`` entry point: a tracker reports a change.

The path names the connection of the tracker. Its adapter proves who sent the request, as well as the tracker
allows. What the body says is used only as a hint which cards to read.
"""

from __future__ import annotations

import logging
from collections.abc import Container
from functools import partial

from flask import Request, Response

from vitrina.errors import RequestError, VitrinaError
from vitrina.jobs.sync_touched import take_hints
from vitrina.ports import WebhookRequest
from vitrina.web.http import WEBHOOK_BODY_BYTES, OpenApplication, limit_body, read_body, read_json, response

log = logging.getLogger("vitrina.webhook")


def handle_webhook(request: Request, application: OpenApplication) -> Response:
    """Store the hints and answer at once; 404 for a path without a tracker or its secret."""
    limit_body(request, WEBHOOK_BODY_BYTES)
    try:
        services = application().services
        name, path = _tracker_in(request.path, services.trackers)
        if request.method != "POST" or name is None:
            return response({}, 404)
        headers = {key.lower(): value for key, value in request.headers.items()}
        sent = WebhookRequest(path, headers, partial(read_body, request), partial(read_json, request))
        received = services.tracker(name).receive(sent)
        known_count = take_hints(services, name, received.card_ids)
    except RequestError as error:
        return response({}, error.http_status)
    except VitrinaError as error:
        log.warning("webhook not kept: %s", error.code, exc_info=error)
        return response({}, 503)
    log.info("webhook %s", "noted" if known_count else "of no card of ours")
    answer = response({}, received.status)
    answer.headers.update(received.headers)
    return answer


def _tracker_in(path: str, trackers: Container[str]) -> tuple[str | None, tuple[str, ...]]:
    """Name of the tracker in a path, and what follows it; ``None`` if the path names none.

    Before the name stands the path of the entry point, or nothing, depending on where it runs.
    """
    segments = [segment for segment in path.split("/") if segment]
    for place in range(len(segments) - 1, -1, -1):
        if segments[place] in trackers:
            return segments[place], tuple(segments[place + 1 :])
    return None, ()
