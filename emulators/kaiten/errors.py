"""Kaiten's error messages and their form.

Messages of validation have ajv's wording after the kind of object, as in the one that public clients
quote: ``Card should have required property 'board_id'``. ``COVERAGE.md`` marks messages for which no
source was found.
"""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

MESSAGES = {
    400: "Bad Request",
    402: "Feature is not supported by tariff",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    500: "Internal Server Error",
}
HTML_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\r\n"
HTML_TITLES = {
    429: "Too Many Requests",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
RETRY_AFTER_S = 1


class KaitenError(Exception):
    """The call ends with *status* and changes nothing."""

    def __init__(self, status: int, message: str | None = None) -> None:
        super().__init__(message or MESSAGES[status])
        self.status = status


class NotModelledError(Exception):
    """The call exists in Kaiten but not here; the message names it."""


def bad(message: str) -> KaitenError:
    """Error 400: the body or a parameter is wrong."""
    return KaitenError(400, message)


def missing(_: object = None) -> KaitenError:
    """Error 404: the object does not exist."""
    return KaitenError(404)


def forbidden() -> KaitenError:
    """Error 403: the owner of the token may not do this."""
    return KaitenError(403)


def answer(status: int, message: str | None = None, retry_after_s: float | None = None) -> Response:
    """The answer of Kaiten, or of the load balancer before it, to a refused call."""
    if status == 401:
        response = Response("Unauthorized", 401, mimetype="text/plain")
    elif status in HTML_TITLES:
        response = Response(HTML_PAGE.format(f"{status} {HTML_TITLES[status]}"), status, mimetype="text/html")
    else:
        body: dict[str, Any] = {"message": message or MESSAGES.get(status, "Error")}
        response = jsonify(body)
        response.status_code = status
    if status == 429 or retry_after_s is not None:
        response.headers["retry-after"] = f"{RETRY_AFTER_S if retry_after_s is None else retry_after_s:g}"
    return response
