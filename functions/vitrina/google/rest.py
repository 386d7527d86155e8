"""Calls of Google's APIs that are quick and may be sent twice: those of Firestore and Cloud Tasks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httplib2
from google.auth.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.http import HttpRequest

from vitrina.google.connection import limit_wait


@dataclass(frozen=True)
class RestService:
    """A resource of an API, and ``send`` for its requests.

    Parameters
    ----------
    timeout_s
        Seconds that one call waits for its answer; fewer where the deadline of the request is nearer.
    """

    resource: Any
    credentials: Credentials
    timeout_s: float
    #: Open connections that no request uses now.
    _idle: deque[AuthorizedHttp] = field(default_factory=deque)

    def send(self, request: HttpRequest) -> Any:
        """Execute *request* over a connection of its own: ``httplib2`` is not thread-safe.

        A connection that broke is opened again and the request sent once more, whether it is a read or a
        write.
        """
        try:
            http = self._idle.pop()
        except IndexError:
            http = AuthorizedHttp(self.credentials, http=httplib2.Http())
        try:
            limit_wait(http.http, self.timeout_s)
            return request.execute(http=http)
        finally:
            self._idle.append(http)
