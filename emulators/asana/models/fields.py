"""Fields of a call and their allowed values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from emulators.asana.errors import bad
from emulators.asana.models.state import Row
from emulators.common.clock import stamp

_IS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "gid": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
    "gids": lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    "day": lambda value: isinstance(value, str),
    "moment": lambda value: isinstance(value, str),
}


@dataclass(frozen=True)
class Field:
    """Allowed values of a field; ``day`` and ``moment`` are forms of strings."""

    kind: str
    required: bool = False
    nullable: bool = False
    longest: int | None = None
    one_of: tuple[Any, ...] = ()


Fields = Mapping[str, Field]


def check(data: Any, fields: Fields) -> Row:
    """The fields of *data*. An unknown one is refused: no source says that Asana ignores it."""
    if not isinstance(data, dict):
        raise bad("data: Missing input")
    for name, field in fields.items():
        if field.required and data.get(name) in (None, ""):
            raise bad(f"{name}: Missing input")
    for name in data:
        if name not in fields:
            raise bad(f"{name}: Unknown field")
    return {name: _checked(name, value, fields[name]) for name, value in data.items()}


def _checked(name: str, value: Any, field: Field) -> Any:
    if value is None and field.nullable:
        return None
    if not _IS[field.kind](value):
        raise bad(f"{name}: Value is not a {field.kind}: {value!r}")
    if field.kind == "day":
        return _day(name, value)
    if field.kind == "moment":
        return stamp(moment_of(name, value))
    if field.one_of and value not in field.one_of:
        raise bad(f"{name}: Not a recognized value: {value!r}")
    if field.longest is not None and len(value) > field.longest:
        raise bad(f"{name}: Value is too long, the maximum is {field.longest} characters")
    return value


def _day(name: str, value: str) -> str:
    try:
        day = date.fromisoformat(value).isoformat()
    except ValueError:
        day = ""
    # Python also reads 20260101, which Asana does not document.
    if day != value:
        raise bad(f"{name}: Could not parse date: {value!r}")
    return day


def moment_of(name: str, value: str) -> datetime:
    """A moment with a zone; UTC if none is given."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise bad(f"{name}: Could not parse date-time: {value!r}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
