"""A task for a specialist: the form filled from a cell, hours within limits, rows, promise and card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from tests.harness.agency_data import MANAGER, NOW
from tests.harness.fakes.interruptions import busy, no_answer
from tests.harness.memory_office import MemoryOffice, SavedOffice, client_office, pushed_office
from vitrina.errors import (
    CellsError,
    ChangedMeanwhileError,
    ServiceError,
    UserError,
)
from vitrina.jobs.expire import expire
from vitrina.operations.answer import Answer, Outcome, answer_json
from vitrina.operations.outbox import OUTBOX
from vitrina.operations.run import LEASE
from vitrina.project.resources import plan_lease
from vitrina.records.books import load_agency, load_project
from vitrina.records.previews import ASSIGNMENT
from vitrina.records.work import committed_hours

TODAY = NOW.date()
FRIDAY = TODAY + timedelta(days=4)
ANNA, BORIS, VERA = "Анна Белова", "Борис Ким", "Вера Орлова"


def one_part(profile: str = "design", specialist: str = "", hours: float | None = None) -> dict[str, Any]:
    """The part of a form with one."""
    return {"profile": profile, "specialist": specialist, "hours": hours}


def ask(office: MemoryOffice, part: Mapping[str, Any] | None = None, **fields: Any) -> Answer:
    """The plan of a form that is filled in."""
    parts = {"parts": [part]} if part is not None else {}
    return office.do("preview_assignment", is_filled=True, **parts, **fields)


def select(office: MemoryOffice, tab: str, row: int, note: str = "") -> Answer:
    """The form for a cell of a row of a tab, row 0 being below the header."""
    place = office.tab(tab)
    return office.do(
        "preview_assignment", sheet_id=place.sheet_id, row=place.header_index + 2 + row, note=note
    )


def assign(
    office: MemoryOffice, preview: Answer, title: str = "Баннер к празднику", result: str = "", **more: Any
) -> Answer:
    """Confirm a form."""
    preview_id = preview.data["preview_id"]
    assert preview_id, preview.message
    return office.do("assign_task", preview_id=preview_id, title=title, result=result, **more)


def rows(office: MemoryOffice) -> list[tuple[Any, ...]]:
    """The rows in progress."""
    return office.table("in_progress", "id", "action", "specialist", "hours")


def codes(answer: Answer) -> list[str]:
    """Codes of the sentences below the answer."""
    return [one.code for one in answer.details]


def busy_office(hours: float = 38) -> MemoryOffice:
    """An office in which Vera has promised *hours* of her 40 in this week to the client, for one task."""
    return MemoryOffice(_saved_busy(hours))


@cache
def _saved_busy(hours: float) -> SavedOffice:
    office = client_office()
    office.start({"task": "Личный кабинет", "hours_development": str(hours)})
    return office.save()


# --- The form ----------------------------------------------------------------------------------------


def test_note_fills_the_form() -> None:
    """Its first line is the title; the manager has still to say what kind of work it is."""
    office = client_office()

    form = select(office, "backlog", 3, "Баннер к распродаже\nСиний, 300×250")

    task = form.data["task"]
    assert (task["title"], task["result"]) == ("Баннер к распродаже", "Баннер к распродаже\nСиний, 300×250")
    assert (task["number"], form.data["row"], form.data["preview_id"]) == (None, None, None)
    assert form.message.code == "assign.choose_profile"
    assert form.data["work_types"] == ["Баннер", "Лендинг", "Статья"]


def test_short_note_is_the_title_alone() -> None:
    """Nothing is left for the wanted result."""
    task = select(client_office(), "in_progress", 5, "  Баннер ").data["task"]

    assert (task["title"], task["result"]) == ("Баннер", "")


def test_long_note_is_cut_after_a_word() -> None:
    """The title can be read, and the whole text stays the wanted result."""
    office = client_office()
    note = "Переписать раздел о доставке " * 172
    assert len(note) > 4900

    form = select(office, "backlog", 0, note)

    title = form.data["task"]["title"]
    assert len(title) <= 121
    assert title.endswith("…")
    assert title[:-1] in note
    assert note[len(title) - 1] == " "
    assert form.data["task"]["result"] == note.strip()


def test_text_without_spaces_is_cut_where_it_is() -> None:
    """Such as a long address."""
    title = select(client_office(), "backlog", 0, "я" * 5000).data["task"]["title"]

    assert title == "я" * 119 + "…"


def test_row_of_the_backlog_fills_the_form() -> None:
    """Its words, work type and hours; each profile gets the person who has room first."""
    office = client_office()
    office.fill_backlog({"task": "Лендинг", "work_type": "Лендинг", "result": "Живая страница"})
    office.do("estimate")

    form = select(office, "backlog", 0)

    assert form.data["task"] == {
        "title": "Лендинг",
        "result": "Живая страница",
        "is_note": False,
        "number": 1,
        "id": "ЗРН-1",
    }
    assert [(one["profile"], one["specialist"], one["hours"]) for one in form.data["parts"]] == [
        ("design", ANNA, 9.0),
        ("copy", BORIS, 4.0),
        ("development", VERA, 20.0),
    ]
    assert form.data["preview_id"]


def test_note_in_a_row_offers_both() -> None:
    """The note is taken, and the row can be chosen instead."""
    office = client_office()
    office.fill_backlog({"task": "Лендинг", "hours_design": "3"})

    by_note = select(office, "backlog", 0, "Сделать иначе")
    by_row = office.do("preview_assignment", number=by_note.data["row"]["number"])

    assert by_note.data["task"]["title"] == "Сделать иначе"
    assert by_note.data["row"] == {"number": 1, "id": "ЗРН-1", "task": "Лендинг"}
    assert by_row.data["task"]["id"] == "ЗРН-1"


def test_notes_of_the_add_on_are_no_tasks() -> None:
    """The explanation of a column begins an empty form."""
    office = client_office()

    form = select(office, "backlog", -1, "Сколько часов займёт задача")

    assert (form.data["task"]["title"], form.data["task"]["number"]) == ("", None)


def test_cell_without_anything_opens_an_empty_form() -> None:
    """On any tab, and where nothing is selected."""
    office = client_office()

    for form in (select(office, "metrics", 2), office.do("preview_assignment")):
        assert (form.data["task"]["title"], form.data["task"]["result"]) == ("", "")


def test_row_in_progress_gives_its_words() -> None:
    """A new task is made; the row stays, and that is said."""
    office = pushed_office()

    form = select(office, "in_progress", 0)

    assert form.data["task"]["title"] == "Лендинг"
    assert form.data["request"]["work_type"] == "Лендинг"
    assert "assign.from_work" in codes(form)


def test_bad_cell_of_the_row_is_named() -> None:
    """A bad cell of another row does not matter."""
    office = client_office()
    office.fill_backlog({"task": "Первая", "hours_design": "много"}, {"task": "Вторая", "hours_design": "2"})

    with pytest.raises(CellsError) as error:
        select(office, "backlog", 0)

    assert [one.code for one in error.value.problems] == ["cell.hours_text"]
    answer = assign(office, select(office, "backlog", 1))
    assert answer.data["id"] == "ЗРН-2"


def test_hours_come_from_the_norm_and_can_be_changed() -> None:
    """An empty figure is filled; a typed one stays and the norm is told beside it."""
    office = client_office()

    by_norm = ask(office, one_part(), work_type="Баннер")
    by_hand = ask(office, one_part(hours=5.5), work_type="Баннер")

    assert by_norm.data["parts"][0]["hours"] == 3.0
    assert (by_hand.data["parts"][0]["hours"], by_hand.data["parts"][0]["norm_hours"]) == (5.5, 3.0)


def test_hours_without_a_norm_are_asked_for() -> None:
    """The form says what is missing."""
    form = ask(client_office(), one_part())

    assert (form.message.code, form.data["preview_id"]) == ("assign.no_hours", None)


def test_profile_that_nobody_has_is_said() -> None:
    """With the name of the profile."""
    office = client_office()
    place = office.tab("specialists", office.agency_id)
    rows_of = {office.tab("specialists", office.agency_id).cell(row, "name").text: row for row in place.rows}
    office.type(
        "specialists", rows_of[VERA].index - place.header_index - 1, office.agency_id, profiles="Тексты"
    )

    form = ask(office, one_part("development", hours=2))

    assert (form.message.code, form.message.where["profile"]) == ("assign.nobody", "Разработка")


# --- Who has room ------------------------------------------------------------------------------------


def test_people_are_offered_by_their_first_room() -> None:
    """Who can begin first stands first, by what is promised to all clients."""
    office = client_office()
    office.start({"task": "Макет", "hours_design": "40"})

    form = ask(office, one_part(hours=3))

    [part] = form.data["parts"]
    assert [(one["name"], one["start_on"]) for one in part["people"]] == [
        (BORIS, TODAY),
        (ANNA, FRIDAY + timedelta(days=3)),
    ]
    assert part["specialist"] == BORIS


def test_person_without_room_is_said_with_his_first_day() -> None:
    """He can be chosen all the same, from that day on."""
    form = ask(busy_office(40), one_part("development", VERA, 3))

    [part] = form.data["parts"]
    monday = FRIDAY + timedelta(days=3)
    assert (part["specialist"], part["start_on"]) == (VERA, monday)
    told = next(one for one in form.details if one.code == "assign.free_from")
    assert (told.where["name"], told.where["day"]) == (VERA, monday)


def test_hours_for_other_clients_count() -> None:
    """The other client is not named."""
    office = busy_office(40)
    office.create_client(client_name="Улыбка", project_name="Лето", code="ЛЕТО")

    form = ask(office, one_part("development", hours=3))

    assert form.data["parts"][0]["start_on"] == FRIDAY + timedelta(days=3)
    assert "Заря" not in str(answer_json(form, "ru"))
    assert "Личный кабинет" not in str(answer_json(form, "ru"))


def test_nobody_has_room_for_months() -> None:
    """Nothing can be confirmed; a wanted day would allow it with a yes."""
    office = client_office()
    form = ask(office, one_part("development", hours=999))

    assert (form.message.code, form.data["preview_id"]) == ("assign.no_room", None)


# --- Confirming --------------------------------------------------------------------------------------


def test_confirmed_task_has_row_promise_and_number() -> None:
    """As all items have them."""
    office = client_office()

    answer = assign(office, ask(office, one_part(), work_type="Баннер"), result="Синий")

    assert (answer.outcome, answer.data["id"]) == (Outcome.DONE, "ЗРН-1")
    assert office.table("in_progress", "id", "action", "profile", "specialist", "hours", "status") == [
        ("ЗРН-1", "Баннер к празднику", "Дизайн", ANNA, 3.0, "Онбординг")
    ]
    tab = office.tab("in_progress")
    [row] = [one for one in tab.rows if one.number]
    assert row.number == 1
    assert (tab.cell(row, "result").text, tab.cell(row, "action").note) == ("Синий", "")
    [item] = office.items().values()
    assert (item.number, item.is_reserved, item.work_type, item.result) == (1, False, "Баннер", "Синий")
    assert committed_hours([item]) == {ANNA: {TODAY: 3.0}}
    assert load_project(office.store, office.client_id).last_number == 1


def test_task_costs_one_read_and_one_write() -> None:
    """The preview reads the two workbooks and writes none."""
    office = client_office()
    office.workbooks.calls.clear()
    preview = ask(office, one_part(), work_type="Баннер")
    assert office.workbooks.calls == {"read": 2}
    office.workbooks.calls.clear()

    assign(office, preview)

    assert office.workbooks.calls == {"read": 1, "batch_update": 1}


def test_row_of_the_backlog_moves_as_at_a_start() -> None:
    """To the shelf, with a row for each of its people; the others stay."""
    office = client_office()
    office.fill_backlog(
        {"task": "Лендинг", "work_type": "Лендинг"}, {"task": "Баннер", "work_type": "Баннер"}
    )
    office.do("estimate")

    answer = assign(office, select(office, "backlog", 0))

    assert answer.data["id"] == "ЗРН-1"
    assert rows(office) == [
        ("ЗРН-1", "Лендинг", ANNA, 9.0),
        ("ЗРН-1", "Лендинг", BORIS, 4.0),
        ("ЗРН-1", "Лендинг", VERA, 20.0),
    ]
    assert office.table("backlog", "id", "task") == [("ЗРН-2", "Баннер")]
    starts = [start for (start,) in office.table("in_progress", "start_on")]
    dues = [due for (due,) in office.table("in_progress", "due_on")]
    assert all(before < after for before, after in zip(dues, starts[1:], strict=False))


def test_card_is_made_by_itself() -> None:
    """Through the outbox, as the timer of a push does it."""
    office = client_office()
    assign(office, ask(office, one_part(), work_type="Баннер"), "=IMPORTXML(A1)", "Весь текст")
    assert office.store.keys(OUTBOX)

    office.run_queue()

    card = office.card(1)
    assert card.title == "ЗРН-1 · =IMPORTXML(A1)"
    assert office.table("in_progress", "card") == [("Открыть",)]
    assert office.store.keys(OUTBOX) == []


def test_card_is_made_by_the_timer_where_the_queue_is_gone() -> None:
    """The task of the manager is done all the same."""
    office = client_office()
    preview = ask(office, one_part(), work_type="Баннер")
    office.queue.before("add", no_answer("Cloud Tasks"))

    answer = assign(office, preview)

    assert answer.outcome is Outcome.DONE
    assert office.store.keys(OUTBOX)


# --- Over limits -------------------------------------------------------------------------------------


def test_limit_of_the_project_puts_a_task_off() -> None:
    """Without a yes it begins when the limit has room again; the form says what a yes would do."""
    office = client_office()
    office.create_client(client_name="Улыбка", project_name="Лето", code="ЛЕТО", limit_hours=4)

    form = ask(office, one_part(hours=6))

    [part] = form.data["parts"]
    assert (part["start_on"], part["due_on"]) == (TODAY, FRIDAY + timedelta(days=3))
    assert form.data["could_days"] == {"start_on": TODAY, "due_on": TODAY}
    assert [(one.code, one.where["hours"]) for one in form.data["over"]] == [("assign.over_project", 2.0)]
    assign(office, form)
    [item] = office.items().values()
    assert item.allowance is None


def test_limit_of_the_project_is_exceeded_with_a_yes() -> None:
    """Who said it and when is kept; the check tells it and finds no error."""
    office = client_office()
    office.create_client(client_name="Улыбка", project_name="Лето", code="ЛЕТО", limit_hours=4)

    assign(office, ask(office, one_part(hours=6), allows_over=True))

    [item] = office.items().values()
    assert item.allowance is not None
    assert (item.allowance.by, item.allowance.allowed_on) == (MANAGER, TODAY)
    assert (item.allowance.project_hours, item.allowance.person_hours) == (2.0, {})
    for action in ("check_book", "check_all"):
        check = office.do(action)
        assert (check.data["found"], check.data["allowed"]) == (0, 1)
        told = str(answer_json(check, "ru")["details"])
        assert MANAGER in told
        assert "23 ноября" in told or "23.11.2026" in told


def test_wanted_day_is_kept_only_with_a_yes() -> None:
    """Vera has 2 hours left in this week, and 6 are wanted of her by Friday."""
    office = busy_office()

    without = ask(office, one_part("development", VERA, 6), wanted_on=FRIDAY.isoformat())
    with_yes = ask(office, one_part("development", VERA, 6), wanted_on=FRIDAY.isoformat(), allows_over=True)

    assert without.data["parts"][0]["due_on"] > FRIDAY
    assert "assign.late" in codes(without)
    assert [(one.code, one.where["hours"]) for one in without.data["over"]] == [("assign.over_person", 4.0)]
    assert with_yes.data["parts"][0]["due_on"] == FRIDAY


def test_allowed_overload_is_no_error_and_a_larger_one_is() -> None:
    """The check finds it as soon as somebody adds hours that nobody has allowed."""
    office = busy_office()
    preview = ask(office, one_part("development", VERA, 6), wanted_on=FRIDAY.isoformat(), allows_over=True)
    assign(office, preview)
    [check] = [office.do("check_book")]
    assert (check.data["found"], check.data["allowed"]) == (0, 1), check.details

    office.type("in_progress", 1, hours="9")

    check = office.do("check_all")
    assert "check.overload" in [one.code for one in check.details]


def test_overload_without_a_yes_is_an_error() -> None:
    """The same hours, typed by hand."""
    office = busy_office()
    office.type(
        "in_progress",
        1,
        action="Правки",
        specialist=VERA,
        hours="6",
        start_on="23.11.2026",
        due_on="27.11.2026",
    )

    check = office.do("check_all")

    assert "check.overload" in [one.code for one in check.details]
    assert check.data["allowed"] == 0


def test_day_that_has_passed_is_refused() -> None:
    """Also one that is no day."""
    office = client_office()

    for day, code in (("2026-11-20", "assign.day_passed"), ("2026-02-31", "assign.bad_day")):
        with pytest.raises(UserError) as error:
            ask(office, one_part(hours=2), wanted_on=day)
        assert error.value.code == code


def test_no_working_day_is_left() -> None:
    """An absence cannot be allowed away."""
    office = client_office()
    office.type(
        "absences", 0, office.agency_id, specialist=VERA, first_day="23.11.2026", last_day="29.11.2026"
    )

    form = ask(office, one_part("development", VERA, 2), wanted_on=FRIDAY.isoformat(), allows_over=True)

    assert "assign.no_days_until" in codes(form)
    assert form.data["parts"][0]["start_on"] > FRIDAY


# --- Urgent ------------------------------------------------------------------------------------------


def days_of(office: MemoryOffice, code: str) -> list[tuple[date, date]]:
    """Start and due day of the rows of an item."""
    found = [one for one in office.items().values() if one.code == code]
    return [(min(a.day_hours), max(a.day_hours)) for item in found for a in item.actions]


def urgent_office() -> MemoryOffice:
    """Vera has two tasks of this week, which nobody has begun: 16 and 20 hours."""
    return MemoryOffice(_saved_urgent())


@cache
def _saved_urgent() -> SavedOffice:
    office = client_office()
    office.start(
        {"task": "Каталог", "hours_development": "16"}, {"task": "Корзина", "hours_development": "20"}
    )
    return office.save()


def test_urgent_task_goes_before_what_is_not_begun() -> None:
    """The rows, the promises and the calendar follow; nothing contradicts."""
    office = urgent_office()
    before = {code: days_of(office, code) for code in ("ЗРН-1", "ЗРН-2")}

    usual = ask(office, one_part("development", VERA, 8))
    urgent = ask(office, one_part("development", VERA, 8), is_urgent=True)

    assert usual.data["moves"] == []
    assert usual.data["parts"][0]["start_on"] > TODAY
    assert urgent.data["parts"][0]["due_on"] == TODAY
    assert [one["id"] for one in urgent.data["moves"]] == ["ЗРН-1", "ЗРН-2"]
    answer = assign(office, urgent)
    for move in urgent.data["moves"]:
        [(start, due)] = days_of(office, move["id"])
        assert [(move["before"]["start_on"], move["before"]["due_on"])] == before[move["id"]]
        assert (move["after"]["start_on"], move["after"]["due_on"]) == (start, due)
        assert due > before[move["id"]][0][1]
    assert answer.data["moved"] == 2
    check = office.do("check_book")
    assert check.data["found"] == 0, check.details


def test_nothing_moves_for_a_task_that_is_not_ready_sooner() -> None:
    """There is room today beside what is promised."""
    office = busy_office(hours=8)
    later = office.table("in_progress", "due_on")

    form = ask(office, one_part(hours=4), is_urgent=True)

    assert (form.data["moves"], form.data["parts"][0]["due_on"]) == ([], TODAY)
    assert "assign.nothing_moves" in codes(form)
    assert office.table("in_progress", "due_on") == later


def test_begun_work_is_never_moved() -> None:
    """By its status, or by logged hours."""
    office = urgent_office()
    office.type("in_progress", 0, status="В работе")
    office.type("in_progress", 1, logged_hours="1")

    form = ask(office, one_part("development", VERA, 8), is_urgent=True)

    assert form.data["moves"] == []
    assert "assign.nothing_moves" in codes(form)
    assert form.data["parts"][0]["start_on"] > TODAY


def test_work_that_follows_moves_with_it() -> None:
    """The text waits for the design: it cannot begin before the design has ended."""
    office = client_office()
    office.start({"task": "Лендинг", "hours_design": "32", "hours_copy": "4"})
    [design_before, copy_before] = days_of(office, "ЗРН-1")

    form = ask(office, one_part("design", ANNA, 8), is_urgent=True)
    assign(office, form)

    [design, copy] = days_of(office, "ЗРН-1")
    assert design[1] > design_before[1]
    assert copy_before[0] < copy[0]
    assert copy[0] > design[1]
    assert {one["specialist"] for one in form.data["moves"]} == {ANNA, BORIS}


def test_work_stays_where_its_successor_was_begun() -> None:
    """Otherwise the successor would run before it."""
    office = client_office()
    office.start({"task": "Лендинг", "hours_design": "32", "hours_copy": "4"})
    office.type("in_progress", 1, status="В работе")

    form = ask(office, one_part("design", ANNA, 8), is_urgent=True)

    assert form.data["moves"] == []


def test_other_clients_work_is_not_moved() -> None:
    """It counts as taken and is not named."""
    office = urgent_office()
    office.create_client(client_name="Улыбка", project_name="Лето", code="ЛЕТО")

    form = ask(office, one_part("development", VERA, 8), is_urgent=True)

    assert (form.data["moves"], "Каталог" in str(form.data)) == ([], False)
    assert form.data["parts"][0]["start_on"] > TODAY


def test_row_begun_after_the_form_was_shown_refuses() -> None:
    """Nothing is written: what the form said is not so any more."""
    office = urgent_office()
    form = ask(office, one_part("development", VERA, 8), is_urgent=True)
    office.type("in_progress", 0, status="В работе")

    with pytest.raises(ChangedMeanwhileError) as error:
        assign(office, form)

    assert error.value.code == "assign.changed"
    assert len(office.items()) == 2


def test_row_begun_while_it_is_moved_refuses() -> None:
    """Between the read and the write: the batch compares what shows that work was begun."""
    office = urgent_office()
    due = office.table("in_progress", "due_on")
    form = ask(office, one_part("development", VERA, 8), is_urgent=True)
    office.workbooks.before("batch_update", lambda: office.type("in_progress", 0, logged_hours="2"))

    with pytest.raises(ChangedMeanwhileError) as error:
        assign(office, form)

    assert error.value.code == "assign.changed"
    assert office.table("in_progress", "due_on") == due
    assert len(office.items()) == 2


def test_moved_days_come_back_with_undo() -> None:
    """In the sheet and in the promises."""
    office = urgent_office()
    table = office.table("in_progress", "id", "action", "specialist", "hours", "start_on", "due_on")
    items = office.items()
    assign(office, ask(office, one_part("development", VERA, 8), is_urgent=True))

    answer = office.do("undo")

    assert answer.outcome is Outcome.DONE, answer.details
    assert office.table("in_progress", "id", "action", "specialist", "hours", "start_on", "due_on") == table
    assert {n: i.actions for n, i in office.items().items()} == {n: i.actions for n, i in items.items()}


def test_client_reads_nothing_internal() -> None:
    """Who allowed what, the work type and the words of other clients stay out of the client's file."""
    office = busy_office(40)
    office.create_client(client_name="Улыбка", project_name="Лето", code="ЛЕТО", limit_hours=4)
    form = ask(
        office,
        one_part("development", VERA, 6),
        work_type="Тайный вид",
        wanted_on=FRIDAY.isoformat(),
        allows_over=True,
    )

    assign(office, form, result="Синий")

    [item] = office.items().values()
    assert item.allowance is not None
    sheets = json.dumps(office.workbooks.look(office.client_id)["sheets"], ensure_ascii=False)
    assert "Синий" in sheets
    for secret in ("Тайный вид", "Личный кабинет", "Заря", "сверх", "азреш", "allow"):
        assert secret not in sheets, secret


# --- Twice, late, lost -------------------------------------------------------------------------------


def test_second_click_says_that_it_is_done() -> None:
    """One row, one item, one card."""
    office = client_office()
    preview = ask(office, one_part(), work_type="Баннер")
    assign(office, preview)

    again = assign(office, preview)

    assert again.message.code == "assign.already"
    assert len(rows(office)) == 1
    office.run_queue()
    assert len(office.tracker.cards) == 1


def test_same_words_twice_are_two_tasks() -> None:
    """Where the manager has opened the form twice."""
    office = client_office()
    for _ in range(2):
        assign(office, ask(office, one_part(hours=1)))

    assert [code for code, *_ in rows(office)] == ["ЗРН-1", "ЗРН-2"]


def test_form_of_somebody_whose_hours_were_taken_meanwhile_refuses() -> None:
    """What would be done is not what was shown."""
    office = client_office()
    first, second = (
        ask(office, one_part("development", hours=38)),
        ask(office, one_part("development", hours=8)),
    )
    assign(office, first)

    with pytest.raises(ChangedMeanwhileError):
        assign(office, second)

    assert len(rows(office)) == 1


def test_unknown_preview_is_refused() -> None:
    """Also that of another workbook."""
    office = client_office()
    preview = ask(office, one_part(hours=1))
    office.create_client(client_name="Улыбка", project_name="Лето", code="ЛЕТО")

    for preview_id in (preview.data["preview_id"], "nothing"):
        with pytest.raises(UserError) as error:
            office.do("assign_task", preview_id=preview_id, title="Баннер")
        assert error.value.code == "assign.no_preview"


@pytest.mark.parametrize("moment", ["before", "after"])
def test_lost_answer_of_the_write_is_found_out(moment: str) -> None:
    """The repeat of the click looks at the sheet: one row either way."""
    office = client_office()
    preview = ask(office, one_part(), work_type="Баннер")
    getattr(office.workbooks, moment)("batch_update", no_answer())

    with pytest.raises(ServiceError):
        assign(office, preview)
    answer = assign(office, preview)

    assert answer.outcome is Outcome.DONE
    assert len(rows(office)) == 1
    [item] = office.items().values()
    assert not item.is_reserved
    office.run_queue()
    assert len(office.tracker.cards) == 1


def test_refused_write_leaves_nothing() -> None:
    """The hours are free again, and the number is not used up."""
    office = client_office()
    preview = ask(office, one_part(), work_type="Баннер")
    office.workbooks.before("batch_update", busy())

    with pytest.raises(ServiceError):
        assign(office, preview)

    assert office.table("in_progress", "id") == []
    answer = assign(office, preview)
    assert len(office.items()) == 1
    assert answer.outcome is Outcome.DONE


def test_people_who_type_meanwhile_keep_their_words() -> None:
    """The batch is refused and made anew."""
    office = client_office()
    office.fill_backlog({"task": "Лендинг", "hours_design": "3"})
    preview = select(office, "backlog", 0)
    office.workbooks.before("batch_update", lambda: office.type("backlog", 1, task="Новая"))

    answer = assign(office, preview)

    assert answer.outcome is Outcome.DONE
    assert [task for (task,) in office.table("backlog", "task")] == ["Новая"]
    assert len(rows(office)) == 1


def test_row_that_changed_meanwhile_refuses() -> None:
    """Its words, too, are what the form has shown."""
    office = client_office()
    office.fill_backlog({"task": "Лендинг", "hours_design": "3"})
    preview = select(office, "backlog", 0)
    office.type("backlog", 0, task="Другая")

    with pytest.raises(ChangedMeanwhileError):
        assign(office, preview)


def test_row_that_is_gone_is_said() -> None:
    """The form is opened again."""
    office = client_office()
    office.fill_backlog({"task": "Лендинг", "hours_design": "3"})
    preview = select(office, "backlog", 0)
    office.type("backlog", 0, task="", hours_design="")

    with pytest.raises(UserError) as error:
        assign(office, preview)

    assert error.value.code == "assign.row_gone"


def test_plan_of_somebody_else_is_waited_for() -> None:
    """Hours of people are promised under one lease."""
    office = client_office()
    preview = ask(office, one_part(hours=1))
    planning = office.new_run()
    planning.take(plan_lease(load_agency(office.store, office.agency_id)))
    # The first look at the lease after the sheet was read finds it held.
    office.workbooks.after("read", lambda: office.store.after("get_many", planning.end))

    assert assign(office, preview).outcome is Outcome.DONE

    assert office.store.keys(LEASE) == []


# --- Undo, no tracker, old documents -----------------------------------------------------------------


def test_undo_takes_row_and_card_back() -> None:
    """The number is not used again."""
    office = client_office()
    assign(office, ask(office, one_part(), work_type="Баннер"))
    office.run_queue()
    assert len(office.tracker.cards) == 1

    answer = office.do("undo")

    assert answer.outcome is Outcome.DONE, answer.details
    assert (rows(office), office.items(), office.tracker.cards) == ([], {}, [])
    assign(office, ask(office, one_part(), work_type="Баннер"))
    assert [code for code, *_ in rows(office)] == ["ЗРН-2"]


def test_undo_brings_the_row_of_the_backlog_back() -> None:
    """With its mark."""
    office = client_office()
    office.fill_backlog({"task": "Лендинг", "hours_design": "3"})
    office.do("estimate")
    assign(office, select(office, "backlog", 0))

    office.do("undo")

    assert office.table("backlog", "id", "task") == [("ЗРН-1", "Лендинг")]
    assert (rows(office), office.items()) == ([], {})


def test_begun_card_stays_with_its_row() -> None:
    """And is named."""
    office = client_office()
    assign(office, ask(office, one_part(), work_type="Баннер"))
    office.run_queue()
    office.tracker.move(office.items()[1].card_id, 1)

    answer = office.do("undo")

    assert answer.outcome is Outcome.PARTIAL
    assert len(rows(office)) == 1
    assert list(office.items()) == [1]


def test_without_a_tracker_there_is_no_card() -> None:
    """Row, promise and undo work the same."""
    office = client_office()
    office.create_client(client_name="Улыбка", project_name="Лето", code="ЛЕТО", tracker="none")

    answer = assign(office, ask(office, one_part(), work_type="Баннер"), result="Синий")

    assert "assign.card_follows" not in codes(answer)
    assert (office.queue.waiting, office.store.keys(OUTBOX)) == ([], [])
    assert rows(office) == [("ЛЕТО-1", "Баннер к празднику", ANNA, 3.0)]
    office.do("undo")
    assert rows(office) == []


def test_previews_expire() -> None:
    """As those of batches do."""
    office = client_office()
    ask(office, one_part(hours=1))
    assert office.store.keys(ASSIGNMENT)
    office.clock.set(NOW + timedelta(days=8))

    expire(office.services)

    assert office.store.keys(ASSIGNMENT) == []
