"""*Поставить задачу специалисту…* on the page, from a cell with a note, with the real product."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WINDOW
from tests.browser.test_story import PHONE, office, workbench  # noqa: F401 - the agency and its page
from tests.browser.workbench_page import WorkbenchPage
from tests.harness.office import Office

pytestmark = pytest.mark.browser

FIRST_LINE = (
    "Баннер к распродаже на главную страницу, чтобы было видно с телефона "
    "и чтобы вёл сразу в каталог со скидками до конца"
)
NOTE = f'{FIRST_LINE} ноября\n=IMPORTXML("https://example.org";"//a")\n' + "Тон спокойный. " * 330


def test_a_note_becomes_a_task(workbench: WorkbenchPage, office: Office) -> None:  # noqa: F811
    """The form is filled from the note; an urgent task moves what was not begun; row and card appear."""
    assert len(NOTE) > 5000
    office.create_client(client_name="Кофейня «Заря»", project_name="Магазин", code="ЗРН", limit_hours=48)
    preview_id = office.preview_backlog(
        {"task": "Каталог кофе", "hours_design": "20"}, {"task": "Карточка товара", "hours_design": "16"}
    )
    office.do("start_batch", preview_id=preview_id)
    office.edit({"type": "note", "sheet": "Бэклог", "cell": "C5", "text": NOTE})
    workbench.open(office.client_id, "Бэклог")
    workbench.cell("C5").click()

    workbench.choose_from_menu("Поставить задачу специалисту…")

    form, page = workbench.sidebar, workbench.page
    plan, submit = form.locator("#plan"), form.get_by_role("button", name="Поставить задачу")
    expect(form.locator('[name="title"]')).to_have_value(f"{FIRST_LINE}…")
    expect(form.locator('[name="result"]')).to_have_value(NOTE.strip())
    expect(plan).to_contain_text("Выберите вид работ")
    expect(submit).to_be_disabled()
    workbench.screenshot("assign-1-from-note")

    form.locator('[name="work_type"]').select_option("Баннер")
    expect(form.locator('[name="hours.0"]')).to_have_value("3")
    expect(plan).to_contain_text("Сможем сделать")
    form.locator('[name="specialist.0"]').select_option("Анна Белова")
    expect(plan).to_contain_text("первый свободный день")
    workbench.screenshot("assign-2-no-room")

    form.locator('[name="hours.0"]').fill("16")
    form.locator('[name="hours.0"]').press("Tab")
    page.set_viewport_size(PHONE)
    form.locator('[name="is_urgent"]').check()
    expect(form.locator("#moves li")).to_contain_text("Каталог кофе")
    expect(form.locator("#moves li")).to_be_in_viewport()
    workbench.screenshot("assign-3-urgent-phone")
    form.locator('[name="is_urgent"]').uncheck()
    form.locator('[name="wanted_on"]').fill("2026-11-25")
    form.locator('[name="wanted_on"]').press("Tab")
    expect(form.locator("#over")).to_contain_text("Анна Белова: на")
    workbench.screenshot("assign-4-over-phone")
    page.set_viewport_size(WINDOW)
    form.locator('[name="allows_over"]').check()
    expect(plan).to_contain_text("25 ноября")
    workbench.screenshot("assign-5-over")
    submit.click()

    expect(form.get_by_role("status")).to_contain_text("ЗРН-3 поставлена: Анна Белова, 16 ч")
    office.settle()
    workbench.open_tab("В работе")
    expect(page.locator("#grid")).to_contain_text("Баннер к распродаже")
    workbench.screenshot("assign-6-done")
    [title] = [card["title"] for card in office.cards()]
    assert title == f"ЗРН-3 · {FIRST_LINE}…"
