"""Structured logs for Cloud Logging: one JSON object in each line.

A line says what happened, and has the ids of operation and workbook and who caused it (``Actor.logged``). It
never contains a token, a name of a person or a client's text.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Fields of ``extra`` of a log call that are written.
FIELDS = ("action", "outcome", "operation", "workbook", "code", "deal")

#: What every line of the current request has; ``None`` outside a request.
_NOTED: ContextVar[dict[str, str] | None] = ContextVar("noted", default=None)


@contextmanager
def one_request() -> Iterator[None]:
    """Forget at the end of the block what ``note`` was told in it."""
    token = _NOTED.set({})
    try:
        yield
    finally:
        _NOTED.reset(token)


def note(**fields: str) -> None:
    """Write these fields into all further lines of the current request: ids and kinds, no texts."""
    noted = _NOTED.get()
    if noted is not None:
        noted.update(fields)


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """See ``logging.Formatter``."""
        line: dict[str, object] = {
            "severity": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= _NOTED.get() or {}
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure() -> None:
    """Write our own logs to standard error. Repeated calls change nothing."""
    log = logging.getLogger("vitrina")
    if log.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
