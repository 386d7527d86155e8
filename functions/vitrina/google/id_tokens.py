"""Verifies Google's ID tokens. Imported by the first request that brings one: its libraries are large."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from cachecontrol import CacheControlAdapter
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from vitrina.deadline import outside_call
from vitrina.errors import AuthenticationError, RetriableServiceError
from vitrina.google.connection import TimedResponse

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
        self._request = _LimitedRequest(session=_session())

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
                self._request,
                audience=audience,
                certs_url=self._certs_url,
                clock_skew_in_seconds=CLOCK_SKEW_S,
            )
        except (TransportError, TimeoutError) as error:
            raise RetriableServiceError("service.no_answer", service="Google") from error
        except _MALFORMED as error:
            code = "auth.expired" if "expired" in str(error).lower() else "auth.invalid"
            raise AuthenticationError(code) from error
        return claims


class _LimitedRequest(Request):
    """Waits for an answer no longer than until the deadline; Google's library would wait two minutes."""

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
            return super().__call__(url, method, body, headers, limit_s, **options)  # type: ignore[no-untyped-call]


class _TimedPlain(HTTPConnection):
    response_class = TimedResponse


class _TimedSecure(HTTPSConnection):
    response_class = TimedResponse


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _TimedPlain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _TimedSecure


class _TimedAdapter(CacheControlAdapter):
    """Keeps answers for as long as they hold, and reads each until the deadline."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """See ``HTTPAdapter``."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _TimedAdapter())
    return session
