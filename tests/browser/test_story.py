"""An agency's week on the page, with the real product and no fake answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from emulators.common.server import running
from emulators.workbench.people import STRANGER, Person
from emulators.workbench.routes import create_app as create_workbench
from emulators.workbench.surroundings import Surroundings
from emulators.world.processes import AUDIENCE, local_token
from tests.browser.conftest import WINDOW
from tests.browser.workbench_page import WorkbenchPage
from tests.harness.office import MANAGER, Office
from tests.harness.servers import running_servers
from vitrina.bootstrap import application
from vitrina.records.books import find_projects

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
#: Colours of a day that is too full, and of a day on which the person is away.
RED, GREY = re.compile(r"rgb\(25\d, 23\d, 230\)"), re.compile(r"rgb\(23\d, 24\d, 24\d\)")
MARINA = Person(MANAGER, "Марина Ковалёва", local_token(11))

#: More work than fits: Vera has 40 hours in the week.
BACKLOG = (
    {"task": "Посадочная страница подписки", "work_type": "Лендинг", "priority": "Срочно"},
    {"task": "Баннер на главную", "work_type": "Баннер", "priority": "Высокий"},
    {"task": "Статья про помол", "work_type": "Статья"},
    {"task": "Личный кабинет", "hours_development": "38"},
)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An agency with people and norms, without clients."""
    with running_servers() as servers:
        office = Office(servers, tmp_path)
        office.reset_for_test(monkeypatch)
        office.create_agency()
        yield office
        office.settle()
        office.http.close()
        application.cache_clear()


@pytest.fixture
def workbench(browser: Browser, office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkbenchPage]:
    """The page, with the manager at it."""
    surroundings = Surroundings(
        google_url=office.servers.google,
        kaiten_url=office.servers.kaiten,
        menu_url=f"{office.servers.functions}/menu",
        audience=AUDIENCE,
        people=(MARINA, STRANGER),
    )
    with running(create_workbench(surroundings)) as url:
        monkeypatch.setenv("VITRINA_SPREADSHEET_URL", url + "/#{id}")
        application.cache_clear()
        context = browser.new_context(viewport=WINDOW, locale="ru-RU", timezone_id="Europe/Moscow")
        page = WorkbenchPage(context.new_page(), url)
        assert office.agency is not None
        page.open(office.agency.spreadsheet_id)
        yield page
        context.close()
        assert page.errors == []


def new_client(workbench: WorkbenchPage) -> Page:
    """Fill in the form of a new client; return the page of the workbook, opened by the sidebar's link."""
    workbench.choose_from_menu("Новый клиент…")
    form = workbench.sidebar
    form.get_by_label("Клиент", exact=True).fill("Кофейня «Заря»")
    form.get_by_label("Проект", exact=True).fill("Интернет-магазин")
    form.get_by_label("Код проекта").fill("ЗРН")
    form.get_by_label("Лимит часов на период").fill("120")
    workbench.screenshot("story-1-new-client")
    form.get_by_role("button", name="Создать").click()
    expect(form.get_by_role("status")).to_have_text("Книга и доска проекта «Интернет-магазин» готовы.")
    workbench.screenshot("story-2-client-made")
    with workbench.page.context.expect_page() as opened:
        form.get_by_role("link", name="Открыть книгу клиента").click()
    return opened.value


def agency_id(office: Office) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def test_a_week_of_the_agency(workbench: WorkbenchPage, office: Office) -> None:
    """New client, estimate, preview, start, push; a card is dragged and the cell changes by itself."""
    client = WorkbenchPage(new_client(workbench), workbench.url)
    client.page.locator("body[data-ready]").wait_for()
    [project] = find_projects(office.services.store, agency_id(office))
    office.client_id = project.spreadsheet_id
    expect(client.page.locator("#grid")).to_contain_text("Интернет-магазин")

    office.fill_backlog(*BACKLOG)
    client.open_tab("Бэклог")
    client.type_into("C6", "Поправить цены в каталоге")
    expect(client.cell("C6")).to_have_text("Поправить цены в каталоге")
    client.choose_from_menu("Оценить бэклог")
    expect(client.sidebar.get_by_role("status")).to_contain_text("Без оценки 1 задача")
    expect(client.sidebar.locator("body")).to_contain_text("ЗРН-5: не указан вид работ")
    expect(client.cell("H2")).to_have_text("9,0")
    client.screenshot("story-3-estimated")

    client.choose_from_menu("Собрать неделю…")
    sidebar = client.sidebar
    expect(sidebar.get_by_role("heading", name="23–27 ноября")).to_be_visible()
    expect(sidebar.locator("#chosen li")).to_have_count(3)
    expect(sidebar.locator("#left-out")).to_contain_text("занято 20 из 40 ч")
    client.screenshot("story-4-preview")
    sidebar.get_by_role("button", name="Начать неделю").click()
    expect(sidebar.get_by_role("status")).to_contain_text("В работу взято: 3 задачи, 5 действий")
    client.open_tab("План-график")
    expect(client.cell("A3")).to_contain_text("Анна Белова")
    client.screenshot("story-5-schedule")
    client.open_tab("В работе")
    expect(client.cell("B2")).to_have_text("Посадочная страница подписки")
    expect(client.cell("E4")).to_have_text("Вера Орлова")

    client.choose_from_menu("Отправить в трекер")
    expect(client.sidebar.get_by_role("status")).to_contain_text("В трекере 3 новые карточки", timeout=20_000)
    expect(client.cell("O2")).to_have_text("Открыть")
    client.page.get_by_role("radio", name="Таблица и доска").click()
    expect(client.column("Онбординг").locator(".card")).to_have_count(3)
    client.screenshot("story-6-pushed")

    expect(client.cell("C5")).to_have_text("Онбординг")
    client.drag("Баннер на главную", "В работе")
    expect(client.cell("C5")).to_have_text("В работе", timeout=15_000)
    client.screenshot("story-7-dragged")

    client.choose_from_menu("Отменить последнее действие…")
    confirm = client.sidebar.get_by_role("button", name="Отменить действие")
    expect(confirm).to_be_visible()
    client.screenshot("story-8-undo-asked")
    confirm.click()
    status = client.sidebar.get_by_role("status")
    expect(status).to_contain_text("Отменили: «Отправить в трекер»", timeout=20_000)
    expect(client.sidebar.locator("body")).to_contain_text("с карточками уже работают")
    expect(client.column("Онбординг").locator(".card")).to_have_count(0)
    expect(client.card("Баннер на главную")).to_be_visible()
    expect(client.cell("O2")).to_have_text("")
    expect(client.cell("O5")).to_have_text("Открыть")
    client.screenshot("story-9-undone")

    client.sidebar.get_by_role("button", name="Закрыть").click()
    client.page.get_by_role("radio", name="Таблица", exact=True).click()
    client.page.set_viewport_size(PHONE)
    client.open(project.spreadsheet_id, "План-график")
    for day in ("C2", "D2"):
        expect(client.cell(day)).to_be_in_viewport(ratio=1)
    client.screenshot("story-10-phone")
    assert client.errors == []


def test_the_agency_sees_everybodys_load(workbench: WorkbenchPage, office: Office) -> None:
    """Two clients with too many typed hours: they are drawn in red, and the check finds them."""
    office.create_client(client_name="Стоматология «Улыбка»", code="УЛБ", project_name="Реклама")
    office.fill_backlog(
        {"task": "Форма записи на приём с напоминанием", "hours_development": "14"},
        {"task": "Баннеры к акции", "hours_design": "11"},
    )
    office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    office.create_client(client_name="Обжарочный цех «Заря»", code="ЗРН", project_name="Интернет-магазин")
    office.fill_backlog(
        {"task": "Личный кабинет оптового покупателя", "hours_development": "20"},
        {"task": "Статья про помол", "hours_copy": "9"},
    )
    office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    first = office.book().tab("in_progress").header_index + 1
    office.type("in_progress", first, hours="30")
    days_away = {"first_day": "26.11.2026", "last_day": "02.12.2026"}
    absences = office.book(agency_id(office)).tab("absences").header_index + 1
    office.type("absences", absences, agency_id(office), specialist="Борис Ким", **days_away)

    workbench.choose_from_menu("Обновить загрузку")
    expect(workbench.sidebar.get_by_role("status")).to_contain_text("2 книги, 4 работы")
    workbench.open_tab("Загрузка")
    expect(workbench.cell("A5")).to_have_text("Вера Орлова")
    expect(workbench.cell("H5")).to_have_css("background-color", RED)
    expect(workbench.cell("I4")).to_have_css("background-color", GREY)
    workbench.screenshot("agency-1-load")
    workbench.choose_from_menu("Проверить всё")
    status = workbench.sidebar.get_by_role("status")
    expect(status).to_contain_text("Нашли", timeout=20_000)
    expect(workbench.sidebar.locator("body")).to_contain_text(
        "Вера Орлова, 23–27 ноября: нужно 44 ч, а есть 40 ч"
    )
    expect(workbench.sidebar.get_by_role("heading", name="Есть что поправить")).to_be_visible()
    workbench.screenshot("agency-2-check")
    workbench.open_tab("Общая доска")
    expect(workbench.cell("A2")).to_contain_text("-")
    workbench.screenshot("agency-3-board")
    workbench.sidebar.get_by_role("button", name="Закрыть").click()
    workbench.page.get_by_role("radio", name="Таблица", exact=True).click()
    workbench.page.set_viewport_size(PHONE)
    for number, tab in enumerate(("Загрузка", "Общая доска"), start=4):
        workbench.open(agency_id(office), tab)
        workbench.screenshot(f"agency-{number}-phone")


def test_a_stranger_is_refused_in_words(workbench: WorkbenchPage, office: Office) -> None:
    """A person who is not staff gets the reason, and nothing happens."""
    workbench.become("Посторонний")
    office.forget_calls()

    workbench.choose_from_menu("Пересчитать нормы")
    workbench.sidebar.get_by_role("button", name="Пересчитать").click()

    expect(workbench.sidebar.locator("body")).to_contain_text("Почты guest@example.com нет среди сотрудников")
    assert "sheets.spreadsheets.batchUpdate" not in office.calls("google")


def test_the_client_is_never_shown_anything_internal(workbench: WorkbenchPage, office: Office) -> None:
    """A client's file, as anybody with the link can read it, has no other client's name and no token."""
    office.create_client(client_name="Стоматология «Улыбка»", code="УЛБ", project_name="Реклама")
    office.fill_backlog({"task": "Форма записи", "hours_development": "20"})
    office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    office.create_client(client_name="Заря", code="ЗРН", project_name="Сайт")
    office.fill_backlog(
        {"task": "Кнопка", "hours_development": "10"}, {"task": "Кабинет", "hours_development": "30"}
    )
    office.do("start_batch", preview_id=office.do("build_batch")["data"]["preview_id"])
    office.do("push")

    whole = office.http.get(
        f"{office.servers.google}/v4/spreadsheets/{office.client_id}", params={"includeGridData": "true"}
    ).text

    assert "Кнопка" in whole
    for secret in ("Улыбка", "УЛБ", "Форма записи", "Реклама", local_token(1)):
        assert secret not in whole
