"""The page of one request, on which accounting answers without a login.

``GET …/a/<token>`` shows it with two reads of the store and no call to Google; ``…/works`` is the list of
works for printing, ``…/works.xlsx`` the same as a file. ``POST …/a/<token>/answer`` keeps an answer in two
steps: the first one shows what would be kept, the second one is sent by a person who has ticked a box. GET
and HEAD change nothing but the note that the link was opened.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from flask import Request, Response
from msgspec import Struct
from msgspec.structs import asdict

from vitrina.domain.invoicing import Line, roubles
from vitrina.logs import note
from vitrina.operations.services import Services
from vitrina.records.outside.accounting_links import AccountingLink, find_accounting_link
from vitrina.records.outside.client_links import MOST_ACTS, note_act, note_opening
from vitrina.records.outside.invoice_requests import (
    INVOICE_REQUEST,
    InvoiceRequest,
    RequestState,
    load_requests,
)
from vitrina.texts import Sentence, render, sentence
from vitrina.usecases.accounting.answer import ANSWERS, Ending, seen_of, take_reply
from vitrina.usecases.accounting.draft import LEFT_OUT
from vitrina.usecases.accounting.facts import facts_of
from vitrina.usecases.accounting.lines_file import MEDIA_TYPE, file_name, lines_file
from vitrina.web.http import Application
from vitrina.web.pages.acts import first, read_form
from vitrina.web.pages.frame import TRAP, message_page, open_link, unknown_page
from vitrina.web.pages.nonces import is_nonce, new_nonce
from vitrina.web.pages.rendering import PageResponse, Setting, render_page
from vitrina.web.pages.reply_form import FIELDS, ReplyForm, reply_form
from vitrina.web.pages.visitors import is_from_own_page, is_robot, origin_of

log = logging.getLogger("vitrina.accounting")

#: Most lines of the page itself; the list for printing has all.
MOST_LINES = 30
ANSWER, WORKS, FILE = "answer", "works", "works.xlsx"
_ASK = "accounting_page.ask_for_link"
_TITLE = "accounting_page.title"


class Visit(Struct, frozen=True):
    """A visit to the page of a request, by a link that works."""

    request: Request
    services: Services
    setting: Setting
    token: str
    link: AccountingLink
    asked: InvoiceRequest


def answer_accounting(
    request: Request, app: Application, setting: Setting, token: str, rest: Sequence[str]
) -> Response:
    """The page, a confirmation, or what became of an answer."""
    services = app.services
    link = open_link(request, app, setting, token, find_accounting_link, _ASK)
    if isinstance(link, Response):
        return link
    note(actor="accounting", workbook=link.spreadsheet_id)
    key = (INVOICE_REQUEST, link.request)
    asked = load_requests(services.store, [key]).get(key)
    if asked is None:
        return unknown_page(setting, _ASK)
    setting = setting.for_page(asked.locale)
    if asked.link_hash != link.token_hash:
        # It was withdrawn, and asked for once more with another link.
        return message_page(setting, 410, "accounting_page.old_link", _ASK)
    if not asked.is_live:
        heading = sentence("accounting_page.withdrawn", number=asked.human_number)
        return message_page(setting, 410, heading, "accounting_page.withdrawn_line")
    visit = Visit(request, services, setting, token, link, asked)
    if request.method == "POST":
        return _post(visit) if list(rest) == [ANSWER] else unknown_page(setting, _ASK)
    if not is_robot(request):
        note_opening(services.store, link, setting.now)
    # A confirmation that somebody opens again by its address has nothing to confirm.
    places = {"": _main, ANSWER: _main, WORKS: _works, FILE: _file}
    show = places.get("/".join(rest))
    return show(visit) if show is not None else unknown_page(setting, _ASK)


# --- Looking -----------------------------------------------------------------------------------------


def _main(
    visit: Visit,
    status: int = 200,
    *,
    form: ReplyForm | None = None,
    error: Sentence | None = None,
) -> Response:
    asked, setting = visit.asked, visit.setting
    answered = asdict(asked.answered)
    typed = dict(form.texts) if form else {**answered, "reason": ""}
    wrong = {name: render(one, setting.locale) for name, one in (form.wrong if form else {}).items()}
    lines = asked.lines
    return render_page(
        setting,
        "request",
        status,
        title=_TITLE,
        **_about(visit),
        lines=[_line(setting, one) for one in lines[:MOST_LINES]],
        more=max(0, len(lines) - MOST_LINES),
        count=len(lines),
        left_out=_left_out(visit),
        answered=_told(setting, answered),
        states=ANSWERS,
        fields=FIELDS,
        typed=typed,
        seen=seen_of(asked),
        wrong=wrong,
        errors=[render(error, setting.locale)] if error else [],
        other_locale="en" if setting.locale == "ru" else "ru",
    )


def _works(visit: Visit) -> Response:
    lines = [_line(visit.setting, one) for one in visit.asked.lines]
    return render_page(visit.setting, "works", title=_TITLE, **_about(visit), lines=lines)


def _file(visit: Visit) -> Response:
    answer = PageResponse(lines_file(visit.asked), content_type=MEDIA_TYPE)
    # A header has no other letters; programs that know the second form save it under its own name.
    name = quote(file_name(visit.asked))
    answer.headers["Content-Disposition"] = f"attachment; filename=\"works.xlsx\"; filename*=UTF-8''{name}"
    return answer


def _about(visit: Visit) -> dict[str, Any]:
    """What the page and the list say of the request."""
    asked, setting = visit.asked, visit.setting
    total = asked.total_kop
    return {
        "human_number": asked.human_number,
        "revision": str(asked.revision),
        "has_earlier": bool(asked.earlier),
        "state": setting.text(f"title.choice.request_state.{asked.state}"),
        "facts": facts_of(asked, setting.locale),
        "total": roubles(total, setting.locale) if total is not None else "",
        "evidence": asked.body["evidence"],
        "fingerprint": asked.fingerprint,
    }


def _line(setting: Setting, line: Line) -> dict[str, str]:
    quantity = format(line.hours.normalize(), "f")
    return {
        "code": line.code,
        "title": line.title,
        "quantity": quantity.replace(".", ",") if setting.locale == "ru" else quantity,
        "unit": line.unit,
        "price": roubles(line.price_kop, setting.locale) if line.price_kop is not None else "",
        "sum": roubles(line.sum_kop, setting.locale) if line.sum_kop is not None else "",
        "accepted_on": _day(line.accepted_on),
    }


def _left_out(visit: Visit) -> list[str]:
    groups = visit.asked.body["left_out"]
    told = []
    for name, key in LEFT_OUT:
        count, codes = groups[key]["count"], groups[key]["items"]
        if count:
            more = ["…"] if count > len(codes) else []
            told.append(visit.setting.text(f"accounting.left_out.{name}", count=count, items=[*codes, *more]))
    return told


def _told(setting: Setting, texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """The document as it is answered: what each text is about, and the text."""
    days = ("document_on", "paid_on")
    return [
        (setting.text(f"accounting_page.{name}"), _day(texts[name]) if name in days else texts[name])
        for name in FIELDS
        if texts[name]
    ]


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%d.%m.%Y}"


# --- Answering ---------------------------------------------------------------------------------------


def _post(visit: Visit) -> Response:
    """The first step shows what would be kept; the second one, with a nonce, keeps it."""
    request, setting = visit.request, visit.setting
    if is_robot(request) or not is_from_own_page(request, visit.services.client_url):
        return message_page(setting, 403, "page.not_from_page", back=True)
    sent = read_form(request)
    form = reply_form(sent, visit.setting.today)
    nonce = first(sent, "nonce")
    if form.wrong:
        return _main(visit, 422, form=form, error=sentence("accounting_page.check_fields"))
    if not nonce:
        made = new_nonce(visit.token, ANSWER, form.shown, visit.setting.now)
        return _confirmation(visit, form, made)
    return _keep(visit, form, nonce, sent)


def _confirmation(
    visit: Visit, form: ReplyForm, nonce: str, wrong: Mapping[str, Sentence] | None = None, status: int = 200
) -> Response:
    setting = visit.setting
    found = {name: render(one, setting.locale) for name, one in (wrong or {}).items()}
    return render_page(
        setting,
        "request_confirm",
        status,
        title=_TITLE,
        human_number=visit.asked.human_number,
        state=form.texts["state"],
        told=_told(setting, form.texts),
        hidden=form.shown,
        nonce=nonce,
        wrong=found,
        errors=[text for name, text in found.items() if name != "sure"],
    )


def _keep(visit: Visit, form: ReplyForm, nonce: str, sent: Mapping[str, list[str]]) -> Response:
    """Keep what was confirmed, if a person has filled the confirmation in."""
    services, now = visit.services, visit.setting.now
    if not is_nonce(nonce, visit.token, ANSWER, form.shown, now):
        return _main(visit, 409, error=sentence("page.old_form"))
    wrong: dict[str, Sentence] = {}
    if first(sent, "sure") != "yes":
        wrong["sure"] = sentence("accounting_page.not_sure")
    if first(sent, TRAP):
        wrong["trap"] = sentence("page.trapped")
    if wrong:
        return _confirmation(visit, form, nonce, wrong, 422)
    if not note_act(services.store, visit.link, now):
        too_many = sentence("accounting_page.many_acts", most=MOST_ACTS)
        answer = message_page(visit.setting, 429, too_many, back=True)
        answer.headers["Retry-After"] = str(int(timedelta(hours=1).total_seconds()))
        return answer
    origin = origin_of(visit.request)
    log.info("accounting answers", extra={"request": visit.asked.human_number, "origin": origin})
    ending, asked = take_reply(services, visit.asked.key, form.reply)
    if ending is Ending.WITHDRAWN or asked is None:
        heading = sentence("accounting_page.withdrawn", number=visit.asked.human_number)
        return message_page(visit.setting, 410, heading, "accounting_page.withdrawn_line")
    if ending is Ending.CHANGED:
        newest = Visit(visit.request, services, visit.setting, visit.token, visit.link, asked)
        return _main(newest, 409, error=sentence("accounting_page.changed"))
    setting = visit.setting
    told = "accounting_page.thanks" if ending is Ending.MADE else "accounting_page.repeated"
    state = setting.text(f"title.choice.request_state.{RequestState(asked.state)}")
    return render_page(
        setting,
        "request_result",
        title=_TITLE,
        heading=setting.text(told),
        human_number=asked.human_number,
        state=state,
        told=_told(setting, asdict(asked.answered)),
    )
