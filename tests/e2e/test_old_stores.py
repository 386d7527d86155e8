"""Stores, workbooks and boards that release 0.1.0 left are opened by this code, and every action works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emulators.world.processes import ROBOT_ID
from tests.e2e.old_release import Loaded, OldOffice, bring_back
from tests.harness.office import NOW
from tests.harness.servers import Servers
from vitrina.bootstrap import application

Opener = Callable[[str], OldOffice]

#: The fixtures of an agency at work.
WORLDS = ("backlog_estimated", "in_progress", "unfinished")

WELL = ("done", "partial")

BACKLOG = ("id", "task", "work_type", "hours.design", "hours.copy", "hours.development", "source")
NORMS = (
    "work_type", "profile", "size", "pinned_hours", "hours_per_unit", "typical_hours", "p85_hours",
    "fact_count", "spread_hours", "source",
)  # fmt: skip
PROMISES = (
    "month", "finished_count", "within_typical", "within_p85", "planned_hours", "actual_hours",
    "planned_ratio",
)  # fmt: skip
#: Part of the sentence that says what is planned one class higher.
RAISED = "Три периода подряд"

WORKING_DAYS = tuple(f"day.{number}" for number in range(1, 11))


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    """Worlds that were loaded by an earlier test of this module."""
    return {}


@pytest.fixture
def open_old(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded: Loaded
) -> Iterator[Opener]:
    """Opens a world that the old release left."""
    office = OldOffice(servers, tmp_path)
    yield lambda name: bring_back(name, office, monkeypatch, loaded)
    office.settle()
    office.http.close()
    application.cache_clear()


# --- What must hold ----------------------------------------------------------------------------------


def ends_well(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer of an action that did what was asked."""
    assert answer["outcome"] in WELL, answer
    return answer


def numbers(office: OldOffice, code: str) -> dict[int, str]:
    """ID text of every row of a client that stands in the backlog or in progress, by its number."""
    book = office.book(office.clients[code])
    return {
        row.number: tab.cell(row, "id").text
        for key, title in (("backlog", "task"), ("in_progress", "action"))
        for tab in [book.tab(key)]
        for row in tab.rows
        if row.number is not None and tab.cell(row, title).text
    }


def old_ids(office: OldOffice, code: str) -> set[str]:
    """ID texts that the old release gave."""
    return {item_code for _, item_code, _ in office.known["shown"]["clients"][code]["numbers"]}


def assert_rows_kept(office: OldOffice) -> None:
    """Rows have the numbers and IDs that the old release gave them; one that moved keeps its ID."""
    for code in office.clients:
        now = numbers(office, code)
        for number, item_code, _ in office.known["shown"]["clients"][code]["numbers"]:
            assert now.get(number, item_code) == item_code
            assert item_code in now.values()
        in_backlog = [one for (one,) in office.table("backlog", "id", spreadsheet_id=office.clients[code])]
        assert len(in_backlog) == len(set(in_backlog))


def assert_one_card_each(office: OldOffice) -> None:
    """No item has two cards, and cards of the old release that are there are the same ones."""
    cards = {card["external_id"]: card["id"] for card in office.cards()}
    assert len(cards) == len(office.cards())
    for external_id, card_id in office.known["shown"]["cards"]:
        assert cards.get(external_id, card_id) == card_id


def lift_limit(office: OldOffice, code: str) -> None:
    """A client sets no limit of hours any more."""
    place = office.at(code).book().field("limit_hours")
    office.edit({"type": "type", "sheet": place.sheet_title, "cell": place.address, "text": ""})


def load(office: OldOffice) -> dict[str, list[float]]:
    """Hours of the next ten working days by person, over all clients."""
    lines = office.table("load", "specialist", *WORKING_DAYS, spreadsheet_id=office.agency_id)
    return {line[0]: [hours or 0.0 for hours in line[1:]] for line in lines}


def assert_nobody_over(office: OldOffice) -> None:
    """What both releases planned, for both clients, fits into people's days."""
    ends_well(office.click_agency("update_load"))
    lines = office.table("specialists", "name", "hours_per_day", spreadsheet_id=office.agency_id)
    hours_per_day = dict(lines)
    for name, days in load(office).items():
        assert max(days) <= hours_per_day[name] + 0.01, (name, days)


def assert_table(
    now: Sequence[Sequence[Any]], was: Sequence[Sequence[Any]], *, tenths: Sequence[int] = ()
) -> None:
    """Two tables are the same, figures to the last digit that is shown: in columns of *tenths* to a tenth."""
    assert [list(line) for line in now] == [_shown(line, tenths) for line in was]


def _shown(line: Sequence[Any], tenths: Sequence[int]) -> list[Any]:
    return [
        pytest.approx(one, abs=0.101 if place in tenths else 0.0101) if isinstance(one, float) else one
        for place, one in enumerate(line)
    ]


def assert_promises(office: OldOffice, was: Sequence[Sequence[Any]]) -> None:
    """The months are the same. A sum of 49.85 h was 49.8 or 49.9, as the order of the works made it."""
    hours = [PROMISES.index(key) for key in ("planned_hours", "actual_hours")]
    now = office.table("promises", *PROMISES, spreadsheet_id=office.agency_id)
    assert_table(now, was, tenths=hours)


# --- Every action ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WORLDS)
def test_every_action_of_the_menu_works(open_old: Opener, name: str) -> None:
    """One after the other, in both clients' workbooks and the agency's, with the timer at the end."""
    office = open_old(name)

    for code in office.clients:
        lift_limit(office, code)
        office.add(code, task="Новая задача", hours_copy="1", priority="Срочно")
        ends_well(office.at(code).do("estimate"))
        assert dict(office.table("backlog", "task", "id"))["Новая задача"] not in old_ids(office, code)
        preview = ends_well(office.do("build_batch", period="next"))
        chosen = [one["id"] for one in preview["data"]["chosen"]]
        assert office.row("backlog", chosen[0])
        started = ends_well(office.do("start_batch", preview_id=preview["data"]["preview_id"]))
        assert started["data"]["started"] == chosen
        ends_well(office.do("push"))
        ends_well(office.do("refresh"))
        ends_well(office.do("check_book"))
        assert {office.card(one)["title"].split(" · ")[0] for one in chosen} == set(chosen)
    assert_rows_kept(office)
    assert_one_card_each(office)
    assert_nobody_over(office)
    for code in office.clients:
        # The push, and then the start.
        for action in ("push", "start_batch"):
            assert ends_well(office.at(code).do("undo"))["data"]["action"] == action
    assert_rows_kept(office)
    assert_one_card_each(office)
    for action in ("recalculate_norms", "update_load", "check_all"):
        ends_well(office.click_agency(action))
    form = {"client_name": "Новый", "project_name": "Сайт", "code": "НОВ", "limit_hours": 20}
    made = ends_well(office.click_agency("new_client", **form))
    assert office.book(made["data"]["spreadsheet_id"]).field("client_name").cell.text == "Новый"
    assert office.call_schedule().status_code == 200
    office.settle()
    assert_rows_kept(office)


@pytest.mark.parametrize("name", WORLDS)
def test_opening_writes_nothing_outside(open_old: Opener, name: str) -> None:
    """What the new code does to the store on its first start is not seen in sheets and tracker."""
    office = open_old(name)
    office.forget_calls()

    assert office.manager().post(office.agency_id, "operation", operation_id="0" * 32)["http_status"] == 400

    assert office.calls("google") == {}
    assert office.calls("kaiten") == {}


@pytest.mark.parametrize("name", WORLDS)
def test_load_is_what_the_old_release_showed(open_old: Opener, name: str) -> None:
    """Promised hours of both clients and people's own rows take the same days."""
    office = open_old(name)

    ends_well(office.click_agency("update_load"))

    # Of the unfinished one the old release had not yet shown what was started last.
    if name != "unfinished":
        assert_table(
            office.table("load", "specialist", *WORKING_DAYS, spreadsheet_id=office.agency_id),
            office.known["shown"]["load"],
        )
    assert_nobody_over(office)


# --- A backlog that was estimated ------------------------------------------------------------------------


def test_a_preview_of_the_old_release_is_started_or_shown_anew(open_old: Opener) -> None:
    """The confirmed plan is done as it was shown; where this code plans otherwise it says so first."""
    office = open_old("backlog_estimated")
    shown = office.known["preview"]

    answer = office.at("ЗРН").do("start_batch", preview_id=shown["preview_id"])

    if answer["http_status"] == 409:
        assert office.table("in_progress", "id") == []
        shown = ends_well(office.do("build_batch"))["data"]
        answer = office.do("start_batch", preview_id=shown["preview_id"])
    ends_well(answer)
    started = [one["id"] for one in shown["chosen"]]
    assert answer["data"]["started"] == started
    assert set(started) == {code for (code,) in office.table("in_progress", "id")}
    assert_rows_kept(office)
    assert_nobody_over(office)


def test_estimates_of_the_old_release_stay(open_old: Opener) -> None:
    """Its own figures are still the add-on's, typed ones a person's: a second estimate changes nothing."""
    office = open_old("backlog_estimated")
    tab, row = office.at("ЗРН").row("backlog", "ЗРН-1")
    note = tab.cell(row, "source").note

    for code in office.clients:
        ends_well(office.at(code).do("estimate"))
        assert_table(office.table("backlog", *BACKLOG), office.known["shown"]["clients"][code]["backlog"])
    tab, row = office.at("ЗРН").row("backlog", "ЗРН-1")
    office.type("backlog", row.index, work_type="Статья")
    ends_well(office.do("estimate"))

    [changed] = [line for line in office.table("backlog", *BACKLOG) if line[0] == "ЗРН-1"]
    assert changed[3:6] == (None, 5.5, None)
    tab, row = office.row("backlog", "ЗРН-1")
    assert (tab.cell(row, "source").note, bool(note)) == ("", True)


def test_an_estimate_of_the_old_release_is_undone(open_old: Opener) -> None:
    """The first one of a client: its figures go, what people typed stays."""
    office = open_old("backlog_estimated").at("УЛБ")

    answer = ends_well(office.do("undo"))

    assert answer["data"]["action"] == "estimate"
    hours = office.table("backlog", "task", "hours.design", "hours.copy", "hours.development")
    assert hours == [
        ("Кнопка", None, None, 10.0),
        ("Текст рассылки", None, 5.0, None),
        ("Плакат к празднику", None, None, None),
        ("Большой каталог", None, None, None),
    ]


# --- Work in progress ------------------------------------------------------------------------------------


def test_a_webhook_of_a_card_of_the_old_release(open_old: Opener) -> None:
    """Status and hours of its row follow."""
    office = open_old("in_progress")
    office.log_hours("ЗРН-3", 60)
    office.move_card("ЗРН-3", 2)

    office.settle()

    assert (office.status("ЗРН-3"), office.cell("ЗРН-3", "logged_hours")) == ("На проверке", 3.5)


def test_the_timer_finds_what_webhooks_lost(open_old: Opener) -> None:
    """Every open card of the old release is looked at."""
    office = open_old("in_progress")
    office.lose_webhooks()
    office.move_card("ЗРН-2", 1)
    office.move_card("УЛБ-1", 2)

    answer = office.call_schedule()
    office.settle()

    assert (answer.status_code, answer.json()["workbooks"]) == (200, 2)
    assert (office.status("ЗРН-2"), office.status("УЛБ-1")) == ("В работе", "На проверке")


def test_finished_work_stays_in_the_norms(open_old: Opener) -> None:
    """The hours that were logged on it, the imported past and the norm that a person typed."""
    office = open_old("in_progress")

    answer = ends_well(office.click_agency("recalculate_norms"))

    assert answer["data"]["facts"] == 132
    shown = office.known["shown"]
    assert_table(office.table("norms", *NORMS, spreadsheet_id=office.agency_id), shown["norms"])
    assert_promises(office, shown["promises"])


def test_a_reopened_card_is_work_again(open_old: Opener) -> None:
    """It was finished before the upgrade. Finished again, it is the same fact with the hours of now."""
    office = open_old("in_progress")
    office.lose_webhooks()
    assert office.status("ЗРН-1") == "Выполнено"

    office.move_card("ЗРН-1", 1)
    ends_well(office.at("ЗРН").do("refresh"))
    reopened = office.status("ЗРН-1")
    ends_well(office.click_agency("update_load"))
    board = office.table("board", "id", "status", spreadsheet_id=office.agency_id)
    office.log_hours("ЗРН-1", 60)
    office.move_card("ЗРН-1", 3)
    ends_well(office.at("ЗРН").do("refresh"))
    answer = ends_well(office.click_agency("recalculate_norms"))

    assert reopened == "В работе"
    assert ("ЗРН-1", "В работе") in board
    assert (office.status("ЗРН-1"), office.cell("ЗРН-1", "logged_hours")) == ("Выполнено", 4.5)
    assert answer["data"]["facts"] == 132


def test_a_forecast_of_the_old_release_is_compared_with_what_came(
    open_old: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that it spoke of is finished two days later: within both of its days."""
    office = open_old("in_progress")
    monkeypatch.setenv("VITRINA_NOW", (NOW + timedelta(days=2)).isoformat())
    application.cache_clear()
    office.lose_webhooks()
    for number in range(1, 5):
        office.log_hours(f"УЛБ-{number}", 60)
        office.move_card(f"УЛБ-{number}", 3)

    ends_well(office.at("УЛБ").do("refresh"))
    ends_well(office.click_agency("recalculate_norms"))

    columns = ("month", "forecast_count", "within_likely", "within_sure")
    months = office.table("promises", *columns, spreadsheet_id=office.agency_id)
    assert [line[1:] for line in months] == [(1.0, 1.0, 1.0)]


def test_a_number_of_the_old_release_is_not_given_again(open_old: Opener) -> None:
    """The row of its last number is deleted before anything else is done."""
    office = open_old("in_progress")
    tab, row = office.at("ЗРН").row("backlog", "ЗРН-9")
    office.edit({"type": "delete_rows", "sheet": tab.title, "at": row.index + 1})
    office.add("ЗРН", task="Новая задача", work_type="Баннер")

    ends_well(office.do("estimate"))

    assert dict(office.table("backlog", "task", "id"))["Новая задача"] == "ЗРН-10"


def test_what_was_passed_over_is_raised(open_old: Opener) -> None:
    """Three weeks began without ЗРН-5: it is planned one class higher, and that is said."""
    office = open_old("in_progress").at("ЗРН")

    preview = ends_well(office.do("build_batch", period="next"))

    assert any("ЗРН-5" in line and RAISED in line for line in preview["details"])


def test_finished_work_is_not_started_again(open_old: Opener) -> None:
    """What the old release saw done binds nobody and gets no second card."""
    office = open_old("in_progress")

    ends_well(office.at("ЗРН").do("push"))
    ends_well(office.click_agency("update_load"))

    assert_one_card_each(office)
    assert "ЗРН-1" not in {code for (code,) in office.table("board", "id", spreadsheet_id=office.agency_id)}


def test_the_last_estimate_is_undone(open_old: Opener) -> None:
    """Only the row that it filled loses its figures."""
    office = open_old("in_progress").at("ЗРН")

    answer = ends_well(office.do("undo"))

    assert answer["data"]["action"] == "estimate"
    rows = office.table("backlog", "task", "hours.design", *BACKLOG[1:])
    [card] = [row for row in rows if row[0] == "Открытка"]
    assert card[1] is None
    others = [line for line in office.table("backlog", *BACKLOG) if line[1] != "Открытка"]
    assert_table(others, office.known["before_last_estimate"]["ЗРН"])


def test_push_and_start_are_undone(open_old: Opener) -> None:
    """Cards that nobody touched go, rows go back under their IDs, their people are free."""
    office = open_old("in_progress").at("УЛБ")
    others = office.external_ids("ЗРН")

    pushed = ends_well(office.do("undo"))
    after_push = office.external_ids("УЛБ")
    started = ends_well(office.do("undo"))
    ends_well(office.click_agency("update_load"))

    assert (pushed["data"]["action"], started["data"]["action"]) == ("push", "start_batch")
    assert (after_push, office.external_ids("ЗРН")) == ([], others)
    ids = {code for (code,) in office.table("backlog", "id")}
    assert ids == {"УЛБ-1", "УЛБ-2", "УЛБ-3", "УЛБ-4"}
    assert office.table("in_progress", "action") == [("Созвон с клиентом",)]
    # Of Vera's twelve hours for the other client the last four stand on the second day.
    assert load(office)["Вера Орлова"][:3] == [8.0, 4.0, 0.0]
    assert_rows_kept(office)


def test_hours_promised_to_others_are_not_given_twice(open_old: Opener) -> None:
    """Vera has 18 of her 40 hours free this week: a work of 30 h runs on into the next one."""
    office = open_old("in_progress")
    lift_limit(office, "УЛБ")
    office.add("УЛБ", task="Кабинет", hours_development="30", priority="Срочно")
    ends_well(office.do("estimate"))
    before = load(office)["Вера Орлова"]

    preview = ends_well(office.do("build_batch"))["data"]
    if preview["chosen"]:
        ends_well(office.do("start_batch", preview_id=preview["preview_id"]))

    assert sum(before[:5]) == 22.0
    assert_nobody_over(office)
    after = load(office)["Вера Орлова"]
    assert all(now >= was for was, now in zip(before, after, strict=True))


# --- Work that was left unfinished -----------------------------------------------------------------------


def test_a_push_that_broke_off_goes_on(open_old: Opener) -> None:
    """The card that lacks its checklist gets it; each item has one card."""
    office = open_old("unfinished").at("ЗРН")
    first, second = office.known["not_pushed"]

    answer = office.do("push")

    assert (answer["outcome"], answer["data"]["made"]) == ("done", 2)
    [checklist] = office.card(first)["checklists"]
    assert len(checklist["items"]) == 3
    assert len(office.card(second)["checklists"]) == 1
    assert all(shown == "Открыть" for (shown,) in office.table("in_progress", "card"))
    assert_one_card_each(office)


def test_a_card_that_was_half_made_goes_with_its_start(open_old: Opener) -> None:
    """Instead of a second push the manager undoes the start."""
    office = open_old("unfinished").at("ЗРН")

    answer = ends_well(office.do("undo"))

    assert answer["data"]["action"] == "start_batch"
    titles = {card["title"].split(" · ")[0] for card in office.cards()}
    assert not titles & set(office.known["not_pushed"])
    assert set(office.known["not_pushed"]) <= {code for (code,) in office.table("backlog", "id")}
    assert_rows_kept(office)


def test_a_new_client_that_broke_off_goes_on(open_old: Opener) -> None:
    """The same form makes what is missing: one board, one workbook, one row."""
    office = open_old("unfinished")
    form = office.known["new_client"]

    answer = office.click_agency("new_client", **form)

    assert answer["outcome"] == "done", answer
    boards = office.kaiten("GET", f"/spaces/{office.space_id}/boards", user_id=ROBOT_ID)
    books = office.http.get(f"{office.servers.google}/_emulator/workbooks").json()
    rows = office.table("projects", "code", spreadsheet_id=office.agency_id)
    assert [
        sum(form["project_name"] in one["title"] for one in boards),
        sum(form["project_name"] in one["title"] for one in books),
        Counter(code for (code,) in rows)[form["code"]],
    ] == [1, 1, 1]


def test_items_whose_start_was_never_written_are_free(open_old: Opener) -> None:
    """Their rows are in the backlog: they are planned again and started once."""
    office = open_old("unfinished").at("УЛБ")
    reserved = office.known["reserved"]

    preview = ends_well(office.do("build_batch"))
    started = ends_well(office.do("start_batch", preview_id=preview["data"]["preview_id"]))

    # They never left the backlog, so that there is nothing to say of their coming back.
    assert not any("не считается" in line for line in preview["details"] + started["details"])
    assert [one["id"] for one in preview["data"]["chosen"]] == reserved
    in_progress = [code for (code,) in office.table("in_progress", "id")]
    assert [in_progress.count(code) for code in reserved] == [1] * len(reserved)
    assert not set(reserved) & {code for (code,) in office.table("backlog", "id")}
    assert_rows_kept(office)
    assert_nobody_over(office)


def test_a_start_that_was_never_written_is_not_the_last_action(open_old: Opener) -> None:
    """Undo takes back the estimate before it."""
    office = open_old("unfinished").at("УЛБ")

    answer = ends_well(office.do("undo"))

    assert answer["data"]["action"] == "estimate"
    assert [task for (task,) in office.table("backlog", "task")] == ["Визитка"]


def test_tasks_of_the_old_release_are_delivered_to_the_new_one(open_old: Opener) -> None:
    """The queue still holds them: the click is answered, and the touched card is looked at."""
    office = open_old("unfinished")

    for task in office.known["tasks"]:
        office.services.queue.add(task["name"], task["body"])
    office.settle()
    answer = office.manager().post(office.agency_id, "operation", operation_id=office.known["operation_id"])

    assert answer["outcome"] in WELL, answer
    assert office.status("ЗРН-2") == "На проверке"


@pytest.mark.parametrize("kind", ["reconcile", "norms"])
def test_tasks_of_the_old_timer_are_delivered_to_the_new_one(open_old: Opener, kind: str) -> None:
    """A look at a workbook and the norms of a night."""
    office = open_old("in_progress")
    office.lose_webhooks()
    office.move_card("ЗРН-2", 2)
    spreadsheet_id = office.clients["ЗРН"] if kind == "reconcile" else office.agency_id

    office.services.queue.add(f"{kind}-of-the-old-release", {"kind": kind, "spreadsheet_id": spreadsheet_id})
    office.settle()

    assert office.status("ЗРН-2") == ("На проверке" if kind == "reconcile" else "Онбординг")
    assert_table(
        office.table("norms", *NORMS, spreadsheet_id=office.agency_id), office.known["shown"]["norms"]
    )


def test_a_click_that_the_queue_lost_is_answered(open_old: Opener) -> None:
    """The manager who waits for it clicks again."""
    office = open_old("unfinished")

    ends_well(office.click_agency("update_load"))
    answer = office.manager().post(office.agency_id, "operation", operation_id=office.known["operation_id"])

    assert answer["outcome"] in WELL, answer
    assert_nobody_over(office)


def test_a_touched_card_that_the_queue_lost_is_found_by_the_timer(open_old: Opener) -> None:
    """And the next webhook of the workbook is followed at once."""
    office = open_old("unfinished")

    office.call_schedule()
    office.settle()
    found = office.status("ЗРН-2")
    office.move_card("ЗРН-4", 1)
    office.settle()

    assert (found, office.status("ЗРН-4")) == ("На проверке", "В работе")


# --- A long past -----------------------------------------------------------------------------------------


def test_norms_learned_from_a_long_past(open_old: Opener) -> None:
    """2,461 facts of six years give the norms, the shares kept and the estimates of the old release."""
    office = open_old("long_past")
    learned = office.known["learned"]

    answer = ends_well(office.click_agency("recalculate_norms"))
    ends_well(office.at("ЗРН").do("estimate"))

    assert answer["data"]["facts"] == 2461
    assert_table(office.table("norms", *NORMS, spreadsheet_id=office.agency_id), learned["norms"])
    assert_promises(office, learned["promises"])
    assert_table(office.table("backlog", *BACKLOG), learned["clients"]["ЗРН"]["backlog"])


def test_a_long_past_binds_nobody(open_old: Opener) -> None:
    """300 finished items: nobody is busy, nothing is looked at, and the next number is 301."""
    office = open_old("long_past").at("ЗРН")

    ends_well(office.click_agency("recalculate_norms"))
    rung = office.call_schedule()
    office.settle()
    ends_well(office.click_agency("update_load"))
    busy = load(office)
    ends_well(office.do("estimate"))
    preview = ends_well(office.do("build_batch"))["data"]
    ends_well(office.do("start_batch", preview_id=preview["preview_id"]))
    ends_well(office.do("push"))

    assert rung.json()["workbooks"] == 0
    assert {hours for days in busy.values() for hours in days} == {0.0}
    ids = [code for key in ("backlog", "in_progress") for (code,) in office.table(key, "id")]
    assert set(ids) == {f"ЗРН-{number}" for number in range(301, 307)}
    assert len(office.cards()) == len(preview["chosen"])
    assert_nobody_over(office)
