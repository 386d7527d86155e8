"""The link that accounting gets, the answer by it beside the row, and the card in the tracker; over fakes."""

from __future__ import annotations

import contextlib
import re
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness.accounting import accept, form
from tests.harness.fakes.interruptions import no_answer
from tests.harness.memory_office import MemoryOffice, client_office
from vitrina.errors import RetriableServiceError
from vitrina.mail_port import Letter
from vitrina.records.outside.accounting_links import ACCOUNTING_LINK, LIFE, find_accounting_link
from vitrina.records.outside.client_links import ClientLink, find_links, hash_of, load_link
from vitrina.records.outside.invoice_requests import (
    INVOICE_REQUEST,
    Answered,
    InvoiceRequest,
    RequestState,
    request_from_document,
)
from vitrina.usecases.accounting.answer import Ending, Reply, seen_of, take_reply
from vitrina.usecases.accounting.client_lines import lines_of_project

URL = "https://pages.example/client"
ROW = ("state", "document_number", "document_on", "link", "paid_on", "reason", "waits_for")
ISSUED = Answered("17", "2026-11-20", "https://docs.example/17")


class Letters:
    """A mail server that keeps letters; it loses so many answers."""

    def __init__(self) -> None:
        self.taken: list[Letter] = []
        self.lost = 0

    def send(self, letter: Letter) -> None:
        """See ``Mail``."""
        self.taken.append(letter)
        if self.lost:
            self.lost -= 1
            raise RetriableServiceError("service.no_answer", service="SMTP")

    def tokens(self) -> list[str]:
        """Of the links in all letters that have one."""
        found = (re.search(rf"{URL}/a/([\w-]{{22}})$", one.text, re.MULTILINE) for one in self.taken)
        return [one[1] for one in found if one]


@pytest.fixture
def office() -> MemoryOffice:
    """An agency that asks by letter, and two accepted items."""
    office = client_office()
    for number in (1, 2):
        accept(office.store, office.client_id, office.agency_id, number, office.clock.now())
    choose(office, accounting_channel="письмо", accounting_email="buh@mayak.example", accounting_rate="2500")
    office.services = replace(office.services, mail=Letters(), client_url=URL, link_secret="s" * 64)
    return office


def choose(office: MemoryOffice, **settings: str) -> None:
    """Type into *Настройки*."""
    tab = office.tab("settings", office.agency_id)
    rows = {tab.cell(row, "key").text: row.index - tab.header_index - 1 for row in tab.rows}
    for key, text in settings.items():
        office.type("settings", rows[key], office.agency_id, value=text)


def letters(office: MemoryOffice) -> Letters:
    """What accounting got."""
    assert isinstance(office.services.mail, Letters)
    return office.services.mail


def ask(office: MemoryOffice, **more: Any) -> None:
    """Preview, ask, and let all be done."""
    wanted = form(office.client_id, **more)
    shown = office.do("preview_accounting", **wanted)
    office.do("ask_accounting", **wanted, preview_id=shown.data["preview_id"])
    settle(office)


def settle(office: MemoryOffice) -> None:
    """Let all be done; what got no answer is tried again, as the queue does."""
    for _ in range(6):
        with contextlib.suppress(RetriableServiceError):
            office.run_queue(60)
        if not request(office).unsent:
            break
        office.clock.advance(minutes=3)
        with contextlib.suppress(RetriableServiceError):
            office.run_job({"kind": "accounting", "spreadsheet_id": "", "request": request(office).key[1]})
    assert request(office).unsent == ""


def request(office: MemoryOffice) -> InvoiceRequest:
    """The only request."""
    [one] = office.store.find(INVOICE_REQUEST)
    return request_from_document(one)


def reply(office: MemoryOffice, state: str, answered: Answered | None = None, seen: str = "") -> Ending:
    """Answer as the page does."""
    asked = request(office)
    given = Reply(RequestState(state), answered or Answered(), seen or seen_of(asked))
    return take_reply(office.services, asked.key, given)[0]


def refresh(office: MemoryOffice) -> None:
    """Let the agency's workbook be looked at."""
    office.run_job({"kind": "agency", "spreadsheet_id": office.agency_id, "draws": False})


def row(office: MemoryOffice) -> tuple[Any, ...]:
    """The only row of *Счета и акты*."""
    [one] = office.table("invoices", *ROW, spreadsheet_id=office.agency_id)
    return one


# --- The link --------------------------------------------------------------------------------------


def test_one_link_for_all_letters(office: MemoryOffice) -> None:
    """A letter that is sent again has the same link; so has a revision. The store has no token."""
    letters(office).lost = 1
    ask(office)
    accept(office.store, office.client_id, office.agency_id, 3, office.clock.now())
    ask(office)

    tokens = letters(office).tokens()
    assert len(tokens) == 3
    [token] = set(tokens)
    link = find_accounting_link(office.store, token)
    assert link is not None
    assert link.request == request(office).key[1]
    assert not [one for one in office.store.page(None, 10_000) if token in f"{one.key} {one.data}"]
    # It is no link of the client's page, and not among them.
    assert load_link(office.store, hash_of(token), ClientLink) is None
    assert find_links(office.store, office.client_id) == []


@pytest.mark.parametrize("which", [1, 2, 4])
def test_killed_while_the_link_is_made(office: MemoryOffice, which: int) -> None:
    """Whichever commit loses its answer: one request, one letter by its name, one link that works."""
    wanted = form(office.client_id)
    shown = office.do("preview_accounting", **wanted)
    office.do("ask_accounting", **wanted, preview_id=shown.data["preview_id"])
    for _ in range(which):
        office.store.after("commit", lambda: None)
    office.store.after("commit", no_answer("store"))
    settle(office)

    [token] = set(letters(office).tokens())
    assert len({one.name for one in letters(office).taken}) == 1
    assert find_accounting_link(office.store, token) is not None
    assert request(office).unsent == ""


def test_withdrawn_and_asked_again(office: MemoryOffice) -> None:
    """The link of a request that was withdrawn stays dead: the next one has its own."""
    ask(office)
    office.do("withdraw_request", key=request(office).key[1])
    settle(office)
    assert len(letters(office).tokens()) == 1
    ask(office)

    first, second = letters(office).tokens()
    assert first != second
    hashes = [one.key for one in office.store.page(None, 10_000) if one.kind == ACCOUNTING_LINK]
    assert len(hashes) == 2
    assert request(office).link_hash in hashes


def test_another_secret(office: MemoryOffice) -> None:
    """After the operator has changed the secret of the installation the next letter has a link that works."""
    ask(office)
    office.services = replace(office.services, link_secret="t" * 64)
    accept(office.store, office.client_id, office.agency_id, 3, office.clock.now())
    ask(office)

    first, second = letters(office).tokens()
    assert first != second
    assert find_accounting_link(office.store, second) is not None


def test_a_link_lives_on_with_its_request(office: MemoryOffice) -> None:
    """A revision makes its time longer."""
    month = {"month": "days", "start_on": "2026-11-01", "end_on": "2026-12-31"}
    ask(office, **month)
    office.clock.advance(days=30)
    accept(office.store, office.client_id, office.agency_id, 3, office.clock.now())
    ask(office, **month)

    [token] = set(letters(office).tokens())
    link = find_accounting_link(office.store, token)
    assert link is not None
    assert not link.is_expired(office.clock.now() + LIFE - timedelta(hours=1))


def test_no_pages_no_link(office: MemoryOffice) -> None:
    """An installation without pages sends letters as before."""
    office.services = replace(office.services, client_url="")
    ask(office)

    assert letters(office).tokens() == []
    assert "Ответьте в книге агентства" in letters(office).taken[0].text


# --- The answer ------------------------------------------------------------------------------------


def test_an_answer_lands_in_the_row(office: MemoryOffice) -> None:
    """All that was typed on the page stands in the row; what is typed there later counts as before."""
    ask(office)
    assert reply(office, "invoiced", ISSUED) is Ending.MADE
    assert request(office).is_open
    refresh(office)
    day = row(office)[2]
    assert row(office) == ("выставлен", "17", day, ISSUED.link, None, None, "клиента: оплата")
    assert request(office).row_answered == request(office).answered == ISSUED
    refresh(office)
    assert (request(office).state, request(office).answered) == ("invoiced", ISSUED)
    told = lines_of_project(office.store, office.client_id, "ru")
    assert [(one.text, one.url) for one in told] == [("Счёт выставлен 20.11", ISSUED.link)]

    office.type("invoices", 0, office.agency_id, paid_on="21.11.2026", document_number="17/1")
    refresh(office)
    assert request(office).state == "paid"
    assert request(office).answered == replace(ISSUED, document_number="17/1", paid_on="2026-11-21")


def test_row_and_page_at_the_same_moment(office: MemoryOffice) -> None:
    """The page is what was confirmed: its fields win, those it left alone are what the row says."""
    ask(office)
    office.type("invoices", 0, office.agency_id, state="отказ", reason="нет договора", document_number="99")
    assert reply(office, "invoiced", ISSUED) is Ending.MADE
    refresh(office)
    refresh(office)

    assert row(office)[:2] == ("выставлен", "17")
    assert request(office).answered == replace(ISSUED, reason="нет договора")
    assert request(office).state == "invoiced"


def test_answered_while_the_row_is_read(office: MemoryOffice) -> None:
    """An answer that comes between the reading and the writing of the tab is not lost."""
    ask(office)
    office.type("invoices", 0, office.agency_id, document_number="99")
    # Nothing of the row is kept where the request has changed meanwhile.
    office.store.before("commit", lambda: None)
    asked = request(office)
    is_made = []

    def answer() -> None:
        given = Reply(RequestState.PAID, replace(ISSUED, paid_on="2026-11-21"), seen_of(asked))
        is_made.append(take_reply(office.services, asked.key, given)[0])

    office.store.before("commit", answer)
    for _ in range(3):
        refresh(office)

    assert is_made == [Ending.MADE]
    assert request(office).state == "paid"
    assert row(office)[:2] == ("оплачен", "17")


def test_repeats_and_others(office: MemoryOffice) -> None:
    """A repeat finds the first; whoever saw less is asked to look again; a withdrawn one takes none."""
    ask(office)
    seen = seen_of(request(office))

    assert reply(office, "refused", Answered(reason="нет ИНН"), seen) is Ending.MADE
    assert reply(office, "refused", Answered(reason="нет ИНН"), seen) is Ending.SAME
    assert reply(office, "paid", Answered(), seen) is Ending.CHANGED
    refresh(office)
    assert row(office) == ("отказ", None, None, None, None, "нет ИНН", "менеджера: бухгалтерия отказала")
    office.do("withdraw_request", key=request(office).key[1])
    assert reply(office, "paid", Answered(), seen) is Ending.WITHDRAWN


def test_a_revision_clears_the_former_answer(office: MemoryOffice) -> None:
    """What was answered to the former revision does not stand for the next one."""
    ask(office)
    reply(office, "refused", Answered(document_number="5", reason="нет ИНН"))
    refresh(office)
    accept(office.store, office.client_id, office.agency_id, 3, office.clock.now())
    ask(office)
    for _ in range(3):
        refresh(office)

    assert row(office)[:6] == ("запрошен", None, None, None, None, None)
    assert (request(office).state, request(office).answered) == ("asked", Answered())


# --- The card --------------------------------------------------------------------------------------


def board_cards(office: MemoryOffice, title: str = "Бухгалтерия") -> dict[str, tuple[str, ...]]:
    """Card ids of the board by external id."""
    board = office.tracker.find_board(title)
    assert board is not None
    return dict(office.tracker.find_cards(board.board_id))


def test_by_a_card(office: MemoryOffice) -> None:
    """One card with the link; a revision and a withdrawal change it and are told by a comment."""
    choose(office, accounting_channel="карточка", accounting_board="Деньги / В работе")
    ask(office)
    [(card_id,)] = board_cards(office, "Деньги").values()
    board = office.tracker.find_board("Деньги")
    assert board is not None
    card = office.tracker.get_card(board.board_id, card_id)
    assert card is not None
    assert card.stage_id == board.stages[1].stage_id
    assert card.facts["Итого"] == "10\u00a0000,00 ₽".replace("\u00a0", " ")
    assert card.facts["Редакция"] == "1"
    assert "вход не нужен" in card.facts["Как ответить"]
    assert office.tracker.comments_of(card_id) == []

    accept(office.store, office.client_id, office.agency_id, 3, office.clock.now())
    ask(office)
    changed = office.tracker.get_card(board.board_id, card_id)
    assert changed is not None
    assert (changed.facts["Редакция"], changed.facts["Итого"]) == ("2", "15 000,00 ₽")
    office.do("withdraw_request", key=request(office).key[1])
    settle(office)

    told = office.tracker.comments_of(card_id)
    assert [one.split(":")[0] for one in told] == [
        "Запрос изменён, теперь это редакция 2. Прежнюю не выставляйте",
        "Запрос ЗРН-2026-11-1 отозван (редакция 2)",
    ]
    assert list(board_cards(office, "Деньги").values()) == [(card_id,)]
    withdrawn = office.tracker.get_card(board.board_id, card_id)
    assert withdrawn is not None
    assert withdrawn.title.startswith("ОТОЗВАН. Запрос ЗРН-2026-11-1")
    ask(office)
    again = office.tracker.get_card(board.board_id, card_id)
    assert again is not None
    assert (again.facts["Редакция"], again.title) == ("3", card.title)
    assert len(office.tracker.comments_of(card_id)) == 3


@pytest.mark.parametrize(
    ("which", "moment"), [(number, ("before", "after")[number % 2]) for number in (1, 3, 4, 6, 7)]
)
def test_a_card_is_made_once(office: MemoryOffice, which: int, moment: str) -> None:
    """Whichever call to the tracker gets no answer: one card, one comment for each change."""
    choose(office, accounting_channel="карточка")
    calls = ("find_board", "create_board", "find_twins", "create_card", "complete_card")
    later = ("get_card", "comment_card", "change_card")
    call = (*calls, *later)[which]
    if call in calls:
        getattr(office.tracker, moment)(call, no_answer("tracker"))
    ask(office)
    if call in later:
        getattr(office.tracker, moment)(call, no_answer("tracker"))
    accept(office.store, office.client_id, office.agency_id, 3, office.clock.now())
    ask(office)

    [(card_id,)] = board_cards(office).values()
    assert len(office.tracker.comments_of(card_id)) == 1
    board = office.tracker.find_board("Бухгалтерия")
    assert board is not None
    card = office.tracker.get_card(board.board_id, card_id)
    assert card is not None
    assert card.facts["Редакция"] == "2"
