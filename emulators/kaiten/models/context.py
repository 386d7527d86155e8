"""Common base of all parts of the company: rows, access rights, and events for webhooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulators.kaiten.errors import KaitenError, forbidden, missing
from emulators.kaiten.models.state import Row, State

READER = "06ccb31f-426b-4fa3-b7e5-861daee95696"
WRITER = "a431ed00-1b32-4cc7-92b6-85e4bc7de40e"
ADMIN = "07ea3efc-a004-4d31-8683-4bb2084e209b"
ROLES = {"reader": READER, "writer": WRITER, "admin": ADMIN}
_RIGHTS = {READER: 1, WRITER: 2, ADMIN: 3}
_NEEDED = {"read": 1, "write": 2, "admin": 3}

LIVE, ARCHIVED, DELETED = 1, 2, 3

Publish = Callable[[str, str, Row], None]
"""Hands ``(url, event, data)`` to whoever delivers it."""


def person(user: Row) -> Row:
    """A user as in every list, without the token."""
    return {key: value for key, value in user.items() if key != "token"}


def author(user: Row) -> Row:
    """The acting user as in an event."""
    return {key: user[key] for key in ("id", "full_name", "username", "email")}


class Context:
    """Lookup of objects with access rights, and events; the parts of the company inherit from it."""

    def __init__(self, state: State, publish: Publish) -> None:
        self.state = state
        self._publish = publish

    def space(self, actor: Row, space_id: object, right: str = "read") -> Row:
        """A space that *actor* has *right* on."""
        space = self.state.get("spaces", space_id)
        access = self.state.find("accesses", space_id=space["id"], user_id=actor["id"])
        if access is None or _RIGHTS[access["role_id"]] < _NEEDED[right]:
            raise forbidden()
        return space

    def board(self, actor: Row, board_id: object, right: str = "read") -> Row:
        """A board in a space that *actor* has *right* on."""
        board = self.state.get("boards", board_id)
        self.space(actor, board["space_id"], right)
        return board

    def card(self, actor: Row, card_id: object, right: str = "read") -> Row:
        """A card, not deleted, on a board that *actor* has *right* on."""
        card = self.state.get("cards", card_id)
        if card["condition"] == DELETED:
            raise missing()
        self.board(actor, card["board_id"], right)
        return card

    def may_read(self, actor: Row, space_id: int) -> bool:
        """Whether *actor* may see the space."""
        try:
            self.space(actor, space_id)
        except KaitenError:
            return False
        return True

    def user(self, user_id: object) -> Row:
        """A user with the token."""
        return self.state.get("users", user_id)

    def tell(self, actor: Row, space_id: int, event: str, data: dict[str, Any]) -> None:
        """Send an event to the external webhook of the space, if there is one."""
        for webhook in self.state.select("webhooks", space_id=space_id, enabled=True):
            self._publish(webhook["url"], event, {**data, "author": author(actor)})

    def tell_of_card(self, actor: Row, card: Row, event: str, data: dict[str, Any]) -> None:
        """Send an event to the external webhook of the space of the card's board."""
        self.tell(actor, self.state.get("boards", card["board_id"])["space_id"], event, data)
