"""Changes of both sides, field by field: *push*, webhook and *refresh* carry them on by one rule."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness.fakes.interruptions import Killed, no_answer
from tests.harness.fakes.tracker import OWN_AUTHOR
from tests.harness.memory_office import MemoryOffice, pushed_office, started_office
from vitrina.errors import FatalServiceError, RetriableServiceError
from vitrina.operations.answer import Answer, Outcome
from vitrina.ports import Step
from vitrina.texts import LOCALES
from vitrina.usecases.tracker.two_way import conflict_note

#: Row of ЗРН-2, which has one action of Борис; rows 0 to 2 are those of ЗРН-1.
BANNER = 3
FIELDS = ("action", "result", "quantity", "specialist", "hours", "due_on")


@pytest.fixture
def office() -> MemoryOffice:
    """Two items with cards: ЗРН-1 with three actions and ЗРН-2 with one."""
    return pushed_office()


def row(office: MemoryOffice, at: int, column: str) -> Any:
    """A cell of *В работе*."""
    return office.table("in_progress", "id", column)[at][1]


def day_of(office: MemoryOffice, at: int) -> date:
    """The due date of a row."""
    return date.fromordinal(date(1899, 12, 30).toordinal() + int(row(office, at, "due_on")))


def note(office: MemoryOffice, at: int, column: str) -> str:
    """The note of a cell."""
    tab = office.tab("in_progress")
    return tab.cell(tab.rows[at], column).note


def change(office: MemoryOffice, number: int, **fields: Any) -> str:
    """People change a card; returns its id."""
    card_id = office.card(number).card_id
    office.tracker.change(card_id, **fields)
    return card_id


def change_step(office: MemoryOffice, number: int, place: int, **fields: Any) -> str:
    """People change a step of a card."""
    steps = list(office.card(number).steps)
    steps[place] = replace(steps[place], **fields)
    return change(office, number, steps=tuple(steps))


def webhook(office: MemoryOffice, number: int) -> None:
    """The tracker reports a change of a card, and the task runs."""
    office.receive(office.tracker.webhook(office.card(number).card_id))
    office.run_queue()


def codes(answer: Answer) -> list[str]:
    """Codes of what is told beside the message."""
    return [one.code for one in answer.details]


# --- One side ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["push", "webhook", "refresh"])
def test_edit_of_the_sheet_goes_to_the_card(office: MemoryOffice, by: str) -> None:
    """Day, person, hours, quantity and the client's words, on the card and on its step."""
    edits = {"due_on": "04.12.2026", "specialist": "Анна Белова", "hours": "7,25", "quantity": "2,5"}
    office.type("in_progress", BANNER, **edits, action="Баннер на главную", result="Клики\nрастут")

    if by == "webhook":
        webhook(office, 2)
    else:
        office.do(by)

    card = office.card(2)
    assert (card.due_on, card.assignee_id, card.estimate_hours) == (date(2026, 12, 4), "11", 7.25)
    assert card.title == "ЗРН-2 · Баннер на главную"
    assert (card.facts["Количество"], card.facts["Результат"]) == ("2,5", "Клики\nрастут")
    [step] = card.steps
    assert (step.text, step.assignee_id, step.due_on) == ("Дизайн — Анна Белова", "11", date(2026, 12, 4))
    assert [row(office, BANNER, one) for one in FIELDS[:5]] == [
        "Баннер на главную", "Клики\nрастут", 2.5, "Анна Белова", 7.25,
    ]  # fmt: skip
    item = office.items()[2]
    assert (item.task, item.result, item.quantity) == ("Баннер на главную", "Клики\nрастут", 2.5)


@pytest.mark.parametrize("by", ["webhook", "refresh"])
def test_edit_of_the_card_goes_to_the_sheet(office: MemoryOffice, by: str) -> None:
    """Of the card, or of its only step; the other place follows."""
    facts = {**office.card(2).facts, "Количество": "3\nкак договорились"}
    change(office, 2, due_on=date(2026, 12, 4), estimate_hours=9.5, facts=facts)
    change_step(office, 2, 0, assignee_id="11")

    if by == "webhook":
        webhook(office, 2)
    else:
        office.do("refresh")

    assert day_of(office, BANNER) == date(2026, 12, 4)
    assert [row(office, BANNER, one) for one in ("specialist", "hours", "quantity")] == [
        "Анна Белова", 9.5, 3.0,
    ]  # fmt: skip
    card = office.card(2)
    assert (card.assignee_id, card.steps[0].due_on) == ("11", date(2026, 12, 4))
    assert card.facts["Количество"] == "3\nкак договорились"


def test_nothing_is_sent_twice(office: MemoryOffice) -> None:
    """Once both sides agree, a push reads no card, and a refresh changes none."""
    office.type("in_progress", BANNER, due_on="04.12.2026")
    office.do("push")
    office.tracker.calls.clear()

    for action in ("push", "refresh", "push"):
        office.do(action)

    assert office.tracker.calls == {"get_card": 2}


def test_push_reads_only_cards_of_changed_rows(office: MemoryOffice) -> None:
    """One is read, changed, and read again."""
    office.type("in_progress", BANNER, due_on="04.12.2026")
    office.tracker.calls.clear()

    answer = office.do("push")

    assert (answer.outcome, answer.message.code, answer.message.where["count"]) == (
        Outcome.DONE, "push.changed", 1,
    )  # fmt: skip
    assert office.tracker.calls == {"get_card": 2, "change_card": 1}


def test_push_makes_cards_and_changes_others(office: MemoryOffice) -> None:
    """What was made is said first."""
    office.start({"task": "Статья", "work_type": "Статья"})
    office.type("in_progress", BANNER, due_on="04.12.2026")

    answer = office.do("push")

    assert (answer.message.code, answer.data["made"]) == ("push.done", 1)
    assert "push.changed" in codes(answer)
    assert office.card(2).due_on == date(2026, 12, 4)
    assert len(office.tracker.cards) == 3


def test_tracker_that_fails_after_cards_were_made(office: MemoryOffice) -> None:
    """What was made is said, with the reason why the rest is missing; the next push does it."""
    office.start({"task": "Статья", "work_type": "Статья"})
    office.type("in_progress", BANNER, due_on="04.12.2026")
    office.tracker.before("change_card", no_answer("Трекер"))

    answer = office.do("push")

    assert (answer.outcome, answer.data["made"]) == (Outcome.PARTIAL, 1)
    assert codes(answer)[0] == "service.no_answer"
    assert office.do("push").message.code == "push.changed"
    assert office.card(2).due_on == date(2026, 12, 4)


def test_several_actions_have_days_and_people_of_their_own(office: MemoryOffice) -> None:
    """Each follows its step; day and person of the card itself follow the rows."""
    office.type("in_progress", 0, due_on="30.11.2026")
    office.type("in_progress", 2, due_on="10.12.2026")
    office.do("push")
    change_step(office, 1, 1, due_on=date(2026, 12, 7), assignee_id="11")

    office.do("refresh")

    card = office.card(1)
    assert (card.steps[0].due_on, card.steps[2].due_on) == (date(2026, 11, 30), date(2026, 12, 10))
    assert card.due_on == date(2026, 12, 10)
    assert (day_of(office, 1), row(office, 1, "specialist")) == (date(2026, 12, 7), "Анна Белова")
    assert [row(office, at, "specialist") for at in (0, 2)] != ["Анна Белова"] * 2


def test_hours_of_several_actions(office: MemoryOffice) -> None:
    """The card has their sum; a new sum is divided in proportion among the rows."""
    before = [row(office, at, "hours") for at in range(3)]
    total = sum(before)
    change(office, 1, estimate_hours=total * 2)

    office.do("refresh")

    assert [row(office, at, "hours") for at in range(3)] == pytest.approx([one * 2 for one in before])
    office.type("in_progress", 0, hours="1")
    office.do("push")
    assert office.card(1).estimate_hours == pytest.approx(1 + 2 * sum(before[1:]))


def test_hours_of_finished_actions_stay(office: MemoryOffice) -> None:
    """What is done took what it took."""
    office.tracker.tick(office.card(1).card_id, 0)
    office.tracker.move(office.card(1).card_id, 1)
    office.do("refresh")
    before = [row(office, at, "hours") for at in range(3)]
    change(office, 1, estimate_hours=sum(before) + 6)

    office.do("refresh")

    after = [row(office, at, "hours") for at in range(3)]
    assert after[0] == before[0]
    assert sum(after) == pytest.approx(sum(before) + 6)


def test_result_in_one_row_is_that_of_the_item(office: MemoryOffice) -> None:
    """The other rows get it too; a title has to be changed in all rows."""
    office.type("in_progress", 1, result="Заявки", action="Тексты лендинга")

    answer = office.do("push")

    assert [row(office, at, "result") for at in range(3)] == ["Заявки"] * 3
    assert office.card(1).facts["Результат"] == "Заявки"
    assert office.card(1).title == "ЗРН-1 · Лендинг"
    assert "sync.torn.action" in codes(answer)
    for at in range(3):
        office.type("in_progress", at, action="Посадочная")
    office.do("push")
    assert office.card(1).title == "ЗРН-1 · Посадочная"


def test_rows_that_contradict_are_left_alone(office: MemoryOffice) -> None:
    """Neither of them goes to the card, and the card's quantity is not written over them; that is told."""
    office.type("in_progress", 0, quantity="2")
    office.type("in_progress", 1, quantity="3")
    change(office, 1, facts={**office.card(1).facts, "Количество": "5"})

    answer = office.do("refresh")

    assert "sync.torn.quantity" in codes(answer)
    assert [row(office, at, "quantity") for at in range(3)] == [2.0, 3.0, 1.0]
    assert office.card(1).facts["Количество"] == "5"
    for at in range(3):
        office.type("in_progress", at, quantity="5")
    assert "sync.torn.quantity" not in codes(office.do("refresh"))


def test_conflict_of_an_item_is_not_spread_over_its_rows(office: MemoryOffice) -> None:
    """The other rows keep what they have until somebody decides."""
    office.type("in_progress", 1, quantity="2")
    change(office, 1, facts={**office.card(1).facts, "Количество": "5"})

    answer = office.do("refresh")

    assert [row(office, at, "quantity") for at in range(3)] == [1.0, 2.0, 1.0]
    office.do("settle_conflicts", keep="sheet", conflicts=keys(answer))
    assert [row(office, at, "quantity") for at in range(3)] == [2.0] * 3
    assert office.card(1).facts["Количество"] == "2"


# --- Both sides ------------------------------------------------------------------------------------


def make_conflict(office: MemoryOffice) -> Answer:
    """Day and hours of ЗРН-2 are changed on both sides, its person only in the sheet."""
    office.type("in_progress", BANNER, due_on="04.12.2026", hours="5", specialist="Анна Белова")
    change(office, 2, due_on=date(2026, 12, 7), estimate_hours=6.0)
    return office.do("push")


def keys(answer: Answer) -> list[str]:
    """Keys of the conflicts that an answer shows."""
    return [one["key"] for one in answer.data.get("conflicts", [])]


def test_conflict_writes_nothing_and_is_shown(office: MemoryOffice) -> None:
    """Both values stay where they are and stand in the answer; what is no conflict goes on."""
    answer = make_conflict(office)

    card = office.card(2)
    assert (card.due_on, card.estimate_hours, card.assignee_id) == (date(2026, 12, 7), 6.0, "11")
    assert (day_of(office, BANNER), row(office, BANNER, "hours")) == (date(2026, 12, 4), 5.0)
    assert (answer.outcome, answer.message.code) == (Outcome.PARTIAL, "sync.conflicts")
    shown = {one["field"].code: one for one in answer.data["conflicts"]}
    assert shown.keys() == {"conflict.field.due_on", "conflict.field.hours"}
    day = shown["conflict.field.due_on"]
    assert (day["id"], day["task"]) == ("ЗРН-2", "Баннер")
    assert day["sheet"].where["value"] == date(2026, 12, 4)
    assert [one.where["value"] for one in day["tracker"]] == [date(2026, 12, 7)]
    assert note(office, BANNER, "due_on") == note(office, BANNER, "hours") == conflict_note("ru")
    assert note(office, BANNER, "specialist") == ""


def test_change_of_a_card_that_was_read_ahead_is_a_conflict(office: MemoryOffice) -> None:
    """Of two cards that are read at a time people change the second one before its turn has come."""
    office.tracker.can = replace(office.tracker.can, cards_at_a_time=2)
    office.type("in_progress", BANNER, due_on="04.12.2026")
    for _ in range(2):
        office.tracker.before("get_card", lambda: None)
    office.tracker.before("get_card", lambda: change(office, 2, due_on=date(2026, 12, 7)) and None)

    answer = office.do("refresh")

    assert answer.message.code == "sync.conflicts"
    assert (office.card(2).due_on, day_of(office, BANNER)) == (date(2026, 12, 7), date(2026, 12, 4))


def test_conflict_is_shown_by_each_look_until_it_is_settled(office: MemoryOffice) -> None:
    """Looks of the timer change nothing of it."""
    first = make_conflict(office)
    office.run_job({"kind": "reconcile", "spreadsheet_id": office.client_id})

    for action in ("refresh", "push"):
        assert keys(office.do(action)) == keys(first)
    assert (office.card(2).due_on, day_of(office, BANNER)) == (date(2026, 12, 7), date(2026, 12, 4))


@pytest.mark.parametrize(("keep", "day", "hours"), [("sheet", 4, 5.0), ("tracker", 7, 6.0)])
def test_one_choice_for_all(office: MemoryOffice, keep: str, day: int, hours: float) -> None:
    """Both sides are equal afterwards, and our notes are gone."""
    shown = keys(make_conflict(office))

    answer = office.do("settle_conflicts", keep=keep, conflicts=shown)

    assert (answer.outcome, answer.message.code) == (Outcome.DONE, f"settle.{keep}")
    card, when = office.card(2), date(2026, 12, day)
    assert (card.due_on, card.steps[0].due_on, day_of(office, BANNER)) == (when, when, when)
    assert card.estimate_hours == row(office, BANNER, "hours") == hours
    assert note(office, BANNER, "due_on") == note(office, BANNER, "hours") == ""
    office.tracker.calls.clear()
    assert keys(office.do("push")) == []
    assert office.tracker.calls == {}


def test_one_line_is_settled(office: MemoryOffice) -> None:
    """The others are shown again."""
    first, second = keys(make_conflict(office))

    answer = office.do("settle_conflicts", keep="sheet", conflicts=[first], shown=[first, second])

    assert keys(answer) == [second]


def test_values_that_changed_since_they_were_shown(office: MemoryOffice) -> None:
    """Nobody chose about those: they are shown again, and nothing is written over."""
    shown = keys(make_conflict(office))
    change(office, 2, due_on=date(2026, 12, 9))

    answer = office.do("settle_conflicts", keep="sheet", conflicts=shown)

    assert len(keys(answer)) == 1
    assert (office.card(2).due_on, office.card(2).estimate_hours) == (date(2026, 12, 9), 5.0)


def test_notes_of_people_stay(office: MemoryOffice) -> None:
    """A cell with a note of a person gets none of ours, and keeps his after the end of the conflict."""
    tab = office.tab("in_progress")
    cell = tab.address(tab.rows[BANNER], "due_on")
    office.edit({"type": "note", "sheet": tab.title, "cell": cell, "text": "Не отправлено: спросить"})
    shown = keys(make_conflict(office))
    before = note(office, BANNER, "due_on")

    office.do("settle_conflicts", keep="sheet", conflicts=shown)

    assert before == note(office, BANNER, "due_on") == "Не отправлено: спросить"


def test_same_change_on_both_sides_is_none(office: MemoryOffice) -> None:
    """Both agree."""
    office.type("in_progress", BANNER, due_on="04.12.2026")
    change(office, 2, due_on=date(2026, 12, 4))

    answer = office.do("push")

    assert (keys(answer), office.card(2).steps[0].due_on) == ([], date(2026, 12, 4))


def test_card_and_step_that_contradict(office: MemoryOffice) -> None:
    """Both days are shown; a choice makes them one."""
    change(office, 2, due_on=date(2026, 12, 7))
    change_step(office, 2, 0, due_on=date(2026, 12, 8))

    answer = office.do("refresh")

    [conflict] = answer.data["conflicts"]
    assert [one.where["value"].day for one in conflict["tracker"]] == [7, 8]
    office.do("settle_conflicts", keep="tracker", conflicts=keys(answer))
    assert day_of(office, BANNER) == office.card(2).steps[0].due_on == date(2026, 12, 7)


@pytest.mark.parametrize("side", ["sheet", "tracker"])
def test_emptied_field_is_a_conflict(office: MemoryOffice, side: str) -> None:
    """A day that somebody took away is not taken from the other side by itself."""
    known = day_of(office, BANNER)
    if side == "sheet":
        office.type("in_progress", BANNER, due_on="")
    else:
        change(office, 2, due_on=None)

    answer = office.do("refresh")

    assert [one["field"].code for one in answer.data["conflicts"]] == ["conflict.field.due_on"]
    office.do("settle_conflicts", keep="tracker" if side == "sheet" else "sheet", conflicts=keys(answer))
    assert office.card(2).due_on == day_of(office, BANNER) == known


def test_formula_of_a_person_is_not_written_over(office: MemoryOffice) -> None:
    """The card's value is shown beside it, and stands there only after a choice."""
    office.type("in_progress", BANNER, hours="=2+1")
    office.do("push")
    change(office, 2, estimate_hours=6.0)

    answer = office.do("refresh")

    tab = office.tab("in_progress")
    assert tab.cell(tab.rows[BANNER], "hours").formula == "=2+1"
    office.do("settle_conflicts", keep="tracker", conflicts=keys(answer))
    assert row(office, BANNER, "hours") == 6.0


# --- The client's words ------------------------------------------------------------------------------


def test_renamed_card_keeps_its_name(office: MemoryOffice) -> None:
    """That is told, also when the sheet changes afterwards; the sheet keeps its own."""
    facts = {**office.card(2).facts, "Результат": "По-своему"}
    change(office, 2, title="Баннер для Зари", facts=facts)
    first = office.do("refresh")
    office.type("in_progress", BANNER, action="Баннер на главную", result="Клики")

    second = office.do("push")

    for answer in (first, second):
        assert {"sync.renamed", "sync.rewritten"} <= set(codes(answer))
        assert answer.outcome is Outcome.DONE
    assert (office.card(2).title, office.card(2).facts["Результат"]) == ("Баннер для Зари", "По-своему")
    assert row(office, BANNER, "action") == "Баннер на главную"
    assert office.items()[2].task == "Баннер на главную"


def test_card_is_made_with_the_words_of_the_sheet() -> None:
    """Also if they were changed between the start and the first push."""
    office = started_office()
    office.type("in_progress", BANNER, action="Баннер на главную", quantity="4")

    office.do("push")

    card = office.card(2)
    assert (card.title, card.facts["Количество"]) == ("ЗРН-2 · Баннер на главную", "4")
    assert (office.items()[2].task, office.items()[2].quantity) == ("Баннер на главную", 4.0)


def test_card_that_was_found_is_agreed_on() -> None:
    """The process that made it died; what it has in common with the rows is known, and edits go both ways."""
    office = started_office()
    office.tracker.after("create_card", no_answer("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("push")
    office.do("push")
    office.tracker.calls.clear()

    assert office.do("push").message.code == "push.nothing_new"
    assert office.tracker.calls["get_card"] == 0
    office.type("in_progress", 0, due_on="30.11.2026")
    assert keys(office.do("push")) == []
    assert office.card(1).steps[0].due_on == date(2026, 11, 30)


# --- Steps -------------------------------------------------------------------------------------------


def test_reordered_steps_keep_their_states(office: MemoryOffice) -> None:
    """A step is known by its id, not by its place."""
    office.tracker.tick(office.card(1).card_id, 0)
    office.tracker.move(office.card(1).card_id, 1)
    change(office, 1, steps=office.card(1).steps[::-1])

    office.do("refresh")

    assert [row(office, at, "status") for at in range(3)] == ["Выполнено", "В работе", "В работе"]
    people = [row(office, at, "specialist") for at in range(3)]
    assert len(set(people)) == 3


def test_step_of_people_is_nobodys_row(office: MemoryOffice) -> None:
    """A ticked step that people put first is not the state of the first action."""
    ours = office.card(1).steps
    change(office, 1, steps=(Step("Позвонить", is_done=True, step_id="900"), *ours))
    office.tracker.move(office.card(1).card_id, 1)

    office.do("refresh")

    assert [row(office, at, "status") for at in range(3)] == ["В работе"] * 3
    assert row(office, 0, "progress") == "1/4"


def test_step_that_is_gone(office: MemoryOffice) -> None:
    """The others keep their rows, and its row keeps what it has."""
    ours = office.card(1).steps
    change(office, 1, steps=(ours[1], replace(ours[2], is_done=True)))
    office.tracker.move(office.card(1).card_id, 1)
    people = [row(office, at, "specialist") for at in range(3)]

    office.do("refresh")

    assert [row(office, at, "status") for at in range(3)] == ["В работе", "В работе", "Выполнено"]
    assert [row(office, at, "specialist") for at in range(3)] == people


def forget_agreement(office: MemoryOffice) -> None:
    """Let the store be that of a release that remembered nothing of this."""
    for number, item in office.items().items():
        actions = tuple(replace(action, step_id="", agreed={}) for action in item.actions)
        office.change_item(number, actions=actions, agreed={})


def test_card_of_an_earlier_release(office: MemoryOffice) -> None:
    """Steps are known by their texts; what is equal is agreed on at the first look, then the rule holds."""
    forget_agreement(office)
    change(office, 1, steps=office.card(1).steps[::-1])
    office.tracker.tick(office.card(1).card_id, 2)
    office.tracker.move(office.card(1).card_id, 1)

    first = office.do("refresh")
    office.type("in_progress", BANNER, due_on="04.12.2026")
    office.do("push")

    assert keys(first) == []
    assert [row(office, at, "status") for at in range(3)] == ["Выполнено", "В работе", "В работе"]
    assert office.card(2).due_on == date(2026, 12, 4)
    assert all(action.step_id for item in office.items().values() for action in item.actions)


def test_what_an_earlier_release_left_different(office: MemoryOffice) -> None:
    """Nobody knows who changed it: both values are shown, and a push looks as well."""
    forget_agreement(office)
    change(office, 2, estimate_hours=20.0)

    answer = office.do("push")

    assert [one["field"].code for one in answer.data["conflicts"]] == ["conflict.field.hours"]
    assert office.card(2).estimate_hours == 20.0


# --- What cannot be right --------------------------------------------------------------------------


def test_day_of_the_sheet_that_cannot_be_right(office: MemoryOffice) -> None:
    """The cell is named, and the card keeps its day."""
    known = office.card(2).due_on
    office.type("in_progress", BANNER, due_on="04.12.2066")

    answer = office.do("push")

    assert answer.outcome is Outcome.PARTIAL
    assert [(one.code, one.sheet) for one in answer.cells] == [("cell.day_far", "В работе")]
    assert office.card(2).due_on == known


def test_values_of_the_card_that_cannot_be_right(office: MemoryOffice) -> None:
    """They are told and not written."""
    before = [row(office, BANNER, one) for one in FIELDS]
    facts = {**office.card(2).facts, "Количество": "много"}
    change(office, 2, due_on=date(2206, 12, 4), estimate_hours=5000.0, assignee_id="99", facts=facts)

    answer = office.do("refresh")

    told = {"sync.bad_day", "sync.bad_hours", "sync.stranger", "sync.bad_quantity"}
    assert told <= set(codes(answer))
    assert answer.outcome is Outcome.PARTIAL
    assert [row(office, BANNER, one) for one in FIELDS] == before


def test_unknown_person_against_a_change_of_the_sheet(office: MemoryOffice) -> None:
    """A conflict that can be settled for the sheet only."""
    office.type("in_progress", BANNER, specialist="Анна Белова")
    change(office, 2, assignee_id="99")

    answer = office.do("push")

    [conflict] = answer.data["conflicts"]
    assert (conflict["sheet"], conflict["tracker"][0].code) == ("Анна Белова", "conflict.stranger")
    again = office.do("settle_conflicts", keep="tracker", conflicts=keys(answer))
    assert (keys(again), row(office, BANNER, "specialist")) == (keys(answer), "Анна Белова")
    office.do("settle_conflicts", keep="sheet", conflicts=keys(answer))
    assert office.card(2).assignee_id == "11"


def test_bad_cells_are_named_and_the_rest_goes_on(office: MemoryOffice) -> None:
    """A day that is no day, a quantity that is none."""
    office.type("in_progress", BANNER, due_on="скоро", quantity="пара", hours="5")

    answer = office.do("push")

    assert {one.code for one in answer.cells} == {"cell.day", "cell.quantity"}
    assert office.card(2).estimate_hours == 5.0


# --- What people do with cards and boards ----------------------------------------------------------


def test_card_in_the_archive(office: MemoryOffice) -> None:
    """That is told; what the sheet changed stays there and is told too."""
    change(office, 2, is_archived=True)
    office.type("in_progress", BANNER, due_on="04.12.2026")
    known = office.card(2).due_on

    answer = office.do("push")

    assert {"sync.archived", "sync.archived_unsent"} <= set(codes(answer))
    assert office.card(2).due_on == known


def test_card_on_another_board_and_in_another_column(office: MemoryOffice) -> None:
    """Both are told; the status stays, the rest goes on both ways."""
    other = office.tracker.create_board("Другая", ("Одна",))
    change(office, 2, board_id=other.board_id, stage_id=other.stages[0].stage_id)
    change(office, 1, stage_id="new")
    office.type("in_progress", BANNER, due_on="04.12.2026")

    answer = office.do("refresh")

    assert {"sync.other_board", "sync.other_stage"} <= set(codes(answer))
    assert office.card(2).due_on == date(2026, 12, 4)
    assert row(office, BANNER, "status") == "Онбординг"


def test_deleted_card(office: MemoryOffice) -> None:
    """It is told, and the others go on."""
    gone = office.card(2).card_id
    office.tracker.remove_card(gone)
    office.type("in_progress", BANNER, due_on="04.12.2026")
    office.type("in_progress", 0, due_on="30.11.2026")

    answer = office.do("push")

    assert "sync.gone" in codes(answer)
    assert office.card(1).steps[0].due_on == date(2026, 11, 30)


def test_tracker_that_refuses_a_value(office: MemoryOffice) -> None:
    """The edit stays in the sheet and is told; nothing is written over it later."""
    office.type("in_progress", BANNER, due_on="04.12.2026")
    refusal = FatalServiceError("service.refused", service="Трекер", status=400)
    office.tracker.before("change_card", refused(refusal))

    answer = office.do("push")

    assert "sync.not_taken" in codes(answer)
    assert answer.outcome is Outcome.PARTIAL
    office.do("refresh")
    assert office.card(2).due_on == day_of(office, BANNER) == date(2026, 12, 4)


def refused(error: BaseException) -> Any:
    """Raises an error in place of a call."""

    def fail() -> None:
        raise error

    return fail


# --- Broken off anywhere ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fake", "call", "moment"),
    [
        ("tracker", "change_card", "before"),
        ("tracker", "change_card", "after"),
        ("workbooks", "batch_update", "before"),
        ("workbooks", "batch_update", "after"),
    ],
)
def test_answer_that_is_lost(office: MemoryOffice, fake: str, call: str, moment: str) -> None:
    """Edits of both sides arrive by the next look, each where it was not, and none comes back."""
    office.type("in_progress", BANNER, due_on="04.12.2026")
    change(office, 2, estimate_hours=6.0)
    getattr(getattr(office, fake), moment)(call, no_answer("Трекер"))
    with pytest.raises(RetriableServiceError):
        office.do("refresh")

    answer = office.do("refresh")

    assert keys(answer) == []
    assert (office.card(2).due_on, office.card(2).estimate_hours) == (date(2026, 12, 4), 6.0)
    assert (day_of(office, BANNER), row(office, BANNER, "hours")) == (date(2026, 12, 4), 6.0)


@pytest.mark.slow
@pytest.mark.parametrize("action", ["push", "refresh"])
def test_killed_after_each_call(action: str) -> None:
    """Whoever goes on, both sides end the same, with nothing sent twice that people would notice."""

    def edited() -> MemoryOffice:
        office = pushed_office()
        office.type("in_progress", BANNER, due_on="04.12.2026", quantity="3")
        office.type("in_progress", 0, specialist="Борис Ким")
        change(office, 2, estimate_hours=6.0)
        change_step(office, 1, 2, due_on=date(2026, 12, 7))
        return office

    def end(office: MemoryOffice) -> Any:
        office.do("refresh")
        cells = [[row(office, at, one) for one in FIELDS] for at in range(4)]
        return cells, office.tracker.cards, {n: replace(one, fence="") for n, one in office.items().items()}

    office = edited()
    for one in (office.tracker, office.workbooks, office.store):
        one.calls.clear()
    office.do(action)
    counts = [
        (fake, call, count)
        for fake in ("tracker", "workbooks", "store")
        for call, count in getattr(office, fake).calls.items()
    ]
    expected = end(office)
    for fake, call, count in counts:
        for nth in range(count):
            office = edited()
            # Before a call is right after the one before it.
            for _ in range(nth):
                getattr(office, fake).after(call, lambda: None)
            getattr(office, fake).after(call, refused(Killed()))
            with pytest.raises(Killed):
                office.do(action, operation_id="click")
            office.clock.advance(seconds=100)

            office.do(action, operation_id="click")

            assert end(office) == expected, (fake, call, nth)
    assert sum(count for _, _, count in counts) > 12


def test_edit_between_reading_and_writing(office: MemoryOffice) -> None:
    """The sheet is read again; the new value is not written over, and goes to the card by the next look."""
    change(office, 2, estimate_hours=6.0)
    office.workbooks.before(
        "batch_update", lambda: office.type("in_progress", BANNER, hours="4", due_on="04.12.2026")
    )

    office.do("refresh")
    answer = office.do("push")

    assert row(office, BANNER, "hours") == 4.0
    assert [one["field"].code for one in answer.data["conflicts"]] == ["conflict.field.hours"]
    assert office.card(2).due_on == date(2026, 12, 4)


def test_own_echo_causes_nothing(office: MemoryOffice) -> None:
    """A webhook of our own change is no hint; one that is taken for another's finds nothing to write."""
    office.type("in_progress", BANNER, due_on="04.12.2026")
    office.do("push")
    card_id = office.card(2).card_id
    office.tracker.calls.clear()
    before = [row(office, BANNER, one) for one in FIELDS]

    assert office.receive(office.tracker.webhook(card_id, author=OWN_AUTHOR)) == 0
    assert office.receive(office.tracker.webhook(card_id)) == 1
    office.run_queue()

    assert (office.tracker.calls, office.queue.waiting) == ({"get_card": 1}, [])
    assert [row(office, BANNER, one) for one in FIELDS] == before


# --- Undo --------------------------------------------------------------------------------------------


def test_undo_of_a_push_after_changes(office: MemoryOffice) -> None:
    """A card that only followed the sheet is untouched by people, and goes."""
    office.type("in_progress", BANNER, due_on="04.12.2026", action="Баннер на главную", quantity="2")
    office.do("push")

    answer = office.do("undo")

    assert answer.outcome is Outcome.DONE
    assert office.tracker.cards == []
    assert all(not item.card_id and not item.agreed for item in office.items().values())
    office.do("push")
    assert office.card(2).due_on == date(2026, 12, 4)


def test_workbook_of_an_earlier_release(office: MemoryOffice) -> None:
    """Without the columns of result and quantity the other fields go both ways."""
    tab = office.tab("in_progress")
    for column in ("quantity", "result"):
        now = office.tab("in_progress")
        letter = now.address(now.rows[0], column).rstrip("0123456789")
        office.edit({"type": "delete_columns", "sheet": tab.title, "at": letter})
    facts = {**office.card(2).facts, "Количество": "3"}
    change(office, 2, facts=facts, estimate_hours=6.0)
    office.type("in_progress", BANNER, due_on="04.12.2026")

    answer = office.do("refresh")

    assert answer.outcome is Outcome.DONE
    assert (office.card(2).due_on, row(office, BANNER, "hours")) == (date(2026, 12, 4), 6.0)
    office.start({"task": "Статья", "work_type": "Статья"}, is_pushed=True)
    assert office.card(3).facts["Количество"] == "1"


def test_note_is_the_same_in_both_languages_for_clients() -> None:
    """It tells nothing internal: no name, no figure, no command."""
    for locale in LOCALES:
        assert not any(word in conflict_note(locale) for word in ("«", "“", "{"))
