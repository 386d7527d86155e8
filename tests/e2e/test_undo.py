"""*Отменить последнее действие*: the workbook is cell for cell as it was, and so is the tracker."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from emulators.world.processes import ROBOT_ID
from tests.harness.agency_data import TEAM
from tests.harness.assertions import assert_answer
from tests.harness.office import Office
from tests.harness.snapshots import BookText, difference, take_snapshot, without_given_numbers
from tests.harness.stored import remove_items, stored_items
from vitrina.bootstrap import application
from vitrina.ports import Json, NewCard
from vitrina.workbook.reading.book import Tab

TASKS = ("Баннер", "Лендинг", "Статья")
OWN_TEXTS = ("важно", "=1+1", "", "007", "спросить у Оли")
SEEDS = range(5)


def column_after_ours(office: Office) -> int:
    """Index of the first column of the backlog that is nobody's."""
    return max(office.book().tab("backlog").columns.values()) + 1


def fill_at_random(office: Office, rng: random.Random) -> None:
    """A backlog with people's own columns, formulas, notes, formats and a tab of their own."""
    count = rng.randint(3, 8)
    rows = []
    for number in range(count):
        row = {"task": f"Задача {number}", "work_type": rng.choice(TASKS)}
        if rng.random() < 0.3:
            row["hours_design"] = rng.choice(["3", "2,5", "1 ч 30 мин", "=1+1"])
        if rng.random() < 0.3:
            row["priority"] = rng.choice(["Срочно", "Высокий", "Низкий"])
        if rng.random() < 0.3:
            row["quantity"] = rng.choice(["2", "1,5"])
        rows.append(row)
    office.fill_backlog(*rows)
    tab = office.book().tab("backlog")
    first, own = tab.header_index + 2, chr(ord("A") + column_after_ours(office))
    below = chr(ord(own) + 1)
    hours = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[tab.column("hours.design")]
    last = first + count - 1
    edits: list[Mapping[str, Any]] = [
        {"type": "insert_columns", "sheet": "Бэклог", "at": own, "count": 2},
        {"type": "type", "sheet": "Бэклог", "cell": f"{own}{first - 1}", "text": "Моё"},
    ]
    for row in range(first, last + 1):
        text = rng.choice(OWN_TEXTS)
        edits.append({"type": "type", "sheet": "Бэклог", "cell": f"{own}{row}", "text": text})
        formula = rng.choice([f"={hours}{row}*2", f"={hours}{rng.randint(first, last)}+1", ""])
        edits.append({"type": "type", "sheet": "Бэклог", "cell": f"{below}{row}", "text": formula})
        if rng.random() < 0.4:
            edits.append({"type": "note", "sheet": "Бэклог", "cell": f"{own}{row}", "text": f"заметка {row}"})
    far = last + 4
    ranges = [f"=SUM({hours}{first}:{hours}{last})", f"=SUM({hours}{first}:{hours}{first + 1})"]
    for offset, formula in enumerate(rng.sample(ranges, rng.randint(1, 2))):
        edits.append({"type": "type", "sheet": "Бэклог", "cell": f"{below}{far + offset}", "text": formula})
    edits.append(
        {"type": "type", "sheet": "Метрики", "cell": "A12", "text": f"='Бэклог'!C{rng.randint(first, last)}"}
    )
    office.edit(*edits)
    paint = {"red": rng.random(), "green": rng.random(), "blue": rng.random()}
    place = {"startRowIndex": first - 1 + rng.randrange(count), "startColumnIndex": 0, "endColumnIndex": 26}
    office.services.workbooks.batch_update(
        office.client_id,
        [
            {
                "repeatCell": {
                    "range": {
                        "sheetId": tab.sheet_id,
                        **place,
                        "endRowIndex": place["startRowIndex"] + 1,
                    },
                    "cell": {"userEnteredFormat": {"backgroundColor": paint}},
                    "fields": "userEnteredFormat.backgroundColor",
                }
            }
        ],
    )


def assert_as_before(office: Office, before: Any, *, but_numbers: bool = False) -> None:
    """Sheets whole, boards and cards; with *but_numbers*, rows of the backlog may have got their numbers."""
    was, now = vars(before), vars(take_snapshot(office))
    if but_numbers:
        tab = office.book().tab("backlog")
        was, now = (
            {**one, "books": {key: _bare(book, key, office, tab) for key, book in one["books"].items()}}
            for one in (was, now)
        )
    place = difference(was, now)
    assert place is None, place


def _bare(book: BookText, spreadsheet_id: str, office: Office, tab: Tab) -> Any:
    return without_given_numbers(book.content, tab) if spreadsheet_id == office.client_id else book


@pytest.mark.parametrize("seed", SEEDS)
def test_every_action_goes_back_cell_for_cell(
    office: Office, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Estimate, start and push on a random sheet, undone one after the other in reverse."""
    # Otherwise the webhook of the first card may arrive before its answer has told who we are, and be read.
    monkeypatch.setenv("VITRINA_KAITEN_USER_ID", str(ROBOT_ID))
    application.cache_clear()
    rng = random.Random(seed)
    fill_at_random(office, rng)
    empty = take_snapshot(office)
    assert office.do("estimate")["outcome"] in ("done", "partial")
    estimated = take_snapshot(office)
    preview = office.do("build_batch")
    assert office.do("start_batch", preview_id=preview["data"]["preview_id"])["outcome"] == "done"
    started = take_snapshot(office)
    assert office.do("push")["outcome"] == "done"
    office.settle()
    assert len(office.cards()) == len(preview["data"]["chosen"])

    numbers = dict(office.table("backlog", "task", "id"))
    for before in (started, estimated, empty):
        answer = office.do("undo")
        office.settle()

        assert_answer(answer, "done", 200)
        assert_as_before(office, before, but_numbers=before is empty)
    assert_answer(office.do("undo"), "refused", 422)
    assert stored_items(office.services.store) == []
    kept = dict(office.table("backlog", "task", "id"))
    assert all(kept.values())
    assert numbers.items() <= kept.items()
    assert office.do("estimate")["outcome"] in ("done", "partial")
    assert dict(office.table("backlog", "task", "id")) == kept


@pytest.mark.parametrize("seed", SEEDS)
def test_replanned_work_goes_back_cell_for_cell(
    office: Office, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People of a random sheet with cards fall ill; the new plan goes back with notes, days and calendar."""
    monkeypatch.setenv("VITRINA_KAITEN_USER_ID", str(ROBOT_ID))
    application.cache_clear()
    fill_at_random(office, random.Random(seed))
    assert office.do("estimate")["outcome"] in ("done", "partial")
    preview_id = office.do("build_batch")["data"]["preview_id"]
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
    assert office.do("push")["outcome"] == "done"
    office.settle()
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    first = office.book(agency_id).tab("absences").header_index + 1
    for place, one in enumerate(TEAM[: 1 + seed % 2]):
        away = {"specialist": one["name"], "first_day": "23.11.2026", "last_day": "26.11.2026"}
        office.type("absences", first + place, agency_id, **away)
    preview = office.do("preview_replan")["data"]
    before, promised = take_snapshot(office), stored_items(office.services.store)

    answer = office.do("replan_work", preview_id=preview["preview_id"])
    office.settle()

    assert_answer(answer, "done", 200)
    assert preview["moves"]
    assert difference(vars(before), vars(take_snapshot(office))) is not None
    assert_answer(office.do("undo"), "done", 200)
    office.settle()
    assert_as_before(office, before)
    assert stored_items(office.services.store) == promised


def start(office: Office) -> None:
    """Three tasks in progress."""
    office.fill_backlog(*({"task": task, "work_type": task} for task in TASKS))
    office.do("estimate")
    preview_id = office.do("build_batch")["data"]["preview_id"]
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"


def test_begun_cards_stay_and_are_named(office: Office) -> None:
    """Somebody moved one card and wrote on another: only the third one goes."""
    start(office)
    office.do("push")
    by_task = {card["title"].split(" · ")[1]: card for card in office.cards()}
    columns = office.kaiten("GET", f"/boards/{by_task['Баннер']['board_id']}/columns")
    office.kaiten("PATCH", f"/cards/{by_task['Баннер']['id']}", column_id=columns[1]["id"])
    office.kaiten("POST", f"/cards/{by_task['Статья']['id']}/comments", text="Беру")
    office.settle()

    answer = office.do("undo")
    office.settle()

    assert_answer(answer, "partial", 200)
    assert answer["details"][0] == "с карточками уже работают, они остались в трекере: ЗРН-1 и ЗРН-3"
    assert {card["title"] for card in office.cards()} == {"ЗРН-1 · Баннер", "ЗРН-3 · Статья"}
    linked = {task for task, card in office.table("in_progress", "action", "card") if card}
    assert linked == {"Баннер", "Статья"}
    again = office.do("undo")
    assert_answer(again, "partial", 200)
    assert [task for (task,) in office.table("backlog", "task")] == ["Лендинг"]
    assert {task for (task,) in office.table("in_progress", "action")} == {"Баннер", "Статья"}


def test_rows_go_back_between_those_that_stay(office: Office) -> None:
    """People sorted, inserted and typed since: the row comes back whole, and nothing of theirs is lost."""
    start(office)
    first = office.book().tab("backlog").header_index + 2
    office.edit(
        {"type": "type", "sheet": "Бэклог", "cell": f"C{first}", "text": "Новая задача"},
        {"type": "insert_rows", "sheet": "Бэклог", "at": 1, "count": 2},
    )

    answer = office.do("undo")

    assert_answer(answer, "done", 200)
    assert sorted(office.table("backlog", "task", "id")) == [
        ("Баннер", "ЗРН-1"),
        ("Лендинг", "ЗРН-2"),
        ("Новая задача", None),
        ("Статья", "ЗРН-3"),
    ]
    assert office.table("in_progress", "action") == []


def test_a_remark_of_the_client_keeps_its_row(office: Office) -> None:
    """What a client wrote beside a started task is not thrown away with its row."""
    start(office)
    _, row = office.row("in_progress", "ЗРН-2")
    office.type("in_progress", row.index, remark="Не тот цвет")

    answer = office.do("undo")

    assert_answer(answer, "partial", 200)
    assert {task for (task,) in office.table("in_progress", "action")} == {"Лендинг"}
    assert [text for (text,) in office.table("in_progress", "remark")] == ["Не тот цвет"]
    assert {task for (task,) in office.table("backlog", "task")} == {"Баннер", "Статья"}
    assert [item.number for item in stored_items(office.services.store)] == [2]


def test_a_column_of_peoples_own_keeps_its_row(office: Office) -> None:
    """The same for what somebody wrote beside the table."""
    start(office)
    tab, row = office.row("in_progress", "ЗРН-3")
    own = f"{chr(ord('A') + max(tab.columns.values()) + 1)}{row.index + 1}"
    office.edit(
        {"type": "insert_columns", "sheet": "В работе", "at": own[0], "count": 1},
        {"type": "type", "sheet": "В работе", "cell": own, "text": "позвонить"},
    )

    answer = office.do("undo")

    assert_answer(answer, "partial", 200)
    assert {task for (task,) in office.table("in_progress", "action")} == {"Статья"}


def test_a_remark_typed_while_the_undo_runs_is_kept(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its reading and its writing a client writes beside a row that was about to go."""
    start(office)
    tab, row = office.row("in_progress", "ЗРН-3")
    typed = [{"type": "type", "sheet": "В работе", "cell": tab.address(row, "remark"), "text": "Ждём"}]
    write = office.services.workbooks.batch_update

    def edit_and_write(spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        if typed:
            office.edit(typed.pop())
        return write(spreadsheet_id, requests)

    monkeypatch.setattr(office.services.workbooks, "batch_update", edit_and_write)

    answer = office.do("undo")

    assert_answer(answer, "partial", 200)
    assert office.table("in_progress", "action", "remark") == [("Статья", "Ждём")]


def test_figures_typed_since_are_left_and_named(office: Office) -> None:
    """Undoing an estimate does not take away what a person put in its place."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"}, {"task": "Статья", "work_type": "Статья"})
    office.do("estimate")
    tab, row = office.row("backlog", "ЗРН-1")
    office.type("backlog", row.index, **{"hours.design": "5"})

    answer = office.do("undo")

    assert_answer(answer, "partial", 200)
    address = tab.address(row, "hours.design")
    assert answer["details"] == [
        f"на листе «Бэклог» ячейки изменили после действия, они не тронуты: {address} (всего 1)"
    ]
    assert office.table("backlog", "task", "hours.design", "hours.copy") == [
        ("Баннер", 5.0, None),
        ("Статья", None, None),
    ]


def test_what_a_refresh_wrote_of_a_card_goes_with_it(office: Office) -> None:
    """A refresh between the push and its undoing leaves no traces of cards that are gone."""
    start(office)
    started = take_snapshot(office)
    office.do("push")
    office.do("refresh")
    assert {progress for (progress,) in office.table("in_progress", "progress")} == {"0/1", "0/3"}

    answer = office.do("undo")
    office.settle()

    assert_answer(answer, "done", 200)
    assert office.cards() == []
    place = difference(
        started.books[office.client_id].content["sheets"][1:],
        take_snapshot(office).books[office.client_id].content["sheets"][1:],
    )
    assert place is None, place


def test_moved_columns_are_put_back_first(office: Office) -> None:
    """Where cells cannot be told from each other nothing is undone, and it is said why."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.do("estimate")
    office.edit({"type": "insert_columns", "sheet": "Бэклог", "at": "A", "count": 1})
    before = take_snapshot(office)

    answer = office.do("undo")

    assert_answer(answer, "refused", 422)
    assert_as_before(office, before)


@pytest.mark.parametrize("status", ["timeout", "drop"])
def test_an_action_whose_answer_was_lost(office: Office, status: str) -> None:
    """Undo goes by what the sheet shows: a write that arrived is undone, one that did not is not."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.do("estimate")
    estimated = take_snapshot(office)
    preview_id = office.do("build_batch")["data"]["preview_id"]
    office.fail_next("google", method="sheets.spreadsheets.batchUpdate", status=status, count=1)
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "failed"

    answer = office.do("undo")

    assert_answer(answer, "done", 200)
    if status == "timeout":
        assert_as_before(office, estimated)
    else:
        columns = ("task", "id", "hours.design")
        assert office.table("backlog", *columns) == [("Баннер", "ЗРН-1", None)]


@pytest.mark.usefixtures("one_card_at_a_time")
def test_a_card_half_made_goes_as_well(office: Office) -> None:
    """A push that broke off left a card without its checklist, which nobody linked."""
    start(office)
    office.fail_next("kaiten", method="checklists.create", status=503, count=1)
    assert office.do("push")["outcome"] == "failed"
    assert len(office.cards()) == 1

    answer = office.do("undo")

    assert_answer(answer, "done", 200)
    assert office.cards() == []
    assert office.table("in_progress", "action") == []


def test_a_calendar_that_was_drawn_anew_is_drawn_once_more(office: Office) -> None:
    """It cannot become what it was, so that it becomes what is true now."""
    start(office)
    tab = office.book().tab("schedule")
    office.type("schedule", tab.header_index + 1, label="Кто-то")

    answer = office.do("undo")

    assert_answer(answer, "done", 200)
    assert office.table("schedule", "label") == []


def test_a_refused_action_is_not_the_last_one(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody never stopped typing and the start was refused: undo takes back the estimate."""
    office.fill_backlog({"task": "Баннер", "work_type": "Баннер"})
    office.do("estimate")
    preview_id = office.do("build_batch")["data"]["preview_id"]
    write = office.services.workbooks.batch_update

    def edit_and_write(spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        office.edit({"type": "insert_rows", "sheet": "Бэклог", "at": 2, "count": 1})
        return write(spreadsheet_id, requests)

    with monkeypatch.context() as patch:
        patch.setattr(office.services.workbooks, "batch_update", edit_and_write)
        assert_answer(office.do("start_batch", preview_id=preview_id), "refused", 409)

    answer = office.do("undo")

    assert_answer(answer, "done", 200)
    assert "«Оценить бэклог»" in answer["message"]
    assert office.table("backlog", "task", "id", "hours.design") == [("Баннер", "ЗРН-1", None)]


def test_a_second_delivery_goes_on_with_the_same_action(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The undo of a push broke off when the cards were gone; meanwhile somebody pushed again."""
    start(office)
    office.do("push")

    def break_off(spreadsheet_id: str, requests: Sequence[Json]) -> Json:
        raise RuntimeError("as if the process had died")

    with monkeypatch.context() as patch:
        patch.setattr(office.services.workbooks, "batch_update", break_off)
        assert office.do("undo")["outcome"] == "failed"
    assert office.cards() == []
    assert_answer(office.do("push"), "done", 200)

    answer = office.do("undo")

    assert_answer(answer, "partial", 200)
    tab = office.book().tab("in_progress")
    links = {tab.cell(row, "action").text: tab.cell(row, "card").formula for row in tab.rows}
    for card in office.cards():
        assert f'/card/{card["id"]}"' in str(links[card["title"].split(" · ")[1]])
    assert len(office.cards()) == 3


def test_no_card_stays_of_an_item_that_was_taken_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease of a slow push ran out, and an undo came between: the card that was just made goes."""
    start(office)
    create, one_at_a_time = office.services.trackers["kaiten"].create_card, threading.Lock()

    def create_and_take_back(card: NewCard) -> str:
        card_id = create(card)
        with one_at_a_time:
            remove_items(office.services.store, office.client_id)
        return card_id

    with monkeypatch.context() as patch:
        patch.setattr(office.services.trackers["kaiten"], "create_card", create_and_take_back)
        office.do("push")

    assert office.cards() == []
    assert stored_items(office.services.store) == []


def test_no_card_stays_of_a_push_that_outlived_its_lease(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The creation was under way when an undo took the workbook, and found no card yet."""
    monkeypatch.setenv("VITRINA_LEASE_S", "0.1")
    application.cache_clear()
    start(office)
    create = office.services.trackers["kaiten"].create_card
    taken_back: list[dict[str, Any]] = []

    def create_late(card: NewCard) -> str:
        if not taken_back:
            taken_back.append(office.do("undo"))
        return create(card)

    with monkeypatch.context() as patch:
        patch.setattr(office.services.trackers["kaiten"], "create_card", create_late)
        office.do("push")

    assert_answer(taken_back[0], "done", 200)
    assert office.cards() == []
    assert stored_items(office.services.store) == []
