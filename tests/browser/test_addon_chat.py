"""The add-on's views of the chat, with a fake backend: three steps, questions, results of a call."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LINK = "https://t.me/vitrina_bot?startgroup=abc&admin=manage_topics+invite_users"
INVITE = "https://t.me/+invite"


@pytest.fixture
def with_chat(workbench, world):
    """The workbench, whose client workbook says that there is a chat."""
    mark = {"metadataKey": "vitrina.chat", "metadataValue": "on", "visibility": "DOCUMENT"}
    request = {"createDeveloperMetadata": {"developerMetadata": {**mark, "location": {"spreadsheet": True}}}}
    path = f"/v4/spreadsheets/{world.client_book_id}:batchUpdate"
    world.google.post(path, json={"requests": [request]}).raise_for_status()
    workbench.page.reload()
    workbench.page.wait_for_selector("body[data-ready]")
    return workbench


def will_show(world, state, message, *details, **links):
    """Have the backend answer how far the chat is."""
    data = {"state": state, "is_internal": False, "link": "", "invite": "", **links}
    world.backend.will_answer("show_chat", outcome="done", message=message, details=list(details), data=data)


def test_three_steps_lead_to_a_chat(with_chat, world):
    """The link adds the bot; a look again shows what is lacking, and at last the invitation."""
    will_show(world, "waits", "Чата ещё нет. Три шага, и он готов.", link=LINK)
    will_show(world, "lacking", "Группа есть, но её нужно поправить:", "Включите «Темы».")
    will_show(world, "ready", "Чат готов. Отправьте клиенту приглашение.", invite=INVITE)
    with_chat.choose_from_menu("Чат с клиентом…")
    sidebar = with_chat.sidebar

    expect(sidebar.locator(".steps li")).to_have_count(3)
    expect(sidebar.get_by_role("link", name="Добавить бота в группу")).to_have_attribute("href", LINK)
    with_chat.screenshot("chat-steps")
    sidebar.get_by_role("button", name="Проверить снова").click()
    expect(sidebar.get_by_text("Включите «Темы».")).to_be_visible()
    expect(sidebar.locator(".steps")).to_have_count(0)
    sidebar.get_by_role("button", name="Проверить снова").click()
    expect(sidebar.get_by_label("Приглашение для клиента")).to_have_value(INVITE)
    with_chat.screenshot("chat-ready")


def test_a_question_is_answered(with_chat, world):
    """Text of the client is shown as it is; the answer goes with the number of the question."""
    question = {"number": 3, "text": "<b>Когда</b> макет?\nИ тексты?", "on": "2026-11-23"}
    world.backend.will_answer(
        "open_questions", outcome="done", message="Без ответа: 1 вопрос.", data={"questions": [question]}
    )
    done = "Ответ на вопрос № 3 записан и уйдёт в чат."
    world.backend.will_answer("answer_question", outcome="done", message=done)
    with_chat.choose_from_menu("Ответить на вопрос…")
    sidebar = with_chat.sidebar
    expect(sidebar.locator("#questions li")).to_contain_text("<b>Когда</b> макет?")
    with_chat.screenshot("questions")
    sidebar.get_by_role("button", name="Ответить").click()
    sidebar.get_by_label("Ваш ответ").fill("В четверг")
    with_chat.screenshot("answer")
    sidebar.get_by_role("button", name="Отправить ответ").click()
    expect(sidebar.get_by_text(done)).to_be_visible()

    assert world.backend.received[-1]["params"] == {"number": 3, "text": "В четверг"}


def test_digest_is_read_and_sent(with_chat, world):
    """What was shown is what is sent; with old data there is no button."""
    data = {
        "text": "«Сайт»: <b>за неделю</b>\n\nСделано: 2",
        "mark": "a" * 32,
        "can_send": True,
        "is_sent": False,
    }
    shown = "Так будет выглядеть сводка."
    world.backend.will_answer("preview_digest", outcome="done", message=shown, data=data)
    old = {**data, "can_send": False}
    world.backend.will_answer(
        "preview_digest", outcome="done", message=shown, details=["Данные старше суток."], data=old
    )
    world.backend.will_answer("send_digest", outcome="done", message="Сводка уйдёт в чат.")
    with_chat.choose_from_menu("Сводка для клиента…")
    sidebar = with_chat.sidebar
    expect(sidebar.locator("#digest")).to_have_text(data["text"])
    with_chat.screenshot("digest")
    sidebar.get_by_role("button", name="Отправить в чат").click()
    expect(sidebar.get_by_text("Сводка уйдёт в чат.")).to_be_visible()
    assert world.backend.received[-1]["params"] == {"mark": "a" * 32}

    with_chat.choose_from_menu("Сводка для клиента…")
    expect(with_chat.sidebar.get_by_text("Данные старше суток.")).to_be_visible()
    expect(with_chat.sidebar.get_by_role("button", name="Отправить в чат")).to_have_count(0)


def test_results_of_a_call_are_a_text_and_lines(workbench, world):
    """It is offered without a chat too; empty lines are no decisions."""
    world.backend.will_answer("note_call", outcome="done", message="В бэклог добавлено: 2 задачи.")
    workbench.choose_from_menu("Итоги созвона…")
    sidebar = workbench.sidebar
    sidebar.get_by_label("О чём говорили").fill("Обсудили главную")
    sidebar.get_by_label("Что решили сделать").fill("Кнопка\n\n  Форма  ")
    workbench.screenshot("call")
    sidebar.get_by_role("button", name="Записать").click()
    expect(sidebar.get_by_text("В бэклог добавлено: 2 задачи.")).to_be_visible()

    assert world.backend.received[-1]["params"] == {
        "text": "Обсудили главную",
        "decisions": ["Кнопка", "Форма"],
    }
