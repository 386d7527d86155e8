"""A deal is dragged to the stage of a signed contract, and its project appears: with the real product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from emulators.common.server import running
from emulators.workbench.people import Person
from emulators.workbench.routes import create_app as create_workbench
from emulators.workbench.surroundings import Surroundings
from emulators.world.processes import AUDIENCE
from tests.browser.conftest import WINDOW
from tests.browser.workbench_page import WorkbenchPage
from tests.emulators.amocrm.amocrm_world import KIND
from tests.harness.desks.crm import RULES
from tests.harness.office import MANAGER, Office
from tests.harness.servers import running_servers
from vitrina.bootstrap import application
from vitrina.records.books import find_projects

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
#: She is a user of the CRM as well: the token is that of the emulator's sample.
OLGA = Person(MANAGER, "Ольга", "olga")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """An agency that has chosen its stages, with one deal that is not won yet."""
    with running_servers() as servers:
        office = Office(servers, tmp_path, has_crm=True)
        office.reset_for_test(monkeypatch)
        office.create_agency()
        office.choose(**RULES, deal_onboarding="Вид проекта")
        office.crm.add_deal("qualified", price=540_000, fields={str(KIND): "Сайт"})
        office.call_schedule()
        office.settle()
        yield office
        office.settle()
        office.http.close()
        application.cache_clear()


@pytest.fixture
def workbench(browser: Browser, office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkbenchPage]:
    """The page, opened at the agency's workbook."""
    surroundings = Surroundings(
        google_url=office.servers.google,
        kaiten_url=office.servers.kaiten,
        amocrm_url=office.servers.amocrm,
        menu_url=f"{office.servers.functions}/menu",
        audience=AUDIENCE,
        people=(OLGA,),
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


def test_a_deal_becomes_a_project(workbench: WorkbenchPage, office: Office) -> None:
    """Dragged; then the note in the deal leads to the client's workbook, with people and dates."""
    page = workbench.page
    page.get_by_role("tab", name="Сделки").click()
    card = page.locator("#funnel .card", has_text="Новый сайт")
    card.drag_to(page.locator("#funnel").get_by_role("region", name="Договор подписан", exact=True))
    workbench.screenshot("deal_story_funnel")
    office.settle()

    assert office.agency is not None
    (project,) = find_projects(office.services.store, office.agency.spreadsheet_id)
    card.click()
    panel = page.get_by_label("Сделка", exact=True)
    expect(panel).to_contain_text("проект «ООО «Зерно» — Новый сайт» (ЗРН) создан")
    workbench.screenshot("deal_story_note")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    workbench.open_tab("Проекты")
    expect(page.locator("#grid")).to_contain_text("ООО «Зерно»")
    workbench.screenshot("deal_story_projects")

    workbench.open(project.spreadsheet_id)
    expect(page.locator("#book-title")).to_have_text("ООО «Зерно» — Новый сайт")
    expect(page.locator("#grid")).to_contain_text("Что нужно от вас")
    workbench.screenshot("deal_story_client")
    workbench.open_tab("В работе")
    expect(page.locator("#grid")).to_contain_text("ЗРН-5")
    workbench.screenshot("deal_story_onboarding")
    page.set_viewport_size(PHONE)
    workbench.open_tab("Клиент")
    workbench.screenshot("deal_story_client_phone")
    assert len(office.table("in_progress", "id", spreadsheet_id=project.spreadsheet_id)) >= 5
