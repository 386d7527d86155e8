"""Telegram's refusals: ``{"ok": false, "error_code", "description", "parameters"?}``."""

from __future__ import annotations

import json
import math
from typing import Any

from flask import Response

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
#: Answered by the servers in front of the Bot API, so that they are no JSON.
PAGES = (502, 503, 504)


class TelegramError(Exception):
    """The call ends with *status* and changes nothing.

    Parameters
    ----------
    reason
        What stands after the title of the status.
    parameters
        ``ResponseParameters``.
    """

    def __init__(self, status: int, reason: str, parameters: dict[str, int] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.parameters = parameters


class NotModelledError(Exception):
    """The method or a parameter exists in Telegram but not here; the message names it."""


def bad(reason: str) -> TelegramError:
    """Error 400."""
    return TelegramError(400, reason)


def too_many(seconds: float) -> TelegramError:
    """Error 429: the same call is allowed after so many seconds."""
    wait_s = max(1, math.ceil(seconds))
    return TelegramError(429, f"retry after {wait_s}", {"retry_after": wait_s})


def answer(status: int, reason: str = "", parameters: dict[str, int] | None = None) -> Response:
    """The answer to a refused call."""
    title = TITLES.get(status, "Error")
    if status in PAGES:
        return Response(f"<html><h1>{status} {title}</h1></html>", status, mimetype="text/html")
    body: dict[str, Any] = {
        "ok": False,
        "error_code": status,
        "description": f"{title}: {reason}" if reason else title,
    }
    if parameters:
        body["parameters"] = parameters
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")


def planned(status: int, wait_s: float | None = None) -> Response:
    """The answer to a call that fails as a test wants it."""
    if status == 429:
        error = too_many(wait_s or 1)
        return answer(429, error.reason, error.parameters)
    return answer(status, "the call was to fail" if status in (400, 403) else "")
