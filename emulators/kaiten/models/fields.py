"""Fields of a call and their allowed values; errors have the wording of ajv."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from emulators.common.clock import stamp
from emulators.kaiten.errors import bad
from emulators.kaiten.models.state import Row

_IS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}


@dataclass(frozen=True)
class Field:
    """Allowed values of a field. ``kind`` is a JSON type; ``date`` and ``moment`` are forms of strings."""

    kind: str
    required: bool = False
    nullable: bool = False
    min_length: int = 0
    max_length: int | None = None
    minimum: float | None = None
    above: float | None = None
    one_of: tuple[Any, ...] = ()


Fields = Mapping[str, Field]


def check(what: str, body: Any, fields: Fields) -> Row:
    """The known fields of *body*; others are left out without an error, as Kaiten does.

    Parameters
    ----------
    what
        The kind of object, with which Kaiten begins its message.
    """
    if not isinstance(body, dict):
        raise bad(f"{what} should be object")
    for name, field in fields.items():
        if field.required and name not in body:
            raise bad(f"{what} should have required property '{name}'")
    return {
        name: _checked(f"{what}.{name}", body[name], field) for name, field in fields.items() if name in body
    }


def _checked(path: str, value: Any, field: Field) -> Any:
    if value is None and field.nullable:
        return None
    json_kind = "string" if field.kind in ("date", "moment") else field.kind
    if not _IS[json_kind](value):
        raise bad(f"{path} should be {json_kind}{',null' if field.nullable else ''}")
    if field.kind == "date":
        return _day(path, value)
    if field.kind == "moment":
        return _moment(path, value)
    if field.one_of and value not in field.one_of:
        raise bad(f"{path} should be equal to one of the allowed values")
    if isinstance(value, str | list):
        _check_length(path, value, field)
    elif field.minimum is not None and value < field.minimum:
        raise bad(f"{path} should be >= {field.minimum:g}")
    elif field.above is not None and value <= field.above:
        raise bad(f"{path} should be > {field.above:g}")
    return value


def _check_length(path: str, value: str | list[Any], field: Field) -> None:
    unit, shorter, longer = (
        ("characters", "shorter", "longer") if isinstance(value, str) else ("items", "fewer", "more")
    )
    have = "be" if isinstance(value, str) else "have"
    if len(value) < field.min_length:
        raise bad(f"{path} should NOT {have} {shorter} than {field.min_length} {unit}")
    if field.max_length is not None and len(value) > field.max_length:
        raise bad(f"{path} should NOT {have} {longer} than {field.max_length} {unit}")


def _day(path: str, value: str) -> str:
    try:
        return date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        raise bad(f'{path} should match format "date"') from None


def _moment(path: str, value: str) -> str:
    return stamp(parse_moment(path, value))


def parse_moment(path: str, value: str) -> datetime:
    """A moment, or a day as its first moment in UTC; Kaiten's 400 for anything else."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise bad(f'{path} should match format "date-time"') from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
