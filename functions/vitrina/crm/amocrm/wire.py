"""Calls of amoCRM's REST API, version 4: pages, empty answers, refusals."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import httpx

from vitrina.crm.amocrm.pace import SERVICE, Pace, distance
from vitrina.errors import AccessDeniedError, FatalServiceError, RetriableServiceError, ServiceError
from vitrina.ports import Json
from vitrina.rest.wire import FIRST_WAIT_S, TIMEOUT_S, Refusals, RestWire, retry_after_s, translated

API_PATH = "/api/v4"
#: Rows on a page of a list: the most that amoCRM gives.
PAGE = 250
#: How often a read is sent: amoCRM may block whoever asks for the same data many times.
ATTEMPTS = 3

REFUSALS: Refusals = {
    401: (AccessDeniedError, "crm.unauthorized"),
    402: (FatalServiceError, "crm.plan"),
    403: (AccessDeniedError, "crm.forbidden"),
    404: (FatalServiceError, "crm.not_found"),
}

Params = Mapping[str, str | int]


class AmoWire(RestWire):
    """Sends calls with one long-lived token; see ``RestWire``. A call that got 429 is not repeated.

    Parameters
    ----------
    site_url
        Address of the account, with or without the path of the API.
    pace
        Used instead of a new one, for example to share it.
    """

    pace: Pace

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
        self.site_url = site_url.rstrip("/").removesuffix(API_PATH)
        super().__init__(
            SERVICE,
            self.site_url + API_PATH,
            token,
            pace=pace or Pace(distance(), sleep=sleep),
            timeout_s=timeout_s,
            attempts=attempts,
            wait_s=wait_s,
            sleep=sleep,
        )

    def get(self, path: str, params: Params | None = None, *, newer_than: datetime | None = None) -> Any:
        """Send a GET; ``None`` if amoCRM has nothing (204), or nothing newer (304)."""
        headers = None
        if newer_than is not None:
            headers = {"If-Modified-Since": format_datetime(newer_than, usegmt=True)}
        return self.call("GET", path, params=params, headers=headers)

    def find(self, path: str, params: Params | None = None) -> Any:
        """The same for one object: also ``None`` if amoCRM answers 404."""
        try:
            return self.get(path, params)
        except FatalServiceError as error:
            if error.status != 404:
                raise
            return None

    def rows(self, path: str, kind: str, params: Params | None = None) -> Iterator[Json]:
        """All rows of a list, page by page; *kind* is their name in ``_embedded``."""
        page, last = 1, None
        while True:
            answer = self.get(path, {**(params or {}), "limit": PAGE, "page": page})
            rows = embedded(answer, kind)
            check_page(rows, last)
            yield from rows
            if not has_next(answer):
                return
            page, last = page + 1, rows

    def post(self, path: str, body: Json | Sequence[Json]) -> Any:
        """Send a POST, which makes something."""
        return self.call("POST", path, body=body)

    def patch(self, path: str, body: Json) -> Any:
        """Send a PATCH: only the given fields change, so that it may be repeated."""
        return self.call("PATCH", path, body=body, is_repeatable=True)

    def delete(self, path: str, body: Json) -> None:
        """Send a DELETE, whose body says what to delete."""
        self.call("DELETE", path, body=body)

    # --- See ``RestWire`` ---

    def content_of(self, response: httpx.Response) -> Any:
        """The JSON of an answer; ``None`` for an empty one. A refusal may begin a rest."""
        if response.status_code in (204, 304):
            return None
        if response.status_code in (403, 429):
            error = self.pace.note_refusal(response.status_code, retry_after_s(response.headers))
            if error is not None:
                raise error
        return super().content_of(response)

    def error_of(self, error: Exception) -> ServiceError:
        """Our error for a failed call. One for a wrong value names the fields, never their contents."""
        if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == 400:
            fields = _wrong_fields(error.response)
            if fields:
                return FatalServiceError("crm.invalid", service=SERVICE, status=400, fields=fields)
        return translated(error, SERVICE, REFUSALS)


def embedded(answer: Any, kind: str) -> list[Json]:
    """Rows of an answer; none if it is empty. An empty object may come as an empty list."""
    parts = answer.get("_embedded") if isinstance(answer, dict) else None
    rows = parts.get(kind) if isinstance(parts, dict) else None
    return list(rows) if isinstance(rows, list) else []


def has_next(answer: Any) -> bool:
    """Whether there may be a further page, which may still be empty."""
    links = answer.get("_links") if isinstance(answer, dict) else None
    return isinstance(links, dict) and bool(links.get("next"))


def check_page(rows: Sequence[Json], last: Sequence[Json] | None) -> None:
    """Raise ``FatalServiceError`` if a page is the same as the one before: reading on would never end."""
    if rows and rows == last:
        raise FatalServiceError("crm.same_page", service=SERVICE, status=200)


def is_lost(error: RetriableServiceError) -> bool:
    """Whether a call may have been carried out although it failed; a refused one was not."""
    return error.status not in (403, 429)


def _wrong_fields(response: httpx.Response) -> list[str]:
    """Names of the fields that amoCRM does not accept."""
    try:
        groups = response.json().get("validation-errors", [])
        return sorted({str(one["path"]) for group in groups for one in group["errors"]})
    except (ValueError, AttributeError, TypeError, KeyError):
        return []
