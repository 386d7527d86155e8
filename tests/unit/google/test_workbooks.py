"""Errors of the token in the middle of a call are translated."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError

from vitrina.errors import AccessDeniedError, RetriableServiceError, ServiceError
from vitrina.google.workbooks import GoogleWorkbooks


class NoToken:
    """Services of which every call fails, because there is no token."""

    def __init__(self, error: GoogleAuthError) -> None:
        self.spreadsheets = self
        self._error = error

    def get(self, **_: Any) -> SimpleNamespace:
        """A request."""
        return SimpleNamespace()

    def send(self, _: Any) -> Any:
        """Try to send it."""
        raise self._error


@pytest.mark.parametrize(
    ("error", "expected", "code"),
    [
        (RefreshError("invalid_grant: Account has been deleted"), AccessDeniedError, "google.no_key"),
        (RefreshError("internal_failure", retryable=True), RetriableServiceError, "service.no_answer"),
        # The token server cannot be reached.
        (TransportError("connection refused"), RetriableServiceError, "service.no_answer"),
    ],
)
def test_a_token_that_cannot_be_had(error: GoogleAuthError, expected: type[ServiceError], code: str) -> None:
    """A revoked token is a lost access; an unreachable token server is a temporary error."""
    workbooks = GoogleWorkbooks(lambda: NoToken(error), url="")  # type: ignore[arg-type,return-value]

    with pytest.raises(expected) as raised:
        workbooks.read("book")

    assert raised.value.code == code
