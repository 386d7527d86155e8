"""HTTP to Google that sends a write once.

``httplib2`` takes a connection that breaks before the answer for a stale one and sends the request
again, whatever its method. Google may have carried the first one out: a second file would be made, and
a guarded batch would be refused as if somebody else had changed the rows.
"""

from __future__ import annotations

import http.client
from typing import Any

import httplib2


class LostAnswerError(httplib2.HttpLib2Error):  # type: ignore[misc]
    """A write went out and no answer came: nobody knows whether it was carried out."""


class _WritesOnce:
    """What the plain and the secure connection have in common."""

    _is_write = False

    def request(self, method: str, *arguments: Any, **options: Any) -> None:
        self._is_write = method != "GET"
        if self._is_write:
            # A kept connection may have been closed by Google, which looks just like a lost answer.
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
    """``httplib2.Http`` whose writes go out once."""

    def request(self, uri: str, *arguments: Any, **options: Any) -> Any:
        """See ``httplib2.Http``."""
        options["connection_type"] = _Secure if uri.startswith("https:") else _Plain
        return super().request(uri, *arguments, **options)
