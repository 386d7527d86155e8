"""The process is killed right before and right after every outside call of the job that carries out what a
client has added from his page. Each thing is there once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.emulators.telegram.telegram_world import World
from tests.harness.chat_servers import RIGHTS, running_telegram, settings_of, settle, token_of
from tests.harness.client_asks import ask
from tests.harness.crash import CHAT, CRASH, Call
from tests.harness.crash_runs import crashes_around
from tests.harness.local_office import SavedOffice
from tests.harness.servers import Servers
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory
from vitrina.records.outside.chat_questions import answers_for_page
from vitrina.records.outside.client_pages import load_page
from vitrina.records.outside.client_wishes import CLIENT_WISH
from vitrina.workbook.writing.client_needs import need_lines

pytestmark = pytest.mark.slow

URL = "https://disk.example/brief"


@pytest.fixture(scope="module")
def telegram() -> Iterator[World]:
    """The emulator."""
    with running_telegram() as world:
        yield world


@pytest.fixture(scope="module")
def factory(
    servers: Servers, telegram: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OfficeFactory]:
    """One worker at a time."""
    own = {name.removeprefix("VITRINA_"): text for name, text in settings_of(telegram).items()}
    with running_office_factory(servers, tmp_path_factory.mktemp("kill-asks"), **own) as running:
        yield running


@pytest.fixture(scope="module")
def saved(factory: OfficeFactory) -> SavedOffice:
    """A client with one proposal of his own and one line of «Что нужно от вас»."""
    with factory.office() as office:
        office.create_agency()
        office.create_client()
        send(office, "order", title="Плакат")
        place = need_lines(office.book())[0].text
        office.edit({"type": "type", "sheet": place.sheet_title, "cell": place.address, "text": "Логотип"})
        office.settle()
        return office.save_state()


def agency_id(office: WorkerOffice) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def send(office: WorkerOffice, kind: str, **fields: object) -> None:
    """Send a form of the page."""
    ask(office.services, office.client_id, agency_id(office), kind, **fields)


def calls_of(office: WorkerOffice) -> list[Call]:
    """Outside calls of the worker so far."""
    return [Call.parse(line) for line in office.calls_path.read_text(encoding="utf-8").splitlines()]


def add_group(office: WorkerOffice, world: World) -> int:
    """The chat of the project."""
    answer = office.click_until_answered(office.client_id, "show_chat")
    chat_id = world.add_group(payload=token_of(answer), rights=RIGHTS)
    settle(office, world)
    return chat_id


def recover(office: WorkerOffice, world: World) -> None:
    """Wait until all is done that a death has left; Telegram repeats what was not answered."""
    settle(office, world)
    if any(supervisor.deaths for supervisor in office.supervisors):
        world.advance(2)
        settle(office, world)


def call_timer(office: WorkerOffice, world: World) -> None:
    """Let some minutes pass, so that the timer sends what a dead process has not queued."""
    office.let_pass(timedelta(minutes=5))
    assert office.call_schedule().status_code == 200
    settle(office, world)


def play(office: WorkerOffice, world: World) -> tuple[dict[str, Any], list[Call], int]:
    """Have the client add one thing of each kind; what there is then, the calls meanwhile, and the deaths."""
    chat_id = add_group(office, world)
    before = len(calls_of(office))
    send(office, "order", title="Баннер", text="=1+1")
    send(office, "question", text="Когда начнём?")
    send(office, "priority", number=1, direction="up")
    send(office, "attachment", number=1, url=URL)
    send(office, "need", line=1, ticked=True, text="Логотип")
    send(office, "review", mark=4, text="Хорошо")
    send(office, "order", title="Статья")
    recover(office, world)
    calls = calls_of(office)[before:]
    deaths = sum(supervisor.deaths for supervisor in office.supervisors)
    call_timer(office, world)
    store, backlog = office.services.store, office.book().tab("backlog")
    lines = office.table("log", "operation_id", "action", "message", "who", spreadsheet_id=agency_id(office))
    group = world.chat(chat_id)
    seen = {
        "rows": office.table("backlog", "id", "task", "result", "status", "priority"),
        "notes": [backlog.cell(row, "id").note for row in backlog.rows if backlog.cell(row, "id").text],
        "ticks": [one.is_done for one in need_lines(office.book())],
        "asked": office.book().field("questions").cell.text,
        "projects": office.table("projects", "questions", spreadsheet_id=agency_id(office)),
        "journal": sorted((str(one[1]), str(one[2])) for one in lines if one[3] == "Клиент"),
        "questions": [(one.number, one.text) for one in answers_for_page(store, office.client_id)],
        "proposals": load_page(store, office.client_id, agency_id(office)).proposals,
        "results": sorted((one.data["kind"], one.data["result"]) for one in store.find(CLIENT_WISH)),
        "topics": [one["name"] for one in group["topics"]],
        "told": [
            message["text"]
            for topic in group["topics"]
            for message in topic["messages"]
            if message["text"] and "Когда начнём?" in message["text"]
        ],
    }
    return seen, calls, deaths


def test_each_thing_is_there_once(
    factory: OfficeFactory, telegram: World, saved: SavedOffice, subtests: pytest.Subtests
) -> None:
    """Wherever the process dies."""
    telegram.seed()
    with factory.office(saved) as office:
        expected, calls, _ = play(office, telegram)
    assert [row[1:] for row in expected["rows"]] == [
        ("Плакат", None, "Предложение", "Высокий"),
        ("Баннер", "=1+1", "Предложение", None),
        ("Статья", None, "Предложение", None),
    ]
    assert expected["notes"][0].count(URL) == 1
    assert (expected["ticks"][0], len(expected["told"]), expected["proposals"]) == (True, 1, (1, 2, 3))
    assert expected["questions"] == [(1, "Когда начнём?")]
    assert expected["asked"].endswith("Когда начнём?")
    assert len(expected["journal"]) == 8
    assert {result for _, result in expected["results"]} == {"done"}

    assert {one.service for one in calls} >= {"google", "tasks", CHAT}
    assert {one.method for one in calls} >= {"sheets.spreadsheets.batchUpdate", "POST /sendMessage"}
    for crash, _ in crashes_around(calls):
        telegram.seed()
        with subtests.test(msg=crash), factory.office(saved, **{CRASH: crash}) as office:
            found, _, deaths = play(office, telegram)

            assert deaths == 1
            assert found == expected
