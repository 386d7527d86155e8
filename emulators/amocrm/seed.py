"""Fills an account from the body of ``POST /_emulator/seed``.

::

    {"account": {"id", "name", "subdomain", "has_webhooks"},
     "users": [{"id", "name", "email", "token", "is_admin"}, …],
     "pipelines": [{"id", "name", "statuses": [{"id", "name"}, …]}, …],
     "fields": [{"id", "name", "type", "code"?, "enums"?: [{"id", "value"}, …]}, …],
     "companies": [{"id", "name"}, …],
     "contacts": [{"id", "name", "phone"?}, …],
     "triggers": [{"pipeline_id", "status_id", "url"}, …]}

Each pipeline gets the statuses 142 and 143 at its end. Deals are made with ``POST /_emulator/do``. All
earlier data are deleted. A whole state from ``GET /_emulator/state`` can be loaded as well.
"""

from __future__ import annotations

from typing import Any

from flask import abort

from emulators.amocrm.models.state import Row, State

SYSTEM_STATUSES = ((142, "Успешно реализовано", 10_000), (143, "Закрыто и не реализовано", 11_000))
_USER_KEYS = ("id", "name", "email", "token")


def load(state: State, body: Any) -> Row:
    """Replace the state."""
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
    state.account |= body.get("account", {})
    state.triggers = list(body.get("triggers", []))
    for user in body.get("users", []):
        state.add("users", **{"is_admin": True, **user})
    for place, pipeline in enumerate(body.get("pipelines", []), start=1):
        _add_pipeline(state, pipeline, place)
    for place, one in enumerate(body.get("fields", []), start=1):
        state.add("fields", **{"code": None, "sort": place, **one, "enums": _enums(one)})
    for one in body.get("companies", []):
        state.add("companies", **one)
    for one in body.get("contacts", []):
        state.add("contacts", **{"phone": None, **one})
    return {}


def _enums(field: Row) -> list[Row] | None:
    """The choices of a field, in their order."""
    enums = [
        {"id": one["id"], "value": one["value"], "sort": number}
        for number, one in enumerate(field.get("enums") or (), start=1)
    ]
    return enums or None


def _add_pipeline(state: State, pipeline: Row, place: int) -> None:
    statuses = [
        {"id": one["id"], "name": one["name"], "sort": 10 * number}
        for number, one in enumerate(pipeline["statuses"], start=1)
    ]
    statuses += [{"id": row_id, "name": name, "sort": sort} for row_id, name, sort in SYSTEM_STATUSES]
    state.add("pipelines", id=pipeline["id"], name=pipeline["name"], sort=place, statuses=statuses)
