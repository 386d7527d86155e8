"""Draws requests: one that is valid, of any entry point, and changes of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote

from benchmarks.fuzz.mutate import (
    BOUNDARY,
    Fields,
    change_fields,
    change_headers,
    change_path,
    change_query,
    change_text,
    change_tree,
    form_bytes,
    json_bytes,
    multipart_bytes,
)
from benchmarks.fuzz.values import TEXTS, Fitting
from benchmarks.fuzz.wire import Reply, Sent
from vitrina.jobs.registry import JOBS
from vitrina.usecases.accounting.answer import ANSWERS
from vitrina.usecases.actions import ACTIONS
from vitrina.web.menu import QUESTIONS
from vitrina.web.pages.acts import INPUTS, ROLES, Kind
from vitrina.web.pages.reply_form import FIELDS

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
METHODS = (
    "GET",
    "HEAD",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "post",
    "POSTPOST",
    "A" * 50,
)
#: A browser, as it describes itself.
PERSON = [
    ("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1"),
    ("Accept-Language", "ru-RU,ru;q=0.9"),
    ("Sec-Fetch-Site", "same-origin"),
]
#: How many of a hundred requests are of each kind.
SHARES: Mapping[str, int] = {
    "menu": 32,
    "task": 16,
    "webhook": 20,
    "client": 18,
    "accounting": 6,
    "schedule": 2,
    "health": 3,
    "anything": 3,
}


@dataclass
class Facts:
    """What a sender may know of the world that is tried.

    Parameters
    ----------
    tokens
        Makes a token of each entry point that wants one.
    recorded
        Requests that outside systems have sent to ``webhook``, by the kind of sender.
    links
        Tokens of the client's pages, with leave to act.
    fitting
        Makes parameters of actions and fields of tasks.
    hook_secrets
        Secrets by which Asana signs, by path.
    """

    client_ids: Sequence[str]
    agency_id: str
    tokens: Callable[[str], str]
    recorded: Mapping[str, Sequence[Sent]]
    links: Sequence[str]
    accounting_links: Sequence[str]
    fitting: Fitting
    hook_secrets: Mapping[str, str]
    numbers: Sequence[int]
    #: What the pages show of an item and of a request, so that answers to them are taken.
    fingerprints: Sequence[str]
    seen: Sequence[str]


#: Sends one further request that follows from an answer, such as the confirmation of a form.
Next = Callable[[Reply], Sent | None]


@dataclass(frozen=True)
class Drawn:
    """A request, and the one that may follow from its answer."""

    sent: Sent
    follows: Next | None = None


def draw_request(seed: int, number: int, facts: Facts) -> Drawn:
    """The request of a number: always the same in the same world."""
    draw = random.Random(f"{seed} {number}")
    kind = draw.choices(list(SHARES), list(SHARES.values()))[0]
    drawn = _DRAWN[kind](draw, facts)
    return replace(drawn, sent=_around(draw, drawn.sent))


def _around(draw: random.Random, sent: Sent) -> Sent:
    """Changes of what is around the body: method, path, query, headers, length, the bytes themselves."""
    if draw.random() < 0.06:
        sent = replace(sent, method=draw.choice(METHODS))
    path, _, query = sent.target.partition("?")
    if draw.random() < 0.06:
        path = change_path(draw, path)
    if draw.random() < 0.06:
        query = change_query(draw, query)
    sent = replace(sent, target=f"{path}?{query}" if query else path)
    if draw.random() < 0.12:
        sent = replace(sent, headers=change_headers(draw, sent.headers))
    if draw.random() < 0.08 and sent.body:
        sent = replace(sent, is_chunked=True)
    elif draw.random() < 0.02 and sent.body:
        sent = replace(sent, declared=draw.choice([len(sent.body) + 100, len(sent.body) * 100, 10**12]))
    if draw.random() < 0.01:
        data = bytearray(sent.data()[:100_000])
        for _ in range(draw.randrange(1, 8)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        sent = replace(sent, raw=bytes(data))
    return sent


def _changes(draw: random.Random) -> int:
    """How many changes: often none, so that something follows from it."""
    return draw.choices([0, 1, 2, 5], [12, 50, 26, 12])[0]


def _authorized(facts: Facts, target: str) -> list[tuple[str, str]]:
    return [("Content-Type", JSON), ("Authorization", f"Bearer {facts.tokens(target)}")]


# --- menu, task, schedule ----------------------------------------------------------------------------


def valid_params(draw: random.Random, facts: Facts, action: str) -> dict[str, Any]:
    """Parameters that the action's schema takes."""
    params: dict[str, Any] = facts.fitting.value(draw, ACTIONS[action].params)
    return params


def _menu(draw: random.Random, facts: Facts) -> Drawn:
    name = draw.choice([*ACTIONS, *QUESTIONS, "operation"])
    if name in ACTIONS:
        kind, params = ACTIONS[name].book_kind, valid_params(draw, facts, name)
    elif name == "operation":
        kind, params = (
            "client",
            {"operation_id": facts.fitting.value(draw, {"type": "string"}, "operation_id")},
        )
    else:
        kind, params = draw.choice(["client", "agency"]), {}
    body = {
        "action": name,
        "spreadsheet_id": draw.choice(facts.client_ids) if kind == "client" else facts.agency_id,
        "request_id": str(
            uuid.UUID(int=draw.getrandbits(128) if draw.random() < 0.8 else draw.randrange(50))
        ),
        "locale": draw.choice(["ru", "en"]),
        "params": params,
    }
    tree = change_tree(draw, body, _changes(draw))
    sent = Sent("menu", "POST", "/menu", _authorized(facts, "menu"), json_bytes(draw, tree))

    def learn(reply: Reply) -> None:
        if reply.status not in (200, 202):
            return
        answer = json.loads(reply.body)
        if answer.get("operation_id"):
            facts.fitting.learn("operation_id", answer["operation_id"])
        for key in ("preview_id", "plan_id", "mark", "record_id", "link_id"):
            if isinstance((answer.get("data") or {}).get(key), str):
                facts.fitting.learn(key, answer["data"][key])

    return Drawn(sent, learn)


def _task(draw: random.Random, facts: Facts) -> Drawn:
    kind = draw.choice(list(JOBS))
    schema = {"properties": JOBS[kind].fields, "required": JOBS[kind].needed}
    body = {"kind": kind, **facts.fitting.value(draw, schema)}
    tree = change_tree(draw, body, _changes(draw))
    return Drawn(Sent("task", "POST", "/task", _authorized(facts, "task"), json_bytes(draw, tree)))


def _schedule(draw: random.Random, facts: Facts) -> Drawn:
    body = json_bytes(draw, change_tree(draw, {}, draw.randrange(3))) if draw.random() < 0.5 else b""
    headers = _authorized(facts, "schedule")
    if draw.random() < 0.9:
        headers = change_headers(draw, headers[1:])
    return Drawn(Sent("schedule", "POST", "/schedule", headers, body))


def _health(draw: random.Random, _facts: Facts) -> Drawn:
    target = draw.choice(["menu", "task", "webhook", "schedule", "client"])
    return Drawn(Sent("health", draw.choice(["GET", "GET", "HEAD", "POST"]), f"/{target}/health", [], b""))


# --- webhook -----------------------------------------------------------------------------------------


def _webhook(draw: random.Random, facts: Facts) -> Drawn:
    sender = draw.choice(list(facts.recorded))
    sent = draw.choice(facts.recorded[sender])
    count = _changes(draw)
    if _is(sent, FORM):
        fields = parse_qsl(sent.body.decode(), keep_blank_values=True)
        sent = replace(sent, body=form_bytes(draw, change_fields(draw, fields, count)))
    elif sent.body:
        sent = replace(sent, body=json_bytes(draw, change_tree(draw, json.loads(sent.body), count)))
    secret = facts.hook_secrets.get(sent.target)
    if secret is not None and draw.random() < 0.8:
        signed = hmac.new(secret.encode(), sent.body, hashlib.sha256).hexdigest()
        sent = sent.with_headers(X_Hook_Signature=signed)
    return Drawn(replace(sent, entry=f"webhook of {sender}"))


def _is(sent: Sent, mime_type: str) -> bool:
    return any(name.lower() == "content-type" and mime_type in value for name, value in sent.headers)


# --- pages -------------------------------------------------------------------------------------------


def _client(draw: random.Random, facts: Facts) -> Drawn:
    place = f"/client/c/{draw.choice(facts.links)}"
    kind = draw.choice(list(Kind))
    if draw.random() < 0.3:
        more = draw.choice(
            [
                "",
                "",
                "/",
                "/done",
                f"/{kind}",
                f"/{kind}?n={draw.choice(facts.numbers)}",
                "/reports/1",
                "?lang=en",
            ]
        )
        return Drawn(Sent("client page, GET", draw.choice(["GET", "HEAD"]), place + more, list(PERSON)))
    fields = _act_fields(draw, facts, kind)
    if kind is Kind.FILE:
        return Drawn(_file(draw, place, fields))
    fields = change_fields(draw, fields, _changes(draw))
    sent = _form("client page, POST", f"{place}/{kind}", form_bytes(draw, fields))
    sure = [("sure", "yes"), ("role", draw.choice(ROLES))]
    return Drawn(sent, _confirmation(draw, sent, sure))


def _act_fields(draw: random.Random, facts: Facts, kind: Kind) -> Fields:
    number = str(draw.choice(facts.numbers))
    fields = [("n", number), (f"seen_{number}", draw.choice([*facts.fingerprints, "1"]))]
    known = {"number": number, "line": "1", "ticked": "1", "direction": draw.choice(["up", "down"])}
    known |= {"url": "https://files.example/x", "mark": draw.choice("12345")}
    return fields + [(one.name, known.get(one.name, draw.choice(TEXTS)[:300])) for one in INPUTS[kind]]


def _file(draw: random.Random, place: str, fields: Fields) -> Sent:
    """A form with a file, which is sent in one step."""
    fields = change_fields(draw, [*fields, ("role", "owner"), ("sure", "yes")], _changes(draw))
    head = draw.choice(
        [b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\xff\xd8\xff\xe0", b"MZ", b"<svg ", b""]
    )
    name = draw.choice(["договор.pdf", "a.png", "../../x.docx", draw.choice(TEXTS)[:300].replace('"', "")])
    content = head + draw.randbytes(draw.choice([0, 100, 20_000]))
    headers = [*PERSON, ("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")]
    return Sent(
        "client page, file",
        "POST",
        f"{place}/file",
        headers,
        multipart_bytes(draw, fields[:40], name, content),
    )


def _accounting(draw: random.Random, facts: Facts) -> Drawn:
    place = f"/client/a/{draw.choice(facts.accounting_links)}"
    if draw.random() < 0.3:
        more = draw.choice(["", "/", "/works", "/works.xlsx", "/answer", "?lang=en"])
        return Drawn(Sent("accounting page, GET", draw.choice(["GET", "HEAD"]), place + more, list(PERSON)))
    fields = [("state", draw.choice(ANSWERS)), ("seen", draw.choice(facts.seen))]
    typed = {"document_number": "12", "document_on": "2026-11-23", "link": "https://docs.example/1"}
    fields += [
        (one, typed.get(one, "") if draw.random() < 0.6 else draw.choice(TEXTS)[:300]) for one in FIELDS
    ]
    sent = _form(
        "accounting page, POST",
        f"{place}/answer",
        form_bytes(draw, change_fields(draw, fields, _changes(draw))),
    )
    return Drawn(sent, _confirmation(draw, sent, [("sure", "yes")]))


def _form(entry: str, target: str, body: bytes) -> Sent:
    return Sent(entry, "POST", target, [*PERSON, ("Content-Type", FORM)], body)


_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def _confirmation(draw: random.Random, first: Sent, more: Fields) -> Next:
    """The second step of a form, where the first one was shown for confirmation."""
    is_changed = draw.random() < 0.4

    def confirm(reply: Reply) -> Sent | None:
        hidden = [(name, value) for name, value in _HIDDEN.findall(reply.body.decode("utf-8", "replace"))]
        if reply.status != 200 or not any(name == "nonce" for name, _ in hidden):
            return None
        fields = [*hidden, *more]
        return replace(first, body=form_bytes(draw, change_fields(draw, fields, 1) if is_changed else fields))

    return confirm


# --- anything ----------------------------------------------------------------------------------------


def _anything(draw: random.Random, _facts: Facts) -> Drawn:
    """Paths that nobody serves, and bytes that are no HTTP."""
    if draw.random() < 0.5:
        path = draw.choice(
            [
                "/",
                "/menu/x/y",
                "/client",
                "/client/c",
                "/client/a/",
                "/webhook",
                "/webhook/kaiten/",
                "/" + quote(draw.choice(TEXTS)[:80].encode("utf-8", "surrogatepass"), safe=""),
            ]
        )
        return Drawn(
            Sent(
                "anything",
                draw.choice(["GET", "POST"]),
                path,
                [],
                change_text(draw, "{}").encode("utf-8", "replace")[:10_000],
            )
        )
    raw = draw.choice(
        [
            draw.randbytes(draw.randrange(1, 3_000)),
            b"POST /menu HTTP/9.9\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost\r\n\r\n",
            b"\r\n" * 50,
            b"POST /menu HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        ]
    )
    return Drawn(Sent("anything", "GET", "/", raw=raw))


_DRAWN: Mapping[str, Callable[[random.Random, Facts], Drawn]] = {
    "menu": _menu,
    "task": _task,
    "webhook": _webhook,
    "client": _client,
    "accounting": _accounting,
    "schedule": _schedule,
    "health": _health,
    "anything": _anything,
}
