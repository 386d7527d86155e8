"""A call as the parts of the account see it: who calls, query, body; and the form of lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from emulators.amocrm.errors import WRONG_TYPE, AmoError, NotModelledError, invalid, wrong_query
from emulators.amocrm.models.state import Row

#: Most rows on a page.
MOST_ROWS = 250
FIRST_ROWS = 50


@dataclass(frozen=True)
class Call:
    """One call. ``base_url`` is the address of the API, for links."""

    actor: Row
    path: str
    base_url: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    #: Seconds of ``If-Modified-Since``.
    newer_than: int | None = None

    def require_admin(self) -> None:
        """Refuse the call of somebody who is no administrator."""
        if not self.actor["is_admin"]:
            raise AmoError(403)

    def check_query(self, known: Collection[str]) -> None:
        """Answer 501 for a parameter that is not modelled."""
        for name in self.query:
            if name not in {*known, "limit", "page"}:
                raise NotModelledError(f"the parameter {name}")

    def rows_of_body(self) -> list[Row]:
        """The objects of a body that is a list."""
        if not isinstance(self.body, list) or not self.body:
            raise invalid(WRONG_TYPE, "")
        if not all(isinstance(one, dict) for one in self.body):
            raise invalid(WRONG_TYPE, "0")
        return self.body

    def link(self, path: str, query: Mapping[str, Any] | None = None) -> Row:
        """A link to an address of the API."""
        return {"href": f"{self.base_url}{path}{'?' + urlencode(query) if query else ''}"}

    def listed(
        self, kind: str, rows: Sequence[Row], *, most: int = MOST_ROWS, is_capped: bool = False
    ) -> Row:
        """A page of a list; empty (204) beyond its end.

        The link to the next page is there whenever the page is full.

        Parameters
        ----------
        is_capped
            Whether a larger ``limit`` counts as *most*; otherwise it is refused.
        """
        limit, page = self._number("limit", FIRST_ROWS), self._number("page", 1)
        if limit > most and not is_capped:
            raise wrong_query(f"limit must not be greater than {most}")
        limit = min(limit, most)
        chosen = rows[(page - 1) * limit : page * limit]
        if not chosen:
            return {}
        links = {"self": self.link(self.path, self.query)}
        if len(chosen) == limit:
            links["next"] = self.link(self.path, {**self.query, "page": page + 1})
        return {"_page": page, "_links": links, "_embedded": {kind: chosen}}

    def added(self, kind: str, rows: Sequence[Row]) -> Row:
        """The answer to a call that made rows."""
        return {"_links": {"self": self.link(self.path)}, "_embedded": {kind: list(rows)}}

    def _number(self, name: str, default: int) -> int:
        text = self.query.get(name, str(default))
        if not text.isdecimal() or int(text) < 1:
            raise wrong_query(f"{name} must be a positive integer")
        return int(text)
