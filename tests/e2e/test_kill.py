"""The functions' process is killed right before and right after every outside call of an action.

A supervisor starts another process, the queue delivers again, and the manager repeats a click that got no
answer. The final state is that of a run without a crash, with nothing doubled. With ``--store firestore`` it
is also killed around every commit of the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.harness.crash import FIRESTORE, Call
from tests.harness.crash_runs import crash_at_every_call
from tests.harness.desks.kaiten import KaitenDesk
from tests.harness.local_office import SavedOffice
from tests.harness.servers import Servers
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory

BACKLOG = (
    {"task": "Лендинг", "work_type": "Лендинг"},
    {"task": "Статья", "work_type": "Статья"},
)
FORM = {"client_name": "Улыбка", "project_name": "Лето", "code": "ЛЕТО", "limit_hours": 40}


@pytest.fixture(scope="module")
def factory(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, store_url: str
) -> Iterator[OfficeFactory]:
    """One worker at a time, which knows its own user of the tracker.

    Otherwise the webhooks of its own doings would have it read cards again after a crash, and write of them
    what the run without a crash does not.
    """
    folder, settings = tmp_path_factory.mktemp("kill"), KaitenDesk.own_user_settings
    with running_office_factory(servers, folder, firestore_url=store_url, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def asana_factory(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficeFactory]:
    """The same for an agency that works in Asana."""
    with running_office_factory(servers, tmp_path_factory.mktemp("kill-asana"), tracker="asana") as running:
        yield running


@dataclass(frozen=True)
class StartingPoints:
    """Saved states of the office, from which the actions start."""

    agency: SavedOffice
    previewed: SavedOffice
    preview_id: str
    started: SavedOffice


@pytest.fixture(scope="module")
def points(factory: OfficeFactory) -> StartingPoints:
    """Run the actions once without a crash, and save the state before each."""
    return starting_points(factory)


def starting_points(factory: OfficeFactory) -> StartingPoints:
    """The states before each action."""
    with factory.office() as office:
        office.create_agency()
        agency = office.save_state()
        office.create_client()
        preview_id = office.preview_backlog(*BACKLOG)
        previewed = office.save_state()
        assert office.do("start_batch", preview_id=preview_id)["outcome"] == "done"
        return StartingPoints(agency, previewed, preview_id, office.save_state())


def services_of(calls: list[Call]) -> set[str]:
    """The outside services of the calls."""
    return {call.service for call in calls} - {FIRESTORE}


def test_new_client(factory: OfficeFactory, points: StartingPoints, subtests: pytest.Subtests) -> None:
    """One board, workbook, link, webhook, project and row, wherever the process dies."""

    def action(office: WorkerOffice) -> Mapping[str, Any]:
        assert office.agency is not None
        return office.click_until_answered(office.agency.spreadsheet_id, "new_client", **FORM)

    # The click without an answer had been queued, so the second one finds the code taken.
    calls = crash_at_every_call(factory, subtests, points.agency, action, ("Код",))

    assert services_of(calls) == {"google", "kaiten", "tasks"}


def test_start_batch(factory: OfficeFactory, points: StartingPoints, subtests: pytest.Subtests) -> None:
    """The rows move once and the hours are promised once; the second click does it or says it is done."""

    def action(office: WorkerOffice) -> Mapping[str, Any]:
        return office.click_until_answered(office.client_id, "start_batch", preview_id=points.preview_id)

    calls = crash_at_every_call(factory, subtests, points.previewed, action, ("Этот период уже начат",))

    # The task that it asks for fills the journal and draws the load.
    assert [call.method for call in calls if call.service != FIRESTORE] == [
        "sheets.spreadsheets.get",
        "sheets.spreadsheets.batchUpdate",
        "create",
        "sheets.spreadsheets.get",
        "sheets.spreadsheets.batchUpdate",
    ]


def test_push(factory: OfficeFactory, points: StartingPoints, subtests: pytest.Subtests) -> None:
    """One card for each item, with one checklist and one link."""

    def action(office: WorkerOffice) -> Mapping[str, Any]:
        return office.click_until_answered(office.client_id, "push")

    calls = crash_at_every_call(factory, subtests, points.started, action)

    assert services_of(calls) == {"google", "kaiten", "tasks"}
    assert sum(call.method == "POST /cards" for call in calls) == len(BACKLOG)


def test_push_to_asana(
    asana_factory: OfficeFactory, subtests: pytest.Subtests, request: pytest.FixtureRequest
) -> None:
    """The same in Asana. Unless ``--full`` is given, only at calls that make something there."""
    is_full = request.config.getoption("--full")

    def action(office: WorkerOffice) -> Mapping[str, Any]:
        return office.click_until_answered(office.client_id, "push")

    def makes_something(call: Call) -> bool:
        return call.service == "asana" and call.method.startswith("POST") and "batch" not in call.method

    saved = starting_points(asana_factory).started
    calls = crash_at_every_call(
        asana_factory, subtests, saved, action, crashes_at=lambda call: is_full or makes_something(call)
    )

    assert services_of(calls) == {"google", "asana", "tasks"}
    assert sum(call.method == "POST /tasks" for call in calls) == len(BACKLOG)


def test_update_load(factory: OfficeFactory, points: StartingPoints, subtests: pytest.Subtests) -> None:
    """The promises follow the cells and the tabs are drawn, as if nobody had died."""

    def action(office: WorkerOffice) -> Mapping[str, Any]:
        assert office.agency is not None
        tab, row = office.row("in_progress", "ЗРН-1")
        others = [one for one in tab.rows if tab.cell(one, "id").text == "ЗРН-1" and one != row]
        office.type("in_progress", row.index, hours="6", due_on="27.11.2026")
        office.type("in_progress", others[0].index, specialist="Борис Ким")
        return office.click_until_answered(office.agency.spreadsheet_id, "update_load")

    calls = crash_at_every_call(factory, subtests, points.started, action)

    assert [call.method for call in calls if call.service == "google"] == [
        "sheets.spreadsheets.get",
        "sheets.spreadsheets.get",
        "sheets.spreadsheets.batchUpdate",
        # The journal.
        "sheets.spreadsheets.get",
        "sheets.spreadsheets.batchUpdate",
    ]
