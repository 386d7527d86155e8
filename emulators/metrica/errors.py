"""Metrica's refusals and their form."""

from __future__ import annotations

import json

from flask import Response


class MetricaError(Exception):
    """The call ends with *status*; *kind* is the ``error_type`` of the answer."""

    def __init__(self, status: int, kind: str, message: str = "") -> None:
        super().__init__(message or kind)
        self.status = status
        self.kind = kind


class NotModelledError(Exception):
    """The call or a parameter exists in Metrica but not here; the message names it."""


def wrong(message: str) -> MetricaError:
    """Error 400: a parameter of the query is wrong."""
    return MetricaError(400, "invalid_parameter", message)


def answer(status: int, kind: str = "backend_error", message: str = "") -> Response:
    """The answer to a refused call. No refusal says when to come again."""
    text = message or kind
    body = {"errors": [{"error_type": kind, "message": text}], "code": status, "message": text}
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
