"""Calls of Google's APIs that are quick and may be sent twice: those of Firestore and Cloud Tasks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from google.auth.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient import http as google_http

from vitrina.deadline import outside_call
from vitrina.google.connection import RepeatingHttp, limit_wait
from vitrina.google.services import NO_ANSWER


@dataclass(frozen=True)
class RestService:
    """A resource of an API, and ``send`` for its requests.

    Parameters
    ----------
    name
        Name of the service, for which a request has a limited patience.
    timeout_s
        Seconds that one call waits for its answer; fewer where the deadline of the request is nearer.
    """

    name: str
    resource: Any
    credentials: Credentials
    timeout_s: float
    #: Open connections that no request uses now.
    _idle: deque[AuthorizedHttp] = field(default_factory=deque)

    def send(self, request: google_http.HttpRequest) -> Any:
        """Execute *request* over a connection of its own: ``httplib2`` is not thread-safe.

        A connection that broke is opened again and the request sent once more, whether it is a read or a
        write.
        """
        try:
            http = self._idle.pop()
        except IndexError:
            http = AuthorizedHttp(self.credentials, http=RepeatingHttp())
        try:
            with outside_call(self.name, self.timeout_s, NO_ANSWER) as limit_s:
                limit_wait(http.http, limit_s)
                return request.execute(http=http)
        finally:
            self._idle.append(http)
