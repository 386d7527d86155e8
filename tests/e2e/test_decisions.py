"""The life of finished work: shown to the client, returned, shown again, accepted, taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness.desks.asana import AsanaDesk
from tests.harness.office import TEAM, Office
from tests.harness.stored import stored_items
from vitrina.bootstrap import application
from vitrina.errors import UserError
from vitrina.records.outside.client_pages import ClientPage, load_page
from vitrina.records.outside.decisions import Channel, DecisionKind, load_decisions
from vitrina.records.work import Item
from vitrina.usecases.decisions.decide import Ending, Outcome, Verdict, decide, take_back

ROWS = (
    {"task": "Лендинг", "work_type": "Лендинг", "priority": "Срочно"},
    {"task": "Баннер", "work_type": "Баннер"},
)
#: Stages of a board from the left.
IN_WORK, REVIEW, DONE = 1, 2, 3
REMARK = "Сделайте кнопку крупнее"
CLIENT = "client@zarya.example"
DONE_COLUMNS = ("id", "task", "specialist", "hours", "approved_by")


@pytest.fixture
def started(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Two items on the board. What a client decides is carried out at once."""
    monkeypatch.setenv("VITRINA_DECISION_HOLD_S", "0")
    application.cache_clear()
    preview_id = office.preview_backlog(*ROWS)
    assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
    assert office.do("push")["outcome"] == "done"
    office.settle()
    return office


def page_of(office: Office) -> ClientPage:
    """The client's page as it is kept."""
    assert office.agency is not None
    return load_page(office.services.store, office.client_id, office.agency.spreadsheet_id)


def item_of(office: Office, number: int) -> Item:
    """An item as the store has it."""
    found = stored_items(office.services.store, spreadsheet_id=office.client_id)
    return next(one for one in found if one.number == number)


def to_stage(office: Office, code: str, stage: int) -> None:
    """Move the card of an item, and have the sheet follow."""
    card = next(one for one in office.desk.cards() if one.title.startswith(code))
    office.desk.move(card.card_id, stage)
    office.settle()
    assert office.do("refresh")["outcome"] in ("done", "partial")
    office.settle()


def stage_of(office: Office, code: str) -> str:
    """The title of the stage of an item's card."""
    return next(one.stage for one in office.desk.cards() if one.title.startswith(code))


def answer_for(office: Office, kind: DecisionKind, *numbers: int, text: str = "") -> list[Outcome]:
    """The client answers by his page, and it is carried out."""
    assert office.agency is not None
    seen = {one: page_of(office).by_number[one].fingerprint for one in numbers}
    verdict = Verdict(kind, Channel.PAGE, seen, text=text)
    outcomes = decide(office.services, office.client_id, office.agency.spreadsheet_id, verdict)
    office.settle()
    return outcomes


def again(office: Office, kind: DecisionKind, seen: str) -> Outcome:
    """Somebody who still sees item 2 as it was shown answers in the chat."""
    assert office.agency is not None
    verdict = Verdict(kind, Channel.CHAT, {2: seen}, text=REMARK)
    return decide(office.services, office.client_id, office.agency.spreadsheet_id, verdict)[0]


def decisions_of(office: Office, number: int) -> list[Any]:
    """Kind and state of all decisions about an item."""
    found = load_decisions(office.services.store, office.client_id, number, 9)
    return [(one.kind, one.state, one.round) for one in found]


def test_returned_then_accepted(started: Office) -> None:
    """A card goes to review, back with the remark, to review again, and its row ends in *Готово*."""
    to_stage(started, "ЗРН-2", REVIEW)
    assert [(one.code, one.round) for one in page_of(started).items] == [("ЗРН-2", 1)]

    answer_for(started, DecisionKind.RETURNED, 2, text=REMARK)

    assert stage_of(started, "ЗРН-2") == "В работе"
    card = next(one for one in started.desk.cards() if one.title.startswith("ЗРН-2"))
    assert f"Замечание клиента (1):** {REMARK}" in card.description
    tab, row = started.row("in_progress", "ЗРН-2")
    assert [tab.cell(row, key).text for key in ("status", "approval", "remark")] == [
        "В работе",
        "Вернули",
        REMARK,
    ]
    assert REMARK in tab.cell(row, "approval").note
    assert not item_of(started, 2).is_shown

    to_stage(started, "ЗРН-2", REVIEW)
    assert [(one.code, one.round, one.is_waiting) for one in page_of(started).items] == [("ЗРН-2", 2, True)]
    tab, row = started.row("in_progress", "ЗРН-2")
    assert [tab.cell(row, key).text for key in ("status", "approval", "remark")] == ["На проверке", "", ""]
    seen = page_of(started).items[0].fingerprint
    answer_for(started, DecisionKind.ACCEPTED, 2)

    assert stage_of(started, "ЗРН-2") == "Выполнено"
    assert started.table("done", *DONE_COLUMNS) == [
        ("ЗРН-2", "Баннер", "Борис Ким", 3.0, "Клиент, по ссылке")
    ]
    assert {code for (code,) in started.table("in_progress", "id")} == {"ЗРН-1"}
    assert item_of(started, 2).is_done
    assert page_of(started).items == ()
    assert decisions_of(started, 2) == [("returned", "settled", 1), ("accepted", "settled", 2)]
    late = [again(started, kind, seen) for kind in DecisionKind]
    assert [(one.ending, one.code) for one in late] == [(Ending.SAME, "ЗРН-2"), (Ending.OTHER, "ЗРН-2")]
    assert started.do("check_book")["data"]["found"] == 0


@pytest.mark.parametrize("tracker_name", ["asana"], indirect=True)
def test_accepted_card_that_was_only_ticked(started: Office) -> None:
    """A task that is completed in the section of review, by people or by half of a move, is moved as well."""
    to_stage(started, "ЗРН-2", REVIEW)
    desk = started.desk
    assert isinstance(desk, AsanaDesk)
    card = next(one for one in desk.cards() if one.title.startswith("ЗРН-2"))
    desk.call("PUT", f"/tasks/{card.card_id}", completed=True)

    answer_for(started, DecisionKind.ACCEPTED, 2)

    assert stage_of(started, "ЗРН-2") == "Выполнено"


def test_the_client_takes_it_back(started: Office) -> None:
    """Within the time for it nothing is carried out, and he is asked again."""
    assert started.agency is not None
    agency_id = started.agency.spreadsheet_id
    to_stage(started, "ЗРН-2", REVIEW)
    verdict = Verdict(DecisionKind.ACCEPTED, Channel.PAGE, {2: page_of(started).items[0].fingerprint})
    hold = timedelta(minutes=10)
    first = decide(started.services, started.client_id, agency_id, verdict, hold=hold)
    again = decide(started.services, started.client_id, agency_id, verdict, hold=hold)

    taken = take_back(started.services, started.client_id, agency_id, [2])
    late = take_back(started.services, started.client_id, agency_id, [2])
    started.settle()

    assert [[one.ending for one in found] for found in (first, again, taken, late)] == [
        [Ending.MADE],
        [Ending.SAME],
        [Ending.MADE],
        [Ending.GONE],
    ]
    assert first[0].decided == again[0].decided
    assert page_of(started).items[0].is_waiting
    assert decisions_of(started, 2) == [("accepted", "taken_back", 1)]
    assert started.table("done", "id") == []
    answer_for(started, DecisionKind.ACCEPTED, 2)
    assert started.table("done", "id") == [("ЗРН-2",)]


def test_what_was_seen_counts(started: Office) -> None:
    """Another link to the result is another thing to accept, and a return needs a remark."""
    assert started.agency is not None
    agency_id = started.agency.spreadsheet_id
    to_stage(started, "ЗРН-2", REVIEW)
    seen = {2: page_of(started).items[0].fingerprint}
    link = "https://design.example/2"
    assert started.do("show_to_client", numbers=[2], result_url=link)["outcome"] == "done"

    old = decide(
        started.services, started.client_id, agency_id, Verdict(DecisionKind.ACCEPTED, Channel.PAGE, seen)
    )
    with pytest.raises(UserError, match="no_text"):
        answer_for(started, DecisionKind.RETURNED, 2, text=" \u202e\n")

    assert [one.ending for one in old] == [Ending.CHANGED]
    assert (page_of(started).items[0].result_url, page_of(started).items[0].checked_by) == (
        link,
        started.staff,
    )
    assert decisions_of(started, 2) == []


def test_said_on_the_phone(started: Office) -> None:
    """Staff accept finished work in the client's name, also what he was never asked about."""
    to_stage(started, "ЗРН-2", DONE)
    assert page_of(started).items == ()
    early = started.do("decide_for_client", numbers=[1], kind="accepted", note="по телефону")
    found = started.do("finished_work")
    assert [(one["code"], one["is_shown"]) for one in found["data"]["items"]] == [("ЗРН-2", False)]

    answer = started.do("decide_for_client", numbers=[2], kind="accepted", note="по телефону 25 ноября")
    started.settle()

    assert (early["outcome"], early["message"]) == (
        "refused",
        "ЗРН-1 ещё не закончена: клиенту показывают то, что стоит «На проверке» или «Выполнено».",
    )
    assert (answer["outcome"], answer["message"]) == (
        "done",
        "Принято: ЗРН-2. Строки теперь на вкладке «Готово».",
    )
    assert started.table("done", "id", "approved_by") == [("ЗРН-2", "Клиент, со слов")]
    [decision] = load_decisions(started.services.store, started.client_id, 2, 9)
    assert (decision.who, decision.note) == (started.staff, "по телефону 25 ноября")


def test_taken_back_by_staff(started: Office) -> None:
    """An accepted item comes back to review with its rows, until accounting has it."""
    to_stage(started, "ЗРН-1", REVIEW)
    before = started.table("in_progress", "id", "action", "specialist", "hours", "status")
    answer_for(started, DecisionKind.ACCEPTED, 1)
    assert started.table("done", "id", "hours") == [("ЗРН-1", sum(row[3] for row in before[:3]))]

    answer = started.do("take_back_accepted", number=1)
    started.settle()

    assert (answer["outcome"], answer["message"]) == ("done", "ЗРН-1 снова на проверке у клиента.")
    assert started.table("done", "id") == []
    after = started.table("in_progress", "id", "action", "specialist", "hours", "status")
    assert sorted(after) == sorted(before)
    assert stage_of(started, "ЗРН-1") == "На проверке"
    assert page_of(started).items[0].is_waiting
    assert started.do("take_back_accepted", number=1)["outcome"] == "refused"
    answer_for(started, DecisionKind.ACCEPTED, 1)
    assert started.table("done", "id") == [("ЗРН-1",)]
    assert decisions_of(started, 1) == [("accepted", "taken_back", 1), ("accepted", "settled", 1)]


def test_accounting_has_it(started: Office) -> None:
    """What stands in a request cannot be taken back."""
    to_stage(started, "ЗРН-2", REVIEW)
    answer_for(started, DecisionKind.ACCEPTED, 2)
    [decision] = load_decisions(started.services.store, started.client_id, 2, 9)
    started.services.store.commit([replace(decision, request_id="request-1").put()])

    answer = started.do("take_back_accepted", number=2)

    assert (answer["outcome"], started.table("done", "id")) == ("refused", [("ЗРН-2",)])


def test_undo_leaves_what_was_accepted(started: Office) -> None:
    """The start of the week goes back but for the accepted item."""
    to_stage(started, "ЗРН-2", REVIEW)
    answer_for(started, DecisionKind.ACCEPTED, 2)
    started.do("undo")

    answer = started.do("undo")

    assert answer["outcome"] == "partial", answer
    assert started.table("done", "id") == [("ЗРН-2",)]
    assert item_of(started, 2).is_done
    assert started.do("check_book")["data"]["found"] == 0


def test_people_keep_what_they_typed(started: Office) -> None:
    """Own columns, notes and the client's remark stand in the note of the row in *Готово*."""
    _, row = started.row("in_progress", "ЗРН-2")
    started.type("in_progress", row.index, remark="Красиво!")
    to_stage(started, "ЗРН-2", REVIEW)

    answer_for(started, DecisionKind.ACCEPTED, 2)

    done, row = started.row("done", "ЗРН-2")
    assert done.cell(row, "task").note == "Ваше замечание: Красиво!"


def test_back_to_work_before_he_answers(started: Office) -> None:
    """Work that people take back is not shown any more, and an answer to it finds that."""
    to_stage(started, "ЗРН-2", REVIEW)
    seen = page_of(started).items[0].fingerprint
    to_stage(started, "ЗРН-2", IN_WORK)

    [shown] = page_of(started).items
    assert (shown.is_waiting, shown.is_withdrawn) == (False, True)
    assert started.agency is not None
    outcome = decide(
        started.services,
        started.client_id,
        started.agency.spreadsheet_id,
        Verdict(DecisionKind.ACCEPTED, Channel.PAGE, {2: seen}),
    )
    assert [one.ending for one in outcome] == [Ending.GONE]


@pytest.mark.parametrize("is_open", [False, True])
def test_chosen_in_the_sheet(started: Office, is_open: bool) -> None:
    """The cells decide where only people with a name can edit; else they are a proposal for staff."""
    share(started, type="user", role="writer", emailAddress=CLIENT)
    if is_open:
        share(started, type="anyone", role="writer")
    to_stage(started, "ЗРН-1", REVIEW)
    to_stage(started, "ЗРН-2", REVIEW)
    tab = started.book().tab("in_progress")
    for row in tab.rows:
        if tab.cell(row, "id").text == "ЗРН-1":
            started.type("in_progress", row.index, approval="Принято", remark="Отлично!")
        if tab.cell(row, "id").text == "ЗРН-2":
            started.type("in_progress", row.index, approval="Вернули", remark=REMARK)

    assert started.do("refresh")["outcome"] == "done"
    started.settle()

    if is_open:
        assert (decisions_of(started, 1), decisions_of(started, 2)) == ([], [])
        assert started.table("done", "id") == []
        return
    assert started.table("done", "id", "approved_by") == [("ЗРН-1", "Клиент, в таблице")]
    assert decisions_of(started, 2) == [("returned", "settled", 1)]
    assert stage_of(started, "ЗРН-2") == "В работе"


def share(office: Office, **permission: str) -> None:
    """Share the workbook, as a manager may by Google's own dialog."""
    url = f"{office.servers.google}/drive/v3/files/{office.client_id}/permissions"
    office.http.post(url, json=permission).raise_for_status()


def test_checked_by_another_person(started: Office) -> None:
    """The client is not asked before somebody who did not do the work has shown it to him."""
    started.choose(client_check="другим человеком")
    assert started.agency is not None
    agency_id = started.agency.spreadsheet_id
    people = started.book(agency_id).tab("specialists")
    for row in people.rows:
        if people.cell(row, "name").text:
            started.type("specialists", row.index, agency_id, role="менеджер")
    started.click(agency_id, "update_load")
    started.settle()
    to_stage(started, "ЗРН-2", REVIEW)
    tab, row = started.row("in_progress", "ЗРН-2")
    assert (page_of(started).items, tab.cell(row, "approval").text) == ((), "—")
    assert not started.book().field("waiting").cell.text.startswith("Посмотрите")
    doer = next(one["email"] for one in TEAM if one["name"] == tab.cell(row, "specialist").text)
    own = started.manager(doer).click(started.client_id, "show_to_client", numbers=[2])

    answer = started.do("show_to_client", numbers=[2], result_url="https://design.example/2")
    started.settle()

    assert own["message"] == "ЗРН-2: эту работу делали вы. Показать её клиенту должен другой человек."
    assert answer["outcome"] == "done"
    tab, row = started.row("in_progress", "ЗРН-2")
    assert tab.cell(row, "approval").text == ""
    assert [(one.number, one.is_waiting) for one in page_of(started).items] == [(2, True)]
    started.do("refresh")
    assert [(one.number, one.is_waiting) for one in page_of(started).items] == [(2, True)]


def test_a_new_answer_in_the_sheet_stays(started: Office) -> None:
    """What the client chose before the work went to review is his answer, not one of an earlier round."""
    _, row = started.row("in_progress", "ЗРН-2")
    started.type("in_progress", row.index, approval="Вернули", remark="Короче")

    to_stage(started, "ЗРН-2", REVIEW)

    tab, row = started.row("in_progress", "ЗРН-2")
    assert [tab.cell(row, key).text for key in ("approval", "remark")] == ["Вернули", "Короче"]
