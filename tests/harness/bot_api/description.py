"""The description of the Bot API that others made from Telegram's pages, and what it says about values.

It is read from the shared folder, like all material that is not ours. It knows names, types and what is
required; lengths and bounds are in its sentences.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.harness.bot_api.recorder import SentCall
from tests.harness.shared import shared_path

DESCRIPTION = "conformance/vendors/telegram_bot_api.json.gz"
_LENGTH = re.compile(r"(\d+)-(\d+) characters")
_BYTES = re.compile(r"(\d+)-(\d+) bytes")
_BOUNDS = re.compile(r"(?:^|[ ;,])(\d+)-(\d+)(?:\.|$| \()")
_SECRET = re.compile(r"[A-Za-z0-9_-]+")
_ARRAY = "Array of "


def reason_to_skip() -> str:
    """Why calls cannot be judged here, or nothing; with ``REQUIRE_BOT_API`` set, that is an error."""
    if shared_path(DESCRIPTION) is not None:
        return ""
    reason = f"the description is not at ../shared/{DESCRIPTION} (or VITRINA_SHARED)"
    if os.environ.get("REQUIRE_BOT_API"):
        raise FileNotFoundError(reason)
    return reason


@cache
def read_description() -> dict[str, Any]:
    """The whole description."""
    path = shared_path(DESCRIPTION)
    assert path is not None
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


def violations_of(call: SentCall) -> list[str]:
    """What is wrong with a call and its answer."""
    return [f"{call.method}: {one}" for one in (*request_violations(call), *answer_violations(call))]


def request_violations(call: SentCall) -> Iterator[str]:
    """What is wrong with the request of a call."""
    method = read_description()["methods"].get(call.method)
    if method is None:
        yield "there is no such method"
        return
    if call.http_method != "POST" or call.content_type != "application/json":
        yield f"{call.http_method} with {call.content_type}"
    if not isinstance(call.body, dict):
        yield "the body is no object"
        return
    yield from _fields(call.body, method.get("fields", ()), call.method)


def answer_violations(call: SentCall) -> Iterator[str]:
    """What is wrong with the answer to a call; a page of a server in between is none of Telegram's."""
    answer = call.answer
    if not isinstance(answer, dict) or "detail" in answer:
        return
    if answer.get("ok") is True:
        yield from _value(
            answer.get("result"), read_description()["methods"][call.method]["returns"], "result"
        )
        return
    if not isinstance(answer.get("error_code"), int) or not isinstance(answer.get("description"), str):
        yield "the refusal has no code or description"
    if "parameters" in answer:
        yield from _value(answer["parameters"], ["ResponseParameters"], "parameters")


def update_violations(update: Any) -> list[str]:
    """What is wrong with an update."""
    return list(_value(update, ["Update"], "update"))


def _fields(value: dict[str, Any], fields: Any, place: str) -> Iterator[str]:
    known = {one["name"]: one for one in fields}
    for name, one in known.items():
        if one["required"] and name not in value:
            yield f"{place} lacks {name}"
    for name, given in value.items():
        if name not in known:
            yield f"{place} has an unknown {name}"
            continue
        yield from _value(given, known[name]["types"], f"{place}.{name}")
        yield from _bounds(given, known[name]["description"], f"{place}.{name}", name)


def _value(value: Any, types: list[str], place: str) -> Iterator[str]:
    """Nothing if the value is of one of the types; what is wrong with the last one otherwise."""
    found: list[str] = []
    for one in types:
        found = list(_of_type(value, one, place))
        if not found:
            return
    yield from found


def _of_type(value: Any, name: str, place: str) -> Iterator[str]:
    simple = {"Integer": int, "String": str, "Boolean": bool, "Float": float, "True": bool}
    if name in simple:
        # In Python a yes is a number too.
        if not isinstance(value, simple[name]) or (name == "Integer" and isinstance(value, bool)):
            yield f"{place} is no {name}: {value!r}"
        return
    if name.startswith(_ARRAY):
        if not isinstance(value, list):
            yield f"{place} is no list"
            return
        for number, one in enumerate(value):
            yield from _of_type(one, name.removeprefix(_ARRAY), f"{place}[{number}]")
        return
    kind = read_description()["types"][name]
    if kind.get("subtypes"):
        yield from _value(value, kind["subtypes"], place)
    elif not isinstance(value, dict):
        yield f"{place} is no {name}: {value!r}"
    else:
        yield from _fields(value, kind.get("fields", ()), place)


def _bounds(value: Any, description: str, place: str, name: str) -> Iterator[str]:
    """Lengths are counted in units of UTF-16, the hardest reading."""
    length = _LENGTH.search(description)
    if length and isinstance(value, str):
        units = len(value.encode("utf-16-le")) // 2
        if not int(length[1]) <= units <= int(length[2]):
            yield f"{place} has {units} characters"
    size = _BYTES.search(description)
    if size and isinstance(value, str) and not int(size[1]) <= len(value.encode()) <= int(size[2]):
        yield f"{place} has {len(value.encode())} bytes"
    bounds = _BOUNDS.search(description)
    if bounds and isinstance(value, int) and not int(bounds[1]) <= value <= int(bounds[2]):
        yield f"{place} is {value}"
    if name == "secret_token" and not _SECRET.fullmatch(value):
        yield f"{place} has other signs"
