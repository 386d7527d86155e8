"""amoCRM's refusals and their form, ``application/problem+json``; those of the limit are pages."""

from __future__ import annotations

import json
from typing import Any

from flask import Response

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
#: Answered before the API is reached, so that they are no JSON.
PAGES = (429, 502, 503, 504)
PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\r\n"

NOT_SUPPORTED, NO_VALUE, WRONG_TYPE = "NotSupportedChoice", "FieldMissing", "InvalidType"


class AmoError(Exception):
    """The call ends with *status* and changes nothing.

    Parameters
    ----------
    problems
        Errors of validation: code and path of each.
    """

    def __init__(self, status: int, detail: str = "", problems: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(detail or TITLES[status])
        self.status = status
        self.problems = problems


class NotModelledError(Exception):
    """The call or a parameter exists in amoCRM but not here; the message names it."""


def invalid(code: str, path: str) -> AmoError:
    """Error 400: a value of the body is wrong."""
    return AmoError(400, "Request validation failed", ((code, path),))


def wrong_query(detail: str) -> AmoError:
    """Error 400: a parameter of the query is wrong."""
    return AmoError(400, detail)


def answer(
    status: int,
    detail: str = "",
    problems: tuple[tuple[str, str], ...] = (),
    retry_after_s: float | None = None,
    *,
    is_page: bool = False,
) -> Response:
    """The answer of amoCRM, or of the servers in front of it, to a refused call."""
    title = TITLES.get(status, "Error")
    if is_page or status in PAGES:
        response = Response(PAGE.format(f"{status} {title}"), status, mimetype="text/html")
    else:
        body: dict[str, Any] = {}
        if problems:
            errors = [
                {"code": code, "path": path, "detail": "This value is not valid."} for code, path in problems
            ]
            body["validation-errors"] = [{"request_id": "0", "errors": errors}]
        body |= {
            "title": title,
            "type": f"https://httpstatus.es/{status}",
            "status": status,
            "detail": detail or title,
        }
        response = Response(json.dumps(body), status, mimetype="application/problem+json")
    if retry_after_s is not None:
        response.headers["retry-after"] = f"{retry_after_s:g}"
    return response
