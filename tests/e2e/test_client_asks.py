"""What a client adds from his page, over the wire: every kind, repeats, and two at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.emulators.telegram.telegram_world import World
from tests.harness.chat_servers import (
    MOST_ROUNDS,
    add_group,
    connect,
    quicken,
    running_telegram,
    settle,
    texts,
)
from tests.harness.client_asks import HOSTILE, ask
from tests.harness.office import Office
from tests.harness.threads import run_at_once
from vitrina.errors import UserError
from vitrina.records.outside.chat_questions import answers_for_page
from vitrina.records.outside.client_pages import load_page
from vitrina.records.outside.client_wishes import load_wish
from vitrina.usecases.client_page.ask import WishOutcome
from vitrina.usecases.decisions.decide import clean_text
from vitrina.workbook.reading.book import Cell
from vitrina.workbook.writing.client_needs import need_lines

URL = "https://disk.example/brief?id=1"


@pytest.fixture(scope="module")
def telegram() -> Iterator[World]:
    """The emulator."""
    with running_telegram() as world:
        yield world


def agency_id(office: Office) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def send(office: Office, kind: str, nonce: str = "", **fields: object) -> WishOutcome:
    """Send a form of the page."""
    return ask(office.services, office.client_id, agency_id(office), kind, nonce, **fields)


def result(office: Office, outcome: WishOutcome) -> str:
    """What has become of a form."""
    wish = load_wish(office.services.store, outcome.wish_id)
    assert wish is not None
    return wish.result


def cell(office: Office, code: str, column: str) -> Cell:
    """A cell of the backlog."""
    tab, row = office.row("backlog", code)
    return tab.cell(row, column)


def fill_need(office: Office, place: int, text: str) -> None:
    """Type a line of «Что нужно от вас»."""
    field = need_lines(office.book())[place - 1].text
    office.edit({"type": "type", "sheet": field.sheet_title, "cell": field.address, "text": text})


def settle_queue(office: Office) -> None:
    """Wait until queued work is done, with what it queues for later."""
    url = f"{office.servers.tasks}/_emulator/run-until-empty"
    for _ in range(MOST_ROUNDS):
        answer = (
            office.http.post(url, json={"timeout_s": 0.2, "include_later": True}).raise_for_status().json()
        )
        if answer["empty"]:
            break
    office.settle()


def journal(office: Office) -> list[str]:
    """Messages of *Журнал* about the client."""
    lines = office.table("log", "message", "who", spreadsheet_id=agency_id(office))
    return [str(message) for message, who in lines if who == "Клиент"]


def test_every_kind_without_a_chat(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the form to both workbooks, and an answer back; each form is sent twice."""
    quicken(monkeypatch.setattr)
    fill_need(office, 1, "Логотип в векторе")
    forms: list[tuple[str, dict[str, Any]]] = [
        ("order", {"title": "Баннер", "text": "Два размера"}),
        ("question", {"text": "Когда начнём?"}),
        ("review", {"mark": "5", "text": "Всё понятно"}),
        ("need", {"line": "1", "ticked": "on", "text": "Логотип в векторе"}),
    ]
    nonces = [uuid4().hex for _ in forms]
    outcomes = [
        send(office, kind, nonce, **fields) for nonce, (kind, fields) in zip(nonces, forms, strict=True)
    ]
    again = [send(office, kind, nonce, **fields) for nonce, (kind, fields) in zip(nonces, forms, strict=True)]
    assert [one.is_new for one in (*outcomes, *again)] == [True] * 4 + [False] * 4
    settle_queue(office)
    outcomes += [
        send(office, "attachment", number="1", url=URL, note="Бриф"),
        send(office, "priority", number="1", direction="up"),
    ]
    settle_queue(office)
    repeated = send(office, "order", nonces[0], title="Баннер", text="Два размера")
    settle_queue(office)

    assert (repeated.is_new, repeated.result) == (False, "done")
    assert [result(office, one) for one in outcomes] == ["done"] * 6
    columns = ("id", "task", "result", "status", "priority")
    assert office.table("backlog", *columns) == [("ЗРН-1", "Баннер", "Два размера", "Предложение", "Высокий")]
    assert cell(office, "ЗРН-1", "id").note.endswith(f"{URL} Бриф")
    assert need_lines(office.book())[0].is_done
    assert office.call_schedule().status_code == 200
    settle_queue(office)
    questions = office.table("projects", "questions", spreadsheet_id=agency_id(office))
    assert questions == [("1 вопрос, с 23.11.2026: Когда начнём?",)]
    assert len(journal(office)) == 6

    assert office.do("answer_question", number=1, text="В среду")["outcome"] == "done"
    settle_queue(office)
    (question,) = answers_for_page(office.services.store, office.client_id)
    assert (question.answer_text, question.is_open) == ("В среду", False)
    assert office.book().field("questions").cell.text == "Вопросов без ответа нет."

    # The manager takes the order up.
    _, row = office.row("backlog", "ЗРН-1")
    office.type("backlog", row.index, status="Можно брать", work_type="Баннер")
    assert office.do("estimate")["outcome"] == "done"
    assert cell(office, "ЗРН-1", "hours_total").value == 3.0
    outcome = send(office, "priority", number=1, direction="up")
    settle_queue(office)
    assert result(office, outcome) == "changed"
    with pytest.raises(UserError, match=r"not_yours"):
        send(office, "priority", number=2, direction="up")


def test_with_chats(office: Office, telegram: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The question goes to its topic, everything to the agency's own chat, and no review to the client's."""
    quicken(monkeypatch.setattr)
    connect(telegram, monkeypatch.setenv)
    internal = add_group(office, telegram, action="show_agency_chat", title="Маяк")
    chat_id = add_group(office, telegram)
    send(office, "question", text="Когда *начнём*? <b>")
    send(office, "review", mark=2, text="Долго")
    send(office, "order", title="Плакат")
    settle(office, telegram)

    assert texts(telegram, chat_id, "Вопросы") == ["Вопрос № 1 со страницы проекта: Когда *начнём*? <b>"]
    inside = "\n".join(texts(telegram, internal))
    for told in ("Клиент задал вопрос № 1", "на 2 из 5: Долго", "Клиент заказал ЗРН-1: Плакат"):
        assert inside.count(told) == 1, told
    assert office.do("answer_question", number=1, text="В среду")["outcome"] == "done"
    settle(office, telegram)
    assert texts(telegram, chat_id, "Вопросы") == [
        "Вопрос № 1 со страницы проекта: Когда *начнём*? <b>\n\nОтветили.",
        "Ответ на вопрос № 1:\nВ среду",
    ]
    (question,) = answers_for_page(office.services.store, office.client_id)
    assert question.answer_text == "В среду"


def test_hostile_text_stays_text(office: Office) -> None:
    """Every field, all at once, in both workbooks: what was typed, and not one formula of it."""
    fill_need(office, 1, "Логотип")
    for text in HOSTILE:
        send(office, "order", title=text, text=text)
        send(office, "attachment", url=URL, note=text)
    send(office, "question", text="\n".join(HOSTILE[:8]))
    send(office, "review", mark=1, text="".join(HOSTILE))
    for kind, fields in (
        ("order", {"title": "x", "text": "я" * 100_000}),
        ("question", {"text": "=" * 100_000}),
        ("review", {"mark": 1, "text": "👩" * 100_000}),
        ("attachment", {"url": "https://x.example/" + "a" * 100_000}),
    ):
        with pytest.raises(UserError, match=r"long_text"):
            send(office, kind, **fields)
    formulas = {
        book_id: dict(office.book(book_id).formulas) for book_id in (office.client_id, agency_id(office))
    }
    settle_queue(office)

    rows = office.table("backlog", "task", "result")
    assert rows == [(" ".join(clean_text(one).split()), clean_text(one)) for one in HOSTILE]
    for book_id, before in formulas.items():
        assert sorted(office.book(book_id).formulas.values()) == sorted(before.values())
    assert office.call_schedule().status_code == 200
    settle_queue(office)
    shown = "\n".join(journal(office))
    assert "=HYPERLINK(" in shown
    assert not set(shown) & {"\x00", "\u202e", "\x07", "\ud800"}


def test_several_people_at_the_same_moment(office: Office) -> None:
    """The same form from four devices is one order; four others are four."""
    same = uuid4().hex
    outcomes: list[WishOutcome] = []

    def press(number: int) -> None:
        nonce = same if number < 4 else ""
        outcomes.append(send(office, "order", nonce, title="Одно" if nonce else f"Другое {number}"))

    run_at_once(press, 8)
    settle_queue(office)

    assert sum(one.is_new for one in outcomes) == 5
    assert sorted(str(task) for (task,) in office.table("backlog", "task")) == [
        *(f"Другое {number}" for number in range(4, 8)),
        "Одно",
    ]
    page = load_page(office.services.store, office.client_id, agency_id(office))
    assert sorted(page.proposals) == [1, 2, 3, 4, 5]
    assert len({str(code) for (code,) in office.table("backlog", "id")}) == 5
