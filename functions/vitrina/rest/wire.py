"""Sends calls to the REST API of an outside system: pace, repeats, and refusals turned into our errors."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

import httpx
import tenacity

from vitrina.deadline import outside_call, stop_at_deadline
from vitrina.errors import AccessDeniedError, FatalServiceError, RetriableServiceError, ServiceError
from vitrina.ports import Json
from vitrina.surrogates import replace_surrogates

#: How long an attempt may wait for the answer. The call may be carried out after that.
TIMEOUT_S = 20.0
LONGEST_CONNECT_S = 5.0
ATTEMPTS = 4
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0
#: No repeat begins so many seconds after the first attempt: the lease of an action ends after 90.
LONGEST_CALL_S = 75.0

#: Methods whose second call changes nothing.
REPEATABLE = ("GET", "DELETE")
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")

#: Error and code of a sentence for a status.
Refusals = Mapping[int, tuple[type[ServiceError], str]]

TRACKER_REFUSALS: Refusals = {
    401: (AccessDeniedError, "tracker.unauthorized"),
    402: (FatalServiceError, "tracker.plan"),
    403: (AccessDeniedError, "tracker.forbidden"),
    404: (FatalServiceError, "tracker.not_found"),
}


class Pacer(Protocol):
    """Keeps calls under the rate limit of the outside system."""

    def wait(self, calls: int = 1) -> None:
        """Sleep until so many calls may be sent."""

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take what the headers of an answer say about the limit."""


class RestWire:
    """Sends calls over one connection pool, at one pace. Adapters override what is special there.

    After 429 a call is repeated whatever its method: nothing was done. After 5xx or a lost answer
    only calls that change nothing when they are repeated are sent again: any other may have been carried
    out, or be carried out later, so that the caller has to look before it tries again.

    Parameters
    ----------
    service
        Name of the outside system, for errors.
    api_url
        Address of the API.
    pace
        May be shared by several wires.
    timeout_s
        Seconds that one attempt waits for the answer; connecting takes 5 seconds at most. Fewer where the
        deadline of the request is nearer.
    attempts
        How often a call is sent at most, the first time included.
    wait_s
        Seconds before the first repeat of a call; doubled for each further repeat.
    longest_wait_s
        The longest wait before a repeat, whatever the outside system asks for.
    sleep
        Waits so many seconds before a repeat.
    """

    def __init__(
        self,
        service: str,
        api_url: str,
        token: str,
        *,
        pace: Pacer,
        timeout_s: float = TIMEOUT_S,
        attempts: int = ATTEMPTS,
        wait_s: float = FIRST_WAIT_S,
        longest_wait_s: float = LONGEST_WAIT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.pace = pace
        self._service = service
        self._api_url = api_url
        self._token = token
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._wait_s = wait_s
        self._longest_wait_s = longest_wait_s
        self._sleep = sleep
        self._log = logging.getLogger(f"vitrina.{service.lower()}")

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Json | Sequence[Json] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        calls: int = 1,
        is_repeatable: bool | None = None,
    ) -> Any:
        """Send a call and return the JSON of the answer.

        Parameters
        ----------
        form
            Fields of a multipart form, in place of *body*.
        headers
            Headers beside those of every call.
        calls
            As how many calls the outside system counts this one.
        is_repeatable
            Whether a second call changes nothing; if not given, the method decides.

        Raises
        ------
        ServiceError
            If the outside system refuses the call, or does not answer.
        """
        repeats = method in REPEATABLE if is_repeatable is None else is_repeatable

        def attempt() -> Any:
            self.pace.wait(calls)
            files = None if form is None else {name: (None, text.encode()) for name, text in form.items()}
            no_answer = (TimeoutError, httpx.TransportError)
            with outside_call(self._service, self._timeout_s, no_answer) as limit_s:
                timeout = httpx.Timeout(limit_s, connect=min(limit_s, LONGEST_CONNECT_S))
                response = self._client.request(
                    method, path, params=params, json=body, files=files, headers=headers, timeout=timeout
                )
            self.pace.learn(response.headers)
            return self.content_of(response)

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: _is_worth_repeating(error, repeats=repeats)),
            stop=stop_at_deadline(
                self._service,
                tenacity.stop_after_attempt(self._attempts),
                tenacity.stop_before_delay(LONGEST_CALL_S),
            ),
            wait=self._wait_before_repeat,
            sleep=self._sleep,
            before_sleep=self._log_repeat,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except (httpx.HTTPError, ValueError, TimeoutError) as error:
            raise self.error_of(error) from error

    def content_of(self, response: httpx.Response) -> Any:
        """The JSON of an answer; raises ``httpx.HTTPStatusError`` for a refusal."""
        response.raise_for_status()
        return json_of(response)

    def error_of(self, error: Exception) -> ServiceError:
        """Our error for a failed call."""
        return translated(error, self._service)

    def make_client(self) -> httpx.Client:
        """The client of all calls, which gives each of them the token."""
        from vitrina.rest.transport import TimedTransport  # noqa: PLC0415

        return httpx.Client(
            transport=TimedTransport(),
            base_url=self._api_url,
            headers={"Authorization": f"Bearer {self._token}", "Accept": "application/json"},
        )

    @cached_property
    def _client(self) -> httpx.Client:
        # Made with the first call: loading the certificates takes longer than the rest of the start.
        return self.make_client()

    def _wait_before_repeat(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked_s = retry_after_s(error.response.headers) if isinstance(error, httpx.HTTPStatusError) else None
        grown_s = self._wait_s * float(2 ** (state.attempt_number - 1))
        return min(max(grown_s, asked_s or 0.0), self._longest_wait_s)

    def _log_repeat(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        is_answer = isinstance(error, httpx.HTTPStatusError)
        status = error.response.status_code if is_answer else type(error).__name__  # type: ignore[union-attr]
        self._log.info("%s answered %s, attempt %d", self._service, status, state.attempt_number)


def json_of(response: httpx.Response) -> Any:
    """The JSON of an answer, without halves of surrogate pairs; raises ``ValueError`` if it is none."""
    data = response.json()
    # Only an escape can be one half: UTF-8 has none.
    return _without_surrogates(data) if _HALF.search(response.content) else data


def _without_surrogates(data: Any) -> Any:
    if isinstance(data, str):
        return replace_surrogates(data)
    if isinstance(data, dict):
        return {replace_surrogates(key): _without_surrogates(value) for key, value in data.items()}
    return [_without_surrogates(value) for value in data] if isinstance(data, list) else data


def translated(error: Exception, service: str, refusals: Refusals = TRACKER_REFUSALS) -> ServiceError:
    """Our error for a failed call; a ``ValueError`` means that the answer was not JSON."""
    if not isinstance(error, httpx.HTTPStatusError):
        return RetriableServiceError("service.no_answer", service=service)
    status, wait_s = error.response.status_code, retry_after_s(error.response.headers)
    return refusal(status, service, wait_s, refusals)


def refusal(
    status: int, service: str, wait_s: float | None = None, refusals: Refusals = TRACKER_REFUSALS
) -> ServiceError:
    """Our error for the status of an answer."""
    if status in refusals:
        kind, code = refusals[status]
        return kind(code, service=service, status=status)
    if status in (408, 429):
        return RetriableServiceError("service.busy", service=service, status=status, retry_after_s=wait_s)
    if status >= 500:
        return RetriableServiceError("service.no_answer", service=service, status=status)
    return FatalServiceError("service.refused", service=service, status=status)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that the header ``Retry-After`` asks for."""
    text = headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None


def _is_worth_repeating(error: BaseException, *, repeats: bool) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        return status == 429 or (repeats and (status == 408 or status >= 500))
    # It was not sent, so that even a call that makes something may be repeated.
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return True
    return repeats and isinstance(error, httpx.TransportError)
