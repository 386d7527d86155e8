"""Sends what waits of a request to accounting, by the way that the agency had chosen when it was asked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from vitrina.errors import AccessDeniedError, FatalServiceError
from vitrina.operations.journal import JournalLine, refresh_wish
from vitrina.operations.run import Run
from vitrina.ports import Document, Key, Write
from vitrina.records.outside.change import DocumentChange
from vitrina.records.outside.chat_rules import Told
from vitrina.records.outside.chats import chat_from_document, chat_key
from vitrina.records.outside.invoice_requests import (
    InvoiceRequest,
    load_requests,
    request_from_document,
)
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.accounting.card import tell_by_card
from vitrina.usecases.accounting.letter import letter_of, text_of
from vitrina.usecases.accounting.links import url_of, with_link
from vitrina.usecases.accounting.terms import AccountingChannel
from vitrina.usecases.chats.post import post_message

log = logging.getLogger("vitrina.accounting")


def send_notice(run: Run, key: Key) -> None:
    """Send what waits of a request, and keep that it was sent at the end of the run.

    A letter that was handed over and whose answer was lost is sent again under its own name.

    Raises
    ------
    RetriableServiceError
        If the mail server does not answer.
    AccessDeniedError
        If it does not let us in; the next attempt may.
    """
    request = load_requests(run.services.store, [key]).get(key)
    if request is None or not request.unsent:
        return
    lack = _lack(run, request)
    if lack is None:
        # Of a withdrawal nothing can be answered.
        request = with_link(run, request) if request.is_live else request
        url = url_of(run.services.client_url, run.services.link_secret, request)
        lack = _SENDERS[AccountingChannel(request.channel)](run, request, url)
    if lack is not None:
        _tell(run, request, lack)
    run.at_end(updates=[_sent(run, request)])


def _lack(run: Run, request: InvoiceRequest) -> Sentence | None:
    """Why it cannot be sent at all."""
    if request.channel == AccountingChannel.CARD:
        return None
    if request.channel == AccountingChannel.MAIL:
        has_mail = run.services.mail is not None and bool(request.send_to)
        return None if has_mail else sentence("accounting.not_sent.no_mail")
    group = chat_key(request.agency_id)
    kept = run.services.store.get_many([group]).get(group)
    has_chat = run.services.chat is not None
    has_chat = has_chat and bool(chat_from_document(kept, request.agency_id, request.agency_id).chat_id)
    return None if has_chat else sentence("accounting.not_sent.no_chat")


def _mail(run: Run, request: InvoiceRequest, url: str) -> Sentence | None:
    """Send the letter; return why it was refused for good."""
    if run.services.mail is None:
        return sentence("accounting.not_sent.no_mail")
    try:
        run.services.mail.send(letter_of(request, request.unsent, url))
    except AccessDeniedError as error:
        run.commit(_line(run, request, Sentence(error.code, error.where)).put())
        raise
    except FatalServiceError as error:
        log.warning("letter refused: %s", error.code)
        return Sentence(error.code, error.where)
    return None


def _post(run: Run, request: InvoiceRequest, url: str) -> None:
    """Post to the agency's own chat. A repeat finds the message by its name and edits it."""
    name = f"accounting-{request.key[1]}-{request.notice_count}"
    text = text_of(request, request.unsent, url)
    post_message(run, request.spreadsheet_id, request.agency_id, Told.INVOICE, name, text)


def _card(run: Run, request: InvoiceRequest, url: str) -> Sentence | None:
    """Make or change the card; return why the tracker refused it for good."""
    try:
        return tell_by_card(run, request, request.unsent, url)
    except AccessDeniedError as error:
        run.commit(_line(run, request, Sentence(error.code, error.where)).put())
        raise
    except FatalServiceError as error:
        log.warning("card refused: %s", error.code)
        return Sentence(error.code, error.where)


#: How each channel is served: returns why it refused for good.
_SENDERS: Mapping[AccountingChannel, Callable[[Run, InvoiceRequest, str], Sentence | None]] = {
    AccountingChannel.MAIL: _mail,
    AccountingChannel.CHAT: _post,
    AccountingChannel.CARD: _card,
}


def _sent(run: Run, request: InvoiceRequest) -> DocumentChange:
    """Keeps that a notice was sent, unless another one waits by now."""

    def change(documents: list[Document | None]) -> list[Write]:
        if documents[0] is None:
            return []
        now = request_from_document(documents[0])
        if now.notice_count != request.notice_count or not now.unsent:
            return []
        return [replace(now, unsent="").put()]

    return DocumentChange(run.services.store, (request.key,), change)


def _tell(run: Run, request: InvoiceRequest, why: Sentence) -> None:
    run.at_end(_line(run, request, why).put())
    run.queue_at_end(refresh_wish(run.services, request.agency_id, draws=False))


def _line(run: Run, request: InvoiceRequest, why: Sentence) -> JournalLine:
    told = sentence("accounting.not_sent", number=request.human_number, why=why)
    return JournalLine(
        operation_id=f"accounting-{request.key[1]}-{request.notice_count}",
        agency_id=request.agency_id,
        spreadsheet_id=request.spreadsheet_id,
        at=run.services.clock.now().isoformat(),
        who="",
        action="accounting",
        outcome="failed",
        message=render(told, request.locale),
    )
