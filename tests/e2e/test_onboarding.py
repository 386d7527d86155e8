"""The first tasks of a project: clicked twice, killed at every outside call, in any tracker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.e2e.test_kill import crash_at_every_call, services_of
from tests.harness.crash import FIRESTORE, Call
from tests.harness.desks import with_every_tracker
from tests.harness.desks.kaiten import KaitenDesk
from tests.harness.local_office import SavedOffice
from tests.harness.office import Office
from tests.harness.servers import Servers
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory

KIND = "Сайт"


@pytest.fixture(scope="module")
def factory(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, store_url: str
) -> Iterator[OfficeFactory]:
    """One worker at a time, which knows its own user of the tracker; with ``--store firestore`` over that."""
    folder, settings = tmp_path_factory.mktemp("kill-onboarding"), KaitenDesk.own_user_settings
    with running_office_factory(servers, folder, firestore_url=store_url, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def previewed(factory: OfficeFactory) -> tuple[SavedOffice, str]:
    """An office in which the starting template of a site was shown, and the id of the plan."""
    with factory.office() as office:
        office.create_agency()
        office.create_client()
        shown = office.do("preview_onboarding", kind=KIND)
        assert len(shown["data"]["tasks"]) == 5, shown
        return office.save_state(), shown["data"]["plan_id"]


def test_killed_at_every_call(
    factory: OfficeFactory, previewed: tuple[SavedOffice, str], subtests: pytest.Subtests
) -> None:
    """Each task once: its row, its card, its promise, and what the client has to do, wherever it dies."""
    saved, plan_id = previewed

    def action(office: WorkerOffice) -> Mapping[str, Any]:
        return office.click_until_answered(office.client_id, "apply_onboarding", kind=KIND, plan_id=plan_id)

    def matters(call: Call) -> bool:
        # A card of the middle: what is left after it differs from what is left after the first one.
        is_first = call.number == 1 and call.service in ("google", "tasks")
        is_card = call.method == "POST /cards" and call.number == 3
        return is_first or is_card or call.service == FIRESTORE

    calls = crash_at_every_call(factory, subtests, saved, action, crashes_at=matters)

    assert services_of(calls) - {FIRESTORE} == {"google", "kaiten", "tasks"}
    assert sum(call.method == "POST /cards" for call in calls) == 5


@with_every_tracker
def test_applied_twice_and_undone(office: Office) -> None:
    """The two starting templates are there; one of them is added once, with its cards, and taken back."""
    kinds = office.do("preview_onboarding")["data"]["kinds"]
    shown = office.do("preview_onboarding", kind=KIND)

    first = office.do("apply_onboarding", kind=KIND, plan_id=shown["data"]["plan_id"])
    again = office.do("apply_onboarding", kind=KIND)
    office.settle()

    assert kinds == [KIND, "Продвижение"]
    codes = [f"ЗРН-{number}" for number in range(1, 6)]
    assert (first["data"]["added"], again["data"]["added"]) == (codes, [])
    rows = office.table("in_progress", "id", "action", "specialist")
    assert len(rows) == 6
    assert {row[2] for row in rows} == {"Анна Белова", "Борис Ким", "Вера Орлова"}
    assert sorted(card.title.split(" · ")[0] for card in office.desk.cards()) == codes
    assert office.do("check_book")["data"]["found"] == 0

    undone = office.do("undo")

    assert undone["outcome"] == "done", undone
    assert (office.table("in_progress", "id"), office.desk.cards()) == ([], [])


def test_bad_cells_of_the_agency(office: Office) -> None:
    """They are named with the address that opens them, and nothing is written."""
    agency_id = office.agency.spreadsheet_id
    office.type("onboarding", 1, agency_id, hours="много")

    refused = office.click(office.client_id, "apply_onboarding", kind=KIND)

    assert refused["outcome"] == "refused", refused
    assert [(cell["cell"], cell["spreadsheet_id"]) for cell in refused["cells"]] == [("G2", agency_id)]
    assert office.table("in_progress", "id") == []
