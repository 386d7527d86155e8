"""Checks a request against a discovery document; errors have Google's messages.

The walker also normalises proto3 JSON, so that the rest of the emulator sees camelCase names, numbers as
numbers and no nulls.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from emulators.google.discovery import Document, Method
from emulators.google.errors import ApiError, invalid

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1

PACKAGES = {"sheets": "google.apps.sheets.v4", "drive": "google.apps.drive.v3"}

_TYPE_NAMES = {
    ("integer", "int32"): "TYPE_INT32",
    ("integer", "uint32"): "TYPE_UINT32",
    ("string", "int64"): "TYPE_INT64",
    ("string", "uint64"): "TYPE_UINT64",
    ("number", "double"): "TYPE_DOUBLE",
    ("number", "float"): "TYPE_FLOAT",
    ("boolean", None): "TYPE_BOOL",
    ("string", "byte"): "TYPE_BYTES",
}


@lru_cache(maxsize=8192)
def snake(name: str) -> str:
    """``updateCells`` -> ``update_cells``: Google names fields of the proto in its errors."""
    return re.sub(r"(?<!^)([A-Z])", lambda match: "_" + match[1].lower(), name)


def camel(name: str) -> str:
    """``update_cells`` -> ``updateCells``."""
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


class _Absent:
    """Marks a field that was sent as null, which in proto3 JSON means not sent."""


ABSENT = _Absent()


def _flat(items: list[Any]) -> list[Any]:
    """A list of messages without lists inside of it: proto3 JSON has none, and Google opens them."""
    if not any(isinstance(one, list) for one in items):
        return items
    return [inner for one in items for inner in (_flat(one) if isinstance(one, list) else [one])]


class Walker:
    """Compares one request body with a schema and collects every violation."""

    def __init__(self, document: Document) -> None:
        self._schemas = document.schemas
        self._package = PACKAGES.get(document.name.split(".")[0], document.name)
        self.violations: list[tuple[str, str]] = []
        self._fields: dict[int, dict[str, tuple[str, dict[str, Any]]]] = {}

    def message(self, schema: dict[str, Any], value: dict[str, Any], path: str) -> dict[str, Any]:
        """Check an object against *schema* and return it in canonical form."""
        if "additionalProperties" in schema and "properties" not in schema:
            inner = schema["additionalProperties"]
            return {
                key: checked
                for key, item in value.items()
                if item is not None
                and (checked := self._value(inner, item, f"{path}[{key}]", "")) is not ABSENT
            }
        known = self._known(schema)
        result: dict[str, Any] = {}
        for key, item in value.items():
            found = known.get(key)
            if found is None:
                self._unknown(key, path)
                continue
            name, field = found
            if item is None:
                continue
            below = snake(name) if not path else f"{path}.{snake(name)}"
            checked = self._field(field, item, (below, path, key), schema.get("id", ""))
            if checked is not ABSENT:
                result[name] = checked
        return result

    def _known(self, schema: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
        known = self._fields.get(id(schema))
        if known is None:
            known = {}
            for name, field in schema.get("properties", {}).items():
                known[name] = known[snake(name)] = (name, field)
            self._fields[id(schema)] = known
        return known

    def _field(self, field: dict[str, Any], item: Any, place: tuple[str, str, str], owner: str) -> Any:
        below, path, key = place
        if field.get("type") == "array":
            element = field["items"]
            if not isinstance(item, list):
                return self._scalar_for_list(element, item, below, owner)
            if "$ref" in element:
                item = _flat(item)
            return [
                checked
                for index, entry in enumerate(item)
                if (checked := self._value(element, entry, f"{below}[{index}]", owner)) is not ABSENT
            ]
        if isinstance(item, list) and field.get("type") != "any":
            self._add(
                path,
                f'Invalid JSON payload received. Unknown name "{key}"{_at(path)}: '
                "Proto field is not repeating, cannot start list.",
            )
            return ABSENT
        return self._value(field, item, below, owner)

    def _scalar_for_list(self, element: dict[str, Any], item: Any, below: str, owner: str) -> Any:
        if element.get("type") in ("any", "array"):
            self._bad(below, "type.googleapis.com/google.protobuf.ListValue", item)
            return ABSENT
        checked = self._value(element, item, below, owner)
        return ABSENT if checked is ABSENT else [checked]

    def _value(self, field: dict[str, Any], item: Any, path: str, owner: str) -> Any:
        kind = field.get("type")
        if kind == "any":
            return item
        if kind == "array":
            return self._list(field["items"], item, path)
        if "$ref" not in field and kind != "object":
            return self._scalar(field, item, path, owner)
        if isinstance(item, dict):
            return self.message(self._schemas[field["$ref"]] if "$ref" in field else field, item, path)
        self._bad(path, f"type.googleapis.com/{self._package}.{field.get('$ref', 'Struct')}", item)
        return ABSENT

    def _list(self, inner: dict[str, Any], item: Any, path: str) -> Any:
        """A list inside a list: a row of a ValueRange."""
        if not isinstance(item, list):
            self._bad(path, "type.googleapis.com/google.protobuf.ListValue", item)
            return ABSENT
        checked = [self._element(inner, entry, f"{path}[{index}]") for index, entry in enumerate(item)]
        return [None if entry is ABSENT else entry for entry in checked]

    def _element(self, inner: dict[str, Any], entry: Any, path: str) -> Any:
        # ``values`` of a ValueRange is a list of lists of anything: null there means "skip this cell".
        return entry if entry is None else self._value(inner, entry, path, "")

    def _scalar(self, field: dict[str, Any], item: Any, path: str, owner: str) -> Any:
        if isinstance(item, (dict, list)):
            start = "an object" if isinstance(item, dict) else "a list"
            type_name = self._type_name(field, path, owner)
            self._add(path, f"Invalid value at '{path}' ({type_name}), Starting {start} on a scalar field")
            return ABSENT
        reader = _READERS.get(
            (field.get("type"), field.get("format")), _READERS.get((field.get("type"), None))
        )
        if "enum" in field:
            reader = _enum(field["enum"])
        checked = reader(item) if reader else item
        if checked is ABSENT:
            self._bad(path, self._type_name(field, path, owner), item)
        return checked

    def _type_name(self, field: dict[str, Any], path: str, owner: str) -> str:
        if "enum" in field:
            # The document does not name enums: Google's protos mostly name them after their field.
            field_name = camel(re.sub(r"\[.*\]", "", path.rpartition(".")[2]))
            return f"type.googleapis.com/{self._package}.{_enum_name(owner, field_name)}"
        kind = field.get("type"), field.get("format")
        if field.get("format") == "google-fieldmask":
            return "type.googleapis.com/google.protobuf.FieldMask"
        return _TYPE_NAMES.get(kind, "TYPE_STRING")  # type: ignore[arg-type]

    def _unknown(self, key: str, path: str) -> None:
        self._add(path, f'Invalid JSON payload received. Unknown name "{key}"{_at(path)}: Cannot find field.')

    def _bad(self, path: str, type_name: str, item: Any) -> None:
        self._add(path, f"Invalid value at '{path}' ({type_name}), {json.dumps(item, ensure_ascii=False)}")

    def _add(self, path: str, text: str) -> None:
        self.violations.append((path, text))


def _at(path: str) -> str:
    return f" at '{path}'" if path else ""


SHARED_ENUMS = frozenset(
    {"dimension", "majorDimension", "shiftDimension", "valueInputOption", "valueRenderOption"}
)
"""Fields whose enum stands by itself in the package; the enum of any other is inside its message."""


def _enum_name(message: str, field: str) -> str:
    own = field[:1].upper() + field[1:]
    if field in SHARED_ENUMS:
        return "Dimension" if own.endswith("Dimension") else own
    return f"{message}.{own}" if message else own


def _string(item: Any) -> Any:
    return item if isinstance(item, str) else ABSENT


def _boolean(item: Any) -> Any:
    if isinstance(item, bool):
        return item
    return {"true": True, "false": False}.get(item, ABSENT) if isinstance(item, str) else ABSENT


def _integer(low: int, high: int, wrap: Callable[[int], Any]) -> Callable[[Any], Any]:
    def read(item: Any) -> Any:
        if isinstance(item, bool):
            return ABSENT
        try:
            number = float(item) if isinstance(item, float) else int(item)
        except (TypeError, ValueError):
            return ABSENT
        if number != int(number) or not low <= number <= high:
            return ABSENT
        return wrap(int(number))

    return read


def _number(item: Any) -> Any:
    if isinstance(item, bool):
        return ABSENT
    if isinstance(item, str) and item not in ("NaN", "Infinity", "-Infinity"):
        try:
            return float(item)
        except ValueError:
            return ABSENT
    if isinstance(item, (int, float)):
        return item
    return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}[item]


def _bytes(item: Any) -> Any:
    if not isinstance(item, str):
        return ABSENT
    try:
        base64.b64decode(item.replace("-", "+").replace("_", "/") + "==")
    except (binascii.Error, ValueError):
        return ABSENT
    return item


def _enum(names: list[str]) -> Callable[[Any], Any]:
    def read(item: Any) -> Any:
        if isinstance(item, bool):
            return ABSENT
        if isinstance(item, int):
            return names[item] if 0 <= item < len(names) else ABSENT
        return item if item in names else ABSENT

    return read


_READERS: dict[tuple[str | None, str | None], Callable[[Any], Any]] = {
    ("string", None): _string,
    ("string", "int64"): _integer(INT64_MIN, INT64_MAX, str),
    ("string", "uint64"): _integer(0, 2**64 - 1, str),
    ("string", "byte"): _bytes,
    ("boolean", None): _boolean,
    ("integer", None): _integer(INT32_MIN, INT32_MAX, int),
    ("integer", "uint32"): _integer(0, 2**32 - 1, int),
    ("number", None): _number,
}


def check_body(document: Document, method: Method, body: Any) -> dict[str, Any]:
    """The body of a call in canonical form.

    Raises
    ------
    ApiError
        400, naming every violation at once, as Google does.
    """
    if method.request_schema is None:
        return {}
    walker = Walker(document)
    if not isinstance(body, dict):
        raise ApiError(400, "Invalid JSON payload received. Root element must be a message.")
    checked = walker.message(document.schemas[method.request_schema], body, method.body_field)
    if walker.violations:
        raise ApiError(400, "\n".join(text for _, text in walker.violations), violations=walker.violations)
    return checked


def check_query(document: Document, method: Method, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """The query of a call: typed values, lists where a parameter repeats."""
    query: dict[str, Any] = {}
    violations: list[tuple[str, str]] = []
    for name, text in pairs:
        field = method.parameters.get(name) or method.parameters.get(camel(name))
        if field is None and method.api == "drive" and name in document.query_names:
            # Recorded: Drive ignores a parameter that another of its methods has.
            continue
        if field is None or field.get("location") == "path":
            problem = f"Cannot bind query parameter. Field '{name}' could not be found in request message."
            violations.append(("", f'Invalid JSON payload received. Unknown name "{name}": {problem}'))
            continue
        key = name if name in method.parameters else camel(name)
        value = _query_value(field, text)
        if value is ABSENT:
            kind = field.get("type"), field.get("format")
            type_name = _TYPE_NAMES.get(kind, "TYPE_STRING")  # type: ignore[arg-type]
            if "enum" in field:
                type_name = f"type.googleapis.com/{PACKAGES[method.api]}.{key[:1].upper()}{key[1:]}"
            violations.append((snake(key), f"Invalid value at '{snake(key)}' ({type_name}), \"{text}\""))
        elif field.get("repeated"):
            query.setdefault(key, []).append(value)
        else:
            query[key] = value
    if violations:
        raise ApiError(400, "\n".join(text for _, text in violations), violations=violations)
    return query


def _query_value(field: dict[str, Any], text: str) -> Any:
    if "enum" in field:
        return _enum(field["enum"])(text)
    if field.get("type") == "boolean":
        return _boolean(text.lower())
    if field.get("type") == "integer":
        return _integer(INT32_MIN, INT32_MAX, int)(text)
    return text


def parse_json(raw: bytes) -> Any:
    """The body as JSON; an empty body is an empty message."""
    if not raw.strip():
        return {}
    try:
        return json.loads(raw)
    except ValueError as error:
        raise invalid(f"Invalid JSON payload received. {error}") from error
