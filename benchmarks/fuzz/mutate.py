"""Changes of a valid request that leave its structure recognisable."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

from benchmarks.fuzz.values import NUMBERS, TEXTS, Pairs, Tree, any_text, number_text, strange


def tree_of(value: Any) -> Tree:
    """The value with each of its objects, at any depth, as ``Pairs``."""
    if isinstance(value, dict):
        return Pairs((key, tree_of(one)) for key, one in value.items())
    if isinstance(value, list):
        return [tree_of(one) for one in value]
    return value


def written(tree: Tree, *, ascii_only: bool = True) -> str:
    """JSON of a tree, in which a key may come twice."""
    if isinstance(tree, Pairs):
        inner = ",".join(
            f"{json.dumps(str(key), ensure_ascii=ascii_only)}:{written(one, ascii_only=ascii_only)}"
            for key, one in tree
        )
        return f"{{{inner}}}"
    if isinstance(tree, list):
        return f"[{','.join(written(one, ascii_only=ascii_only) for one in tree)}]"
    return json.dumps(tree, ensure_ascii=ascii_only)


@dataclass(frozen=True)
class Place:
    """A place in a tree: the list or the object that holds it, and its index there."""

    tree: Tree
    holder: Any
    index: int

    @property
    def value(self) -> Tree:
        """What stands there."""
        return self.holder[self.index][1] if isinstance(self.holder, Pairs) else self.holder[self.index]

    def put(self, value: Tree) -> None:
        """Have something else stand there."""
        key = self.holder[self.index][0] if isinstance(self.holder, Pairs) else None
        self.holder[self.index] = (key, value) if isinstance(self.holder, Pairs) else value


def _places(tree: Tree) -> list[Place]:
    found: list[Place] = []
    stack = [tree]
    while stack:
        holder = stack.pop()
        if isinstance(holder, list):
            inside = [Place(tree, holder, index) for index in range(len(holder))]
            found += inside
            stack += [one.value for one in inside]
    return found


def change_text(draw: random.Random, text: str) -> str:
    """A text near *text*."""
    place = draw.randrange(len(text) + 1)
    return draw.choice(
        [
            lambda: text[:place],
            lambda: text[:place] + draw.choice(TEXTS)[:200] + text[place:],
            lambda: text * draw.choice([2, 50, 3_000]) if len(text) < 100 else text[::-1],
            lambda: f" {text}\n",
            text.swapcase,
            lambda: draw.choice(TEXTS),
            lambda: any_text(draw),
            lambda: number_text(draw),
        ]
    )()


def _replace(draw: random.Random, place: Place) -> None:
    place.put(tree_of(strange(draw)))


def _bend(draw: random.Random, place: Place) -> None:
    """A value of the same type, near the one that is there."""
    value = place.value
    if isinstance(value, str):
        value = change_text(draw, value)
    elif isinstance(value, bool) or value is None:
        value = draw.choice([True, False, None, 0, 1, "true"])
    elif isinstance(value, int | float):
        value = draw.choice([value + 1, -value, value * 10**9, draw.choice(NUMBERS), str(value), [value]])
    elif isinstance(value, Pairs):
        value = Pairs(draw.sample(value, len(value)))
    else:
        by_number = Pairs((str(number), one) for number, one in enumerate(value))
        value = draw.choice([value * 40, value[:1], list(reversed(value)), by_number])
    place.put(value)


def _delete(_draw: random.Random, place: Place) -> None:
    del place.holder[place.index]


def _double(draw: random.Random, place: Place) -> None:
    twin = copy.deepcopy(place.holder[place.index])
    if draw.random() < 0.5:
        place.put(tree_of(strange(draw)))
    place.holder.insert(draw.randrange(len(place.holder) + 1), twin)


def _nest(draw: random.Random, place: Place) -> None:
    value = place.value
    for _ in range(draw.choice([1, 2, 15, 25])):
        value = [value] if draw.random() < 0.5 else Pairs([("a", value)])
    place.put(value)


def _add(draw: random.Random, place: Place) -> None:
    key = draw.choice([*TEXTS[:40], "__proto__", "constructor", "id", "kind", "wish", "params", "$ref"])
    value = tree_of(strange(draw))
    place.holder.insert(place.index, (key, value) if isinstance(place.holder, Pairs) else value)


def _rename(draw: random.Random, place: Place) -> None:
    if isinstance(place.holder, Pairs):
        key, value = place.holder[place.index]
        place.holder[place.index] = (change_text(draw, str(key))[:100], value)


def _transplant(draw: random.Random, place: Place) -> None:
    """What stands at another place of the same body."""
    place.put(copy.deepcopy(draw.choice(_places(place.tree)).value))


_CHANGES: Sequence[Callable[[random.Random, Place], None]] = (
    *(_replace, _bend, _bend, _bend, _delete, _double, _nest, _add, _rename, _transplant),
)


def change_tree(draw: random.Random, value: Any, count: int) -> Tree:
    """The value with *count* changes."""
    tree = tree_of(copy.deepcopy(value))
    for _ in range(count):
        places = _places(tree)
        if not places:
            return tree_of(strange(draw))
        draw.choice(_CHANGES)(draw, draw.choice(places))
    return tree


def json_bytes(draw: random.Random, tree: Tree) -> bytes:
    """The body of a tree; now and then spoilt."""
    data = written(tree, ascii_only=draw.random() < 0.6).encode("utf-8", "surrogatepass")
    place = draw.randrange(len(data) + 1)
    levels = draw.choice([15, 25, 500, 20_000])
    encoding = draw.choice(["utf-16", "utf-8-sig", "utf-32", "cp1251"])
    spoilt: Sequence[Callable[[], bytes]] = (
        lambda: data[:place],
        lambda: data[:place] + draw.randbytes(draw.randrange(1, 6)) + data[place:],
        lambda: b'{"data":' * levels + data + b"}" * levels,
        lambda: b"[" * draw.choice([30, 2_000, 60_000]),
        lambda: data.decode("utf-8", "replace").encode(encoding, "replace"),
        lambda: draw.randbytes(draw.randrange(300)),
        lambda: data + b" " * draw.choice([70_000, 300_000]),
    )
    return draw.choice(spoilt)() if draw.random() < 0.28 else data


#: Fields of a form: names with values.
Fields = list[tuple[str, str]]


def change_fields(draw: random.Random, fields: Fields, count: int) -> Fields:
    """The fields with *count* changes."""
    fields = list(fields)
    for _ in range(count):
        if not fields:
            return [(draw.choice(TEXTS)[:50], draw.choice(TEXTS)[:1000])]
        place = draw.randrange(len(fields))
        name, value = fields[place]
        match draw.randrange(7):
            case 0:
                del fields[place]
            case 1:
                fields.insert(draw.randrange(len(fields) + 1), (name, change_text(draw, value)[:6_000]))
            case 2:
                fields[place] = (change_text(draw, name)[:200], value)
            case 3:
                fields.append(
                    (
                        draw.choice(["website", "nonce", "seen_1", "n", "one", "number"]),
                        number_text(draw)[:500],
                    )
                )
            case 4:
                fields += [(name, value)] * draw.choice([3, 600])
            case _:
                fields[place] = (name, change_text(draw, value)[:6_000])
    return fields


def form_bytes(draw: random.Random, fields: Fields) -> bytes:
    """An encoded form; now and then spoilt."""
    text = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in fields)
    data = text.encode()
    match draw.randrange(20):
        case 0:
            return data.replace(b"%", b"%%", 3)
        case 1:
            return data + b"&" + draw.randbytes(20)
        case 2:
            return data.replace(b"=", b"", 2)
    return data


def _quoted(text: str) -> str:
    return quote_plus(text.encode("utf-8", "surrogatepass"))


BOUNDARY = "----limit-of-parts"


def multipart_bytes(draw: random.Random, fields: Fields, name: str, content: bytes) -> bytes:
    """A form with a file, as the bytes of a request; sometimes damaged."""
    parts = [
        _encoded(f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}') for key, value in fields
    ]
    about = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    head = _encoded(f"{about}\r\nContent-Type: application/pdf\r\n\r\n")
    parts.insert(draw.randrange(len(parts) + 1), head + content)
    mark = f"--{BOUNDARY}\r\n".encode()
    data = b"".join(mark + one + b"\r\n" for one in parts) + f"--{BOUNDARY}--\r\n".encode()
    match draw.randrange(8):
        case 0:
            return data[: draw.randrange(len(data) + 1)]
        case 1:
            return data.replace(b"form-data", draw.randbytes(6), 1)
        case 2:
            return data.replace(b'name="', b"name*=utf-8''%ff", 1)
        case 3:
            return mark * 100 + data
    return data


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


HEADER_NAMES = (
    *(
        "Content-Type",
        "Accept-Language",
        "Authorization",
        "User-Agent",
        "Content-Encoding",
        "X-Forwarded-For",
    ),
    *("Sec-Fetch-Site", "Origin", "Accept-Encoding", "X-Hook-Signature", "X-Hook-Secret", "Host", "Cookie"),
    *(
        "X-Telegram-Bot-Api-Secret-Token",
        "If-None-Match",
        "Range",
        "Expect",
        "X-HTTP-Method-Override",
        "Forwarded",
    ),
)
HEADER_VALUES = (
    *(
        "",
        "x",
        "application/json; charset=utf-16",
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
    ),
    *(
        "application/x-www-form-urlencoded; charset=cp1251",
        "ru;q=abc,en;q=2",
        "*;q=0",
        "xx-" * 400,
        "Bearer",
        "Bearer  ",
    ),
    *(
        "Bearer a.b.c",
        "Bearer " + "a" * 5_000,
        "Basic Og==",
        "gzip, br",
        "deflate",
        "999.1.1.1, ::1%25x",
        "1.2.3.4",
    ),
    *(
        "same-origin",
        "cross-site",
        "null",
        "http://[",
        "bytes=0-",
        "100-continue",
        "é".encode().decode("latin-1"),
        "\xff",
    ),
)

Headers = list[tuple[str, str]]


def change_headers(draw: random.Random, headers: Headers) -> Headers:
    """The headers with a change: one is gone, another, twice, or new."""
    headers = list(headers)
    match draw.randrange(4):
        case 0 if headers:
            del headers[draw.randrange(len(headers))]
        case 1 if headers:
            place = draw.randrange(len(headers))
            headers[place] = (headers[place][0], draw.choice(HEADER_VALUES))
        case 2 if headers:
            headers.append((draw.choice(headers)[0], draw.choice(HEADER_VALUES)))
        case _:
            headers.append((draw.choice(HEADER_NAMES), draw.choice(HEADER_VALUES)))
    return headers


def change_path(draw: random.Random, path: str) -> str:
    """A path near *path*, encoded."""
    segments = path.split("/")
    place = draw.randrange(len(segments))
    odd = quote(draw.choice(TEXTS)[:300].encode("utf-8", "surrogatepass"), safe="")
    match draw.randrange(9):
        case 0:
            segments[place] = odd
        case 1:
            segments.insert(place, odd)
        case 2:
            del segments[place]
        case 3:
            segments.append(
                draw.choice(
                    [
                        "health",
                        "done",
                        "reports",
                        "reports/1",
                        "accept",
                        "file",
                        "..",
                        ".",
                        "%2e%2e",
                        "list.xlsx",
                    ]
                )
            )
        case 4:
            segments[place] = segments[place][::-1]
        case 5:
            return path + "/" * draw.choice([1, 2, 300])
        case 6:
            return path.swapcase()
        case 7:
            segments[place] = segments[place] + "%00%ff%fe"
        case _:
            segments[place] = "a" * 4_000
    return "/" + "/".join(segments).lstrip("/")


def change_query(draw: random.Random, query: str) -> str:
    """A query near *query*, encoded."""
    odd = quote(draw.choice(TEXTS)[:500].encode("utf-8", "surrogatepass"), safe="")
    name = draw.choice(["lang", "n", "x", "", "number", odd[:60]])
    return "&".join(
        [*([query] if query else ()), f"{name}={odd}", *draw.choice([(), ("&&&=",), ("lang=en", "lang=ru")])]
    )
