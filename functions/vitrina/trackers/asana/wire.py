"""Calls of Asana's REST API: envelope, pages, batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from vitrina.ports import Json
from vitrina.rest.wire import ATTEMPTS, FIRST_WAIT_S, TIMEOUT_S, RestWire, refusal
from vitrina.trackers.asana.pace import Pace

SERVICE = "Asana"
SITE_URL = "https://app.asana.com"
API_PATH = "/api/1.0"
#: Rows on a page of a list: the most that Asana gives.
PAGE = 100
#: Actions of a batch.
MOST_ACTIONS = 10
#: Asana may ask to wait for the rest of its minute.
LONGEST_WAIT_S = 62.0


class Read(Struct, frozen=True):
    """A GET that may be sent together with others."""

    path: str
    #: Names for ``opt_fields``.
    fields: tuple[str, ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    #: Most rows of a list; a list without it has no pages.
    limit: int | None = None


class ReadAnswer(Struct, frozen=True):
    """Status and data of one GET of a batch; ``data`` is ``None`` if it was refused."""

    status: int
    data: Any

    def required(self) -> Any:
        """The data; raises ``ServiceError`` if the call was refused."""
        if self.status >= 400:
            raise refusal(self.status, SERVICE)
        return self.data


class AsanaWire(RestWire):
    """Sends calls with one personal access token; see ``RestWire``.

    Parameters
    ----------
    site_url
        Address of Asana, with or without the path of the API.
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
        self.site_url = (site_url or SITE_URL).rstrip("/").removesuffix(API_PATH)
        super().__init__(
            SERVICE,
            self.site_url + API_PATH,
            token,
            pace=pace or Pace(sleep=sleep),
            timeout_s=timeout_s,
            attempts=attempts,
            wait_s=wait_s,
            longest_wait_s=LONGEST_WAIT_S,
            sleep=sleep,
        )

    def get(self, path: str, fields: Sequence[str] = (), **params: str | int) -> Any:
        """Send a GET and return the data of the answer, with the given fields only."""
        return self.call("GET", path, params=_query(fields, params))["data"]

    def post(self, path: str, data: Json, fields: Sequence[str] = ()) -> Any:
        """Send a POST, which makes or moves something."""
        return self.call("POST", path, params=_query(fields, {}), body={"data": data})["data"]

    def put(self, path: str, data: Json, fields: Sequence[str] = ()) -> Any:
        """Send a PUT: only the given fields change, so that it may be repeated."""
        answer = self.call("PUT", path, params=_query(fields, {}), body={"data": data}, is_repeatable=True)
        return answer["data"]

    def delete(self, path: str) -> Any:
        """Send a DELETE. Asana answers 404 for what is deleted already."""
        return self.call("DELETE", path)

    def create_webhook(self, data: Json) -> str:
        """Create a webhook and return its secret, which is beside the data."""
        return str(self.call("POST", "/webhooks", body={"data": data})["X-Hook-Secret"])

    def attach_link(self, parent: str, url: str, title: str) -> None:
        """Attach a link to a task; attachments are sent as a form."""
        form = {"parent": parent, "resource_subtype": "external", "url": url, "name": title}
        self.call("POST", "/attachments", form=form)

    def pages(self, path: str, fields: Sequence[str] = (), **params: str | int) -> Iterator[Json]:
        """All rows of a list, page by page."""
        query = _query(fields, {**params, "limit": PAGE})
        while True:
            answer = self.call("GET", path, params=query)
            yield from answer["data"]
            next_page = answer.get("next_page")
            if not next_page:
                return
            query["offset"] = next_page["offset"]

    def read_together(self, reads: Sequence[Read]) -> list[ReadAnswer]:
        """Send GETs as batches of ten: each counts as a call, and the way is gone once.

        Raises
        ------
        RetriableServiceError
            If Asana could not answer one of them now.
        """
        answers: list[ReadAnswer] = []
        for start in range(0, len(reads), MOST_ACTIONS):
            actions = [_action(read) for read in reads[start : start + MOST_ACTIONS]]
            body = {"data": {"actions": actions}}
            rows = self.call("POST", "/batch", body=body, calls=len(actions), is_repeatable=True)["data"]
            for row in rows:
                status = int(row["status_code"])
                if status >= 500 or status in (408, 429):
                    raise refusal(status, SERVICE)
                answers.append(ReadAnswer(status, row["body"].get("data") if status < 400 else None))
        return answers


def _query(fields: Sequence[str], params: dict[str, str | int]) -> dict[str, str | int]:
    return {**params, **({"opt_fields": ",".join(fields)} if fields else {})}


def _action(read: Read) -> Json:
    action: Json = {"method": "get", "relative_path": read.path}
    if read.params:
        action["data"] = dict(read.params)
    options: Json = {"fields": list(read.fields)} if read.fields else {}
    if read.limit is not None:
        options["limit"] = read.limit
    if options:
        action["options"] = options
    return action
