"""Records the requests that a server gets."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True)
class SentRequest:
    """A request as it was sent. ``target`` is the path below the API's own, with the query."""

    method: str
    target: str
    content_type: str
    body: bytes

    @property
    def path(self) -> str:
        """The path without the query."""
        return self.target.partition("?")[0]


class Recorder:
    """A WSGI application in front of another one, which keeps the requests of one token.

    Parameters
    ----------
    app
        The application that answers.
    prefix
        Path of the API; other requests are not kept.
    token
        Token of Vitrina's user; requests of people are not kept.
    """

    def __init__(self, app: WSGIApplication, prefix: str, token: str) -> None:
        self._app = app
        self._prefix = prefix
        self._bearer = f"Bearer {token}"
        self._lock = threading.Lock()
        self._requests: list[SentRequest] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Keep the request and pass it on."""
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(self._prefix) and environ.get("HTTP_AUTHORIZATION") == self._bearer:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            target = str(environ["REQUEST_URI"]).removeprefix(self._prefix)
            with self._lock:
                self._requests.append(
                    SentRequest(
                        str(environ["REQUEST_METHOD"]), target, str(environ.get("CONTENT_TYPE", "")), body
                    )
                )
        return self._app(environ, start_response)

    def take(self) -> list[SentRequest]:
        """The requests since the last call."""
        with self._lock:
            requests, self._requests = self._requests, []
            return requests
