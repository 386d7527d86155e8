"""Reads who sends a request."""

from __future__ import annotations

from flask import request


def bearer_token() -> str:
    """The bearer token of the current request, empty if it has none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else ""
