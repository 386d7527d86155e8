"""Verifies Google's ID tokens. Imported by the first request that brings one: its libraries are large."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import google_auth_httplib2
from google.auth.exceptions import GoogleAuthError, TransportError
from google.oauth2 import id_token

from vitrina.deadline import outside_call
from vitrina.errors import AuthenticationError, RetriableServiceError
from vitrina.google.connection import RepeatingHttp, limit_wait

#: Name of what may be silent.
NAME = "Google's certificates"
CLOCK_SKEW_S = 10
#: Seconds that a call for the certificates waits for its answer.
TIMEOUT_S = 10.0

#: Google's library also raises these, for tokens with parts of a wrong type or nested too deeply.
_MALFORMED = (GoogleAuthError, ValueError, TypeError, OverflowError, RecursionError)


class IdTokens:
    """Verifies tokens by the certificates at an address, which are kept for as long as they hold.

    Google's certificates are valid for hours; without a cache each request would fetch them again.
    """

    def __init__(self, certs_url: str) -> None:
        self._certs_url = certs_url
        self._cache = _Cache()
        self._local = threading.local()

    def claims(self, token: str, audience: str) -> Mapping[str, Any]:
        """The claims of a token.

        Raises
        ------
        AuthenticationError
            If it is malformed, expired, for another audience, or not signed by Google.
        RetriableServiceError
            If the certificates cannot be had now.
        """
        try:
            claims: Mapping[str, Any] = id_token.verify_token(
                token,
                self._request(),
                audience=audience,
                certs_url=self._certs_url,
                clock_skew_in_seconds=CLOCK_SKEW_S,
            )
        except (TransportError, OSError) as error:
            raise RetriableServiceError("service.no_answer", service="Google") from error
        except _MALFORMED as error:
            code = "auth.expired" if "expired" in str(error).lower() else "auth.invalid"
            raise AuthenticationError(code) from error
        return claims

    def _request(self) -> _LimitedRequest:
        """The HTTP client of this thread; all threads share one cache."""
        request: _LimitedRequest | None = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = _LimitedRequest(RepeatingHttp(cache=self._cache))
        return request


class _Cache:
    """Cache of answers by address; ``httplib2`` follows their ``Cache-Control`` headers."""

    def __init__(self) -> None:
        self._answers: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """The kept answer, ``None`` if there is none."""
        return self._answers.get(key)

    def set(self, key: str, value: bytes) -> None:
        """Keep an answer."""
        self._answers[key] = value

    def delete(self, key: str) -> None:
        """Remove an answer."""
        self._answers.pop(key, None)


class _LimitedRequest(google_auth_httplib2.Request):  # type: ignore[misc]
    """Waits for an answer no longer than until the deadline."""

    def __call__(
        self,
        url: Any,
        method: Any = "GET",
        body: Any = None,
        headers: Any = None,
        timeout: Any = TIMEOUT_S,
        **options: Any,
    ) -> Any:
        """See ``Request``."""
        with outside_call(NAME, timeout, (OSError, TransportError)) as limit_s:
            limit_wait(self.http, limit_s)
            return super().__call__(url, method, body, headers, **options)
