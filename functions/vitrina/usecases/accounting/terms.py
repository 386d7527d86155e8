"""Reads what *Настройки* say about accounting: the way to it, the rate, and what documents must name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.domain.invoicing import RequestKind, kopecks_of, one_line
from vitrina.errors import CellProblem
from vitrina.texts import render, sentence
from vitrina.workbook.reading.book import Book
from vitrina.workbook.reading.settings import locale_of, read_address, read_settings

#: Most characters of a name, a contract and of the words about VAT.
MOST_WORDS = 300
_FORMS = {
    "inn": re.compile(r"[0-9]{10}|[0-9]{12}"),
    "kpp": re.compile(r"[0-9]{4}[0-9A-Z]{2}[0-9]{3}"),
}
#: What a line about a project may say, by the words that begin it.
_WORDS: Mapping[str, str] = {
    "договор": "contract",
    "contract": "contract",
    "инн": "inn",
    "inn": "inn",
    "кпп": "kpp",
    "kpp": "kpp",
    "название": "name",
    "name": "name",
    "ставка": "rate",
    "rate": "rate",
}


Chosen = TypeVar("Chosen")


class AccountingChannel(StrEnum):
    """How accounting learns of a request, beside the row of *Счета и акты*."""

    MAIL = "mail"
    CHAT = "chat"
    CARD = "card"
    TABLE = "table"


class ClientTerms(Struct, frozen=True):
    """What documents name of a client, empty where it is not known. ``None`` is the rate of the agency."""

    name: str = ""
    inn: str = ""
    kpp: str = ""
    contract: str = ""
    rate_kop: int | None = None


class AccountingTerms(Struct, frozen=True):
    """Choices of an agency.

    Parameters
    ----------
    rate_kop
        Kopecks for an hour; ``None`` where accounting decides the sum.
    board
        Title of the board for cards, and of its column after a slash.
    vat
        What is said about VAT, in words. Nothing is computed from it.
    clients
        By the code of the project in lower case.
    month_end
        What is asked for by itself after the end of a month, ``None`` for nothing.
    """

    channel: AccountingChannel = AccountingChannel.TABLE
    email: str = ""
    board: str = ""
    rate_kop: int | None = None
    unit: str = ""
    entity: str = ""
    vat: str = ""
    clients: Mapping[str, ClientTerms] = field(default_factory=dict)
    month_end: RequestKind | None = None

    @property
    def send_to(self) -> str:
        """Where notices go, as the channel understands it."""
        return self.board if self.channel is AccountingChannel.CARD else self.email

    def client(self, code: str) -> ClientTerms:
        """What is known of the client of a project."""
        known = self.clients.get(code.casefold(), ClientTerms())
        return known if known.rate_kop is not None else replace(known, rate_kop=self.rate_kop)


def read_terms(book: Book) -> tuple[AccountingTerms, tuple[CellProblem, ...]]:
    """The choices, and cells that cannot be used. A workbook that is not brought along lacks the rows."""
    problems: list[CellProblem] = []
    locale = locale_of(book)
    channels = {_label(f"accounting_channel.{one}", locale): one for one in AccountingChannel}
    kinds = {_label(f"accounting_month_end.{one}", locale): one for one in RequestKind}
    nothing = _label("accounting_month_end.none", locale)
    month_end = _choice(book, "accounting_month_end", {**kinds, nothing: None}, None, problems)
    terms = AccountingTerms(
        channel=_choice(book, "accounting_channel", channels, AccountingChannel.TABLE, problems),
        email=read_address(book, "accounting_email", problems=problems) if "settings" in book.tabs else "",
        board=_words(book, "accounting_board") or _label("accounting.card.board", locale),
        rate_kop=_rate(book, problems),
        unit=_words(book, "accounting_unit") or render(sentence("accounting.unit"), locale),
        entity=_words(book, "accounting_entity"),
        vat=_words(book, "accounting_vat"),
        clients=_clients(book, problems),
        month_end=month_end,
    )
    return terms, tuple(problems)


def _choice(
    book: Book, key: str, labels: Mapping[str, Chosen], usual: Chosen, problems: list[CellProblem]
) -> Chosen:
    text = _text(book, key)
    if not text:
        return usual
    known = {label.casefold(): one for label, one in labels.items()}
    if text.casefold() not in known:
        problems.append(_problem(book, key, "cell.accounting_choice", value=text, allowed=list(labels)))
        return usual
    return known[text.casefold()]


def _rate(book: Book, problems: list[CellProblem]) -> int | None:
    text = _text(book, "accounting_rate")
    if not text:
        return None
    try:
        return kopecks_of(text)
    except ValueError:
        problems.append(_problem(book, "accounting_rate", "cell.accounting_rate", value=text))
        return None


def _clients(book: Book, problems: list[CellProblem]) -> dict[str, ClientTerms]:
    """A line for each project: ``ЗРН: договор 12/26 от 01.03.2026; ИНН 7701234567; ставка 2500``."""
    found: dict[str, ClientTerms] = {}
    for line in _text(book, "accounting_clients").splitlines():
        code, colon, rest = line.partition(":")
        if not line.strip():
            continue
        terms = ClientTerms() if colon else None
        for part in filter(None, (one.strip() for one in rest.split(";"))):
            terms = _with_part(terms, part) if terms is not None else None
        if terms is None:
            problems.append(
                _problem(book, "accounting_clients", "cell.accounting_client", value=line.strip())
            )
        else:
            found[code.strip().casefold()] = terms
    return found


def _with_part(terms: ClientTerms, part: str) -> ClientTerms | None:
    """The terms with what one part of a line says; ``None`` if it cannot be understood."""
    word, _, rest = part.partition(" ")
    name, value = _WORDS.get(word.casefold()), one_line(rest, MOST_WORDS)
    if name is None or not value:
        return None
    if name == "rate":
        try:
            return replace(terms, rate_kop=kopecks_of(value))
        except ValueError:
            return None
    form = _FORMS.get(name)
    changes: dict[str, Any] = {name: value}
    return replace(terms, **changes) if form is None or form.fullmatch(value) else None


def _label(code: str, locale: str) -> str:
    return render(sentence(code), locale)


def _problem(book: Book, key: str, code: str, **where: object) -> CellProblem:
    tab, row, _ = read_settings(book)[key]
    return tab.problem(row, "value", code, **where)


def _words(book: Book, key: str) -> str:
    return one_line(_text(book, key), MOST_WORDS)


def _text(book: Book, key: str) -> str:
    """Text of a setting; empty where the workbook has no such row."""
    found = read_settings(book).get(key) if "settings" in book.tabs else None
    return found[2].text.strip() if found else ""
