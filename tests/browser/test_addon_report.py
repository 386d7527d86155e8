"""The add-on's view of a report on a metric, with a fake backend: draft, step, sending, choice."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.harness.fakes.services import make_services
from tests.harness.metric_reports import sample_report
from vitrina.operations.answer import answer_json
from vitrina.usecases.metric_report.draft import draft_answer

pytestmark = pytest.mark.browser


def answer_of(**more: Any) -> dict[str, Any]:
    """The answer of the backend about a real draft."""
    services = make_services()
    answer = answer_json(draft_answer(services, sample_report("book", "agency"), "ru"), "ru")
    return {**answer, "data": {**answer["data"], **more}}


def test_a_draft_is_read_filled_in_and_sent(workbench, world):
    """Sections fold; a step goes to the backlog with what was typed; what was shown is what is sent."""
    draft = answer_of(corrects=None, reason="", asked="", actions=[])
    added = answer_of(corrects=None, reason="Причина", asked="Решение", mark="b" * 32)
    added["message"] = "Добавили в бэклог: ЗРН-21."
    world.backend.will_answer("preview_metric_report", **draft)
    world.backend.will_answer("add_report_action", **added)
    world.backend.will_answer("approve_metric_report", outcome="done", message="Отчёт утверждён.")
    workbench.choose_from_menu("Отчёт по метрике…")
    sidebar = workbench.sidebar
    expect(sidebar.get_by_text("Клиент увидит его только после кнопки")).to_be_visible()
    assert set(world.backend.received[-1]["params"]) == {"sheet_id", "row"}
    workbench.screenshot("report")
    sidebar.get_by_text("Где разница").click()
    expect(sidebar.get_by_role("cell", name="Реклама")).to_be_visible()
    workbench.screenshot("report_gap")

    sidebar.get_by_label("Причина").fill("Причина")
    sidebar.get_by_label("Что сделать").fill("Проверить форму")
    sidebar.get_by_label("Кто следит").fill("Анна")
    sidebar.get_by_label("До какого дня").fill("2026-12-02")
    sidebar.get_by_role("button", name="В бэклог").click()
    expect(sidebar.get_by_text("Добавили в бэклог: ЗРН-21.")).to_be_visible()
    params = world.backend.received[-1]["params"]
    assert {key: params[key] for key in ("title", "owner", "due_on", "reason", "number")} == {
        "title": "Проверить форму",
        "owner": "Анна",
        "due_on": "2026-12-02",
        "reason": "Причина",
        "number": 2,
    }
    expect(sidebar.get_by_text("ЗРН-21 Вернуть кампанию")).to_be_visible()
    workbench.screenshot("report_steps")
    sidebar.get_by_role("button", name="Утвердить и отправить").click()
    expect(sidebar.get_by_text("Отчёт утверждён.")).to_be_visible()
    assert world.backend.received[-1]["params"] == {
        "number": 2,
        "revision": 1,
        "reason": "Причина",
        "asked": "Решение",
        "mark": "b" * 32,
    }


def test_a_metric_is_chosen_and_a_report_corrected(workbench, world):
    """Whoever has selected no metric is asked; the last report can be corrected instead."""
    metrics = [{"key": "0" * 16, "name": "Заявки"}, {"key": "1" * 16, "name": "Звонки"}]
    asked = "По какому показателю нужен отчёт?"
    world.backend.will_answer(
        "preview_metric_report", outcome="done", message=asked, data={"metrics": metrics}
    )
    world.backend.will_answer("preview_metric_report", **answer_of(corrects=1))
    world.backend.will_answer("preview_metric_report", **answer_of(corrects=None))
    workbench.choose_from_menu("Отчёт по метрике…")
    sidebar = workbench.sidebar
    sidebar.get_by_role("button", name="Звонки").click()
    expect(sidebar.locator("[data-view=report]")).to_be_visible()
    assert world.backend.received[-1]["params"] == {"metric": "1" * 16}
    sidebar.get_by_role("button", name="Исправить отчёт № 1").click()
    expect(sidebar.locator("[data-view=report]")).to_be_visible()
    expect(sidebar.get_by_role("button", name="Исправить отчёт № 1")).to_have_count(0)
    assert world.backend.received[-1]["params"]["corrects"] is True
