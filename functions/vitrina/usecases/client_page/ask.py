"""Keeps what a client adds from his page. The job ``client_wishes`` carries it out.

A form is kept once, under its nonce: whoever sends it again gets the first result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from vitrina.errors import StoreConflictError, UserError
from vitrina.operations.outbox import TaskWish
from vitrina.operations.services import Services
from vitrina.ports import Json
from vitrina.records.outside.client_pages import ClientPage
from vitrina.records.outside.client_wishes import (
    KeptWish,
    WishKind,
    WishResult,
    find_open_wishes,
    load_wish,
    wish_id_of,
)
from vitrina.texts import Sentence, sentence
from vitrina.usecases.decisions.typed_text import clean_text
from vitrina.workbook.reading.book import MAX_ITEM_NUMBER

#: Most characters of a question, of the title and the text of an order, of a review, of a link and its note.
MOST_QUESTION = 2000
MOST_TITLE = 200
MOST_TEXT = 4000
MOST_LINK = 2000
MOST_NOTE = 500
#: Most wishes of a project that wait to be carried out.
MOST_WAITING = 50
#: Most lines of «Что нужно от вас».
MOST_NEEDS = 100
#: Seconds in which wishes are gathered for one write of the workbook.
GATHER_S = 3.0

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,100}")
_YES, _NO = frozenset({"1", "on", "true", "yes"}), frozenset({"", "0", "off", "false", "no"})


class ClientWish(Struct, frozen=True):
    """A form that a client has sent.

    Parameters
    ----------
    kind
        A ``WishKind``.
    fields
        By kind: ``question`` has ``text``; ``order`` has ``title`` and ``text``; ``review`` has ``mark`` (1
        to 5) and ``text``; ``attachment`` has ``number`` of an item (may be empty), ``url`` and ``note``;
        ``need`` has ``line`` (from 1), ``ticked`` and ``text``, which is the text of the line as the client
        saw it (may be empty); ``priority`` has ``number`` and ``direction`` (``up`` or ``down``). Numbers and
        ticks may be texts, as forms send them.
    origin
        Where the request came from, shortened.
    nonce
        16 to 100 letters and digits that the page has given to this form.
    """

    kind: str
    fields: Mapping[str, object]
    origin: str
    nonce: str


class WishOutcome(Struct, frozen=True):
    """What has become of a form. ``is_new`` is ``False`` for a repeat; ``at`` is ISO text.

    ``name`` is that of a file.
    """

    wish_id: str
    kind: WishKind
    result: WishResult
    at: str
    is_new: bool
    message: Sentence
    name: str = ""


def take_wish(services: Services, page: ClientPage, wish: ClientWish) -> WishOutcome:
    """Check and keep a form, in one commit with the task that carries it out.

    Raises
    ------
    UserError
        If the form cannot be used. Its sentence is for the client.
    RetriableServiceError
        If the store does not answer; the same call may be made again.
    """
    # A file comes with its content: see ``keep_file``.
    is_known = wish.kind in list(WishKind) and wish.kind != WishKind.FILE
    if not _NONCE.fullmatch(wish.nonce) or not is_known:
        raise UserError("client_page.ask.bad_form")
    wish_id = wish_id_of(page.spreadsheet_id, wish.nonce)
    known = load_wish(services.store, wish_id)
    if known is not None:
        return outcome_of(known, is_new=False)
    kept = KeptWish(
        wish_id,
        page.spreadsheet_id,
        page.agency_id,
        wish.kind,
        checked_fields(page, WishKind(wish.kind), wish.fields),
        services.clock.now().isoformat(),
        origin=clean_text(wish.origin)[:MOST_TITLE],
    )
    return keep_wish(services, kept)


def keep_wish(services: Services, kept: KeptWish) -> WishOutcome:
    """Keep a wish that was checked, once, in one commit with the task that carries it out.

    Raises
    ------
    UserError
        If too many wait.
    """
    if len(find_open_wishes(services.store, kept.spreadsheet_id)) >= MOST_WAITING:
        raise UserError("client_page.ask.too_many")
    task = wish_task(kept)
    try:
        services.store.commit([kept.put(), task.put(services)])
    except StoreConflictError:
        # The same form was sent twice at the same moment.
        first = load_wish(services.store, kept.wish_id)
        if first is None:
            raise
        return outcome_of(first, is_new=False)
    task.try_to_send(services)
    return outcome_of(kept, is_new=True)


def wish_task(wish: KeptWish, *, wait_s: float = GATHER_S) -> TaskWish:
    """The task that carries out this wish, and all others of the project that wait then.

    Each wish has a task of its own, which only a look that began after the wish was kept removes.
    """
    body: Json = {"kind": "client_wishes", "spreadsheet_id": wish.spreadsheet_id}
    return TaskWish(f"client-wish-{wish.wish_id}", body, wait_s)


def outcome_of(wish: KeptWish, *, is_new: bool) -> WishOutcome:
    """What is told of a kept wish."""
    code = "client_page.ask.changed" if wish.result == WishResult.CHANGED else f"client_page.ask.{wish.kind}"
    return WishOutcome(
        wish.wish_id,
        WishKind(wish.kind),
        WishResult(wish.result),
        wish.at,
        is_new,
        sentence(code),
        str(wish.fields.get("name", "")),
    )


# --- Checks ------------------------------------------------------------------------------------------


def checked_fields(page: ClientPage, kind: WishKind, fields: Mapping[str, object]) -> Json:
    """The fields of a form, cleaned; raises ``UserError``."""
    return _CHECKS[kind](page, fields)


def _question(_: ClientPage, fields: Mapping[str, object]) -> Json:
    text = _text(fields, "text", MOST_QUESTION)
    if not text:
        raise UserError("client_page.ask.no_text")
    return {"text": text}


def _order(_: ClientPage, fields: Mapping[str, object]) -> Json:
    title = _line(fields, "title", MOST_TITLE)
    if not title:
        raise UserError("client_page.ask.no_title")
    return {"title": title, "text": _text(fields, "text", MOST_TEXT)}


def _review(_: ClientPage, fields: Mapping[str, object]) -> Json:
    mark = _number(fields, "mark")
    if not 1 <= mark <= 5:
        raise UserError("client_page.ask.bad_mark")
    return {"mark": mark, "text": _text(fields, "text", MOST_TEXT)}


def _attachment(page: ClientPage, fields: Mapping[str, object]) -> Json:
    return {**_file(page, fields), "url": _link(fields)}


def _file(_: ClientPage, fields: Mapping[str, object]) -> Json:
    """What is said about a file or a link; the file itself is checked elsewhere."""
    number = _number(fields, "number")
    if not 0 <= number <= MAX_ITEM_NUMBER:
        raise UserError("client_page.ask.bad_form")
    return {"number": number, "note": _line(fields, "note", MOST_NOTE)}


def _need(_: ClientPage, fields: Mapping[str, object]) -> Json:
    line, ticked = _number(fields, "line"), str(fields.get("ticked", "")).casefold()
    if not 1 <= line <= MOST_NEEDS or ticked not in _YES | _NO:
        raise UserError("client_page.ask.bad_form")
    return {"line": line, "ticked": ticked in _YES, "text": _line(fields, "text", MOST_TEXT)}


def _priority(page: ClientPage, fields: Mapping[str, object]) -> Json:
    number, direction = _number(fields, "number"), fields.get("direction")
    if direction not in ("up", "down"):
        raise UserError("client_page.ask.bad_form")
    if number not in page.proposals:
        raise UserError("client_page.ask.not_yours")
    return {"number": number, "direction": direction}


_CHECKS: Mapping[WishKind, Callable[[ClientPage, Mapping[str, object]], Json]] = {
    WishKind.QUESTION: _question,
    WishKind.ORDER: _order,
    WishKind.REVIEW: _review,
    WishKind.ATTACHMENT: _attachment,
    WishKind.FILE: _file,
    WishKind.NEED: _need,
    WishKind.PRIORITY: _priority,
}


def _text(fields: Mapping[str, object], name: str, most: int) -> str:
    """A text that may have several lines."""
    given = fields.get(name, "")
    if not isinstance(given, str):
        raise UserError("client_page.ask.bad_form")
    text = clean_text(given)
    if len(text) > most:
        raise UserError("client_page.ask.long_text", most=most)
    return text


def _line(fields: Mapping[str, object], name: str, most: int) -> str:
    return " ".join(_text(fields, name, most).split())


def _number(fields: Mapping[str, object], name: str) -> int:
    """A whole number, 0 for an empty field."""
    text = str(fields.get(name) or "0").strip()
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise UserError("client_page.ask.bad_form")
    return int(text)


def _link(fields: Mapping[str, object]) -> str:
    """An address that begins with ``https://`` and names a host; nothing in it can hide the rest."""
    url = fields.get("url", "")
    if not isinstance(url, str):
        raise UserError("client_page.ask.bad_form")
    url = url.strip()
    if len(url) > MOST_LINK:
        raise UserError("client_page.ask.long_text", most=MOST_LINK)
    try:
        parts = urlsplit(url)
        is_good = (
            parts.scheme == "https"
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        is_good = False
    if not is_good or clean_text(url) != url or any(one.isspace() or one in "<>\"'`\\" for one in url):
        raise UserError("client_page.ask.bad_link")
    return url
