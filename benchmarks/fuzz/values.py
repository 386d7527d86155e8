"""Values that a request or a cell may hold: strange ones, and valid ones made from a schema."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

#: JSON as the fuzzer changes it. An object is a list of pairs, because a body may repeat a key.
Tree = Any


class Pairs(list[tuple[Any, Tree]]):
    """An object of JSON by its pairs."""


LONG_NUMBER = "9" * 4_400

NUMBERS: Sequence[Any] = (
    *(0, -1, 1, 2, 0.5, -0.0, 1.5, 1e-300, 1e27, 1e308, -1e308, 10**15, 10**16, 10**30, -(10**30)),
    *(2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, float("nan"), float("inf"), float("-inf")),
)

TEXTS: Sequence[str] = (
    *(
        "",
        " ",
        "\x00",
        "\x01\x02",
        "\x1b[31m",
        "\t\n\r",
        "\u2028\u2029",
        "\x7f\x80\x9f",
        "\ufeff",
        "\ufffe\uffff",
    ),
    *("\ud800", "\udfff x", "a\ud83db", "\ude00\ud83d", "😀" * 30, "👨‍👩‍👧‍👦", "é" + "\u0301" * 500),
    *("\u202eабв\u202c", "\u200b", "ﬀ", "ı", "İ", "ß", "٣", "½", "Ⅷ", "𝟗", "１２"),
    *(
        "null",
        "true",
        "NaN",
        "-Infinity",
        "1e999",
        "0x10",
        "1_000",
        "1,5",
        "1 ч 30 мин",
        LONG_NUMBER,
        "-" + LONG_NUMBER,
    ),
    *("9999-12-31", "0001-01-01", "2026-02-30", "2026-11-23", "31.12.9999", "29.02.2027", "00.00.0000"),
    *("9999-12-31T23:30:00Z", "2026-11-23T09:00:00+99:99", "2026-W48-1", "завтра", "23:59:60"),
    *("=1/0", "=A1", '=IMPORTXML("http://x","//a")', "+1", "-1", "@x", "'=1", "=" * 300, '=REPT("я",40000)'),
    *(
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "{{7*7}}",
        "${7*7}",
        "%s%n%x",
        "../../etc/passwd",
        "{name}",
    ),
    *("{0.__class__}", "\\", "\\u0000", '"', "`", ";", "а" * 300, "x" * 5_000, "ю" * 60_000, "a b " * 400),
    *(
        "https://x.example/",
        "javascript:alert(1)",
        "http://[::1",
        "https://" + "a" * 3_000,
        "mailto:a@b",
        "//x",
    ),
    *(
        "a@b",
        "a@b.example",
        "@",
        "a@" + "b" * 300,
        "ЗРН-1",
        "ЗРН-99999999999",
        "ЗРН-1, ЗРН-1",
        "ЗРН-0",
        "ЗРН--1",
    ),
)

ODD: Sequence[Any] = (None, True, False, [], {}, [[]], [None] * 50, {"": None}, [{}] * 20, {"a": {"b": [1]}})

#: Texts that fit the patterns of schemas: the first ones that match are taken.
FITTING: Sequence[str] = (
    *(
        "2026-11-27",
        "1A2",
        "ЗРН",
        "ВТР2",
        "kaiten",
        "asana",
        "none",
        "guest@zarya.example",
        "0" * 12,
        "a" * 16,
    ),
    *("0123456789abcdef" * 2, "1-1-hours-0123456789", "https://files.example/1", "text", "Лендинг", "design"),
    *("Анна Белова", "Сайт", "metrica", "book-1", "12345678", ""),
)


def strange(draw: random.Random, depth: int = 0) -> Any:
    """Any value of JSON, and some that strict JSON does not have."""
    kind = draw.random()
    if depth > 5 or kind < 0.35:
        return draw.choice(TEXTS)
    if kind < 0.6:
        return draw.choice(NUMBERS)
    if kind < 0.8:
        return draw.choice(ODD)
    if kind < 0.86:
        return [strange(draw, depth + 1) for _ in range(draw.randrange(5))]
    if kind < 0.92:
        return {draw.choice(TEXTS)[:50]: strange(draw, depth + 1) for _ in range(draw.randrange(4))}
    return any_text(draw)


def any_text(draw: random.Random) -> str:
    """Characters of all planes, halves of pairs as well."""
    return "".join(
        chr(draw.choice([draw.randrange(32), draw.randrange(0x600), draw.randrange(0x11_0000)]))
        for _ in range(draw.randrange(40))
    )


def number_text(draw: random.Random) -> str:
    """A number as a person or a program may write it."""
    return draw.choice([str(draw.choice(NUMBERS)), str(draw.randrange(-10, 400)), LONG_NUMBER])


class Fitting:
    """Makes values that fit a schema, from what the world has and otherwise from the schema alone.

    Parameters
    ----------
    known
        Values of the world by the name of a field.
    """

    def __init__(self, known: Mapping[str, Sequence[Any]]) -> None:
        self._known: dict[str, list[Any]] = {name: list(values) for name, values in known.items()}

    def learn(self, name: str, value: Any) -> None:
        """A value that an answer had; of each name the newest ones are kept."""
        values = self._known.setdefault(name, [])
        if value not in values:
            values.append(value)
            del values[:-6]

    def value(self, draw: random.Random, schema: Mapping[str, Any], name: str = "") -> Any:
        """A value of *schema*, of the field *name*."""
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return draw.choice(schema["enum"])
        if name in self._known and draw.random() < 0.9:
            return draw.choice(self._known[name])
        kinds = schema.get("type", "object")
        kind = draw.choice(kinds) if isinstance(kinds, list) else kinds
        return getattr(self, f"_{kind}")(draw, schema, name)

    def _object(self, draw: random.Random, schema: Mapping[str, Any], _name: str) -> Any:
        properties = schema.get("properties", {})
        needed = set(schema.get("required", ()))
        return {
            key: self.value(draw, properties[key], key)
            for key in properties
            if key in needed or draw.random() < 0.6
        }

    def _array(self, draw: random.Random, schema: Mapping[str, Any], name: str) -> Any:
        items = schema.get("items", {"type": "string"})
        count = max(schema.get("minItems", 0), draw.randrange(4))
        found = [self.value(draw, items, name.removesuffix("s")) for _ in range(count)]
        if schema.get("uniqueItems"):
            return [one for place, one in enumerate(found) if one not in found[:place]]
        return found

    def _string(self, draw: random.Random, schema: Mapping[str, Any], _name: str) -> str:
        pattern, most = schema.get("pattern", ""), schema.get("maxLength", 10**9)
        fitting = [one for one in FITTING if re.search(pattern, one) and len(one) <= most]
        return draw.choice(fitting) if fitting else ""

    def _integer(self, draw: random.Random, schema: Mapping[str, Any], _name: str) -> int:
        least, most = schema.get("minimum", 0), schema.get("maximum", 1000)
        return draw.choice([draw.randint(int(least), int(min(most, least + 12))), int(most)])

    def _number(self, draw: random.Random, schema: Mapping[str, Any], name: str) -> float:
        return draw.choice([self._integer(draw, {**schema, "minimum": 1}, name), 0.5, 4.25])

    def _boolean(self, draw: random.Random, _schema: Mapping[str, Any], _name: str) -> bool:
        return draw.random() < 0.5

    def _null(self, _draw: random.Random, _schema: Mapping[str, Any], _name: str) -> None:
        return None
