"""Records the calls that a server of the Bot API gets, and its answers."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True)
class SentCall:
    """A call with its JSON, and the JSON of its answer; ``None`` if that was none."""

    http_method: str
    method: str
    content_type: str
    body: Any
    answer: Any


class Recorder:
    """A WSGI application in front of another one, which keeps the calls of a bot."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._calls: list[SentCall] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Keep the call and pass it on."""
        path = str(environ.get("PATH_INFO", ""))
        if not path.startswith("/bot"):
            return self._app(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        answer = list(self._app(environ, start_response))
        sent = SentCall(
            str(environ["REQUEST_METHOD"]),
            path.rpartition("/")[2],
            str(environ.get("CONTENT_TYPE", "")),
            _json(body),
            _json(b"".join(answer)),
        )
        with self._lock:
            self._calls.append(sent)
        return answer

    def take(self) -> list[SentCall]:
        """The calls since the last look."""
        with self._lock:
            calls, self._calls = self._calls, []
            return calls


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
