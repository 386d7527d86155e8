"""The add-on's view of requests to accounting, with a fake backend: form, preview, click, withdrawal."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

OPTIONS = {
    "projects": [{"id": "book-1", "title": "Заря — Сайт"}, {"id": "book-2", "title": "Зерно — Реклама"}],
    "requests": [
        {
            "key": "key-1",
            "number": "ЗРН-2026-11-1",
            "title": "Зерно — Реклама",
            "kind": "счёт",
            "state": "запрошен",
            "can_withdraw": True,
        },
        {
            "key": "key-0",
            "number": "ЗРН-2026-10-1",
            "title": "Зерно — Реклама",
            "kind": "счёт",
            "state": "оплачен",
            "can_withdraw": False,
        },
    ],
}
MESSAGE = "Зерно — Реклама, 1–30 ноября: счёт, 2 принятые работы."
ASKED = "Запрос ЗРН-2026-11-2: 2 работы, 12 500,50 ₽."


def test_what_is_previewed_is_asked_for(workbench, world):
    """The form goes to the preview as it is, and the click carries the hash of the preview."""
    form = {
        "project": "book-2",
        "kind": "invoice",
        "month": "days",
        "start_on": "2026-11-01",
        "end_on": "2026-11-15",
    }
    lines = [
        {"code": "ЗРН-1", "title": "<b>Главная</b>", "hours": 2.5, "sum": "6 250,50"},
        {"code": "ЗРН-2", "title": "=1+1", "hours": 2.5, "sum": "6 250,00"},
    ]
    details = ["Сумма: 12 500,50 ₽.", "Не войдёт, ждёт решения клиента: 1 работа — ЗРН-3."]
    world.backend.will_answer("accounting_options", outcome="done", message="Выберите.", data=OPTIONS)
    world.backend.will_answer(
        "preview_accounting",
        outcome="done",
        message=MESSAGE,
        details=details,
        data={"form": form, "lines": lines, "preview_id": "hash-1"},
    )
    world.backend.will_answer("ask_accounting", outcome="done", message=ASKED)
    workbench.open(world.agency_book_id)
    workbench.choose_from_menu("Запросить счёт и акты…")
    sidebar = workbench.sidebar
    sidebar.get_by_label("Проект").select_option("book-2")
    expect(sidebar.get_by_label("С", exact=True)).to_be_hidden()
    sidebar.get_by_label("Период").select_option("days")
    sidebar.get_by_label("С", exact=True).fill("2026-11-01")
    sidebar.get_by_label("По", exact=True).fill("2026-11-15")
    sidebar.get_by_label("Что нужно").select_option("invoice")
    workbench.screenshot("accounting_form")
    sidebar.get_by_role("button", name="Показать, что уйдёт").click()

    expect(sidebar.locator("#lines li")).to_have_count(2)
    expect(sidebar.locator("#lines")).to_contain_text("<b>Главная</b>")
    expect(sidebar.get_by_text(details[1])).to_be_visible()
    workbench.screenshot("accounting_preview")
    sidebar.get_by_role("button", name="Запросить").click()
    expect(sidebar.get_by_text(ASKED)).to_be_visible()

    asked = {one["action"]: one["params"] for one in world.backend.received}
    assert asked["preview_accounting"] == form
    assert asked["ask_accounting"] == {**form, "preview_id": "hash-1"}


def test_nothing_to_ask_for(workbench, world):
    """Without accepted work there is no button that asks."""
    world.backend.will_answer("accounting_options", outcome="done", message="Выберите.", data=OPTIONS)
    nothing = {"form": {"project": "book-1", "kind": "both", "month": "current"}, "lines": []}
    world.backend.will_answer(
        "preview_accounting", outcome="done", message="Нечего запрашивать.", details=[], data=nothing
    )
    workbench.open(world.agency_book_id)
    workbench.choose_from_menu("Запросить счёт и акты…")
    workbench.sidebar.get_by_role("button", name="Показать, что уйдёт").click()

    expect(workbench.sidebar.get_by_role("status")).to_have_text("Нечего запрашивать.")
    expect(workbench.sidebar.get_by_role("button", name="Запросить")).to_have_count(0)


def test_a_request_is_withdrawn(workbench, world):
    """What accounting has not received stands below the form."""
    done = "Запрос ЗРН-2026-11-1 отозван."
    world.backend.will_answer("accounting_options", outcome="done", message="Выберите.", data=OPTIONS)
    world.backend.will_answer("withdraw_request", outcome="done", message=done)
    workbench.open(world.agency_book_id)
    workbench.choose_from_menu("Запросить счёт и акты…")
    expect(workbench.sidebar.locator("#requests li")).to_contain_text(["запрошен", "оплачен"])
    workbench.sidebar.get_by_role("button", name="Отозвать").click()
    expect(workbench.sidebar.get_by_text(done)).to_be_visible()

    assert world.backend.received[-1]["params"] == {"key": "key-1"}


def test_the_list_of_works_is_saved(workbench, world):
    """The file comes with the answer, and a link with its name saves it."""
    content = base64.b64encode(b"PK any").decode()
    data = {"name": "ЗРН-2026-10-1-1.xlsx", "media_type": "application/octet-stream", "base64": content}
    world.backend.will_answer("accounting_options", outcome="done", message="Выберите.", data=OPTIONS)
    world.backend.will_answer("request_file", outcome="done", message="Список работ:", data=data)
    workbench.open(world.agency_book_id)
    workbench.choose_from_menu("Запросить счёт и акты…")
    workbench.sidebar.locator("[data-id='ЗРН-2026-10-1']").get_by_role("button", name="Список работ").click()
    link = workbench.sidebar.get_by_role("link", name=data["name"])
    expect(link).to_have_attribute("download", data["name"])
    expect(link).to_have_attribute("href", f"data:{data['media_type']};base64,{content}")
    assert world.backend.received[-1]["params"] == {"key": "key-0"}
