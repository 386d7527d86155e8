"""Custom properties of the company, and their values on a card."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulators.kaiten.errors import bad
from emulators.kaiten.models.context import Context
from emulators.kaiten.models.fields import Field, check
from emulators.kaiten.models.state import Row, State


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_date(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("date"), str)


def _is_ids(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, int) and not isinstance(item, bool) for item in value
    )


_FITS: dict[str, Callable[[Any], bool]] = {
    "string": _is_text,
    "email": _is_text,
    "phone": _is_text,
    "url": _is_text,
    "number": _is_number,
    "date": _is_date,
    "checkbox": lambda value: isinstance(value, bool),
    "select": _is_ids,
    "user": _is_ids,
    "formula": lambda _: False,
}

_PROPERTY = {
    "name": Field("string", required=True, min_length=1),
    "type": Field("string", required=True, one_of=tuple(_FITS)),
}


class Properties:
    """Calls under ``/company/custom-properties``."""

    def __init__(self, context: Context) -> None:
        self._state = context.state

    def list_properties(self, _actor: Row) -> list[Row]:
        """``GET /company/custom-properties``."""
        return [dict(row) for row in self._state.select("properties")]

    def create_property(self, _actor: Row, body: Any) -> Row:
        """``POST /company/custom-properties``."""
        fields = check("CustomProperty", body, _PROPERTY)
        return dict(self._state.add("properties", condition="active", **fields))


def merged(state: State, present: Row | None, given: Row) -> Row | None:
    """Properties of a card after *given* is written over them; the value ``None`` removes a property."""
    result = dict(present or {})
    for key, value in given.items():
        known = {f"id_{row['id']}": row["type"] for row in state.select("properties")}
        if key not in known:
            raise bad(f"Card.properties.{key} should NOT be present")
        if value is None:
            result.pop(key, None)
        elif _FITS[known[key]](value):
            result[key] = value
        else:
            raise bad(f"Card.properties.{key} should be {known[key]}")
    return result or None
