"""Calls of Kaiten's REST API: pace, retries, and its refusals as our errors."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any

import httpx
import tenacity

from vitrina.errors import AccessDeniedError, FatalServiceError, RetriableServiceError, ServiceError
from vitrina.ports import Json
from vitrina.trackers.kaiten.pace import Pace

SERVICE = "Kaiten"
API_PATH = "/api/latest"
TIMEOUT = httpx.Timeout(20.0, connect=5.0)
ATTEMPTS = 4
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0
PAGE = 100

#: The request did not leave, so that even a call that makes something may be repeated.
#: A second one changes nothing.
_REPEATABLE = ("GET", "DELETE")
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_REFUSALS: Mapping[int, tuple[type[ServiceError], str]] = {
    401: (AccessDeniedError, "tracker.unauthorized"),
    402: (FatalServiceError, "tracker.plan"),
    403: (AccessDeniedError, "tracker.forbidden"),
    404: (FatalServiceError, "tracker.not_found"),
}

log = logging.getLogger("vitrina.kaiten")


@cache
def trusted_authorities() -> ssl.SSLContext:
    """Whom every client of this process believes; it is read from a file once."""
    return httpx.create_ssl_context()


class KaitenWire:
    """One connection pool and one pace for all calls of a process.

    A 429 did nothing and is repeated for every method. A 5xx or a lost answer is repeated for GET
    only: a POST may have been carried out, and the caller has to look before it tries again.

    Parameters
    ----------
    site_url
        Address of the company, with or without the path of the API.
    wait_s
        Before the first repeat of a call; it doubles with each further one.
    """

    def __init__(
        self,
        site_url: str,
        token: str,
        *,
        pace: Pace | None = None,
        wait_s: float = FIRST_WAIT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.site_url = site_url.rstrip("/").removesuffix(API_PATH).removesuffix("/api/v1")
        self._token = token
        self._wait_s = wait_s
        self._sleep = sleep
        self._pace = pace or Pace(sleep=sleep)

    def get(self, path: str, **params: str | int) -> Any:
        """Read something."""
        return self._call("GET", path, params=params)

    def post(self, path: str, body: Json) -> Any:
        """Make something."""
        return self._call("POST", path, body=body)

    def patch(self, path: str, body: Json) -> Any:
        """Change something."""
        return self._call("PATCH", path, body=body)

    def delete(self, path: str) -> Any:
        """Delete something; what is gone already is refused with 404."""
        return self._call("DELETE", path)

    def pages(self, path: str, **params: str | int) -> Iterator[Json]:
        """All rows of a list.

        Only an empty page is the last one: Kaiten clamps the limit silently, and a card that is missed
        here would be made a second time.
        """
        offset = 0
        while page := self.get(path, limit=PAGE, offset=offset, **params):
            yield from page
            offset += len(page)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @cached_property
    def _client(self) -> httpx.Client:
        # Not in the constructor: reading the certificates takes longer than the rest of the start.
        return httpx.Client(
            verify=trusted_authorities(),
            base_url=self.site_url + API_PATH,
            headers={"Authorization": f"Bearer {self._token}", "Accept": "application/json"},
            timeout=TIMEOUT,
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Json | None = None,
    ) -> Any:
        def attempt() -> Any:
            self._pace.wait()
            response = self._client.request(method, path, params=params, json=body)
            self._pace.learn(response.headers)
            response.raise_for_status()
            return response.json()

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: _is_worth_repeating(method, error)),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=self._wait_before_repeat,
            sleep=self._sleep,
            before_sleep=_note,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except (httpx.HTTPError, ValueError) as error:
            raise translated(error) from error

    def _wait_before_repeat(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked_s = _retry_after_s(error.response) if isinstance(error, httpx.HTTPStatusError) else None
        grown_s = self._wait_s * float(2 ** (state.attempt_number - 1))
        return min(max(grown_s, asked_s or 0.0), LONGEST_WAIT_S)


def translated(error: Exception) -> ServiceError:
    """Our error for what went wrong; ``ValueError`` is an answer that is not JSON."""
    if not isinstance(error, httpx.HTTPStatusError):
        return RetriableServiceError("service.no_answer", service=SERVICE)
    status = error.response.status_code
    if status in _REFUSALS:
        kind, code = _REFUSALS[status]
        return kind(code, service=SERVICE, status=status)
    if status in (408, 429):
        return RetriableServiceError(
            "service.busy", service=SERVICE, status=status, retry_after_s=_retry_after_s(error.response)
        )
    if status >= 500:
        return RetriableServiceError("service.no_answer", service=SERVICE, status=status)
    return FatalServiceError("service.refused", service=SERVICE, status=status)


def _is_worth_repeating(method: str, error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        return status == 429 or (method in _REPEATABLE and (status == 408 or status >= 500))
    if isinstance(error, _NEVER_SENT):
        return True
    return method in _REPEATABLE and isinstance(error, httpx.TransportError)


def _retry_after_s(response: httpx.Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None


def _note(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else type(error).__name__
    log.info("kaiten answered %s, attempt %d", status, state.attempt_number)
