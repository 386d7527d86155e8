"""The add-on in the page: its real menu and sidebar with a fake backend."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PREVIEW = {
    "preview_id": "preview-1",
    "period": {"kind": "week", "start_on": "2026-11-23", "end_on": "2026-11-27", "title": "23–27 ноября"},
    "limit": {"hours": 40.0, "used_hours": 6.0, "planned_hours": 20.0},
    "specialists": [
        {
            "name": "Анна Белова",
            "profiles": ["Дизайн"],
            "capacity_hours": 32.0,
            "committed_hours": 12.0,
            "planned_hours": 20.0,
        },
        {
            "name": "Игорь Ким",
            "profiles": ["Тексты"],
            "capacity_hours": 30.0,
            "committed_hours": 31.0,
            "planned_hours": 1.5,
        },
    ],
    "chosen": [
        {
            "id": "ЗРН-1",
            "number": 1,
            "task": "<b>Главная</b> страница",
            "priority": "Срочно",
            "hours": 20.0,
            "due_on": "2026-11-25",
            "actions": [
                {
                    "profile": "Дизайн",
                    "profile_key": "design",
                    "colleagues": ["Анна Белова", "Игорь Ким"],
                    "specialist": "Анна Белова",
                    "hours": 20.0,
                    "start_on": "2026-11-23",
                    "due_on": "2026-11-25",
                }
            ],
        }
    ],
    "left_out": [
        {
            "id": "ЗРН-2",
            "number": 2,
            "group": "не хватает часов: Тексты",
            "task": "Тексты",
            "priority": "",
            "hours": 9.0,
            "reason": "у Игоря нет свободных часов",
        }
    ],
}


def test_escape_closes_the_menu(workbench):
    """As in Google's sheets; the next click opens it again."""
    title = workbench.page.get_by_role("menuitem", name="Расширения")
    addon = workbench.page.get_by_role("menuitem", name="Vitrina")

    title.click()
    expect(addon).to_be_visible()
    workbench.page.keyboard.press("Escape")

    expect(addon).to_be_hidden()
    title.click()
    expect(addon).to_be_visible()


def test_menu_follows_the_workbook(workbench):
    """The agency workbook has its own commands."""
    workbench.page.locator("#book-title").click()
    workbench.page.get_by_role("button", name="Агентство").click()
    expect(workbench.page.locator("#book-title")).to_have_text("Агентство")

    items = workbench.page.locator("#menubar .submenu li")

    expect(items).to_have_text(
        [
            "Новый клиент…",
            "Запросить счёт и акты…",
            "Пересчитать нормы",
            "Обновить загрузку",
            "Подключить / сменить трекер…",
            "Обновить книги",
            "Проверить всё",
        ]
    )


def test_preview_shows_hours_people_and_reasons(workbench, world):
    """The preview shows the hours of people, and why an item stays."""
    healed = "Строка 9 — копия ЗРН-5: её номер теперь ЗРН-12."
    world.backend.will_answer(
        "build_batch", outcome="done", message="Подошла 1 задача из 2.", details=[healed], data=PREVIEW
    )

    workbench.choose_from_menu("Собрать неделю…")

    sidebar = workbench.sidebar
    expect(sidebar.get_by_role("heading", name="23–27 ноября")).to_be_visible()
    expect(sidebar.locator("#limit")).to_contain_text("26 ч из 40 ч")
    people = sidebar.locator(".person")
    expect(people.nth(0)).to_contain_text("занято 12 ч")
    expect(people.nth(0)).to_contain_text("свободно 0 ч")
    expect(people.nth(1)).to_contain_text("перегрузка 2,5 ч")
    chosen = sidebar.locator("#chosen li")
    expect(chosen).to_contain_text("<b>Главная</b> страница")
    expect(chosen).to_contain_text("23–25 нояб.")
    expect(sidebar.locator(".details li")).to_have_text([healed])
    expect(sidebar.locator("#left-out li")).to_contain_text("у Игоря нет свободных часов")


def test_manager_changes_the_plan_by_hand(workbench, world):
    """Each tick, person and day is planned at once, together with those before; one click drops them all."""
    world.backend.will_answer("build_batch", outcome="done", message="", data=PREVIEW)
    workbench.choose_from_menu("Собрать неделю…")
    sidebar = workbench.sidebar
    expect(sidebar.locator("#left-out summary")).to_contain_text("не хватает часов: Тексты")
    planned = world.backend.received

    sidebar.get_by_label("Взять в период: Тексты").click()
    expect(sidebar.get_by_text("План с вашими изменениями")).to_be_visible()
    sidebar.get_by_text("Изменить").click()
    sidebar.get_by_label("Кто: Дизайн").select_option("Игорь Ким")
    sidebar.get_by_text("Изменить").click()
    workbench.screenshot("preview_changed")
    sidebar.get_by_label("Сделать к").fill("2026-11-26")
    sidebar.get_by_label("Взять в период: <b>Главная</b> страница").click()
    expect(sidebar.get_by_text("План с вашими изменениями")).to_be_visible()

    person = {"item": 1, "profile": "design", "specialist": "Игорь Ким"}
    wishes = [one["params"].get("wishes") for one in planned]
    assert wishes == [
        None,
        {"out": [], "wanted": [2], "people": [], "done_by": []},
        {"out": [], "wanted": [2], "people": [person], "done_by": []},
        {"out": [], "wanted": [2], "people": [person], "done_by": [{"item": 1, "day": "2026-11-26"}]},
        {"out": [1], "wanted": [2], "people": [person], "done_by": []},
    ]
    sidebar.get_by_role("button", name="Сбросить").click()
    expect(sidebar.get_by_role("button", name="Начать неделю")).to_be_visible()
    expect(sidebar.get_by_text("План с вашими изменениями")).to_be_hidden()
    assert planned[-1]["params"] == {"period": "current"}


def test_conflict_leads_to_a_new_plan(workbench, world):
    """The check offers it; what moves is shown with people, days and reasons before it is done."""
    move = {
        "id": "ЗРН-4",
        "task": "Баннеры для акции",
        "profile": "Дизайн",
        "before": {"specialist": "Анна Белова", "start_on": "2026-11-24", "due_on": "2026-11-25"},
        "after": {"specialist": "Игорь Ким", "start_on": "2026-11-25", "due_on": "2026-11-27"},
        "is_day_broken": True,
        "why": "в эти дни человек отсутствует",
    }
    world.backend.will_answer(
        "check_book",
        outcome="done",
        message="Нашли 1 противоречие.",
        details=["Анна Белова отсутствует 24 ноября, а ЗРН-4 стоит на этот день."],
        data={"found": 1, "can_replan": True},
    )
    world.backend.will_answer(
        "preview_replan",
        outcome="done",
        message="Перенесём 1 работу, обещанных сроков изменится: 1. Пока ничего не изменено.",
        details=["ЗРН-2 уже начали (Анна Белова), она остаётся как есть: в эти дни человек отсутствует."],
        data={"preview_id": "replan-1", "moves": [move]},
    )
    world.backend.will_answer("replan_work", outcome="done", message="Перенесли 1 работу: ЗРН-4.")
    workbench.choose_from_menu("Проверить книгу")
    sidebar = workbench.sidebar

    sidebar.get_by_role("button", name="Перепланировать…").click()
    expect(sidebar.locator("#moves li")).to_contain_text(
        "в эти дни человек отсутствует; обещанный срок меняется"
    )
    workbench.screenshot("replan")
    sidebar.get_by_role("button", name="Перенести").click()
    expect(sidebar.get_by_text("Перенесли 1 работу: ЗРН-4.")).to_be_visible()

    assert world.backend.received[-1]["params"] == {"preview_id": "replan-1"}


def test_onboarding_is_shown_before_it_is_added(workbench, world):
    """The kind of project is chosen, the tasks are shown with people and days, and exactly they are added."""
    actions = [
        {
            "profile": "Тексты",
            "specialist": "Борис Ким",
            "hours": 4,
            "start_on": "2026-11-24",
            "due_on": "2026-11-25",
        }
    ]
    plan = {
        "kinds": ["Сайт", "Продвижение"],
        "kind": "Сайт",
        "plan_id": "plan-1",
        "tasks": [{"number": 1, "task": "Познакомиться и собрать вводные", "actions": actions}],
        "needs": [{"text": "Заполнить бриф", "due_on": "2026-11-25"}],
    }
    world.backend.will_answer("preview_onboarding", outcome="done", message="", data={"kinds": plan["kinds"]})
    world.backend.will_answer(
        "preview_onboarding",
        outcome="done",
        message="Добавим 1 задачу, 4 ч, закончим 25.11.2026. Пока ничего не изменено.",
        data=plan,
    )
    done = "Онбординг добавлен: 1 задача, 4 ч."
    world.backend.will_answer("apply_onboarding", outcome="done", message=done)
    workbench.choose_from_menu("Добавить онбординг…")
    sidebar = workbench.sidebar
    expect(sidebar.get_by_role("button", name="Продвижение")).to_be_visible()

    sidebar.get_by_role("button", name="Сайт").click()
    expect(sidebar.locator("#tasks li")).to_contain_text("Борис Ким")
    expect(sidebar.locator("#needs li")).to_contain_text("Заполнить бриф")
    workbench.screenshot("onboarding")
    sidebar.get_by_role("button", name="Добавить").click()
    expect(sidebar.get_by_text(done)).to_be_visible()

    assert [asked["params"] for asked in world.backend.received] == [
        {},
        {"kind": "Сайт"},
        {"kind": "Сайт", "plan_id": "plan-1"},
    ]


def test_confirmed_is_what_was_previewed(workbench, world):
    """The button sends the preview's id once, with a new request id."""
    world.backend.will_answer("build_batch", outcome="done", message="", data=PREVIEW)
    world.backend.will_answer("start_batch", outcome="done", message="В работу взята 1 задача, 20 ч.")
    workbench.choose_from_menu("Собрать неделю…")

    workbench.sidebar.get_by_role("button", name="Начать неделю").click()
    expect(workbench.sidebar.get_by_role("status")).to_have_text("В работу взята 1 задача, 20 ч.")

    build, start = world.backend.received
    assert start["params"] == {"preview_id": "preview-1"}
    assert start["spreadsheet_id"] == world.client_book_id
    assert start["request_id"] != build["request_id"]
    assert start["authorization"].startswith("Bearer ey")


def test_next_week_is_built_on_request(workbench, world):
    """A button builds the next period, and another one returns to the current."""
    world.backend.will_answer("build_batch", outcome="done", message="", data=PREVIEW)
    workbench.choose_from_menu("Собрать неделю…")

    workbench.sidebar.get_by_role("button", name="Следующая неделя").click()
    expect(workbench.sidebar.get_by_role("button", name="Эта неделя")).to_be_visible()

    assert [asked["params"] for asked in world.backend.received] == [
        {"period": "current"},
        {"period": "next"},
    ]


def test_cell_to_correct_is_selected_on_click(workbench, world):
    """An error lists the cells, and a click on one selects it."""
    world.backend.will_answer(
        "estimate",
        status=422,
        outcome="refused",
        message="Оценить не получилось.",
        cells=[{"sheet": "Бэклог", "cell": "F120", "message": "Количество — не число."}],
    )
    workbench.choose_from_menu("Оценить бэклог")

    workbench.sidebar.get_by_role("button", name="Бэклог, F120").click()

    expect(workbench.page.locator("#address")).to_have_text("F120")
    expect(workbench.cell("F120")).to_be_in_viewport()
    expect(workbench.cell("F120")).to_have_text("15")


def test_cell_of_another_workbook_opens_it(workbench, world):
    """A link to the cell there; a cell with an address in the open workbook is selected as any other."""
    url = "https://docs.google.com/spreadsheets/d/other/edit#gid=7&range=C2"
    cell = {"sheet": "Специалисты", "cell": "C2", "message": "Нет часов.", "url": url}
    own = {"sheet": "Бэклог", "cell": "F120", "message": "Не число.", "url": url}
    cells = [{**cell, "spreadsheet_id": "other"}, {**own, "spreadsheet_id": world.client_book_id}]
    world.backend.will_answer("estimate", 422, outcome="refused", message="Не получилось.", cells=cells)

    workbench.choose_from_menu("Оценить бэклог")

    link = workbench.sidebar.get_by_role("link", name="Другая книга: Специалисты, C2")
    expect(link).to_have_attribute("href", url)
    workbench.sidebar.get_by_role("button", name="Бэклог, F120").click()
    expect(workbench.page.locator("#address")).to_have_text("F120")


def test_busy_workbook_offers_to_repeat(workbench, world):
    """The same click is sent again."""
    busy = "Сейчас в этой книге Анна Белова начинает период, начато в 12:40."
    world.backend.will_answer("start_batch", 409, outcome="refused", message=busy, data={"is_busy": True})
    world.backend.will_answer("start_batch", outcome="done", message="Начали.", data={"has_tracker": False})
    world.backend.will_answer("build_batch", outcome="done", message="", data=PREVIEW)
    workbench.choose_from_menu("Собрать неделю…")
    workbench.sidebar.get_by_role("button", name="Начать неделю").click()
    expect(workbench.sidebar.get_by_role("status")).to_have_text(busy)

    workbench.sidebar.get_by_role("button", name="Повторить").click()

    expect(workbench.sidebar.get_by_role("status")).to_have_text("Начали.")
    first, second = (one for one in world.backend.received if one["action"] == "start_batch")
    assert (first["request_id"], first["params"]) == (second["request_id"], second["params"])


def test_operation_is_followed_to_its_end(workbench, world):
    """A long action shows its progress, then its result."""
    world.backend.will_answer("push", 202, outcome="accepted", message="Принято.", operation_id="op-1")
    running = {"done": 3, "total": 7, "step": "Создаю карточки"}
    world.backend.will_answer("operation", outcome="running", message="", data=running)
    world.backend.will_answer("operation", outcome="partial", message="Отправлено 6 карточек из 7.")

    workbench.choose_from_menu("Отправить в трекер")
    expect(workbench.sidebar.get_by_text("3 из 7")).to_be_visible()
    workbench.screenshot("operation_running")

    expect(workbench.sidebar.get_by_role("heading", name="Сделано частично")).to_be_visible()
    assert world.backend.received[1]["params"] == {"operation_id": "op-1"}


def test_preview_of_a_long_backlog_comes_from_its_operation(workbench, world):
    """It was queued; the sidebar shows what it would have shown of the click."""
    world.backend.will_answer("build_batch", 202, outcome="accepted", message="Принято.", operation_id="op-1")
    running = {"done": 0, "total": 0, "step": "Принято"}
    world.backend.will_answer("operation", outcome="running", message="", data=running)
    world.backend.will_answer("operation", outcome="done", message="Подошла 1 задача.", data=PREVIEW)

    workbench.choose_from_menu("Собрать неделю…")

    sidebar = workbench.sidebar
    expect(sidebar.get_by_role("heading", name="23–27 ноября")).to_be_visible()
    expect(sidebar.get_by_role("button", name="Начать неделю")).to_be_visible()


def test_lost_answer_is_repeated_with_the_same_id(workbench, world):
    """After a failed request the same click is sent again, with the same id."""
    world.backend.will_answer("refresh", 503, outcome="failed", message="Трекер не отвечает.")
    world.backend.will_answer("refresh", outcome="done", message="Обновлено 5 строк.")
    workbench.choose_from_menu("Обновить из трекера")

    workbench.sidebar.get_by_role("button", name="Повторить").click()
    expect(workbench.sidebar.get_by_role("status")).to_have_text("Обновлено 5 строк.")

    first, second = world.backend.received
    assert first["request_id"] == second["request_id"]


def test_stranger_reads_the_backends_refusal(workbench, world):
    """A person who is not staff sees the backend's message."""
    refusal = {"outcome": "refused", "message": "Вашей почты нет в списке специалистов."}
    world.backend.will_answer("estimate", 403, **refusal)
    workbench.become("Посторонний")

    workbench.choose_from_menu("Оценить бэклог")

    expect(workbench.sidebar.get_by_role("status")).to_have_text(refusal["message"])


def test_new_client_form_sends_what_was_filled_in(workbench, world):
    """The form checks required fields, and its result links to the new workbook."""
    links = {"spreadsheet_url": f"https://docs.google.com/spreadsheets/d/{world.client_book_id}/edit"}
    world.backend.will_answer("new_client", outcome="done", message="Клиент готов.", data=links)
    workbench.open(world.agency_book_id)
    workbench.choose_from_menu("Новый клиент…")
    form = workbench.sidebar

    form.get_by_role("button", name="Создать").click()
    assert world.backend.received == []

    form.get_by_label("Клиент", exact=True).fill("Завод «Заря»")
    form.get_by_label("Проект", exact=True).fill("Сайт")
    form.get_by_label("Код проекта").fill("зрн")
    form.get_by_text("месяцам").click()
    form.get_by_label("Лимит часов").fill("62.5")
    workbench.screenshot("new_client_form")
    form.get_by_role("button", name="Создать").click()
    form.get_by_role("link", name="Открыть книгу клиента").click()

    expect(workbench.page.locator("#book-title")).to_have_text("Заря — сайт")
    assert world.backend.received[0]["params"] == {
        "client_name": "Завод «Заря»",
        "project_name": "Сайт",
        "code": "ЗРН",
        "period": "month",
        "limit_hours": 62.5,
        "responsible": "",
    }


def test_new_client_form_offers_the_trackers(workbench, world):
    """Where there is a choice, the usual one is marked, and the chosen one is sent."""
    trackers = [{"name": "kaiten", "title": "Kaiten"}, {"name": "none", "title": "без трекера"}]
    world.backend.will_answer("new_client_options", outcome="done", message="", data={"trackers": trackers})
    world.backend.will_answer("new_client", outcome="done", message="Клиент готов.")
    workbench.open(world.agency_book_id)
    workbench.choose_from_menu("Новый клиент…")
    form = workbench.sidebar

    expect(form.get_by_label("Kaiten")).to_be_checked()
    form.get_by_label("Клиент", exact=True).fill("Заря")
    form.get_by_label("Проект", exact=True).fill("Сайт")
    form.get_by_label("Код проекта").fill("ЗРН")
    form.get_by_text("без трекера").click()
    workbench.screenshot("new_client_form_trackers")
    form.get_by_role("button", name="Создать").click()
    expect(form.get_by_text("Клиент готов.")).to_be_visible()

    assert world.backend.received[-1]["params"]["tracker"] == "none"


def test_switch_of_the_tracker_is_previewed(workbench, world):
    """Which projects, where to, what that makes; only then it is done."""
    trackers = [
        {"name": name, "title": title} for name, title in (("asana", "Asana"), ("none", "без трекера"))
    ]
    projects = [
        {"id": f"book-{n}", "title": title, "tracker": "kaiten", "tracker_title": "Kaiten"}
        for n, title in enumerate(("Заря — Сайт", "Улыбка — Лето"))
    ]
    options = {"trackers": trackers, "projects": projects}
    preview = {"tracker": "asana", "projects": ["book-1"]}
    world.backend.will_answer("switch_options", outcome="done", message="", data=options)
    world.backend.will_answer(
        "preview_switch",
        outcome="done",
        message="Переведём 1 проект в Asana и создадим 3 карточки для открытых задач.",
        details=["Улыбка — Лето: сейчас Kaiten, 3 открытые задачи"],
        data=preview,
    )
    world.backend.will_answer("switch_tracker", outcome="done", message="Готово: 1 проект в Asana.")
    workbench.open(world.agency_book_id)
    workbench.choose_from_menu("Подключить / сменить трекер…")
    form = workbench.sidebar

    form.get_by_text("Asana").click()
    form.get_by_label("Все проекты").uncheck()
    form.get_by_role("button", name="Показать, что изменится").click()
    expect(form.get_by_role("alert")).to_have_text("Выберите хотя бы один проект.")
    form.get_by_label("Улыбка — Лето").check()
    workbench.screenshot("switch_form")
    form.get_by_role("button", name="Показать, что изменится").click()
    expect(form.get_by_role("status")).to_contain_text("создадим 3 карточки")
    workbench.screenshot("switch_preview")
    form.get_by_role("button", name="Перенести").click()
    expect(form.get_by_text("Готово: 1 проект в Asana.")).to_be_visible()

    assert [one["params"] for one in world.backend.received[1:]] == [preview, preview]


def test_invitation_asks_for_the_email(workbench, world):
    """It is offered where the metadata of the workbook says so; a warning is shown as it is."""
    mark = {"metadataKey": "vitrina.tracker", "metadataValue": "guests", "visibility": "DOCUMENT"}
    request = {"createDeveloperMetadata": {"developerMetadata": {**mark, "location": {"spreadsheet": True}}}}
    path = f"/v4/spreadsheets/{world.client_book_id}:batchUpdate"
    world.google.post(path, json={"requests": [request]}).raise_for_status()
    world.backend.will_answer(
        "invite_client",
        outcome="partial",
        message="Пригласили, но это платное место.",
        details=["Проверьте адрес."],
    )
    workbench.page.reload()
    workbench.page.wait_for_selector("body[data-ready]")
    workbench.choose_from_menu("Пригласить клиента в проект…")
    form = workbench.sidebar

    form.get_by_label("E-mail клиента").fill("client@zarya.test")
    form.get_by_role("button", name="Пригласить").click()
    expect(form.get_by_text("Пригласили, но это платное место.")).to_be_visible()

    assert world.backend.received[-1]["params"] == {"email": "client@zarya.test"}


def test_start_without_a_tracker_does_not_offer_the_push(workbench, world):
    """The button after a start is there only where there is something to send to."""
    for has_tracker, buttons in ((True, 1), (False, 0)):
        world.backend.answers.clear()
        world.backend.will_answer("build_batch", outcome="done", message="", data=PREVIEW)
        data = {"started": ["ЗРН-1"], "has_tracker": has_tracker}
        world.backend.will_answer("start_batch", outcome="done", message="Начали.", data=data)
        workbench.open(world.client_book_id)
        workbench.choose_from_menu("Собрать неделю…")
        workbench.sidebar.get_by_role("button", name="Начать неделю").click()
        expect(workbench.sidebar.get_by_text("Начали.")).to_be_visible()

        assert workbench.sidebar.get_by_role("button", name="Отправить в трекер").count() == buttons


def test_norms_are_recalculated_only_after_asking(workbench, world):
    """An action for all clients needs a confirmation; cancelling sends nothing."""
    world.backend.will_answer("recalculate_norms", outcome="done", message="Изменились 4 нормы из 18.")
    workbench.open(world.agency_book_id)
    workbench.choose_from_menu("Пересчитать нормы")
    workbench.sidebar.get_by_role("button", name="Отмена").click()
    expect(workbench.page.locator("#sidebar")).to_be_hidden()
    assert world.backend.received == []

    workbench.choose_from_menu("Пересчитать нормы")
    workbench.sidebar.get_by_role("button", name="Пересчитать").click()

    expect(workbench.sidebar.get_by_role("status")).to_have_text("Изменились 4 нормы из 18.")


def test_undo_asks_about_what_it_would_undo(workbench, world):
    """The question of the backend is shown, and the click is about the same action."""
    question = "Отменить «Начать период» от 12:40?"
    world.backend.will_answer("undo_question", outcome="done", message=question, data={"record_id": "r1"})
    world.backend.will_answer("undo", outcome="done", message="Отменили.")
    workbench.open(world.client_book_id)
    workbench.choose_from_menu("Отменить последнее действие…")
    expect(workbench.sidebar.get_by_role("heading", name=question)).to_be_visible()

    workbench.sidebar.get_by_role("button", name="Отменить действие").click()

    expect(workbench.sidebar.get_by_role("status")).to_have_text("Отменили.")
    assert [(one["action"], one["params"]) for one in world.backend.received] == [
        ("undo_question", {}),
        ("undo", {"record_id": "r1"}),
    ]


def test_undo_says_at_once_that_there_is_nothing(workbench, world):
    """Nobody is asked about something that cannot be."""
    world.backend.will_answer("undo_question", 422, outcome="refused", message="Отменять нечего.")
    workbench.open(world.client_book_id)
    workbench.choose_from_menu("Отменить последнее действие…")

    expect(workbench.sidebar.get_by_role("status")).to_have_text("Отменять нечего.")
    assert workbench.sidebar.get_by_role("button", name="Отменить действие").count() == 0


def test_estimate_explains_its_figures(workbench, world):
    """Where the hours of each task come from stands in the sidebar, not in the client's workbook."""
    source = {"id": "ЗРН-1", "task": "<b>Лендинг</b>", "hours": 33.0, "lines": ["Дизайн: 12 похожих задач"]}
    data = {"sources": [source], "sources_left": 3}
    world.backend.will_answer("estimate", outcome="done", message="Оценка есть.", data=data)

    workbench.choose_from_menu("Оценить бэклог")

    item = workbench.sidebar.locator("#sources li")
    expect(item).to_contain_text("<b>Лендинг</b>")
    expect(item).to_contain_text("Дизайн: 12 похожих задач")
    expect(workbench.sidebar.locator("main")).to_contain_text("Ещё задач: 3")


def test_workbook_is_shown_as_the_client_sees_it(workbench, world):
    """Each tab can be opened; findings lead to their cells, and the headline is no good news then."""
    rows = [[{"label": "№", "text": "ЗРН-1"}, {"label": "Задача", "text": "<i>Баннер</i>"}]]
    tabs = [
        {"title": "Бэклог", "may_edit": ["Приоритет", "Задача"], "rows": rows, "rows_left": 2},
        {"title": "Готово", "may_edit": [], "rows": [], "rows_left": 0},
    ]
    cells = [{"sheet": "Бэклог", "cell": "C2", "message": "«Улыбка» — это другой клиент"}]
    world.backend.will_answer(
        "show_as_client",
        outcome="done",
        message="Это видит клиент.",
        cells=cells,
        data={"found": 1, "tabs": tabs},
    )

    workbench.choose_from_menu("Показать глазами клиента")

    sidebar = workbench.sidebar
    expect(sidebar.get_by_role("heading", name="Есть что поправить")).to_be_visible()
    expect(sidebar.locator("button.cell")).to_contain_text("«Улыбка» — это другой клиент")
    backlog, done = sidebar.locator("details.tab").nth(0), sidebar.locator("details.tab").nth(1)
    expect(backlog.locator(".item")).to_be_hidden()
    backlog.locator("summary").click()
    expect(backlog).to_contain_text("Клиент может менять: Приоритет, Задача")
    expect(backlog.locator(".item")).to_have_text("№: ЗРН-1Задача: <i>Баннер</i>")
    expect(backlog).to_contain_text("и ещё строк: 2")
    done.locator("summary").click()
    expect(done).to_contain_text("Клиент только читает")
    expect(done).to_contain_text("Пусто")


def task_form(**more):
    """The form of a task as the backend fills it: one part, with its person and days."""
    person = {"name": "Анна Белова", "start_on": "2026-11-23", "due_on": "2026-11-23", "free_hours": 12.0}
    part = {"profile": "design", "specialist": "Анна Белова", "hours": 3.0}
    return {
        "preview_id": "task-1",
        "task": {"title": "Баннер", "result": "", "is_note": True, "number": None, "id": None},
        "row": None,
        "work_types": ["Баннер", "<b>Лендинг</b>"],
        "profiles": [{"key": "design", "title": "Дизайн"}],
        "request": {
            "number": None,
            "work_type": "Баннер",
            "parts": [part],
            "wanted_on": None,
            "is_urgent": False,
            "allows_over": False,
        },
        "parts": [
            {
                **part,
                "profile_title": "Дизайн",
                "norm_hours": 3.0,
                "start_on": "2026-11-23",
                "due_on": "2026-11-23",
                "people": [person],
            }
        ],
        "over": [],
        "could_days": None,
        "moves": [],
        **more,
    }


def test_task_that_is_refused_keeps_what_was_entered(workbench, world):
    """The new plan is asked for with the same fields, and the words stay."""
    world.backend.will_answer("preview_assignment", outcome="done", message="Сможем.", data=task_form())
    refusal = {"outcome": "refused", "message": "После расчёта что-то изменилось."}
    world.backend.will_answer("assign_task", 409, **refusal)
    workbench.open_tab("Бэклог")
    workbench.cell("C3").click()
    workbench.choose_from_menu("Поставить задачу специалисту…")
    form = workbench.sidebar
    form.locator('[name="title"]').fill("Баннер\nк празднику")
    form.locator('[name="result"]').fill("Синий")

    form.get_by_role("button", name="Поставить задачу").click()
    form.get_by_role("button", name="Показать новый расчёт").click()

    expect(form.locator('[name="title"]')).to_have_value("Баннер к празднику")
    expect(form.locator('[name="result"]')).to_have_value("Синий")
    opened, confirmed, again = world.backend.received
    assert opened["params"] == {"sheet_id": 11, "row": 3, "note": ""}
    assert confirmed["params"] == {"preview_id": "task-1", "title": "Баннер к празднику", "result": "Синий"}
    assert again["params"] == {**task_form()["request"], "is_filled": True}


def test_note_in_a_row_of_the_backlog_can_be_left(workbench, world):
    """The form asks which of the two is meant, and can go back."""
    row = {"number": 14, "id": "ЗРН-14", "task": "Лендинг"}
    of_row = {"title": "Лендинг", "result": "", "is_note": False, "number": 14, "id": "ЗРН-14"}
    for data in (task_form(row=row), task_form(task=of_row), task_form(row=row)):
        world.backend.will_answer("preview_assignment", outcome="done", message="Сможем.", data=data)
    workbench.choose_from_menu("Поставить задачу специалисту…")
    form = workbench.sidebar

    form.get_by_text("ЗРН-14", exact=True).click()
    expect(form.locator("#task-row")).to_have_text("ЗРН-14 · Лендинг")
    form.get_by_text("Примечание", exact=True).click()
    expect(form.locator('[name="title"]')).to_have_value("Баннер")

    assert world.backend.received[1]["params"] == {"number": 14}
    assert world.backend.received[0]["params"] == world.backend.received[2]["params"]


def test_task_is_planned_anew_for_another_kind_of_work(workbench, world):
    """Person and hours of the old kind are not sent; an answer that comes too late is not shown."""
    world.backend.will_answer("preview_assignment", outcome="done", message="Сможем.", data=task_form())
    bad = {"outcome": "refused", "message": "В книге агентства ошибка."}
    world.backend.will_answer("preview_assignment", 422, **bad)
    workbench.choose_from_menu("Поставить задачу специалисту…")
    form = workbench.sidebar

    form.locator('[name="work_type"]').select_option("<b>Лендинг</b>")

    expect(form.locator("#plan")).to_have_text("В книге агентства ошибка.")
    expect(form.get_by_role("button", name="Поставить задачу")).to_be_disabled()
    asked = world.backend.received[-1]["params"]
    assert (asked["work_type"], asked["parts"][0]["hours"]) == ("<b>Лендинг</b>", None)


CONFLICTS = [
    {
        "key": "14-14-due_on-0123456789",
        "id": "ЗРН-14",
        "task": "Баннер на главную страницу к чёрной пятнице",
        "part": "",
        "field": "Срок",
        "sheet": "04.12.2026",
        "tracker": ["07.12.2026"],
    },
    {
        "key": "15-1000001501-specialist-9876543210",
        "id": "ЗРН-15",
        "task": "<b>Лендинг</b>",
        "part": "Тексты",
        "field": "Кто делает",
        "sheet": "Анна Белова",
        "tracker": ["Борис Ким"],
    },
    {
        "key": "15-0-hours-aaaaaaaaaa",
        "id": "ЗРН-15",
        "task": "<b>Лендинг</b>",
        "part": "",
        "field": "Часы",
        "sheet": "12,5 ч",
        "tracker": ["16 ч"],
    },
]
CONFLICT_MESSAGE = (
    "И в таблице, и в трекере изменили одно и то же: 3 значения. "
    "Выберите, что оставить; пока всё стоит как было."
)


def show_conflicts(workbench, world):
    """A push finds that the same was changed on both sides."""
    world.backend.will_answer(
        "push",
        outcome="partial",
        message=CONFLICT_MESSAGE,
        details=["Отправили правки таблицы: 2 карточки."],
        data={"conflicts": CONFLICTS, "conflicts_left": 0},
    )
    workbench.choose_from_menu("Отправить в трекер")
    expect(workbench.sidebar.get_by_role("heading", name="Выберите, что верно")).to_be_visible()


@pytest.mark.parametrize(
    ("button", "keep"), [("Оставить как в таблице", "sheet"), ("Взять из трекера", "tracker")]
)
def test_conflicts_are_settled_with_one_click(workbench, world, button, keep):
    """Both values stand beside each other; one button chooses for all."""
    world.backend.will_answer("settle_conflicts", outcome="done", message="Готово.")
    show_conflicts(workbench, world)
    shown = workbench.sidebar.locator("#conflicts li")
    expect(shown).to_have_count(3)
    expect(shown.nth(1)).to_contain_text("<b>Лендинг</b>")
    expect(shown.nth(1).locator(".side")).to_have_text(["В таблицеАнна Белова", "В трекереБорис Ким"])
    workbench.screenshot(f"conflicts_{keep}")

    workbench.sidebar.get_by_role("button", name=button).click()
    expect(workbench.sidebar.get_by_role("status")).to_have_text("Готово.")

    keys = [one["key"] for one in CONFLICTS]
    assert world.backend.received[-1]["params"] == {"keep": keep, "conflicts": keys, "shown": []}


def test_one_conflict_is_settled_by_its_value(workbench, world):
    """A click on a value chooses it; the other lines are asked for again."""
    world.backend.will_answer(
        "settle_conflicts", outcome="partial", message="Осталось 2.", data={"conflicts": CONFLICTS[1:]}
    )
    show_conflicts(workbench, world)

    workbench.sidebar.locator("#conflicts li").nth(0).locator("[data-keep=tracker]").click()
    expect(workbench.sidebar.locator("#conflicts li")).to_have_count(2)

    first, *others = [one["key"] for one in CONFLICTS]
    asked = world.backend.received[-1]["params"]
    assert asked == {"keep": "tracker", "conflicts": [first], "shown": others}


def test_conflicts_fit_a_narrow_page(workbench, world):
    """Nothing is cut off at 390 pixels."""
    show_conflicts(workbench, world)
    workbench.page.set_viewport_size({"width": 390, "height": 844})
    workbench.screenshot("conflicts_narrow")

    body = workbench.sidebar.locator("body")
    assert body.evaluate("body => body.scrollWidth <= body.clientWidth")
