"""Asana's errors: ``{"errors": [{"message": …, "help": …}]}``.

The form and the messages of 401, 429 and ``Missing input`` are from the documentation; ``COVERAGE.md`` marks
those for which no source was found.
"""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

HELP = (
    "For more information on API status codes and how to handle them, read the docs on errors: "
    "https://developers.asana.com/docs/errors"
)
MESSAGES = {
    400: "Bad Request",
    401: "Not Authorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Payload Too Large",
    429: "You've made too many requests and hit a rate limit. Please retry after the given amount of time.",
    500: "Server Error",
}
#: Asana gives each server error a sentence by which its support finds it.
PHRASE = "6 sad squid snuggle softly"
HTML_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"
HTML_TITLES = {
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}


class AsanaError(Exception):
    """The call ends with *status* and changes nothing."""

    def __init__(self, status: int, message: str | None = None) -> None:
        super().__init__(message or MESSAGES[status])
        self.status = status


class NotModelledError(Exception):
    """The call exists in Asana but not here; the message names it."""


def bad(message: str) -> AsanaError:
    """Error 400: the body or a parameter is wrong."""
    return AsanaError(400, message)


def missing(what: str, gid: object) -> AsanaError:
    """Error 404: the object does not exist, or the caller may not know of it."""
    return AsanaError(404, f"{what}: Unknown object: {gid}")


def forbidden(message: str = "Forbidden") -> AsanaError:
    """Error 403: the owner of the token may not do this."""
    return AsanaError(403, message)


def plan(feature: str) -> AsanaError:
    """Error 402: the plan of the workspace lacks a feature."""
    return AsanaError(402, f"{feature} is not available on your current plan.")


def body_of(status: int, message: str | None = None) -> dict[str, Any]:
    """The JSON body of a refusal."""
    error = {"message": message or MESSAGES.get(status, "Error"), "help": HELP}
    if status >= 500:
        error["phrase"] = PHRASE
    return {"errors": [error]}


def answer(status: int, message: str | None = None, retry_after_s: float | None = None) -> Response:
    """The answer of Asana, or of the load balancer before it, to a refused call."""
    if status in HTML_TITLES:
        response = Response(HTML_PAGE.format(HTML_TITLES[status]), status, mimetype="text/html")
    else:
        response = jsonify(body_of(status, message))
        response.status_code = status
    if status == 429 or retry_after_s is not None:
        response.headers["Retry-After"] = f"{1 if retry_after_s is None else retry_after_s:g}"
    return response
