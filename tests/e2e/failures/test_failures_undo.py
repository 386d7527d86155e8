"""Failures 20 and 21: what the add-on did can be taken back, and what a person types meanwhile stays."""

from __future__ import annotations

from tests.e2e.failures.scene import (
    BACKLOG,
    HOURS,
    assert_edited,
    between,
    estimated,
    formulas_of,
    hours_by_task,
    in_work,
    move_card,
    preview,
    raw,
    sheet_of,
    start,
    statuses,
)
from tests.harness.office import Office
from tests.harness.witness import assert_told, difference


def test_failure_20_every_action_can_be_taken_back(office: Office) -> None:
    """Estimate, start and push, one after the other: cells, formulas, notes, marks as before; no card."""
    office.fill_backlog(*BACKLOG, {"task": "Неясная"})
    office.edit(
        {"type": "type", "sheet": "Бэклог", "cell": "D3", "text": "=LEN(C3)+F4"},
        {"type": "note", "sheet": "Бэклог", "cell": "C2", "text": "спросить у Ольги"},
    )
    states = [raw(office)]
    assert office.do("estimate")["outcome"] == "partial"
    states.append(raw(office))
    start(office)
    states.append(raw(office))
    assert office.do("push")["outcome"] == "done"
    office.settle()
    assert len(office.cards()) == 3

    for before in reversed(states):
        assert_told(office.do("undo"), "done", 200)
        office.settle()
        assert difference(before, raw(office)) is None
    assert office.cards() == []
    assert_told(office.do("undo"), "refused", 422)


def test_failure_20_what_somebody_has_begun_is_left_and_named(office: Office) -> None:
    """A card that was moved stays with its row; the others go."""
    in_work(office)
    move_card(office, "Статья", 1)
    office.settle()

    answer = office.do("undo")

    assert_told(answer, "partial", 200)
    assert "ЗРН-3" in answer["details"][0]
    assert [card["title"] for card in office.cards()] == ["ЗРН-3 · Статья"]
    assert statuses(office)["Статья"] == "В работе"


def test_failure_21_a_figure_typed_meanwhile_is_not_overwritten(office: Office) -> None:
    """Into a cell that the estimate was about to fill, over one it had filled, and a formula instead."""
    office.fill_backlog(*BACKLOG)
    texts = ("7", "1 ч 30 мин", "=2+3")
    for text in texts:
        between(office, {"type": "type", "sheet": "Бэклог", "cell": "H2", "text": text})
        office.type("backlog", 3, quantity=str(2 + texts.index(text)))

        assert office.do("estimate")["outcome"] == "done"

        tab = office.book().tab("backlog")
        [cell] = [
            tab.cell(row, "hours.design") for row in tab.rows if tab.cell(row, "task").value == "Баннер"
        ]
        assert (cell.formula or cell.value) == {"7": 7.0}.get(text, text)
    assert_edited(office)
    expected = {**HOURS, "Баннер": (5.0, None, None), "Статья": (None, 24.0, None)}
    assert hours_by_task(office) == expected


def test_failure_21_words_and_remarks_typed_meanwhile_stay(office: Office) -> None:
    """While rows are moved, cards made and states written: the new words are those that go on."""
    estimated(office)
    preview_id = preview(office)
    between(office, {"type": "type", "sheet": "Бэклог", "cell": "C3", "text": "Лендинг с формой"})
    answer = office.do("start_batch", preview_id=preview_id)
    if answer["outcome"] == "refused":
        assert_told(answer, "refused", 409)
        start(office)
    assert {str(task) for (task,) in office.table("in_progress", "action")} == {
        "Баннер",
        "Лендинг с формой",
        "Статья",
    }

    tab = office.book().tab("in_progress")
    row = next(row for row in tab.rows if tab.cell(row, "action").value == "Статья")
    remark, approval = tab.address(row, "remark"), tab.address(row, "approval")
    between(office, {"type": "type", "sheet": tab.title, "cell": remark, "text": "Короче"})
    assert office.do("push")["outcome"] == "done"
    between(office, {"type": "type", "sheet": tab.title, "cell": approval, "text": "Вернули"})
    move_card(office, "Статья", 2)
    office.settle()

    assert_edited(office)
    shown = {
        task: rest for task, *rest in office.table("in_progress", "action", "status", "approval", "remark")
    }
    assert shown["Статья"] == ["На проверке", "Вернули", "Короче"]


def test_failure_21_dates_move_only_when_the_tracker_moves_them(office: Office) -> None:
    """Refreshing again and again, and estimating beside it, changes no date and no formula."""
    in_work(office)
    dates = office.table("in_progress", "id", "start_on", "due_on")
    formulas = {title: formulas_of(sheet_of(raw(office), title)) for title in ("Клиент", "В работе")}
    office.fill_backlog({"task": "Новая", "hours_copy": "1"})

    for action in ("refresh", "estimate", "refresh"):
        assert office.do(action)["outcome"] == "done"

    assert office.table("in_progress", "id", "start_on", "due_on") == dates
    assert {title: formulas_of(sheet_of(raw(office), title)) for title in formulas} == formulas
