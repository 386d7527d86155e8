"""The ``webhook`` entry point: a tracker, the CRM or the chat reports something.

The path names the connection of the tracker, the CRM or the chat. Its adapter proves who sent the request, as
well as the outside system allows. What a tracker or the CRM says is used only as a hint which cards or deals
to read; what people wrote in a chat is kept.
"""

from __future__ import annotations

import logging
from functools import partial

from flask import Request, Response

from vitrina.errors import ConfigurationError, RequestError, VitrinaError
from vitrina.logs import note
from vitrina.operations.services import CHAT, CRM, Services
from vitrina.ports import WebhookRequest
from vitrina.web.http import (
    WEBHOOK_BODY_BYTES,
    Application,
    OpenApplication,
    limit_body,
    read_body,
    read_json,
    response,
)

log = logging.getLogger("vitrina.webhook")


def handle_webhook(request: Request, application: OpenApplication) -> Response:
    """Store the hints and answer at once; 404 for a path that names nobody or lacks the secret."""
    limit_body(request, WEBHOOK_BODY_BYTES)
    try:
        app = application()
        services = app.services
        name, path = _sender_in(request.path, services)
        if request.method != "POST" or name is None:
            return response({}, 404)
        note(actor=f"webhook:{name}")
        headers = {key.lower(): value for key, value in request.headers.items()}
        sent = WebhookRequest(path, headers, partial(read_body, request), partial(read_json, request))
        answer = _take(app, name, app.former_secrets.renew(name, sent))
    except RequestError as error:
        return response({}, error.http_status)
    except VitrinaError as error:
        log.warning("webhook not kept: %s", error.code, exc_info=error)
        return response({}, 503)
    return answer


def _take(app: Application, name: str, sent: WebhookRequest) -> Response:
    if name == CRM:
        return _take_deals(app.services, sent)
    return _take_chat(app.services, sent) if name == CHAT else _take_cards(app, name, sent)


def _take_chat(services: Services, sent: WebhookRequest) -> Response:
    if services.chat is None:
        return response({}, 404)
    from vitrina.usecases.chats.updates import take_updates

    received = services.chat.receive(sent)
    count = take_updates(services, received)
    log.info("webhook of the chat %s", "kept" if count else "without an event of ours")
    return response({}, received.status)


def _take_cards(app: Application, tracker: str, sent: WebhookRequest) -> Response:
    from vitrina.usecases.tracker.hints import keep_look_after_storm, take_hints

    services, shares = app.services, app.limits.webhooks
    received = services.tracker(tracker).receive(sent)
    known_count = 0
    if received.card_ids:
        with shares.serve(tracker) as wait_s:
            # Where others wait, one look at all cards is kept in place of each of them.
            known_count = (
                keep_look_after_storm(services, tracker)
                if wait_s > 0
                else take_hints(services, tracker, received.card_ids)
            )
    log.info("webhook %s", "noted" if known_count else "of no card of ours")
    answer = response({}, received.status)
    answer.headers.update(received.headers)
    return answer


def _take_deals(services: Services, sent: WebhookRequest) -> Response:
    if services.crm is None:
        return response({}, 404)
    from vitrina.usecases.deals.hints import take_deal_hints

    received = services.crm.receive(sent)
    try:
        take_deal_hints(services, received.deal_ids)
    except ConfigurationError as error:
        # Refusals would make the CRM switch its webhooks off.
        log.error("deals are not read: %s", error.code)  # noqa: TRY400 - the place tells nothing
    log.info("webhook of %d deals", len(received.deal_ids))
    return response({}, received.status)


def _sender_in(path: str, services: Services) -> tuple[str | None, tuple[str, ...]]:
    """Who is named in a path, and what follows it; ``None`` if the path names nobody.

    Before the name stands the path of the entry point, or nothing, depending on where it runs.
    """
    segments = [segment for segment in path.split("/") if segment]
    for place in range(len(segments) - 1, -1, -1):
        if segments[place] in services.trackers or segments[place] in (CRM, CHAT):
            return segments[place], tuple(segments[place + 1 :])
    return None, ()
