"""The menu that each person sees in each kind of workbook."""

from __future__ import annotations

import pytest

AGENCY_RU = [
    "Новый клиент…",
    "Запросить счёт и акты…",
    "Пересчитать нормы",
    "Обновить загрузку",
    "Подключить / сменить трекер…",
    "Обновить книги",
    "Проверить всё",
]
AGENCY_EN = [
    "New client…",
    "Ask for invoice and acts…",
    "Recalculate the norms",
    "Refresh the load",
    "Connect / switch tracker…",
    "Update workbooks",
    "Check everything",
]


def captions(execution):
    """Captions of the menu's items."""
    return [item["caption"] for item in execution.one("menu")["items"]]


@pytest.mark.parametrize(
    ("book", "locale", "expected"),
    [
        (
            "client",
            "ru_RU",
            [
                "Оценить бэклог",
                "Собрать неделю…",
                "Отправить в трекер",
                "Обновить из трекера",
                "Поставить задачу специалисту…",
                "Добавить онбординг…",
                "Перепланировать…",
                "Показать клиенту…",
                "Принять за клиента…",
                "Итоги созвона…",
                "Ответить на вопрос…",
                "Источник метрики…",
                "Отчёт по метрике…",
                "Показать глазами клиента",
                "Ссылка для клиента…",
                "Отменить последнее действие…",
                "Проверить книгу",
            ],
        ),
        (
            "client",
            "en_US",
            [
                "Estimate the backlog",
                "Build the week…",
                "Send to the tracker",
                "Refresh from the tracker",
                "Assign a task to a specialist…",
                "Add onboarding…",
                "Replan…",
                "Show to client…",
                "Accept for client…",
                "Results of a call…",
                "Answer a question…",
                "Source of a metric…",
                "Report on a metric…",
                "Show as the client sees it",
                "Link for the client…",
                "Undo the last action…",
                "Check this workbook",
            ],
        ),
        ("agency", "ru_RU", AGENCY_RU),
        ("agency", "en_GB", AGENCY_EN),
        # A language without texts gets English.
        ("agency", "de_DE", AGENCY_EN),
        # Not our workbook: one item with an explanation.
        (None, "ru_RU", ["Почему здесь нет команд?"]),
        # A mark with an unknown value is not ours.
        ("something", "ru_RU", ["Почему здесь нет команд?"]),
    ],
)
def test_menu_of_book(addon, book, locale, expected):
    """The kind of the workbook decides the items, its locale the language."""
    menu = addon(book=book, locale=locale, auth_mode="LIMITED").open()

    assert captions(menu) == expected


CLIENT_CHAT = ["Чат с клиентом…", "Сводка для клиента…"]
CHAT_ITEMS = {*CLIENT_CHAT, "Чат агентства…"}


@pytest.mark.parametrize(
    ("book", "tracker", "items"),
    [
        ("client", None, CLIENT_CHAT),
        ("client", "none", CLIENT_CHAT),
        ("client", "guests", CLIENT_CHAT),
        ("agency", None, ["Чат агентства…"]),
    ],
)
def test_the_chat_is_offered_where_there_is_one(addon, book, tracker, items):
    """Nobody is offered what the agency does not have."""
    with_chat = captions(addon(book=book, tracker=tracker, chat="on").open())
    without = captions(addon(book=book, tracker=tracker).open())

    assert [one for one in with_chat if one in CHAT_ITEMS] == items
    assert [one for one in with_chat if one not in CHAT_ITEMS] == without


def test_menu_without_a_tracker(addon):
    """Nothing is sent to a tracker or read from one."""
    menu = addon(book="client", tracker="none").open()

    assert captions(menu) == [
        "Оценить бэклог",
        "Собрать неделю…",
        "Учесть статусы и часы",
        "Поставить задачу специалисту…",
        "Добавить онбординг…",
        "Перепланировать…",
        "Показать клиенту…",
        "Принять за клиента…",
        "Итоги созвона…",
        "Ответить на вопрос…",
        "Источник метрики…",
        "Отчёт по метрике…",
        "Показать глазами клиента",
        "Ссылка для клиента…",
        "Отменить последнее действие…",
        "Проверить книгу",
    ]


def test_menu_where_clients_are_invited(addon):
    """The invitation is offered only where the agency switched it on."""
    items = captions(addon(book="client", tracker="guests").open())

    assert [one for one in items if one not in captions(addon(book="client").open())] == [
        "Пригласить клиента в проект…"
    ]


def test_menu_is_the_addons_own_submenu(addon):
    """The menu has no title of its own: Google names it after the add-on."""
    assert addon().open().one("menu")["title"] is None


@pytest.mark.parametrize(
    ("book", "tracker"),
    [("client", None), ("client", "none"), ("client", "guests"), ("agency", None), (None, None)],
)
def test_menu_items_call_functions_that_exist(addon, book, tracker):
    """Every item calls an existing function, and none a function that is private for Google."""
    items = addon(book=book, tracker=tracker).open().one("menu")["items"]

    for item in items:
        assert addon().evaluate(f"typeof {item['functionName']}").result == "function"
        assert not item["functionName"].endswith("_")


@pytest.mark.parametrize(
    ("user_locale", "expected"), [("ru", "Включить в этой книге"), ("en-GB", "Turn on in this workbook")]
)
def test_menu_without_rights_offers_to_turn_on(addon, user_locale, expected):
    """Without rights the workbook is not read, and the menu has one item."""
    menu = addon(auth_mode="NONE", user_locale=user_locale).open()

    assert captions(menu) == [expected]


def test_turning_on_builds_the_menu(addon):
    """The item of the menu without rights builds the real menu and says where it is."""
    execution = addon(book="agency").call("enableInThisBook")

    assert captions(execution) == AGENCY_RU
    assert "Меню Vitrina включено" in execution.one("toast")["message"]


def test_turning_on_in_a_foreign_book_explains(addon):
    """In a spreadsheet that is not ours the sidebar says where the commands are."""
    state = addon(book=None).call("enableInThisBook").sidebar_state

    assert state["view"] == "notice"
    assert state["answer"]["message"] == "Эта таблица создана не в Vitrina."


def test_install_builds_the_menu_at_once(addon):
    """After installation from an open workbook the menu appears without opening it again."""
    execution = addon().evaluate("onInstall({authMode: ScriptApp.AuthMode.FULL})")

    assert len(captions(execution)) == 17
