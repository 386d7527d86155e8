"""Failures 20 and 21: what the add-on did can be taken back, and what a person types meanwhile stays."""

from __future__ import annotations

from tests.e2e.failures.helpers import (
    BACKLOG,
    HOURS,
    assert_edits_made,
    build_preview,
    edit_during,
    estimate_backlog,
    formulas_of,
    hours_by_task,
    move_card,
    put_in_progress,
    read_raw,
    sheet_of,
    start_period,
    statuses,
)
from tests.harness.assertions import assert_answer
from tests.harness.office import Office
from tests.harness.snapshots import difference, without_given_numbers


def test_failure_20_every_action_can_be_taken_back(office: Office) -> None:
    """Estimate, start and push, one after the other: cells, formulas, notes, marks as before; no card."""
    office.fill_backlog(*BACKLOG, {"task": "Неясная"})
    office.edit(
        {"type": "type", "sheet": "Бэклог", "cell": "D3", "text": "=LEN(C3)+F4"},
        {"type": "note", "sheet": "Бэклог", "cell": "C2", "text": "спросить у Ольги"},
    )
    states = [read_raw(office)]
    assert office.do("estimate")["outcome"] == "partial"
    states.append(read_raw(office))
    start_period(office)
    states.append(read_raw(office))
    assert office.do("push")["outcome"] == "done"
    office.settle()
    assert len(office.cards()) == 3

    for before in reversed(states):
        assert_answer(office.do("undo"), "done", 200)
        office.settle()
        now, tab = read_raw(office), office.book().tab("backlog")
        if before is states[0]:
            # A number that was given stays with its row.
            before, now = without_given_numbers(before, tab), without_given_numbers(now, tab)  # noqa: PLW2901
        assert difference(before, now) is None
    assert office.cards() == []
    assert_answer(office.do("undo"), "refused", 422)


def test_failure_20_what_somebody_has_begun_is_left_and_named(office: Office) -> None:
    """A card that was moved stays with its row; the others go."""
    put_in_progress(office)
    move_card(office, "Статья", 1)
    office.settle()

    answer = office.do("undo")

    assert_answer(answer, "partial", 200)
    assert "ЗРН-3" in answer["details"][0]
    assert [card["title"] for card in office.cards()] == ["ЗРН-3 · Статья"]
    assert statuses(office)["Статья"] == "В работе"


def test_failure_21_a_figure_typed_meanwhile_is_not_overwritten(office: Office) -> None:
    """Into a cell that the estimate was about to fill, over one it had filled, and a formula instead."""
    office.fill_backlog(*BACKLOG)
    texts = ("7", "1 ч 30 мин", "=2+3")
    for text in texts:
        edit_during(office, {"type": "type", "sheet": "Бэклог", "cell": "H2", "text": text})
        office.type("backlog", 3, quantity=str(2 + texts.index(text)))

        assert office.do("estimate")["outcome"] == "done"

        tab = office.book().tab("backlog")
        [cell] = [
            tab.cell(row, "hours.design") for row in tab.rows if tab.cell(row, "task").value == "Баннер"
        ]
        assert (cell.formula or cell.value) == {"7": 7.0}.get(text, text)
    assert_edits_made(office)
    expected = {**HOURS, "Баннер": (5.0, None, None), "Статья": (None, 24.0, None)}
    assert hours_by_task(office) == expected


def test_failure_21_words_and_remarks_typed_meanwhile_stay(office: Office) -> None:
    """While rows are moved, cards made and states written: the new words are those that go on."""
    estimate_backlog(office)
    preview_id = build_preview(office)
    edit_during(office, {"type": "type", "sheet": "Бэклог", "cell": "C3", "text": "Лендинг с формой"})
    answer = office.do("start_batch", preview_id=preview_id)
    if answer["outcome"] == "refused":
        assert_answer(answer, "refused", 409)
        start_period(office)
    assert {str(task) for (task,) in office.table("in_progress", "action")} == {
        "Баннер",
        "Лендинг с формой",
        "Статья",
    }

    tab = office.book().tab("in_progress")
    row = next(row for row in tab.rows if tab.cell(row, "action").value == "Статья")
    remark, approval = tab.address(row, "remark"), tab.address(row, "approval")
    edit_during(office, {"type": "type", "sheet": tab.title, "cell": remark, "text": "Короче"})
    assert office.do("push")["outcome"] == "done"
    edit_during(office, {"type": "type", "sheet": tab.title, "cell": approval, "text": "Вернули"})
    move_card(office, "Статья", 2)
    office.settle()

    assert_edits_made(office)
    shown = {
        task: rest for task, *rest in office.table("in_progress", "action", "status", "approval", "remark")
    }
    status, *answer_of_client = shown["Статья"]
    assert answer_of_client == ["Вернули", "Короче"]
    # Seen in time, the answer is carried out: the work is taken up again.
    assert status in ("На проверке", "В работе")


def test_failure_21_dates_move_only_when_the_tracker_moves_them(office: Office) -> None:
    """Refreshing again and again, and estimating beside it, changes no date and no formula."""
    put_in_progress(office)
    dates = office.table("in_progress", "id", "start_on", "due_on")
    formulas = {title: formulas_of(sheet_of(read_raw(office), title)) for title in ("Клиент", "В работе")}
    office.fill_backlog({"task": "Новая", "hours_copy": "1"})

    for action in ("refresh", "estimate", "refresh"):
        assert office.do(action)["outcome"] == "done"

    assert office.table("in_progress", "id", "start_on", "due_on") == dates
    assert {title: formulas_of(sheet_of(read_raw(office), title)) for title in formulas} == formulas
