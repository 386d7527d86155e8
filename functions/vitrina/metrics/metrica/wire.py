"""Calls of Metrica's API: the token, refusals of a quota under two statuses, dead tokens."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from vitrina.errors import AccessDeniedError, FatalServiceError, ServiceError
from vitrina.metrics.metrica.pace import SERVICE, Pace, busy
from vitrina.rest.transport import TimedTransport
from vitrina.rest.wire import FIRST_WAIT_S, TIMEOUT_S, Refusals, RestWire, translated

URL = "https://api-metrika.yandex.net"

#: How often a call is sent at most: other programs with the same login may be busy for some seconds.
ATTEMPTS = 6
#: The Russian page of the quotas says 429, the English one 420, for the same thing.
THROTTLED = (420, 429)
#: Quotas that have room again within seconds; also a page in front of the API, which names none.
SOON = ("quota_requests_by_ip", "quota_parallel_requests", "")
OF_COUNTER = "quota_requests_by_counter_id"

REFUSALS: Refusals = {
    401: (AccessDeniedError, "metrics.token_dead"),
    403: (AccessDeniedError, "metrics.forbidden"),
    404: (AccessDeniedError, "metrics.forbidden"),
}


class MetricaWire(RestWire):
    """Sends calls with the token of one login; see ``RestWire``. At most three are on their way."""

    pace: Pace

    def __init__(
        self,
        api_url: str,
        token: str,
        *,
        pace: Pace,
        timeout_s: float = TIMEOUT_S,
        wait_s: float = FIRST_WAIT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(
            SERVICE,
            api_url.rstrip("/"),
            token,
            pace=pace,
            timeout_s=timeout_s,
            attempts=ATTEMPTS,
            wait_s=wait_s,
            sleep=sleep,
        )

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The JSON of an answer.

        Raises
        ------
        ServiceError
            If Metrica refuses the call, or does not answer.
        """
        with self.pace.places:
            return self.call("GET", path, params=params)

    # --- See ``RestWire`` ---

    def make_client(self) -> httpx.Client:
        """The client, with the token as Yandex wants it."""
        return httpx.Client(
            transport=TimedTransport(),
            base_url=self._api_url,
            headers={"Authorization": f"OAuth {self._token}", "Accept": "application/json"},
        )

    def content_of(self, response: httpx.Response) -> Any:
        """The JSON of an answer. A refused quota begins a rest, or is repeated if seconds are enough."""
        if response.status_code in THROTTLED:
            kind = _error_type(response)
            if kind == OF_COUNTER:
                raise busy(self.pace.rest_of_day_s())
            if kind not in SOON:
                raise self.pace.rest_of_login()
            # One status for both, which is repeated.
            response.status_code = 429
        return super().content_of(response)

    def error_of(self, error: Exception) -> ServiceError:
        """Our error for a failed call; a dead token and a counter without access have the same status."""
        if isinstance(error, httpx.HTTPStatusError):
            kind = _error_type(error.response)
            if error.response.status_code == 403 and kind == "invalid_token":
                return AccessDeniedError("metrics.token_dead", service=SERVICE, status=403)
        elif isinstance(error, ValueError) and not isinstance(error, httpx.HTTPError):
            return wrong_shape()
        return translated(error, SERVICE, REFUSALS)


def wrong_shape() -> FatalServiceError:
    """The error for an answer that is not as Metrica describes it: no figure is taken from it."""
    return FatalServiceError("metrics.shape", service=SERVICE, status=200)


def _error_type(response: httpx.Response) -> str:
    """Why a call was refused, empty if the answer does not say it."""
    try:
        errors = response.json()["errors"]
        return str(errors[0]["error_type"]) if errors else ""
    except (ValueError, TypeError, KeyError, IndexError):
        return ""
