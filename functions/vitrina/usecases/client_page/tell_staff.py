"""Tells staff what a client has added from his page: a line of *Журнал*, and the agency's own chat."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.operations.run import Run
from vitrina.records.books import Project
from vitrina.records.outside.chat_rules import Told
from vitrina.records.outside.client_wishes import KeptWish, WishKind, WishResult
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.chats.post import post_message
from vitrina.usecases.chats.workbook import brief

#: Kinds that the agency's own chat is told; the others only stand in *Журнал*.
_LOUD = frozenset({WishKind.QUESTION, WishKind.ORDER, WishKind.REVIEW, WishKind.ATTACHMENT, WishKind.FILE})
#: Most characters of a client's text in *Журнал* and in the chat.
MOST_CHARACTERS = 500


class Ending(Struct, frozen=True):
    """How it ended with a wish, with the number of the item or question, 0 for none.

    ``where`` has what the sentence for staff needs beside the fields of the wish; ``code`` is the end of its
    code where that is not the kind.
    """

    wish: KeptWish
    result: WishResult
    number: int = 0
    where: Mapping[str, object] | None = None
    code: str = ""


def close_wish(run: Run, project: Project, ending: Ending) -> None:
    """Have a wish kept as carried out, and told, in the commit that ends the run."""
    wish, services = ending.wish, run.services
    run.at_end(wish.closed(ending.result, services.clock.now(), number=ending.number).put())
    is_done = ending.result is WishResult.DONE
    told = _told(ending) if is_done else sentence("client_page.told.changed")
    text = render(told, project.locale).strip()
    line = JournalLine(
        operation_id=f"client-{wish.wish_id}",
        agency_id=wish.agency_id,
        spreadsheet_id=wish.spreadsheet_id,
        at=wish.at,
        who=render(sentence("client_page.told.who"), project.locale),
        action=f"client_{wish.kind}",
        outcome="done" if is_done else "refused",
        message=text,
    )
    run.at_end(line.put())
    run.queue_at_end(refresh_wish(services, wish.agency_id, draws=False))
    if wish.kind in _LOUD:
        url = services.workbooks.url(wish.spreadsheet_id)
        message = sentence("client_page.told.chat", project=project.title, text=text, url=url)
        post_message(
            run,
            wish.spreadsheet_id,
            wish.agency_id,
            Told.ASKED,
            f"asked-{wish.wish_id}",
            render(message, project.locale),
        )


def _told(ending: Ending) -> Sentence:
    """What staff are told of a wish that was carried out."""
    fields = ending.wish.fields
    text = brief(str(fields.get("text", "")), MOST_CHARACTERS)
    values: dict[str, object] = {"text": text, **(ending.where or {})}
    code = ending.code or ending.wish.kind
    match WishKind(ending.wish.kind):
        case WishKind.QUESTION:
            values["number"] = str(ending.number)
        case WishKind.ORDER:
            values["title"] = fields["title"]
        case WishKind.REVIEW:
            code = "review" if text else "mark"
            values["mark"] = str(fields["mark"])
        case WishKind.ATTACHMENT:
            values |= {"url": fields["url"], "note": fields["note"]}
        case WishKind.FILE:
            values |= {name: fields[name] for name in ("name", "url", "note")}
        case WishKind.NEED:
            code = "need" if fields["ticked"] else "need_undone"
        case WishKind.PRIORITY:
            pass
    return sentence(f"client_page.told.{code}", **values)
