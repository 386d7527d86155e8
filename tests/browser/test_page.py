"""The page with the emulators: the table as Google shows it, editing, the board."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.seed import ITEM_COUNT

pytestmark = pytest.mark.browser


def test_cells_show_values_as_google_formats_them(workbench):
    """Texts, formatted numbers and results of formulas are in cells that can be found by address."""
    expect(workbench.cell("A3")).to_have_text("ЗРН-1")
    expect(workbench.cell("E3")).to_have_text("7,5")
    expect(workbench.cell("F3")).to_have_text("15")


def test_cells_look_as_formatted(workbench):
    """Fills, conditional fills, alignment, merged and hidden columns are drawn."""
    expect(workbench.cell("A2")).to_have_css("background-color", "rgb(15, 89, 79)")
    expect(workbench.cell("A2")).to_have_css("color", "rgb(255, 255, 255)")
    expect(workbench.cell("B3")).to_have_css("background-color", "rgb(255, 0, 0)")
    expect(workbench.cell("B4")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(workbench.cell("E3")).to_have_css("text-align", "right")
    # B:E are merged and D is hidden, so that three columns are covered.
    expect(workbench.cell("B1")).to_have_attribute("colspan", "3")
    expect(workbench.cell("D3")).to_have_count(0)


def test_frozen_cells_stay_in_sight(workbench):
    """The frozen heading and the frozen column do not scroll away."""
    workbench.page.set_viewport_size({"width": 600, "height": 900})
    heading = "document.querySelector('[data-a1=A2]').getBoundingClientRect()"
    before = workbench.page.evaluate(f"[{heading}.x, {heading}.y]")

    workbench.page.locator("#grid").evaluate("grid => grid.scrollTo(60, 2000)")
    expect(workbench.cell("A3")).to_have_count(0)

    assert workbench.page.evaluate("document.querySelector('#grid').scrollLeft") == 60
    assert workbench.page.evaluate(f"[{heading}.x, {heading}.y]") == before


def test_long_tab_is_drawn_by_windows(workbench):
    """Only visible rows and their neighbours are in the document, at any scroll position."""
    rows = workbench.page.locator("#grid tbody tr[data-row]")
    last = workbench.cell(f"A{ITEM_COUNT + 2}")
    expect(last).to_have_count(0)

    workbench.page.locator("#grid").evaluate("grid => grid.scrollTo(0, grid.scrollHeight)")
    expect(last).to_have_text(f"ЗРН-{ITEM_COUNT}")

    assert rows.count() < 100


def test_note_is_shown_on_hover(workbench):
    """A cell with a note has a marked corner, and the note appears when the pointer is on it."""
    card = workbench.page.locator(".note-card")
    expect(card).to_be_hidden()

    workbench.cell("C4").hover()

    expect(card).to_have_text("Клиент просил показать к пятнице")


def test_typed_text_is_saved_by_the_locale(workbench, world):
    """Enter saves what a person typed as Google would read it, and formulas follow."""
    workbench.type_into("E3", "2,5")

    expect(workbench.cell("E3")).to_have_text("2,5")
    expect(workbench.cell("F3")).to_have_text("5")
    assert world.value("Бэклог!E3") == 2.5


def test_typing_over_a_selected_cell_replaces_it(workbench, world):
    """A key pressed on a selected cell begins a new text; Escape changes nothing."""
    workbench.cell("C5").click()
    workbench.page.keyboard.type("New")
    workbench.page.keyboard.press("Enter")
    expect(workbench.cell("C5")).to_have_text("New")

    workbench.page.keyboard.type("Other")
    workbench.page.keyboard.press("Escape")

    assert world.value("Бэклог!C5") == "New"
    assert world.value("Бэклог!C6") == "Главная страница сайта: первый экран и блок преимуществ"


def test_formula_bar_shows_what_was_typed(workbench):
    """The formula bar shows the formula, the cell its result."""
    workbench.cell("F3").click()

    expect(workbench.page.locator("#address")).to_have_text("F3")
    expect(workbench.page.locator("#content")).to_have_text("=E3*2")


def test_dropdown_offers_its_values(workbench, world):
    """A cell with a list is edited by choosing from it."""
    workbench.cell("B3").dblclick()
    options = workbench.page.locator("select.cell-editor option")
    expect(options).to_have_text(["", "Срочно", "Важно", "Обычно"])

    workbench.page.locator("select.cell-editor").select_option("Важно")

    expect(workbench.cell("B3")).to_have_text("Важно")
    assert world.value("Бэклог!B3") == "Важно"


def test_protected_cell_is_refused_as_google_refuses_it(workbench, world):
    """A person who is not an editor of a protected range sees Google's message and the old value."""
    workbench.become("Игорь Ким")

    workbench.type_into("A3", "ЗРН-100")

    expect(workbench.dialog).to_contain_text("Возникла проблема")
    expect(workbench.dialog).to_contain_text("защищённую ячейку")
    assert world.value("Бэклог!A3") == "ЗРН-1"


def test_value_against_the_rule_is_refused(workbench, world):
    """A pasted value that the cell's list does not have is refused with the values it has."""
    workbench.page.evaluate(
        """async ([id]) => {
          const { google } = await import('/static/api.js');
          const { inRussian } = await import('/static/refusals.js');
          const edit = { type: 'type', sheet: 'Бэклог', cell: 'B3', text: 'Когда-нибудь' };
          await google.edit(id, 'anna@agency.example', [edit]).catch((error) => {
            document.title = inRussian(error.message);
          });
        }""",
        [world.client_book_id],
    )

    expect(workbench.page).to_have_title(
        "Данные, введённые в ячейку B3, нарушают правила проверки. "
        "Введите одно из значений: Срочно, Важно, Обычно"
    )
    assert world.value("Бэклог!B3") == "Срочно"


def test_reader_is_refused(workbench, world):
    """A person who may only read cannot change a cell."""
    workbench.become("Посторонний")

    workbench.type_into("C3", "Взломано")

    expect(workbench.dialog).to_contain_text("нет разрешения изменять")
    assert world.value("Бэклог!C3") == "Главная страница сайта: первый экран и блок преимуществ"


def test_tabs_switch_and_charts_are_drawn(workbench):
    """A click on a tab opens its cells; a column chart has a bar for each value."""
    workbench.open_tab("Метрики")

    expect(workbench.cell("A2")).to_have_text("45")
    chart = workbench.page.get_by_role("img", name="Заявки")
    expect(chart.locator("rect")).to_have_count(3 + 1)  # three bars and the mark of the legend


def test_change_from_outside_appears_and_flashes(workbench, world):
    """A write of the backend appears without reloading and is highlighted."""
    world.write("Бэклог!C3", "Записано сервером")

    expect(workbench.cell("C3")).to_have_text("Записано сервером")
    expect(workbench.cell("C3")).to_have_class("flash")
    expect(workbench.cell("C4")).not_to_have_class("flash")


def test_text_that_looks_like_markup_stays_text(workbench, world):
    """Text that a client typed is never treated as markup."""
    world.write("Бэклог!C3", "<img src=x onerror=alert(1)>")

    expect(workbench.cell("C3")).to_have_text("<img src=x onerror=alert(1)>")


def test_another_workbook_is_opened_from_the_list(workbench):
    """A click on the title opens the list of workbooks."""
    workbench.page.locator("#book-title").click()
    workbench.page.get_by_role("button", name="Агентство").click()

    expect(workbench.page.locator("#book-title")).to_have_text("Агентство")
    expect(workbench.page.get_by_role("tab", name="Нормы")).to_be_visible()


def test_board_shows_cards_with_what_matters(workbench):
    """A card shows its title, due day, checklist, hours and responsible person."""
    card = workbench.column("В работе").locator(".card")

    expect(card).to_contain_text("ЗРН-1 Главная страница")
    expect(card).to_contain_text("25 нояб.")
    expect(card).to_contain_text("0 из 2")
    expect(card).to_contain_text("8 ч")
    expect(card.locator(".avatar")).to_have_text("ИК")


def test_link_to_a_card_opens_its_panel(workbench, world):
    """The link in a row opens the card's panel and does not leave the page."""
    url = f"https://acme.kaiten.ru/space/1/boards/card/{world.board['card_id']}"
    world.write("Бэклог!G3", f'=HYPERLINK("{url}";"Открыть")', entered_by="USER_ENTERED")

    workbench.cell("G3").get_by_role("link", name="Открыть").click()

    expect(workbench.page.get_by_label("Карточка")).to_contain_text("ЗРН-1 Главная страница")


def test_dragged_card_moves_in_the_tracker(workbench, world):
    """Dropping a card on a column moves it there, in the tracker and on the page."""
    workbench.drag("ЗРН-1", "Выполнено")

    card = world.kaiten.get(f"/api/latest/cards/{world.board['card_id']}").json()
    assert card["column_id"] == world.board["columns"]["Выполнено"]


def test_card_moved_elsewhere_moves_on_the_page(workbench, world):
    """The board follows the tracker by itself."""
    column_id = world.board["columns"]["На проверке"]
    world.kaiten.patch(f"/api/latest/cards/{world.board['card_id']}", json={"column_id": column_id})

    expect(workbench.column("На проверке").locator(".card")).to_have_count(1)


def test_checklist_and_time_are_kept_on_the_card(workbench, world):
    """Ticking an item and logging time in the panel of a card reach the tracker."""
    workbench.card("ЗРН-1").click()
    panel = workbench.page.get_by_label("Карточка")
    panel.get_by_label("Прототип").check()
    expect(workbench.card("ЗРН-1")).to_contain_text("1 из 2")

    panel.get_by_label("Часы").fill("1,5")
    panel.get_by_role("button", name="Записать время").click()
    expect(workbench.card("ЗРН-1")).to_contain_text("1,5 из 8 ч")

    card = world.kaiten.get(f"/api/latest/cards/{world.board['card_id']}").json()
    assert card["time_spent_sum"] == 90


def test_stranger_sees_no_board(workbench):
    """Without a token of the tracker the page says that there is no board."""
    workbench.become("Посторонний")

    expect(workbench.page.locator("#board")).to_contain_text("нет доступа к трекеру")
