"""Passes calls on to Google's Firestore emulator, so that a test can count them and make them fail.

It has the control endpoints of our own emulators; the names of calls are those of the API: ``commit``,
``batchGet``, ``runQuery``.
"""

from __future__ import annotations

import http.client
from collections import deque
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request

from emulators.common.control import CONTROL_PREFIX, Control

#: Google's own emulator answers within seconds, or it waits for locks of transactions, which we do not use.
TIMEOUT_S = 60.0
#: Names of statuses in the errors of Google's APIs.
_STATUS_NAMES = {429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}


def create_app(url: str) -> Flask:
    """A WSGI application in front of the emulator at *url*."""
    app = Flask(__name__)
    control = Control(
        name_call=_name_of_call,
        fault_response=_fault,
        reset=lambda: None,
        seed=lambda _: None,
        snapshot=dict,
        save_state=lambda: None,
        restore_state=lambda _: None,
    )
    control.install(app)
    connections = _Connections(urlsplit(url).netloc)

    @app.post("/v1/<path:call>")
    def pass_on(call: str) -> Response:
        status, content_type, body = connections.post(f"/v1/{call}?{request.query_string.decode()}")
        return Response(body, status, content_type=content_type)

    return app


class _Connections:
    """Open connections to the emulator, each used by one call at a time."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._idle: deque[http.client.HTTPConnection] = deque()

    def post(self, path: str) -> tuple[int, str, bytes]:
        """Send the body of the current request; returns status, type and body of the answer."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = http.client.HTTPConnection(self._address, timeout=TIMEOUT_S)
        kept = ("Content-Type", "Authorization")
        headers = {name: request.headers[name] for name in kept if name in request.headers}
        connection.request("POST", path, request.get_data(), headers)
        answer = connection.getresponse()
        found = answer.status, answer.headers.get("Content-Type", "application/json"), answer.read()
        self._idle.append(connection)
        return found


def _name_of_call() -> str | None:
    return None if request.path.startswith(CONTROL_PREFIX) else request.path.rpartition(":")[2]


def _fault(status: int, retry_after_s: float | None) -> Response:
    error = {"code": status, "message": "a planned fault", "status": _STATUS_NAMES.get(status, "UNKNOWN")}
    response = jsonify({"error": error})
    response.status_code = status
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(int(retry_after_s))
    return response
