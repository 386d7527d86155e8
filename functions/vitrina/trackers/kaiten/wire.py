"""Sends calls to Kaiten's REST API: rate limit, repeats, and refusals turned into our errors."""

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
#: How long an attempt may wait for the answer. Kaiten may carry a call out after that.
TIMEOUT_S = 20.0
LONGEST_CONNECT_S = 5.0
ATTEMPTS = 4
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0
#: Rows on a page of a list: the most that Kaiten gives.
PAGE = 100

#: Methods whose second call changes nothing.
_REPEATABLE = ("GET", "DELETE")
#: The request was not sent, so that even a call that makes something may be repeated.
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
    """TLS context shared by all clients, loaded once."""
    return httpx.create_ssl_context()


class KaitenWire:
    """Sends calls over one connection pool, at one pace.

    After 429 a call is repeated whatever its method: Kaiten did nothing. After 5xx or a lost answer only
    GET and DELETE are repeated: a POST may have been carried out, or be carried out later, so that the
    caller has to look before it tries again.

    Parameters
    ----------
    site_url
        Address of the company, with or without the path of the API.
    pace
        Used instead of a new one, for example to share it.
    timeout_s
        Seconds that one attempt waits for the answer; connecting takes 5 seconds at most.
    attempts
        How often a call is sent at most, the first time included.
    wait_s
        Seconds before the first repeat of a call; doubled for each further repeat.
    sleep
        Waits so many seconds before a repeat.
    """

    def __init__(
        self,
        site_url: str,
        token: str,
        *,
        pace: Pace | None = None,
        timeout_s: float = TIMEOUT_S,
        attempts: int = ATTEMPTS,
        wait_s: float = FIRST_WAIT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.site_url = site_url.rstrip("/").removesuffix(API_PATH).removesuffix("/api/v1")
        self._token = token
        self._timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, LONGEST_CONNECT_S))
        self._attempts = attempts
        self._wait_s = wait_s
        self._sleep = sleep
        self._pace = pace or Pace(sleep=sleep)

    def get(self, path: str, **params: str | int) -> Any:
        """Send a GET and return the JSON of the answer."""
        return self._call("GET", path, params=params)

    def post(self, path: str, body: Json) -> Any:
        """Send a POST, which makes something."""
        return self._call("POST", path, body=body)

    def patch(self, path: str, body: Json) -> Any:
        """Send a PATCH, which changes something."""
        return self._call("PATCH", path, body=body)

    def delete(self, path: str) -> Any:
        """Send a DELETE. Kaiten answers 404 for what is deleted already."""
        return self._call("DELETE", path)

    def pages(self, path: str, **params: str | int) -> Iterator[Json]:
        """All rows of a list, page by page.

        Stops at an empty page, not at a short one: Kaiten may lower the limit without saying so, and a
        card that is missed here would be made a second time.
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
        # Made with the first call: loading the certificates takes longer than the rest of the start.
        return httpx.Client(
            verify=trusted_authorities(),
            base_url=self.site_url + API_PATH,
            headers={"Authorization": f"Bearer {self._token}", "Accept": "application/json"},
            timeout=self._timeout,
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
            stop=tenacity.stop_after_attempt(self._attempts),
            wait=self._wait_before_repeat,
            sleep=self._sleep,
            before_sleep=_log_repeat,
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
    """Our error for a failed call; a ``ValueError`` means that the answer was not JSON."""
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


def _log_repeat(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else type(error).__name__
    log.info("kaiten answered %s, attempt %d", status, state.attempt_number)
