"""Finds out who sent a request, from Google's ID tokens."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING

from vitrina.errors import AuthenticationError
from vitrina.ports import Account

if TYPE_CHECKING:
    from vitrina.google.id_tokens import IdTokens

GOOGLE_CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
ISSUERS = ("accounts.google.com", "https://accounts.google.com")
#: Most verified tokens that are remembered.
MOST_KNOWN = 1000


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
        self._lock = threading.Lock()
        #: Accounts by digests of tokens that were verified, with the moments at which these expire.
        self._known: OrderedDict[bytes, tuple[Account, float]] = OrderedDict()

    @cached_property
    def _tokens(self) -> IdTokens:
        # Of the functions only those need it that people, queue and timer call.
        from vitrina.google.id_tokens import IdTokens  # noqa: PLC0415

        return IdTokens(self._certs_url)

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
        claims = self._tokens.claims(token, audience)
        email, issuer, domain = claims.get("email"), claims.get("iss"), claims.get("hd", "")
        # Compared with True itself, because the text "false" would count as true.
        is_verified = claims.get("email_verified") is True
        if issuer not in ISSUERS or not is_verified or not isinstance(email, str) or "@" not in email:
            raise AuthenticationError("auth.invalid")
        if not isinstance(domain, str):
            raise AuthenticationError("auth.invalid")
        return Account(email.lower(), domain.lower()), float(claims["exp"])
