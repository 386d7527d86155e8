"""What accounting reads: a letter or a message about a request, and its withdrawal."""

from __future__ import annotations

from typing import Any

from vitrina.domain.invoicing import Line, roubles
from vitrina.mail_port import Attachment, Letter
from vitrina.records.outside.invoice_requests import (
    REQUEST_NOTICE,
    WITHDRAWAL_NOTICE,
    InvoiceRequest,
)
from vitrina.texts import Days, Sentence, render, sentence
from vitrina.usecases.accounting.draft import LEFT_OUT
from vitrina.usecases.accounting.lines_file import MEDIA_TYPE, file_name, lines_file

#: Most lines of a letter and of a message; the attachment has all of them.
MOST_LINES, MOST_CHAT_LINES = 40, 15


def letter_of(request: InvoiceRequest, notice: str, url: str = "") -> Letter:
    """The letter of a notice: a repeat is the same letter, a later one stands in the thread of the first.

    *url* is the address of the page of the request, empty if there is none.
    """
    name = request.request_id if notice == REQUEST_NOTICE else f"{request.request_id}.{notice}"
    answers = request.first_id if name != request.first_id else ""
    files = (Attachment(file_name(request), MEDIA_TYPE, lines_file(request)),)
    return Letter(
        request.send_to,
        subject_of(request),
        text_of(request, notice, url, most=MOST_LINES),
        name,
        answers,
        files if notice == REQUEST_NOTICE else (),
    )


def subject_of(request: InvoiceRequest) -> str:
    """What a request is called in a letter and on a card."""
    return _told(request, "mail.subject", **_about(request))


def text_of(request: InvoiceRequest, notice: str, url: str = "", *, most: int = MOST_CHAT_LINES) -> str:
    """The text of a notice, with at most so many lines of work."""
    if notice == WITHDRAWAL_NOTICE:
        return _told(request, "mail.withdrawn", number=request.human_number) + "\n"
    body = request.body
    told = [_told(request, "mail.number", number=request.human_number, revision=request.revision)]
    if request.earlier:
        former = request.earlier[-1]["revision"]
        told.append(_told(request, "mail.replaces", former=str(former)))
    told.append(_told(request, "mail.kind", kind=_kind(request)))
    told.append("")
    told += _parties(request, body)
    told += ["", *line_texts(request, most), _told(request, "mail.total", total=total_text(request))]
    if body["vat"]:
        told.append(_told(request, "mail.vat", vat=body["vat"]))
    told.append(_told(request, "mail.purpose", purpose=body["purpose"]))
    told += ["", *left_out_texts(request)]
    told += [
        _told(request, "mail.evidence", url=body["evidence"]),
        *([_told(request, "mail.page", url=url)] if url else []),
        _told(request, "mail.answer_too" if url else "mail.answer", number=request.human_number),
        _told(request, "mail.fingerprint", fingerprint=request.fingerprint),
    ]
    return "\n".join(told) + "\n"


def _parties(request: InvoiceRequest, body: Any) -> list[str]:
    client, nothing = body["client"], _told(request, "mail.no_value")
    about = _about(request)
    told = [_told(request, "mail.agency", entity=body["agency"] or nothing)]
    told.append(_told(request, "mail.client", name=client["name"]))
    told.append(_told(request, "mail.inn", inn=client["inn"] or nothing))
    if client["kpp"]:
        told.append(_told(request, "mail.kpp", kpp=client["kpp"]))
    told.append(_told(request, "mail.contract", contract=body["contract"] or nothing))
    told.append(_told(request, "mail.project", project=body["project"]))
    told.append(_told(request, "mail.period", days=about["days"]))
    return told


def line_texts(request: InvoiceRequest, most: int) -> list[str]:
    """A line for each piece of work, at most so many, and how many more there are."""
    lines = request.lines
    told = [_line(request, place, line) for place, line in enumerate(lines[:most], start=1)]
    if len(lines) > most:
        told.append(_told(request, "mail.more", count=len(lines) - most))
    return told


def _line(request: InvoiceRequest, place: int, line: Line) -> str:
    amount = ""
    if line.sum_kop is not None:
        amount = _told(request, "mail.line_sum", sum=roubles(line.sum_kop, request.locale))
    return _told(
        request,
        "mail.line",
        place=str(place),
        item=line.code,
        title=line.title,
        hours=_hours(line, request.locale),
        unit=line.unit,
        sum=amount,
    )


def _hours(line: Line, locale: str) -> str:
    """All digits that the sum was computed from."""
    text = format(line.hours.normalize(), "f")
    return text.replace(".", ",") if locale == "ru" else text


def left_out_texts(request: InvoiceRequest) -> list[str]:
    """What is not asked for, because nobody has accepted it."""
    groups = request.body["left_out"]
    told = []
    for name, key in LEFT_OUT:
        count, codes = groups[key]["count"], groups[key]["items"]
        if count:
            more = ["…"] if count > len(codes) else []
            told.append(_told(request, f"left_out.{name}", count=count, items=[*codes, *more]))
    return told


def _about(request: InvoiceRequest) -> dict[str, Any]:
    period = request.period
    days = sentence(
        "accounting.days", days=Days(period.start_on, period.end_on), year=str(period.end_on.year)
    )
    return {
        "number": request.human_number,
        "kind": _kind(request),
        "client": request.body["client"]["name"],
        "days": days,
    }


def _kind(request: InvoiceRequest) -> Sentence:
    return sentence(f"accounting.kind.{request.kind}")


def total_text(request: InvoiceRequest) -> str:
    """The sum of a request, or who decides it."""
    if request.total_kop is None:
        return _told(request, "sum_by_accounting")
    return _told(request, "roubles", amount=roubles(request.total_kop, request.locale))


def _told(request: InvoiceRequest, code: str, **where: Any) -> str:
    return render(sentence(f"accounting.{code}", **where), request.locale)
