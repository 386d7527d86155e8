"""A burst of webhooks over several workbooks under Google's quota: every cell right, no call refused.

How fast it is, is measured by ``python -m benchmarks.webhook_burst``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from benchmarks.burst import Client, create_clients, most_in_a_minute, send_webhooks, wrong_cells
from emulators.tasks.models import ALIVE
from emulators.world.processes import QUEUE
from tests.harness.module_office import ModuleOffice, running_agency
from tests.harness.office import NOW, WEBHOOK_SECRET
from tests.harness.servers import Servers
from vitrina import bootstrap
from vitrina.jobs import sync_touched

WORKBOOKS = 6
CARDS = 2
WEBHOOKS = 60
#: The quota, and what webhooks may take of it: less than there are workbooks.
QUOTA = 5
SLOTS = 4
PEOPLE = (11, 12, 13)
#: Two do.
MOST_MINUTES = 3
#: How long a busy machine may take for the tasks of one minute.
TIMEOUT_S = 60.0


@pytest.fixture(scope="module")
def agency_with_clients(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, store_url: str
) -> Iterator[tuple[ModuleOffice, Sequence[Client]]]:
    """An agency with clients that have cards."""
    with running_agency(servers, tmp_path_factory.mktemp("office"), firestore_url=store_url) as office:
        clients = create_clients(office, WORKBOOKS, cards=CARDS, profile="design")
        office.settle()
        yield office, clients
        office.http.post(f"{servers.google}/_emulator/quota", json={})
        office.http.post(f"{servers.kaiten}/_emulator/webhooks", json={"mode": "deliver"})


class StandingClock:
    """A clock that stands at the moment of the setting: how fast the machine is does not matter."""

    def __init__(self, start: datetime, _: object) -> None:
        self._start = start

    def now(self) -> datetime:
        """See ``Clock``."""
        return self._start


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions that are started anew get a clock that stands."""
    monkeypatch.setattr(bootstrap, "SystemClock", StandingClock)


def set_quota(office: ModuleOffice, per_minute: int) -> None:
    """Limit reads and writes, from a full minute on."""
    limits = {"reads_per_minute": per_minute, "writes_per_minute": per_minute}
    office.http.post(f"{office.servers.google}/_emulator/quota", json=limits).raise_for_status()


def quota(office: ModuleOffice) -> Any:
    """What was let through and refused."""
    return office.http.get(f"{office.servers.google}/_emulator/quota").json()


def run_tasks(office: ModuleOffice) -> list[Any]:
    """Let all sync tasks that are queued run once; gives those that they have queued."""
    tasks = office.servers.tasks
    names = {task["name"] for task in pending(office)}
    for name in names:
        office.http.post(f"{tasks}/v2/{name}:run", json={}).raise_for_status()
    give_up_at = time.monotonic() + TIMEOUT_S
    while names & {task["name"] for task in listed(office) if task["state"] in ALIVE}:
        assert time.monotonic() < give_up_at
        time.sleep(0.05)
    return pending(office)


def listed(office: ModuleOffice) -> list[Any]:
    """All tasks that the queue remembers."""
    tasks: list[Any] = office.http.get(f"{office.servers.tasks}/_emulator/tasks").json()["tasks"]
    return tasks


def pending(office: ModuleOffice) -> list[Any]:
    """Sync tasks that are still to run."""
    return [one for one in listed(office) if "/tasks/sync-" in one["name"] and one["state"] == "scheduled"]


def send_burst(office: ModuleOffice, clients: Sequence[Client]) -> None:
    """All cards change at once, several times."""
    url = f"{office.servers.functions}/webhook/kaiten/{WEBHOOK_SECRET}"
    events = send_webhooks(office, clients, webhooks=WEBHOOKS, seconds=0.5, user_ids=PEOPLE, webhook_url=url)
    assert {event.answer_status for event in events} == {200}


def pause(office: ModuleOffice, verb: str) -> None:
    """Stop the queue or let it go on."""
    office.http.post(f"{office.servers.tasks}/v2/{QUEUE}:{verb}", json={}).raise_for_status()


def test_cells_are_right_and_no_call_is_refused(
    agency_with_clients: tuple[ModuleOffice, Sequence[Client]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workbooks beyond the slots of a minute wait for the next one, and ask Google nothing in vain."""
    office, clients = agency_with_clients
    # Longer than the test takes: nothing that is put off comes by itself.
    monkeypatch.setattr(sync_touched, "MOST_GATHERED_S", 600.0)
    office.restart(QUOTA_PER_MINUTE=str(SLOTS))
    set_quota(office, QUOTA)
    pause(office, "pause")
    send_burst(office, clients)
    assert len(pending(office)) == WORKBOOKS
    office.restart(QUOTA_PER_MINUTE=str(SLOTS), NOW=(NOW + timedelta(minutes=10)).isoformat())
    pause(office, "resume")

    # Each gathers on until its slot: nothing is written yet, and every task has been sent out once.
    waiting = run_tasks(office)
    assert len(waiting) == WORKBOOKS
    assert quota(office)["writes"]["accepted_at"] == []

    minutes = 0
    while waiting:
        minutes += 1
        assert minutes <= MOST_MINUTES
        later = NOW + timedelta(minutes=10 + 2 * minutes)
        office.restart(QUOTA_PER_MINUTE=str(SLOTS), NOW=later.isoformat())
        set_quota(office, QUOTA)
        waiting = run_tasks(office)
        told = quota(office)
        assert most_in_a_minute(told["writes"]["accepted_at"]) <= SLOTS
        assert told["reads"]["refused"] == told["writes"]["refused"] == 0

    assert wrong_cells(office, clients) == []
    assert minutes >= WORKBOOKS / SLOTS


def test_refused_look_comes_back_later(agency_with_clients: tuple[ModuleOffice, Sequence[Client]]) -> None:
    """Where people have spent the quota, a task asks once and gives up; the queue brings it back."""
    office, clients = agency_with_clients
    office.restart(NOW=(NOW + timedelta(hours=1)).isoformat())
    assert pending(office) == []
    set_quota(office, 0)
    send_burst(office, clients[:1])

    run = {"timeout_s": 3, "include_later": True}
    office.http.post(f"{office.servers.tasks}/_emulator/run-until-empty", json=run)
    [task] = pending(office)

    assert set(task["attempts"]) == {503}
    refused = quota(office)["reads"]["refused"]
    assert refused == len(task["attempts"])
    set_quota(office, QUOTA)
    assert run_tasks(office) == []
    assert wrong_cells(office, clients[:1]) == []
