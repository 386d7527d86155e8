"""Calls of Kaiten's REST API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from vitrina.ports import Json
from vitrina.rest.wire import ATTEMPTS, FIRST_WAIT_S, TIMEOUT_S, RestWire
from vitrina.trackers.kaiten.pace import Pace

SERVICE = "Kaiten"
API_PATH = "/api/latest"
#: Rows on a page of a list: the most that Kaiten gives.
PAGE = 100


class KaitenWire(RestWire):
    """Sends calls to one company; see ``RestWire``.

    Parameters
    ----------
    site_url
        Address of the company, with or without the path of the API.
    pace
        Used instead of a new one, for example to share it.
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
        super().__init__(
            SERVICE,
            self.site_url + API_PATH,
            token,
            pace=pace or Pace(sleep=sleep),
            timeout_s=timeout_s,
            attempts=attempts,
            wait_s=wait_s,
            sleep=sleep,
        )

    def get(self, path: str, **params: str | int) -> Any:
        """Send a GET and return the JSON of the answer."""
        return self.call("GET", path, params=params)

    def post(self, path: str, body: Json) -> Any:
        """Send a POST, which makes something."""
        return self.call("POST", path, body=body)

    def patch(self, path: str, body: Json) -> Any:
        """Send a PATCH: only the given fields change, so that it may be repeated."""
        return self.call("PATCH", path, body=body, is_repeatable=True)

    def delete(self, path: str) -> Any:
        """Send a DELETE. Kaiten answers 404 for what is deleted already."""
        return self.call("DELETE", path)

    def pages(self, path: str, **params: str | int) -> Iterator[Json]:
        """All rows of a list, page by page.

        Stops at an empty page, not at a short one: Kaiten may lower the limit without saying so, and a
        card that is missed here would be made a second time.
        """
        offset = 0
        while page := self.get(path, limit=PAGE, offset=offset, **params):
            yield from page
            offset += len(page)
