"""Finds out who sent a request, from Google's ID tokens."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
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
from vitrina.ports import Account

#: Name of what may be silent.
NAME = "Google's certificates"
GOOGLE_CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
ISSUERS = ("accounts.google.com", "https://accounts.google.com")
CLOCK_SKEW_S = 10
#: Seconds that a call for the certificates waits for its answer.
TIMEOUT_S = 10.0
#: Most verified tokens that are remembered.
MOST_KNOWN = 1000

#: Google's library also raises these, for tokens with parts of a wrong type or nested too deeply.
_MALFORMED = (GoogleAuthError, ValueError, TypeError, OverflowError, RecursionError)


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


class GoogleIdentity:
    """``Identity`` from tokens that Google signed.

    Parameters
    ----------
    audience
        OAuth client of the add-on's script project. Tokens for any other client are refused.
    service_account
        E-mail address of the account that calls the entry points of queue and timer.
    task_audience, schedule_audience
        Audience of the tokens of queue and timer: the address of the entry point. All tokens are refused
        where it is empty.
    certs_url
        Address of the certificates that verify the tokens.
    """

    def __init__(
        self,
        *,
        audience: str,
        service_account: str,
        task_audience: str,
        schedule_audience: str = "",
        certs_url: str = GOOGLE_CERTS_URL,
    ) -> None:
        self._audience = audience
        self._service_account = service_account.lower()
        self._task_audience = task_audience
        self._schedule_audience = schedule_audience
        self._certs_url = certs_url
        # Google's certificates are valid for hours; without a cache each request would fetch them again.
        self._request = _LimitedRequest(session=_session())
        self._lock = threading.Lock()
        #: Accounts by digests of tokens that were verified, with the moments at which these expire.
        self._known: OrderedDict[bytes, tuple[Account, float]] = OrderedDict()

    def person(self, token: str) -> Account:
        """See ``Identity``. A token that was verified is known until it expires."""
        key = hashlib.sha256(token.encode()).digest()
        with self._lock:
            account, until = self._known.get(key, (None, 0.0))
        if account is not None and time.time() < until:
            return account
        account, until = self._account(token, self._audience)
        with self._lock:
            self._known[key] = account, until
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return account

    def check_task_caller(self, token: str) -> None:
        """See ``Identity``."""
        self._check_ourselves(token, self._task_audience)

    def check_schedule_caller(self, token: str) -> None:
        """See ``Identity``."""
        self._check_ourselves(token, self._schedule_audience)

    def _check_ourselves(self, token: str, audience: str) -> None:
        # Without an audience Google's library would accept a token for any audience.
        if not audience or self._account(token, audience)[0].email != self._service_account:
            raise AuthenticationError("auth.other_caller")

    def _account(self, token: str, audience: str) -> tuple[Account, float]:
        """The account, and when the token expires in seconds of Unix time."""
        if not token:
            raise AuthenticationError("auth.missing")
        try:
            claims = id_token.verify_token(
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
        email, issuer, domain = claims.get("email"), claims.get("iss"), claims.get("hd", "")
        # Compared with True itself, because the text "false" would count as true.
        is_verified = claims.get("email_verified") is True
        if issuer not in ISSUERS or not is_verified or not isinstance(email, str) or "@" not in email:
            raise AuthenticationError("auth.invalid")
        if not isinstance(domain, str):
            raise AuthenticationError("auth.invalid")
        return Account(email.lower(), domain.lower()), float(claims["exp"])
