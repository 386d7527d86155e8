"""The chat on the page, with the emulator of Telegram."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.seed import BOT_TOKEN, seed_chat
from tests.browser.workbench_page import WorkbenchPage
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
IRINA, PETR = 43, 44
LINK = "https://t.me/vitrina_bot?startgroup=p7&admin=manage_topics+invite_users"


@pytest.fixture
def group(world) -> dict[str, Any]:
    """A group, made before the page is opened."""
    return seed_chat(world.telegram)


@pytest.fixture
def chat(group, workbench) -> WorkbenchPage:
    """The page with the chat in place of the board."""
    workbench.page.get_by_role("tab", name="Чат").click()
    expect(workbench.page.locator("#board")).to_be_hidden()
    return workbench


def choose(chat: WorkbenchPage, name: str) -> None:
    """Open a group or a topic from the list."""
    chat.page.locator(".groups").get_by_role("button", name=name).click()


def message(chat: WorkbenchPage, text: str) -> Locator:
    """A message that contains a text."""
    return chat.page.locator(".bubble", has_text=text)


def field(chat: WorkbenchPage) -> Locator:
    """The field for a message."""
    return chat.page.get_by_role("textbox", name="Сообщение")


def write(chat: WorkbenchPage, text: str, *, person: str | None = None) -> None:
    """Write a message, as the person who wrote last if nobody is named."""
    if person is not None:
        chat.page.get_by_role("radio", name=person).check()
    field(chat).fill(text)
    field(chat).press("Enter")
    expect(message(chat, text)).to_be_visible()


def panel(chat: WorkbenchPage) -> Locator:
    """The panel of the open group, opened by a click."""
    chat.page.locator(".room-head .more").click()
    return chat.page.get_by_role("complementary", name="Группа")


def chat_now(world, title: str = "Кофейня «Заря»") -> dict[str, Any]:
    """The newest group with a title, as the emulator has it."""
    chats = world.telegram.get("/_emulator/chats").raise_for_status().json()
    found: dict[str, Any] = [one for one in chats if one["title"] == title][-1]
    return found


def bot_now(world) -> dict[str, Any]:
    """The bot as a member of the group."""
    [bot] = [one for one in chat_now(world)["members"] if one["is_bot"]]
    return bot


def messages_now(world, topic_id: int | None = None, title: str = "Кофейня «Заря»") -> list[dict[str, Any]]:
    """Texts of a topic as the emulator has them."""
    topics = chat_now(world, title)["topics"]
    messages: list[dict[str, Any]] = next(one for one in topics if one["id"] == topic_id)["messages"]
    return [one for one in messages if one["text"] is not None]


def send_as_bot(world, chat_id: int, text: str, **fields: object) -> int:
    """A message of the bot, sent over the Bot API; returns its id."""
    body = {"chat_id": chat_id, "text": text, **fields}
    answer = world.telegram.post(f"/bot{BOT_TOKEN}/sendMessage", json=body).raise_for_status()
    return int(answer.json()["result"]["message_id"])


def test_topics_have_their_messages(chat):
    """The list has the topics of the open group; each message says who wrote it."""
    expect(chat.page.locator(".groups .topic")).to_have_text(["Общая тема", "Отчёты"])
    expect(chat.page.locator(".messages")).to_contain_text("Группа создана: Анна Белова")
    expect(chat.page.locator(".messages")).to_contain_text("Новый участник: Ирина Зернова")

    choose(chat, "Отчёты")

    expect(message(chat, "Здесь будут отчёты")).to_contain_text("Анна Беловаменеджер")
    expect(chat.page.locator(".room-head")).to_contain_text("ОтчётыКофейня «Заря», 2 человека")


def test_both_sides_write(chat, group, world):
    """In the open topic, with Enter or the button; Shift with Enter begins a line."""
    choose(chat, "Отчёты")
    write(chat, "Отчёт готов", person="Анна")
    chat.page.get_by_role("radio", name="Ирина").check()
    field(chat).fill("Спасибо!")
    field(chat).press("Shift+Enter")
    field(chat).press_sequentially("Смотрю")
    chat.page.get_by_role("button", name="Отправить").click()

    expect(message(chat, "Спасибо!")).to_contain_text("Ирина Зерноваклиент")
    expect(field(chat)).to_have_value("")
    written = [(one["author_id"], one["text"]) for one in messages_now(world, group["topic_id"])[1:]]
    assert written == [(42, "Отчёт готов"), (IRINA, "Спасибо!\nСмотрю")]


def test_client_answers_the_bot(chat, group, world):
    """The answer quotes what is answered, and Telegram knows which message it was."""
    sent = send_as_bot(world, group["chat_id"], "Проверьте макет")
    expect(message(chat, "Проверьте макет")).to_contain_text("бот")
    chat.page.get_by_role("radio", name="Ирина").check()
    chat.page.get_by_role("button", name="Ответить: Проверьте макет").click()
    expect(field(chat)).to_be_focused()
    write(chat, "Макет хороший")

    expect(message(chat, "Макет хороший").locator("blockquote")).to_have_text("Витрина Проверьте макет")
    expect(chat.page.locator(".answered")).to_be_hidden()
    assert messages_now(world)[-1]["reply_to"] == sent


def test_answer_is_given_up(chat, world):
    """Escape takes the quotation away; the message answers nothing then."""
    write(chat, "Первое")
    chat.page.get_by_role("button", name="Ответить: Первое").click()
    expect(chat.page.locator(".answered")).to_contain_text("Ответ: Анна Белова Первое")
    field(chat).press("Escape")
    write(chat, "Второе")

    assert messages_now(world)[-1]["reply_to"] is None


def test_command_is_clicked(chat, group, world):
    """A command in a message begins the next one."""
    send_as_bot(world, group["chat_id"], "Напишите /question и сам вопрос.")
    chat.page.get_by_role("button", name="/question", exact=True).click()
    field(chat).press_sequentially("когда запуск?")
    field(chat).press("Enter")

    expect(message(chat, "когда запуск?")).to_be_visible()
    assert messages_now(world)[-1]["text"] == "/question когда запуск?"


def test_new_messages_do_not_disturb_who_is_typing(chat, group, world):
    """They appear, the typed text stays; what was begun in a topic waits there."""
    field(chat).fill("Когда ")
    send_as_bot(world, group["chat_id"], "Итоги недели")
    expect(message(chat, "Итоги недели")).to_be_visible()
    chat.page.keyboard.type("созвон?")
    expect(field(chat)).to_have_value("Когда созвон?")

    choose(chat, "Отчёты")
    expect(field(chat)).to_have_value("")
    send_as_bot(world, group["chat_id"], "Ещё итоги")
    # What is written elsewhere is counted.
    expect(chat.page.locator(".groups .topic").first).to_have_text("Общая тема1")
    choose(chat, "Общая тема")

    expect(field(chat)).to_have_value("Когда созвон?")
    expect(chat.page.locator(".groups .topic").first).to_have_text("Общая тема")


def test_group_is_created(chat, world):
    """With topics and people who are in it from the beginning."""
    chat.page.get_by_role("button", name="Новая группа").click()
    form = chat.page.get_by_role("dialog", name="Новая группа")
    form.get_by_label("Название").fill("Белый ряд")
    form.get_by_label("Пётр Осокин").check()
    form.get_by_role("button", name="Создать").click()

    expect(chat.page.locator(".room-head")).to_contain_text("Белый ряд")
    expect(chat.page.locator(".room-head .lack")).to_have_text("бота нет")
    made = chat_now(world, "Белый ряд")
    assert made["has_topics"]
    assert [(one["id"], one["status"]) for one in made["members"]] == [(42, "creator"), (PETR, "member")]


def test_link_in_a_cell_adds_the_bot(chat, world):
    """The group is chosen; the bot gets the rights of the link, and Telegram sends its payload."""
    world.telegram.post("/_emulator/do", json={"action": "create_group", "title": "Белый ряд"})
    world.write("Бэклог!G3", f'=HYPERLINK("{LINK}";"Добавить бота")', entered_by="USER_ENTERED")
    chat.page.get_by_role("radio", name="Таблица", exact=True).click()

    chat.cell("G3").get_by_role("link", name="Добавить бота").click()
    form = chat.page.get_by_role("dialog", name="Добавить бота в группу")
    expect(form).to_contain_text("права: управление темами, пригласительные ссылки")
    # The only group in which the bot lacks something.
    expect(form.get_by_label("Группа")).to_have_value(str(chat_now(world, "Белый ряд")["id"]))
    form.get_by_role("button", name="Добавить", exact=True).click()

    expect(message(chat, "/start@vitrina_bot p7")).to_be_visible()
    expect(chat.page.locator(".room-head .lack")).to_have_count(0)
    bot = chat_now(world, "Белый ряд")["members"][-1]
    assert (bot["status"], bot["rights"]) == ("administrator", ["can_manage_topics", "can_invite_users"])


def test_link_in_the_sidebar_adds_the_bot(chat, world):
    """A new group is suggested if the bot lacks nothing in the others."""
    cell = {
        "sheet": "Клиент",
        "cell": "C9",
        "message": "Добавьте бота.",
        "url": LINK,
        "spreadsheet_id": "other",
    }
    world.backend.will_answer("estimate", 422, outcome="refused", message="Чата нет.", cells=[cell])
    chat.choose_from_menu("Оценить бэклог")

    chat.sidebar.get_by_role("link", name="Добавьте бота.").click()
    form = chat.page.get_by_role("dialog", name="Добавить бота в группу")
    form.get_by_label("Название").fill("Север")
    form.get_by_role("button", name="Добавить", exact=True).click()
    expect(message(chat, "/start@vitrina_bot p7")).to_be_visible()
    send_as_bot(world, chat_now(world, "Север")["id"], "Добрый день! Это чат проекта")

    expect(message(chat, "Это чат проекта")).to_be_visible()


def test_pasted_link_adds_the_bot_to_a_new_group(chat, world):
    """A wrong link is refused at its field."""
    world.telegram.post("/_emulator/do", json={"action": "remove_bot", "chat_id": chat_now(world)["id"]})
    opened = panel(chat)
    opened.get_by_role("button", name="Добавить по ссылке…").click()
    form = chat.page.get_by_role("dialog", name="Добавить бота в группу")
    address = form.get_by_label("Ссылка")
    for wrong in ("https://t.me/other_bot?startgroup=p7", "https://example.com"):
        address.fill(wrong)
        assert not address.evaluate("input => input.checkValidity()")
    address.fill(LINK.replace("p7", "p8"))
    form.get_by_label("Группа").select_option(label="Новая группа с темами…")
    form.get_by_label("Название").fill("Север")
    form.get_by_role("button", name="Добавить", exact=True).click()

    expect(chat.page.locator(".room-head")).to_contain_text("Север")
    expect(message(chat, "/start@vitrina_bot p8")).to_be_visible()
    assert messages_now(world, title="Север")[-1]["text"] == "/start@vitrina_bot p8"


def test_rights_of_the_bot(chat, world):
    """They are given and taken one by one; it is muted and removed."""
    opened = panel(chat)
    opened.get_by_label("Управление темами").uncheck()
    expect(opened.get_by_label("Управление темами")).not_to_be_checked()
    # The page sends the change after the box has changed.
    wait_until(lambda: bot_now(world)["rights"] == ["can_invite_users"])

    opened.get_by_role("button", name="Запретить писать").click()
    expect(chat.page.locator(".room-head .lack")).to_have_text("бот не может писать")
    opened.get_by_label("Пригласительные ссылки").check()
    expect(chat.page.locator(".room-head .lack")).to_have_count(0)
    opened.get_by_role("button", name="Удалить из группы").click()
    expect(opened.get_by_role("button", name="Добавить по ссылке…")).to_be_visible()

    assert bot_now(world)["status"] == "kicked"


def test_person_is_added(chat, world):
    """And can write then."""
    chat.page.get_by_role("button", name="Добавить человека в группу").click()
    opened = chat.page.get_by_role("complementary", name="Группа")
    expect(opened.locator(".member small")).to_have_text(
        ["@vitrina_bot, бот, администратор", "@anna_b, менеджер, владелец", "клиент, участник"]
    )
    opened.get_by_label("Кого добавить").select_option(label="Пётр Осокин, клиент")
    opened.get_by_role("button", name="Добавить", exact=True).click()
    expect(opened.get_by_label("Кого добавить")).to_have_count(0)
    opened.get_by_role("button", name="Закрыть", exact=True).click()
    write(chat, "Добрый день", person="Пётр")

    assert messages_now(world)[-1]["author_id"] == PETR


def test_topics_are_managed(chat, group, world):
    """Made, closed and deleted; switched off, the group shows all messages in one list."""
    opened = panel(chat)
    opened.get_by_label("Новая тема").fill("Счета")
    opened.get_by_role("button", name="Создать").click()
    expect(chat.page.locator(".groups .topic")).to_have_text(["Общая тема", "Отчёты", "Счета"])
    opened.get_by_role("button", name="Закрыть: Счета").click()
    expect(chat.page.locator(".groups .topic").last).to_have_text("Счетазакрыта")
    opened.get_by_role("button", name="Удалить: Счета").click()
    expect(chat.page.locator(".groups .topic")).to_have_text(["Общая тема", "Отчёты"])

    opened.get_by_label("Темы включены").uncheck()
    expect(chat.page.locator(".groups .topic")).to_have_count(0)
    expect(message(chat, "Здесь будут отчёты")).to_be_visible()
    assert not chat_now(world)["has_topics"]


def test_page_follows_an_upgraded_group(chat, world):
    """A group without topics becomes another one; what was typed stays."""
    basic = {"action": "create_group", "title": "Север", "has_topics": False}
    chat_id = world.telegram.post("/_emulator/do", json=basic).json()["chat_id"]
    choose(chat, "Север")
    field(chat).fill("Добрый день")
    opened = panel(chat)
    opened.get_by_role("button", name="Сделать супергруппой").click()
    expect(opened).to_contain_text("Супергруппа")
    opened.get_by_role("button", name="Закрыть", exact=True).click()

    expect(field(chat)).to_have_value("Добрый день")
    field(chat).press("Enter")
    expect(message(chat, "Добрый день")).to_be_visible()
    upgraded = chat_now(world, "Север")
    assert (upgraded["type"], upgraded["id"] != chat_id) == ("supergroup", True)


def test_client_joins_by_an_invitation(chat, group, world):
    """The link of the bot, clicked in its message, counts as used."""
    body = {"chat_id": group["chat_id"], "name": "Клиент", "member_limit": 1}
    made = world.telegram.post(f"/bot{BOT_TOKEN}/createChatInviteLink", json=body).json()
    url = made["result"]["invite_link"]
    send_as_bot(world, group["chat_id"], f"Приглашение для клиента: {url}")

    message(chat, "Приглашение").get_by_role("link", name=url).click()
    form = chat.page.get_by_role("dialog", name="Вступить в группу")
    form.get_by_role("button", name="Вступить").click()

    expect(chat.page.get_by_role("radio", name="Пётр")).to_be_visible()
    assert PETR in [one["id"] for one in chat_now(world)["members"]]
    used_up = {"action": "add_person", "chat_id": group["chat_id"], "person_id": PETR, "invite_link": url}
    assert world.telegram.post("/_emulator/do", json=used_up).status_code == 400


def test_refused_action_is_told(chat, world):
    """The text that could not be sent comes back."""
    chat.page.route("**/telegram/_emulator/do", lambda route: route.fulfill(status=400, body="{}"))
    field(chat).fill("Добрый день")
    field(chat).press("Enter")

    expect(chat.dialog).to_contain_text("Telegram отказал")
    expect(field(chat)).to_have_value("Добрый день")


def test_chat_does_not_depend_on_the_person_at_the_page(chat, world):
    """Clients write in it, who have no access to trackers and the CRM."""
    chat.become("Посторонний")
    write(chat, "Добрый день", person="Ирина")

    assert messages_now(world)[-1]["author_id"] == IRINA


def test_telegram_that_stops_is_told(chat, group, world):
    """What was read stays, and the page goes on by itself."""
    chat.page.route("**/telegram/_emulator/chats", lambda route: route.fulfill(status=502, body="{}"))
    send_as_bot(world, group["chat_id"], "Итоги недели")
    expect(chat.page.locator("#chat > .empty")).to_contain_text("Telegram не отвечает")
    expect(chat.page.locator(".groups")).to_contain_text("Отчёты")
    chat.page.unroute("**/telegram/_emulator/chats")
    send_as_bot(world, group["chat_id"], "Ещё итоги")

    expect(message(chat, "Ещё итоги")).to_be_visible()
    expect(chat.page.locator("#chat > .empty")).to_be_hidden()


def test_chat_on_a_phone(chat, group, world):
    """The list makes way for a topic and comes back; nothing scrolls sideways."""
    send_as_bot(world, group["chat_id"], "https://example.com/" + "длинный-адрес-" * 8)
    chat.page.set_viewport_size(PHONE)
    width = "document.scrollingElement.scrollWidth"
    expect(chat.page.locator(".messages")).to_be_hidden()
    assert chat.page.evaluate(width) <= PHONE["width"]

    choose(chat, "Общая тема")
    write(chat, "Пишу с телефона", person="Ирина")
    assert chat.page.evaluate(width) <= PHONE["width"]
    assert chat.page.locator(".messages").evaluate("list => list.scrollWidth <= list.clientWidth")
    chat.screenshot("chat-phone-topic")
    opened = panel(chat)
    expect(opened.get_by_label("Управление темами")).to_be_visible()
    assert chat.page.evaluate(width) <= PHONE["width"]
    chat.screenshot("chat-phone-group")
    chat.page.keyboard.press("Escape")
    chat.page.get_by_role("button", name="К списку групп").click()

    expect(chat.page.locator(".groups").get_by_role("button", name="Отчёты")).to_be_visible()
    expect(chat.page.locator(".messages")).to_be_hidden()


def test_button_is_pressed(chat, group, world):
    """By the chosen person; what the bot answers is shown, and its edit takes the buttons away."""
    button = {"text": "Принять", "callback_data": "a:1", "style": "success"}
    place = {"chat_id": group["chat_id"], "text": "Готово к проверке"}
    message_id = send_as_bot(world, **place, reply_markup={"inline_keyboard": [[button]]})
    chat.page.get_by_role("radio", name="Ирина").check()

    message(chat, "Готово к проверке").get_by_role("button", name="Принять").click()
    presses: list[dict[str, Any]] = []
    while not presses:
        presses = world.telegram.get("/_emulator/presses").raise_for_status().json()
    answer = {"callback_query_id": presses[0]["id"], "text": "Принято в 14:02"}
    world.telegram.post(f"/bot{BOT_TOKEN}/answerCallbackQuery", json=answer).raise_for_status()
    edited = {**place, "message_id": message_id, "text": "Принято в 14:02."}
    world.telegram.post(f"/bot{BOT_TOKEN}/editMessageText", json=edited).raise_for_status()

    expect(chat.page.get_by_role("status").filter(has_text="Принято в 14:02")).to_be_visible()
    expect(message(chat, "Принято в 14:02.").get_by_role("button", name="Принять")).to_have_count(0)
    assert (presses[0]["user_id"], presses[0]["data"]) == (IRINA, "a:1")
