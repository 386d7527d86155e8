"""*Ссылка для клиента…* in the sidebar: a new link is shown once, and the list says what became of each."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import World
from tests.browser.workbench_page import WorkbenchPage

pytestmark = pytest.mark.browser

#: Where a page would be on the workbench's own server.
PLACE = "client/c/AAAAAAAAAAAAAAAAAAAAAA"


def link(number: int, **fields: Any) -> dict[str, Any]:
    """A link as the backend tells it."""
    return {
        "id": f"{number:012x}",
        "state": "valid",
        "scope": "act",
        "made": "Сделана 26.11.2026, действует до 24.02.2027",
        "opened": "Ещё не открывали",
        **fields,
    }


def test_links_for_the_client(workbench: WorkbenchPage, world: World) -> None:
    """Listed, made, copied, opened in a window as wide as a phone, and switched off."""
    url = f"{world.url}/{PLACE}"
    old = link(1, scope="look", opened="<b>Открывали</b>")
    new = link(2)
    world.backend.will_answer("client_links", outcome="done", message="Ссылки", data={"links": [old]})
    made = {"links": [new, old], "made": new["id"], "url": url}
    world.backend.will_answer("make_client_link", outcome="done", message="Ссылка готова", data=made)
    revoked = {"links": [{**new, "state": "revoked"}, old]}
    world.backend.will_answer("revoke_client_link", outcome="done", message="Отключена", data=revoked)

    workbench.choose_from_menu("Ссылка для клиента…")
    sidebar = workbench.sidebar
    expect(sidebar.locator("#client-links li")).to_contain_text("Только смотреть")
    expect(sidebar.locator("#client-links li")).to_contain_text("<b>Открывали</b>")

    sidebar.get_by_role("button", name="Новая ссылка: смотреть и отвечать").click()
    address = sidebar.get_by_label("Новая ссылка", exact=True)
    expect(address).to_have_value(url)
    expect(sidebar.get_by_text("она показана один раз")).to_be_visible()
    sidebar.get_by_role("button", name="Скопировать").click()
    with workbench.page.expect_popup() as opened:
        sidebar.get_by_role("link", name="Открыть страницу").click()
    phone = opened.value
    phone.wait_for_load_state()
    assert phone.url == url
    assert phone.evaluate("innerWidth") == 390
    phone.close()

    sidebar.get_by_role("button", name="Ссылка для сводки в чате").click()
    sidebar.locator("#client-links li").first.get_by_role("button", name="Отключить").click()
    expect(sidebar.locator('#client-links li[data-state="revoked"]')).to_contain_text("Отключена")
    expect(address).to_have_count(0)
    sent = [one for one in world.backend.received if one["action"].endswith("client_link")]
    assert [one["params"] for one in sent] == [{"scope": "act"}, {"scope": "digest"}, {"link_id": new["id"]}]


def test_a_repeat_shows_no_address(workbench: WorkbenchPage, world: World) -> None:
    """After a lost answer the link cannot be shown, and the sidebar says what to do."""
    world.backend.will_answer("client_links", outcome="done", message="Ссылки", data={"links": []})
    lost = {"links": [link(2)], "made": link(2)["id"]}
    world.backend.will_answer("make_client_link", outcome="done", message="Ссылка готова", data=lost)

    workbench.choose_from_menu("Ссылка для клиента…")
    workbench.sidebar.get_by_role("button", name="Новая ссылка: только смотреть").click()

    expect(workbench.sidebar.get_by_text("второй раз её не узнать")).to_be_visible()
