"""HTTP client for Google that sends every write only once.

If a connection breaks before the answer, ``httplib2`` assumes that it was stale and sends the request
again, whatever its method. Google may have carried out the first request: then a second file would be
created, or a guarded batch would be refused as if somebody else had changed the rows.
"""

from __future__ import annotations

import http.client
from typing import Any

import httplib2

from vitrina.deadline import time_limit_s


class LostAnswerError(httplib2.HttpLib2Error):  # type: ignore[misc]
    """A write was sent and no answer came, so it is unknown whether it was carried out."""


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


class _Plain(_WritesOnce, httplib2.HTTPConnectionWithTimeout):  # type: ignore[misc]
    pass


class _Secure(_WritesOnce, httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]
    pass


class Http(httplib2.Http):  # type: ignore[misc]
    """``httplib2.Http`` that sends writes only once; raises ``LostAnswerError`` if their answer is lost."""

    def request(self, uri: str, *arguments: Any, **options: Any) -> Any:
        """See ``httplib2.Http``."""
        options["connection_type"] = _Secure if uri.startswith("https:") else _Plain
        return super().request(uri, *arguments, **options)


def limit_wait(http: httplib2.Http, most_s: float) -> None:
    """Have the next request of *http* wait at most so many seconds, fewer where the deadline is nearer.

    Raises
    ------
    TimeoutError
        If the deadline has passed.
    """
    http.timeout = time_limit_s(most_s)
    for connection in http.connections.values():
        connection.timeout = http.timeout
        if connection.sock is not None:
            connection.sock.settimeout(http.timeout)
