"""Rows 7 and 10 to 12 of what people found by use: answers that are right, through the menu."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.e2e.failures.helpers import (
    BACKLOG,
    build_preview,
    estimate_backlog,
    put_in_progress,
    set_webhook_mode,
    start_period,
)
from tests.e2e.failures.test_round2 import restart_at
from tests.harness.agency_data import MANAGER, NOW, TEAM
from tests.harness.assertions import assert_answer
from tests.harness.office import Office
from vitrina.operations.actor import person
from vitrina.operations.run import LEASE, Run
from vitrina.ports import Put
from vitrina.project import team_renewal
from vitrina.records.books import find_projects
from vitrina.texts import LOCALES, load
from vitrina.usecases.actions import ACTIONS

#: Column, what a person types into the first row of the backlog, and how the complaint begins.
BAD_CELLS = (
    ("quantity", "пять штук", "«пять штук» — не количество"),
    ("quantity", "1000000", "по норме выходит"),
    ("hours.design", "много", "«много» — не часы"),
    ("wanted_on", "к среде", "«к среде» — не дата"),
    ("depends_on", "ЗРН-99", "«ЗРН-99»: такой задачи нет"),
    ("depends_on", "ЗРН-1", "задача ЗРН-1 не может ждать саму себя"),
    ("depends_on", "ЗРН-2", "задачи ждут друг друга по кругу: ЗРН-1 и ЗРН-2"),
)


def complaints(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Sheet, cell and sentence of each bad cell."""
    return [(one["sheet"], one["cell"], one["message"]) for one in answer["cells"]]


def test_used_row_10_the_check_tells_what_the_estimate_refuses(office: Office) -> None:
    """Each bad cell of the backlog: the same sentence, and the same cell to go to."""
    estimate_backlog(office)
    office.type("backlog", 2, depends_on="ЗРН-1")
    assert office.do("check_book")["cells"] == []
    for column, text, begins in BAD_CELLS:
        office.type("backlog", 1, **{column: text})
        refused = office.do("estimate")

        checked = office.do("check_book")

        assert_answer(refused, "refused", 422)
        assert complaints(refused), column
        assert complaints(refused)[0][2].startswith(begins), complaints(refused)
        assert complaints(checked) == complaints(refused)
        assert checked["data"]["found"] == len(refused["cells"])
        office.type("backlog", 1, **{column: {"hours.design": "3"}.get(column, "")})


def test_used_row_10_the_check_of_all_names_the_workbook_of_the_cell(office: Office) -> None:
    """In the agency's workbook: project, tab and cell in the sentence."""
    assert office.agency is not None
    office.fill_backlog({**BACKLOG[0], "quantity": "пять"})

    answer = office.click(office.agency.spreadsheet_id, "check_all")

    [line] = answer["details"]
    assert line.startswith("Заря — Сайт, лист «Бэклог», G2: «пять» — не количество"), line


def test_used_row_10_zero_hours_are_told_as_such(office: Office) -> None:
    """A kind of work with a norm, none, and no kind at all: nothing is said of norms."""
    office.fill_backlog(
        {"task": "Баннер", "work_type": "Баннер", "hours_design": "0"},
        {"task": "Совещание", "hours_copy": "0"},
        {"task": "Статья", "work_type": "Статья", "hours_design": "0"},
    )

    answer = office.do("estimate")

    assert_answer(answer, "partial", 200)
    assert [line for line in answer["details"] if "ЗРН" in line] == [
        f"{code}: вписано 0 ч, с нулём задача не попадёт в план. Впишите часы больше нуля или очистите ячейку"
        for code in ("ЗРН-1", "ЗРН-2")
    ]


@pytest.mark.parametrize(
    ("typed", "is_known"),
    [("Анна Белова", True), ("анна  белова", True), ("team@agency.ru", True), ("", True), ("Петя", False)],
)
def test_used_row_10_unknown_responsible_is_told(office: Office, typed: str, is_known: bool) -> None:
    """By the estimate, which goes on, and by the check, with the cell to go to."""
    estimate_backlog(office)
    assert office.do("check_book")["outcome"] == "done"
    place = office.book().field("responsible")
    office.edit({"type": "type", "sheet": place.sheet_title, "cell": place.address, "text": typed})

    estimated, checked = office.do("estimate"), office.do("check_book")

    assert_answer(estimated, "done", 200)
    expected = [] if is_known else [(place.sheet_title, place.address)]
    for answer in (estimated, checked):
        assert [(sheet, cell) for sheet, cell, _ in complaints(answer)] == expected
    assert all(message.startswith("«Петя» — не почта") for _, _, message in complaints(checked))


def test_used_row_10_the_undo_question_names_the_action_and_its_moment(office: Office) -> None:
    """Asked before anything was done, and after each action; the click undoes what it named or nothing."""
    nothing = office.do("undo_question")
    assert_answer(nothing, "refused", 422)
    assert nothing["message"].startswith("Отменять нечего")
    estimate_backlog(office)
    office.forget_calls()

    asked = office.do("undo_question")

    at = NOW.astimezone(office.services.time_zone)
    assert asked["message"] == f"Отменить «Оценить бэклог» от {at:%H:%M}?"
    assert office.calls("google") == {}
    start_period(office)
    other = office.do("undo", record_id=asked["data"]["record_id"])
    assert_answer(other, "refused", 422)
    assert "«Начать период»" in other["message"]
    assert office.table("in_progress", "action")
    started = office.do("undo_question")
    assert started["message"] == f"Отменить «Начать период» от {at:%H:%M}?"
    assert_answer(office.do("undo", record_id=started["data"]["record_id"]), "done", 200)
    assert office.table("in_progress", "action") == []


def test_used_row_10_the_undo_question_of_another_day_names_the_day(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The moment alone would be taken for one of today."""
    estimate_backlog(office)
    restart_at(monkeypatch, NOW + timedelta(days=1))

    at = NOW.astimezone(office.services.time_zone)
    assert office.do("undo_question")["message"] == f"Отменить «Оценить бэклог» от {at:%d.%m.%Y}, {at:%H:%M}?"


@pytest.mark.parametrize(("status", "action"), [("timeout", "«Начать период»"), ("drop", "«Оценить бэклог»")])
def test_used_row_10_the_undo_question_knows_whether_a_lost_write_arrived(
    office: Office, status: str, action: str
) -> None:
    """The sheet tells, as it does when the undo is carried out."""
    estimate_backlog(office)
    preview_id = build_preview(office)
    office.fail_next("google", method="sheets.spreadsheets.batchUpdate", status=status, count=1)
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "failed"

    assert action in office.do("undo_question")["message"]


@pytest.mark.parametrize("action", ["build_batch", "check_book"])
def test_used_row_10_a_bad_cell_of_the_agencys_workbook_can_be_gone_to(office: Office, action: str) -> None:
    """Clicked in the client's workbook: the address of the other one, with tab and cell."""
    assert office.agency is not None
    agency_id = office.agency.spreadsheet_id
    estimate_backlog(office)
    start_period(office)
    tab = office.book(agency_id).tab("specialists")
    row = tab.rows[0]
    office.type("specialists", row.index, agency_id, hours_per_day="много")

    answer = office.do(action)

    assert_answer(answer, "refused", 422)
    [cell] = answer["cells"]
    url = office.services.workbooks.url(agency_id)
    place = tab.address(row, "hours_per_day")
    assert (cell["sheet"], cell["cell"], cell["spreadsheet_id"]) == (tab.title, place, agency_id)
    assert cell["url"] == f"{url}#gid={tab.sheet_id}&range={place}"


def hold_workbook(office: Office, **data: Any) -> None:
    """Have another run hold the client's workbook for some minutes."""
    until = (NOW + timedelta(minutes=5)).isoformat()
    office.services.store.commit([Put(LEASE, office.client_id, {"holder": "other", "until": until, **data})])


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({}, "С этой книгой сейчас работает другое действие."),
        ({"actor": {"kind": "clock", "name": ""}}, "Сейчас «Витрина» сама обновляет эту книгу."),
        ({"email": TEAM[0]["email"]}, "Сейчас в этой книге Анна Белова начинает период, начато в {at}."),
        ({"email": "new@example.com"}, "Сейчас в этой книге new@example.com начинает период, начато в {at}."),
    ],
    ids=["older release", "job", "known", "unknown"],
)
def test_used_row_10_busy_says_who_and_what(
    office: Office, monkeypatch: pytest.MonkeyPatch, held: dict[str, Any], message: str
) -> None:
    """As far as it is known; the same click can be repeated."""
    estimate_backlog(office)
    build_preview(office)
    email = held.pop("email", None)
    if email:
        held |= {"actor": person(email).data(), "action": "start_batch", "at": NOW.isoformat()}
    hold_workbook(office, **held)
    monkeypatch.setattr(Run.take, "__kwdefaults__", {"updates": (), "wait_s": 0.1})

    answer = office.do("estimate")

    assert_answer(answer, "refused", 409)
    at = NOW.astimezone(office.services.time_zone)
    assert answer["message"] == f"{message} Подождите минуту и повторите.".format(at=f"{at:%H:%M}")
    assert answer["data"] == {"is_busy": True}


def test_used_row_10_each_action_that_holds_a_workbook_can_be_named() -> None:
    """In both languages."""
    holding = {f"busy.{name}" for name, action in ACTIONS.items() if action.holds}

    assert all(holding <= load(locale).keys() for locale in LOCALES)


def test_used_row_10_a_running_action_says_what_it_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease of a real click has the person, the action and the moment."""
    office.fill_backlog(*BACKLOG)
    leases: list[Any] = []
    read = office.services.workbooks.read

    def look(spreadsheet_id: str) -> Any:
        key = (LEASE, office.client_id)
        leases.append(office.services.store.get_many([key])[key].data)
        return read(spreadsheet_id)

    monkeypatch.setattr(office.services.workbooks, "read", look)
    office.do("estimate")

    assert leases[0]["actor"] == person(MANAGER).data()
    assert leases[0]["action"] == "estimate"
    assert abs(datetime.fromisoformat(leases[0]["at"]) - NOW) < timedelta(minutes=1)


def test_used_row_10_one_reason_of_many_tasks_is_told_once(office: Office) -> None:
    """Twenty tasks without a kind of work, four of a kind without a norm, three with a zero."""
    office.fill_backlog(
        *({"task": f"Встреча {number}"} for number in range(20)),
        *({"task": f"Съёмка {number}", "work_type": "Съёмка"} for number in range(4)),
        *({"task": f"Звонок {number}", "hours_copy": "0"} for number in range(3)),
    )

    answer = office.do("estimate")

    assert_answer(answer, "partial", 200)
    ids = ", ".join(f"ЗРН-{number}" for number in range(1, 12))
    assert answer["details"][-5:-3] == [
        f"не указан вид работ: {ids} и ЗРН-12 (всего 20)",
        "по виду работ «Съёмка» ещё нет нормы: ЗРН-21, ЗРН-22, ЗРН-23 и ЗРН-24 (всего 4)",
    ]
    assert [line.split(":")[0] for line in answer["details"][-3:]] == ["ЗРН-25", "ЗРН-26", "ЗРН-27"]
    assert answer["data"]["gaps"] == 27


def test_used_row_10_cards_that_are_gone_are_told_in_one_line(office: Office) -> None:
    """Somebody deleted the cards of the board."""
    estimate_backlog(office, *({"task": f"Баннер {number}", "hours_design": "1"} for number in range(5)))
    start_period(office)
    assert office.do("push")["outcome"] == "done"
    office.settle()
    set_webhook_mode(office, "drop")
    for card in office.cards():
        office.kaiten("DELETE", f"/cards/{card['id']}")

    answer = office.do("check_book")

    ids = "ЗРН-1, ЗРН-2, ЗРН-3, ЗРН-4 и ЗРН-5"
    assert answer["details"] == [f"Ссылки на карточки есть, а карточек в трекере нет: {ids} (всего 5)."]
    assert answer["data"]["found"] == 5


def test_used_row_12_owner_reads_titles_and_no_keys(agency: Office) -> None:
    """The column with the keys of the settings, such as ``load_factor``, is hidden."""
    assert agency.agency is not None
    agency_id = agency.agency.spreadsheet_id
    tab = agency.book(agency_id).tab("settings")
    url = f"{agency.servers.google}/v4/spreadsheets/{agency_id}"
    fields = "sheets(properties.sheetId,data.columnMetadata.hiddenByUser)"
    sheets = agency.http.get(url, params={"fields": fields}).json()["sheets"]
    [columns] = [
        one["data"][0]["columnMetadata"] for one in sheets if one["properties"]["sheetId"] == tab.sheet_id
    ]

    assert columns[tab.column("key")].get("hiddenByUser")
    assert not columns[tab.column("title")].get("hiddenByUser")


def agency_id_of(office: Office) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def test_used_row_7_what_the_client_chose_reaches_the_agency(office: Office) -> None:
    """*Вернули* and *Принято* of work in review say in *Проекты* that it is our turn."""
    put_in_progress(office, *BACKLOG)
    for card in office.cards()[:2]:
        office.kaiten("PATCH", f"/cards/{card['id']}", column_id=review_column(office, card))
    office.do("refresh")
    tab = office.book().tab("in_progress")
    decisions = iter(("Принято", "Вернули"))
    chosen: dict[str, str] = {}
    for row in tab.rows:
        code = tab.cell(row, "id").text
        if tab.cell(row, "status").text == "На проверке":
            if code not in chosen:
                chosen[code] = next(decisions)
            office.type("in_progress", row.index, approval=chosen[code])

    office.click(agency_id_of(office), "update_load")

    accepted, returned = chosen
    [(waits,)] = office.table("projects", "waits", spreadsheet_id=agency_id_of(office))
    assert waits == f"мы, клиент вернул: {returned}; мы, клиент принял: {accepted}"


def test_used_row_7_the_journal_is_filled_and_the_board_is_the_projects_own(office: Office) -> None:
    """Each action has a line, and two clients have links to two boards."""
    office.create_client(client_name="Луч", project_name="Блог", code="ЛУЧ")
    office.settle()

    lines = office.table("log", "action", "outcome", "who", spreadsheet_id=agency_id_of(office))
    assert ("Новый клиент", "сделано", MANAGER) in lines
    boards = office.table("projects", "board", spreadsheet_id=agency_id_of(office))
    cards = [project.board_url for project in find_projects(office.services.store, agency_id_of(office))]
    assert len(boards) == len(set(cards)) == 2


def test_used_row_11_the_owner_sees_projects_first_and_a_fresh_load(office: Office) -> None:
    """The workbook opens on *Проекты* with a mark of health; the load follows a start by itself."""
    estimate_backlog(office)
    start_period(office)
    office.settle()

    load = office.table("load", "specialist", "load", "load_share", spreadsheet_id=agency_id_of(office))
    assert any(hours > 0 and share > 0 for _, hours, share in load)
    office.click(agency_id_of(office), "update_load")
    url = f"{office.servers.google}/v4/spreadsheets/{agency_id_of(office)}"
    sheets = office.http.get(url, params={"fields": "sheets.properties.title"}).json()["sheets"]
    assert sheets[0]["properties"]["title"] == "Проекты"
    assert office.table("projects", "health", spreadsheet_id=agency_id_of(office)) == [("по плану",)]


def test_used_row_12_a_manager_is_added_in_the_workbook(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row in *Специалисты* with a role is enough: no setting, no restart."""
    monkeypatch.setattr(team_renewal, "PAUSE_S", 0.0)
    nina = office.manager("nina@mayak.example")
    assert nina.post(office.client_id, "build_batch")["http_status"] == 403
    tab = office.book(agency_id_of(office)).tab("specialists")
    values = {"name": "Нина Градова", "email": "nina@mayak.example", "role": "менеджер"}
    office.type("specialists", tab.rows[-1].index + 1, agency_id_of(office), **values)

    assert nina.post(office.client_id, "check_book")["http_status"] == 202


def review_column(office: Office, card: Any) -> Any:
    """The column *На проверке* of the board of a card."""
    columns = office.kaiten("GET", f"/boards/{card['board_id']}/columns")
    return next(column["id"] for column in columns if column["title"] == "На проверке")
