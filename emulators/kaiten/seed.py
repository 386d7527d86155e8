"""Fills a company from the body of ``POST /_emulator/seed``.

::

    {"users": [{"id", "full_name", "email", "username", "token"}, …],
     "spaces": [{"id"?, "title", "users": {"<user id>": "admin" | "writer" | "reader"}}, …],
     "properties": [{"id"?, "name", "type"}, …],
     "limit_per_s": 50}

Everything else is created through the API with the tokens. All earlier data are deleted.
A whole state from ``GET /_emulator/state`` can be loaded as well.
"""

from __future__ import annotations

from typing import Any

from flask import abort

from emulators.kaiten.models.context import ROLES
from emulators.kaiten.models.state import Row, State

_USER_KEYS = ("id", "full_name", "email", "username", "token")


def load(state: State, body: Any) -> Row:
    """Replace the state; return the ids of created objects."""
    if not isinstance(body, dict):
        abort(400, "the seed is an object")
    if "tables" in body:
        state.load(body)
        return {}
    for user in body.get("users", []):
        absent = [key for key in _USER_KEYS if key not in user]
        if absent:
            abort(400, f"a user lacks {', '.join(absent)}")
    state.clear()
    for user in body.get("users", []):
        state.add("users", **_USER_BLANK, **{key: user[key] for key in _USER_KEYS})
    for row in body.get("properties", []):
        state.add("properties", condition="active", **row)
    spaces = [_add_space(state, dict(space)) for space in body.get("spaces", [])]
    state.limit_per_s = int(body.get("limit_per_s", state.limit_per_s))
    return {"spaces": [{"id": space["id"], "title": space["title"]} for space in spaces]}


_USER_BLANK = {
    "activated": True,
    "virtual": False,
    "lng": "ru",
    "timezone": "Europe/Moscow",
    "theme": "light",
    "role": 2,
    "external": False,
}


def _add_space(state: State, fields: Row) -> Row:
    people = fields.pop("users", {})
    blank = {"external_id": None, "sort_order": 1, "archived": False, "access": "by_invite"}
    space = state.add("spaces", **{**blank, **fields})
    for user_id, role in people.items():
        state.add("accesses", space_id=space["id"], user_id=int(user_id), role_id=ROLES[role])
    return space
