"""Users, spaces with their users, and external webhooks."""

from __future__ import annotations

from typing import Any

from emulators.kaiten.errors import KaitenError, bad, missing
from emulators.kaiten.models.context import ADMIN, ROLES, WRITER, Context, person
from emulators.kaiten.models.fields import Field, check
from emulators.kaiten.models.state import Row

PAGE = 100

_SPACE = {
    "title": Field("string", required=True, min_length=1),
    "external_id": Field("string", nullable=True),
    "sort_order": Field("number", above=0),
}
_SPACE_CHANGES = {**_SPACE, "title": Field("string", min_length=1)}
_INVITATION = {
    "email": Field("string", required=True, min_length=1),
    "role_id": Field("string", one_of=tuple(ROLES.values())),
}
_ROLE = {"role_id": Field("string", one_of=tuple(ROLES.values()))}
_WEBHOOK = {"url": Field("string", required=True, min_length=1, max_length=4096)}
_WEBHOOK_CHANGES = {
    "url": Field("string", min_length=1, max_length=4096),
    "enabled": Field("boolean"),
}


class Spaces:
    """Calls under ``/users`` and ``/spaces``, without boards."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state

    def current_user(self, actor: Row) -> Row:
        """``GET /users/current``."""
        return person(actor)

    def list_users(self, actor: Row, query: Row) -> list[Row]:
        """``GET /users``: the users who share a space with *actor*."""
        mine = {access["space_id"] for access in self._state.select("accesses", user_id=actor["id"])}
        known = {access["user_id"] for access in self._state.select("accesses") if access["space_id"] in mine}
        text = query.get("query", "").casefold()
        found = [
            person(user)
            for user in self._state.select("users")
            if (user["id"] in known or user["id"] == actor["id"])
            and any(text in user[key].casefold() for key in ("full_name", "email", "username"))
        ]
        offset, limit = page_of(query)
        return found[offset : offset + limit]

    def list_spaces(self, actor: Row) -> list[Row]:
        """``GET /spaces``, each with its boards inside."""
        return [
            self._show(space)
            for space in self._state.select("spaces")
            if self._context.may_read(actor, space["id"])
        ]

    def create_space(self, actor: Row, body: Any) -> Row:
        """``POST /spaces``: *actor* becomes its admin."""
        fields = check("Space", body, _SPACE)
        space = self._state.add(
            "spaces",
            **{"external_id": None, "sort_order": 1, "archived": False, "access": "by_invite", **fields},
        )
        self._give_access(space, actor, ADMIN)
        return self._show(space)

    def get_space(self, actor: Row, space_id: int) -> Row:
        """``GET /spaces/{id}``."""
        return self._show(self._context.space(actor, space_id))

    def update_space(self, actor: Row, space_id: int, body: Any) -> Row:
        """``PATCH /spaces/{id}``."""
        space = self._context.space(actor, space_id, "admin")
        if self._state.change("spaces", space, check("Space", body, _SPACE_CHANGES)):
            self._context.tell(actor, space["id"], "space:update", dict(space))
        return self._show(space)

    def list_space_users(self, actor: Row, space_id: int) -> list[Row]:
        """``GET /spaces/{id}/users``."""
        space = self._context.space(actor, space_id)
        return [
            {**person(self._context.user(access["user_id"])), **_shown_access(space, access)}
            for access in self._state.select("accesses", space_id=space["id"])
        ]

    def invite(self, actor: Row, space_id: int, body: Any) -> Row:
        """``POST /spaces/{id}/users`` by e-mail; a person already inside gets the new role."""
        space = self._context.space(actor, space_id, "admin")
        fields = check("User", body, _INVITATION)
        user = self._state.find("users", email=fields["email"])
        if user is None:
            raise bad("User not found")
        access = self._give_access(space, user, fields.get("role_id", WRITER))
        return {
            "user": person(user),
            "access_record": _shown_access(space, access),
            "message": "User invited",
        }

    def change_role(self, actor: Row, space_id: int, user_id: int, body: Any) -> Row:
        """``PATCH /spaces/{id}/users/{user_id}``."""
        space = self._context.space(actor, space_id, "admin")
        access = self._access(space, user_id)
        self._state.change("accesses", access, check("User", body, _ROLE))
        return {"id": user_id, **_shown_access(space, access)}

    def expel(self, actor: Row, space_id: int, user_id: int) -> Row:
        """``DELETE /spaces/{id}/users/{user_id}``."""
        space = self._context.space(actor, space_id, "admin")
        access = self._access(space, user_id)
        self._state.remove("accesses", access)
        return {**_shown_access(space, access), "own_role_ids": None}

    def list_webhooks(self, actor: Row, space_id: int) -> list[Row]:
        """``GET /spaces/{id}/external-webhooks``."""
        space = self._context.space(actor, space_id, "admin")
        return [dict(webhook) for webhook in self._state.select("webhooks", space_id=space["id"])]

    def create_webhook(self, actor: Row, space_id: int, body: Any) -> Row:
        """``POST /spaces/{id}/external-webhooks``: one for each space, for admins only."""
        space = self._context.space(actor, space_id, "admin")
        fields = check("ExternalWebhook", body, _WEBHOOK)
        if self._state.find("webhooks", space_id=space["id"]):
            raise KaitenError(409, "External webhook already exists")
        return dict(self._state.add("webhooks", space_id=space["id"], enabled=True, **fields))

    def update_webhook(self, actor: Row, space_id: int, webhook_id: int, body: Any) -> Row:
        """``PATCH /spaces/{id}/external-webhooks/{webhook_id}``."""
        space = self._context.space(actor, space_id, "admin")
        webhook = self._state.get("webhooks", webhook_id)
        if webhook["space_id"] != space["id"]:
            raise missing()
        self._state.change("webhooks", webhook, check("ExternalWebhook", body, _WEBHOOK_CHANGES))
        return dict(webhook)

    def _give_access(self, space: Row, user: Row, role_id: str) -> Row:
        access = self._state.find("accesses", space_id=space["id"], user_id=user["id"])
        if access is None:
            return self._state.add("accesses", space_id=space["id"], user_id=user["id"], role_id=role_id)
        self._state.change("accesses", access, {"role_id": role_id})
        return access

    def _access(self, space: Row, user_id: int) -> Row:
        access = self._state.find("accesses", space_id=space["id"], user_id=user_id)
        if access is None:
            raise missing()
        return access

    def _show(self, space: Row) -> Row:
        boards = [dict(board) for board in self._state.select("boards", space_id=space["id"])]
        return {**space, "boards": boards, "entity_type": "space", "entity_uid": space["uid"]}


def _shown_access(space: Row, access: Row) -> Row:
    return {
        "user_id": access["user_id"],
        "entity_uid": space["uid"],
        "own_role_ids": [access["role_id"]],
        "role_ids": [access["role_id"]],
    }


def page_of(query: Row) -> tuple[int, int]:
    """``(offset, limit)`` of a list call; a limit above 100 counts as 100, without an error."""
    numbers = {}
    for name, default in (("offset", 0), ("limit", PAGE)):
        text = query.get(name, str(default))
        if not text.isdecimal():
            raise bad(f"{name} should be integer")
        numbers[name] = int(text)
    return numbers["offset"], min(numbers["limit"], PAGE)
