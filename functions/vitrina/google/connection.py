"""HTTP clients for Google whose calls end at the deadline, however slowly an answer comes.

``Http`` sends every write only once. If a connection breaks before the answer, ``httplib2`` assumes that it
was stale and sends the request again, whatever its method. Google may have carried out the first request:
then a second file would be created, or a guarded batch would be refused as if somebody else had changed the
rows.
"""

from __future__ import annotations

import http.client
import socket
from typing import Any

import httplib2

from vitrina.deadline import read_until_deadline


class LostAnswerError(httplib2.HttpLib2Error):  # type: ignore[misc]
    """A write was sent and no answer came, so it is unknown whether it was carried out."""


class TimedResponse(http.client.HTTPResponse):
    """Is read until the deadline of the request."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp.close()
        self.fp = read_until_deadline(sock)


class _Plain(httplib2.HTTPConnectionWithTimeout):  # type: ignore[misc]
    response_class = TimedResponse


class _Secure(httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
    response_class = TimedResponse


class _WritesOnce:
    """Common part of the plain and the secure connection."""

    _is_write = False

    def request(self, method: str, *arguments: Any, **options: Any) -> None:
        self._is_write = method != "GET"
        if self._is_write:
            # Google may have closed a kept connection, and that would look like a lost answer.
            self.close()  # type: ignore[attr-defined]
        super().request(method, *arguments, **options)  # type: ignore[misc]

    def getresponse(self) -> http.client.HTTPResponse:
        try:
            response: http.client.HTTPResponse = super().getresponse()  # type: ignore[misc]
        except (http.client.HTTPException, OSError) as error:
            if not self._is_write:
                raise
            self.close()  # type: ignore[attr-defined]
            raise LostAnswerError(str(error)) from error
        return response


class _PlainOnce(_WritesOnce, _Plain):
    pass


class _SecureOnce(_WritesOnce, _Secure):
    pass


class RepeatingHttp(httplib2.Http):  # type: ignore[misc]
    """``httplib2.Http`` that opens a broken connection again and repeats the request, also a write."""

    _plain: type = _Plain
    _secure: type = _Secure

    def request(self, uri: str, *arguments: Any, **options: Any) -> Any:
        """See ``httplib2.Http``."""
        options["connection_type"] = self._secure if uri.startswith("https:") else self._plain
        return super().request(uri, *arguments, **options)


class Http(RepeatingHttp):
    """``httplib2.Http`` that sends writes only once; raises ``LostAnswerError`` if their answer is lost."""

    _plain = _PlainOnce
    _secure = _SecureOnce


def limit_wait(http: httplib2.Http, seconds: float) -> None:
    """Have the next request of *http* wait at most so many seconds to connect, and to send."""
    http.timeout = seconds
    for connection in http.connections.values():
        connection.timeout = http.timeout
        if connection.sock is not None:
            connection.sock.settimeout(http.timeout)
