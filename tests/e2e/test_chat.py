"""The story of a project's chat over the wire: menu, bot, group, questions, the agency's own chat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.failures.helpers import start_period
from tests.emulators.telegram.telegram_world import OLGA, PETR, World
from tests.harness.agency_data import TEAM
from tests.harness.chat_servers import add_group, connect, quicken, running_telegram, settle, texts
from tests.harness.office import NOW, Office
from vitrina.bootstrap import application

TOPICS = ["Вопросы", "Постмиты", "Счета и акты", "Отчёты"]
BACKLOG = (
    {"task": "Лендинг", "work_type": "Лендинг"},
    {"task": "Статья о зерне", "work_type": "Статья"},
)


@pytest.fixture(scope="module")
def telegram() -> Iterator[World]:
    """The emulator."""
    with running_telegram() as world:
        yield world


@pytest.fixture
def chat_office(office: Office, telegram: World, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An agency with one client, and a bot."""
    quicken(monkeypatch.setattr)
    connect(telegram, monkeypatch.setenv)
    return office


def marks_of(office: Office, book_id: str) -> dict[str, str]:
    """Developer metadata of a workbook, which the menu of the add-on reads."""
    resource = office.services.workbooks.read(book_id)
    return {one["metadataKey"]: one.get("metadataValue", "") for one in resource["developerMetadata"]}


def ask(office: Office, world: World, chat_id: int, text: str, **fields: Any) -> int:
    """Id of a message of the client, with all that follows."""
    message_id = int(world.do("write", chat_id=chat_id, text=text, **fields)["message_id"])
    settle(office, world)
    return message_id


def test_the_whole_story(chat_office: Office, telegram: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the three steps of the sidebar to an answered question; each thing once."""
    office, world = chat_office, telegram
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    # The workbooks were made before there was a chat: the timer has their menus offer it.
    assert "vitrina.chat" not in marks_of(office, office.client_id)
    assert office.call_schedule().status_code == 200
    office.settle()
    assert marks_of(office, office.client_id)["vitrina.chat"] == "on"
    assert marks_of(office, agency_id)["vitrina.chat"] == "on"

    internal = add_group(office, world, action="show_agency_chat", title="Маяк")
    chat_id = add_group(office, world)
    group = world.chat(chat_id)
    assert [one["name"] for one in group["topics"] if one["id"] is not None] == TOPICS
    invite = str(office.do("show_chat")["data"]["invite"])
    assert invite.startswith("https://t.me/")
    assert office.book().field("chat_url").cell.text == invite
    assert any("Это чат проекта «Сайт»" in one for one in texts(world, chat_id))

    office.fill_backlog(*BACKLOG)
    assert office.do("estimate")["outcome"] == "done"
    start_period(office)
    settle(office, world)
    (told,) = texts(world, chat_id, "Отчёты")
    assert told.startswith("В работе 23–29 ноября:\n• Лендинг — до ")

    world.do("add_person", chat_id=chat_id, person_id=PETR)
    ask(office, world, chat_id, '/question =HYPERLINK("x") *когда* макет?', user_id=PETR)
    assert any("Вопрос № 1 записан" in one for one in texts(world, chat_id))
    field = office.book().field("questions").cell
    assert (field.formula, "№ 1 от 23.11.2026: =HYPERLINK" in field.text) == (None, True)
    monkeypatch.setenv("VITRINA_NOW", NOW.replace(hour=14).isoformat())
    application.cache_clear()
    assert office.call_schedule().status_code == 200
    settle(office, world)
    assert any("клиент ждёт ответа на вопрос № 1" in one for one in texts(world, internal))
    (project,) = office.table("projects", "questions", spreadsheet_id=agency_id)
    assert "макет?" in str(project[0])

    answer = office.do("answer_question", number=1, text="В четверг")
    assert answer["outcome"] == "done", answer
    settle(office, world)
    assert any(one.endswith("В четверг") for one in texts(world, chat_id))
    assert "Вопрос № 1: ответили." in texts(world, chat_id)
    assert office.book().field("questions").cell.text == "Вопросов без ответа нет."

    answer = office.do("note_call", text="Обсудили главную", decisions=["Перекрасить кнопку"])
    assert answer["outcome"] == "done", answer
    settle(office, world)
    (told,) = texts(world, chat_id, "Постмиты")
    assert told.endswith("Договорились сделать:\n• Перекрасить кнопку")
    assert ("Перекрасить кнопку", "Предложение") in office.table("backlog", "task", "status")
    assert world.rate()["refused"] == 0


#: Words that no client may read: of the other client, of people, hours, sums and reasons.
CANARIES = (
    "Канклиент",
    "Канпроект",
    "Канзадача",
    "КНРК",
    "Канрезультат",
    "клиент ждёт ответа",
    "не работает",
)


def test_nothing_internal_is_in_the_clients_chat(
    chat_office: Office, telegram: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything happens at two clients; the group of one has no word of the other, of people or hours."""
    office, world = chat_office, telegram
    assert office.agency is not None
    ours = office.client_id
    internal = add_group(office, world, action="show_agency_chat", title="Маяк")
    chat_id = add_group(office, world)
    office.fill_backlog(*BACKLOG)
    office.do("estimate")
    start_period(office)
    office.create_client(client_name="Канклиент", project_name="Канпроект", code="КНРК")
    other = add_group(office, world, title="Чужая")
    office.fill_backlog(
        {"task": "Канзадача", "result": "Канрезультат", "work_type": "Лендинг"},
        {"task": "Канзадача вторая", "work_type": "Статья"},
    )
    office.do("estimate")
    start_period(office)
    for book_id, group in ((ours, chat_id), (office.client_id, other)):
        office.click(book_id, "note_call", text="Созвон", decisions=["Решение"])
        ask(office, world, group, "/question Когда?")
    world.do("remove_bot", chat_id=other)
    settle(office, world)
    monkeypatch.setenv("VITRINA_NOW", NOW.replace(day=24, hour=14).isoformat())
    application.cache_clear()
    assert office.call_schedule().status_code == 200
    settle(office, world)

    inside = "\n".join(texts(world, internal))
    assert "Канклиент — Канпроект" in inside
    assert "чат с клиентом не работает" in inside
    assert inside.count("клиент ждёт ответа") == 2
    seen = json.dumps(world.chat(chat_id), ensure_ascii=False)
    assert "Созвон" in seen
    for word in (*CANARIES, *(str(one["name"]) for one in TEAM), *(str(one["email"]) for one in TEAM)):
        assert word not in seen, word
    assert not [one for one in seen.split('"') if " ч." in one or "часов" in one]


def test_requests_of_others_are_refused(chat_office: Office, telegram: World) -> None:
    """A wrong secret in the address or in the header, and a claim of somebody who guesses."""
    office, world = chat_office, telegram
    answer = office.do("show_chat")
    webhook = world.control.get("/state").json()["users"]["7000001"]["webhook"]
    secret = {"X-Telegram-Bot-Api-Secret-Token": webhook["secret_token"]}
    chat = {"id": -100, "type": "supergroup", "title": "x"}
    sender = {"id": OLGA, "is_bot": False, "first_name": "x"}
    update = {
        "update_id": 1,
        "message": {"message_id": 5, "chat": chat, "from": sender, "date": 1, "text": "/start " + "a" * 32},
    }
    wrong = {"X-Telegram-Bot-Api-Secret-Token": "x-vitrina_bot"}
    assert office.http.post(webhook["url"], json=update, headers=wrong).status_code == 404
    assert office.http.post(f"{webhook['url']}x", json=update, headers=secret).status_code == 404
    assert office.http.post(webhook["url"], json=update, headers=secret).status_code == 200
    settle(office, world)
    assert office.do("show_chat")["data"]["link"] == answer["data"]["link"]


def test_without_telegram_nothing_is_offered(office: Office) -> None:
    """No token: no mark for the menu, a click says so, and everything else goes on."""
    assert office.agency is not None
    assert office.call_schedule().json()["chats"] == 0
    office.settle()
    for book_id in (office.client_id, office.agency.spreadsheet_id):
        assert "vitrina.chat" not in marks_of(office, book_id)
    answer = office.do("show_chat")
    assert (answer["outcome"], "не подключён" in answer["message"]) == ("refused", True)
    assert office.do("note_call", text="Созвон", decisions=["Решение"])["outcome"] == "done"
    assert office.table("backlog", "task") == [("Решение",)]
    url = f"{office.servers.functions}/webhook/chat_updates/secret"
    assert office.http.post(url, json={"update_id": 1}).status_code == 404
