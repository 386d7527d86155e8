"""Fills Telegram from the body of ``POST /_emulator/seed``.

::

    {"bots": [{"id", "username", "first_name", "token"}, …],
     "people": [{"id", "first_name", "username"?}, …]}

Groups are made with ``POST /_emulator/do``. All earlier data are deleted. A whole state from
``GET /_emulator/state`` can be loaded as well.
"""

from __future__ import annotations

from typing import Any

from flask import abort

from emulators.telegram.models.state import Row, State

_BOT_KEYS = ("id", "username", "first_name", "token")


def load(state: State, body: Any) -> Row:
    """Replace the state."""
    if not isinstance(body, dict):
        abort(400, "the seed is an object")
    if "chats" in body:
        state.load(body)
        return {}
    for bot in body.get("bots", []):
        absent = [key for key in _BOT_KEYS if key not in bot]
        if absent:
            abort(400, f"a bot lacks {', '.join(absent)}")
    state.clear()
    for bot in body.get("bots", []):
        state.users[str(bot["id"])] = {"is_bot": True, "webhook": None, **bot}
    for person in body.get("people", []):
        state.users[str(person["id"])] = {"is_bot": False, **person}
    return {}
