"""The form in which accounting answers a request on its page, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from msgspec import Struct, field

from vitrina.records.outside.invoice_requests import Answered, RequestState
from vitrina.texts import Sentence, sentence
from vitrina.usecases.accounting.answer import ANSWERS, MOST_TEXT, Reply
from vitrina.usecases.decisions.typed_text import clean_text
from vitrina.web.pages.acts import first
from vitrina.web.pages.rendering import safe_url

#: Fields of the form beside the state, in its order.
NUMBER, ISSUED_ON, LINK, PAID_ON, REASON = "document_number", "document_on", "link", "paid_on", "reason"
FIELDS = (NUMBER, ISSUED_ON, LINK, PAID_ON, REASON)
#: Days that documents have.
_FIRST_DAY, _AHEAD = date(2000, 1, 1), timedelta(days=366)
_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


class ReplyForm(Struct, frozen=True):
    """What was sent: texts by field, cleaned, with days as ISO text where they are any; and what is wrong."""

    texts: Mapping[str, str]
    seen: str
    wrong: Mapping[str, Sentence] = field(default_factory=dict)

    @property
    def shown(self) -> list[tuple[str, str]]:
        """All that a confirmation shows, as hidden fields."""
        return [*self.texts.items(), ("seen", self.seen)]

    @property
    def reply(self) -> Reply:
        """The answer; read it only if ``wrong`` is empty."""
        answered = Answered(**{name: self.texts[name] for name in FIELDS})
        return Reply(RequestState(self.texts["state"]), answered, self.seen)


def reply_form(form: Mapping[str, list[str]], today: date) -> ReplyForm:
    """Read and check a form."""
    texts = {name: clean_text(first(form, name)) for name in ("state", *FIELDS)}
    for name in (NUMBER, LINK):
        texts[name] = " ".join(texts[name].split())
    for name in (ISSUED_ON, PAID_ON):
        texts[name] = _iso(texts[name])
    wrong = _wrong(texts, today)
    return ReplyForm(texts, first(form, "seen")[:64], wrong)


def _wrong(texts: Mapping[str, str], today: date) -> dict[str, Sentence]:
    wrong = {
        name: sentence("page.field_long", most=MOST_TEXT)
        for name, text in texts.items()
        if len(text) > MOST_TEXT
    }
    for name, most in ((ISSUED_ON, today + _AHEAD), (PAID_ON, today)):
        if texts[name]:
            wrong |= _wrong_day(name, texts[name], most)
    if texts[LINK] and not (texts[LINK].startswith("https://") and safe_url(texts[LINK])):
        wrong[LINK] = sentence("accounting_page.wrong_link", most=MOST_TEXT)
    state = texts["state"]
    if state not in ANSWERS:
        wrong["state"] = sentence("accounting_page.state_needed")
        return wrong
    if state == RequestState.INVOICED and not texts[NUMBER]:
        wrong[NUMBER] = sentence("accounting_page.number_needed")
    if state == RequestState.REFUSED and not texts[REASON]:
        wrong[REASON] = sentence("accounting_page.reason_needed")
    # Nothing that was typed is left out without a word.
    if state != RequestState.REFUSED and texts[REASON]:
        wrong[REASON] = sentence("accounting_page.wrong_reason")
    if state != RequestState.PAID and texts[PAID_ON]:
        wrong.setdefault(PAID_ON, sentence("accounting_page.wrong_paid_on"))
    return wrong


def _wrong_day(name: str, text: str, most: date) -> dict[str, Sentence]:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return {name: sentence("accounting_page.wrong_day")}
    if day > most:
        return {name: sentence("accounting_page.wrong_future")}
    return {} if day >= _FIRST_DAY else {name: sentence("accounting_page.wrong_day")}


def _iso(text: str) -> str:
    """A day as ISO text: browsers without a calendar send what was typed, such as ``28.11.2026``."""
    typed = _DAY.fullmatch(text)
    return f"{typed[3]}-{typed[2]:0>2}-{typed[1]:0>2}" if typed else text
