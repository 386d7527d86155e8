"""Managers start batches for a client each at once, over four processes, and all want one designer."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from emulators.world.client import MenuClient
from tests.harness.assertions import assert_sentence
from tests.harness.office import TEAM
from tests.harness.servers import Servers
from tests.harness.stored import stored_items
from tests.harness.worker_office import OfficeFactory, WorkerOffice, running_office_factory
from vitrina.records.books import find_projects
from vitrina.records.work import committed_hours

WORKERS = 4
MANAGERS = 24
#: Vera has 40 hours in the week: thirteen of these items.
HOURS = 3.0
STARTED = 13
DEVELOPER, DAY_HOURS = TEAM[2]["name"], TEAM[2]["hours_per_day"]
#: Whoever is told that somebody was quicker builds anew; nobody has to do that for ever.
MOST_ROUNDS = 40
MOST_SECONDS = 240.0
#: Google gives up on a click after about a minute.
MOST_CLICK_SECONDS = 55.0


@dataclass
class Manager:
    """One person, with his client's workbook and every answer that he got."""

    menu: MenuClient
    client_id: str
    answers: list[dict[str, Any]] = field(default_factory=list)
    longest_s: float = 0.0

    def work(self, at_once: threading.Barrier) -> str:
        """Build and start until the batch is started or nothing of it fits; gives which of the two."""
        at_once.wait()
        for _ in range(MOST_ROUNDS):
            preview = self._click("build_batch", period="current")
            if preview["outcome"] != "done":
                continue
            if not preview["data"]["chosen"]:
                return "nothing fits"
            if self._click("start_batch", preview_id=preview["data"]["preview_id"])["outcome"] == "done":
                return "started"
        return "gave up"

    def _click(self, action: str, **params: Any) -> dict[str, Any]:
        asked_at = time.monotonic()
        answer = self.menu.post(self.client_id, action, **params)
        self.longest_s = max(self.longest_s, time.monotonic() - asked_at)
        self.answers.append(answer)
        return answer


@pytest.fixture(scope="module")
def factory(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, store_url: str
) -> Iterator[OfficeFactory]:
    """Four workers on addresses of their own; everybody of the agency is staff."""
    folder = tmp_path_factory.mktemp("hours")
    with running_office_factory(
        servers, folder, workers=WORKERS, firestore_url=store_url, OWNERS="@mayak.example"
    ) as running:
        yield running


def test_nobodys_last_hours_are_promised_twice(factory: OfficeFactory) -> None:
    """His hours are never exceeded, in the store and in the cells; every manager gets an answer in time."""
    with factory.office() as office:
        managers = open_clients(office)
        at_once = threading.Barrier(MANAGERS)
        began_at = time.monotonic()

        with ThreadPoolExecutor(MANAGERS) as pool:
            endings = Counter(pool.map(lambda one: one.work(at_once), managers))

        assert time.monotonic() - began_at < MOST_SECONDS
        assert max(one.longest_s for one in managers) < MOST_CLICK_SECONDS
        assert endings == {"started": STARTED, "nothing fits": MANAGERS - STARTED}
        for answer in (answer for one in managers for answer in one.answers):
            assert answer["outcome"] in ("done", "refused"), answer
            assert answer["http_status"] in (200, 409), answer
            assert_sentence(answer["message"])
        promised = hours_promised(office)
        assert len(promised) == 5
        assert all(hours <= DAY_HOURS + 1e-6 for hours in promised.values()), promised
        assert sum(promised.values()) == pytest.approx(STARTED * HOURS)
        assert hours_in_cells(office, managers) == pytest.approx(STARTED * HOURS)
        assert office.agency is not None
        judged = office.click(office.agency.spreadsheet_id, "check_all")
        assert (judged["outcome"], judged["details"]) == ("done", []), judged
        assert judged["data"]["books"] == MANAGERS
        assert judged["data"]["rows"] == STARTED
        assert [supervisor.deaths for supervisor in office.supervisors] == [0] * WORKERS


def open_clients(office: WorkerOffice) -> list[Manager]:
    """A client for each manager, with one item in his backlog."""
    office.create_agency()
    managers: list[Manager] = []
    for number in range(MANAGERS):
        client_id = office.create_client(
            client_name=f"Клиент {number}", project_name="Сайт", code=f"КЛ{number}"
        )
        office.paste_backlog([{"task": "Форма", "hours.development": HOURS}])
        url = office.urls[number % WORKERS]
        menu = MenuClient(url, office.servers.google, email=f"manager{number}@mayak.example")
        # The first request of a process builds the application: without it the clicks would queue there.
        menu.post(client_id, "operation", operation_id="0" * 32)
        managers.append(Manager(menu, client_id))
    return managers


def hours_promised(office: WorkerOffice) -> dict[Any, float]:
    """What the store has promised of the developer, by day."""
    assert office.agency is not None
    items = stored_items(office.services.store)
    assert not any(item.is_reserved for item in items)
    return committed_hours(items)[DEVELOPER]


def hours_in_cells(office: WorkerOffice, managers: list[Manager]) -> float:
    """His hours in all workbooks, where each item stands in exactly one of the two tabs."""
    assert office.agency is not None
    assert len(find_projects(office.services.store, office.agency.spreadsheet_id)) == MANAGERS
    total = 0.0
    for one in managers:
        office.client_id = one.client_id
        rows = office.table("in_progress", "action", "specialist", "hours", "due_on")
        assert len(rows) + len(office.table("backlog", "task")) == 1
        assert all(name == DEVELOPER for _, name, _, _ in rows)
        total += sum(hours for _, _, hours, _ in rows)
    return total
