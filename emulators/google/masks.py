"""Field masks: which part of an answer is wanted, and which part of a resource an update replaces.

A mask is a tree of names; a name that maps to ``None`` means everything below it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from emulators.google.discovery import Document, load
from emulators.google.errors import ApiError, invalid
from emulators.google.schema import camel

Mask = dict[str, "Mask | None"]

_TOKEN = re.compile(r"[A-Za-z0-9_\-*]+|[(),./]|\s+")


class MaskSyntaxError(ValueError):
    """The text of a mask cannot be parsed."""


def parse(text: str) -> Mask:
    """Parse ``a(b,c),d/e.f,*`` into a tree."""
    return _parse(text)


@lru_cache(maxsize=1024)
def _parse(text: str) -> Mask:
    tokens = [token for token in _TOKEN.findall(text) if not token.isspace()]
    if "".join(tokens) != re.sub(r"\s+", "", text):
        raise MaskSyntaxError(text)
    mask, rest = _list(tokens, 0)
    if rest != len(tokens):
        raise MaskSyntaxError(text)
    return mask


def _list(tokens: list[str], at: int) -> tuple[Mask, int]:
    mask: Mask = {}
    while at < len(tokens):
        at = _path(tokens, at, mask)
        if at < len(tokens) and tokens[at] == ",":
            at += 1
            continue
        break
    return mask, at


def _path(tokens: list[str], at: int, mask: Mask) -> int:
    names = []
    while True:
        if at >= len(tokens) or tokens[at] in "(),./":
            raise MaskSyntaxError("".join(tokens))
        names.append(tokens[at])
        at += 1
        if at < len(tokens) and tokens[at] in "./":
            at += 1
            continue
        break
    below: Mask | None = None
    if at < len(tokens) and tokens[at] == "(":
        below, at = _list(tokens, at + 1)
        if at >= len(tokens) or tokens[at] != ")":
            raise MaskSyntaxError("".join(tokens))
        at += 1
    _put(mask, names, below)
    return at


def _put(mask: Mask, names: list[str], below: Mask | None) -> None:
    head, *tail = (camel(name) if "_" in name else name for name in names)
    child = mask.setdefault(head, {})
    if child is None:
        return
    if tail:
        _put(child, tail, below)
    elif below is None:
        mask[head] = None
    else:
        _merge(child, below)


def _merge(into: Mask, other: Mask) -> None:
    for name, below in other.items():
        if below is None or name not in into:
            into[name] = below
        elif (child := into[name]) is not None:
            _merge(child, below)


def wants(mask: Mask | None, *path: str) -> bool:
    """Whether anything at *path* is wanted."""
    for name in path:
        if mask is None or mask.get("*", 0) is None:
            return True
        if name not in mask and "*" not in mask:
            return False
        mask = mask.get(name, mask.get("*"))
    return True


def below(mask: Mask | None, *path: str) -> Mask | None:
    """The mask for the value at *path*; empty if nothing of it is wanted."""
    for name in path:
        if mask is None or mask.get("*", 0) is None:
            return None
        mask = mask.get(name, mask.get("*", {}))
    return mask


def select(mask: Mask | None, value: Any) -> Any:
    """The wanted part of *value*. The mask is applied to each element of a list, as in Google."""
    if mask is None or mask.get("*", 0) is None:
        return value
    if isinstance(value, list):
        return [select(mask, item) for item in value]
    if not isinstance(value, dict):
        return value
    if "*" in mask:
        return {name: select(mask["*"], item) for name, item in value.items()}
    return {name: select(inner, value[name]) for name, inner in mask.items() if name in value}


def check_response_mask(document: Document, schema: str | None, text: str | None) -> Mask | None:
    """The mask in the ``fields`` parameter of a call, checked against the schema of the answer."""
    if not text:
        return None
    try:
        mask = parse(text)
    except MaskSyntaxError:
        raise _response_mask_error(document, text) from None
    if schema is not None:
        wrong = unknown_path(document, schema, mask)
        if wrong:
            raise _response_mask_error(document, wrong)
    return mask


def _response_mask_error(document: Document, path: str) -> ApiError:
    if document.name.startswith("drive"):
        text = f"Invalid field selection {path}"
        return ApiError(400, text, reason="invalidParameter", location="fields")
    text = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
    return ApiError(400, "Request contains an invalid argument.", violations=[(path, text)])


def check_update_mask(document: Document, schema: str, text: str | None) -> Mask:
    """The mask in the ``fields`` of a sub-request, checked against what it updates."""
    if not text:
        raise invalid("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
    try:
        mask = parse(text)
    except MaskSyntaxError:
        raise invalid(f"Invalid field: {text}") from None
    wrong = _unknown_cached(document.name, schema, text) if text else None
    if wrong:
        raise invalid(f"Invalid field: {wrong}")
    return mask


@lru_cache(maxsize=1024)
def _unknown_cached(document_name: str, schema: str, text: str) -> str | None:
    return unknown_path(load(document_name), schema, parse(text))


def unknown_path(document: Document, schema: str, mask: Mask, prefix: str = "") -> str | None:
    """The first path of *mask* that is not a field of *schema*."""
    fields = document.schemas[schema].get("properties", {})
    for name, inner in mask.items():
        path = f"{prefix}{name}"
        if name == "*":
            continue
        if name not in fields:
            return path
        field = fields[name]
        while field.get("type") == "array":
            field = field["items"]
        if inner is None:
            continue
        if "$ref" in field:
            wrong = unknown_path(document, field["$ref"], inner, f"{path}.")
            if wrong:
                return wrong
        elif field.get("type") not in ("object", "any"):
            return f"{path}.{next(iter(inner))}"
    return None


def update(target: dict[str, Any], source: dict[str, Any], mask: Mask) -> dict[str, Any]:
    """*target* with the masked fields taken from *source*; a masked field that *source* lacks is cleared."""
    if mask.get("*", 0) is None:
        return dict(source)
    result = dict(target)
    for name, inner in mask.items():
        if inner is None or not isinstance(source.get(name, {}), dict):
            if name in source:
                result[name] = source[name]
            else:
                result.pop(name, None)
            continue
        value = update(result.get(name, {}), source.get(name, {}), inner)
        if value:
            result[name] = value
        else:
            result.pop(name, None)
    return result
