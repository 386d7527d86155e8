"""From a card that is done to a paid invoice: returned on a phone, accepted in the chat, asked for once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from emulators.common.server import running
from emulators.workbench.people import Person
from emulators.workbench.routes import create_app as create_workbench
from emulators.workbench.surroundings import Surroundings
from emulators.world.processes import AUDIENCE, local_token
from tests.browser.conftest import WINDOW
from tests.browser.pictures import take_picture
from tests.browser.workbench_page import WorkbenchPage
from tests.emulators.telegram.telegram_world import PETR, World
from tests.harness.chat_servers import add_group, connect, quicken, running_telegram, settle
from tests.harness.client_site import PHONE
from tests.harness.office import MANAGER, NOW, Office
from tests.harness.servers import running_servers
from vitrina.bootstrap import application

pytestmark = pytest.mark.browser

SCREEN = {"width": 390, "height": 844}
#: She is a user of the tracker as well.
OLGA = Person(MANAGER, "Ольга", local_token(11))
TASK = "Баннер к открытию"
RESULT = "https://files.example/banner"
REMARK = "Сделайте логотип крупнее"


@pytest.fixture
def telegram() -> Iterator[World]:
    """The emulator."""
    with running_telegram() as world:
        yield world


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, telegram: World) -> Iterator[Office]:
    """A project with one card and a chat. What the client decides is carried out at once."""
    with running_servers() as servers:
        office = Office(servers, tmp_path)
        office.reset_for_test(monkeypatch)
        monkeypatch.setenv("VITRINA_DECISION_HOLD_S", "0")
        monkeypatch.setenv("VITRINA_CLIENT_URL", f"{servers.functions}/client")
        quicken(monkeypatch.setattr)
        connect(telegram, monkeypatch.setenv)
        office.create_agency()
        office.choose(accounting_rate="2500")
        office.create_client()
        preview_id = office.preview_backlog({"task": TASK, "work_type": "Баннер"})
        office.do("start_batch", preview_id=preview_id)
        office.do("push")
        chat_id = add_group(office, telegram)
        telegram.do("add_person", chat_id=chat_id, person_id=PETR)
        settle(office, telegram)
        yield office
        settle(office, telegram)
        office.http.close()
        application.cache_clear()


@pytest.fixture
def workbench(
    browser: Browser, office: Office, telegram: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WorkbenchPage]:
    """The page, opened at the client's workbook."""
    surroundings = Surroundings(
        google_url=office.servers.google,
        kaiten_url=office.servers.kaiten,
        telegram_url=telegram.url,
        menu_url=f"{office.servers.functions}/menu",
        audience=AUDIENCE,
        people=(OLGA,),
    )
    with running(create_workbench(surroundings)) as url:
        monkeypatch.setenv("VITRINA_SPREADSHEET_URL", url + "/#{id}")
        application.cache_clear()
        context = browser.new_context(viewport=WINDOW, locale="ru-RU", timezone_id="Europe/Moscow")
        page = WorkbenchPage(context.new_page(), url)
        page.open(office.client_id)
        yield page
        context.close()
        assert page.errors == []


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """The client's phone, whose browser runs no script."""
    window = browser.new_context(
        viewport=SCREEN, user_agent=PHONE, locale="ru-RU", java_script_enabled=False, is_mobile=True
    )
    yield window.new_page()
    window.close()


def pass_time(office: Office, monkeypatch: pytest.MonkeyPatch, **delta: float) -> None:
    """Move the clock of the functions on, and have the timer look at the agency's workbook."""
    monkeypatch.setenv("VITRINA_NOW", (NOW + timedelta(**delta)).isoformat())
    application.cache_clear()
    office.call_schedule().raise_for_status()
    office.settle()


def picture(phone: Page, name: str) -> None:
    """A screenshot of the phone."""
    take_picture(phone, f"decision_story_{name}", full_page=True)


def confirm(phone: Page, button: str) -> None:
    """Say who one is, that one is sure, and press the button."""
    phone.get_by_label("Кто вы").select_option(label="маркетолог")
    phone.get_by_role("checkbox").check()
    phone.get_by_role("button", name=button, exact=True).click()


def test_from_the_card_to_the_payment(
    workbench: WorkbenchPage,
    phone: Page,
    office: Office,
    telegram: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each step is made where its person makes it, and seen where the next one looks."""
    page, sidebar = workbench.page, workbench.sidebar
    workbench.choose_from_menu("Ссылка для клиента…")
    sidebar.get_by_role("button", name="Новая ссылка: смотреть и отвечать").click()
    link = sidebar.get_by_label("Новая ссылка", exact=True).input_value()
    settle(office, telegram)

    # The specialist has finished, and the manager gives the client a link to the result.
    workbench.drag("ЗРН-1", "На проверке")
    settle(office, telegram)
    workbench.choose_from_menu("Показать клиенту…")
    sidebar.get_by_role("checkbox").check()
    sidebar.get_by_label(re.compile("Ссылка на результат")).fill(RESULT)
    workbench.screenshot("decision_story_show")
    sidebar.get_by_role("button", name="Показать", exact=True).click()
    expect(sidebar.get_by_text("Показано клиенту: ЗРН-1.")).to_be_visible()
    settle(office, telegram)

    # The client returns it on the phone.
    phone.goto(link)
    expect(phone.get_by_role("heading", name="Ждёт вас")).to_be_visible()
    picture(phone, "waits")
    phone.get_by_role("link", name="Вернуть с замечанием").click()
    phone.get_by_label("Что исправить").fill(REMARK)
    phone.get_by_role("button", name="Дальше").click()
    confirm(phone, "Вернуть")
    picture(phone, "returned")
    settle(office, telegram)
    card = office.desk.cards()[0]
    assert (card.stage, REMARK in card.description) == ("В работе", True)
    workbench.open_tab("В работе")
    expect(page.locator("#grid")).to_contain_text(REMARK)
    workbench.screenshot("decision_story_returned")

    # It is finished again, and accepted by a button in the chat.
    workbench.drag("ЗРН-1", "На проверке")
    settle(office, telegram)
    page.get_by_role("tab", name="Чат").click()
    page.locator(".groups").get_by_role("button", name="Отчёты").click()
    page.get_by_role("radio", name="Пётр").check()
    page.locator(".bubble", has_text=TASK).last.get_by_role("button", name="Принять").click()
    settle(office, telegram)
    workbench.screenshot("decision_story_chat")
    workbench.open_tab("Готово")
    expect(page.locator("#grid")).to_contain_text(TASK)
    expect(page.locator("#grid")).to_contain_text("Клиент, в чате")
    workbench.screenshot("decision_story_done")

    # Accounting is asked once, and says that it was paid.
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    workbench.open(agency_id)
    workbench.choose_from_menu("Запросить счёт и акты…")
    sidebar.get_by_role("button", name="Показать, что уйдёт").click()
    expect(sidebar.locator("#lines li")).to_have_count(1)
    workbench.screenshot("decision_story_preview")
    sidebar.get_by_role("button", name="Запросить", exact=True).click()
    expect(sidebar.get_by_text(re.compile("Запрос ЗРН-2026-11-1"))).to_be_visible()
    pass_time(office, monkeypatch, minutes=20)
    again = office.click(
        agency_id, "preview_accounting", project=office.client_id, kind="both", month="current"
    )
    assert again["message"] == "Это уже запрошено: ЗРН-2026-11-1, сейчас — запрошен."
    tab = office.book(agency_id).tab("invoices")
    (row,) = [one for one in tab.rows if tab.cell(one, "number").text]
    office.type(
        "invoices",
        row.index,
        agency_id,
        state="оплачен",
        document_number="17",
        document_on="27.11.2026",
    )
    pass_time(office, monkeypatch, minutes=40)
    workbench.open_tab("Счета и акты")
    expect(page.locator("#grid")).to_contain_text("ЗРН-2026-11-1")
    workbench.screenshot("decision_story_paid")

    phone.goto(link)
    expect(phone.get_by_text(TASK)).to_be_visible()
    expect(phone.get_by_text(re.compile("оплачен", re.IGNORECASE))).to_be_visible()
    picture(phone, "paid")
