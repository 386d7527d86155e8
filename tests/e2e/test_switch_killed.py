"""Three clients move from the sheet to Kaiten, to Asana and back, and the process is killed on the way.

The work is half done each time: typed, ticked, moved and logged. Wherever the process dies, the end is that
of a move without a crash: nothing is entered twice, no hour is lost. Without ``--full`` it dies only around
the first call of each kind that makes or changes something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.harness.crash import Call
from tests.harness.crash_runs import crash_at_every_call
from tests.harness.desks.both import BothDesks
from tests.harness.local_office import SavedOffice
from tests.harness.servers import Servers
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory
from vitrina.records.books import find_projects

CLIENTS: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "ЗРН": ({"task": "Лендинг", "work_type": "Лендинг"}, {"task": "Баннер", "work_type": "Баннер"}),
    "УЛБ": ({"task": "Статья", "work_type": "Статья"},),
    "МОРЕ": ({"task": "Письмо", "hours_copy": "3"},),
}
ANNA = 11


@pytest.fixture(scope="module")
def factory(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficeFactory]:
    """One worker at a time, in an agency with both trackers."""
    folder = tmp_path_factory.mktemp("switch")
    with running_office_factory(
        servers, folder, tracker="kaiten and asana", **BothDesks.own_user_settings
    ) as running:
        yield running


def agency_id(office: WorkerOffice) -> str:
    """Id of the agency's workbook."""
    assert office.agency is not None
    return office.agency.spreadsheet_id


def switch_to(tracker: str) -> Callable[[WorkerOffice], Mapping[str, Any]]:
    """The action that moves all clients."""

    def action(office: WorkerOffice) -> Mapping[str, Any]:
        projects = [one.spreadsheet_id for one in find_projects(office.services.store, agency_id(office))]
        return office.click_until_answered(
            agency_id(office), "switch_tracker", tracker=tracker, projects=projects
        )

    return action


def begin(office: WorkerOffice) -> None:
    """Three clients without a tracker; the state of one is typed."""
    office.create_agency()
    for code, rows in CLIENTS.items():
        office.create_client(tracker="none", code=code, client_name=code, project_name="Сайт")
        preview_id = office.preview_backlog(*rows)
        assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
    first = office.book(office_of(office, "ЗРН")).tab("in_progress").header_index + 1
    office.type("in_progress", first, office_of(office, "ЗРН"), status="Выполнено", logged_hours="5,5")
    office.type("in_progress", first + 1, office_of(office, "ЗРН"), status="В работе", logged_hours="1")


def office_of(office: WorkerOffice, code: str) -> str:
    """Id of the workbook of the client with this code."""
    projects = find_projects(office.services.store, agency_id(office))
    return next(one.spreadsheet_id for one in projects if one.code == code)


def work_in_kaiten(office: WorkerOffice) -> None:
    """A card goes on and hours are logged; one item is finished."""
    cards = {card.title.partition(" ")[0]: card.card_id for card in office.desk.cards()}
    office.desk.log_minutes(cards["ЗРН-1"], 90, user_id=ANNA)
    office.desk.finish_step(cards["ЗРН-1"], 1)
    office.desk.log_minutes(cards["УЛБ-1"], 60, user_id=12)
    office.desk.move(cards["ЗРН-2"], 3)
    office.settle()


def work_in_asana(office: WorkerOffice) -> None:
    """The same in Asana."""
    desk = BothDesks.asana_of(office.desk)
    cards = {card.title.partition(" ")[0]: card.card_id for card in desk.cards()}
    desk.log_minutes(cards["ЗРН-1"], 30, user_id=ANNA)
    desk.move(cards["УЛБ-1"], 2)
    office.settle()


def is_change(call: Call) -> bool:
    """Whether a call makes or changes something outside, and is the first of its kind."""
    is_read = call.method.startswith("GET") or call.method.endswith((".get", "batch"))
    return call.number == 1 and not is_read


def test_switching_killed(
    factory: OfficeFactory, subtests: pytest.Subtests, request: pytest.FixtureRequest
) -> None:
    """Sheets → Kaiten → Asana → sheets: the same end wherever the process dies."""
    is_full = request.config.getoption("--full")
    steps: list[tuple[str, Callable[[WorkerOffice], None]]] = [
        ("kaiten", begin),
        ("asana", work_in_kaiten),
        ("none", work_in_asana),
    ]
    saved: SavedOffice | None = None
    moved_by: Callable[[WorkerOffice], Mapping[str, Any]] | None = None
    for target, prepare in steps:
        with factory.office(saved) as office:
            if moved_by is not None:
                assert moved_by(office)["outcome"] == "done"
                office.settle()
            prepare(office)
            saved = office.save_state()
        moved_by = switch_to(target)
        calls = crash_at_every_call(
            factory,
            subtests,
            saved,
            moved_by,
            crashes_at=lambda call: is_full or is_change(call),
        )
        assert any(is_change(call) for call in calls)
    with factory.office(saved) as office:
        assert switch_to("none")(office)["outcome"] == "done"
        office.settle()
        hours = {
            code: sum(
                hours or 0
                for _, hours in office.table(
                    "in_progress", "id", "logged_hours", spreadsheet_id=office_of(office, code)
                )
            )
            for code in CLIENTS
        }
        closed = [card for card in office.desk.cards() if card.is_closed]

    # 5.5 and 1 typed, 1.5 in Kaiten, 0.5 in Asana; an hour of the second client.
    assert hours == {"ЗРН": 8.5, "УЛБ": 1.0, "МОРЕ": 0}
    # Open items: four cards in Kaiten, of which one was finished there, then three in Asana.
    assert len(closed) == 6
    assert len({card.external_id for card in closed}) == 6
