"""The funnel of the CRM on the page, with the emulator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from emulators.common.server import running
from tests.browser.conftest import ANNA, IGOR
from tests.browser.seed import seed_deals
from tests.browser.workbench_page import WorkbenchPage
from tests.emulators.amocrm.amocrm_world import Receiver

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def deals(world) -> dict[str, Any]:
    """Deals, made before the page is opened."""
    return seed_deals(world.amocrm, [ANNA, IGOR])


@pytest.fixture
def funnel(deals, workbench) -> WorkbenchPage:
    """The page with the funnel in place of the board."""
    workbench.page.get_by_role("tab", name="Сделки").click()
    expect(workbench.page.locator("#board")).to_be_hidden()
    return workbench


def stage(funnel: WorkbenchPage, title: str) -> Locator:
    """A column of the funnel."""
    return funnel.page.locator("#funnel").get_by_role("region", name=title, exact=True)


def card(funnel: WorkbenchPage, name: str) -> Locator:
    """A card of the funnel."""
    return funnel.page.locator("#funnel .card", has_text=name)


def opened(funnel: WorkbenchPage, name: str) -> Locator:
    """The panel of a deal, opened by a click."""
    card(funnel, name).click()
    panel = funnel.page.get_by_label("Сделка", exact=True)
    expect(panel.get_by_role("heading", name=name)).to_be_visible()
    return panel


def deal_of(world, deal_id: int) -> dict[str, Any]:
    """The deal as the API of amoCRM tells it."""
    deal: dict[str, Any] = world.amocrm.get(f"/api/v4/leads/{deal_id}").raise_for_status().json()
    return deal


@pytest.fixture
def receiver(world, deals) -> Iterator[Receiver]:
    """An address that is told of changes of deals."""
    receiver = Receiver()
    with running(receiver.app) as url:
        hook = {"destination": f"{url}/hook", "settings": ["status_lead", "update_lead"]}
        world.amocrm.post("/api/v4/webhooks", json=hook).raise_for_status()
        yield receiver
        world.amocrm.post("/_emulator/webhooks/settle", json={}).raise_for_status()


def test_stages_are_columns_with_cards(funnel):
    """In the order of the pipeline; a card has name, company, budget, person and what is missing."""
    headings = funnel.page.locator("#funnel h3")
    expect(headings).to_have_text(
        [
            "КП отправлено2 сделки: 1 250 000 ₽",
            "Договор подписаннет сделок",
            "Успешно реализованонет сделок",
            "Закрыто и не реализованонет сделок",
        ]
    )
    ready, lacking = card(funnel, "Сайт кофейни"), card(funnel, "Реклама обжарки")
    expect(ready).to_contain_text("ООО «Зерно»")
    expect(ready.locator(".price")).to_have_text("1 250 000 ₽")
    expect(ready.get_by_title("Игорь Ким")).to_be_visible()
    expect(ready.locator(".missing")).to_have_count(0)
    expect(lacking).to_contain_text("Не заполнено: Лимит часов, Начало работ")


def test_dragged_deal_moves_and_a_webhook_is_sent(deals, receiver, funnel, world):
    """In amoCRM and on the page, in the name of the person at the page."""
    card(funnel, "Сайт кофейни").drag_to(stage(funnel, "Договор подписан"))
    expect(stage(funnel, "Договор подписан").locator(".card")).to_contain_text("Сайт кофейни")
    world.amocrm.post("/_emulator/webhooks/settle", json={}).raise_for_status()

    assert deal_of(world, deals["ready"])["status_id"] == deals["signed"]
    assert deal_of(world, deals["ready"])["updated_by"] == 1
    [form] = receiver.forms()
    assert form["leads[status][0][id]"] == str(deals["ready"])
    assert form["leads[status][0][status_id]"] == str(deals["signed"])


def test_deal_is_moved_by_keys(deals, funnel, world):
    """Shift and an arrow move to the neighbouring stage, and the card keeps the focus."""
    card(funnel, "Сайт кофейни").focus()

    funnel.page.keyboard.press("Shift+ArrowRight")
    expect(stage(funnel, "Договор подписан").locator(".card")).to_be_focused()
    assert deal_of(world, deals["ready"])["status_id"] == deals["signed"]

    funnel.page.keyboard.press("Shift+ArrowLeft")
    expect(stage(funnel, "КП отправлено").locator(".card")).to_have_count(2)
    # There is nothing to the left of the first stage.
    funnel.page.keyboard.press("Shift+ArrowLeft")
    expect(card(funnel, "Сайт кофейни")).to_be_focused()
    assert deal_of(world, deals["ready"])["status_id"] == deals["offer"]


def test_panel_shows_contacts_notes_and_tasks(deals, funnel, world):
    """What an integration writes can be read, its links lead on, and a task can be finished."""
    url = f"https://docs.google.com/spreadsheets/d/{world.agency_book_id}/edit"
    note = [{"note_type": "common", "params": {"text": f"Проект создан.\nКнига: {url}."}}]
    world.amocrm.post(f"/api/v4/leads/{deals['ready']}/notes", json=note).raise_for_status()
    task = {"text": "Укажите код проекта", "complete_till": 1796137200, "responsible_user_id": 2}
    tasks = [{**task, "entity_id": deals["ready"], "entity_type": "leads"}]
    world.amocrm.post("/api/v4/tasks", json=tasks).raise_for_status()
    expect(card(funnel, "Сайт кофейни")).to_contain_text("1 задача")

    panel = opened(funnel, "Сайт кофейни")
    expect(panel).to_contain_text("Ирина Зернова")
    expect(panel.get_by_role("link", name="+7 900 000-00-01")).to_be_visible()
    expect(panel).to_contain_text("Игорь Ким, до 1 дек., 18:00")
    panel.get_by_label("Укажите код проекта").click()
    expect(panel.get_by_label("Укажите код проекта")).to_be_disabled()
    expect(card(funnel, "Сайт кофейни")).not_to_contain_text("задача")

    link = panel.get_by_role("link", name=url)
    # The full stop belongs to the sentence.
    expect(link).to_have_text(url)
    link.click()
    expect(funnel.page.locator("#book-title")).to_have_text("Агентство")


def test_missing_fields_are_filled_in_the_panel(deals, funnel, world):
    """A number, a choice, a day and a text are saved when they are left; the card says so."""
    panel = opened(funnel, "Реклама обжарки")
    expect(panel.get_by_label("Период")).to_have_value("Месяц")

    panel.get_by_label("Лимит часов").fill("37,5")
    panel.get_by_label("Период").select_option("Неделя")
    panel.get_by_label("Начало работ").fill("2026-12-01")
    panel.get_by_label("Начало работ").blur()
    expect(card(funnel, "Реклама обжарки").locator(".missing")).to_have_count(0)
    panel.get_by_label("Условия").fill("Бюджет платит клиент")
    panel.get_by_label("Бюджет").fill("180000")
    panel.get_by_label("Бюджет").blur()
    expect(panel.get_by_label("Бюджет")).to_have_value(re.compile(r"180\s000\s₽"))

    deal = deal_of(world, deals["lacking"])
    values = {row["field_name"]: row["values"][0]["value"] for row in deal["custom_fields_values"]}
    assert values == {
        "Лимит часов": "37.5",
        "Период": "Неделя",
        "Начало работ": 1796072400,
        "Условия": "Бюджет платит клиент",
    }
    assert deal["price"] == 180000


def test_refused_change_is_told_and_taken_back(deals, funnel, world):
    """The panel shows again what the CRM has."""
    panel = opened(funnel, "Сайт кофейни")
    world.amocrm.post("/_emulator/do", json={"action": "delete_deal", "id": deals["lacking"]})
    seed = {"name": "Новое имя", "action": "change_deal", "id": deals["ready"]}
    world.amocrm.post("/_emulator/do", json=seed).raise_for_status()
    expect(panel.get_by_role("heading", name="Новое имя")).to_be_visible()
    expect(card(funnel, "Реклама обжарки")).to_have_count(0)

    funnel.page.route("**/amocrm/_emulator/do", lambda route: route.fulfill(status=400, body="{}"))
    panel.get_by_label("Лимит часов").fill("50")
    panel.get_by_label("Лимит часов").blur()

    expect(funnel.dialog).to_contain_text("CRM отказала")
    expect(panel.get_by_label("Лимит часов")).to_have_value("40")
    assert deal_of(world, deals["ready"])["custom_fields_values"][0]["values"] == [{"value": "40"}]


def test_news_do_not_disturb_who_is_typing(deals, funnel, world):
    """A note from elsewhere appears in the open panel, and the typed text stays."""
    panel = opened(funnel, "Сайт кофейни")
    panel.get_by_label("Новое примечание").fill("Клиент просил ")

    note = {"action": "add_note", "deal_id": deals["ready"], "text": "Договор подписан"}
    world.amocrm.post("/_emulator/do", json=note).raise_for_status()
    expect(panel.locator(".notes")).to_contain_text("Договор подписан")
    funnel.page.keyboard.type("созвон")
    expect(panel.get_by_label("Новое примечание")).to_have_value("Клиент просил созвон")
    panel.get_by_role("button", name="Добавить").click()

    expect(panel.locator(".notes li").first).to_contain_text("Клиент просил созвон")
    expect(panel.get_by_label("Новое примечание")).to_have_value("")


def test_field_that_is_being_typed_is_saved_after_news(deals, funnel, world):
    """The panel was drawn anew meanwhile; nothing was saved before the field was left."""
    panel = opened(funnel, "Сайт кофейни")
    panel.get_by_label("Лимит часов").fill("45")

    note = {"action": "add_note", "deal_id": deals["ready"], "text": "Договор подписан"}
    world.amocrm.post("/_emulator/do", json=note).raise_for_status()
    expect(panel.locator(".notes")).to_contain_text("Договор подписан")
    assert deal_of(world, deals["ready"])["custom_fields_values"][0]["values"] == [{"value": "40"}]
    with funnel.page.expect_response("**/amocrm/_emulator/do"):
        panel.get_by_label("Лимит часов").blur()

    assert deal_of(world, deals["ready"])["custom_fields_values"][0]["values"] == [{"value": "45"}]


def test_another_pipeline_is_chosen(funnel):
    """From the list at the name of the pipeline."""
    funnel.page.locator("#funnel .board-title").click()
    funnel.page.get_by_role("button", name="Сопровождение").click()

    expect(stage(funnel, "В работе").locator(".card")).to_have_text(re.compile("Поддержка магазина"))


def test_link_to_a_deal_opens_its_panel(deals, workbench, world):
    """The link in a cell opens the funnel and the panel; Escape closes it."""
    url = f"https://mayak.amocrm.ru/leads/detail/{deals['ready']}"
    world.write("Бэклог!G3", f'=HYPERLINK("{url}";"Сделка")', entered_by="USER_ENTERED")

    workbench.cell("G3").get_by_role("link", name="Сделка").click()

    panel = workbench.page.get_by_label("Сделка", exact=True)
    expect(panel.get_by_role("heading", name="Сайт кофейни")).to_be_visible()
    expect(workbench.page.locator("#board")).to_be_hidden()
    workbench.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(card(workbench, "Сайт кофейни")).to_be_focused()


def test_stranger_sees_no_funnel(funnel):
    """Without a token of the CRM the page says that there is no access."""
    funnel.become("Посторонний")

    expect(funnel.page.locator("#funnel")).to_contain_text("нет доступа к CRM")


def test_who_is_no_user_of_the_crm_sees_no_funnel(funnel, world):
    """A token of the trackers is not enough."""
    seed_deals(world.amocrm, [IGOR])

    expect(funnel.page.locator("#funnel")).to_contain_text("нет доступа к CRM")
    funnel.become("Игорь Ким")
    expect(card(funnel, "Сайт кофейни")).to_be_visible()


def test_funnel_on_a_phone(deals, funnel, world):
    """The page does not scroll sideways, and the stage is chosen in the panel."""
    funnel.page.set_viewport_size(PHONE)
    expect(card(funnel, "Сайт кофейни")).to_be_visible()
    width = "document.scrollingElement.scrollWidth"
    assert funnel.page.evaluate(width) <= PHONE["width"]

    panel = opened(funnel, "Сайт кофейни")
    assert funnel.page.evaluate(width) <= PHONE["width"]
    assert funnel.page.evaluate(f"document.querySelector('#deal').{'getBoundingClientRect().x'}") >= 0
    panel.get_by_label("Этап").select_option(label="Договор подписан")

    expect(stage(funnel, "Договор подписан").locator(".card")).to_have_count(1)
    assert deal_of(world, deals["ready"])["status_id"] == deals["signed"]
