"""Requests to the workers, on which people wait only so long."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode, urlsplit

from benchmarks.chaos.history import Json

JSON_TYPE, FORM_TYPE = "application/json", "application/x-www-form-urlencoded"
#: A request that is not answered by then counts as lost.
TIMEOUT_S = 120.0
#: While a process stands still, people give up waiting after so long and click again.
PATIENCE_S = 0.3


class Waiting:
    """Connections on which somebody waits for an answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: set[HTTPConnection] = set()

    @contextmanager
    def on(self, connection: HTTPConnection) -> Iterator[None]:
        """Count a connection while the block runs."""
        with self._lock:
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.remove(connection)

    def give_up_soon(self) -> None:
        """Have all who wait now give up after ``PATIENCE_S``, if they still wait then."""
        with self._lock:
            waiting = set(self._connections)
        timer = threading.Timer(PATIENCE_S, self._give_up, [waiting])
        timer.daemon = True
        timer.start()

    def _give_up(self, waiting: set[HTTPConnection]) -> None:
        with self._lock:
            for connection in waiting & self._connections:
                # It may have been closed by the other side.
                with suppress(OSError, AttributeError):
                    connection.sock.shutdown(socket.SHUT_RDWR)


def post_json(url: str, body: Json, headers: Mapping[str, str], waiting: Waiting) -> Json:
    """The answer to a request, with its status; raises ``OSError`` if there is none."""
    status, text = _send("POST", url, json.dumps(body), {**headers, "Content-Type": JSON_TYPE}, waiting)
    return {**json.loads(text), "http_status": status}


def visit(
    url: str, form: Mapping[str, str | list[str]] | None, headers: Mapping[str, str], waiting: Waiting
) -> tuple[int, str]:
    """Status and text of a page, which a *form* is sent to; raises ``OSError`` if there is no answer."""
    if form is None:
        return _send("GET", url, None, headers, waiting)
    body = urlencode(form, doseq=True)
    return _send("POST", url, body, {**headers, "Content-Type": FORM_TYPE}, waiting)


def _send(
    method: str, url: str, body: str | None, headers: Mapping[str, str], waiting: Waiting
) -> tuple[int, str]:
    # There are hundreds of thousands of requests, and a full HTTP client takes longer than the answers.
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    with closing(connection), waiting.on(connection):
        try:
            connection.request(method, parts.path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.read().decode()
        except HTTPException as error:
            raise ConnectionError(str(error)) from error
