"""Calls of Calltouch's API, whose token is a parameter of the address.

The token is added to the address below the client, so that no log, error or trace has it.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from vitrina.errors import AccessDeniedError, FatalServiceError, ServiceError
from vitrina.rest.transport import TimedTransport
from vitrina.rest.wire import FIRST_WAIT_S, TIMEOUT_S, Refusals, RestWire, translated

SERVICE = "Calltouch"
URL = "https://api.calltouch.ru"
#: The host of the node of a site.
NODE = "https://api-node{number}.calltouch.ru"
#: Seconds between two calls: no limit is published.
DISTANCE_S = 0.5

REFUSALS: Refusals = {
    401: (AccessDeniedError, "metrics.token_dead"),
    403: (AccessDeniedError, "metrics.token_dead"),
    404: (AccessDeniedError, "metrics.forbidden"),
}
_NUMBER = re.compile(rb"\d+")


class EvenPace:
    """Spaces the calls of all sites evenly."""

    def __init__(
        self, distance_s: float = DISTANCE_S, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._distance_s = distance_s
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_at = 0.0

    def wait(self, calls: int = 1) -> None:
        """Sleep until the next call may be sent."""
        with self._lock:
            now = time.monotonic()
            turn_at = max(now, self._next_at)
            self._next_at = turn_at + calls * self._distance_s
        if turn_at > now:
            self._sleep(turn_at - now)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Do nothing: the answers do not state a limit."""


class CalltouchWire(RestWire):
    """Sends the calls of one site; see ``RestWire``."""

    def __init__(
        self,
        api_url: str,
        token: str,
        *,
        pace: EvenPace,
        timeout_s: float = TIMEOUT_S,
        wait_s: float = FIRST_WAIT_S,
    ) -> None:
        super().__init__(SERVICE, api_url.rstrip("/"), token, pace=pace, timeout_s=timeout_s, wait_s=wait_s)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The JSON of an answer; raises ``ServiceError``."""
        return self.call("GET", path, params=params)

    def on_node(self, site_id: str) -> CalltouchWire:
        """The wire to the node of a site: the address of all sites only tells which one that is.

        A server of the operator's own, in place of Calltouch's, passes calls on to the node itself.
        """
        number = self.get(f"/calls-service/RestAPI/{site_id}/getnodeid/")
        if self._api_url != URL:
            return self
        node = _NUMBER.search(str(number).encode())
        if node is None:
            raise wrong_shape()
        self._client.base_url = httpx.URL(NODE.format(number=int(node[0])))
        return self

    # --- See ``RestWire`` ---

    def make_client(self) -> httpx.Client:
        """The client, which adds the token below everything that is logged."""
        return httpx.Client(
            transport=_WithToken(self._token),
            base_url=self._api_url,
            headers={"Accept": "application/json"},
        )

    def error_of(self, error: Exception) -> ServiceError:
        """Our error for a failed call."""
        if isinstance(error, ValueError) and not isinstance(error, httpx.HTTPError):
            return wrong_shape()
        return translated(error, SERVICE, REFUSALS)


class _WithToken(TimedTransport):
    """Adds the token to the address of each request as it is sent."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See ``httpx.HTTPTransport``."""
        url = request.url.copy_merge_params({"clientApiId": self._token})
        sent = httpx.Request(request.method, url, headers=request.headers, extensions=request.extensions)
        return super().handle_request(sent)


def wrong_shape() -> FatalServiceError:
    """The error for an answer that is not as Calltouch describes it: no figure is taken from it."""
    return FatalServiceError("metrics.shape", service=SERVICE, status=200)
