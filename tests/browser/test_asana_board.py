"""The board of Asana on the page, with the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.seed import seed_project

pytestmark = pytest.mark.browser


@pytest.fixture
def project(world) -> dict[str, Any]:
    """A project, made before the page is opened."""
    return seed_project(world.asana)


@pytest.fixture
def made(project, workbench) -> dict[str, Any]:
    """The project, which is chosen on the page in place of the board of Kaiten."""
    workbench.page.locator("#board .board-title").click()
    workbench.page.get_by_role("button", name="Север — сайт").click()
    expect(workbench.page.locator("#board .board-head")).to_contain_text("Asana")
    return project


def task_of(world, made: dict[str, Any]) -> dict[str, Any]:
    """The task as Asana has it."""
    path = f"/api/1.0/tasks/{made['task']}"
    data: dict[str, Any] = world.asana.get(path).raise_for_status().json()["data"]
    return data


def test_card_shows_what_matters(made, workbench):
    """Title, due day, subtasks, planned hours and person."""
    card = workbench.column("В работе").locator(".card")

    expect(card).to_contain_text("СВР-1 · Каталог")
    expect(card).to_contain_text("25 нояб.")
    expect(card).to_contain_text("0 из 2")
    expect(card).to_contain_text("8 ч")


def test_dragged_task_moves_to_the_section(made, workbench, world):
    """In Asana and on the page."""
    workbench.drag("СВР-1", "Выполнено")

    [place] = task_of(world, made)["memberships"]
    assert place["section"]["gid"] == made["sections"]["Выполнено"]


def test_subtask_and_time_reach_asana(made, workbench, world):
    """A ticked subtask is complete; time is logged on the task."""
    workbench.card("СВР-1").click()
    panel = workbench.page.get_by_label("Карточка")
    panel.get_by_label("Прототип").check()
    expect(workbench.card("СВР-1")).to_contain_text("1 из 2")

    panel.get_by_label("Часы").fill("1,5")
    panel.get_by_role("button", name="Записать время").click()
    expect(workbench.card("СВР-1")).to_contain_text("1,5 из 8 ч")

    assert task_of(world, made)["actual_time_minutes"] == 90


def test_link_to_a_task_opens_its_panel(made, workbench, world):
    """The link in a row opens the panel, whatever board is shown."""
    url = f"https://app.asana.com/0/{made['project']}/{made['task']}"
    world.write("Бэклог!G3", f'=HYPERLINK("{url}";"Открыть")', entered_by="USER_ENTERED")

    workbench.cell("G3").get_by_role("link", name="Открыть").click()

    expect(workbench.page.get_by_label("Карточка")).to_contain_text("СВР-1 · Каталог")
