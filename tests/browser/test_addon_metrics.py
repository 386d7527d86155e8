"""*Источник метрики…* in the sidebar: a system, an account and a measure are chosen by their names."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import World
from tests.browser.workbench_page import WorkbenchPage

pytestmark = pytest.mark.browser

METRICS = [
    {"row": 3, "metric": "<b>Заявки</b>", "number": None, "source": None, "gap": None, "has_begin": False},
    {
        "row": 4,
        "metric": "Звонки",
        "number": 500_000_001,
        "source": "Calltouch: Все звонки",
        "gap": "нет данных с 20.11.2026: Calltouch не принимает ключ доступа",
        "has_begin": True,
    },
]
SYSTEMS = [
    {
        "id": "metrica",
        "title": "Яндекс Метрика",
        "problem": None,
        "accounts": [{"id": "11", "title": "Зерно (zerno.test)"}, {"id": "22", "title": "Улыбка"}],
    },
    {"id": "calltouch", "title": "Calltouch", "problem": "Ключ не принят", "accounts": []},
    {"id": "sheet", "title": "Другая Google Таблица", "problem": None, "accounts": []},
    {"id": "pasted", "title": "Вставить цифры", "problem": None, "accounts": []},
]


def shown(selected: int | None = None) -> dict[str, Any]:
    """The first answer, with the row that was selected."""
    return {"metrics": METRICS, "systems": SYSTEMS, "selected": selected}


def params_of(world: World, action: str) -> list[dict[str, Any]]:
    """What was sent of an action."""
    return [one["params"] for one in world.backend.received if one["action"] == action]


def test_a_goal_is_chosen_by_its_name(workbench: WorkbenchPage, world: World) -> None:
    """The list of metrics, the counter, the goal; no id is typed or shown."""
    backend = world.backend
    backend.will_answer("metric_sources", outcome="done", message="Выберите метрику", data=shown())
    measures = [{"id": "visits", "title": "Визиты"}, {"id": "goal:7:reaches", "title": "Цель «Заявка»"}]
    data = {"account_id": "22", "measures": measures}
    backend.will_answer("metric_measures", outcome="done", message="2 показателя на выбор.", data=data)
    backend.will_answer("choose_metric_source", outcome="done", message="Заявки заполняются сами")

    workbench.choose_from_menu("Источник метрики…")
    sidebar = workbench.sidebar
    expect(sidebar.get_by_text("нет данных с 20.11.2026")).to_be_visible()
    expect(sidebar.locator(".item").first).to_contain_text("<b>Заявки</b>")
    sidebar.get_by_role("button", name="Выбрать источник").first.click()
    expect(sidebar.get_by_text("Колонка «Считаем с» пустая")).to_be_visible()
    sidebar.get_by_label("Счётчик").select_option(label="Улыбка")
    sidebar.get_by_role("button", name="Дальше").click()
    sidebar.get_by_role("radio", name="Цель «Заявка»").check()
    sidebar.get_by_role("button", name="Подключить").click()
    expect(sidebar.get_by_text("Заявки заполняются сами")).to_be_visible()

    assert params_of(world, "metric_measures") == [{"system": "metrica", "account_id": "22"}]
    assert params_of(world, "choose_metric_source") == [
        {
            "row": 3,
            "metric": "<b>Заявки</b>",
            "system": "metrica",
            "account_id": "22",
            "measure_id": "goal:7:reaches",
        }
    ]


def test_the_selected_metric_opens_its_form(workbench: WorkbenchPage, world: World) -> None:
    """With what it has now, and a way back to typing; a system that refuses says why."""
    backend = world.backend
    backend.will_answer("metric_sources", outcome="done", message="Выберите метрику", data=shown(4))
    backend.will_answer("remove_metric_source", outcome="done", message="Снова вручную")
    backend.will_answer("choose_metric_source", outcome="refused", message="Не прочитано строк: 1")

    workbench.choose_from_menu("Источник метрики…")
    sidebar = workbench.sidebar
    expect(sidebar.get_by_text("Сейчас: Calltouch: Все звонки")).to_be_visible()
    sidebar.get_by_label("Откуда брать цифры").select_option(label="Calltouch")
    expect(sidebar.get_by_role("alert")).to_have_text("Ключ не принят")
    expect(sidebar.get_by_role("button", name="Дальше")).to_have_count(0)
    sidebar.get_by_label("Откуда брать цифры").select_option(label="Другая Google Таблица")
    expect(sidebar.get_by_label("Ссылка на таблицу")).to_be_visible()
    sidebar.get_by_label("Откуда брать цифры").select_option(label="Вставить цифры")
    sidebar.get_by_label("Дни и числа").fill("21.11.2026;много")
    sidebar.get_by_role("button", name="Подключить").click()
    expect(sidebar.get_by_text("Не прочитано строк: 1")).to_be_visible()

    workbench.choose_from_menu("Источник метрики…")
    sidebar.get_by_role("button", name="Отключить источник").click()
    expect(sidebar.get_by_text("Снова вручную")).to_be_visible()
    assert params_of(world, "remove_metric_source") == [{"number": 500_000_001}]
